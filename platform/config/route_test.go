package config

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"option150/platform/netif"
)

// TestRoutesInForce: a route is real by way of a managed interface that is up;
// the others are kept and told, each reason once.
func TestRoutesInForce(t *testing.T) {
	p, a := netip.MustParsePrefix, netip.MustParseAddr
	facts := func(managed bool) Facts {
		return Facts{Interfaces: []InterfaceFact{
			{Mapping: netif.Mapping{Name: "GigabitEthernet0/0", Device: "eth0", Managed: managed}, Up: true},
			{Mapping: netif.Mapping{Name: "GigabitEthernet0/1", Device: "eth1"}, Up: true, Addrs: []netip.Prefix{p("192.0.2.1/24")}},
		}}
	}
	f := facts(true)
	c := Default(f)
	c.Interfaces[0].Address = p("10.1.1.1/24")
	c.Routing = netif.Routing{Gateway: a("10.1.1.254"), Routes: []netif.Route{
		{Dst: p("0.0.0.0/0"), NextHop: a("10.1.1.253")},
		{Dst: p("10.2.0.0/16"), Interface: "GigabitEthernet0/0", NextHop: a("10.1.1.252"), Distance: 20},
		{Dst: p("10.3.0.0/16"), Interface: "GigabitEthernet0/0"},
		{Dst: p("10.4.0.0/16"), NextHop: a("192.0.2.9")},                                   // by an interface of the host
		{Dst: p("10.5.0.0/16"), NextHop: a("10.9.9.9")},                                    // nowhere
		{Dst: p("10.6.0.0/16"), Interface: "Null0"},                                        // not here
		{Dst: p("10.7.0.0/16"), NextHop: a("10.1.1.1")},                                    // this box
		{Dst: p("0.0.0.0/0"), NextHop: a("10.1.1.250")},                                    // as far as the first
		{Dst: p("10.8.0.0/16"), Interface: "GigabitEthernet0/1", NextHop: a("10.1.1.252")}, // not on that one
	}}
	real, _ := c.routes(f)
	want := []netif.ManagedRoute{
		{Dst: p("0.0.0.0/0"), NextHop: a("10.1.1.253"), Device: "eth0", Distance: 1},
		{Dst: p("10.2.0.0/16"), NextHop: a("10.1.1.252"), Device: "eth0", Distance: 20},
		{Dst: p("10.3.0.0/16"), Device: "eth0", Distance: 1},
		{Dst: p("0.0.0.0/0"), NextHop: a("10.1.1.254"), Device: "eth0", Distance: gatewayDistance},
	}
	if !slices.Equal(real, want) {
		t.Errorf("in force: %+v", real)
	}
	if s, ok := c.planNetif(f).(netif.Spec); !ok || !slices.Equal(s.Routes, want) {
		t.Errorf("the plan has %+v", s.Routes)
	}
	told := func(c *Config, f Facts) string {
		var out []string
		for _, q := range c.keptRoutes(f) {
			out = append(out, q.Severity.String()+" "+q.Text)
		}
		return strings.Join(out, "\n")
	}
	if got, want := told(c, f), "warning ip route 10.4.0.0 255.255.0.0 192.0.2.9 and 2 more are kept, not in force: "+hopElsewhere+`
warning ip route 10.6.0.0 255.255.0.0 Null0 is kept, not in force: `+notManaged+`
warning ip route 10.7.0.0 255.255.0.0 10.1.1.1 is kept, not in force: `+hopHere+`
note ip route 0.0.0.0 0.0.0.0 10.1.1.250 is kept, not in force: `+sameDistance; got != want {
		t.Errorf("told:\n%s", got)
	}
	down := c.Clone()
	down.Interfaces[0].Shutdown = true
	if real, _ := down.routes(f); real != nil {
		t.Errorf("by an interface that is shut down: %+v", real)
	}
	// Nothing is managed: nothing is set.
	if real, _ := c.routes(facts(false)); real != nil || c.planNetif(facts(false)) != nil {
		t.Errorf("of an unmanaged box: %+v", real)
	}
	if got := told(c, facts(false)); got != "note ip route 0.0.0.0 0.0.0.0 10.1.1.253 and 9 more are kept, not in force: "+nothingManaged {
		t.Errorf("told of an unmanaged box:\n%s", got)
	}
}
