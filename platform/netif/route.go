package netif

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"option150/platform/service"
	"option150/platform/sorted"
)

// Routing is `ip default-gateway` and the `ip route` lines.
type Routing struct {
	Gateway netip.Addr // of `ip default-gateway`; invalid = none
	Routes  []Route    // in the order they were typed
}

// Route is one `ip route` line.
type Route struct {
	Dst       netip.Prefix
	Interface string     // canonical, "" = whichever the next hop is on
	NextHop   netip.Addr // invalid = the interface alone
	Distance  int        // 1 to 255; 0 = not given, which is 1
	Name      string
	Tag       int64
	Track     int
	Permanent bool
}

// Clone is a deep copy.
func (r Routing) Clone() Routing {
	r.Routes = slices.Clone(r.Routes)
	return r
}

// Names reports that an address is a next hop.
func (r Routing) Names(a netip.Addr) bool {
	return r.Gateway == a || slices.ContainsFunc(r.Routes, func(x Route) bool { return x.NextHop == a })
}

// ManagedRoute is a route by way of a managed interface.
type ManagedRoute struct {
	Dst      netip.Prefix
	NextHop  netip.Addr // invalid = the interface alone
	Device   string
	Distance int // its metric: of two routes to one network the kernel takes the lower
}

// RouteProtocol marks in the kernel's table what this box put there, and
// nothing else is ever removed. Numbers above 4 are for those who set routes, as
// rtnetlink(7) has it; the registered ones are others.
const RouteProtocol = 150

// ErrRouteTaken says that somebody else has a route to that network with that
// metric.
var ErrRouteTaken = errors.New("another route of the host is in its place")

// ownRoutes are the routes this box put into the main table.
func ownRoutes() ([]netlink.Route, error) {
	var list []netlink.Route
	var err error
	for range 5 {
		filter := &netlink.Route{Table: unix.RT_TABLE_MAIN, Protocol: RouteProtocol}
		if list, err = netlink.RouteListFiltered(netlink.FAMILY_V4, filter, netlink.RT_FILTER_TABLE|netlink.RT_FILTER_PROTOCOL); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list of routes: %w", err)
	}
	return list, nil
}

// kernel is the route as the kernel has it.
func (r ManagedRoute) kernel(index int) *netlink.Route {
	k := &netlink.Route{LinkIndex: index, Priority: r.Distance, Protocol: RouteProtocol, Table: unix.RT_TABLE_MAIN,
		Dst: &net.IPNet{IP: r.Dst.Addr().AsSlice(), Mask: net.CIDRMask(r.Dst.Bits(), 32)}}
	if r.NextHop.IsValid() {
		k.Gw = r.NextHop.AsSlice()
	} else {
		k.Scope = netlink.SCOPE_LINK
	}
	return k
}

// is reports that the kernel's route is this one.
func (r ManagedRoute) is(k *netlink.Route, index int) bool {
	dst := netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	if k.Dst != nil {
		a, _ := netip.AddrFromSlice(k.Dst.IP.To4())
		ones, _ := k.Dst.Mask.Size()
		dst = netip.PrefixFrom(a, ones)
	}
	hop, _ := netip.AddrFromSlice(k.Gw.To4())
	return k.LinkIndex == index && k.Priority == r.Distance && dst == r.Dst && hop == r.NextHop
}

// missing are the routes that are wanted and not there, and those of ours that
// are there and not wanted.
func missing(wanted []ManagedRoute) (add []*netlink.Route, drop []netlink.Route, err error) {
	have, err := ownRoutes()
	if err != nil {
		return nil, nil, err
	}
	index := map[string]int{}
	for _, w := range wanted {
		if index[w.Device] == 0 {
			l, err := device(w.Device)
			if err != nil {
				return nil, nil, fmt.Errorf("route to %s by %s: %w", w.Dst, w.Device, err)
			}
			index[w.Device] = l.Attrs().Index
		}
	}
	for _, w := range wanted {
		if !slices.ContainsFunc(have, func(k netlink.Route) bool { return w.is(&k, index[w.Device]) }) {
			add = append(add, w.kernel(index[w.Device]))
		}
	}
	for _, k := range have {
		if !slices.ContainsFunc(wanted, func(w ManagedRoute) bool { return w.is(&k, index[w.Device]) }) {
			drop = append(drop, k)
		}
	}
	// A next hop must be on a wire before a route goes by it: short ways first.
	sorted.Stable(add, func(a, b *netlink.Route) int { return cmp.Compare(len(a.Gw), len(b.Gw)) })
	return add, drop, nil
}

// setRoutes makes the routes of this box those that are wanted. Routes of
// others are not touched.
func setRoutes(wanted []ManagedRoute) error {
	add, drop, err := missing(wanted)
	if err != nil {
		return err
	}
	var errs []error
	for _, k := range drop {
		if err := netlink.RouteDel(&k); err != nil && !errors.Is(err, unix.ESRCH) {
			errs = append(errs, fmt.Errorf("remove the route to %s: %w", k.Dst, err))
		}
	}
	for _, k := range add {
		err := netlink.RouteAdd(k)
		if errors.Is(err, unix.EEXIST) {
			err = ErrRouteTaken
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("route to %s: %w", k.Dst, err))
		}
	}
	return errors.Join(errs...)
}

// checkRoutes is what can be known before the change: whether the process may
// change routes at all. Their devices were checked.
func checkRoutes(wanted []ManagedRoute, own []ManagedInterface) error {
	for _, w := range wanted {
		if !slices.ContainsFunc(own, func(i ManagedInterface) bool { return i.Device == w.Device }) {
			return fmt.Errorf("route to %s: %s is not managed", w.Dst, w.Device)
		}
	}
	add, drop, err := missing(wanted)
	if err != nil || len(add)+len(drop) == 0 {
		return err
	}
	l, err := device(own[0].Device)
	if err == nil {
		// Setting what is set already changes nothing and asks for the same right.
		err = netlink.LinkSetMTU(l, l.Attrs().MTU)
	}
	if err != nil {
		return fmt.Errorf("routes may not be changed: %w", err)
	}
	return nil
}

// restore puts routes back that the kernel took away with their link. It is
// called after every change of a link or an address.
func (m *Service) restore() {
	m.apply.Lock()
	defer m.apply.Unlock()
	if len(m.routes) == 0 {
		return
	}
	err := setRoutes(m.upRoutes())
	switch degraded := m.Status().State == service.Degraded; {
	case err != nil:
		m.step(service.Degraded, err.Error())
	case degraded:
		m.step(service.Running, "")
	}
}

// upRoutes are the routes whose links are up: the others come back with them.
func (m *Service) upRoutes() []ManagedRoute {
	return slices.DeleteFunc(slices.Clone(m.routes), func(r ManagedRoute) bool {
		l, err := device(r.Device)
		return err != nil || l.Attrs().Flags&net.FlagUp == 0
	})
}
