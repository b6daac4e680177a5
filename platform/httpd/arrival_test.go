package httpd

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"option150/platform/testkit"
)

const get = "GET /medium HTTP/1.1\r\nHost: x\r\n\r\n"

// TestNotTaken: what a client never acknowledges has not arrived after
// Limits.Stall. It may ask on all the same.
func TestNotTaken(t *testing.T) {
	s, m, a, _ := newShelf(t, func(l *Limits) { l.FirstStall, l.Stall = 100*time.Millisecond, 400*time.Millisecond })
	c := testkit.Narrow(t, a)
	_, _ = io.WriteString(c, get)
	if e := m.last(t, 1); !errors.Is(e.err, ErrNotTaken) || e.sent < 0 || e.sent >= medium {
		t.Errorf("%+v", e)
	}
	if n := len(s.Connections()); n != 1 {
		t.Fatalf("%d connections", n)
	}
	r := bufio.NewReader(c)
	if got, err := answered(r); err != nil || len(got) != medium {
		t.Fatalf("%d octets, %v", len(got), err)
	}
	_, _ = io.WriteString(c, get)
	if got, err := answered(r); err != nil || len(got) != medium {
		t.Fatalf("%d octets, %v", len(got), err)
	}
	if e := m.last(t, 2); e.err != nil || e.sent != medium {
		t.Errorf("%+v", e)
	}
	// One that has its last answer and takes nothing of it is let go.
	last := testkit.Narrow(t, a)
	_, _ = io.WriteString(last, strings.Replace(get, "\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1))
	if e := m.last(t, 3); !errors.Is(e.err, ErrNotTaken) || e.sent >= medium {
		t.Errorf("%+v", e)
	}
	c.Close()
	wait(t, "both are gone", func() bool { return len(s.Connections()) == 0 })
}

// TestTakenInTheirOrder: of many answers on a connection each has its end, in
// their order, by whoever it was given, and whatever comes of the connection.
func TestTakenInTheirOrder(t *testing.T) {
	for _, reads := range []bool{true, false} {
		s, m, a, _ := newShelf(t, nil)
		c := testkit.Narrow(t, a)
		_, _ = io.WriteString(c, get+get+strings.Repeat(strings.Replace(get, "medium", "small", 1), maxOwed-2))
		wait(t, "all are given", func() bool {
			all := s.Connections()
			return len(all) == 1 && all[0].Out > 2*medium+5*(maxOwed-2)
		})
		if m.count() != 0 {
			t.Errorf("%d have ended, and none is taken", m.count())
		}
		if reads {
			r := bufio.NewReader(c)
			for i := range maxOwed {
				if got, err := answered(r); err != nil || (len(got) != medium) != (i > 1) {
					t.Fatalf("answer %d: %d octets, %v", i, len(got), err)
				}
			}
		} else {
			_ = c.SetLinger(0)
			c.Close()
		}
		m.last(t, maxOwed)
		m.mu.Lock()
		for i, e := range m.ended {
			if (e.err == nil) != reads || errors.Is(e.err, ErrNotTaken) == reads || reads && (e.sent == medium) != (i < 2) {
				t.Errorf("answer %d: %+v", i, e)
			}
		}
		m.mu.Unlock()
	}
}

// TestOneWhoAsksOnIsBounded: a client that asks and asks and takes nothing costs
// no more than maxOwed answers that are remembered; each ends once.
func TestOneWhoAsksOnIsBounded(t *testing.T) {
	s, m, a, _ := newShelf(t, nil)
	c := testkit.Narrow(t, a)
	const n = 5 * maxOwed
	_, _ = io.WriteString(c, get+strings.Repeat(strings.Replace(get, "medium", "small", 1), n-1))
	wait(t, "most have ended", func() bool { return m.count() >= n-maxOwed })
	r := bufio.NewReader(c)
	for i := range n {
		if _, err := answered(r); err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
	}
	c.Close()
	wait(t, "it is gone", func() bool { return len(s.Connections()) == 0 })
	if m.count() != n {
		t.Errorf("%d have ended, of %d", m.count(), n)
	}
}

// TestTakenBehindAHandOver: what was given before net/http has the connection has
// its end as well.
func TestTakenBehindAHandOver(t *testing.T) {
	for _, reads := range []bool{true, false} {
		s, m, a, _ := newShelf(t, nil)
		c := testkit.Narrow(t, a)
		_, _ = io.WriteString(c, get+"GET /small HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n")
		wait(t, "it is given", func() bool { all := s.Connections(); return len(all) == 1 && all[0].Out > medium })
		if reads {
			r := bufio.NewReader(c)
			for range 2 {
				if _, err := answered(r); err != nil {
					t.Fatal(err)
				}
			}
		} else {
			_ = c.SetLinger(0)
		}
		c.Close()
		if e := m.last(t, 1); (e.err == nil) != reads || (e.sent == medium) != reads {
			t.Errorf("reads %v: %+v", reads, e)
		}
		wait(t, "it is gone", func() bool { return len(s.Connections()) == 0 })
	}
}
