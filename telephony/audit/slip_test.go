package audit

import (
	"net/netip"
	"strings"
	"testing"

	"option150/dhcp"
	"option150/platform/config"
	"option150/platform/logging"
	"option150/platform/netif"
	"option150/platform/ntp"
)

func TestNear(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"10.1.255.33", "10.1.225.33", true},  // one digit
		{"10.1.1.1", "10.1.1.2", true},        // one digit
		{"10.1.12.33", "10.1.21.33", true},    // swapped
		{"10.1.1.1", "10.1.1.1", false},       // the same
		{"10.1.1.1", "10.1.2.2", false},       // two octets
		{"10.1.1.1", "10.1.1.11", false},      // another length
		{"10.1.12.33", "10.1.34.33", false},   // two digits, another number
		{"10.1.121.33", "10.1.212.33", false}, // three
		{"10.1.1.1", "2001:db8::1", false},
	} {
		a, b := netip.MustParseAddr(c.a), netip.MustParseAddr(c.b)
		if near(a, b) != c.want || near(b, a) != c.want {
			t.Errorf("%s %s: %v", a, b, near(a, b))
		}
	}
}

// TestSlips: a close address is said to be a mistake only when something else
// speaks for the one and nothing for the other. The box is 10.1.1.1/24.
func TestSlips(t *testing.T) {
	f := config.Facts{Interfaces: []config.InterfaceFact{{Mapping: netif.Mapping{Name: "GigabitEthernet0/0", Device: "eth0"},
		Addrs: []netip.Prefix{netip.MustParsePrefix("10.1.1.1/24")}, Up: true}}}
	at := netip.MustParseAddr
	for _, c := range []struct {
		name           string
		source, option string // option: addresses of option 150
		know           func(*config.Config)
		said           bool
	}{
		{"the same", "10.1.1.1", "10.1.1.1", nil, false},
		{"not set", "", "10.1.1.2", nil, false},
		{"far apart", "10.9.7.5", "10.1.1.1", nil, false},
		{"own and nobody's", "10.1.1.1", "10.1.1.2", nil, true},
		{"nobody's and own", "10.1.1.4", "10.1.1.1", nil, true},
		{"own and another network", "10.1.2.1", "10.1.1.1", nil, true},
		{"two of option 150, the source is the second", "10.1.1.2", "10.1.1.1 10.1.1.2", nil, false},
		{"two of option 150, the source is the first", "10.1.1.1", "10.1.1.1 10.1.1.2", nil, false},
		{"a second server of option 150", "10.1.1.4", "10.9.9.9 10.1.1.1", nil, false},
		{"two file servers beside the box", "10.1.1.2", "10.1.1.3 10.1.1.4", nil, false},
		{"neither is known, one is local", "10.1.2.33", "10.1.1.33", nil, true},
		{"neither is known, neither is local", "10.8.2.33", "10.8.1.33", nil, false},
		{"default-router", "10.1.1.2", "10.1.1.1", func(c *config.Config) { c.DHCP.Pools[0].DefaultRouters = []netip.Addr{at("10.1.1.2")} }, false},
		{"dns-server", "10.1.1.2", "10.1.1.1", func(c *config.Config) { c.DHCP.Pools[0].DNSServers = []netip.Addr{at("10.1.1.2")} }, false},
		{"next-server", "10.1.1.2", "10.1.1.1", func(c *config.Config) { c.DHCP.Pools[0].NextServers = []netip.Addr{at("10.1.1.2")} }, false},
		{"another option", "10.1.1.2", "10.1.1.1", func(c *config.Config) {
			c.DHCP.Pools[0].Options = append(c.DHCP.Pools[0].Options, dhcp.Option{Code: 66, Kind: dhcp.OptionIP, Addrs: []netip.Addr{at("10.1.1.2")}})
		}, false},
		{"excluded", "10.1.1.2", "10.1.1.1", func(c *config.Config) { c.DHCP.Excluded = []dhcp.Range{{First: at("10.1.1.1"), Last: at("10.1.1.9")}} }, false},
		{"another is excluded", "10.1.1.2", "10.1.1.1", func(c *config.Config) { c.DHCP.Excluded = []dhcp.Range{{First: at("10.1.1.3"), Last: at("10.1.1.9")}} }, true},
		{"manual binding", "10.1.1.2", "10.1.1.1", func(c *config.Config) {
			c.DHCP.Pools = append(c.DHCP.Pools, dhcp.Pool{Name: "CALLCONTROL", Host: netip.MustParsePrefix("10.1.1.2/24")})
		}, false},
		{"voice register global registers there", "10.1.1.2", "10.1.1.1", func(c *config.Config) { c.Telephony.Global.SourceAddress.Addr = at("10.1.1.2") }, false},
		{"secondary", "10.1.1.2", "10.1.1.1", func(c *config.Config) { c.Telephony.Service.SourceAddress.Secondary = at("10.1.1.2") }, false},
		{"ntp server", "10.1.1.2", "10.1.1.1", func(c *config.Config) { c.NTP.Servers = []ntp.Server{{Addr: at("10.1.1.2")}} }, false},
		{"logging host", "10.1.1.2", "10.1.1.1", func(c *config.Config) { c.Logging.Hosts = []logging.Host{{Addr: at("10.1.1.2")}} }, false},
		{"an interface that is kept", "10.1.2.1", "10.1.1.1", func(c *config.Config) {
			c.Interfaces = append(c.Interfaces, netif.Config{Name: "GigabitEthernet0/7", Address: netip.MustParsePrefix("10.1.2.1/24")})
		}, false},
		{"a carried line", "10.1.1.2", "10.1.1.1", func(c *config.Config) {
			c.Carried = []config.Carried{{Kept: config.Kept{Line: "dial-peer voice 1 voip", Below: []config.Kept{{Line: "session target ipv4:10.1.1.2:5060"}}}}}
		}, false},
		{"a carried line of a longer address", "10.1.1.2", "10.1.1.1", func(c *config.Config) {
			c.Carried = []config.Carried{{Kept: config.Kept{Line: "ip route 0.0.0.0 0.0.0.0 10.1.1.25"}}}
		}, true},
	} {
		k := config.Default(f)
		if c.source != "" {
			k.Telephony.Service.SourceAddress.Addr = at(c.source)
		}
		var option []netip.Addr
		for _, a := range strings.Fields(c.option) {
			option = append(option, at(a))
		}
		k.DHCP.Pools = []dhcp.Pool{{Name: "V", Network: netip.MustParsePrefix("10.1.1.0/24"), Options: []dhcp.Option{{Code: 150, Kind: dhcp.OptionIP, Addrs: option}}}}
		if c.know != nil {
			c.know(k)
		}
		said := false
		for _, p := range Run(k, f, World{}).Findings {
			if strings.Contains(p.Text, "a digit may be wrong") {
				said = true
				if p.Severity != config.Note || p.Code != "M01" || p.Section != "ip dhcp pool V" {
					t.Errorf("%s: %+v", c.name, p)
				}
			}
		}
		if said != c.said {
			t.Errorf("%s: said is %v, want %v", c.name, said, c.said)
		}
	}
}
