package host

import (
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"option150/platform/ether"
	"option150/platform/netif"
)

// Route is one IPv4 route of the main table.
type Route struct {
	Dst     netip.Prefix // 0.0.0.0/0 is the default route
	Gateway netip.Addr   // invalid = directly connected
	Device  string
	Index   int
	Metric  int
	Own     bool // put there by this box
}

// Routes reads the main routing table.
func Routes() []Route {
	list, err := netlink.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Table: unix.RT_TABLE_MAIN}, netlink.RT_FILTER_TABLE)
	if err != nil {
		return nil
	}
	names := devices()
	var out []Route
	for _, r := range list {
		x := Route{Dst: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Device: names[r.LinkIndex], Index: r.LinkIndex, Metric: r.Priority, Own: r.Protocol == netif.RouteProtocol}
		if r.Dst != nil {
			a, ok := netip.AddrFromSlice(r.Dst.IP.To4())
			ones, _ := r.Dst.Mask.Size()
			if !ok {
				continue
			}
			x.Dst = netip.PrefixFrom(a, ones)
		}
		if a, ok := netip.AddrFromSlice(r.Gw.To4()); ok {
			x.Gateway = a
		}
		out = append(out, x)
	}
	return out
}

// Neighbour is one entry of the ARP table, or of the neighbours of IPv6.
type Neighbour struct {
	Addr       netip.Addr
	MAC        ether.MAC // zero while it is asked for
	Device     string
	Incomplete bool
}

// Neighbours reads the ARP table.
func Neighbours() []Neighbour { return neighbours(netlink.FAMILY_V4) }

// Neighbours6 reads the neighbours of IPv6.
func Neighbours6() []Neighbour { return neighbours(netlink.FAMILY_V6) }

func neighbours(family int) []Neighbour {
	list, err := netlink.NeighList(0, family)
	if err != nil {
		return nil
	}
	names := devices()
	var out []Neighbour
	for _, n := range list {
		a, ok := netip.AddrFromSlice(n.IP)
		if a = a.Unmap(); !ok || n.State&(netlink.NUD_NOARP|netlink.NUD_FAILED) != 0 {
			continue
		}
		x := Neighbour{Addr: a, Device: names[n.LinkIndex], Incomplete: len(n.HardwareAddr) != 6}
		copy(x.MAC[:], n.HardwareAddr)
		out = append(out, x)
	}
	return out
}

func devices() map[int]string {
	out := map[int]string{}
	if links, err := netlink.LinkList(); err == nil {
		for _, l := range links {
			out[l.Attrs().Index] = l.Attrs().Name
		}
	}
	return out
}
