package host

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Way is how this machine reaches an address, by the kernel's own word: not
// what the settings name, but every interface and route there is.
type Way int

// The ways.
const (
	WayUnknown Way = iota // the kernel does not say
	WayNear               // of the machine itself, or on a wire it is on
	WayRouted             // behind a gateway, by a route to its network
	WayInside             // behind the default gateway, and of the addresses of a site: private, or of the /48 of the machine itself
	WayOutside            // behind the default gateway, as the whole of the Internet is
)

// For how long an answer of the kernel holds, and how many are kept. What is
// outside is asked about again soon: it may be a phone that was just let in.
const (
	wayTime     = 10 * time.Second
	outsideTime = time.Second
	maxWays     = 4096
)

// maxAsks bounds the questions to the kernel in a second, some 20 us each: who
// forges a thousand networks a second is not worth more. Beyond it nothing is
// known.
const maxAsks = 1000

// Ways tells how addresses are reached. Answers are kept for a moment, those of
// a network for all of it: a thousand phones ask in the same second. The zero
// value is ready; it may be used by several goroutines.
type Ways struct {
	ask func(netip.Addr) (way Way, bits int) // tests; nil = the kernel

	mu     sync.Mutex
	known  map[netip.Prefix]knownWay
	second int64 // in which asked was counted
	asked  int
}

type knownWay struct {
	way   Way
	until time.Time
}

// block is the network an answer holds for, if its route is not narrower.
func block(a netip.Addr) int {
	if a.Is4() {
		return 24
	}
	return 64
}

// Of tells how an address is reached.
func (w *Ways) Of(a netip.Addr) Way {
	a = a.Unmap().WithZone("")
	if !a.IsValid() || a.IsLinkLocalUnicast() && a.Is6() || a.IsLoopback() {
		return WayNear // a link is a wire of this machine's
	}
	own := netip.PrefixFrom(a, a.BitLen())
	network := netip.PrefixFrom(a, block(a)).Masked()
	now := time.Now()
	w.mu.Lock()
	for _, p := range []netip.Prefix{own, network} {
		if k, ok := w.known[p]; ok && now.Before(k.until) {
			w.mu.Unlock()
			return k.way
		}
	}
	if s := now.Unix(); s != w.second {
		w.second, w.asked = s, 0
	}
	w.asked++
	many := w.asked > maxAsks
	w.mu.Unlock()
	if many {
		return WayUnknown
	}
	ask := w.ask
	if ask == nil {
		ask = kernelWay
	}
	way, bits := ask(a)
	k, at := knownWay{way, now.Add(wayTime)}, own
	switch {
	case way == WayOutside || way == WayUnknown:
		k.until = now.Add(outsideTime)
	case bits <= network.Bits(): // a narrower route inside it can only be a better way
		at = network
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil || len(w.known) >= maxWays {
		w.known = map[netip.Prefix]knownWay{}
	}
	w.known[at] = k
	return way
}

// Forget drops what is kept: interfaces or addresses have changed.
func (w *Ways) Forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.known)
}

// kernelWay asks the kernel by which route it would send to an address. That
// counts tables, rules and devices of every kind. bits is the length of the
// route's prefix.
func kernelWay(a netip.Addr) (way Way, bits int) {
	routes, err := netlink.RouteGetWithOptions(a.AsSlice(), &netlink.RouteGetOptions{FIBMatch: true})
	if err != nil || len(routes) == 0 {
		return WayUnknown, a.BitLen()
	}
	r := routes[0]
	if r.Dst != nil {
		bits, _ = r.Dst.Mask.Size()
	}
	switch r.Type {
	case unix.RTN_LOCAL, unix.RTN_BROADCAST, unix.RTN_ANYCAST:
		return WayNear, bits
	case unix.RTN_UNICAST:
	default:
		return WayUnknown, a.BitLen()
	}
	switch {
	case bits < widest(a): // the default route, or the halves of it that tunnels set
		if inside(a, ownAddresses) {
			return WayInside, bits
		}
		return WayOutside, bits
	case len(r.Gw) > 0 || r.Via != nil || len(r.MultiPath) > 0:
		return WayRouted, bits
	}
	return WayNear, bits
}

// widest is the length of the widest prefix that is a network of somebody and
// not the Internet.
func widest(a netip.Addr) int {
	if a.Is4() {
		return 8
	}
	return 16
}

// site is the prefix a site is given. [RFC 6177]
const site = 48

// inside reports that an address behind the default gateway belongs to the site:
// a stranger of the Internet cannot have a private one [RFC 1918, 4193], and the
// networks of a site share a prefix of IPv6.
func inside(a netip.Addr, own func() []netip.Addr) bool {
	if a.IsPrivate() {
		return true
	}
	if !a.Is6() {
		return false
	}
	p := netip.PrefixFrom(a, site).Masked()
	return slices.ContainsFunc(own(), p.Contains)
}

// ownAddresses are the IPv6 addresses of the machine.
func ownAddresses() []netip.Addr {
	var list []netlink.Addr
	var err error
	for range 5 {
		if list, err = netlink.AddrList(nil, netlink.FAMILY_V6); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	var out []netip.Addr
	for _, x := range list {
		if a, ok := netip.AddrFromSlice(x.IP); ok && a.IsGlobalUnicast() {
			out = append(out, a)
		}
	}
	return out
}
