package tftp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// datagram is a packet with its two ends. The payload of a received one is
// valid until the next read.
type datagram struct {
	payload   []byte
	control   []byte         // on the way out: where it leaves from, of control()
	peer      netip.AddrPort // IPv4 addresses are never mapped
	local     netip.Addr     // on the way in: the address it was sent to
	ifindex   int
	broadcast bool   // on the way in: not sent to this box alone
	drops     uint32 // on the way in: packets the socket has lost so far, 0 = not told
}

// receiveSize is enough to tell that a request is too long.
const receiveSize = 1024

// udpWire carries datagrams over one UDP socket.
type udpWire struct {
	conn *net.UDPConn
	buf  []byte
	oob  []byte
}

// newUDPWire asks the socket to tell where packets were sent to, so that the
// answer leaves from the same address on a box that has several.
func newUDPWire(conn *net.UDPConn) (*udpWire, error) {
	w := &udpWire{conn: conn, buf: make([]byte, receiveSize), oob: make([]byte, 256)}
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
	var err error
	if local.Is6() && !local.Is4In6() {
		err = ipv6.NewPacketConn(conn).SetControlMessage(ipv6.FlagDst|ipv6.FlagInterface, true)
		if local.IsUnspecified() { // dual-stack: IPv4 broadcasts are told in IPv4 terms only
			_ = ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
		}
	} else {
		err = ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true)
	}
	if err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	// Without it only the counter of lost packets stays at 0.
	_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1) })
	return w, nil
}

// read waits and fills at least one of into.
func (w *udpWire) read(into []datagram) (int, error) {
	n, oobn, flags, peer, err := w.conn.ReadMsgUDPAddrPort(w.buf, w.oob)
	if err != nil {
		return 0, err
	}
	d := &into[0]
	*d = datagram{payload: w.buf[:n], peer: netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())}
	if flags&unix.MSG_CTRUNC == 0 {
		d.readControl(w.oob[:oobn])
	}
	return 1, nil
}

// write sends all; what cannot be sent is lost, as on any network.
func (w *udpWire) write(out []datagram) {
	for i := range out {
		d := &out[i]
		_, _, _ = w.conn.WriteMsgUDPAddrPort(d.payload, d.control, d.peer)
	}
}

// Close implements listen.Socket.
func (w *udpWire) Close() error { return w.conn.Close() }

// SyscallConn implements listen.Socket.
func (w *udpWire) SyscallConn() (syscall.RawConn, error) { return w.conn.SyscallConn() }

var broadcast4 = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// readControl takes destination, interface and losses from the ancillary data.
// Linux gives for IPv4 the address in the header and the address of the box it
// belongs to; they differ for a broadcast of any kind. [ip(7), IP_PKTINFO]
func (d *datagram) readControl(b []byte) {
	told4 := false
	for len(b) >= unix.SizeofCmsghdr {
		h, data, rest, err := unix.ParseOneSocketControlMessage(b)
		if err != nil {
			return
		}
		b = rest
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= 12:
			told4 = true
			d.ifindex = int(int32(binary.NativeEndian.Uint32(data)))
			d.local = netip.AddrFrom4([4]byte(data[4:8]))
			to := netip.AddrFrom4([4]byte(data[8:12]))
			if d.ifindex == 0 && d.local.IsUnspecified() {
				// It came between bind and IP_PKTINFO, when the kernel notes
				// neither: a phone's first request is not to be lost for that.
				d.local, d.broadcast = to, to.IsMulticast() || to == broadcast4
			} else if to != d.local {
				d.broadcast = true
			}
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= 20 && !told4:
			d.local = netip.AddrFrom16([16]byte(data[:16])).Unmap()
			d.ifindex = int(int32(binary.NativeEndian.Uint32(data[16:])))
			d.broadcast = d.local.IsMulticast()
		case h.Level == unix.SOL_SOCKET && h.Type == unix.SO_RXQ_OVFL && len(data) >= 4:
			d.drops = binary.NativeEndian.Uint32(data)
		}
	}
}

// replyControl is the ancillary data that makes answers leave from local.
func replyControl(local netip.Addr, ifindex int) []byte {
	switch {
	case !local.IsValid() || local.IsUnspecified():
		return nil
	case local.Is4():
		return (&ipv4.ControlMessage{Src: local.AsSlice()}).Marshal()
	}
	cm := ipv6.ControlMessage{Src: local.AsSlice()}
	if local.IsLinkLocalUnicast() {
		cm.IfIndex = ifindex
	}
	return cm.Marshal()
}

// outbox gathers the packets of one step before they go out.
type outbox struct {
	buf  []byte
	list []datagram
	by   []*udpWire // of each
}

// room returns an empty slice with space for n octets behind it.
func (o *outbox) room(n int) []byte {
	if cap(o.buf)-len(o.buf) < n {
		o.flush()
		if cap(o.buf) < n {
			o.buf = make([]byte, 0, max(n, 4096))
		}
	}
	return o.buf[len(o.buf):len(o.buf):cap(o.buf)]
}

// add takes the packet p that was appended to what room returned; it leaves by
// w.
func (o *outbox) add(w *udpWire, p, control []byte, peer netip.AddrPort) {
	o.buf = o.buf[:len(o.buf)+len(p)]
	o.list = append(o.list, datagram{payload: p, control: control, peer: peer})
	o.by = append(o.by, w)
}

func (o *outbox) flush() {
	for i := 0; i < len(o.list); {
		j := i + 1
		for j < len(o.list) && o.by[j] == o.by[i] {
			j++
		}
		o.by[i].write(o.list[i:j])
		i = j
	}
	o.buf, o.list, o.by = o.buf[:0], o.list[:0], o.by[:0]
}
