package config

import (
	"fmt"
	"net/netip"
	"slices"

	"option150/platform/netif"
)

// gatewayDistance is the distance of `ip default-gateway`: any `ip route` to
// everywhere comes before it.
const gatewayDistance = 255

// keptRoute is a route that is kept and not in force.
type keptRoute struct{ line, why string }

// Why a route is not in force.
const (
	nothingManaged = "no interface is managed by this box, the routes are those of the host"
	hopElsewhere   = "the next hop is in no network of a managed interface that is up"
	hopHere        = "the next hop is an address of this box"
	notManaged     = "the interface is not a managed one with an address"
	sameDistance   = "another route to this network with this distance is in force"
)

// routes are the static routes by way of managed interfaces, which are real, and
// the others, which are only kept.
func (c *Config) routes(f Facts) (real []netif.ManagedRoute, kept []keptRoute) {
	all := slices.Clone(c.Routing.Routes)
	if g := c.Routing.Gateway; g.IsValid() {
		all = append(all, netif.Route{Dst: netip.PrefixFrom(netip.IPv4Unspecified(), 0), NextHop: g, Distance: gatewayDistance})
	}
	for i, r := range all {
		m := netif.ManagedRoute{Dst: r.Dst, NextHop: r.NextHop, Distance: max(1, r.Distance)}
		why := ""
		if m.Device, why = c.wayOut(f, r); why == "" && slices.ContainsFunc(real, func(o netif.ManagedRoute) bool { return o.Dst == m.Dst && o.Distance == m.Distance }) {
			why = sameDistance
		}
		if why == "" {
			real = append(real, m)
			continue
		}
		line := routeLine(r)
		if i == len(c.Routing.Routes) {
			line = "ip default-gateway " + r.NextHop.String()
		}
		kept = append(kept, keptRoute{line, why})
	}
	return real, kept
}

// wayOut is the device a route goes by, or why there is none.
func (c *Config) wayOut(f Facts, r netif.Route) (device, why string) {
	managed := false
	for _, i := range f.Interfaces {
		if managed = managed || i.Managed; !i.Managed || r.Interface != "" && r.Interface != i.Name {
			continue
		}
		for _, p := range c.Addresses(i) {
			switch {
			case !r.NextHop.IsValid():
				return i.Device, ""
			case p.Addr() == r.NextHop:
				return "", hopHere
			case p.Masked().Contains(r.NextHop):
				return i.Device, ""
			}
		}
	}
	switch {
	case !managed:
		return "", nothingManaged
	case !r.NextHop.IsValid():
		return "", notManaged
	}
	return "", hopElsewhere
}

// routeLine is the line of a route as far as it says where to.
func routeLine(r netif.Route) string {
	mask := netip.AddrFrom4([4]byte{})
	if b := r.Dst.Bits(); b > 0 {
		n := ^uint32(0) << (32 - b)
		mask = netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
	}
	line := fmt.Sprintf("ip route %s %s", r.Dst.Addr(), mask)
	if r.Interface != "" {
		line += " " + r.Interface
	}
	if r.NextHop.IsValid() {
		line += " " + r.NextHop.String()
	}
	return line
}

// keptRoutes tells of the routes that are not in force, each reason once.
func (c *Config) keptRoutes(f Facts) []Problem {
	_, kept := c.routes(f)
	var ps []Problem
	for i, k := range kept {
		same := func(o keptRoute) bool { return o.why == k.why }
		if slices.ContainsFunc(kept[:i], same) {
			continue
		}
		more := 0
		for _, o := range kept[i+1:] {
			if same(o) {
				more++
			}
		}
		text := k.line + " is kept, not in force: " + k.why
		if more > 0 {
			text = fmt.Sprintf("%s and %d more are kept, not in force: %s", k.line, more, k.why)
		}
		severity := Warning
		if k.why == nothingManaged || k.why == sameDistance {
			severity = Note
		}
		ps = append(ps, Problem{Severity: severity, Kind: Rule, Code: "A13", Section: "ip route", Text: text})
	}
	return ps
}
