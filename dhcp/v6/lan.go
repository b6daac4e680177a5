package v6

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv6"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"option150/dhcp/raw"
	"option150/dhcp/v6/engine"
	"option150/dhcp/v6/wire"
	v4wire "option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/listen"
)

// lan is the sockets of one interface: UDP port 547 bound to the device, which
// is in the groups of servers, and one AF_PACKET socket for the hardware address
// of who sent a message, and for who has an address.
type lan struct {
	name   string // IOS name
	device string
	index  int
	mtu    int
	mac    ether.MAC
	from   netip.Addr // link-local address of the box there, invalid = none yet
	at     listen.Endpoint
	udp    *net.UDPConn
	raw    *raw.Socket
	noRaw  error // why raw is nil
	quit   chan struct{}
	once   sync.Once
}

// datagram is a message on its way to the engine.
type datagram struct {
	in engine.Inbound
	at time.Time
}

// sink is where a lan puts what it hears.
type sink struct {
	packets   chan *datagram
	sightings chan sighting
	routers   chan heardRouter
}

// heardRouter is a router that was heard on an interface.
type heardRouter struct {
	name   string
	router wire.Router
}

type sighting struct {
	addr netip.Addr
	mac  ether.MAC
}

var errNoDevice = errors.New("interface does not exist")

// openLAN opens the sockets of an interface, whose IOS name is name.
func openLAN(ctx context.Context, name string, e listen.Endpoint) (*lan, error) {
	ifi, err := net.InterfaceByName(e.Device)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", errNoDevice, e.Device)
	}
	l := &lan{name: name, device: e.Device, at: e, index: ifi.Index, mtu: ifi.MTU, quit: make(chan struct{})}
	if len(ifi.HardwareAddr) == 6 {
		l.mac = ether.MAC(ifi.HardwareAddr)
	}
	l.from = linkLocal(ifi)
	if l.udp, err = listen.OpenUDP(ctx, e); err != nil {
		return nil, err
	}
	p := ipv6.NewPacketConn(l.udp)
	err = p.JoinGroup(ifi, &net.UDPAddr{IP: wire.AllServers.AsSlice()})
	if err == nil {
		_ = p.JoinGroup(ifi, &net.UDPAddr{IP: wire.AllSites.AsSlice()}) // relays that were told no server
		err = p.SetControlMessage(ipv6.FlagDst, true)
	}
	if err != nil {
		_ = l.udp.Close()
		return nil, &listen.Error{Endpoint: e, Err: err}
	}
	if l.mac.IsZero() {
		l.noRaw = fmt.Errorf("%s is not Ethernet", e.Device)
		return l, nil
	}
	if l.raw, err = raw.Open(ifi, lanFilter(ifi.Index)); err != nil {
		l.raw, l.noRaw = nil, err
	}
	return l, nil
}

// linkLocal is the address by which the box speaks on an interface.
func linkLocal(ifi *net.Interface) netip.Addr {
	list, _ := ifi.Addrs()
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Is6() && ip.IsLinkLocalUnicast() {
				return ip
			}
		}
	}
	return netip.Addr{}
}

// openLoopback is the test listen mode: one UDP socket anywhere, no frames.
func openLoopback(ctx context.Context, name string, e listen.Endpoint) (*lan, error) {
	l := &lan{name: name, at: e, quit: make(chan struct{})}
	var err error
	if l.udp, err = listen.OpenUDP(ctx, e); err != nil {
		return nil, err
	}
	l.at.Port = uint16(l.udp.LocalAddr().(*net.UDPAddr).Port)
	return l, nil
}

// lanFilter lets through UDP to port 547 and the advertisements of neighbours and
// routers, without extension headers.
func lanFilter(index int) []bpf.Instruction {
	const next, port, kind = v4wire.EtherLen + 6, v4wire.EtherLen + wire.IPv6Len + 2, v4wire.EtherLen + wire.IPv6Len
	return append(raw.Untagged(index, 17),
		bpf.LoadAbsolute{Off: 12, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: wire.TypeIPv6, SkipTrue: 9},
		bpf.LoadAbsolute{Off: next, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: wire.ProtoICMP, SkipTrue: 3},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: v4wire.ProtoUDP, SkipTrue: 6},
		bpf.LoadAbsolute{Off: port, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: wire.PortServer, SkipTrue: 3, SkipFalse: 4},
		bpf.LoadAbsolute{Off: kind, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: wire.TypeRA, SkipTrue: 1},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: wire.TypeNA, SkipTrue: 1},
		bpf.RetConstant{Val: wire.MaxMessage + 256},
		bpf.RetConstant{Val: 0},
	)
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

// gone reports whether the socket is of no more use.
func (l *lan) gone(err error) bool {
	select {
	case <-l.quit:
		return true
	default:
		return !raw.Passing(err)
	}
}

// give hands a message to the engine; it waits while the queue is full, so that
// the kernel's large buffer is what fills up.
func (l *lan) give(to sink, in engine.Inbound) bool {
	in.Data = slices.Clone(in.Data)
	select {
	case to.packets <- &datagram{in: in, at: time.Now()}:
		return true
	case <-l.quit:
		return false
	}
}

// readUDP takes relayed messages, those the kernel had to put together, and,
// without raw socket, all others.
func (l *lan) readUDP(to sink) error {
	buf, oob := make([]byte, wire.MaxMessage+1), make([]byte, 256)
	for {
		n, on, _, from, err := l.udp.ReadMsgUDPAddrPort(buf, oob)
		if err != nil {
			if l.gone(err) {
				return err
			}
			continue
		}
		b := buf[:n]
		relayed := n > 0 && (b[0] == wire.RelayForward || b[0] == wire.RelayReply)
		if l.raw != nil && !relayed && n >= 4 && n <= l.mtu-wire.IPv6Len-v4wire.UDPLen {
			continue // taken from the raw socket, which knows the sender's hardware address
		}
		from = netip.AddrPortFrom(from.Addr().WithZone(""), from.Port())
		if !l.give(to, engine.Inbound{Data: b, Interface: l.name, From: from, Unicast: unicast(oob[:on])}) {
			return net.ErrClosed
		}
	}
}

// unicast reports whether a datagram was sent to an address of this box.
func unicast(oob []byte) bool {
	list, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return false
	}
	for _, m := range list {
		if m.Header.Level == unix.IPPROTO_IPV6 && m.Header.Type == unix.IPV6_PKTINFO && len(m.Data) >= 16 {
			return !netip.AddrFrom16([16]byte(m.Data)).IsMulticast()
		}
	}
	return false
}

// readRaw takes frames: messages of clients on the wire, and who has an address.
func (l *lan) readRaw(to sink) error {
	buf := make([]byte, wire.MaxMessage+256)
	for {
		n, _, err := l.raw.ReadFrom(buf)
		if err != nil {
			if l.gone(err) {
				return err
			}
			continue
		}
		f := buf[:n]
		if a, m, ok := wire.ParseNA(f); ok {
			if m != l.mac {
				select {
				case to.sightings <- sighting{a, m}:
				default: // one of many
				}
			}
			continue
		}
		if x, ok := wire.ParseRA(f); ok {
			if x.MAC != l.mac {
				select {
				case to.routers <- heardRouter{l.name, x}:
				default: // it says so again
				}
			}
			continue
		}
		p, ok := wire.ParseUDP(f)
		if !ok || p.Source == l.mac || p.To.Port() != wire.PortServer || len(p.Payload) < 4 ||
			p.Payload[0] == wire.RelayForward || p.Payload[0] == wire.RelayReply {
			continue
		}
		group := p.To.Addr() == wire.AllServers
		if !group && p.Dest != l.mac {
			continue // to somebody else, passing through
		}
		if !l.give(to, engine.Inbound{Data: p.Payload, Interface: l.name, From: p.From, Source: p.Source, Unicast: !p.To.Addr().IsMulticast()}) {
			return net.ErrClosed
		}
	}
}

// send lets an answer go. A link-local address is one of this interface.
func (l *lan) send(r *engine.Answer) error {
	to := r.To
	if to.Addr().IsLinkLocalUnicast() {
		to = netip.AddrPortFrom(to.Addr().WithZone(l.device), to.Port())
	}
	_, err := l.udp.WriteToUDPAddrPort(r.Payload, to)
	return err
}

// ask asks who has an address, or, with the zero Addr, which routers there are.
func (l *lan) ask(a netip.Addr) {
	switch {
	case l.raw == nil || !l.from.IsValid():
	case a.IsValid():
		_ = l.raw.Send(wire.AppendNS(nil, l.mac, l.from, a))
	default:
		_ = l.raw.Send(wire.AppendRS(nil, l.mac, l.from))
	}
}
