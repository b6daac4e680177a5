package testkit

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"option150/platform/listen"
	"option150/platform/service"
)

// Listening is a service that listens, as Listeners tests it.
type Listening struct {
	Service service.Service
	Proto   listen.Proto
	Spec    func(listen.Endpoint) service.Spec
	Answers func(at netip.AddrPort) bool
	Break   func() // closes the socket behind the service's back
	// Before is called before a socket is opened; its error is that of opening.
	Before func(func(listen.Endpoint) error)
}

// Listeners is what every service that listens does alike. fresh gives a new
// service for each case.
func Listeners(t *testing.T, fresh func(*testing.T) Listening) {
	for name, test := range map[string]func(*testing.T, *Listening){
		"held at boot": heldAtBoot, "held while somebody types": heldWhileTyping, "moves and back": moves,
		"abort opens again": abortReopens, "abort cannot open again": abortCannot, "dies and is dialled again": dies,
		"IPv6": overIPv6,
	} {
		t.Run(name, func(t *testing.T) {
			l := fresh(t)
			test(t, &l)
		})
	}
}

func (l *Listening) at(addr string, port uint16) listen.Endpoint {
	return listen.Endpoint{Proto: l.Proto, Addr: netip.MustParseAddr(addr), Port: port, Owner: "the one tested"}
}

func (l *Listening) prepare(t *testing.T, e listen.Endpoint) service.Change {
	t.Helper()
	c, err := l.Service.Prepare(t.Context(), nil, l.Spec(e))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// free is a port nobody has on any address.
func (l *Listening) free(t *testing.T) uint16 {
	t.Helper()
	c, port := l.hold(t, "0.0.0.0", 0)
	c()
	return port
}

// hold is a stranger who has a port.
func (l *Listening) hold(t *testing.T, addr string, port uint16) (release func(), at uint16) {
	t.Helper()
	if l.Proto == listen.UDP {
		c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(addr), port)))
		if err != nil {
			t.Fatal(err)
		}
		return func() { _ = c.Close() }, c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
	}
	c, err := net.Listen("tcp4", netip.AddrPortFrom(netip.MustParseAddr(addr), port).String())
	if err != nil {
		t.Fatal(err)
	}
	return func() { _ = c.Close() }, c.Addr().(*net.TCPAddr).AddrPort().Port()
}

func (l *Listening) works(t *testing.T, addr string, port uint16) {
	t.Helper()
	l.until(t, "an answer", func() bool { return l.Answers(netip.AddrPortFrom(netip.MustParseAddr(addr), port)) })
}

func (l *Listening) until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(15 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited for %s in vain: %+v", what, l.Service.Status())
		}
	}
}

func (l *Listening) is(t *testing.T, want service.State) {
	t.Helper()
	st := l.Service.Status()
	if st.State != want || want == service.Failed && (st.Why == "" || st.NextRetry.IsZero() || len(st.Listeners) != 0) {
		t.Fatalf("not %s: %+v", want, st)
	}
}

// heldAtBoot: nobody is asked, so the service is down, says why, and comes up
// when the port is free, at once when it is kicked.
func heldAtBoot(t *testing.T, l *Listening) {
	release, port := l.hold(t, "127.0.0.1", 0)
	c, err := l.Service.(service.Degradable).PrepareDegraded(t.Context(), nil, l.Spec(l.at("127.0.0.1", port)))
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	l.is(t, service.Failed)
	release()
	l.Service.(service.Kicked).Kick()
	l.until(t, "the port", func() bool { return l.Service.Status().State == service.Running })
	l.works(t, "127.0.0.1", port)
}

func heldWhileTyping(t *testing.T, l *Listening) {
	was := l.free(t)
	l.prepare(t, l.at("127.0.0.1", was)).Commit()
	release, port := l.hold(t, "127.0.0.1", 0)
	defer release()
	if _, err := l.Service.Prepare(t.Context(), nil, l.Spec(l.at("127.0.0.1", port))); !listen.InUse(err) {
		t.Fatalf("error %v", err)
	}
	l.is(t, service.Running)
	l.works(t, "127.0.0.1", was)
}

func moves(t *testing.T, l *Listening) {
	port := l.free(t)
	for _, addr := range []string{"127.0.0.1", "0.0.0.0", "127.0.0.1"} {
		l.prepare(t, l.at(addr, port)).Commit()
		l.is(t, service.Running)
		l.works(t, "127.0.0.1", port)
	}
	if l.Answers(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), port)) {
		t.Error("moved away and still answering there")
	}
}

func abortReopens(t *testing.T, l *Listening) {
	port := l.free(t)
	l.prepare(t, l.at("127.0.0.1", port)).Commit()
	for _, err := range []error{nil, listen.ErrShare} {
		shared := err == nil
		l.Before(func(e listen.Endpoint) error {
			if !shared {
				shared = true
				return err
			}
			return nil
		})
		l.prepare(t, l.at("0.0.0.0", port)).Abort()
		l.is(t, service.Running)
		l.works(t, "127.0.0.1", port)
	}
}

// abortCannot: the port cannot be shared, so the old socket is closed for the
// move, and a stranger takes its port in the moment of the undo.
func abortCannot(t *testing.T, l *Listening) {
	port := l.free(t)
	l.prepare(t, l.at("127.0.0.1", port)).Commit()
	var release func()
	var n atomic.Int64
	l.Before(func(e listen.Endpoint) error {
		switch n.Add(1) {
		case 1:
			return listen.ErrShare
		case 3:
			release, _ = l.hold(t, "127.0.0.1", port)
		}
		return nil
	})
	l.prepare(t, l.at("0.0.0.0", port)).Abort()
	l.is(t, service.Failed)
	release()
	l.until(t, "the port", func() bool { return l.Service.Status().State == service.Running })
	l.works(t, "127.0.0.1", port)
}

func dies(t *testing.T, l *Listening) {
	port := l.free(t)
	l.prepare(t, l.at("127.0.0.1", port)).Commit()
	l.works(t, "127.0.0.1", port)
	hold := make(chan struct{})
	l.Before(func(listen.Endpoint) error { <-hold; return nil })
	l.Break()
	l.until(t, "the report", func() bool { return l.Service.Status().State == service.Failed })
	close(hold)
	l.until(t, "the recovery", func() bool { return l.Service.Status().State == service.Running })
	l.works(t, "127.0.0.1", port)
}

// overIPv6: a dual-stack wildcard has every address of both families, a
// specific address of one family leaves the other alone, and a move between
// them is one like any other.
func overIPv6(t *testing.T, l *Listening) {
	if !listen.Everywhere().Is6() {
		t.Skip("no IPv6 on this machine")
	}
	port := l.free(t)
	for _, addr := range []string{"::1", "::", "127.0.0.1", "::", "0.0.0.0", "::1"} {
		l.prepare(t, l.at(addr, port)).Commit()
		l.is(t, service.Running)
		for _, at := range []string{"127.0.0.1", "::1"} {
			a := netip.MustParseAddr(at)
			if addr == "::" || addr == at || addr == "0.0.0.0" && a.Is4() {
				l.works(t, at, port)
			} else if l.Answers(netip.AddrPortFrom(a, port)) {
				t.Errorf("on %s, and %s answers", addr, at)
			}
		}
	}
}
