package listen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"option150/platform/journal"
)

// greeter says its name to whoever connects.
type greeter struct {
	name string
	left atomic.Int64
	stay chan struct{} // not nil: the socket is kept open until it is closed
}

func (g *greeter) Serve(l *net.TCPListener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		_, _ = io.WriteString(c, g.name)
		_ = c.Close()
	}
}

func (g *greeter) Leave(closing func()) {
	g.left.Add(1)
	if g.stay == nil {
		closing()
		return
	}
	go func() { <-g.stay; closing() }()
}

type facts struct {
	mu  sync.Mutex
	all []string
}

func (f *facts) Record(e journal.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, e.EventName())
}

func (f *facts) count(name string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.all {
		if x == name {
			n++
		}
	}
	return n
}

type greeters struct {
	*Set[*net.TCPListener, *greeter]
	t    *testing.T
	rec  *facts
	open func(context.Context, Endpoint) (*net.TCPListener, error) // instead of OpenTCP
}

// newGreeters makes a set. share replaces SO_REUSEPORT where it is not nil.
func newGreeters(t *testing.T, share func(uintptr, bool) error) *greeters {
	g := &greeters{t: t, rec: &facts{}}
	n := 0
	g.Set = NewSet(Kind[*net.TCPListener, *greeter]{
		Open: func(ctx context.Context, e Endpoint) (*net.TCPListener, error) {
			if g.open != nil {
				return g.open(ctx, e)
			}
			return OpenTCP(ctx, e)
		},
		New:      func(w Want) *greeter { n++; return &greeter{name: fmt.Sprintf("%s %d", w.Endpoint.Owner, n)} },
		Recorder: g.rec, Share: share, First: 5 * time.Millisecond, Last: 20 * time.Millisecond})
	t.Cleanup(g.Close)
	return g
}

func noShare(uintptr, bool) error { return syscall.ENOPROTOOPT }

func (g *greeters) want(ends ...Endpoint) []Want {
	var all []Want
	for _, e := range ends {
		all = append(all, Want{Endpoint: e})
	}
	return all
}

func (g *greeters) apply(ends ...Endpoint) {
	g.t.Helper()
	st, err := g.Prepare(g.t.Context(), g.want(ends...), false)
	if err != nil {
		g.t.Fatal(err)
	}
	st.Commit()
}

func says(at string) string {
	c, err := net.DialTimeout("tcp", at, time.Second)
	if err != nil {
		return "dial"
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	b, err := io.ReadAll(c)
	if err != nil {
		return "read"
	}
	return string(b)
}

func (g *greeters) until(what string, ok func() bool) {
	g.t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			g.t.Fatalf("waited for %s in vain: %+v", what, g.States())
		}
	}
}

func on(a string, port uint16, owner string) Endpoint {
	return Endpoint{Proto: TCP, Addr: netip.MustParseAddr(a), Port: port, Owner: owner}
}

func freeTCP(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

func at(a string, port uint16) string {
	return netip.AddrPortFrom(netip.MustParseAddr(a), port).String()
}

// TestSetKeepsWhatIsEqual: order and owner may change, the socket stays.
func TestSetKeepsWhatIsEqual(t *testing.T) {
	g := newGreeters(t, nil)
	p, q := freeTCP(t), freeTCP(t)
	g.apply(on("127.0.0.1", p, "a"), on("127.0.0.1", q, "b"))
	before := g.Places()
	g.apply(on("127.0.0.1", q, "c"), on("127.0.0.1", p, "a"))
	after := g.Places()
	if after[0] != before[1] || after[1] != before[0] || after[0].State().Endpoint.Owner != "c" {
		t.Fatalf("%+v became %+v", before, after)
	}
	if got := says(at("127.0.0.1", p)); got != "a 1" {
		t.Errorf("says %q", got)
	}
	g.apply()
	if got := says(at("127.0.0.1", p)); got != "dial" || before[0].Value.left.Load() != 1 {
		t.Errorf("gone, says %q", got)
	}
}

// TestSetMoves: to an address that overlaps its own, with and without
// SO_REUSEPORT, there and back, done and undone.
func TestSetMoves(t *testing.T) {
	for name, share := range map[string]func(uintptr, bool) error{"make before break": nil, "close then open": noShare} {
		t.Run(name, func(t *testing.T) {
			g := newGreeters(t, share)
			p := freeTCP(t)
			one, all := on("127.0.0.1", p, "one"), on("0.0.0.0", p, "all")
			g.apply(one)
			st, err := g.Prepare(t.Context(), g.want(all), false)
			if err != nil {
				t.Fatal(err)
			}
			if share == nil {
				if got := says(at("127.0.0.1", p)); got != "one 1" {
					t.Errorf("while both are open: %q", got)
				}
			}
			st.Abort()
			if got := says(at("127.0.0.1", p)); got != "one 1" {
				t.Errorf("aborted: %q", got)
			}
			if got := says(at("127.0.0.2", p)); got != "dial" {
				t.Errorf("aborted, the new address: %q", got)
			}
			g.apply(all)
			if got := says(at("127.0.0.2", p)); got != "all 3" {
				t.Errorf("moved: %q", got)
			}
			if _, err := net.Listen("tcp4", at("127.0.0.3", p)); err == nil {
				t.Error("a stranger may have the port as well")
			}
			g.apply(one)
			if got := says(at("127.0.0.2", p)); got != "dial" {
				t.Errorf("moved back: %q", got)
			}
			if got := says(at("127.0.0.1", p)); got != "one 4" {
				t.Errorf("moved back: %q", got)
			}
			if n := g.rec.count("listen.Down"); n != 0 {
				t.Errorf("%d times down", n)
			}
		})
	}
}

// TestSetForeignHolder: a move that a stranger is in the way of leaves the old
// socket alone.
func TestSetForeignHolder(t *testing.T) {
	g := newGreeters(t, nil)
	p := freeTCP(t)
	g.apply(on("127.0.0.1", p, "one"))
	held, err := net.Listen("tcp4", at("127.0.0.2", p))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	turn := g.Places()[0].turn
	if _, err := g.Prepare(t.Context(), g.want(on("0.0.0.0", p, "all")), false); !InUse(err) {
		t.Fatalf("error %v", err)
	}
	if got := says(at("127.0.0.1", p)); got != "one 1" || g.Places()[0].turn != turn {
		t.Errorf("says %q", got)
	}
}

// TestSetAbortThatCannotReopen: somebody takes the port while it is closed for
// the move. The place is down, says so, and works when it can.
func TestSetAbortThatCannotReopen(t *testing.T) {
	g := newGreeters(t, noShare)
	p := freeTCP(t)
	g.apply(on("127.0.0.1", p, "one"))
	st, err := g.Prepare(t.Context(), g.want(on("0.0.0.0", p, "all")), false)
	if err != nil {
		t.Fatal(err)
	}
	var thief net.Listener
	g.open = func(ctx context.Context, e Endpoint) (*net.TCPListener, error) {
		if thief == nil {
			thief, _ = net.Listen("tcp4", at("127.0.0.1", p))
		}
		return OpenTCP(ctx, e)
	}
	st.Abort()
	s := g.States()[0]
	if s.Up || s.Why == "" || s.NextRetry.IsZero() || g.rec.count("listen.Down") != 1 {
		t.Fatalf("%+v", s)
	}
	_ = thief.Close()
	g.until("the recovery", func() bool { return g.States()[0].Up })
	if got := says(at("127.0.0.1", p)); got != "one 1" || g.rec.count("listen.Up") != 1 {
		t.Errorf("says %q", got)
	}
}

// TestSetPortHeld: somebody is asked, nobody is asked, and a spare place.
func TestSetPortHeld(t *testing.T) {
	g := newGreeters(t, nil)
	held, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := held.Addr().(*net.TCPAddr).AddrPort().Port()
	bad, good := on("127.0.0.1", port, "bad"), on("127.0.0.1", freeTCP(t), "good")
	if _, err := g.Prepare(t.Context(), g.want(good, bad), false); !InUse(err) {
		t.Fatalf("error %v", err)
	}
	if got := says(at("127.0.0.1", good.Port)); got != "dial" {
		t.Errorf("refused, and says %q", got)
	}
	st, err := g.Prepare(t.Context(), []Want{{Endpoint: good}, {Endpoint: bad, Spare: true}}, false)
	if err != nil || st.Places()[1].Err() == nil {
		t.Fatalf("spare: %v", err)
	}
	st.Abort()
	st, err = g.Prepare(t.Context(), g.want(good, bad), true)
	if err != nil {
		t.Fatal(err)
	}
	st.Commit()
	if s := g.States(); !s[0].Up || s[1].Up || s[1].NextRetry.IsZero() || g.rec.count("listen.Down") != 1 {
		t.Fatalf("%+v", s)
	}
	_ = held.Close()
	g.Kick()
	g.until("the port", func() bool { return says(at("127.0.0.1", port)) == "bad 6" })
}

// TestSetDialsAgain: a socket that is closed behind its back comes back on the
// port it had, though that was the kernel's choice.
func TestSetDialsAgain(t *testing.T) {
	g := newGreeters(t, nil)
	g.apply(on("127.0.0.1", 0, "a"))
	p := g.Places()[0]
	where := p.State().Bound
	_ = p.sock.Close()
	g.until("the report", func() bool { return g.rec.count("listen.Down") == 1 })
	g.until("the recovery", func() bool { return p.State().Up })
	if got := says(where.String()); got != "a 1" || p.State().Bound != where {
		t.Errorf("says %q at %v", got, p.State().Bound)
	}
}

// TestSetLeaveTakesTime: a socket that is still needed stays open, unless it is
// in the way.
func TestSetLeaveTakesTime(t *testing.T) {
	g := newGreeters(t, nil)
	p := freeTCP(t)
	g.apply(on("127.0.0.1", p, "a"))
	first := g.Places()[0].Value
	first.stay = make(chan struct{})
	g.apply()
	if got := says(at("127.0.0.1", p)); got != "a 1" {
		t.Errorf("leaving, says %q", got)
	}
	g.apply(on("0.0.0.0", p, "b"))
	if got := says(at("127.0.0.1", p)); got != "b 2" {
		t.Errorf("its successor says %q", got)
	}
	close(first.stay)
	if got := says(at("127.0.0.1", p)); got != "b 2" {
		t.Errorf("when it has left: %q", got)
	}
	g.Close()
	if got := says(at("127.0.0.1", p)); got != "dial" {
		t.Errorf("closed, says %q", got)
	}
	if _, err := g.Prepare(t.Context(), nil, false); !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

// TestSetRefusesOverlappingWants: the two would be each other's stranger.
func TestSetRefusesOverlappingWants(t *testing.T) {
	g := newGreeters(t, nil)
	p := freeTCP(t)
	g.apply(on("127.0.0.2", p, "old"))
	if _, err := g.Prepare(t.Context(), g.want(on("127.0.0.1", p, "one"), on("0.0.0.0", p, "all")), false); !InUse(err) {
		t.Fatalf("error %v", err)
	}
}
