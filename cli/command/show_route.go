package command

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"option150/platform/host"
)

// routeText is `show ip route A [MASK]`: with a mask the route to just that
// network, without one the best route to the address. The default route is no
// entry for an address, as on IOS.
func routeText(routes []host.Route, ifName func(device string) string, dest, mask netip.Addr) string {
	var found []host.Route
	for _, r := range routes {
		switch {
		case mask.IsValid() && r.Dst == netip.PrefixFrom(dest, ones(mask)).Masked(),
			!mask.IsValid() && r.Dst.Bits() > 0 && r.Dst.Contains(dest),
			!mask.IsValid() && r.Dst.Bits() == 0 && dest.IsUnspecified():
			found = append(found, r)
		}
	}
	if len(found) == 0 {
		major := netip.PrefixFrom(dest, classful(dest)).Masked()
		if slices.ContainsFunc(routes, func(r host.Route) bool { return r.Dst.Bits() > 0 && r.Dst.Overlaps(major) }) {
			return "% Subnet not in table\n"
		}
		return "% Network not in table\n"
	}
	slices.SortStableFunc(found, func(x, y host.Route) int { return cmp.Or(y.Dst.Bits()-x.Dst.Bits(), x.Metric-y.Metric) })
	r := found[0]
	var w strings.Builder
	fmt.Fprintf(&w, "Routing entry for %s", r.Dst)
	if r.Dst.Bits() == 0 {
		w.WriteString(", supernet")
	}
	if r.Gateway.IsValid() {
		fmt.Fprintf(&w, "\n  Known via \"static\", distance 1, metric %d", r.Metric)
		if r.Dst.Bits() == 0 {
			w.WriteString(", candidate default path")
		}
		fmt.Fprintf(&w, "\n  Routing Descriptor Blocks:\n  * %s, via %s\n", r.Gateway, ifName(r.Device))
	} else {
		fmt.Fprintf(&w, "\n  Known via \"connected\", distance 0, metric %d (connected, via interface)\n  Routing Descriptor Blocks:\n  * directly connected, via %s\n", r.Metric, ifName(r.Device))
	}
	fmt.Fprintf(&w, "      Route metric is %d, traffic share count is 1\n", r.Metric)
	return w.String()
}

func ones(mask netip.Addr) int {
	n, _ := net.IPMask(mask.AsSlice()).Size()
	return n
}
