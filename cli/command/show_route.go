package command

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"option150/platform/columns"
	"option150/platform/host"
	"option150/platform/sorted"
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
	sorted.Stable(found, func(x, y host.Route) int { return cmp.Or(y.Dst.Bits()-x.Dst.Bits(), x.Metric-y.Metric) })
	r := found[0]
	var w strings.Builder
	fmt.Fprintf(&w, "Routing entry for %s", r.Dst)
	if r.Dst.Bits() == 0 {
		w.WriteString(", supernet")
	}
	if r.Gateway.IsValid() || r.Own {
		fmt.Fprintf(&w, "\n  Known via %q, distance %d, metric %d", known(r), distance(r), metric(r))
		if r.Dst.Bits() == 0 {
			w.WriteString(", candidate default path")
		}
		hop := "directly connected"
		if r.Gateway.IsValid() {
			hop = r.Gateway.String()
		}
		fmt.Fprintf(&w, "\n  Routing Descriptor Blocks:\n  * %s, via %s\n", hop, ifName(r.Device))
	} else {
		fmt.Fprintf(&w, "\n  Known via \"connected\", distance 0, metric %d (connected, via interface)\n  Routing Descriptor Blocks:\n  * directly connected, via %s\n", r.Metric, ifName(r.Device))
	}
	fmt.Fprintf(&w, "      Route metric is %d, traffic share count is 1\n", metric(r))
	return w.String()
}

func ones(mask netip.Addr) int {
	n, _ := net.IPMask(mask.AsSlice()).Size()
	return n
}

// known says who a route is of: `ip route` of this box, or the host. The metric
// of one of ours in the kernel's table is its distance.
func known(r host.Route) string {
	if r.Own {
		return "static"
	}
	return "kernel"
}

func distance(r host.Route) int {
	if r.Own {
		return r.Metric
	}
	return 0
}

func metric(r host.Route) int {
	if r.Own {
		return 0
	}
	return r.Metric
}

// routesText is `show ip route`: the routes of the kernel, those `ip route` put
// there told from those of the host. Of two routes to one network the first
// counts.
func (b *Box) routesText(routes []host.Route) *columns.Page {
	w := &columns.Page{}
	w.WriteString("Codes: C - connected, S - static, L - local, K - kernel, a route of the host, * - candidate default\n\n")
	last := "Gateway of last resort is not set\n\n"
	rows := &columns.Page{}
	t := rows.Table(routesTable)
	line := func(text string, code string, r netip.Prefix, rest ...any) {
		t.Line(text+"\n", append([]any{code, r}, rest...)...)
	}
	sorted.Stable(routes, func(x, y host.Route) int {
		return cmp.Or(x.Dst.Addr().Compare(y.Dst.Addr()), x.Dst.Bits()-y.Dst.Bits(), x.Metric-y.Metric)
	})
	for i, r := range routes {
		code := strings.ToUpper(known(r)[:1])
		switch {
		case i > 0 && routes[i-1].Dst == r.Dst && r.Gateway.IsValid():
			continue // behind the first, which is used
		case r.Dst.Bits() == 0:
			code += "*"
			if r.Gateway.IsValid() {
				last = fmt.Sprintf("Gateway of last resort is %s to network 0.0.0.0\n\n", r.Gateway)
			}
		}
		switch {
		case r.Gateway.IsValid():
			line(fmt.Sprintf("%-5s %s [%d/%d] via %s", code, pad(code, r.Dst), distance(r), metric(r), r.Gateway), code, r.Dst, distance(r), metric(r), r.Gateway, "")
		case r.Own:
			line(fmt.Sprintf("%-5s %s is directly connected, %s", code, pad(code, r.Dst), b.ifName(r.Device)), code, r.Dst, distance(r), metric(r), "", b.ifName(r.Device))
		default:
			line(fmt.Sprintf("C        %s is directly connected, %s", r.Dst, b.ifName(r.Device)), "C", r.Dst, 0, 0, "", b.ifName(r.Device))
			for _, i := range b.Store.Facts().Interfaces {
				for _, a := range i.Addrs {
					if i.Device == r.Device && a.Masked() == r.Dst {
						own := netip.PrefixFrom(a.Addr(), 32)
						line(fmt.Sprintf("L        %s is directly connected, %s", own, i.Name), "L", own, 0, 0, "", i.Name)
					}
				}
			}
		}
	}
	w.WriteString(last)
	w.Add(rows)
	return w
}

// pad puts a network under the others; the default route stands before them.
func pad(code string, dst netip.Prefix) string {
	if strings.HasSuffix(code, "*") {
		return dst.String()
	}
	return "   " + dst.String()
}
