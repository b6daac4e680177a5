// Package raw is the packet sockets of the DHCP servers: frames of one interface,
// for what the kernel cannot do with a datagram, and without the frames the box
// sends itself.
//
// packet(7). Concurrency: as any socket; Close ends a reader. Failure: Open says
// why there is no such socket, CAP_NET_RAW in most cases, and a server goes on
// without; Passing tells the errors after which a socket is of use. Testing: over
// cables between namespaces, by the tests of the servers.
package raw

import (
	"errors"
	"net"
	"syscall"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"option150/platform/listen"
)

// Socket is a packet socket of an interface.
type Socket struct{ *packet.Conn }

// Open opens one. The filter stands before the first frame is read.
func Open(ifi *net.Interface, filter []bpf.Instruction) (*Socket, error) {
	prog, err := bpf.Assemble(filter)
	if err != nil {
		return nil, err
	}
	c, err := packet.Listen(ifi, packet.Raw, unix.ETH_P_ALL, &packet.Config{Filter: prog})
	if err != nil {
		return nil, err
	}
	if k, err := c.SyscallConn(); err == nil {
		_ = k.Control(func(fd uintptr) {
			// What the box itself sends would be copied for the filter to drop: every
			// block of every transfer.
			_ = unix.SetsockoptInt(int(fd), unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, listen.ReceiveBuffer) != nil {
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, listen.ReceiveBuffer)
			}
		})
	}
	return &Socket{c}, nil
}

// Send sends a whole frame.
func (s *Socket) Send(frame []byte) error {
	_, err := s.WriteTo(frame, &packet.Addr{HardwareAddr: frame[:6]})
	return err
}

// Close gives the socket back.
func (s *Socket) Close() error {
	// Close alone would wait for the reader on some kernels.
	_ = s.SetReadDeadline(time.Unix(1, 0))
	return s.Conn.Close()
}

// Untagged begins a filter: it lets through the untagged frames that arrive on
// the interface itself. A frame of a VLAN is seen on the parent device as well,
// with its tag put aside by the kernel. drop is where its end with nothing is.
func Untagged(index int, drop uint8) []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtInterfaceIndex},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(index), SkipTrue: drop - 2},
		bpf.LoadExtension{Num: bpf.ExtType},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: unix.PACKET_OUTGOING, SkipTrue: drop - 4},
		bpf.LoadExtension{Num: bpf.ExtVLANTagPresent},
		bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: 0, SkipTrue: drop - 6},
	}
}

// Passing reports whether an error says nothing of the socket: an ICMP message
// that came back, a link that is down.
func Passing(err error) bool {
	var no syscall.Errno
	return errors.As(err, &no) && (no == unix.ECONNREFUSED || no == unix.EHOSTUNREACH || no == unix.ENETUNREACH || no == unix.EINTR || no == unix.ENOBUFS || no == unix.ENETDOWN)
}
