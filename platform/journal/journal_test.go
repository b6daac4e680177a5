package journal

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"option150/platform/message"
)

type event int

func (event) EventName() string { return "test.Event" }

// sum is a fold with state of its own; Record serialises it.
type sum struct {
	n, total int
	last     uint64
	at       time.Time
	disorder bool
}

func (s *sum) Fold(e Entry) {
	s.disorder = s.disorder || e.Seq != s.last+1 || e.Time.Before(s.at)
	s.n, s.last, s.at = s.n+1, e.Seq, e.Time
	s.total += int(e.Event.(event))
}

// drain reads what is there.
func drain(c *Cursor) (seqs []uint64, gaps []uint64) {
	for {
		e, gap, ok := c.TryNext()
		if !ok {
			return seqs, gaps
		}
		seqs = append(seqs, e.Seq)
		if gap > 0 {
			gaps = append(gaps, gap)
		}
	}
}

func record(j *Journal, n int) {
	for i := range n {
		j.Record(event(i))
	}
}

func TestCursors(t *testing.T) {
	j := New(4)
	early := j.Cursor()
	record(j, 3)
	late := j.Cursor()
	all := j.CursorFromStart()
	if s, g := drain(early); !slices.Equal(s, []uint64{1, 2, 3}) || g != nil {
		t.Errorf("early: %v %v", s, g)
	}
	if s, _ := drain(late); s != nil {
		t.Errorf("late: %v", s)
	}
	if s, g := drain(all); !slices.Equal(s, []uint64{1, 2, 3}) || g != nil {
		t.Errorf("all: %v %v", s, g)
	}
	record(j, 1)
	for name, c := range map[string]*Cursor{"early": early, "late": late, "all": all} {
		if s, g := drain(c); !slices.Equal(s, []uint64{4}) || g != nil {
			t.Errorf("%s: %v %v", name, s, g)
		}
	}
	record(j, 1)
	if s, g := drain(j.CursorFromStart()); !slices.Equal(s, []uint64{2, 3, 4, 5}) || g != nil {
		t.Errorf("from the start of a full ring: %v %v", s, g)
	}
}

// TestGaps: for every number of events and every ring the events read and the
// events missed are all there were, and the events read are the newest.
func TestGaps(t *testing.T) {
	for size := 1; size <= 5; size++ {
		for n := range 14 {
			for more := range 9 {
				j := New(size)
				c := j.Cursor()
				record(j, n)
				s, g := drain(c)
				record(j, more)
				s2, g2 := drain(c)
				want := []uint64{uint64(max(0, n-size)), uint64(max(0, more-size))}
				for i, got := range [][]uint64{g, g2} {
					if want[i] == 0 && got != nil || want[i] > 0 && !slices.Equal(got, want[i:i+1]) {
						t.Fatalf("ring %d, %d then %d events, reading %d: gaps %v, want %d", size, n, more, i, got, want[i])
					}
				}
				if len(s) != min(n, size) || len(s2) != min(more, size) || more > 0 && s2[len(s2)-1] != uint64(n+more) {
					t.Fatalf("ring %d, %d then %d events: read %v, %v", size, n, more, s, s2)
				}
			}
		}
	}
}

// TestReaderThatNeverReads: neither who records nor the other readers notice
// a reader that does not read; when it comes back it is told how much it
// missed.
func TestReaderThatNeverReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &sum{}
		j := New(16, f)
		asleep := j.Cursor()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		const n = 10_000
		read := 0
		go func() { // a reader that keeps up
			c := j.Cursor()
			for {
				_, gap, err := c.Next(ctx)
				if err != nil {
					return
				}
				read += 1 + int(gap)
			}
		}()
		synctest.Wait()
		start := time.Now()
		for i := range n {
			j.Record(event(i))
			if i%8 == 0 {
				synctest.Wait() // nobody is held up: everything comes to rest
			}
		}
		synctest.Wait()
		if d := time.Since(start); d != 0 {
			t.Errorf("recording waited for %v", d)
		}
		if f.n != n || f.disorder {
			t.Errorf("the fold saw %d of %d events", f.n, n)
		}
		if read != n {
			t.Errorf("the other reader accounts for %d of %d events", read, n)
		}
		e, gap, ok := asleep.TryNext()
		if !ok || gap != n-16 || e.Seq != n-15 {
			t.Errorf("woke up to event %d after a gap of %d", e.Seq, gap)
		}
		if s, g := drain(asleep); len(s) != 15 || g != nil {
			t.Errorf("then read %v %v", s, g)
		}
	})
}

func TestNextEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := New(4)
		c := j.Cursor()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, _, err := c.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		j.Record(event(7)) // the cursor is still good
		if e, gap, err := c.Next(t.Context()); err != nil || gap != 0 || e.Event != event(7) {
			t.Errorf("got %v %d %v", e, gap, err)
		}
	})
}

// TestConcurrentRecord: sequence, time and folds stay in order when everybody
// records at once, and every reader accounts for every event.
func TestConcurrentRecord(t *testing.T) {
	const writers, each = 8, 500
	f := &sum{}
	j := New(64, f)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var readers, wg sync.WaitGroup
	for range 4 {
		c := j.Cursor()
		readers.Go(func() {
			var last, seen uint64
			for seen < writers*each {
				e, gap, err := c.Next(ctx)
				if err != nil {
					t.Error(err)
					return
				}
				if e.Seq != last+gap+1 {
					t.Errorf("event %d after %d with a gap of %d", e.Seq, last, gap)
				}
				last, seen = e.Seq, seen+gap+1
			}
		})
	}
	for range writers {
		wg.Go(func() {
			for range each {
				j.Record(event(1))
				_ = j.CursorFromStart()
			}
		})
	}
	wg.Wait()
	readers.Wait()
	if f.n != writers*each || f.total != writers*each || f.disorder {
		t.Errorf("fold: %+v", f)
	}
}

// TestNil: a service without a recorder is silent, and a reader of no journal
// waits for ever.
func TestNil(t *testing.T) {
	var j *Journal
	j.Record(event(1))
	Or(nil).Record(event(1))
	Discard.Record(event(1))
	if r := Or(j); r == nil {
		t.Error("Or gave nil")
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for _, c := range []*Cursor{j.Cursor(), j.CursorFromStart()} {
			if _, _, ok := c.TryNext(); ok {
				t.Error("an event out of nothing")
			}
			if _, _, err := c.Next(ctx); err == nil {
				t.Error("an event out of nothing")
			}
		}
	})
	New(4).Record(nil) // not an event
	if s, _ := drain(New(0).Cursor()); s != nil {
		t.Error(s)
	}
}

type loud struct{}

func (loud) EventName() string { return "test.Loud" }
func (loud) LogMessage() (message.Message, bool) {
	return message.ServiceUp.With("tftp"), true
}

func TestLoggedEvents(t *testing.T) {
	j := New(2)
	c := j.Cursor()
	j.Record(loud{})
	e, _, _ := c.TryNext()
	l, ok := e.Event.(Logged)
	if !ok {
		t.Fatal("not logged")
	}
	if m, ok := l.LogMessage(); !ok || m.String() != "%SYS-5-SERVICE_UP: tftp is working" {
		t.Errorf("got %q", m)
	}
}

func BenchmarkRecord(b *testing.B) {
	j := New(0, &sum{})
	var e Event = event(1)
	b.ReportAllocs()
	for b.Loop() {
		j.Record(e)
	}
}
