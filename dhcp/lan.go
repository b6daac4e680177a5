package dhcp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv4"

	"option150/dhcp/raw"
	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/listen"
)

// lan is the sockets of one interface: UDP port 67 bound to the device, and
// one AF_PACKET socket for what the kernel cannot do: unicast to a client
// without an address, ARP, the Ethernet source of requests, and other servers'
// broadcasts. Without CAP_NET_RAW there is no second one.
type lan struct {
	name   string // IOS name
	device string
	index  int
	mac    ether.MAC
	at     listen.Endpoint
	udp    *net.UDPConn
	batch  *ipv4.PacketConn // udp, many datagrams at a time
	raw    *raw.Socket
	noRaw  error // why raw is nil
	own    atomic.Pointer[map[netip.Addr]bool]
	quit   chan struct{}
	once   sync.Once
}

// Reasons to wait for an interface.
var (
	errNoDevice  = errors.New("interface does not exist")
	errNoAddress = errors.New("interface has no address")
)

// openLAN opens the sockets of an interface, whose IOS name is name.
func openLAN(ctx context.Context, name string, e listen.Endpoint) (*lan, error) {
	ifi, err := net.InterfaceByName(e.Device)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", errNoDevice, e.Device)
	}
	l := &lan{name: name, device: e.Device, at: e, index: ifi.Index, quit: make(chan struct{})}
	if len(ifi.HardwareAddr) == 6 {
		l.mac = ether.MAC(ifi.HardwareAddr)
	}
	if l.udp, err = listen.OpenUDP(ctx, l.at); err != nil {
		return nil, err
	}
	l.batch = ipv4.NewPacketConn(l.udp)
	if l.mac.IsZero() {
		l.noRaw = fmt.Errorf("%s is not Ethernet", e.Device)
		return l, nil
	}
	if l.raw, err = raw.Open(ifi, lanFilter(ifi.Index)); err != nil {
		l.raw, l.noRaw = nil, err
		return l, nil
	}
	// Without this filter the reader passes them over.
	if filter, err := bpf.Assemble(relayedFilter()); err == nil {
		_ = l.batch.SetBPF(filter)
	}
	return l, nil
}

// openLoopback is the test listen mode: one UDP socket anywhere, no frames.
func openLoopback(ctx context.Context, name string, e listen.Endpoint) (*lan, error) {
	l := &lan{name: name, at: e, quit: make(chan struct{})}
	var err error
	if l.udp, err = listen.OpenUDP(ctx, l.at); err != nil {
		return nil, err
	}
	l.batch = ipv4.NewPacketConn(l.udp)
	l.at.Port = uint16(l.udp.LocalAddr().(*net.UDPAddr).Port)
	return l, nil
}

// SyscallConn implements listen.Socket.
func (l *lan) SyscallConn() (syscall.RawConn, error) { return l.udp.SyscallConn() }

// Close implements listen.Socket: it gives the sockets back.
func (l *lan) Close() (err error) {
	l.once.Do(func() {
		close(l.quit)
		err = l.udp.Close()
		if l.raw != nil {
			_ = l.raw.Close()
		}
	})
	return err
}

// isBroadcast reports whether a destination is no address of the box.
func (l *lan) isBroadcast(a netip.Addr) bool {
	own := l.own.Load()
	return a == wire.LimitedBroadcast || own != nil && !(*own)[a]
}

// probe asks by ARP who has the address.
func (l *lan) probe(a netip.Addr) {
	if l.raw != nil {
		f := wire.AppendARPProbe(make([]byte, 0, wire.EtherLen+wire.ARPLen), l.mac, a)
		_ = l.raw.Send(f)
	}
}

// lookAround sends the DISCOVER of the watch; class is the vendor class it
// carries, "" = none.
func (l *lan) lookAround(class string) {
	if l.raw == nil {
		return
	}
	n := rand.Uint32()
	p := wire.WatchDiscover(l.mac, [4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, class)
	f := wire.AppendUDP(nil, wire.BroadcastMAC, l.mac, netip.AddrPortFrom(netip.IPv4Unspecified(), wire.PortClient), netip.AddrPortFrom(wire.LimitedBroadcast, wire.PortServer), p)
	_ = l.raw.Send(f)
}
