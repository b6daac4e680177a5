package testkit

import (
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// Narrow is a connection of a client that takes little in by itself: what it does not
// read is not acknowledged. It has 20 seconds for all it does, and is closed with the test.
func Narrow(t testing.TB, a netip.AddrPort) *net.TCPConn {
	t.Helper()
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
		cerr := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
		if cerr != nil {
			return cerr
		}
		return err
	}}
	c, err := d.Dial("tcp4", a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c.(*net.TCPConn)
}
