package claim

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/platform/fleet"
	"option150/platform/fleet/etcd"
)

// still is a session that runs nothing, and the engine it is for.
func still(t *testing.T) (*Session, *engine.Engine) {
	t.Helper()
	s := New(share.Config{Box: "A", Domain: "D", Lead: 60}, nil, nil, nil)
	e := engine.New(time.Unix(10_000, 0))
	d := s.Domain(10_000)
	d.Boxes = []string{"A", "B", "C"}
	e.SetShare(0, d)
	return s, e
}

// A clock is off until it is seen to be right: that nobody is heard any more tells nothing,
// but where all the others are declared down.
func TestClockStaysOff(t *testing.T) {
	s, e := still(t)
	d := e.Share()
	d.Tried(0)
	for range 2 {
		s.differs("B", 600, 0)
	}
	if s.judge(e, time.Second); !d.Off || !d.Differs {
		t.Fatal("600 seconds are not off")
	}
	if s.judge(e, 100*time.Second); !d.Off {
		t.Error("silence made it right")
	}
	s.differs("C", 1, 100*time.Second) // once is not enough
	if s.judge(e, 101*time.Second); !d.Off {
		t.Error("one sign of life made it right")
	}
	s.differs("C", 1, 102*time.Second)
	if s.judge(e, 103*time.Second); d.Off {
		t.Error("it is that of C, and of nobody else")
	}
	d.Off = true
	d.Downs["B"], d.Downs["C"] = share.Down{Gen: d.Gen}, share.Down{Gen: d.Gen}
	if s.judge(e, 200*time.Second); d.Off {
		t.Error("there is nobody else")
	}
}

// After its start, and when it was set, a clock is compared before it counts: at once with
// those of boxes that are there, or by waiting for signs of life.
func TestClockIsTried(t *testing.T) {
	v := func(b, c int64) *view {
		x := newView(etcd.Header{})
		x.boxes = []string{"A", "B", "C"}
		x.clocks = map[string]beat{"A": {Stamp: 1}, "B": {Stamp: b}, "C": {Stamp: c}, "GONE": {Stamp: 5}}
		return x
	}
	s, e := still(t)
	d := e.Share()
	if s.tried(d, 10_000, v(9_998, 10_001)); d.ClockOff() {
		t.Error("all clocks are seen to be right")
	}
	for _, b := range []int64{9_000, 20_000} {
		s, e = still(t)
		d = e.Share()
		if s.tried(d, 10_000, v(b, 10_000)); !d.ClockOff() {
			t.Errorf("%d: absent, or another clock: who knows", b)
		}
		for n := range share.TriedAfter {
			if !d.ClockOff() {
				t.Errorf("after %d signs of life", n)
			}
			s.judge(e, 0)
		}
		if d.ClockOff() {
			t.Error("nobody else is there, and it waits still")
		}
	}
	d.Stepped(7)
	if s.differs("B", 600, 0); d.Untried != share.TriedAfter {
		t.Fatal(d.Untried)
	}
	if s.tried(d, 10_007, v(10_007, 10_007)); d.ClockOff() || len(s.clock) != 0 {
		t.Error("what was measured by the clock that was counts still")
	}
}

// Who stops with a clock that is off comes back as one who has lost what he had: the times on
// his disk are wrong.
func TestRestartAfterClockOff(t *testing.T) {
	s, e := still(t)
	d := e.Share()
	d.Founded(9_000)
	if s.remember(d); s.kept.Last != 9_000 {
		t.Fatal(s.kept.Last)
	}
	d.Off = true
	if s.remember(d); s.kept.Last != 0 {
		t.Errorf("off: connected until %d", s.kept.Last)
	}
	d.Off = false
	d.Founded(9_000)
	d.Stepped(100)
	if s.remember(d); s.kept.Last != 0 {
		t.Errorf("set and not compared: connected until %d", s.kept.Last)
	}
}

// The word that a box is off counts from when it is heard: who said it may have a clock
// that is behind.
func TestDownByAnotherClock(t *testing.T) {
	s, e := still(t)
	kv := etcd.KV{Key: s.keys.downOf("B"), Value: fleet.Word{Since: 5_000, Gen: 0}.String(), Mod: 7}
	s.other(e, 0, etcd.Change{KV: kv})
	if x := e.Share().Downs["B"]; x.Since != 10_000 || x.Mod != 7 {
		t.Errorf("%+v", x)
	}
}

// A clock that was set and that nobody could be heard to compare serves everybody, but grants
// for the lead time at most, so that all is over when others think so, until one is heard.
func TestClockOfWhomNobodyHears(t *testing.T) {
	s, e := still(t)
	d := e.Share()
	d.Connected = true
	for range share.TriedAfter {
		s.judge(e, time.Second)
	}
	if d.ClockOff() || !d.Unproven() {
		t.Fatalf("%+v", d)
	}
	if n := d.Until(10_000, 99_000); n != 10_060 {
		t.Errorf("granted for %d s", n-10_000)
	}
	for range 2 {
		s.differs("B", 1, time.Second)
	}
	if s.judge(e, time.Second); d.Unproven() || d.Until(10_000, 99_000) != 99_000 {
		t.Error("it was compared with that of B")
	}
	if len(s.again) == 0 {
		t.Error("what was left aside is not read again")
	}
	delete(s.clock, "B")
	if s.judge(e, 2*time.Second); d.Unproven() {
		t.Error("silence made it doubtful")
	}
	d.Stepped(90)
	if d.Tried(0); !d.Unproven() {
		t.Error("it was set")
	}
	d.Downs["B"], d.Downs["C"] = share.Down{Gen: d.Gen}, share.Down{Gen: d.Gen}
	if d.Unproven() {
		t.Error("there is nobody to compare it with")
	}
}

// An address of which a claim had no answer is its client's until a sign of life of this session, given
// a minute later, has come back: what was carried out of it came before. Nobody else's tells that.
func TestUnansweredUntilItCameBack(t *testing.T) {
	a := netip.MustParseAddr("10.0.0.4")
	for _, c := range []struct {
		name, box, run string
		after          int64
		connected      bool
		gone           bool
	}{
		{"at once", "A", "SELF", 0, true, false},
		{"in the last second", "A", "SELF", 60, true, false},
		{"a minute later", "A", "SELF", 61, true, true},
		{"of the session before", "A", "BEFORE", 61, true, false},
		{"of a version without sessions", "A", "", 61, true, false},
		{"of another box", "B", "SELF", 61, true, false},
		{"while it is not connected", "A", "SELF", 61, false, false},
	} {
		s, e := still(t)
		s.host = func(f func(*engine.Engine, engine.Instant)) bool { f(e, 0); return true }
		s.before = "BEFORE"
		d := e.Share()
		d.Boxes = []string{"A"}
		d.Founded(10_000)
		d.Whole(10_000)
		d.Tried(0)
		d.Unanswered(10_000, a, "x")
		d.Connected = c.connected
		run := c.run
		if run == "SELF" {
			run = s.name
		}
		v := text(beat{Stamp: 10_000 + c.after, Run: run})
		if err := s.changes(etcd.Header{}, []etcd.Change{{KV: etcd.KV{Key: s.keys.clock(c.box), Value: v, Mod: 7}}}); err != nil {
			t.Fatal(err)
		}
		d.Connected, d.Twin = true, 0
		if _, err := d.Decide(10_000, a, "y", share.Lease{}); (err == nil) != c.gone {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// What nobody's clock says is far away, and is counted with as any difference.
func TestApart(t *testing.T) {
	const far = 1 << 40
	for _, c := range []struct{ now, stamp, want int64 }{
		{100, 90, 10}, {90, 100, -10}, {0, math.MinInt64, far}, {0, math.MaxInt64, -far},
	} {
		if got := apart(c.now, c.stamp); got != c.want {
			t.Errorf("%d and %d: %d", c.now, c.stamp, got)
		}
	}
}

// One other box that differs from two is told, and counts for as long as it is heard; a difference that
// was measured before does not count with the first that is heard again.
func TestDiffersWhileHeard(t *testing.T) {
	s, e := still(t)
	d := e.Share()
	d.Tried(0)
	hear := func(box string, by int64, at time.Duration) {
		for range 2 {
			s.differs(box, by, at)
		}
	}
	hear("B", 600, 0)
	hear("C", 0, 0)
	if s.judge(e, time.Second); d.Off || !d.Differs {
		t.Errorf("off %v, differs %v", d.Off, d.Differs)
	}
	hear("C", 0, (clockFor+1)*time.Second)
	if s.judge(e, (clockFor+1)*time.Second); d.Off || d.Differs || len(s.clock) != 1 {
		t.Errorf("B is silent: off %v, differs %v, %d clocks", d.Off, d.Differs, len(s.clock))
	}
	s.differs("B", 600, 20*time.Second)
	if s.judge(e, 20*time.Second); d.Differs {
		t.Error("B was heard once")
	}
	for len(s.again) > 0 {
		<-s.again
	}
	if s.judge(e, 21*time.Second); len(s.again) > 0 {
		t.Error("all is read again, and its clock was in no doubt")
	}
}

// Clocks that are seen to be right end the doubt of a start, or of a step, at once, and no other.
func TestTriedOnce(t *testing.T) {
	v := newView(etcd.Header{})
	v.boxes, v.clocks = []string{"A", "B"}, map[string]beat{"A": {Stamp: 1}, "B": {Stamp: 10_000}}
	s, e := still(t)
	d := e.Share()
	if s.tried(d, 10_000, v); d.Unproven() {
		t.Error("it was compared with all there are")
	}
	d.Untried = share.TriedAfter - 1 // it waits, for what was seen was not right
	s.differs("B", 600, 0)
	if s.tried(d, 10_000, v); d.Untried != share.TriedAfter-1 || len(s.clock) != 1 {
		t.Error("what it waits for is not heard yet")
	}
	for _, stamp := range []int64{10_000 + skew + 1, 10_000 - skew - 1} {
		s, e = still(t)
		v.clocks["B"] = beat{Stamp: stamp}
		if s.tried(e.Share(), 10_000, v); !e.Share().ClockOff() {
			t.Errorf("B says %d", stamp)
		}
	}
}
