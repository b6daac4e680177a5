package engine

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func pfx(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func TestValidate(t *testing.T) {
	base := func() Config {
		c := baseSpec().Config
		return c
	}
	cases := []struct {
		name   string
		change func(*Config)
		want   string // in the text of a problem; "" = none at all
		refuse bool
	}{
		{"as it should be", func(*Config) {}, "", false},
		{"range upside down", func(c *Config) { c.Excluded = append(c.Excluded, Range{ip("10.77.0.9"), ip("10.77.0.1")}) }, "low address 10.77.0.9 is above high address 10.77.0.1", true},
		{"networks overlap", func(c *Config) { c.Pools = append(c.Pools, Pool{Name: "X", Network: pfx("10.77.0.0/16")}) }, "pool X: is inactive: its network 10.77.0.0/16 and 10.77.0.0/24 of pool VOICE share addresses", false},
		{"networks the same", func(c *Config) {
			c.Pools = append(c.Pools, Pool{Name: "X", Network: pfx("10.77.0.0/24"), DefaultRouters: []netip.Addr{ip(us)}})
		}, "same network", false},
		{"secondary overlaps", func(c *Config) { c.Pools[0].Secondary = []netip.Prefix{pfx("10.88.0.128/25")} }, "is inactive: its network 10.88.0.0/24 and 10.88.0.128/25 of pool VOICE share addresses", false},
		{"host and network", func(c *Config) { c.Pools[2].Network = pfx("10.66.0.0/24") }, "host and network", true},
		{"client in a network pool", func(c *Config) { c.Pools[0].ClientID = []byte{1} }, "% This command may not be used with network, origin, vrf or relay pools.", true},
		{"client twice", func(c *Config) {
			p := c.Pools[2]
			p.Name, p.Host = "Y", pfx("10.77.0.51/24")
			c.Pools = append(c.Pools, p)
		}, "% A binding for this client already exists.", true},
		{"host twice", func(c *Config) {
			p := c.Pools[2]
			p.Name, p.ClientID = "Y", []byte{9}
			c.Pools = append(c.Pools, p)
		}, "used by pool DESK already", true},
		{"host is broadcast", func(c *Config) { c.Pools[2].Host = pfx("10.77.0.255/24") }, "network or broadcast address", true},
		{"host elsewhere", func(c *Config) { c.Pools[2].Host = pfx("10.55.0.5/24") }, "outside every network", false},
		{"nine routers", func(c *Config) { c.Pools[0].DefaultRouters = make([]netip.Addr, 9) }, "at most 8", true},
		{"150 is text", func(c *Config) {
			c.Pools[0].Options[1] = Option{Code: 150, Kind: OptionASCII, Text: "10.77.0.1"}
		}, "option 150 is not a list of addresses", false},
	}
	own := append(baseSpec().Interfaces, Interface{Name: "GigabitEthernet0/1", Addrs: []netip.Prefix{pfx("10.88.0.5/24")}})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			conf := base()
			// The base's phones are told of an address of REMOTE's router only there.
			conf.Pools[1].Options = []Option{{Code: 150, Kind: OptionIP, Addrs: []netip.Addr{ip(us)}}}
			c.change(&conf)
			ps := conf.Validate(own)
			if c.want == "" {
				if len(ps) != 0 {
					t.Errorf("%v", ps)
				}
				return
			}
			for i, p := range ps {
				if strings.Contains(p.Text, c.want) && p.Refuse == c.refuse {
					if c.refuse && i != 0 && !ps[i-1].Refuse {
						t.Error("refusals do not come first")
					}
					return
				}
			}
			t.Errorf("want %q refuse %v, got %v", c.want, c.refuse, ps)
		})
	}
}

// A configuration that validates compiles.
func TestValidCompiles(t *testing.T) {
	s := baseSpec()
	for _, p := range s.Validate(s.Interfaces) {
		if p.Refuse {
			t.Error(p)
		}
	}
	if _, err := Compile(s); err != nil {
		t.Error(err)
	}
}

// TestInactivePool: a pool whose network shares addresses with one before it is
// compiled without its networks; the other is served from as before.
func TestInactivePool(t *testing.T) {
	sp := baseSpec()
	before, err := Compile(sp)
	if err != nil {
		t.Fatal(err)
	}
	sp.Pools = append(sp.Clone().Pools, Pool{Name: "X", Network: pfx("10.77.0.0/16")}, Pool{Name: "Y", Network: pfx("10.99.0.0/16")})
	after, err := Compile(sp)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range after.subnets {
		names = append(names, s.pool.conf.Name)
	}
	if len(after.subnets) != len(before.subnets)+1 || slices.Contains(names, "X") || !slices.Contains(names, "Y") {
		t.Errorf("served from: %v", names)
	}
	if len(after.pools) != len(before.pools)+2 {
		t.Error("the pool is not shown")
	}
}
