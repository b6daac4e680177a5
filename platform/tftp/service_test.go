package tftp

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/testkit"
)

func endpoint(addr string, port uint16) listen.Endpoint {
	return listen.Endpoint{Proto: listen.UDP, Addr: netip.MustParseAddr(addr), Port: port, Owner: "TFTP server"}
}

// freePort is a port nobody has on any address.
func freePort(t testing.TB) uint16 {
	c, err := net.ListenUDP("udp4", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

func (w *world) prepare(spec service.Spec) service.Change {
	w.t.Helper()
	c, err := w.Prepare(w.t.Context(), nil, spec)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) apply(spec service.Spec) {
	w.t.Helper()
	w.prepare(spec).Commit()
	if l := w.Status().Listeners; len(l) > 0 {
		w.at = l[0].AddrPort()
	}
}

func TestServiceLife(t *testing.T) {
	w := newWorld(t, testSet{}, map[string][]byte{"a": fileOf(1500)})
	if w.Name() != "tftp" || w.Status().State != service.Disabled {
		t.Fatalf("%+v", w.Status())
	}
	spec := Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", 0), endpoint("127.0.0.2", 0)}}
	w.apply(spec)
	st := w.Status()
	if st.State != service.Running || len(st.Listeners) != 2 || st.Listeners[0].Port == 0 {
		t.Fatalf("%+v", st)
	}
	for _, l := range st.Listeners {
		w.at = l.AddrPort()
		if got := w.probe().fetch("a", "octet"); !bytes.Equal(got, w.files["a"]) {
			t.Errorf("%v: %d octets", l, len(got))
		}
	}
	// The same again changes nothing.
	w.apply(spec)
	if again := w.Status(); !slices.Equal(again.Listeners, st.Listeners) {
		t.Errorf("%+v became %+v", st, again)
	}
	// One of two goes, the other is not touched.
	w.apply(Spec{Endpoints: spec.Endpoints[1:]})
	if l := w.Status().Listeners; len(l) != 1 || l[0] != st.Listeners[1] {
		t.Errorf("%+v", l)
	}
	w.apply(nil)
	w.until("the end", func() bool { return w.Status().State == service.Disabled })
}

func TestServiceRefusesNonsense(t *testing.T) {
	w := newWorld(t, testSet{}, nil)
	if _, err := w.Prepare(t.Context(), nil, 42); err == nil {
		t.Error("42 is a specification")
	}
	if _, err := w.Prepare(t.Context(), nil, Spec{Config: Config{PortLow: 9, PortHigh: 5}}); err == nil {
		t.Error("a range of ports may be upside down")
	}
}

// A port that is held by somebody refuses the change, the old one works on.
func TestPortHeld(t *testing.T) {
	w := newWorld(t, testSet{}, map[string][]byte{"a": []byte("x")})
	w.apply(Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", 0)}})
	held, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	free := freePort(t)
	_, err = w.Prepare(t.Context(), nil, Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", free), endpoint("127.0.0.1", held.LocalAddr().(*net.UDPAddr).AddrPort().Port())}})
	var le *listen.Error
	if !errors.As(err, &le) || !errors.Is(err, syscall.EADDRINUSE) || le.Endpoint.Port != held.LocalAddr().(*net.UDPAddr).AddrPort().Port() {
		t.Fatalf("error %v", err)
	}
	w.probe().fetch("a", "octet")
	// what was opened before the failure is free again.
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(free)})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

// The same port on another address cannot be opened beside: the old door is
// closed first, and opened again if the change is undone.
func TestMoveThatOverlaps(t *testing.T) {
	w := newWorld(t, testSet{}, map[string][]byte{"a": fileOf(2000)})
	port := freePort(t)
	w.apply(Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", port)}})
	running := w.probe()
	running.ask("a", "octet")
	running.expect("DATA 1 512")

	wild := Spec{Endpoints: []listen.Endpoint{endpoint("0.0.0.0", port)}}
	w.prepare(wild).Abort()
	if st := w.Status(); st.State != service.Running || len(st.Listeners) != 1 || st.Listeners[0].Addr != netip.MustParseAddr("127.0.0.1") {
		t.Fatalf("after the undo: %+v", st)
	}
	w.probe().fetch("a", "octet")

	// The undo when the new endpoint itself cannot be opened.
	bad := wild
	bad.Config = Config{PortLow: port, PortHigh: port} // the port of the door itself
	if _, err := w.Prepare(t.Context(), nil, bad); !listen.InUse(err) {
		t.Fatalf("error %v", err)
	}
	w.probe().fetch("a", "octet")

	w.apply(wild)
	at := w.at
	w.at = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.3"), port)
	w.probe().fetch("a", "octet")
	w.at = at
	running.ack(1) // a transfer survives all of it
	running.expect("DATA 2 512")
	if s := w.Status().State; s != service.Running {
		t.Errorf("state %s", s)
	}
}

func TestListeners(t *testing.T) {
	testkit.Listeners(t, func(t *testing.T) testkit.Listening {
		w := newWorld(t, testSet{}, map[string][]byte{"a": []byte("x")})
		return testkit.Listening{Service: w.Server, Proto: listen.UDP,
			Spec: func(e listen.Endpoint) service.Spec { return Spec{Endpoints: []listen.Endpoint{e}} },
			Answers: func(at netip.AddrPort) bool {
				w.at = at
				p := w.probe()
				p.wait = 20 * time.Millisecond
				b, err := p.get("a", "octet")
				return err == nil && string(b) == "x"
			},
			Break: func() {
				sock, _ := w.set.Places()[0].Socket()
				_ = sock.Close()
			},
			Before: func(before func(listen.Endpoint) error) {
				w.openUDP = func(ctx context.Context, e listen.Endpoint) (*net.UDPConn, error) {
					if e.Port != 0 { // a door
						if err := before(e); err != nil {
							return nil, err
						}
					}
					return listen.OpenUDP(ctx, e)
				}
			}}
	})
}

// The stop of the service does not wait for a client that stalls; its
// transfer goes on on the pool socket, while port 69 is free at once.
func TestStopWithStalledClient(t *testing.T) {
	w := newWorld(t, testSet{}, map[string][]byte{"a": fileOf(1500)})
	port := freePort(t)
	w.apply(Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", port)}})
	p := w.probe()
	p.ask("a", "octet")
	p.expect("DATA 1 512")
	begin := time.Now()
	w.apply(nil)
	if d := time.Since(begin); d > time.Second {
		t.Errorf("the stop took %v", d)
	}
	if st := w.Status(); st.State != service.Stopping {
		t.Errorf("%+v", st)
	}
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: int(port)})
	if err != nil {
		t.Fatalf("the port is still held: %v", err)
	}
	c.Close()
	p.ack(1)
	p.expect("DATA 2 512")
	p.ack(2)
	p.expect("DATA 3 476")
	p.ack(3)
	w.until("the end", func() bool { return w.Status().State == service.Disabled })
	if !w.result(0).Complete {
		t.Errorf("%+v", w.result(0))
	}
	// And again from the start.
	w.apply(Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", port)}})
	w.probe().fetch("a", "octet")
}

func TestGraceIsOver(t *testing.T) {
	w := newWorld(t, testSet{settings: settings{Grace: 30 * time.Millisecond}}, map[string][]byte{"a": fileOf(1500)})
	w.apply(Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", 0)}})
	p := w.probe()
	p.ask("a", "octet")
	p.expect("DATA 1 512")
	done := w.Stop(0)
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("the stop never ends")
	}
	p.expect("ERROR 3 TFTP process allocation exceeded") // ask again, maybe another server
	if r := w.result(0); r.Complete || r.Why != "the service was stopped" {
		t.Errorf("%+v", r)
	}
	if _, err := w.Prepare(t.Context(), nil, nil); err == nil {
		t.Error("a stopped server can be prepared")
	}
}

// A socket that is closed behind the back of the server is reported and
// opened again, and nothing spins meanwhile.
func TestSocketClosedBehindItsBack(t *testing.T) {
	w := newWorld(t, testSet{}, map[string][]byte{"a": fileOf(600)})
	w.apply(Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", 0)}})
	before := w.at
	places := w.set.Places()
	kill := func(i int) {
		sock, _ := places[i].Socket()
		_ = sock.Close()
	}
	kill(0)
	w.until("the report", func() bool { return w.Status().State == service.Failed })
	if st := w.Status(); st.NextRetry.IsZero() || len(st.Listeners) != 0 {
		t.Errorf("%+v", st)
	}
	var a, b syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &a)
	time.Sleep(100 * time.Millisecond)
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &b)
	if cpu := time.Duration(b.Utime.Nano() - a.Utime.Nano()); cpu > 80*time.Millisecond {
		t.Errorf("%v of CPU while waiting", cpu)
	}
	w.until("the recovery", func() bool { return w.Status().State == service.Running })
	if w.Status().Listeners[0].AddrPort() != before {
		t.Errorf("%v became %v", before, w.Status().Listeners[0])
	}
	w.probe().fetch("a", "octet")

	p := w.probe()
	p.ask("a", "octet")
	p.expect("DATA 1 512")
	for i, place := range places {
		if place.State().Bound.Port() == p.tid.Port() {
			kill(i)
		}
	}
	w.until("the report", func() bool { return w.Status().State == service.Degraded })
	w.probe().fetch("a", "octet") // on another one meanwhile
	w.until("the recovery", func() bool { return w.Status().State == service.Running })
	w.probe().fetch("a", "octet")
	w.mu.Lock()
	defer w.mu.Unlock()
	down, up := 0, 0
	for _, e := range w.events {
		switch e.(type) {
		case listen.Down:
			down++
		case listen.Up:
			up++
		}
	}
	if down != 2 || up != 2 {
		t.Errorf("%d failures and %d recoveries in the journal", down, up)
	}
}

func TestStopEndsItsGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	w := serve(t, testSet{}, nil)
	<-w.Stop(0)
	w.until("its goroutines to end", func() bool { return runtime.NumGoroutine() <= before+1 })
}

// A change of the range: new transfers move, running ones stay.
func TestPortRange(t *testing.T) {
	low := uint16(21100)
	w := newWorld(t, testSet{}, map[string][]byte{"a": fileOf(1500)})
	first := Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", 0)}, Config: Config{PortLow: low, PortHigh: low + 9}}
	w.apply(first)
	old := w.probe()
	old.ask("a", "octet")
	old.expect("DATA 1 512")
	if p := old.tid.Port(); p < low || p > low+9 {
		t.Errorf("port %d", p)
	}
	second := first
	second.Config.PortLow, second.Config.PortHigh = low+10, low+19
	w.apply(second)
	p := w.probe()
	p.ask("a", "octet")
	p.expect("DATA 1 512")
	if n := p.tid.Port(); n < low+10 || n > low+19 {
		t.Errorf("port %d", n)
	}
	old.ack(1)
	old.expect("DATA 2 512")
	// Back and forth: pools that drain give their ports to a new one.
	for range 3 {
		w.apply(first)
		w.apply(second)
	}
	w.probe().fetch("a", "octet")
	// To single-port mode and back.
	single := first
	single.Config = Config{SinglePort: true}
	w.apply(single)
	s := w.probe()
	s.ask("a", "octet")
	s.expect("DATA 1 512")
	if s.tid != w.at {
		t.Errorf("%v served from %v", w.at, s.tid)
	}
	w.apply(second)
	s.ack(1) // the door still knows it
	s.expect("DATA 2 512")
	w.probe().fetch("a", "octet")
}

func TestPortRangeTaken(t *testing.T) {
	held, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	w := newWorld(t, testSet{}, nil)
	set := Config{PortLow: held.LocalAddr().(*net.UDPAddr).AddrPort().Port(), PortHigh: held.LocalAddr().(*net.UDPAddr).AddrPort().Port()}
	_, err = w.Prepare(t.Context(), nil, Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", 0)}, Config: set})
	if !listen.InUse(err) {
		t.Errorf("error %v", err)
	}
}
