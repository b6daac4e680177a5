package claim

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/platform/fleet/etcd"
	"option150/platform/journal"
)

// heard is what the other boxes said of their clocks, one after the other: by how many
// seconds theirs is ahead of this one's, as it comes here, late by some seconds.
type heard struct {
	box         string
	ahead, late int64
}

// measured is a session that hears signs of life, and the engine it judges for.
type measured struct {
	s      *Session
	e      *engine.Engine
	now    engine.Instant
	events []engine.SharedClock
	twins  []engine.SharedTwin
}

func newMeasured(t *testing.T, others ...string) *measured {
	t.Helper()
	m := &measured{e: engine.New(time.Date(2026, 2, 9, 19, 41, 0, 0, time.UTC)), now: time.Hour}
	m.s = New(share.Config{Box: "A", Domain: "CAMPUS", Lead: 60}, nil, nil, m)
	d := m.s.Domain(m.e.Wall(m.now))
	d.Boxes = append([]string{"A"}, others...)
	m.e.SetShare(m.now, d)
	d.Founded(m.e.Wall(m.now))
	m.e.Whole(m.now, nil)
	return m
}

// Record implements journal.Recorder.
func (m *measured) Record(e journal.Event) {
	if c, ok := e.(engine.SharedClock); ok {
		m.events = append(m.events, c)
	}
	if x, ok := e.(engine.SharedTwin); ok {
		m.twins = append(m.twins, x)
	}
}

// says brings a value of the clock of a box.
func (m *measured) says(box, value string) {
	m.s.other(m.e, m.now, etcd.Change{KV: etcd.KV{Key: m.s.keys.clock(box), Value: value, Mod: 7}})
}

// pass lets time go by with the signs of life of this box, after each of which it judges.
func (m *measured) pass(list ...heard) bool {
	for len(list) > 0 {
		m.now += beatEvery
		seen := map[string]bool{}
		for len(list) > 0 && !seen[list[0].box] {
			h := list[0]
			seen[h.box] = true
			m.says(h.box, fmt.Sprintf(`{"stamp":%d}`, m.e.Wall(m.now)+h.ahead-h.late))
			list = list[1:]
		}
		m.s.judge(m.e, m.now)
	}
	return m.e.Share().Off
}

func times(n int, h ...heard) (all []heard) {
	for range n {
		all = append(all, h...)
	}
	return all
}

// A box whose clock differs from that of most others by more than the bound renews only;
// what comes late on the way makes no difference, and none hides one.
func TestClockMeasured(t *testing.T) {
	for _, c := range []struct {
		name  string
		heard []heard
		off   bool
	}{
		{"equal", times(3, heard{"B", 0, 0}), false},
		{"the bound", times(3, heard{"B", skew, 0}), false},
		{"the bound, behind", times(3, heard{"B", -skew, 0}), false},
		{"beyond it", times(3, heard{"B", skew + 1, 0}), true},
		{"beyond it, behind", times(3, heard{"B", -skew - 1, 0}), true},
		{"half a minute", times(3, heard{"B", 30, 0}), true},
		{"hours", times(3, heard{"B", -5 * 3600, 0}), true},
		{"heard once", times(1, heard{"B", 30, 0}), false},
		{"two are late", []heard{{"B", 0, 9}, {"B", 0, 0}, {"B", 0, 7}}, false},
		{"ahead, and one is late by nearly as much", []heard{{"B", 30, 0}, {"B", 30, 28}, {"B", 30, 0}}, true},
		{"one of two others differs", times(3, heard{"B", 30, 0}, heard{"C", 0, 0}), false},
		{"both of two others differ", times(3, heard{"B", 30, 0}, heard{"C", 31, 0}), true},
		{"two of three others differ", times(3, heard{"B", 30, 0}, heard{"C", 0, 0}, heard{"D", -30, 0}), true},
		{"one of three others differs", times(3, heard{"B", 30, 0}, heard{"C", 0, 0}, heard{"D", 0, 0}), false},
		{"it was wrong and is right", append(times(4, heard{"B", 30, 0}), times(3, heard{"B", 0, 0})...), false},
		{"it was right and is wrong", append(times(4, heard{"B", 0, 0}), times(3, heard{"B", 30, 0})...), true},
	} {
		m := newMeasured(t, "B", "C", "D")
		if off := m.pass(c.heard...); off != c.off {
			t.Errorf("%s: off %v", c.name, off)
		}
	}
}

// While it is off the box says so, and from whom it differs; when it is not any more too.
func TestClockTold(t *testing.T) {
	m := newMeasured(t, "B")
	m.pass(times(4, heard{"B", 30, 0})...)
	d := m.e.Share()
	if err := d.New(m.e.Wall(m.now)); err != share.ClockOff {
		t.Errorf("new clients: %v", err)
	}
	if why := m.e.SharedFault(m.now); why != "known clients are renewed, new ones get nothing: "+string(share.ClockOff) {
		t.Errorf("it says %q", why)
	}
	if d.MayBeat(m.e.Wall(m.now)) {
		t.Error("it says that it is there")
	}
	m.pass(times(4, heard{"B", 0, 0})...)
	if err := d.New(m.e.Wall(m.now)); err == share.ClockOff || !d.MayBeat(m.e.Wall(m.now)) {
		t.Errorf("afterwards: %v", err)
	}
	want := []engine.SharedClock{{Box: "B", Seconds: -30, Off: true}, {}}
	if !slices.Equal(m.events, want) {
		t.Errorf("told: %+v", m.events)
	}
	if msg, ok := m.events[0].LogMessage(); !ok || msg.String() != "%DHCPD-3-SHARED_CLOCK: The clock is 30 seconds behind that of B: known clients are renewed, new ones get nothing" {
		t.Errorf("%v", msg)
	}
	if _, ok := m.events[1].LogMessage(); ok {
		t.Error("a clock that is right is logged")
	}
}

// A box that publishes nonsense counts as one that differs, at most: of two others that is
// not most.
func TestClockNonsense(t *testing.T) {
	for _, value := range []string{
		"", "x", "{}", "null", "[]", `{"stamp":"x"}`, `{"stamp":1e300}`, `{"stamp":-1}`,
		fmt.Sprintf(`{"stamp":%d}`, int64(math.MaxInt64)), fmt.Sprintf(`{"stamp":%d}`, int64(math.MinInt64)), `{"stamp":253402300800,"gen":18446744073709551615}`,
	} {
		m := newMeasured(t, "B", "C")
		for range 5 {
			m.says("C", value)
			m.pass(heard{"B", 0, 0})
		}
		if m.e.Share().Off {
			t.Errorf("%q: this box counts as off", value)
		}
		for range 5 { // this box is the one that is off, and what C says hides nothing
			m.says("C", value)
			m.pass(heard{"B", 30, 0})
		}
		if !m.e.Share().Off {
			t.Errorf("%q hides that this box is off", value)
		}
	}
	m := newMeasured(t, "B")
	for n := range 200 { // names that nobody has heard of
		m.says(fmt.Sprint("X", n), `{"stamp":5}`)
	}
	if len(m.s.clock) > maxBoxes {
		t.Errorf("the clocks of %d boxes are kept", len(m.s.clock))
	}
}
