package config

import (
	"strings"
	"testing"

	"option150/dhcp/engine"
	"option150/platform/fleet"
)

// What is configured of the fleet and cannot act is said at the line that makes it so,
// once, and not when it acts.
func TestFleetNotes(t *testing.T) {
	pool := func(c *Config) { c.DHCP.Service, c.DHCP.Pools = true, []engine.Pool{{Name: "P"}} }
	whole := func(c *Config) {
		pool(c)
		c.Fleet.Name, c.Fleet.Domain, c.Fleet.Servers = "A", "D", []string{"https://a:1"}
	}
	for name, x := range map[string]struct {
		before, change func(*Config)
		want           string // "" = nothing is said
	}{
		"share, and nothing else":          {pool, func(c *Config) { c.Fleet.Share = true }, "new DHCP clients get nothing: the section fleet has no lines name, domain and server yet"},
		"share, but for the server":        {func(c *Config) { whole(c); c.Fleet.Servers = nil }, func(c *Config) { c.Fleet.Share = true }, "has no line server yet"},
		"share without a pool":             {func(c *Config) { whole(c); c.DHCP.Pools = nil }, func(c *Config) { c.Fleet.Share = true }, "no ip dhcp pool"},
		"share with DHCP off":              {func(c *Config) { whole(c); c.DHCP.Service = false }, func(c *Config) { c.Fleet.Share = true }, "no service dhcp"},
		"share":                            {whole, func(c *Config) { c.Fleet.Share = true }, ""},
		"the second of the missing lines":  {func(c *Config) { pool(c); c.Fleet.Share, c.Fleet.Name = true, "A" }, func(c *Config) { c.Fleet.Domain = "D" }, ""},
		"DHCP goes off below share":        {func(c *Config) { whole(c); c.Fleet.Share = true }, func(c *Config) { c.DHCP.Service = false }, "no service dhcp"},
		"the name goes below share":        {func(c *Config) { whole(c); c.Fleet.Share = true }, func(c *Config) { c.Fleet.Name = "" }, "leaves its fleet"},
		"another name":                     {func(c *Config) { whole(c); c.Fleet.Share = true }, func(c *Config) { c.Fleet.Name = "B" }, "this box is B of D to the others now, and no more A of D: if it shared bindings as that, new clients get nothing from its boxes until `fleet box A down` was entered at a box of D"},
		"another domain":                   {func(c *Config) { whole(c); c.Fleet.Share = true }, func(c *Config) { c.Fleet.Domain = "E" }, "and no more A of D: if it shared bindings as that, the share it had in D rests until `fleet box A down`"},
		"another name, not shared":         {whole, func(c *Config) { c.Fleet.Name = "B" }, ""},
		"publish before the rest":          {pool, func(c *Config) { c.Fleet.Publish = fleet.PublishConfiguration }, "nothing is published"},
		"view before the rest":             {pool, func(c *Config) { c.Fleet.ViewAll = true }, "no other box is seen"},
		"follow before the rest":           {func(*Config) {}, func(c *Config) { c.Leader = "B" }, "nothing comes from B"},
		"lead-time without share":          {whole, func(c *Config) { c.Fleet.Lead = 60 }, "do nothing without the line bindings share"},
		"when-isolated without share":      {whole, func(c *Config) { c.Fleet.OwnShare = true }, "do nothing without the line bindings share"},
		"files of TLS for http":            {func(c *Config) { whole(c); c.Fleet.Servers = []string{"http://a:1"} }, func(c *Config) { c.Fleet.CA = "x" }, "no server is https"},
		"a user besides a certificate":     {func(c *Config) { whole(c); c.Fleet.Certificate, c.Fleet.Key = "a", "b" }, func(c *Config) { c.Fleet.User = "u" }, "the user u, not who its certificate says"},
		"no share, with pools":             {func(c *Config) { whole(c); c.Fleet.Share = true }, func(c *Config) { c.Fleet.Share = false }, "all addresses of its pools now, whatever other boxes"},
		"no fleet, with pools":             {func(c *Config) { whole(c); c.Fleet.Share = true }, func(c *Config) { c.Fleet = fleet.Config{} }, "all addresses of its pools now"},
		"no share, and DHCP off":           {func(c *Config) { whole(c); c.Fleet.Share, c.DHCP.Service = true, false }, func(c *Config) { c.Fleet.Share = false }, ""},
		"a line that has nothing to do it": {func(c *Config) { pool(c); c.Fleet.Share = true }, func(c *Config) { c.Hostname = "X" }, ""},
	} {
		was := Default(Facts{})
		x.before(was)
		is := was.Clone()
		x.change(is)
		if n := strings.Join(is.Notes(was), "\n"); x.want == "" && n != "" || !strings.Contains(n, x.want) {
			t.Errorf("%s: %q", name, n)
		}
	}
}

// With the line bindings share a box is never a server of its own, whatever the
// section lacks: another box may give out the same.
func TestShareIsNeverAlone(t *testing.T) {
	c := Default(Facts{})
	c.Fleet.Share = true
	for _, n := range []string{"", "A"} {
		if c.Fleet.Name = n; c.shareSpec().Waits == "" {
			t.Errorf("with the name %q: %+v", n, c.shareSpec())
		}
	}
	c.Fleet.Domain, c.Fleet.Servers = "D", []string{"http://a:1"}
	if s := c.shareSpec(); s.Waits != "" || s.Box != "A" || !s.On() {
		t.Errorf("%+v", s)
	}
}
