package v6

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/net/ipv6"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"option150/dhcp/lans"
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
	*lans.Sockets
	from netip.Addr // link-local address of the box there, invalid = none yet
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

// openLAN opens the sockets of an interface, whose IOS name is name.
func openLAN(ctx context.Context, name string, e listen.Endpoint) (*lan, error) {
	s, ifi, err := lans.Open(ctx, name, e)
	if err != nil {
		return nil, err
	}
	l := &lan{Sockets: s}
	if ifi == nil {
		return l, nil
	}
	l.from = linkLocal(ifi)
	p := ipv6.NewPacketConn(l.UDP)
	err = p.JoinGroup(ifi, &net.UDPAddr{IP: wire.AllServers.AsSlice()})
	if err == nil {
		_ = p.JoinGroup(ifi, &net.UDPAddr{IP: wire.AllSites.AsSlice()}) // relays that were told no server
		err = p.SetControlMessage(ipv6.FlagDst, true)
	}
	if err != nil {
		_ = l.Close()
		return nil, &listen.Error{Endpoint: e, Err: err}
	}
	l.OpenRaw(ifi, lanFilter(ifi.Index))
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
	if l.Raw != nil {
		g.Go(func() error { defer l.Close(); return l.readRaw(to) })
	}
	return g.Wait()
}

// give hands a message to the engine; it waits while the queue is full, so that
// the kernel's large buffer is what fills up.
func (l *lan) give(to sink, in engine.Inbound) bool {
	in.Data = slices.Clone(in.Data)
	select {
	case to.packets <- &datagram{in: in, at: time.Now()}:
		return true
	case <-l.Gone:
		return false
	}
}

// readUDP takes relayed messages, those the kernel had to put together, and,
// without raw socket, all others.
func (l *lan) readUDP(to sink) error {
	buf, oob := make([]byte, wire.MaxMessage+1), make([]byte, 256)
	for {
		n, on, _, from, err := l.UDP.ReadMsgUDPAddrPort(buf, oob)
		if err != nil {
			if l.Over(err) {
				return err
			}
			continue
		}
		b := buf[:n]
		relayed := n > 0 && (b[0] == wire.RelayForward || b[0] == wire.RelayReply)
		if l.Raw != nil && !relayed && n >= 4 && n <= l.MTU-wire.IPv6Len-v4wire.UDPLen {
			continue // taken from the raw socket, which knows the sender's hardware address
		}
		from = netip.AddrPortFrom(from.Addr().WithZone(""), from.Port())
		if !l.give(to, engine.Inbound{Data: b, Interface: l.Name, From: from, Unicast: unicast(oob[:on])}) {
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
		n, _, err := l.Raw.ReadFrom(buf)
		if err != nil {
			if l.Over(err) {
				return err
			}
			continue
		}
		f := buf[:n]
		if a, m, ok := wire.ParseNA(f); ok {
			if m != l.MAC {
				select {
				case to.sightings <- sighting{a, m}:
				default: // one of many
				}
			}
			continue
		}
		if x, ok := wire.ParseRA(f); ok {
			if x.MAC != l.MAC {
				select {
				case to.routers <- heardRouter{l.Name, x}:
				default: // it says so again
				}
			}
			continue
		}
		p, ok := wire.ParseUDP(f)
		if !ok || p.Source == l.MAC || p.To.Port() != wire.PortServer || len(p.Payload) < 4 ||
			p.Payload[0] == wire.RelayForward || p.Payload[0] == wire.RelayReply {
			continue
		}
		group := p.To.Addr() == wire.AllServers
		if !group && p.Dest != l.MAC {
			continue // to somebody else, passing through
		}
		if !l.give(to, engine.Inbound{Data: p.Payload, Interface: l.Name, From: p.From, Source: p.Source, Unicast: !p.To.Addr().IsMulticast()}) {
			return net.ErrClosed
		}
	}
}

// send lets an answer go. A link-local address is one of this interface.
func (l *lan) send(r *engine.Answer) error {
	to := r.To
	if to.Addr().IsLinkLocalUnicast() {
		to = netip.AddrPortFrom(to.Addr().WithZone(l.Device), to.Port())
	}
	_, err := l.UDP.WriteToUDPAddrPort(r.Payload, to)
	return err
}

// ask asks who has an address, or, with the zero Addr, which routers there are.
func (l *lan) ask(a netip.Addr) {
	switch {
	case l.Raw == nil || !l.from.IsValid():
	case a.IsValid():
		_ = l.Raw.Send(wire.AppendNS(nil, l.MAC, l.from, a))
	default:
		_ = l.Raw.Send(wire.AppendRS(nil, l.MAC, l.from))
	}
}
