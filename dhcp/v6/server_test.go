package v6

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/v6/engine"
	"option150/platform/ether"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/testkit"
)

// loopSpec is a pool for clients on loopback.
func loopSpec() engine.Spec {
	return engine.Spec{
		Config: engine.Config{
			Pools: []engine.Pool{{Name: "LOOP", Prefix: netip.MustParsePrefix("2001:db8:1::/64"), Valid: 600 * time.Second, Preferred: 400 * time.Second,
				Vendors: []engine.Vendor{{Enterprise: 9, Options: []engine.Suboption{{Code: 1, Kind: engine.Address, Addrs: []netip.Addr{ip("::1")}}}}}}},
			Links: []engine.Link{{Name: "Loopback0", Pool: "LOOP", Rapid: true}},
		},
		Interfaces: []engine.Interface{{Name: "Loopback0", Device: "lo"}},
	}
}

func start(t testing.TB, o Options) (*Server, netip.AddrPort) {
	t.Helper()
	o.Listen = netip.MustParseAddrPort("[::1]:0")
	s := New(o)
	change(t, s, loopSpec())
	t.Cleanup(func() { s.Close() })
	return s, s.Status().Listeners[0].AddrPort()
}

// client is a socket of a client on loopback.
type client struct {
	t    testing.TB
	conn *net.UDPConn
}

func dial(t testing.TB, to netip.AddrPort) *client {
	t.Helper()
	c, err := net.DialUDP("udp6", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &client{t, c}
}

func (c *client) exchange(r dhcptest.Message6, wait time.Duration) (dhcptest.Reply6, bool) {
	c.t.Helper()
	if _, err := c.conn.Write(r.Bytes()); err != nil {
		return dhcptest.Reply6{}, false
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(wait))
	buf := make([]byte, 4096)
	for {
		n, err := c.conn.Read(buf)
		if err != nil {
			return dhcptest.Reply6{}, false
		}
		if p, err := dhcptest.Parse6(buf[:n]); err == nil && p.XID == r.XID {
			return p, true
		}
	}
}

func clientMAC(n uint32) ether.MAC {
	return ether.MAC{2, 6, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}
}

// lease takes an address by rapid commit; invalid if there is no answer.
func (c *client) lease(n uint32, wait time.Duration) netip.Addr {
	c.t.Helper()
	r := phone6(clientMAC(n), 1, opt6(14), ia6(1))
	r.XID = n & 0xffffff
	p, ok := c.exchange(r, wait)
	if !ok || p.Type != 7 {
		return netip.Addr{}
	}
	return p.Addr()
}

// What is in nvram: is there after a restart, the DUID as well; a flipped byte
// costs what it hit and is said.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s, at := start(t, Options{Store: dir})
	duid := s.DUID()
	var got []netip.Addr
	for n := range uint32(5) {
		got = append(got, dial(t, at).lease(n+1, 2*time.Second))
	}
	s.Close()
	if string(s.DUID()) != string(duid) {
		t.Error("another DUID while it is stopped")
	}
	s, at = start(t, Options{Store: dir})
	if bs := s.Bindings(); len(bs) != 5 || string(s.DUID()) != string(duid) {
		t.Fatalf("%d bindings", len(bs))
	}
	r := phone6(clientMAC(1), 5, opt6(2, duid...), ia6(1, got[0]))
	if p, ok := dial(t, at).exchange(r, 2*time.Second); !ok || p.Addr() != got[0] {
		t.Errorf("renewal %v %+v", ok, p)
	}
	s.Close()
	path := dir + "/bindings6.log.00000001"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 0x40
	d := []byte(engine.DUIDText(duid) + " 00000000\n")
	if err := errors.Join(os.WriteFile(path, b, 0o600), os.WriteFile(dir+"/"+duidName, d, 0o600)); err != nil {
		t.Fatal(err)
	}
	ev := &heard{}
	s, _ = start(t, Options{Store: dir, Recorder: ev})
	if bs := s.Bindings(); len(bs) < 4 {
		t.Errorf("%d bindings after a flipped byte", len(bs))
	}
	st := s.Status()
	if st.State != service.Running || !strings.Contains(st.Why, "bindings6.log.00000001: checksum does not match") || !strings.Contains(st.Why, duidName) {
		t.Errorf("status %+v", st)
	}
	if !strings.Contains(ev.names(), "dhcp.StoreDamaged") {
		t.Errorf("events %s", ev.names())
	}
	if duid[1] == 3 && string(s.DUID()) != string(duid) { // made of the hardware again
		t.Error("another DUID")
	}
}

// A disk that fails: known clients are answered for what is on it, new ones are
// left alone; when it works again everything is written.
func TestDiskFails(t *testing.T) {
	var broken atomic.Bool
	ev := &heard{}
	s, at := start(t, Options{Store: t.TempDir(), Recorder: ev, sync: func(f *os.File) error {
		if broken.Load() {
			return errors.New("no space left on device")
		}
		return f.Sync()
	}})
	c := dial(t, at)
	known := c.lease(1, 2*time.Second)
	broken.Store(true)
	if a := c.lease(2, 300*time.Millisecond); a.IsValid() {
		t.Errorf("a new client got %s", a)
	}
	waitFor(t, func() bool { return s.Status().State == service.Degraded })
	if p, ok := c.exchange(phone6(clientMAC(1), 6, ia6(1, known)), 2*time.Second); !ok || p.Addr() != known || p.IAs[0].Addrs[0].Valid > 600 {
		t.Errorf("a known client: %v %+v", ok, p.IAs)
	}
	if a := c.lease(3, 300*time.Millisecond); a.IsValid() {
		t.Errorf("a new client got %s", a)
	}
	broken.Store(false)
	run, _ := s.runs.Current()
	run.mailbox.Put(func() { run.com.Put(job{Records: run.e.Dump(), Reopen: true}) })
	waitFor(t, func() bool { return s.Status().State == service.Running })
	if a := c.lease(4, 2*time.Second); !a.IsValid() {
		t.Error("nothing when it works again")
	}
	if n := ev.names(); !strings.Contains(n, "dhcp.StoreFailed") || !strings.Contains(n, "dhcp.StoreWorks") {
		t.Errorf("events %s", n)
	}
}

// A clock that is set neither ends nor prolongs a lease.
func TestClockIsSet(t *testing.T) {
	var offset atomic.Int64
	dir := t.TempDir()
	wall := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	s, at := start(t, Options{Store: dir, wall: wall})
	a := dial(t, at).lease(1, 2*time.Second)
	for _, step := range []time.Duration{100 * time.Hour, -100 * time.Hour} {
		offset.Store(int64(step))
		waitFor(t, func() bool {
			b := s.Bindings()
			return len(b) == 1 && b[0].Expiry.Sub(wall()).Round(time.Minute) == 10*time.Minute
		})
	}
	s.Close()
	s, _ = start(t, Options{Store: dir, wall: wall})
	if b := s.Bindings(); len(b) != 1 || b[0].Addr != a {
		t.Errorf("%+v", b)
	}
}

const killEnv = "OPTION150_DHCPV6_KILL" // directory of the store, in the child

// killChild is the server in a process of its own.
func killChild() int {
	s := New(Options{Store: os.Getenv(killEnv), Listen: netip.MustParseAddrPort("[::1]:0")})
	sp := loopSpec()
	sp.Pools[0].Prefix = netip.MustParsePrefix("2001:db8:1::/116")
	sp.Pools[0].Valid, sp.Pools[0].Preferred = 48*time.Hour, 24*time.Hour
	c, err := s.Prepare(context.Background(), nil, sp)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	c.Commit()
	fmt.Println(s.Status().Listeners[0].AddrPort())
	select {} // until killed
}

// Killed at random while clients take addresses: every REPLY a client saw is
// there afterwards, and no address was given twice.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	owner := map[netip.Addr]uint32{}
	var mu sync.Mutex
	next := uint32(0)
	for cycle := range 5 {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), killEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		at, err := netip.ParseAddrPort(strings.TrimSpace(line))
		if err != nil {
			t.Fatalf("child says %q", line)
		}
		var clients sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			clients.Go(func() {
				c := dial(t, at)
				for {
					select {
					case <-stop:
						return
					default:
					}
					mu.Lock()
					next++
					n := next
					mu.Unlock()
					if a := c.lease(n, 200*time.Millisecond); a.IsValid() {
						mu.Lock()
						if was, ok := owner[a]; ok && was != n {
							t.Errorf("cycle %d: %s given to %d and to %d", cycle, a, was, n)
						}
						owner[a] = n
						mu.Unlock()
					}
				}
			})
		}
		time.Sleep(60 * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		close(stop)
		clients.Wait()
	}
	s, _ := start(t, Options{Store: dir})
	have := map[netip.Addr]string{}
	for _, b := range s.Bindings() {
		have[b.Addr] = string(b.DUID)
	}
	for a, n := range owner {
		if have[a] != string(dhcptest.DUID(clientMAC(n))) {
			t.Errorf("%s of client %d is lost", a, n)
		}
	}
	if len(owner) < 10 {
		t.Errorf("only %d leases were taken", len(owner))
	}
}

// The sockets behave as those of every service: a port that is held is refused
// while somebody types, dialled again at boot, and given back.
func TestSockets(t *testing.T) {
	held, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		testkit.Missing(t, "IPv6")
	}
	defer held.Close()
	s := New(Options{Listen: held.LocalAddr().(*net.UDPAddr).AddrPort()})
	defer s.Close()
	if _, err := s.Prepare(t.Context(), nil, loopSpec()); !listen.InUse(err) {
		t.Fatalf("error %v", err)
	}
	c, err := s.PrepareDegraded(t.Context(), nil, loopSpec())
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	if st := s.Status(); st.State != service.Failed || st.NextRetry.IsZero() {
		t.Fatalf("%+v", st)
	}
	_ = held.Close()
	s.Kick()
	waitFor(t, func() bool { return s.Status().State == service.Running })
	change(t, s, nil)
	waitFor(t, func() bool { return s.Status().State == service.Disabled })
}

// Off, it costs nothing: no socket, no goroutine, no file.
func TestOffCostsNothing(t *testing.T) {
	before := runtime.NumGoroutine()
	files, _ := os.ReadDir("/proc/self/fd")
	dir := t.TempDir()
	s := New(Options{Store: dir})
	change(t, s, nil)
	change(t, s, engine.Spec{Config: labSpec().Config}) // pools, and no interface with `ipv6 dhcp server`
	now, _ := os.ReadDir("/proc/self/fd")
	list, _ := os.ReadDir(dir)
	if runtime.NumGoroutine() > before || len(now) > len(files) || len(list) != 0 {
		t.Errorf("%d goroutines more, %d descriptors more, files %v", runtime.NumGoroutine()-before, len(now)-len(files), list)
	}
	if st := s.Status(); st.State != service.Disabled || len(st.Listeners) != 0 {
		t.Errorf("%+v", st)
	}
	s.Close()
}
