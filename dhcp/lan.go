package dhcp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv4"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"option150/dhcp/engine"
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

// datagram is a packet on its way to the engine, with a buffer of its own.
type datagram struct {
	in    engine.Inbound
	reply bool // another server's

	at       time.Time // when it came
	number   uint64    // in the order they came
	key      copyKey
	replaced bool // a newer copy waits
	buf      [wire.MaxRequest + 1]byte
}

// sink is where a lan puts what it hears.
type sink struct {
	packets   *queue
	sightings chan engine.Sighting
	pool      *sync.Pool
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

// read reads until a socket is of no more use, and gives both back.
func (l *lan) read(to sink) error {
	var g errgroup.Group
	g.Go(func() error { defer l.Close(); return l.readUDP(to) })
	if l.raw != nil {
		g.Go(func() error { defer l.Close(); return l.readRaw(to) })
	}
	return g.Wait()
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

// give hands datagrams to the engine; it waits while the queue is full, so that
// the kernel's large buffer is what fills up.
func (l *lan) give(to sink, ds ...*datagram) bool {
	for {
		if ds = ds[to.packets.put(time.Now(), ds...):]; len(ds) == 0 {
			return true
		}
		select {
		case <-l.quit:
			return false
		case <-time.After(time.Millisecond):
		}
	}
}

// readUDP takes relayed and, without raw socket, all other requests.
func (l *lan) readUDP(to sink) error {
	const batch = 64
	_ = l.batch.SetControlMessage(ipv4.FlagDst, true) // tells REBINDING from RENEWING
	msgs := make([]ipv4.Message, batch)
	for i := range msgs {
		msgs[i].Buffers = [][]byte{make([]byte, wire.MaxRequest+1)}
		msgs[i].OOB = ipv4.NewControlMessage(ipv4.FlagDst)
	}
	var ds []*datagram
	for {
		n, err := l.batch.ReadBatch(msgs, 0)
		if err != nil {
			if l.gone(err) {
				return err
			}
			continue
		}
		ds = ds[:0]
		for i := range msgs[:n] {
			m := &msgs[i]
			b := m.Buffers[0][:m.N]
			if l.raw != nil && len(b) >= wire.HeaderLen && wire.AllZero(b[24:28]) {
				continue // not relayed: taken from the raw socket, which knows the sender's MAC
			}
			from, ok := m.Addr.(*net.UDPAddr)
			if !ok {
				continue
			}
			d := to.pool.Get().(*datagram)
			d.reply = false
			d.in = engine.Inbound{Data: d.buf[:copy(d.buf[:], b)], Interface: l.name, From: unmap(from.AddrPort())}
			if to := destination(m.OOB[:m.NN]); to.IsValid() {
				d.in.Broadcast = l.isBroadcast(to)
			}
			ds = append(ds, d)
		}
		if !l.give(to, ds...) {
			return net.ErrClosed
		}
		switch {
		case n >= few:
			runtime.Gosched() // who answers comes before who reads more
		case n > 1:
			time.Sleep(gather)
		}
	}
}

// gather is the pause after some datagrams came at once, but few: more of them
// come meanwhile and are read, answered and stored together. Who asks alone never
// waits, and where many come the reader goes on: what is left to the kernel is in
// no order but that of its age.
const (
	gather = time.Millisecond
	few    = 8
)

// destination is the address a datagram was sent to, as the kernel tells it
// beside it. [ip(7), IP_PKTINFO: ipi_addr is the last of its three fields]
func destination(oob []byte) netip.Addr {
	const size = unix.SizeofCmsghdr + unix.SizeofInet4Pktinfo
	if len(oob) < size {
		return netip.Addr{}
	}
	level, typ := oob[unix.SizeofCmsghdr-8:], oob[unix.SizeofCmsghdr-4:]
	if binary.NativeEndian.Uint32(level) != unix.IPPROTO_IP || binary.NativeEndian.Uint32(typ) != unix.IP_PKTINFO {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(oob[size-4 : size]))
}

// gone reports whether the socket is of no more use; other errors (an ICMP
// message that came back, a link that is down) are passing.
func (l *lan) gone(err error) bool {
	select {
	case <-l.quit:
		return true
	default:
	}
	return !raw.Passing(err)
}

// isBroadcast reports whether a destination is no address of the box.
func (l *lan) isBroadcast(a netip.Addr) bool {
	own := l.own.Load()
	return a == wire.LimitedBroadcast || own != nil && !(*own)[a]
}

// readRaw takes frames: requests of clients on the wire, ARP, other servers.
func (l *lan) readRaw(to sink) error {
	buf := make([]byte, wire.MaxRequest+256)
	for {
		n, _, err := l.raw.ReadFrom(buf)
		if err != nil {
			if l.gone(err) {
				return err
			}
			continue
		}
		f := buf[:n]
		if a, ok := wire.ParseARP(f); ok {
			if a.MAC != l.mac {
				select {
				case to.sightings <- engine.Sighting{Addr: a.Addr, MAC: a.MAC, Reply: a.Reply && a.To == l.mac}:
				default: // one of many; it will be seen again
				}
			}
			continue
		}
		p, ok := wire.ParseUDP(f)
		if !ok || p.Source == l.mac || len(p.Payload) > wire.MaxRequest {
			continue
		}
		server := p.From.Port() == wire.PortServer && len(p.Payload) > 0 && p.Payload[0] == wire.OpReply
		all := p.Dest == wire.BroadcastMAC || p.To.Addr() == wire.LimitedBroadcast
		switch {
		case server:
		case p.To.Port() != wire.PortServer:
			continue
		case !all && l.isBroadcast(p.To.Addr()):
			continue // unicast to somebody else, passing through
		case len(p.Payload) >= wire.HeaderLen && !wire.AllZero(p.Payload[24:28]):
			continue // relayed: taken from the UDP socket
		case len(p.Payload) < wire.HeaderLen:
			continue // malformed: the UDP socket counts it
		}
		d := to.pool.Get().(*datagram)
		d.reply = server
		d.in = engine.Inbound{Data: d.buf[:copy(d.buf[:], p.Payload)], Interface: l.name, From: p.From, Source: p.Source, Broadcast: all}
		if !l.give(to, d) {
			return net.ErrClosed
		}
	}
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

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
