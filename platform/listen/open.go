package listen

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ReceiveBuffer is the bytes asked for as receive buffer of a UDP socket: 500
// phones that ask at once after a power cut are 500 datagrams of at most 1500
// bytes, which the kernel accounts at about twice their size.
const ReceiveBuffer = 4 << 20

// OpenTCP listens on the endpoint. The error is an *Error. An IPv4 address is
// bound as IPv4, so that the wildcard does not take the IPv6 port as well; the
// IPv6 wildcard is dual-stack, as Overlaps says.
func OpenTCP(ctx context.Context, e Endpoint) (*net.TCPListener, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return control(ctx, e, c) }}
	lc.KeepAlive = -1         // options says it once for all connections
	lc.SetMultipathTCP(false) // no phone speaks it, and it costs the fast path of sendfile
	l, err := lc.Listen(ctx, network(e), e.AddrPort().String())
	if err != nil {
		return nil, failure(ctx, e, err)
	}
	return l.(*net.TCPListener), nil
}

// OpenUDP binds the endpoint with a large receive buffer and the right to
// broadcast. The error is an *Error.
func OpenUDP(ctx context.Context, e Endpoint) (*net.UDPConn, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return control(ctx, e, c) }}
	p, err := lc.ListenPacket(ctx, network(e), e.AddrPort().String())
	if err != nil {
		return nil, failure(ctx, e, err)
	}
	return p.(*net.UDPConn), nil
}

// network names the family to the net package: "tcp" with an IPv6 wildcard is
// dual-stack, "tcp" with 0.0.0.0 would be as well, hence "tcp4".
func network(e Endpoint) string {
	if e.AddrPort().Addr().Unmap().Is4() {
		return string(e.Proto) + "4"
	}
	return string(e.Proto)
}

// control sets the options that must stand before bind.
func control(ctx context.Context, e Endpoint, c syscall.RawConn) error {
	var err error
	cerr := c.Control(func(fd uintptr) { err = errors.Join(shared(ctx, fd), options(int(fd), e)) })
	if cerr != nil {
		return cerr
	}
	return err
}

func options(fd int, e Endpoint) error {
	if e.Device != "" {
		if err := unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, e.Device); err != nil {
			return err
		}
	}
	if e.Proto != UDP {
		return keepAlive(fd)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1); err != nil {
		return err
	}
	// FORCE goes beyond net.core.rmem_max but needs CAP_NET_ADMIN. A smaller
	// buffer is no reason not to serve.
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, ReceiveBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, ReceiveBuffer)
	}
	return nil
}

func failure(ctx context.Context, e Endpoint, err error) error {
	f := &Error{Endpoint: e, Err: err}
	if InUse(err) {
		not := 0
		if ctx.Value(shareKey{}) != nil {
			not = os.Getpid() // its own socket is not what is in the way
		}
		f.Owner = Holder("/proc", e, not)
	}
	return f
}

// keepAlive finds out about clients that went away without a word. Accepted
// connections have it from the listening socket, at no system call each.
// The figures are those of the net package.
func keepAlive(fd int) error {
	for _, o := range [...]struct{ level, name, value int }{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 9},
	} {
		if err := unix.SetsockoptInt(fd, o.level, o.name, o.value); err != nil {
			return err
		}
	}
	return nil
}
