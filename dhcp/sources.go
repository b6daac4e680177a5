package dhcp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/sys/unix"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
)

// datagrams takes relayed and, without raw socket, all other requests from the
// UDP socket. It implements source.
type datagrams struct {
	l    *lan
	msgs []ipv4.Message
	ds   []*datagram
}

func newDatagrams(l *lan) *datagrams {
	_ = l.batch.SetControlMessage(ipv4.FlagDst, true) // tells REBINDING from RENEWING
	s := &datagrams{l: l, msgs: make([]ipv4.Message, batch)}
	for i := range s.msgs {
		s.msgs[i].Buffers = [][]byte{make([]byte, wire.MaxRequest+1)}
		s.msgs[i].OOB = ipv4.NewControlMessage(ipv4.FlagDst)
	}
	return s
}

func (s *datagrams) read(to sink, wait bool) (int, error) {
	flags := 0
	if !wait {
		flags = unix.MSG_DONTWAIT
	}
	n, err := s.l.batch.ReadBatch(s.msgs, flags)
	if err != nil {
		return 0, err
	}
	s.ds = s.ds[:0]
	for i := range s.msgs[:n] {
		m := &s.msgs[i]
		b := m.Buffers[0][:m.N]
		if s.l.Raw != nil && len(b) >= wire.HeaderLen && wire.AllZero(b[wire.OffRelay:wire.OffRelay+4]) {
			continue // not relayed: taken from the raw socket, which knows the sender's MAC
		}
		from, ok := m.Addr.(*net.UDPAddr)
		if !ok {
			continue
		}
		d := to.fresh()
		d.reply = false
		d.in = engine.Inbound{Data: d.buf[:copy(d.buf[:], b)], Interface: s.l.Name, From: unmap(from.AddrPort())}
		if to := destination(m.OOB[:m.NN]); to.IsValid() {
			d.in.Broadcast = s.l.isBroadcast(to)
		}
		s.ds = append(s.ds, d)
	}
	to.put(s.ds)
	return n, nil
}

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

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }

// frames takes requests of clients on the wire, ARP and what other servers say
// from the raw socket. It implements source.
type frames struct {
	l    *lan
	conn syscall.RawConn
	buf  []byte
	ds   []*datagram
}

func newFrames(l *lan) (*frames, error) {
	c, err := l.Raw.SyscallConn()
	return &frames{l: l, conn: c, buf: make([]byte, wire.MaxRequest+256)}, err
}

func (s *frames) read(to sink, wait bool) (n int, err error) {
	s.ds = s.ds[:0]
	var failed error
	err = s.conn.Read(func(fd uintptr) bool {
		for n < batch {
			size, err := unix.Read(int(fd), s.buf)
			switch err {
			case nil:
				n++
				s.frame(to, s.buf[:size])
			case unix.EINTR:
			case unix.EAGAIN:
				return n > 0 || !wait
			default:
				failed = err
				return true
			}
		}
		return true
	})
	to.put(s.ds)
	if n == 0 && err == nil {
		err = failed
	}
	return n, err
}

// frame takes what is wanted of a frame.
func (s *frames) frame(to sink, f []byte) {
	l := s.l
	if a, ok := wire.ParseARP(f); ok {
		if a.MAC != l.MAC {
			select {
			case to.sightings <- engine.Sighting{Addr: a.Addr, MAC: a.MAC, Reply: a.Reply && a.To == l.MAC}:
			default: // one of many; it will be seen again
			}
		}
		return
	}
	p, ok := wire.ParseUDP(f)
	if !ok || p.Source == l.MAC || len(p.Payload) > wire.MaxRequest {
		return
	}
	server := p.From.Port() == wire.PortServer && len(p.Payload) > 0 && p.Payload[0] == wire.OpReply
	all := p.Dest == wire.BroadcastMAC || p.To.Addr() == wire.LimitedBroadcast
	switch {
	case server:
	case p.To.Port() != wire.PortServer:
		return
	case !all && l.isBroadcast(p.To.Addr()):
		return // unicast to somebody else, passing through
	case len(p.Payload) >= wire.HeaderLen && !wire.AllZero(p.Payload[wire.OffRelay:wire.OffRelay+4]):
		return // relayed: taken from the UDP socket
	case len(p.Payload) < wire.HeaderLen:
		return // malformed: the UDP socket counts it
	}
	d := to.fresh()
	d.reply = server
	d.in = engine.Inbound{Data: d.buf[:copy(d.buf[:], p.Payload)], Interface: l.Name, From: p.From, Source: p.Source, Broadcast: all}
	s.ds = append(s.ds, d)
}
