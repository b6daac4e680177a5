package tftp

import (
	"testing"
	"time"
)

// The time-out follows the round trip, within its limits.
func TestRTO(t *testing.T) {
	ms := time.Millisecond
	for _, c := range []struct {
		trip     time.Duration
		min, max time.Duration
	}{
		{50 * time.Microsecond, 150 * ms, 150 * ms},
		{5 * ms, 150 * ms, 150 * ms},
		{500 * ms, 500 * ms, 600 * ms},
		{10 * time.Second, 8 * time.Second, 8 * time.Second},
	} {
		var r rtt
		if d := testTimeouts.base(r); d != time.Second {
			t.Errorf("time-out before any measurement: %v", d)
		}
		for range 50 {
			r.sample(c.trip)
		}
		if d := testTimeouts.base(r); d < c.min || d > c.max {
			t.Errorf("round trip %v: time-out %v", c.trip, d)
		}
		if d := testTimeouts.backedOff(r, 1000); d != 8*time.Second {
			t.Errorf("round trip %v: backed off to %v", c.trip, d)
		}
	}
	var r rtt
	r.sample(0) // a clock without resolution is no reason to know nothing
	if !r.known() {
		t.Error("a measurement of zero")
	}
}

func TestLimiter(t *testing.T) {
	l := newLimiter()
	a := addressOf(1)
	n := 0
	for range 100 {
		if l.allow(a, 0) {
			n++
		}
	}
	if n != strayBurst {
		t.Errorf("%d at once", n)
	}
	if !l.allow(a, time.Second) {
		t.Error("not refilled")
	}
	n = 0
	for i := range 10_000 {
		if l.allow(addressOf(i), time.Minute) {
			n++
		}
	}
	if n > strayBurstTotal {
		t.Errorf("%d to everybody together", n)
	}
}
