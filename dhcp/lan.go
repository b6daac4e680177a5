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
	"time"

	afpacket "github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv4"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"option150/dhcp/engine"
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
	raw    *afpacket.Conn
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
	if l.mac.IsZero() {
		l.noRaw = fmt.Errorf("%s is not Ethernet", e.Device)
		return l, nil
	}
	filter, err := bpf.Assemble(lanFilter(ifi.Index))
	if err == nil {
		l.raw, err = afpacket.Listen(ifi, afpacket.Raw, unix.ETH_P_ALL, &afpacket.Config{Filter: filter})
	}
	if err != nil {
		l.raw, l.noRaw = nil, err
		return l, nil
	}
	if c, err := l.raw.SyscallConn(); err == nil {
		_ = c.Control(func(fd uintptr) {
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, listen.ReceiveBuffer) != nil {
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, listen.ReceiveBuffer)
			}
		})
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
	l.at.Port = uint16(l.udp.LocalAddr().(*net.UDPAddr).Port)
	return l, nil
}

// lanFilter lets through, of the untagged frames that arrive on the interface
// itself: ARP, UDP to port 67, and UDP from port 67 to 68. A frame of a VLAN is
// seen on the parent device as well, with its tag put aside by the kernel.
func lanFilter(index int) []bpf.Instruction {
	const accept, drop = 21, 22
	at := 0
	var prog []bpf.Instruction
	add := func(i bpf.Instruction) { prog = append(prog, i); at++ }
	jump := func(cond bpf.JumpTest, val uint32, yes, no int) {
		skip := func(to int) uint8 { return uint8(to - at - 1) }
		add(bpf.JumpIf{Cond: cond, Val: val, SkipTrue: skip(yes), SkipFalse: skip(no)})
	}
	add(bpf.LoadExtension{Num: bpf.ExtInterfaceIndex})
	jump(bpf.JumpEqual, uint32(index), 2, drop)
	add(bpf.LoadExtension{Num: bpf.ExtType})
	jump(bpf.JumpEqual, unix.PACKET_OUTGOING, drop, 4)
	add(bpf.LoadExtension{Num: bpf.ExtVLANTagPresent})
	jump(bpf.JumpEqual, 0, 6, drop)
	add(bpf.LoadAbsolute{Off: 12, Size: 2})
	jump(bpf.JumpEqual, wire.TypeARP, accept, 8)
	jump(bpf.JumpEqual, wire.TypeIPv4, 9, drop)
	add(bpf.LoadAbsolute{Off: 23, Size: 1})
	jump(bpf.JumpEqual, wire.ProtoUDP, 11, drop)
	add(bpf.LoadAbsolute{Off: 20, Size: 2})
	jump(bpf.JumpBitsSet, 0x1fff, drop, 13)
	add(bpf.LoadMemShift{Off: wire.EtherLen})
	add(bpf.LoadIndirect{Off: wire.EtherLen + 2, Size: 2})
	jump(bpf.JumpEqual, wire.PortServer, accept, 16)
	jump(bpf.JumpEqual, wire.PortClient, 17, drop)
	add(bpf.LoadIndirect{Off: wire.EtherLen, Size: 2})
	jump(bpf.JumpEqual, wire.PortServer, accept, drop)
	for at < accept {
		add(bpf.RetConstant{Val: 0})
	}
	add(bpf.RetConstant{Val: wire.MaxRequest + 256})
	add(bpf.RetConstant{Val: 0})
	return prog
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
			// Close alone would wait for the reader on some kernels.
			_ = l.raw.SetReadDeadline(time.Unix(1, 0))
			_ = l.raw.Close()
		}
	})
	return err
}

// give hands a datagram to the engine; it waits while the queue is full, so that
// the kernel's large buffer is what fills up.
func (l *lan) give(to sink, d *datagram) bool {
	for !to.packets.put(d, time.Now()) {
		select {
		case <-l.quit:
			return false
		case <-time.After(time.Millisecond):
		}
	}
	return true
}

// readUDP takes relayed and, without raw socket, all other requests.
func (l *lan) readUDP(to sink) error {
	const batch = 32
	pc := ipv4.NewPacketConn(l.udp)
	_ = pc.SetControlMessage(ipv4.FlagDst, true) // tells REBINDING from RENEWING
	msgs := make([]ipv4.Message, batch)
	for i := range msgs {
		msgs[i].Buffers = [][]byte{make([]byte, wire.MaxRequest+1)}
		msgs[i].OOB = ipv4.NewControlMessage(ipv4.FlagDst)
	}
	for {
		n, err := pc.ReadBatch(msgs, 0)
		if err != nil {
			if l.gone(err) {
				return err
			}
			continue
		}
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
			var cm ipv4.ControlMessage
			if cm.Parse(m.OOB[:m.NN]) == nil && cm.Dst != nil {
				a, _ := netip.AddrFromSlice(cm.Dst.To4())
				d.in.Broadcast = l.isBroadcast(a)
			}
			if !l.give(to, d) {
				return net.ErrClosed
			}
		}
	}
}

// gone reports whether the socket is of no more use; other errors (an ICMP
// message that came back, a link that is down) are passing.
func (l *lan) gone(err error) bool {
	select {
	case <-l.quit:
		return true
	default:
	}
	var no syscall.Errno
	if errors.As(err, &no) && (no == unix.ECONNREFUSED || no == unix.EHOSTUNREACH || no == unix.ENETUNREACH || no == unix.EINTR || no == unix.ENOBUFS || no == unix.ENETDOWN) {
		return false
	}
	return true
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

// send lets a reply go.
func (l *lan) send(r *engine.Reply, frame []byte) ([]byte, error) {
	switch {
	case r.Delivery == engine.UnicastRaw && l.raw != nil:
		frame = wire.AppendUDP(frame[:0], r.MAC, l.mac, netip.AddrPortFrom(r.From, wire.PortServer), r.To, r.Payload)
		_, err := l.raw.WriteTo(frame, &afpacket.Addr{HardwareAddr: r.MAC[:]})
		return frame, err
	case r.Delivery == engine.UnicastRaw:
		// RFC 2131 4.1 allows to broadcast when unicast is impossible.
		_, err := l.udp.WriteToUDPAddrPort(r.Payload, netip.AddrPortFrom(wire.LimitedBroadcast, r.To.Port()))
		return frame, err
	}
	_, err := l.udp.WriteToUDPAddrPort(r.Payload, r.To)
	if err != nil && r.Fallback.IsValid() {
		_, err = l.udp.WriteToUDPAddrPort(r.Payload, r.Fallback)
	}
	return frame, err
}

// probe asks by ARP who has the address.
func (l *lan) probe(a netip.Addr) {
	if l.raw != nil {
		f := wire.AppendARPProbe(make([]byte, 0, wire.EtherLen+wire.ARPLen), l.mac, a)
		_, _ = l.raw.WriteTo(f, &afpacket.Addr{HardwareAddr: wire.BroadcastMAC[:]})
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
	_, _ = l.raw.WriteTo(f, &afpacket.Addr{HardwareAddr: wire.BroadcastMAC[:]})
}
