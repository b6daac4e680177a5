// Package listen knows what an endpoint is, when two endpoints are in each
// other's way, and how sockets are opened so that the reason of a failure
// survives. Every port clash of the product is found by Overlaps and nowhere
// else; every listening socket is opened here.
//
// Facts [measured on Linux]: holding 0.0.0.0:P makes 127.0.0.1:P fail with
// EADDRINUSE and the other way round, for TCP and UDP alike; the same port on
// two concrete addresses coexists; TCP and UDP never meet.
//
// Failure: *Error, which unwraps to the errno. Testing: real sockets on
// loopback with port 0.
package listen

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// Proto is the transport of an endpoint.
type Proto string

// The transports.
const (
	TCP Proto = "tcp"
	UDP Proto = "udp"
)

// Endpoint is a place to listen on. The zero Addr is the IPv4 wildcard.
type Endpoint struct {
	Proto  Proto
	Addr   netip.Addr // unspecified or invalid = every address
	Port   uint16     // 0 is chosen by the kernel and overlaps nothing
	Device string     // Linux interface the socket is bound to, "" = all
	Owner  string     // who listens, in the operator's words: "IP HTTP server"
}

// AddrPort is the address to bind.
func (e Endpoint) AddrPort() netip.AddrPort {
	a := e.Addr
	if !a.IsValid() {
		a = netip.IPv4Unspecified()
	}
	return netip.AddrPortFrom(a, e.Port)
}

func (e Endpoint) String() string {
	s := fmt.Sprintf("%s %s", e.Proto, e.AddrPort())
	if e.Device != "" {
		s += " on " + e.Device
	}
	return s
}

// Overlaps reports whether the kernel would refuse to hold a and b together.
// A wildcard overlaps a specific address; sockets bound to different devices
// do not meet; TCP and UDP never do.
func (e Endpoint) Overlaps(b Endpoint) bool {
	if e.Proto != b.Proto || e.Port != b.Port || e.Port == 0 {
		return false
	}
	if e.Device != "" && b.Device != "" && e.Device != b.Device {
		return false
	}
	x, y := e.AddrPort().Addr().Unmap(), b.AddrPort().Addr().Unmap()
	if x == y || x.IsUnspecified() && y.IsUnspecified() {
		return true
	}
	// A dual-stack wildcard takes the IPv4 addresses as well.
	if x.IsUnspecified() && (x.Is6() || y.Is4()) || y.IsUnspecified() && (y.Is6() || x.Is4()) {
		return true
	}
	return false
}

// Everywhere is the address that means all of this machine: of IPv6 and IPv4
// alike, or of IPv4 where the kernel has no IPv6.
var Everywhere = sync.OnceValue(func() netip.Addr {
	lc := net.ListenConfig{}
	c, err := lc.ListenPacket(context.Background(), "udp", "[::]:0")
	if err != nil {
		return netip.IPv4Unspecified()
	}
	_ = c.Close()
	return netip.IPv6Unspecified()
})

// Clash returns the first endpoint of held that e overlaps.
func (e Endpoint) Clash(held []Endpoint) (Endpoint, bool) {
	for _, h := range held {
		if e.Overlaps(h) {
			return h, true
		}
	}
	return Endpoint{}, false
}
