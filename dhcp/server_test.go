package dhcp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/store"
	"option150/dhcp/wire"
	"option150/platform/journal"
	"option150/platform/service"
)

// loopSpec is a pool for a relay on loopback, as perfdhcp plays one.
func loopSpec(bits string) engine.Spec {
	c := engine.Default()
	c.PingPackets = 0
	c.Pools = []engine.Pool{{Name: "LOOP", Network: netip.MustParsePrefix("127.0.0.0/" + bits), Lease: 600 * time.Second,
		Options: []engine.Option{{Code: 150, Kind: engine.OptionIP, Addrs: []netip.Addr{ip("127.0.0.1")}}}}}
	return engine.Spec{Config: c, Interfaces: []engine.Interface{{Name: "Loopback0", Device: "lo", Addrs: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}}}}
}

// start runs a server on loopback and returns its address.
func start(t testing.TB, o Options, sp engine.Spec) (*Server, netip.AddrPort) {
	t.Helper()
	o.Listen = netip.MustParseAddrPort("127.0.0.1:0")
	s := New(o)
	change(t, s, nil, sp)
	t.Cleanup(func() { s.Close() })
	at := s.Status().Listeners[0].AddrPort()
	return s, at
}

func change(t testing.TB, s *Server, old, new service.Spec) {
	t.Helper()
	c, err := s.Prepare(context.Background(), old, new)
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
}

// relayClient is a socket that plays relay 127.0.0.1 on a port of its own.
type relayClient struct {
	t    testing.TB
	conn *net.UDPConn
	buf  []byte
}

func dial(t testing.TB, to netip.AddrPort) *relayClient {
	t.Helper()
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &relayClient{t: t, conn: c, buf: make([]byte, 2048)}
}

// exchange sends a request and waits for its reply; false after the timeout.
func (c *relayClient) exchange(r testRequest, wait time.Duration) (parsed, bool) {
	c.t.Helper()
	r.GIAddr = "127.0.0.1"
	b := r.Bytes()
	if _, err := c.conn.Write(b); err != nil {
		return parsed{}, false
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(wait))
	for {
		n, err := c.conn.Read(c.buf)
		if err != nil {
			return parsed{}, false
		}
		if n > 8 && string(c.buf[4:8]) == string(b[4:8]) {
			p, err := parse(c.buf[:n])
			if err != nil {
				c.t.Fatal(err)
			}
			return p, true
		}
	}
}

// dora takes a client through; the zero Addr if any answer is missing.
func (c *relayClient) dora(n uint32, wait time.Duration) netip.Addr {
	m := mac(byte(n>>8), byte(n))
	m[1], m[2] = byte(n>>24), byte(n>>16)
	d := phoneRequest(m, wire.MsgDiscover)
	d.XID = n
	o, ok := c.exchange(d, wait)
	if !ok || o.Type != wire.MsgOffer {
		return netip.Addr{}
	}
	q := phoneRequest(m, wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, o.Opts[54]))
	q.XID = n
	a, ok := c.exchange(q, wait)
	if !ok || a.Type != wire.MsgAck {
		return netip.Addr{}
	}
	return a.YIAddr
}

// heardEvents collects facts.
type heardEvents struct {
	mu  sync.Mutex
	all []journal.Event
}

func (h *heardEvents) Record(e journal.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, e)
}

func (h *heardEvents) names() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var s []string
	for _, e := range h.all {
		s = append(s, e.EventName())
	}
	return strings.Join(s, " ")
}

func TestServerOnLoopback(t *testing.T) {
	dir := t.TempDir()
	var ev heardEvents
	s, at := start(t, Options{Store: dir, Recorder: &ev}, loopSpec("16"))
	c := dial(t, at)
	first := c.dora(1, 2*time.Second)
	if !first.IsValid() {
		t.Fatal("no lease")
	}
	// An ACK is recorded when it has left.
	waitFor(t, func() bool { return ev.names() == "dhcp.Linkage dhcp.Discover dhcp.Offer dhcp.Request dhcp.Ack" })
	if st := s.Status(); st.State != service.Running {
		t.Errorf("status %+v", st)
	}
	// Update in place keeps the binding and the socket.
	sp := loopSpec("16")
	sp.Pools[0].DomainName = "branch.example"
	change(t, s, loopSpec("16"), sp)
	if bs := s.Bindings(); len(bs) != 1 || bs[0].Addr != first {
		t.Errorf("bindings %+v", bs)
	}
	if a := c.dora(2, 2*time.Second); !a.IsValid() || a == first {
		t.Errorf("second client got %s", a)
	}
	// An aborted change leaves everything as it was.
	ch, err := s.Prepare(context.Background(), sp, loopSpec("8"))
	if err != nil {
		t.Fatal(err)
	}
	ch.Abort()
	if p := s.PoolStats(); p[0].Total != 65534 || p[0].Leased != 2 {
		t.Errorf("pool %+v", p)
	}
	if st := s.Statistics(); st.Sent.Ack != 2 || st.Received.Discover != 2 || st.AddressPools != 1 {
		t.Errorf("statistics %+v", st)
	}
	// Stopped: the port is free; started again: the bindings are there.
	change(t, s, sp, nil)
	s.Close()
	if st := s.Status(); st.State != service.Disabled {
		t.Errorf("status %+v", st)
	}
	s2, at := start(t, Options{Store: dir}, sp)
	if bs := s2.Bindings(); len(bs) != 2 || bs[0].Addr != first || bs[0].Hostname == "" {
		t.Errorf("bindings after restart: %+v", bs)
	}
	c = dial(t, at)
	if a := c.dora(1, 2*time.Second); a != first {
		t.Errorf("client got %s after restart, had %s", a, first)
	}
	if n := s2.ClearBinding(first, "LOOP"); n != 1 {
		t.Errorf("cleared %d", n)
	}
	if n := s2.ClearBinding(netip.Addr{}, ""); n != 1 {
		t.Errorf("cleared %d", n)
	}
	s2.ClearStatistics()
	if st := s2.Statistics(); st.Sent.Ack != 0 || st.Automatic != 0 {
		t.Errorf("statistics %+v", st)
	}
}

func TestServerRefusesForeignSpec(t *testing.T) {
	if _, err := New(Options{}).Prepare(context.Background(), nil, "pool"); !errors.Is(err, errSpec) {
		t.Errorf("error %v", err)
	}
	sp := loopSpec("16")
	sp.Pools[0].Network = netip.MustParsePrefix("2001:db8::/64")
	if _, err := New(Options{}).Prepare(context.Background(), nil, sp); !errors.Is(err, engine.ErrNetwork) {
		t.Errorf("error %v", err)
	}
	if _, err := New(Options{Store: filepath.Join(t.TempDir(), "none")}).Prepare(context.Background(), nil, loopSpec("16")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestServerPortInUse(t *testing.T) {
	_, at := start(t, Options{}, loopSpec("16"))
	s := New(Options{Listen: at})
	_, err := s.Prepare(context.Background(), nil, loopSpec("16"))
	if err == nil || s.Status().State != service.Disabled {
		t.Errorf("error %v, status %+v", err, s.Status())
	}
}

func TestServerWithoutService(t *testing.T) {
	s := New(Options{Listen: netip.MustParseAddrPort("127.0.0.1:0")})
	sp := loopSpec("16")
	sp.Service = false
	change(t, s, nil, sp)
	if st := s.Status(); st.State != service.Disabled || s.Bindings() != nil {
		t.Errorf("status %+v", st)
	}
	s.Close()
}

// A disk that fails: new clients get silence, known clients no more time than
// what is stored; when it works again everything is written.
func TestServerDiskFailure(t *testing.T) {
	dir := t.TempDir()
	var ev heardEvents
	var bad atomic.Bool
	sync := func(f *os.File) error {
		if bad.Load() {
			return errors.New("input/output error")
		}
		return store.DataSync(f)
	}
	s, at := start(t, Options{Store: dir, Recorder: &ev, sync: sync}, loopSpec("16"))
	c := dial(t, at)
	known := c.dora(1, 2*time.Second)
	bad.Store(true)
	if a := c.dora(2, 300*time.Millisecond); a.IsValid() {
		t.Errorf("new client got %s", a)
	}
	waitFor(t, func() bool { return s.Status().State == service.Degraded })
	if why := s.Status().Why; !strings.Contains(why, "input/output error") {
		t.Errorf("why %q", why)
	}
	r := phoneRequest(mac(0, 1), wire.MsgRequest)
	r.CIAddr = known.String()
	g, ok := c.exchange(r, time.Second)
	if !ok || g.Type != wire.MsgAck {
		t.Fatalf("known client: %v %+v", ok, g.Type)
	}
	if bs := s.Bindings(); len(bs) != 1 || bs[0].Addr != known {
		t.Errorf("bindings %+v", bs)
	}
	bad.Store(false)
	run, _ := s.runs.Current()
	run.mailbox.Put(func() { run.com.Put(job{Records: run.e.Dump(), Reopen: true}) })
	waitFor(t, func() bool { return s.Status().State == service.Running })
	if a := c.dora(3, 2*time.Second); !a.IsValid() {
		t.Error("no lease after the disk came back")
	}
	if n := ev.names(); !strings.Contains(n, "dhcp.StoreFailed") || !strings.Contains(n, "dhcp.StoreWorks") {
		t.Errorf("events %s", n)
	}
	s.Close()
	s2, _ := start(t, Options{Store: dir}, loopSpec("16"))
	if bs := s2.Bindings(); len(bs) != 2 {
		t.Errorf("after restart: %+v", bs)
	}
}

// The clock of the box jumps by years while a client has a lease, and the box
// is started again: the lease is there, of the length it was granted.
func TestServerClockIsSet(t *testing.T) {
	for _, jump := range []time.Duration{-30 * 365 * 24 * time.Hour, 10 * 365 * 24 * time.Hour} {
		dir := t.TempDir()
		var offset atomic.Int64
		wall := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
		s, at := start(t, Options{Store: dir, wall: wall}, loopSpec("16"))
		a := dial(t, at).dora(1, 2*time.Second)
		offset.Store(int64(jump))
		near := func(x time.Time) bool { return x.Sub(wall().Add(600*time.Second)).Abs() < time.Minute }
		waitFor(t, func() bool { bs := s.Bindings(); return len(bs) == 1 && near(bs[0].Expiry) })
		s.Close()
		s, _ = start(t, Options{Store: dir, wall: wall}, loopSpec("16"))
		if bs := s.Bindings(); len(bs) != 1 || bs[0].Addr != a || !bs[0].Active || !near(bs[0].Expiry) {
			t.Errorf("clock set by %s: %+v", jump, bs)
		}
	}
}

func waitFor(t testing.TB, f func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("did not happen within 30 s")
		}
	}
}

func BenchmarkServerDORA(b *testing.B) {
	_, at := start(b, Options{Store: b.TempDir()}, loopSpec("8"))
	c := dial(b, at)
	n := uint32(0)
	for b.Loop() {
		n++
		if !c.dora(n, 5*time.Second).IsValid() {
			b.Fatal("no lease")
		}
	}
}

// BenchmarkServerParallel is many clients at once, as after a power cut.
func BenchmarkServerParallel(b *testing.B) {
	s, at := start(b, Options{Store: b.TempDir()}, loopSpec("8"))
	var n, lost atomic.Uint32
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		c := dial(b, at)
		for pb.Next() {
			if !c.dora(n.Add(1), 5*time.Second).IsValid() {
				lost.Add(1)
			}
		}
	})
	b.ReportMetric(float64(lost.Load()), "lost")
	if st := s.Statistics(); int(st.Sent.Ack) < b.N-int(lost.Load()) {
		b.Errorf("%+v", st)
	}
}
