package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/platform/journal"
)

// world is three services under a supervisor that is closed at the end.
type world struct {
	*Supervisor
	a, b, c *fake
	log     *events
	states  *states
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{log: &events{}, states: &states{}}
	w.a, w.b, w.c = &fake{name: "a", log: w.log}, &fake{name: "b", log: w.log}, &fake{name: "c", log: w.log}
	w.Supervisor = NewSupervisor(journal.New(64, w.states), w.a, w.b, w.c)
	t.Cleanup(w.Close)
	return w
}

// apply brings a plan in force.
func (w *world) apply(t *testing.T, policy Policy, plan []Wanted) error {
	t.Helper()
	tx, err := w.Prepare(t.Context(), plan, policy)
	if err != nil {
		return err
	}
	tx.Commit()
	return nil
}

func (w *world) must(t *testing.T, policy Policy, plan []Wanted) {
	t.Helper()
	if err := w.apply(t, policy, plan); err != nil {
		t.Fatal(err)
	}
}

func TestPlanInOrder(t *testing.T) {
	w := newWorld(t)
	w.must(t, Interactive, want("a", 1, "b", nil, "c", 3))
	if d := cmp.Diff([]string{"prepare a 1", "prepare c 3", "commit a", "commit c"}, w.log.take()); d != "" {
		t.Error(d)
	}
	moves, logs := w.states.take()
	if d := cmp.Diff([]string{"a disabled->running ", "c disabled->running "}, moves); d != "" || logs != nil {
		t.Error(d, logs)
	}
	w.must(t, Interactive, want("a", 2, "b", 2, "c", nil))
	if d := cmp.Diff([]string{"prepare a 2", "prepare b 2", "prepare c <nil>", "commit a", "commit b", "commit c"}, w.log.take()); d != "" {
		t.Error(d)
	}
	if s := w.Status("c"); s.State != Disabled || s.Since.IsZero() {
		t.Errorf("c: %+v", s)
	}
}

// TestEqualSpecsDoNothing is the law of the contract: the same plan twice
// prepares nothing, however often.
func TestEqualSpecsDoNothing(t *testing.T) {
	w := newWorld(t)
	type spec struct{ Ports []int }
	for range 3 {
		w.must(t, Interactive, want("a", spec{[]int{80, 6970}}, "b", nil, "c", waits("no address")))
		w.must(t, Boot, want("a", spec{[]int{80, 6970}}, "b", nil, "c", waits("no address")))
	}
	for _, f := range []*fake{w.a, w.b, w.c} {
		if n, _, _ := f.look(); n != map[string]int{"a": 1}[f.name] {
			t.Errorf("%s was prepared %d times", f.name, n)
		}
	}
}

// TestOneOfSeveralFails: what the others took is given back in reverse
// order, nothing that works was touched, and the next plan can have it.
func TestOneOfSeveralFails(t *testing.T) {
	for _, how := range []string{"fails", "panics"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t)
			w.must(t, Interactive, want("a", 1, "b", 1))
			w.log.take()
			w.states.take()
			if how == "fails" {
				w.c.set(errHeld, "")
			} else {
				w.c.set(nil, "prepare")
			}
			err := w.apply(t, Interactive, want("a", 2, "b", 2, "c", 2))
			if err == nil || how == "fails" && !errors.Is(err, errHeld) || how == "panics" && !strings.Contains(err.Error(), "internal fault") {
				t.Fatalf("got %v", err)
			}
			if d := cmp.Diff([]string{"prepare a 2", "prepare b 2", "abort b", "abort a"}, w.log.take()); d != "" {
				t.Error(d)
			}
			for _, f := range []*fake{w.a, w.b, w.c} {
				if _, taken, _ := f.look(); taken != 0 {
					t.Errorf("%s still holds what it prepared", f.name)
				}
			}
			if moves, _ := w.states.take(); moves != nil {
				t.Errorf("a refused change moved services: %v", moves)
			}
			w.c.set(nil, "")
			w.must(t, Interactive, want("a", 2, "b", 2, "c", 2))
		})
	}
}

// TestAbortGoesOn: a service that panics while it is undone does not keep the
// others from being undone.
func TestAbortGoesOn(t *testing.T) {
	w := newWorld(t)
	w.b.set(nil, "abort")
	w.c.set(errHeld, "")
	if err := w.apply(t, Interactive, want("a", 1, "b", 1, "c", 1)); !errors.Is(err, errHeld) {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"prepare a 1", "prepare b 1", "abort a"}, w.log.take()); d != "" {
		t.Error(d)
	}
	w.b.set(nil, "")
	w.must(t, Interactive, want("a", 1))
}

func TestUnknownService(t *testing.T) {
	w := newWorld(t)
	if err := w.apply(t, Interactive, want("a", 1, "x", 1)); err == nil {
		t.Fatal("accepted")
	}
	if got := w.log.take(); got != nil {
		t.Errorf("of a plan that cannot be: %q", got)
	}
	if d := cmp.Diff(Status{}, w.Status("x")); d != "" {
		t.Error(d)
	}
}

// meeting is a service whose Prepare waits for that of the others.
type meeting struct {
	*fake
	all *sync.WaitGroup
}

func (m meeting) Prepare(ctx context.Context, old, new Spec) (Change, error) {
	m.all.Done()
	m.all.Wait()
	return m.fake.Prepare(ctx, old, new)
}

// TestBootTogether: at boot no service waits for the disk or the sockets of
// another, and all the same they are put in force in the order of the plan.
func TestBootTogether(t *testing.T) {
	log := &events{}
	var all sync.WaitGroup
	all.Add(3)
	w := NewSupervisor(nil, meeting{&fake{name: "a", log: log}, &all}, meeting{&fake{name: "b", log: log}, &all}, meeting{&fake{name: "c", log: log}, &all})
	defer w.Close()
	tx, err := w.Prepare(t.Context(), want("a", 1, "b", 1, "c", 1), Boot)
	if err != nil {
		t.Fatal(err)
	}
	log.take()
	tx.Commit()
	if d := cmp.Diff([]string{"commit a", "commit b", "commit c"}, log.take()); d != "" {
		t.Error(d)
	}
}

// TestFailsHalfWay: the n-th service fails while a plan is brought in force.
// The others come up, and status and log say what did not.
func TestFailsHalfWay(t *testing.T) {
	for _, c := range []struct{ name, panics, why string }{
		{"prepare fails at boot", "", "address already in use"},
		{"prepare panics at boot", "prepare", "b: internal fault: prepare of b"},
		{"commit panics", "commit", "b: internal fault: commit of b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				if c.panics == "" {
					w.b.set(errHeld, "")
				} else {
					w.b.set(nil, c.panics)
				}
				policy := Boot
				if c.panics == "commit" {
					policy = Interactive // past the commit point there is no refusal
				}
				w.must(t, policy, want("a", 1, "b", 1, "c", 1))
				for _, f := range []*fake{w.a, w.c} {
					if _, _, r := f.look(); r != 1 || w.Status(f.name).State != Running {
						t.Errorf("%s does not run: %v", f.name, r)
					}
				}
				s := w.Status("b")
				if s.State != Failed || s.Why != c.why || s.Since.IsZero() || !s.NextRetry.Equal(time.Now().Add(firstRetry)) {
					t.Errorf("status of b: %+v", s)
				}
				moves, logs := w.states.take()
				if d := cmp.Diff([]string{"a disabled->running ", "b disabled->failed " + c.why, "c disabled->running "}, moves); d != "" {
					t.Error(d)
				}
				if d := cmp.Diff([]string{"%SYS-3-SERVICE_FAILED: b is not working: " + c.why}, logs); d != "" {
					t.Error(d)
				}
				w.b.set(nil, "")
				time.Sleep(firstRetry + 1)
				synctest.Wait()
				if s := w.Status("b"); s.State != Running || !s.NextRetry.IsZero() {
					t.Errorf("after the cause is gone: %+v", s)
				}
				if _, logs := w.states.take(); len(logs) != 1 || logs[0] != "%SYS-5-SERVICE_UP: b is working" {
					t.Errorf("recovery was logged as %v", logs)
				}
			})
		})
	}
}

// TestRetryPanics: a retry runs in a goroutine of its own; a panic there must
// not end the box.
func TestRetryPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.a.set(errHeld, "")
		w.must(t, Boot, want("a", 1))
		for _, p := range []string{"prepare", "commit"} {
			w.a.set(nil, p)
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if s := w.Status("a"); s.State != Failed || !strings.Contains(s.Why, p+" of a") {
				t.Errorf("%s: %+v", p, s)
			}
		}
		w.a.set(nil, "")
		time.Sleep(lastRetry)
		synctest.Wait()
		if s := w.Status("a"); s.State != Running {
			t.Errorf("%+v", s)
		}
	})
}

// TestBackOff: quick at first, then slow, never given up; the time of the
// first failure is kept.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		start := time.Now()
		w.a.set(errHeld, "")
		w.must(t, Boot, want("a", 1))
		var pauses []time.Duration
		last := start
		for range 10 {
			next := w.Status("a").NextRetry
			pauses = append(pauses, next.Sub(last))
			last = next
			time.Sleep(time.Until(next))
			synctest.Wait()
		}
		ms := time.Millisecond
		if d := cmp.Diff([]time.Duration{250 * ms, 500 * ms, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second,
			16 * time.Second, lastRetry, lastRetry, lastRetry}, pauses); d != "" {
			t.Error(d)
		}
		if n, _, _ := w.a.look(); n != 11 {
			t.Errorf("%d attempts", n)
		}
		if s := w.Status("a"); !s.Since.Equal(start) {
			t.Errorf("since %v, failed at %v", s.Since, start)
		}
		if moves, logs := w.states.take(); len(moves) != 1 || len(logs) != 1 {
			t.Errorf("a failure that goes on is not logged again: %v", logs)
		}
	})
}

// TestKick: a fact that changed makes failed services try at once and begin
// their pauses anew. The age of the failure stays.
func TestKick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		start := time.Now()
		w.a.set(errHeld, "")
		w.must(t, Boot, want("a", 1, "b", 1))
		time.Sleep(20 * time.Second)
		w.Kick()
		synctest.Wait()
		if s := w.Status("a"); !s.NextRetry.Equal(time.Now().Add(firstRetry)) || !s.Since.Equal(start) {
			t.Errorf("after a kick in vain: %+v at %v", s, time.Now())
		}
		w.a.set(nil, "")
		w.Kick()
		synctest.Wait()
		if s := w.Status("a"); s.State != Running {
			t.Errorf("%+v", s)
		}
		if n, _, _ := w.b.look(); n != 1 {
			t.Errorf("b was prepared %d times", n)
		}
	})
}

// TestNewPlanOvertakesRetry: whatever a newer plan says of a failed service,
// the retry of the older plan must not bring that back.
func TestNewPlanOvertakesRetry(t *testing.T) {
	for _, c := range []struct {
		name   string
		before any // in force before the plan that failed
		after  any // what the newer plan wants
		works  bool
		state  State
	}{
		{"not wanted any more", nil, nil, true, Disabled},
		{"not wanted any more, still out of order", nil, nil, false, Disabled},
		{"waits now", nil, waits("ip http server is off"), false, Waiting},
		{"back to what runs", 1, 1, false, Running},
		{"something else", nil, 3, true, Running},
		{"stopped", 1, nil, true, Disabled},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.must(t, Boot, want("a", c.before))
				w.a.set(errHeld, "")
				w.must(t, Boot, want("a", 2))
				if s := w.Status("a"); s.State != Failed {
					t.Fatalf("%+v", s)
				}
				time.Sleep(time.Second)
				if c.works {
					w.a.set(nil, "")
				}
				w.must(t, Interactive, want("a", c.after))
				w.a.set(nil, "") // now the old plan could come up
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				_, _, running := w.a.look()
				expect := c.after
				if _, ok := expect.(waits); ok {
					expect = nil
				}
				if running != expect {
					t.Errorf("runs %v, wanted %v", running, expect)
				}
				if s := w.Status("a"); s.State != c.state || !s.NextRetry.IsZero() {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// TestInteractiveBesideFailure: a service that failed at boot does not stand
// in the way of an edit that has nothing to do with it.
func TestInteractiveBesideFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.a.set(errHeld, "")
		w.must(t, Boot, want("a", 1))
		w.must(t, Interactive, want("a", 1, "b", 1))
		if err := w.apply(t, Interactive, want("a", 2, "b", 1)); !errors.Is(err, errHeld) {
			t.Errorf("an edit of the failed service that cannot work: %v", err)
		}
		if s := w.Status("a"); s.State != Failed || s.NextRetry.IsZero() {
			t.Errorf("the retry is gone: %+v", s)
		}
	})
}

func TestDegradable(t *testing.T) {
	log := &events{}
	p := &partial{fake{name: "p", log: log, fail: errHeld}}
	s := NewSupervisor(nil, p)
	defer s.Close()
	if _, err := s.Prepare(t.Context(), want("p", 1), Interactive); !errors.Is(err, errHeld) {
		t.Fatalf("someone typing is told: %v", err)
	}
	tx, err := s.Prepare(t.Context(), want("p", 1), Boot)
	if err != nil {
		t.Fatal(err)
	}
	tx.Commit()
	if _, _, r := p.look(); r != "half of 1" || s.Status("p").State == Failed {
		t.Errorf("runs %v, %+v", r, s.Status("p"))
	}
}

func TestWaiting(t *testing.T) {
	w := newWorld(t)
	w.must(t, Boot, want("a", waits("no interface has an address")))
	s := w.Status("a")
	if s.State != Waiting || s.Why != "no interface has an address" || s.Since.IsZero() {
		t.Errorf("%+v", s)
	}
	w.must(t, Boot, want("a", 1))
	if s := w.Status("a"); s.State != Running || s.Why != "" {
		t.Errorf("%+v", s)
	}
	w.must(t, Boot, want("a", nil))
	if s := w.Status("a"); s.State != Disabled {
		t.Errorf("%+v", s)
	}
}

// TestClose: everything is stopped, retries end, and what comes later is
// refused. synctest fails if a goroutine is left.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.must(t, Interactive, want("a", 1))
		w.b.set(errHeld, "")
		w.c.set(errHeld, "")
		w.must(t, Boot, want("b", 1, "c", 1))
		w.Close()
		if _, _, r := w.a.look(); r != nil {
			t.Error("a still runs")
		}
		if _, err := w.Prepare(t.Context(), want("a", 1), Boot); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
		w.Kick()
		w.Close()
		n, _, _ := w.b.look()
		time.Sleep(time.Hour)
		if m, _, _ := w.b.look(); m != n {
			t.Error("retries go on after Close")
		}
	})
}

// TestConcurrent drives everything at once for the race detector.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 50 {
				f := []*fake{w.a, w.b, w.c}[i%3]
				f.set([]error{nil, errHeld}[i%2], "")
				if tx, err := w.Prepare(context.Background(), want("a", i, "b", g, "c", i+g), Policy(g%2)); err == nil {
					if i%5 == 0 {
						tx.Abort()
					} else {
						tx.Commit()
					}
				}
				w.Kick()
				_ = fmt.Sprint(w.Status("a"), w.Status("b"), w.Names())
			}
		})
	}
	wg.Go(func() { time.Sleep(5 * time.Millisecond); w.Close() })
	wg.Wait()
	w.Close()
	for _, f := range []*fake{w.a, w.b, w.c} {
		if _, taken, _ := f.look(); taken != 0 {
			t.Errorf("%s holds %d prepared changes", f.name, taken)
		}
	}
}
