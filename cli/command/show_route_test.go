package command

import (
	"net/netip"
	"strings"
	"testing"

	"option150/platform/host"
)

func TestRouteText(t *testing.T) {
	routes := []host.Route{
		{Dst: netip.MustParsePrefix("0.0.0.0/0"), Gateway: netip.MustParseAddr("10.1.1.254"), Device: "eth0", Metric: 100, Own: true},
		{Dst: netip.MustParsePrefix("10.1.1.0/24"), Device: "eth0"},
		{Dst: netip.MustParsePrefix("10.0.0.0/8"), Gateway: netip.MustParseAddr("10.1.1.9"), Device: "eth0", Metric: 20},
		{Dst: netip.MustParsePrefix("10.1.1.128/25"), Device: "eth1"},
	}
	for _, c := range []struct{ dest, mask, want string }{
		{"10.1.1.7", "", "Routing entry for 10.1.1.0/24\n  Known via \"connected\", distance 0, metric 0 (connected, via interface)\n" +
			"  Routing Descriptor Blocks:\n  * directly connected, via IF-eth0\n      Route metric is 0, traffic share count is 1\n"},
		{"10.1.1.200", "", "Routing entry for 10.1.1.128/25\n"}, // the longest
		{"10.2.0.1", "", "Routing entry for 10.0.0.0/8\n  Known via \"kernel\", distance 0, metric 20\n  Routing Descriptor Blocks:\n  * 10.1.1.9, via IF-eth0\n      Route metric is 20, traffic share count is 1\n"},
		{"10.0.0.0", "255.0.0.0", "Routing entry for 10.0.0.0/8\n"},
		{"10.1.0.0", "255.255.0.0", "% Subnet not in table\n"}, // just this network
		{"192.0.2.1", "", "% Network not in table\n"},          // the default route is no entry
		{"0.0.0.0", "", "Routing entry for 0.0.0.0/0, supernet\n  Known via \"static\", distance 100, metric 0, candidate default path\n"},
		{"0.0.0.0", "0.0.0.0", "Routing entry for 0.0.0.0/0, supernet\n"},
	} {
		var mask netip.Addr
		if c.mask != "" {
			mask = netip.MustParseAddr(c.mask)
		}
		got := routeText(routes, func(d string) string { return "IF-" + d }, netip.MustParseAddr(c.dest), mask)
		if !strings.HasPrefix(got, c.want) || phrase(got) != "" {
			t.Errorf("%s %s: %q, want %q", c.dest, c.mask, got, c.want)
		}
	}
}
