package httpd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
)

// words is a module that answers its name for every path, and a few others.
type words struct {
	name string
	file string // served on /file
}

func (w words) Name() string        { return w.name }
func (w words) Description() string { return "words of " + w.name }
func (w words) Knows(p string) bool { return p != "/home" || w.name == "HOME" }
func (w words) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/panic":
		panic("defect")
	case "/file":
		f, err := os.Open(w.file)
		if err != nil {
			panic(err)
		}
		defer f.Close()
		http.ServeContent(rw, r, "", time.Time{}, f)
	default:
		text(rw, 200, w.name)
	}
}

type notes struct {
	mu  sync.Mutex
	all []journal.Event
}

func (n *notes) Record(e journal.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, e)
}

func (n *notes) count(name string) (c int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range n.all {
		if e.EventName() == name {
			c++
		}
	}
	return c
}

func newServer(t *testing.T, change func(*Limits)) (*Server, *notes) {
	t.Helper()
	l := DefaultLimits()
	if change != nil {
		change(&l)
	}
	rec := &notes{}
	file := filepath.Join(t.TempDir(), "firmware")
	if err := os.WriteFile(file, bytes.Repeat([]byte("0123456789abcdef"), 1<<19), 0o644); err != nil { // 8 MB
		t.Fatal(err)
	}
	s := NewWithLimits(map[string]Module{"A": words{"A", file}, "B": words{"B", file}, NameHome: HomePage()}, rec, l)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.Close(ctx)
	})
	return s, rec
}

func at(addr string, port uint16, modules ...string) Listener {
	return Listener{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: netip.MustParseAddr(addr), Port: port, Owner: "test"}, Modules: modules}
}

func apply(t *testing.T, s *Server, l ...Listener) []ListenerStatus {
	t.Helper()
	c, err := s.Prepare(t.Context(), nil, Spec{Listeners: l})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	return s.Listeners()
}

// says fetches a page over a connection of its own.
func says(t *testing.T, a netip.AddrPort, path string) string {
	t.Helper()
	return raw(t, a, "GET "+path+" HTTP/1.1\r\nHost:x\r\nConnection: close\r\n\r\n", "")
}

// raw sends a request as it is and returns the body of the answer; want is a
// status it must have.
func raw(t *testing.T, a netip.AddrPort, request, want string) string {
	t.Helper()
	c, err := net.Dial("tcp", a.String())
	if err != nil {
		return "dial: " + err.Error()
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(c, request)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "read: " + err.Error()
	}
	defer r.Body.Close()
	if want != "" && strconv.Itoa(r.StatusCode) != want {
		t.Errorf("%.60q: status %d, want %s", request, r.StatusCode, want)
	}
	b, err := io.ReadAll(r.Body)
	if err != nil {
		return "body: " + err.Error()
	}
	return string(b)
}

// free finds a port nobody has on any loopback address.
func free(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return addrPort(l.Addr()).Port()
}

func TestSharedPort(t *testing.T) {
	s, _ := newServer(t, nil)
	l := apply(t, s, at("127.0.0.1", 0, NameHome, "A"))
	if got := says(t, l[0].Bound, "/"); !strings.Contains(got, "Option 150") {
		t.Errorf("home page: %q", got)
	}
	if got := says(t, l[0].Bound, "/x"); got != "A" {
		t.Errorf("last module: %q", got)
	}
	apply(t, s, at("127.0.0.1", 0, NameHome))
	if got := raw(t, l[0].Bound, "GET /x HTTP/1.0\r\n\r\n", "404"); got != "No such page\n" {
		t.Errorf("module gone: %q", got)
	}
	raw(t, l[0].Bound, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello", "405")
	if st := s.Status(); st.State != service.Running || len(st.Listeners) != 1 {
		t.Errorf("%+v", st)
	}
}

// TestRefusedChangeLeavesTheOldPortAnswering: the new port is held by
// another process.
func TestRefusedChangeLeavesTheOldPortAnswering(t *testing.T) {
	s, _ := newServer(t, nil)
	old := apply(t, s, at("127.0.0.1", free(t), "A"))[0]
	held, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	_, err = s.Prepare(t.Context(), nil, Spec{Listeners: []Listener{at("127.0.0.1", addrPort(held.Addr()).Port(), "A")}})
	var le *listen.Error
	if !errors.As(err, &le) || !listen.InUse(err) {
		t.Fatalf("prepare: %v", err)
	}
	if got := says(t, old.Bound, "/"); got != "A" {
		t.Errorf("the old port says %q", got)
	}
	if st := s.Status(); st.State != service.Running {
		t.Errorf("%+v", st)
	}
}

// TestOneOfSeveralFails: the third of three cannot be opened; the first two
// are free again.
func TestOneOfSeveralFails(t *testing.T) {
	s, _ := newServer(t, nil)
	held, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	p1, p2 := free(t), free(t)
	_, err = s.Prepare(t.Context(), nil, Spec{Listeners: []Listener{
		at("127.0.0.1", p1, "A"), at("127.0.0.1", p2, "A"), at("127.0.0.1", addrPort(held.Addr()).Port(), "A")}})
	if !listen.InUse(err) {
		t.Fatal(err)
	}
	for _, p := range []uint16{p1, p2} {
		l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", p))
		if err != nil {
			t.Errorf("still bound: %v", err)
			continue
		}
		_ = l.Close()
	}
	if st := s.Status(); st.State != service.Disabled {
		t.Errorf("%+v", st)
	}
}

func TestSwapOfPorts(t *testing.T) {
	s, _ := newServer(t, nil)
	p1, p2 := free(t), free(t)
	l := apply(t, s, at("127.0.0.1", p1, "A"), at("127.0.0.1", p2, "B"))
	keep, err := net.Dial("tcp", l[0].Bound.String())
	if err != nil {
		t.Fatal(err)
	}
	defer keep.Close()
	l = apply(t, s, at("127.0.0.1", p2, "A"), at("127.0.0.1", p1, "B"))
	if a, b := says(t, l[0].Bound, "/"), says(t, l[1].Bound, "/"); a != "A" || b != "B" || l[0].Bound.Port() != p2 {
		t.Errorf("%q %q %v", a, b, l)
	}
	_, _ = io.WriteString(keep, "GET / HTTP/1.0\r\n\r\n")
	if b, _ := io.ReadAll(keep); !strings.HasSuffix(string(b), "B") {
		t.Errorf("the connection of before got %q", b)
	}
}

// TestSelfOverlap moves a listener to another address on its port, which the
// kernel does not allow while the old one is open, and back when refused.
func TestSelfOverlap(t *testing.T) {
	s, _ := newServer(t, nil)
	p := free(t)
	one, all := at("127.0.0.1", p, "A"), at("0.0.0.0", p, "A")
	a := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), p)
	apply(t, s, one)
	apply(t, s, all)
	other := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), p)
	if got := says(t, other, "/"); got != "A" {
		t.Fatalf("moved: %q", got)
	}
	apply(t, s, one)
	if got := says(t, other, "/"); !strings.HasPrefix(got, "dial:") {
		t.Fatalf("moved back: %q", got)
	}
	held, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := s.Prepare(t.Context(), nil, Spec{Listeners: []Listener{all, at("127.0.0.1", addrPort(held.Addr()).Port(), "B")}}); !listen.InUse(err) {
		t.Fatal(err)
	}
	if got := says(t, a, "/"); got != "A" {
		t.Errorf("undone: %q", got)
	}
	c, err := s.Prepare(t.Context(), nil, Spec{Listeners: []Listener{all}})
	if err != nil {
		t.Fatal(err)
	}
	c.Abort()
	if got := says(t, a, "/"); got != "A" {
		t.Errorf("aborted: %q", got)
	}
	if got := says(t, other, "/"); !strings.HasPrefix(got, "dial:") {
		t.Errorf("aborted, the new socket: %q", got)
	}
}

// TestStopDoesNotWaitForAPhone: connections finish although their listener
// is gone, and Commit does not wait for them.
func TestStopDoesNotWaitForAPhone(t *testing.T) {
	s, _ := newServer(t, nil)
	l := apply(t, s, at("127.0.0.1", free(t), "A"))[0]
	c, err := net.Dial("tcp", l.Bound.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /file HTTP/1.1\r\nHost:x\r\n\r\n")
	first := make([]byte, 1)
	if _, err := io.ReadFull(c, first); err != nil {
		t.Fatal(err)
	}
	ch, err := s.Prepare(t.Context(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	ch.Commit()
	if d := time.Since(start); d > time.Second {
		t.Errorf("commit took %v", d)
	}
	if got := says(t, l.Bound, "/"); !strings.HasPrefix(got, "dial:") {
		t.Errorf("the port still answers: %q", got)
	}
	r, err := http.ReadResponse(bufio.NewReader(io.MultiReader(bytes.NewReader(first), c)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, r.Body); err != nil || n != 8<<20 {
		t.Errorf("the download got %d bytes, %v", n, err)
	}
	if st := s.Status(); st.State != service.Disabled {
		t.Errorf("%+v", st)
	}
}

// TestSocketDies: the socket is made useless behind the server's back.
func TestSocketDies(t *testing.T) {
	s, rec := newServer(t, nil)
	l := apply(t, s, at("127.0.0.1", 0, "A"))[0]
	sock, _ := s.set.Places()[0].Socket()
	raw, err := sock.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) { _ = syscall.Shutdown(int(fd), syscall.SHUT_RDWR) })
	wait(t, "the failure is seen", func() bool { return rec.count("listen.Down") == 1 })
	if st := s.Status(); st.State != service.Failed && st.State != service.Running {
		t.Errorf("%+v", st)
	}
	wait(t, "it works again", func() bool { return says(t, l.Bound, "/") == "A" })
	if st := s.Status(); st.State != service.Running || rec.count("listen.Up") != 1 || rec.count("listen.Down") != 1 {
		t.Errorf("%+v", st)
	}
}

func wait(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain: " + what)
		}
	}
}

// TestPrepareDegraded: at boot a held port keeps no other port from working,
// and is taken when it becomes free.
func TestPrepareDegraded(t *testing.T) {
	s, rec := newServer(t, nil)
	held, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := addrPort(held.Addr()).Port()
	spec := Spec{Listeners: []Listener{at("127.0.0.1", p, "A"), at("127.0.0.1", 0, "B")}}
	c, err := s.PrepareDegraded(t.Context(), nil, spec)
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	if got := says(t, s.Listeners()[1].Bound, "/"); got != "B" {
		t.Errorf("the other port: %q", got)
	}
	wait(t, "the failure is told", func() bool { return rec.count("listen.Down") == 1 })
	st := s.Status()
	if st.State != service.Degraded || !strings.Contains(st.Why, "address already in use, held by ") || st.NextRetry.IsZero() {
		t.Errorf("%+v", st)
	}
	_ = held.Close()
	wait(t, "the port is taken", func() bool { return s.Status().State == service.Running })
	if got := says(t, s.Listeners()[0].Bound, "/"); got != "A" {
		t.Errorf("the port: %q", got)
	}
	c, err = s.Prepare(t.Context(), nil, Spec{})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
}

// TestRequests are requests as phones and others send them.
func TestRequests(t *testing.T) {
	s, rec := newServer(t, nil)
	a := apply(t, s, at("127.0.0.1", 0, "A"))[0].Bound
	for _, c := range []struct{ request, status, body string }{
		{"GET /x HTTP/1.1\r\nHost:10.0.0.1:6970\r\n\r\n", "200", "A"},
		{"GET /x HTTP/1.0\r\n\r\n", "200", "A"},
		{"GET //x%20y HTTP/1.1\r\nHost: x\r\n\r\n", "200", "A"},
		{"GET /x HTTP/1.1\r\n\r\n", "400", ""},
		{"GET x HTTP/1.1\r\nHost: x\r\n\r\n", "400", ""},
		{"GET /x%zz HTTP/1.1\r\nHost: x\r\n\r\n", "400", ""},
		{"nonsense\r\n\r\n", "400", ""},
		{"GET /x HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("y", 20000) + "\r\n\r\n", "431", ""},
		{"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", "200", "A"},
		{"GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "200", "A"}, // the body never comes
	} {
		got := raw(t, a, c.request, c.status)
		if c.body != "" && got != c.body {
			t.Errorf("%.40q: %q", c.request, got)
		}
	}
	if got := raw(t, a, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", ""); got == "A" {
		t.Error("speaks HTTP/2 without TLS")
	}
	if got := says(t, a, "/panic"); !strings.HasPrefix(got, "read:") {
		t.Errorf("defect: %q", got)
	}
	if rec.count("http.Defect") != 1 {
		t.Error("the defect was not recorded")
	}
	if got := says(t, a, "/x"); got != "A" {
		t.Errorf("after the defect: %q", got)
	}
}

// TestCaps: one address cannot hold more than its share, others are served,
// and idle connections give way.
func TestCaps(t *testing.T) {
	s, _ := newServer(t, func(l *Limits) { l.PerAddress, l.Total = 4, 12 })
	a := apply(t, s, at("0.0.0.0", free(t), "A"))[0].Bound
	dial := func(from string) net.Conn {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", a.Port()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		return c
	}
	ask := func(c net.Conn, header string) (string, int) {
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost:x\r\n"+header+"\r\n")
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return err.Error(), 0
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		return string(b), r.StatusCode
	}
	// Four that have begun a request and do not end it.
	for range 4 {
		_, _ = io.WriteString(dial("127.0.0.2"), "GET /slow")
	}
	wait(t, "four are in", func() bool {
		n := 0
		for _, c := range s.Connections() {
			if c.In > 0 {
				n++
			}
		}
		return n == 4
	})
	if _, status := ask(dial("127.0.0.2"), ""); status != 503 {
		t.Errorf("the fifth of one address: %d", status)
	}
	if body, status := ask(dial("127.0.0.3"), ""); status != 200 {
		t.Errorf("another address: %d %s", status, body)
	}
	// Idle ones give way to the same address.
	var idle []net.Conn
	for range 4 {
		c := dial("127.0.0.4")
		if _, status := ask(c, ""); status != 200 {
			t.Fatal(status)
		}
		idle = append(idle, c)
	}
	wait(t, "all idle", func() bool {
		s.tracker.mu.Lock()
		defer s.tracker.mu.Unlock()
		n := 0
		for _, c := range s.tracker.conns {
			if c.idle.Load() && c.remote.Addr().String() == "127.0.0.4" {
				n++
			}
		}
		return n == 4
	})
	if body, status := ask(dial("127.0.0.4"), ""); status != 200 {
		t.Errorf("a new one when four are idle: %d %s", status, body)
	}
	if _, err := idle[0].Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the oldest idle one is still open: %v", err)
	}
	st := s.Statistics()
	if st.RefusedPerAddress != 1 || st.Accepted < 10 {
		t.Errorf("%+v", st)
	}
}

// TestSlowloris: who trickles a header is cut; who asks is served meanwhile.
func TestSlowloris(t *testing.T) {
	s, _ := newServer(t, func(l *Limits) { l.ReadHeader = 300 * time.Millisecond })
	a := apply(t, s, at("127.0.0.1", 0, "A"))[0].Bound
	slow, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for i := 0; ; i++ {
			if _, err := io.WriteString(slow, "X"); err != nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
	}()
	if got := says(t, a, "/"); got != "A" {
		t.Error(got)
	}
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the slow one is never cut")
	}
}

// TestStall: a client that does not read is cut after Limits.Stall, one that
// reads slowly but steadily is not, however long it takes.
func TestStall(t *testing.T) {
	s, _ := newServer(t, func(l *Limits) { l.Stall = 400 * time.Millisecond })
	a := apply(t, s, at("127.0.0.1", 0, "A"))[0].Bound
	get := func() net.Conn {
		d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 64<<10) })
		}}
		c, err := d.Dial("tcp", a.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_, _ = io.WriteString(c, "GET /file HTTP/1.1\r\nHost:x\r\nConnection: close\r\n\r\n")
		return c
	}
	get()
	// Gone from the list is not enough: it may not be on it yet.
	wait(t, "the stalled client is cut", func() bool { return len(s.History()) == 1 && len(s.Connections()) == 0 })
	slow := get()
	var n int64
	start := time.Now()
	for {
		k, err := io.CopyN(io.Discard, slow, 256<<10)
		n += k
		if err != nil {
			break
		}
		time.Sleep(30 * time.Millisecond)
	}
	if n < 8<<20 || time.Since(start) < 400*time.Millisecond {
		t.Errorf("the slow client got %d bytes in %v", n, time.Since(start))
	}
	wait(t, "it is gone", func() bool { return len(s.Connections()) == 0 })
	h := s.History()
	if last := h[len(h)-1]; last.Out < 8<<20 || last.In == 0 || last.End.IsZero() {
		t.Errorf("%+v", last)
	}
}

// TestManyIdleConnections: a thousand open connections do not keep a
// phone from its file.
func TestManyIdleConnections(t *testing.T) {
	s, _ := newServer(t, nil)
	a := apply(t, s, at("0.0.0.0", free(t), "A"))[0].Bound
	for i := range 1000 {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(i/10))}}
		c, err := d.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", a.Port()))
		if errors.Is(err, syscall.EMFILE) {
			t.Skip("too few file descriptors here")
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if got := says(t, netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), a.Port()), "/x"); got != "A" {
		t.Errorf("a phone got %q", got)
	}
}

func TestBadSpec(t *testing.T) {
	s, _ := newServer(t, nil)
	if _, err := s.Prepare(t.Context(), nil, Spec{Listeners: []Listener{at("127.0.0.1", 0, "NONE")}}); !errors.Is(err, ErrModule) {
		t.Error(err)
	}
	if _, err := s.Prepare(t.Context(), nil, "text"); err == nil {
		t.Error("a text is no specification")
	}
}

// TestBodyIsNeverWaitedFor: an answer leaves and the connection ends although
// the body that was announced does not come.
func TestBodyIsNeverWaitedFor(t *testing.T) {
	s, _ := newServer(t, nil)
	l := apply(t, s, at("127.0.0.1", 0, NameHome, "A"))
	for _, request := range []string{
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n",
		"GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n",
		"GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\nhalf",
		"GET /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
		"GET /x HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n",
		"PUT /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 50\r\n\r\n",
	} {
		c, err := net.Dial("tcp", l[0].Bound.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, request)
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		b, err := io.ReadAll(c)
		if err != nil || !strings.HasPrefix(string(b), "HTTP/1.1 ") {
			t.Errorf("%.40q: %q, %v", request, b, err)
		}
	}
	wait(t, "the connections end", func() bool { return len(s.Connections()) == 0 })
}

// TestBlankLinesBeforeARequest: some clients send CRLF behind a request.
func TestBlankLinesBeforeARequest(t *testing.T) {
	s, _ := newServer(t, nil)
	l := apply(t, s, at("127.0.0.1", 0, "A"))
	one := "GET /x HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, stream := range []string{"\r\n" + one, "\n\n\r\n" + one, one + "\r\n" + one, one + "\r\n\r\n\r\n" + one + one} {
		for _, piece := range []int{1, 7, 1000} {
			c, err := net.Dial("tcp", l[0].Bound.String())
			if err != nil {
				t.Fatal(err)
			}
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			for rest := stream; rest != ""; {
				n := min(piece, len(rest))
				_, _ = io.WriteString(c, rest[:n])
				rest = rest[n:]
			}
			in := bufio.NewReader(c)
			for range strings.Count(stream, "GET") {
				r, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatalf("%q in pieces of %d: %v", stream, piece, err)
				}
				if b, _ := io.ReadAll(r.Body); r.StatusCode != 200 || string(b) != "A" {
					t.Errorf("%q: %d %q", stream, r.StatusCode, b)
				}
			}
			c.Close()
		}
	}
}

// TestFirstStall: who never reads is cut soon; who comes back from a pause has
// the full time from then on.
func TestFirstStall(t *testing.T) {
	s, _ := newServer(t, func(l *Limits) { l.FirstStall, l.Stall = 400*time.Millisecond, 20*time.Second })
	l := apply(t, s, at("127.0.0.1", 0, "A"))
	get := func() net.Conn {
		c, err := net.Dial("tcp", l[0].Bound.String())
		if err != nil {
			t.Fatal(err)
		}
		_ = c.(*net.TCPConn).SetReadBuffer(4096)
		_, _ = io.WriteString(c, "GET /file HTTP/1.1\r\nHost:x\r\n\r\n")
		return c
	}
	never := get()
	defer never.Close()
	wait(t, "the silent one is cut", func() bool { return len(s.Connections()) == 0 })
	pauses := get()
	defer pauses.Close()
	_ = pauses.SetDeadline(time.Now().Add(20 * time.Second))
	buf := make([]byte, 256<<10)
	for _, pause := range []time.Duration{200, 1500} { // longer than the first, after a first one
		time.Sleep(pause * time.Millisecond)
		if _, err := io.ReadFull(pauses, buf); err != nil {
			t.Fatalf("after a pause of %d ms: %v", pause, err)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("\r\nGET / HTTP/1.1\r\n\r\n\r\nGET"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, piece uint8) {
		var whole, parts lines
		a := bytes.Clone(b)
		a = a[:whole.strip(a)]
		var c []byte
		for rest := bytes.Clone(b); len(rest) > 0; {
			n := min(1+int(piece), len(rest))
			c = append(c, rest[:parts.strip(rest[:n])]...)
			rest = rest[n:]
		}
		if !bytes.Equal(a, c) {
			t.Fatalf("%q in one piece, %q in several", a, c)
		}
		strip := func(b []byte) string { return strings.NewReplacer("\r", "", "\n", "").Replace(string(b)) }
		if strip(a) != strip(b) {
			t.Fatalf("%q became %q", b, a)
		}
	})
}

// TestRelayHasMoreConnections: an address that many phones are behind.
func TestRelayHasMoreConnections(t *testing.T) {
	s, _ := newServer(t, func(l *Limits) { l.PerAddress, l.PerRelay = 1, 3 })
	s.ManyBehind(func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.6") })
	a := apply(t, s, at("0.0.0.0", free(t), "A"))[0].Bound
	for from, most := range map[string]int{"127.0.0.5": 1, "127.0.0.6": 3} {
		for i := range most + 1 {
			c, err := (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}).Dial("tcp", fmt.Sprintf("127.0.0.1:%d", a.Port()))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(10 * time.Second))
			_, _ = io.WriteString(c, "GET /half")
			if i < most {
				wait(t, "it is in", func() bool {
					n := 0
					for _, c := range s.Connections() {
						if c.Remote.Addr().String() == from && c.In > 0 {
							n++
						}
					}
					return n == i+1
				})
				continue
			}
			r, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil || r.StatusCode != 503 {
				t.Errorf("%s, %d: %v %v", from, i, r, err)
			}
		}
	}
}

// straight is a module that answers without net/http.
type straight struct{ words }

func (s straight) Answer(ctx context.Context, q *Question, a *Answer) bool {
	switch q.Path {
	case "/panic":
		panic("defect")
	case "/wait":
		<-ctx.Done()
		return false
	}
	a.Status, a.Body, a.Size = 200, []byte("straight "+q.Path), int64(len("straight "+q.Path))
	return true
}

func newStraight(t *testing.T, change func(*Limits)) (*Server, netip.AddrPort, *notes) {
	t.Helper()
	l := DefaultLimits()
	if change != nil {
		change(&l)
	}
	rec := &notes{}
	s := NewWithLimits(map[string]Module{"S": straight{words{name: "S"}}}, rec, l)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.Close(ctx)
	})
	return s, apply(t, s, at("127.0.0.1", 0, "S"))[0].Bound, rec
}

// TestHandedOver: what a phone asks is answered straight, anything else by
// net/http, with what was read of it, and what comes behind it too.
func TestHandedOver(t *testing.T) {
	s, a, rec := newStraight(t, nil)
	c, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	in := bufio.NewReader(c)
	for _, x := range []struct{ ask, want string }{
		{"GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "straight /a"}, {"GET /b HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n", "S"}, {"GET /c HTTP/1.1\r\nHost: x\r\n\r\n", "S"},
	} {
		_, _ = io.WriteString(c, x.ask)
		r, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(r.Body); string(b) != x.want {
			t.Errorf("%q: %q", x.ask, b)
		}
	}
	if got := says(t, a, "/panic"); !strings.HasPrefix(got, "read:") || rec.count("http.Defect") != 1 {
		t.Errorf("a defect: %q, %d recorded", got, rec.count("http.Defect"))
	}
	_ = c.Close()
	wait(t, "it is gone", func() bool { return len(s.Connections()) == 0 })
	h := s.History()
	if n := len(h); n != 2 || h[0].In == 0 || h[0].Out == 0 && h[1].Out == 0 {
		t.Errorf("%+v", h)
	}
}

// TestClientGoesWhileItIsAsked: whoever works on the answer is told.
func TestClientGoesWhileItIsAsked(t *testing.T) {
	s, a, _ := newStraight(t, nil)
	c, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
	wait(t, "it is asked", func() bool { all := s.Connections(); return len(all) == 1 && all[0].In > 0 })
	_ = c.Close()
	wait(t, "the wait ends", func() bool { return len(s.Connections()) == 0 })
}

// TestHeadTimeGoesOn: to be handed over gives nobody more time for a head.
func TestHeadTimeGoesOn(t *testing.T) {
	s, a, _ := newStraight(t, func(l *Limits) { l.ReadHeader, l.Idle = 300*time.Millisecond, time.Hour })
	for _, first := range []string{"GET /x HTTP/1.1\r\n", "GET /x HTTP/1.1\r\nOdd: y\r\n", "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /x HT"} {
		c, err := net.Dial("tcp", a.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, first)
	}
	wait(t, "all are cut", func() bool { return len(s.Connections()) == 0 && s.Statistics().Accepted == 3 })
}

// TestDrainOfIdle: connections that phones keep do not hold up an end.
func TestDrainOfIdle(t *testing.T) {
	s, a, _ := newStraight(t, nil)
	c, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
	if r, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || r.StatusCode != 200 {
		t.Fatal(r, err)
	}
	s.Close(t.Context())
	if n := len(s.Connections()); n != 0 {
		t.Errorf("%d connections are open", n)
	}
}

func FuzzQuestion(f *testing.F) {
	f.Add([]byte("GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET"))
	f.Add([]byte("HEAD /x HTTP/1.0\r\nUser-Agent: a\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var q, part Question
		form, n := q.parse(b)
		if form != question {
			return
		}
		for i := range n { // each beginning of a Question is part of one
			if f, _ := part.parse(b[:i]); f != partOf {
				t.Fatalf("%q is %d", b[:i], f)
			}
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b[:n])))
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", b[:n], err)
		}
		if r.URL.Path != q.Path || (r.Method == "HEAD") != q.Head || r.UserAgent() != q.Agent || r.ContentLength != 0 || r.ProtoAtLeast(1, 1) == q.old ||
			r.Header.Get("Range") != "" || r.URL.RawQuery != "" || !q.old && r.Host == "" {
			t.Fatalf("%q: %+v, net/http %+v", b[:n], q, r)
		}
	})
}
