package listen

import (
	"context"
	"errors"
	"net/netip"

	"golang.org/x/sys/unix"
)

// shareKey is under what a context says how the socket that is opened shares
// its port.
type shareKey struct{}

// ErrShare says that a port cannot be shared on this machine: a move closes the
// old socket first.
var ErrShare = errors.New("the port cannot be shared")

// shared lets a socket share its port before it is bound, where ctx says so.
func shared(ctx context.Context, fd uintptr) error {
	share, ok := ctx.Value(shareKey{}).(func(uintptr, bool) error)
	if ok && share(fd, true) != nil {
		return ErrShare
	}
	return nil
}

// sharePort is SO_REUSEPORT, which the kernel asks of every socket on a port
// that more than one is to have. [socket(7)]
func sharePort(fd uintptr, on bool) error {
	v := 0
	if on {
		v = 1
	}
	return unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, v)
}

// localAddr asks the kernel where a socket is bound.
func localAddr(s Socket) (at netip.AddrPort) {
	raw, err := s.SyscallConn()
	if err != nil {
		return at
	}
	_ = raw.Control(func(fd uintptr) {
		sa, err := unix.Getsockname(int(fd))
		if err != nil {
			return
		}
		switch a := sa.(type) {
		case *unix.SockaddrInet4:
			at = netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
		case *unix.SockaddrInet6:
			at = netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
		}
	})
	return at
}
