package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func addr(s string) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	return netip.MustParseAddr(s)
}

// open holds the endpoint and gives what closes it.
func open(t *testing.T, e Endpoint) (io.Closer, uint16, error) {
	t.Helper()
	if e.Proto == UDP {
		c, err := OpenUDP(t.Context(), e)
		if err != nil {
			return nil, 0, err
		}
		return c, c.LocalAddr().(*net.UDPAddr).AddrPort().Port(), nil
	}
	l, err := OpenTCP(t.Context(), e)
	if err != nil {
		return nil, 0, err
	}
	return l, l.Addr().(*net.TCPAddr).AddrPort().Port(), nil
}

// TestOverlapsIsTheKernelsTruth holds every endpoint of the set together with
// every other and compares what the kernel says with Overlaps.
func TestOverlapsIsTheKernelsTruth(t *testing.T) {
	addrs := []string{"", "0.0.0.0", "127.0.0.1", "127.0.0.2", "127.0.0.3"}
	if l, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		_ = l.Close()
		addrs = append(addrs, "::", "::1", "::ffff:127.0.0.1")
	}
	devices := []string{""}
	if c, _, err := open(t, Endpoint{Proto: UDP, Device: "lo"}); err == nil {
		_ = c.Close()
		devices = append(devices, "lo")
	}
	var all []Endpoint
	for _, p := range []Proto{TCP, UDP} {
		for _, a := range addrs {
			for _, d := range devices {
				all = append(all, Endpoint{Proto: p, Addr: addr(a), Device: d})
			}
		}
	}
	for _, a := range all {
		for _, b := range all {
			pair(t, a, b)
		}
	}
}

// pair opens a on a free port, then b on the same one.
func pair(t *testing.T, a, b Endpoint) {
	t.Helper()
	for try := 0; ; try++ {
		held, port, err := open(t, a)
		if err != nil {
			t.Fatalf("%v: %v", a, err)
		}
		a, b := a, b
		a.Port, b.Port = port, port
		other, _, err := open(t, b)
		_ = held.Close()
		if err == nil {
			_ = other.Close()
		} else if !InUse(err) {
			t.Fatalf("%v after %v: %v", b, a, err)
		}
		refused, said := err != nil, a.Overlaps(b)
		if said != b.Overlaps(a) {
			t.Fatalf("%v and %v: Overlaps is not symmetric", a, b)
		}
		if refused == said {
			return
		}
		// Another process may have had the port on the second address.
		if !refused || try > 3 {
			t.Fatalf("%v then %v: kernel refuses %v, Overlaps says %v (%v)", a, b, refused, said, err)
		}
	}
}

func TestOverlapsTable(t *testing.T) {
	for _, c := range []struct {
		a, b Endpoint
		want bool
	}{
		{Endpoint{Proto: TCP, Port: 80}, Endpoint{Proto: TCP, Addr: addr("10.0.0.1"), Port: 80}, true},
		{Endpoint{Proto: TCP, Port: 80}, Endpoint{Proto: UDP, Port: 80}, false},
		{Endpoint{Proto: TCP, Port: 0}, Endpoint{Proto: TCP, Port: 0}, false},
		{Endpoint{Proto: UDP, Port: 67, Device: "eth0"}, Endpoint{Proto: UDP, Port: 67, Device: "eth1"}, false},
		{Endpoint{Proto: UDP, Port: 67, Device: "eth0"}, Endpoint{Proto: UDP, Port: 67}, true},
		{Endpoint{Proto: TCP, Addr: addr("10.0.0.1"), Port: 80}, Endpoint{Proto: TCP, Addr: addr("10.0.0.2"), Port: 80}, false},
	} {
		if got := c.a.Overlaps(c.b); got != c.want {
			t.Errorf("%v %v: %v", c.a, c.b, got)
		}
		if got := c.b.Overlaps(c.a); got != c.want {
			t.Errorf("%v %v: %v", c.b, c.a, got)
		}
		if _, got := c.a.Clash([]Endpoint{{Proto: TCP, Port: 1}, c.b}); got != c.want {
			t.Errorf("clash %v %v: %v", c.a, c.b, got)
		}
	}
}

func TestErrors(t *testing.T) {
	held, port, err := open(t, Endpoint{Proto: TCP, Addr: addr("127.0.0.1")})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	_, err = OpenTCP(t.Context(), Endpoint{Proto: TCP, Port: port, Owner: "IP HTTP server"})
	var e *Error
	if !errors.As(err, &e) || !InUse(err) || Denied(err) {
		t.Fatalf("in use: %v", err)
	}
	if want := fmt.Sprintf("(pid %d)", os.Getpid()); !strings.Contains(e.Owner, want) {
		t.Errorf("owner %q, want %s", e.Owner, want)
	}
	if !strings.Contains(err.Error(), "address already in use, held by ") {
		t.Errorf("text %q", err)
	}
	// 192.0.2.1 is TEST-NET-1: no box has it.
	_, err = OpenTCP(t.Context(), Endpoint{Proto: TCP, Addr: addr("192.0.2.1")})
	if InUse(err) || !errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Errorf("address: %v", err)
	}
	_, err = OpenUDP(t.Context(), Endpoint{Proto: UDP, Device: "nosuchdev0"})
	if !errors.Is(err, syscall.ENODEV) && !Denied(err) {
		t.Errorf("device: %v", err)
	}
	if got := (&Error{Err: os.NewSyscallError("bind", syscall.EACCES)}); !Denied(got) {
		t.Errorf("%v is denied", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if l, err := OpenTCP(ctx, Endpoint{Proto: TCP, Addr: addr("127.0.0.1")}); err == nil {
		_ = l.Close()
	}
}

func TestUDPSocketOptions(t *testing.T) {
	c, err := OpenUDP(t.Context(), Endpoint{Proto: UDP, Addr: addr("127.0.0.1")})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var broadcast, buffer int
	_ = raw.Control(func(fd uintptr) {
		broadcast, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_BROADCAST)
		buffer, _ = syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF)
	})
	if broadcast != 1 || buffer <= 0 {
		t.Errorf("broadcast %d buffer %d", broadcast, buffer)
	}
}

func TestRow(t *testing.T) {
	for _, line := range []string{"", "sl local_address", "0: zz:1B3A 0:0 0A 0 0 0 0 0 1", "0: 0100007F 0:0 0A 0 0 0 0 0 1",
		"0: 0100:1B3A 0:0 0A 0 0 0 0 0 1", "0: 0100007F:FFFFF 0:0 0A 0 0 0 0 0 1"} {
		if at, _, _, ok := row(line); ok {
			t.Errorf("%q: %v", line, at)
		}
	}
}

func FuzzRow(f *testing.F) {
	f.Add("   0: 0100007F:1B3A 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1")
	f.Fuzz(func(t *testing.T, line string) {
		if at, _, inode, ok := row(line); ok && (!at.IsValid() || inode == "") {
			t.Fatalf("%q: %v %q", line, at, inode)
		}
	})
}

// TestAcceptedConnectionsAreWatched: a connection has its keep-alive from the
// listening socket.
func TestAcceptedConnectionsAreWatched(t *testing.T) {
	l, err := OpenTCP(t.Context(), Endpoint{Proto: TCP, Addr: addr("127.0.0.1")})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	raw, err := a.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []struct {
		name                string
		level, option, want int
	}{
		{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
		{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
		{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 9},
	} {
		var got int
		var err error
		_ = raw.Control(func(fd uintptr) { got, err = unix.GetsockoptInt(int(fd), o.level, o.option) })
		if err != nil || got != o.want {
			t.Errorf("%s is %d, %v; want %d", o.name, got, err, o.want)
		}
	}
}
