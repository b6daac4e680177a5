package tftp

import (
	"cmp"
	"encoding/binary"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
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

// udpWire carries datagrams over one UDP socket: one the runtime polls, or one
// that is read with others, see hub.
type udpWire struct {
	conn *net.UDPConn // nil: a hub reads it
	raw  syscall.RawConn
	port uint16
	v6   bool // IPv4 addresses are to be mapped

	six    atomic.Bool   // it tells where IPv6 packets were sent to
	bare   *bareFD       // the same as raw, of the hub's
	closed chan struct{} // of the hub's, when it is closed
}

// newUDPWire asks the socket to tell where packets were sent to, so that the
// answer leaves from the same address on a box that has several. On a socket
// for both families it is asked for IPv4 here and for IPv6 by tellSix: the
// kernel would tell of an IPv4 packet twice.
func newUDPWire(conn *net.UDPConn) (*udpWire, error) {
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	w := &udpWire{conn: conn, port: local.Port(), v6: local.Addr().Is6() && !local.Addr().Is4In6()}
	var err error
	if w.raw, err = conn.SyscallConn(); err != nil {
		return nil, err
	}
	if !w.v6 || local.Addr().IsUnspecified() {
		// On a socket for both it tells of IPv4 broadcasts, which the other does not.
		if err = ipv4.NewPacketConn(conn).SetControlMessage(ipv4.FlagDst|ipv4.FlagInterface, true); !w.v6 && err != nil {
			return nil, err
		}
	}
	if w.v6 && (err != nil || !local.Addr().IsUnspecified()) {
		if err := w.tellSix(); err != nil {
			return nil, err
		}
	}
	_ = w.raw.Control(func(fd uintptr) {
		// Without it only the counter of lost packets stays at 0.
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1)
		// A block that is too large for a tunnel on the way is to be cut there. With
		// "do not cut", the default, it never comes where somebody drops the word of
		// it. [ip(7), RFC 2923 2.1]
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER, unix.IP_PMTUDISC_DONT)
		if _, err := unix.GetsockoptInt(int(fd), unix.SOL_UDP, unix.UDP_SEGMENT); err != nil {
			noCut.Store(true) // an older kernel would send it whole
		}
	})
	return w, nil
}

// tellSix has the socket tell where IPv6 packets were sent to, from now on.
func (w *udpWire) tellSix() error {
	if !w.v6 || w.six.Load() {
		return nil
	}
	var err error
	cerr := w.raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1) })
	if err = cmp.Or(cerr, err); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	w.six.Store(true)
	return nil
}

// detach takes the socket from the runtime's poller, which would be woken for
// every packet that a hub reads.
func (w *udpWire) detach() error {
	fd, err := -1, error(nil)
	cerr := w.raw.Control(func(s uintptr) { fd, err = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0) })
	if cerr != nil {
		return cerr
	}
	if err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	_ = w.conn.Close()
	w.bare = &bareFD{fd: fd}
	w.conn, w.raw, w.closed = nil, w.bare, make(chan struct{})
	return nil
}

// read waits for packets and gives them in in; of a hub's it takes what is
// there.
func (w *udpWire) read(in *inbox) (int, error) {
	if w.bare != nil {
		return w.bare.receive(in)
	}
	var n int
	var err error
	rerr := w.raw.Read(func(fd uintptr) bool {
		n, err = in.receive(int(fd))
		return err != unix.EAGAIN
	})
	return n, cmp.Or(rerr, err)
}

// Close implements listen.Socket.
func (w *udpWire) Close() error {
	if w.conn != nil {
		return w.conn.Close()
	}
	err := w.bare.close()
	if err == nil {
		close(w.closed)
	}
	return err
}

// SyscallConn implements listen.Socket.
func (w *udpWire) SyscallConn() (syscall.RawConn, error) { return w.raw, nil }

// bareFD is a non-blocking descriptor that the runtime does not poll. It
// implements syscall.RawConn.
type bareFD struct {
	mu   sync.RWMutex // held for writing to close
	fd   int
	shut bool
}

// sendWait is how long a packet waits for room on its way out, in milliseconds.
const sendWait = 20

// Control implements syscall.RawConn.
func (b *bareFD) Control(f func(uintptr)) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.shut {
		return net.ErrClosed
	}
	f(uintptr(b.fd))
	return nil
}

// Read implements syscall.RawConn. It does not wait: who calls it was told that
// there is something.
func (b *bareFD) Read(f func(uintptr) bool) error {
	return b.Control(func(fd uintptr) { f(fd) })
}

// Write implements syscall.RawConn. For room it waits a moment.
func (b *bareFD) Write(f func(uintptr) bool) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for tries := 0; !b.shut; tries++ {
		if f(uintptr(b.fd)) || tries > 0 {
			return nil
		}
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(b.fd), Events: unix.POLLOUT}}, sendWait)
	}
	return net.ErrClosed
}

// receive takes what is there.
func (b *bareFD) receive(in *inbox) (n int, err error) {
	b.mu.RLock()
	if err = net.ErrClosed; !b.shut {
		n, err = in.receive(b.fd)
	}
	b.mu.RUnlock()
	return n, err
}

func (b *bareFD) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shut {
		return net.ErrClosed
	}
	b.shut = true
	return unix.Close(b.fd)
}

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
