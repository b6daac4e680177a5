package config

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/dhcp"
	"option150/platform/fileserver"
	"option150/telephony/cnf"
	"option150/telephony/upgrade"
)

// leading is a configuration that says something in all followed sections, and of
// what is one box's own.
func leading(name string) *Config {
	c := Default(Facts{})
	c.Hostname, c.Domain = name, name+".example"
	c.DHCP.Pools = []dhcp.Pool{{Name: "VOICE", Network: netip.MustParsePrefix("10.0.0.0/24"), Lease: time.Hour}}
	c.DHCP.Service = name == "leader"
	c.DHCP.Databases = []dhcp.Database{{URL: "ftp://backup/" + name}}
	c.DHCP.Takeover = name == "leader"
	c.Telephony.Service.SystemMessage = name
	c.Telephony.Ephones = []cnf.Ephone{{Tag: 1, Type: "7961"}}
	c.Upgrades = []upgrade.Rollout{{Name: name}}
	c.HFS.Enabled, c.HFS.Port = true, 6970
	c.Files.Bindings = []fileserver.Binding{{File: "flash:" + name}}
	c.Files.BindLease, c.Files.AccessClass = fileserver.BindOff, name
	c.Carried = []Carried{{Kept: Kept{Line: "ephone-hunt 1 " + name}}, {Kept: Kept{Line: "snmp-server " + name}}, {In: "ephone  1", Kept: Kept{Line: "mystery " + name}}, {In: "interface X", Kept: Kept{Line: "mtu " + name}}}
	return c
}

func TestFollow(t *testing.T) {
	leader, own := leading("leader"), leading("own")
	c := own.Clone()
	c.Follow(leader)
	if s := c.Held(leader); s != "" {
		t.Errorf("%s is not the leader's", s)
	}
	if c.DHCP.Pools[0].Name != "VOICE" || c.Telephony.Service.SystemMessage != "leader" || c.Upgrades[0].Name != "leader" || c.Files.Bindings[0].File != "flash:leader" || !c.HFS.Enabled {
		t.Errorf("%+v\n%+v", c.DHCP, c.Files)
	}
	// What is one box's own stays.
	if c.Hostname != "own" || c.Domain != "own.example" || c.DHCP.Service || c.DHCP.Databases[0].URL != "ftp://backup/own" || c.DHCP.Takeover || c.Files.AccessClass != "own" {
		t.Errorf("%+v\n%+v", c.DHCP, c.Files)
	}
	var kept []string
	for _, k := range c.Carried {
		kept = append(kept, k.Line)
	}
	if s := strings.Join(kept, ", "); s != "snmp-server own, ephone-hunt 1 leader, mystery leader, mtu own" {
		t.Error(s)
	}
	// It is the same when it is done again, and the leader's value is as it was.
	again := c.Clone()
	again.Follow(leader)
	if !again.Equal(c) || !leader.Equal(leading("leader")) {
		t.Error("it is another the second time")
	}
	if f := leader.Followed(); f.Held(leader) != "" || f.Hostname != DefaultHostname || f.DHCP.Databases != nil {
		t.Errorf("%+v", f.DHCP)
	}
}

// A change of a followed section that the leader did not make is refused with the
// leader's name, one of anything else is not.
func TestLed(t *testing.T) {
	before := leading("leader")
	before.Leader = "HQ-1"
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"a pool":            {func(c *Config) { c.DHCP.Pools[0].Lease = time.Minute }, "DHCP"},
		"the switch":        {func(c *Config) { c.DHCP.Service = !c.DHCP.Service }, ""},
		"a phone":           {func(c *Config) { c.Telephony.Ephones = append(c.Telephony.Ephones, cnf.Ephone{Tag: 2}) }, "telephony"},
		"HFS":               {func(c *Config) { c.HFS.Port = 8080 }, "telephony"},
		"an upgrade":        {func(c *Config) { c.Upgrades = nil }, "telephony"},
		"a file":            {func(c *Config) { c.Files.Bindings = nil }, "tftp-server"},
		"a kept line":       {func(c *Config) { c.Carried = c.Carried[1:] }, "telephony or DHCP"},
		"the name":          {func(c *Config) { c.Hostname = "X" }, ""},
		"another kept line": {func(c *Config) { c.Carried = c.Carried[:3] }, ""},
		"follows no more":   {func(c *Config) { c.Leader = ""; c.DHCP.Pools = nil }, ""},
		"follows another":   {func(c *Config) { c.Leader = "HQ-2"; c.DHCP.Pools = nil }, ""},
	} {
		cand := before.Clone()
		cand.DHCP.Pools = append([]dhcp.Pool(nil), cand.DHCP.Pools...)
		c.change(cand)
		err := cand.Led(before)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), "the sections of "+c.want+" are those of box HQ-1")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	free := before.Clone()
	free.Leader = ""
	cand := free.Clone()
	cand.DHCP.Pools = nil
	if err := cand.Led(free); err != nil {
		t.Errorf("a box that follows nobody: %v", err)
	}
}

// Two boxes that do not know each other's bindings never serve the same pools.
func TestFollowerServesNoPools(t *testing.T) {
	c := leading("leader")
	refused := func() bool { return Refusal(c.followRules()) != nil }
	if refused() {
		t.Error("it follows nobody")
	}
	c.Leader = "HQ-1"
	if !refused() {
		t.Error("it serves the pools of its leader")
	}
	c.DHCP.Service = false
	if refused() {
		t.Error("it serves nobody")
	}
}

// A follower has DHCP off, or the bindings are shared.
func TestFollowerAndDHCP(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(*Config)
		refused bool
	}{
		"both give out addresses": {func(*Config) {}, true},
		"DHCP off":                {func(c *Config) { c.DHCP.Service = false }, false},
		"no pool":                 {func(c *Config) { c.DHCP.Pools = nil }, false},
		"bindings share":          {func(c *Config) { c.Fleet.Share = true }, false},
	} {
		cand := leading("follower")
		cand.Leader = "HQ-1"
		cand.DHCP.Service = true
		c.change(cand)
		if p := cand.followRules(); (len(p) != 0) != c.refused {
			t.Errorf("%s: %v", name, p)
		}
	}
}
