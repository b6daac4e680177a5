package config

import (
	"strings"
	"testing"

	"option150/platform/fleet"
)

// The name among others is the line's, or the host name where one was given.
func TestMember(t *testing.T) {
	for _, x := range []struct{ host, line, want string }{
		{DefaultHostname, "", ""}, {"HQ-1", "", "HQ-1"}, {"HQ-1", "WEST", "WEST"}, {DefaultHostname, "WEST", "WEST"},
		{"a.b", "", ""}, {strings.Repeat("x", fleet.MaxName+1), "", ""},
	} {
		c := Config{Hostname: x.host, Fleet: fleet.Config{Name: x.line, Domain: "D"}}
		if got := c.Member(); got.Name != x.want || got.Domain != "D" {
			t.Errorf("%+v: %+v", x, got)
		}
	}
}

// Where bindings are shared no line makes the box another one unasked; elsewhere it may.
func TestRenamed(t *testing.T) {
	with := func(change func(*Config)) *Config {
		c := Default(Facts{})
		c.Hostname, c.Fleet = "A", fleet.Config{Domain: "D", Servers: []string{"http://e:1"}, Share: true}
		change(c)
		return c
	}
	nothing := func(*Config) {}
	for name, x := range map[string]struct {
		before, after func(*Config)
		refused       bool
	}{
		"another host name":         {nothing, func(c *Config) { c.Hostname = "B" }, true},
		"no host name":              {nothing, func(c *Config) { c.Hostname = DefaultHostname }, true},
		"the same":                  {nothing, func(c *Config) { c.Fleet.Lead = 60 }, false},
		"with a line":               {func(c *Config) { c.Fleet.Name = "A" }, func(c *Config) { c.Fleet.Name, c.Hostname = "A", "B" }, false},
		"a line, the same name":     {nothing, func(c *Config) { c.Fleet.Name = "A" }, false},
		"a line, asked for":         {nothing, func(c *Config) { c.Fleet.Name = "B" }, false},
		"no line, and another host": {func(c *Config) { c.Fleet.Name, c.Hostname = "A", "B" }, func(c *Config) { c.Hostname = "B" }, true},
		"no line, the same host":    {func(c *Config) { c.Fleet.Name = "A" }, nothing, false},
		"no line, and no host name": {func(c *Config) { c.Fleet.Name = "A" }, func(c *Config) { c.Hostname = DefaultHostname }, false},
		"another line":              {func(c *Config) { c.Fleet.Name = "A" }, func(c *Config) { c.Fleet.Name = "B" }, false},
		"it does not share":         {func(c *Config) { c.Fleet.Share = false }, func(c *Config) { c.Fleet.Share, c.Hostname = false, "B" }, false},
		"it ends to share":          {nothing, func(c *Config) { c.Fleet.Share, c.Hostname = false, "B" }, false},
		"it leaves":                 {nothing, func(c *Config) { c.Fleet, c.Hostname = fleet.Config{}, "B" }, false},
		"it was not complete":       {func(c *Config) { c.Fleet.Servers = nil }, func(c *Config) { c.Hostname = "B" }, false},
		"it had no name till then":  {func(c *Config) { c.Hostname = DefaultHostname }, nothing, false},
	} {
		err := with(x.after).Renamed(with(x.before))
		if x.refused != (err != nil) || err != nil && !strings.Contains(err.Error(), "with the line `name A` below fleet it stays that") {
			t.Errorf("%s: %v", name, err)
		}
		// Either of the lines that are advised makes it a thing that may be done.
		for _, n := range []string{"A", "B"} {
			before, after := with(x.before), with(x.after)
			before.Fleet.Name, after.Fleet.Name = n, n
			if err := after.Renamed(before); x.refused && err != nil {
				t.Errorf("%s, with the line name %s: %v", name, n, err)
			}
		}
	}
}

// What a box has from another one it follows makes it no other box.
func TestFollowsUnderItsName(t *testing.T) {
	mine, theirs := Default(Facts{}), Default(Facts{})
	mine.Hostname, mine.Fleet = "A", fleet.Config{Domain: "D", Servers: []string{"http://e:1"}, Share: true}
	theirs.Hostname, theirs.Fleet = "B", fleet.Config{Name: "C", Domain: "E"}
	is := mine.Clone()
	is.Follow(theirs)
	if was, now := mine.Member(), is.Member(); was.ID() != now.ID() || is.Renamed(mine) != nil {
		t.Errorf("%v became %v", was.ID(), now.ID())
	}
}

// The sharing of bindings is told whether its name is one that a line gave.
func TestShareByHost(t *testing.T) {
	c := Default(Facts{})
	c.Hostname, c.Fleet = "A", fleet.Config{Domain: "D", Servers: []string{"http://e:1"}, Share: true}
	if s := c.shareSpec(); s.Box != "A" || !s.ByHost {
		t.Errorf("%+v", s)
	}
	c.Fleet.Name = "A"
	if s := c.shareSpec(); s.Box != "A" || s.ByHost {
		t.Errorf("%+v", s)
	}
}
