package fileserver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func limited(t *testing.T, n int) *Server {
	t.Helper()
	s := New(Options{Generated: lookup})
	apply(t, s, Spec{Config: Config{MaximumServingCount: n}})
	return s
}

func from(tr Transport, client string) Request {
	return Request{Transport: tr, Name: "XMLDefault.cnf.xml", Client: netip.MustParseAddrPort(client + ":5000")}
}

func hold(t *testing.T, s *Server, r Request) *File {
	t.Helper()
	f, err := s.Open(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestServingCount: both transports share the limit; the request
// beyond it is refused after the queue time; a place freed is given on.
func TestServingCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := limited(t, 2)
		a, b := hold(t, s, from(TFTP, "10.0.0.1")), hold(t, s, from(HTTP, "10.0.0.2"))
		for _, tr := range []Transport{TFTP, HTTP} {
			start := time.Now()
			if _, err := s.Open(t.Context(), from(tr, "10.0.0.3")); !errors.Is(err, ErrBusy) || time.Since(start) != QueueTime {
				t.Errorf("%s: %v after %v", tr, err, time.Since(start))
			}
		}
		a.Finish(Result{})
		c := hold(t, s, from(HTTP, "10.0.0.3"))
		b.Finish(Result{Complete: true})
		c.Finish(Result{Complete: true})
		if n, _ := s.Serving(); n != 0 {
			t.Error(n)
		}
	})
}

// TestQueue: a request waits and is served when a place becomes free,
// in the order of arrival.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const room = 8
		s := limited(t, 1)
		s.gate.room = room
		a := hold(t, s, from(HTTP, "10.0.0.1"))
		var order []int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range room {
			wg.Go(func() {
				f, err := s.Open(t.Context(), from(HTTP, "10.0.0.2"))
				if err != nil {
					t.Errorf("%d: %v", i, err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				f.Finish(Result{Complete: true})
			})
			synctest.Wait()
		}
		if s.Waiting() != room {
			t.Errorf("%d wait", s.Waiting())
		}
		// The queue is full: no waiting at all.
		start := time.Now()
		if _, err := s.Open(t.Context(), from(HTTP, "10.0.0.9")); !errors.Is(err, ErrBusy) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		time.Sleep(1900 * time.Millisecond)
		a.Finish(Result{Complete: true})
		wg.Wait()
		if len(order) != room || !slices.IsSorted(order) {
			t.Errorf("order %v", order)
		}
		if c := s.Counters(); c.Queued != room || c.HttpRequestsOverflow != 1 {
			t.Errorf("%+v", c)
		}
	})
}

// TestTFTPAfter503: the TFTP request that follows a 503 for the same
// name and client goes ahead of requests that wait already.
func TestTFTPAfter503(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &notes{}
		s := New(Options{Generated: lookup, Recorder: rec})
		apply(t, s, Spec{Config: Config{MaximumServingCount: 1}})
		a := hold(t, s, from(HTTP, "10.0.0.1"))
		if _, err := s.Open(t.Context(), from(HTTP, "10.0.0.2")); !errors.Is(err, ErrBusy) {
			t.Fatal(err)
		}
		var order []string
		var wg sync.WaitGroup
		open := func(r Request) {
			wg.Go(func() {
				f, err := s.Open(t.Context(), r)
				if err != nil {
					t.Errorf("%v: %v", r.Client, err)
					return
				}
				order = append(order, r.Client.Addr().String())
				f.Finish(Result{Complete: true})
			})
			synctest.Wait()
		}
		open(from(HTTP, "10.0.0.3"))
		open(from(TFTP, "10.0.0.4"))
		time.Sleep(630 * time.Millisecond)
		open(from(TFTP, "10.0.0.2")) // the one that got 503, although the queue is full
		a.Finish(Result{Complete: true})
		wg.Wait()
		if len(order) != 3 || order[0] != "10.0.0.2" {
			t.Errorf("order %v", order)
		}
		again := 0
		for _, e := range rec.all {
			if x, ok := e.(Asked); ok && x.Again {
				again++
			}
		}
		if again != 1 || s.Counters().AskedAgain != 1 {
			t.Errorf("%d marked as asked again", again)
		}
		// Five seconds later it is a request like any other.
		a = hold(t, s, from(HTTP, "10.0.0.1"))
		_, _ = s.Open(t.Context(), from(HTTP, "10.0.0.2"))
		time.Sleep(AgainTime + time.Millisecond)
		if s.gate.again(TFTP, question{client: netip.MustParseAddr("10.0.0.2"), name: "xmldefault.cnf.xml"}) {
			t.Error("remembered too long")
		}
		a.Finish(Result{})
	})
}

func TestClientLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := limited(t, 1)
		a := hold(t, s, from(HTTP, "10.0.0.1"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := s.Open(ctx, from(HTTP, "10.0.0.2"))
			done <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		a.Finish(Result{Complete: true})
		if n, _ := s.Serving(); n != 0 || s.Waiting() != 0 {
			t.Errorf("%d serving, %d waiting", n, s.Waiting())
		}
		if c := s.Counters(); c.HttpRequestsAborted != 1 {
			t.Errorf("%+v", c)
		}
	})
}

func TestLimitChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := limited(t, 1)
		a := hold(t, s, from(HTTP, "10.0.0.1"))
		got := make(chan *File, 1)
		go func() { got <- hold(t, s, from(TFTP, "10.0.0.2")) }()
		synctest.Wait()
		apply(t, s, Spec{Config: Config{MaximumServingCount: 2}}) // lets it in at once
		b := <-got
		apply(t, s, Spec{Config: Config{MaximumServingCount: 1}}) // both go on
		a.Finish(Result{Complete: true})
		if _, err := s.Open(t.Context(), from(HTTP, "10.0.0.3")); !errors.Is(err, ErrBusy) {
			t.Error(err)
		}
		b.Finish(Result{Complete: true})
		hold(t, s, from(HTTP, "10.0.0.3")).Finish(Result{Complete: true})
	})
}

func TestRefusedIsBounded(t *testing.T) {
	g := newGate(1)
	for i := range maxRefused + 100 {
		g.put503(question{client: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), name: "x"})
	}
	if len(g.refused) > maxRefused {
		t.Error(len(g.refused))
	}
}

// TestShareOfAnAddress: one address has at most its share, what it asks for
// beyond it waits, and an address that has nothing comes before it.
func TestShareOfAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New(Options{Generated: lookup})
		apply(t, s, Spec{Config: Config{MaximumServingCount: 4, MaximumPerAddress: 3}})
		var greedy []*File
		for range 3 {
			greedy = append(greedy, hold(t, s, from(HTTP, "10.0.0.1")))
		}
		start := time.Now()
		if _, err := s.Open(t.Context(), from(HTTP, "10.0.0.1")); !errors.Is(err, ErrBusy) || time.Since(start) != QueueTime {
			t.Errorf("beyond its share: %v after %v", err, time.Since(start))
		}
		other := hold(t, s, from(HTTP, "10.0.0.2")) // a place was kept for others
		got := make(chan string, 2)
		wait := func(who string) {
			go func() {
				if f, err := s.Open(t.Context(), from(HTTP, who)); err == nil {
					got <- who
					defer f.Finish(Result{})
				}
			}()
			synctest.Wait()
		}
		wait("10.0.0.1")
		wait("10.0.0.3")
		greedy[0].Finish(Result{})
		if first := <-got; first != "10.0.0.3" {
			t.Errorf("%s came first", first)
		}
		synctest.Wait()
		for _, f := range append(greedy[1:], other) {
			f.Finish(Result{})
		}
	})
}

// TestYield: a file nobody has acknowledged holds no place, claims one when it
// is wanted, and its end gives back what it has.
func TestYield(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := limited(t, 1)
		a := hold(t, s, from(TFTP, "10.0.0.1"))
		a.Yield()
		b := hold(t, s, from(TFTP, "10.0.0.2"))
		if a.Claim() {
			t.Error("two places where there is one")
		}
		told := 0
		ready := func() { told++ }
		await := func(f *File) {
			t.Helper()
			if has, err := f.Await(ready); has || err != nil {
				t.Fatal("a place, or none to wait for:", has, err)
			}
		}
		await(a)
		await(a) // twice is once
		if b.Finish(Result{}); told != 1 || !a.Claim() {
			t.Errorf("told %d times that there is a place", told)
		}
		if has, err := a.Await(ready); !has || err != nil {
			t.Error("who has a place gets it:", has, err)
		}
		if n, _ := s.Serving(); n != 1 {
			t.Errorf("%d places", n)
		}
		a.Finish(Result{})
		if told = 0; a.Claim() && told > 0 {
			t.Error("told after its end")
		}
		c := hold(t, s, from(TFTP, "10.0.0.3"))
		c.Yield()
		d := hold(t, s, from(TFTP, "10.0.0.4"))
		await(c)
		c.Finish(Result{}) // while it waits
		d.Finish(Result{})
		e, f := hold(t, s, from(TFTP, "10.0.0.5")), (*File)(nil)
		e.Yield()
		f = hold(t, s, from(TFTP, "10.0.0.6"))
		await(e)
		f.Finish(Result{})
		if told != 1 {
			t.Errorf("told %d times", told)
		}
		e.Yield() // the place came, and was not taken yet
		if n, _ := s.Serving(); n != 0 {
			t.Errorf("%d places after it was given back", n)
		}
		e.Finish(Result{})
		if n, _ := s.Serving(); n != 0 {
			t.Errorf("%d places at the end", n)
		}
	})
}

// Of all who wait for a place as values each gets one, in turn, and the queue
// has an end.
func TestManyAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const room = 16
		s := limited(t, 2)
		s.gate.room = room
		var files []*File
		for i := range room + 3 {
			f := hold(t, s, from(TFTP, fmt.Sprintf("10.0.1.%d", i)))
			f.Yield()
			files = append(files, f)
		}
		var turn []int
		refused := 0
		for i, f := range files {
			switch has, err := f.Await(func() { turn = append(turn, i) }); {
			case err != nil:
				refused++
			case has != (i < 2):
				t.Errorf("file %d: a place %v", i, has)
			}
		}
		if refused != 1 {
			t.Errorf("%d were refused", refused)
		}
		for i, f := range files[:len(files)-1] {
			if !f.Claim() {
				t.Fatalf("file %d got no place", i)
			}
			if n, _ := s.Serving(); n > 2 {
				t.Fatalf("%d places", n)
			}
			f.Finish(Result{})
		}
		if want := len(files) - 3; len(turn) != want || !slices.IsSorted(turn) {
			t.Errorf("%d were told, in turn %v", len(turn), turn)
		}
		files[len(files)-1].Finish(Result{})
		if n, _ := s.Serving(); n != 0 {
			t.Errorf("%d places at the end", n)
		}
	})
}

// A branch of 2,000 phones that ask at once is a wait, not a refusal: with few places too.
func TestCrowdIsNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := limited(t, 20)
		var files []*File
		for i := range 2000 {
			f := hold(t, s, from(TFTP, fmt.Sprintf("10.0.%d.%d", 1+i/250, i%250)))
			f.Yield()
			files = append(files, f)
		}
		for i, f := range files {
			if _, err := f.Await(func() {}); err != nil {
				t.Fatalf("phone %d: %v", i, err)
			}
		}
		for i, f := range files {
			if !f.Claim() {
				t.Fatalf("phone %d got no place", i)
			}
			f.Finish(Result{Complete: true})
		}
	})
}
