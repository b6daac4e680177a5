package fileserver

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"option150/platform/acl"
)

func who(a string, many bool) question {
	return question{client: netip.MustParseAddr(a), many: many}
}

// One address has its share of the places and no more; one that many phones are
// behind has a share of its own.
func TestSharesOfAnAddress(t *testing.T) {
	g := newGate(200)
	count := func(q question) (n int) {
		for g.try(q) {
			n++
		}
		for range n {
			g.leave(q.client)
		}
		return n
	}
	for _, c := range []struct{ limit, most, relay, one, many int }{
		{200, 0, 0, 50, 100}, {200, 7, 0, 7, 100}, {200, 7, 9, 7, 9}, {200, 120, 0, 120, 120}, {8, 0, 0, 8, 8}, {40, 0, 30, 16, 30},
	} {
		g.setLimit(c.limit, c.most, c.relay)
		if one, many := count(who("10.0.0.1", false)), count(who("10.0.0.2", true)); one != c.one || many != c.many {
			t.Errorf("%+v: %d and %d", c, one, many)
		}
	}
}

// Who waits is let in fairly: first an address that has no place, then the one
// with the fewest, and each in the order it came.
func TestQueueIsFair(t *testing.T) {
	g := newGate(6)
	g.setLimit(6, 3, 0)
	a, b, c := who("10.0.0.1", false), who("10.0.0.2", false), who("10.0.0.3", false)
	for _, q := range []question{a, a, a, b, b, b} {
		if !g.try(q) {
			t.Fatal("no place")
		}
	}
	in := make(chan string, 10)
	enter := func(name string, q question) {
		_, _, before := g.state()
		go func() {
			if _, err := g.enter(context.Background(), false, q); err == nil {
				in <- name
			}
		}()
		for _, _, n := g.state(); n == before; _, _, n = g.state() {
			time.Sleep(100 * time.Microsecond)
		}
	}
	for _, w := range []struct {
		name string
		q    question
	}{{"a1", a}, {"a2", a}, {"b1", b}, {"c1", c}, {"c2", c}} {
		enter(w.name, w.q)
	}
	var got []string
	next := func(q question) {
		g.leave(q.client)
		select {
		case name := <-in:
			got = append(got, name)
		case <-time.After(10 * time.Second):
			t.Fatal("nobody is let in")
		}
	}
	next(a) // a has 2, b 3, c none
	next(a) // a 1, b 3, c 1: a came first
	next(b) // a 2, b 2, c 1
	next(b) // a 2, b 1, c 2
	next(c) // whoever is left
	if want := []string{"c1", "a1", "c2", "b1", "a2"}; !slices.Equal(got, want) {
		t.Errorf("let in %v, not %v", got, want)
	}
}

// Many requests of one address are answered one after another, none is refused.
func TestWhoWaitsIsServed(t *testing.T) {
	s := New(Options{Generated: func(string) ([]byte, time.Time, string, bool) { return []byte("x"), time.Unix(1e9, 0), `"1"`, true }})
	change, err := s.Prepare(t.Context(), nil, Spec{Config: Config{MaximumServingCount: 20, MaximumPerAddress: 4}})
	if err != nil {
		t.Fatal(err)
	}
	change.Commit()
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			f, err := s.Open(t.Context(), Request{Transport: HTTP, Client: netip.MustParseAddrPort("10.0.0.1:1000"), Name: "Ringlist.xml"})
			if err != nil {
				t.Error(err)
				return
			}
			if n, _ := s.Serving(); n > 4 {
				t.Errorf("%d places", n)
			}
			time.Sleep(time.Millisecond)
			f.Finish(Result{Complete: true, Bytes: 1})
		})
	}
	all.Wait()
	if c := s.Counters(); c.HttpRequestsProcessed != 100 || c.HttpRequestsOverflow != 0 || c.Queued == 0 {
		t.Errorf("%+v", c)
	}
}

// Routers of pools, alternates and whom the operator trusts are those behind
// whom there may be many.
func TestManyBehind(t *testing.T) {
	s := New(Options{Peer: func(r Request) bool { return r.Client.Addr() == netip.MustParseAddr("10.9.0.1") }})
	trust := acl.List{Name: "7", Entries: []acl.Entry{acl.Rule(true, netip.MustParseAddr("10.8.0.1"), netip.Addr{}, false)}}
	change, err := s.Prepare(t.Context(), nil, Spec{Config: Config{Trust: "7"}, Lists: []acl.List{trust}, Relays: []netip.Addr{netip.MustParseAddr("10.1.0.1")}})
	if err != nil {
		t.Fatal(err)
	}
	change.Commit()
	for a, want := range map[string]bool{"10.1.0.1": true, "::ffff:10.1.0.1": true, "10.9.0.1": true, "10.8.0.1": true, "10.1.0.2": false, "2001:db8::1": false} {
		if got := s.Many(netip.MustParseAddr(a)); got != want {
			t.Errorf("%s: %v", a, got)
		}
	}
}
