package dhcp

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync/atomic"

	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv4"

	"option150/dhcp/lans"
	"option150/dhcp/wire"
	"option150/platform/listen"
)

// lan is the sockets of one interface: UDP port 67 bound to the device, and
// one AF_PACKET socket for what the kernel cannot do: unicast to a client
// without an address, ARP, the Ethernet source of requests, and other servers'
// broadcasts. Without CAP_NET_RAW there is no second one.
type lan struct {
	*lans.Sockets
	batch *ipv4.PacketConn // UDP, many datagrams at a time
	own   *atomic.Pointer[map[netip.Addr]bool]
}

// openLAN opens the sockets of an interface, whose IOS name is name.
func (r *running) openLAN(ctx context.Context, name string, e listen.Endpoint) (*lan, error) {
	s, ifi, err := lans.Open(ctx, name, e)
	if err != nil {
		return nil, err
	}
	l := &lan{Sockets: s, batch: ipv4.NewPacketConn(s.UDP), own: &r.own}
	if ifi == nil {
		return l, nil
	}
	l.OpenRaw(ifi, lanFilter(ifi.Index))
	if l.Raw == nil {
		return l, nil
	}
	// Without this filter the reader passes them over.
	if filter, err := bpf.Assemble(relayedFilter()); err == nil {
		_ = l.batch.SetBPF(filter)
	}
	return l, nil
}

// isBroadcast reports whether a destination is no address of the box.
func (l *lan) isBroadcast(a netip.Addr) bool {
	own := l.own.Load()
	return a == wire.LimitedBroadcast || own != nil && !(*own)[a]
}

// probe asks by ARP who has the address.
func (l *lan) probe(a netip.Addr) {
	if l.Raw != nil {
		f := wire.AppendARPProbe(make([]byte, 0, wire.EtherLen+wire.ARPLen), l.MAC, a)
		_ = l.Raw.Send(f)
	}
}

// lookAround sends the DISCOVER of the watch; class is the vendor class it
// carries, "" = none.
func (l *lan) lookAround(class string) {
	if l.Raw == nil {
		return
	}
	n := rand.Uint32()
	p := wire.WatchDiscover(l.MAC, [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, class)
	f := wire.AppendUDP(nil, wire.BroadcastMAC, l.MAC, netip.AddrPortFrom(netip.IPv4Unspecified(), wire.PortClient), netip.AddrPortFrom(wire.LimitedBroadcast, wire.PortServer), p)
	_ = l.Raw.Send(f)
}
