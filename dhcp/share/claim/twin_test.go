package claim

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/wire"
	"option150/platform/fleet/etcd"
	"option150/platform/testkit/etcdtest"
)

// saysRun brings a sign of life under the name of this box.
func (m *measured) saysRun(run string, stamp int64) {
	m.says("A", fmt.Sprintf(`{"stamp":%d,"run":%q}`, stamp, run))
}

// A sign of life of another session under the name of this box ends what this one gives
// out, whatever that one's clock; what a session before left under way, a version that says no
// session and nonsense do not.
func TestTwinHeard(t *testing.T) {
	const before = "BEFORE"
	for _, c := range []struct {
		name string
		says []string
		twin bool
		told bool
	}{
		{"its own", []string{`{"stamp":5,"run":"SELF"}`, `{"stamp":7,"run":"SELF"}`}, false, false},
		{"another's", []string{`{"stamp":5,"run":"X"}`}, true, false},
		{"another's, twice", []string{`{"stamp":5,"run":"X"}`, `{"stamp":7,"run":"X"}`}, true, true},
		{"one value of another's, repeated", []string{`{"stamp":5,"run":"X"}`, `{"stamp":5,"run":"X"}`}, true, false},
		{"others' in turn", []string{`{"stamp":5,"run":"X"}`, `{"stamp":5,"run":"Y"}`}, true, true},
		{"of a clock far away", []string{`{"stamp":-9000000000000000000,"run":"X"}`, `{"stamp":9000000000000000000,"run":"X"}`}, true, true},
		{"under way when the one before ended", []string{`{"stamp":5,"run":"BEFORE"}`, `{"stamp":5,"run":"BEFORE"}`}, false, false},
		{"the one before goes on: the disk was copied", []string{`{"stamp":5,"run":"BEFORE"}`, `{"stamp":7,"run":"BEFORE"}`}, true, true},
		{"another version", []string{`{"stamp":5}`, `{"stamp":7}`}, false, false},
		{"nonsense", []string{"", "x", "null", "[]", `{"run":7}`, `{"stamp":"x","run":"X"}`, `{"run":"` + strings.Repeat("x", maxValue) + `"}`}, false, false},
	} {
		m := newMeasured(t, "B")
		m.s.before = before
		for _, v := range c.says {
			m.says("A", strings.ReplaceAll(v, "SELF", m.s.name))
		}
		d := m.e.Share()
		if d.Twin > 0 != c.twin || m.s.twin.told != c.told {
			t.Errorf("%s: twin %d, told %v", c.name, d.Twin, m.s.twin.told)
		}
		if len(m.s.clock) > 0 {
			t.Errorf("%s: its own clock is compared", c.name)
		}
	}
}

// What is there before a session gives a sign of life is of a box that runs only if it is
// late; the session before on this disk is not another box.
func TestTwinFound(t *testing.T) {
	for _, c := range []struct {
		name string
		run  string
		ago  int64
		twin bool
	}{
		{"nobody", "", 1 << 40, false},
		{"another version", "", 0, false},
		{"the session before", "BEFORE", 0, false},
		{"another", "X", 0, true},
		{"another, by a clock ahead", "X", -share.ThereFor, true},
		{"another, as late as may be", "X", share.ThereFor + skew, true},
		{"one that is long gone", "X", share.ThereFor + skew + 1, false},
	} {
		m := newMeasured(t, "B")
		m.s.before = "BEFORE"
		m.s.found(m.e, m.now, beat{Stamp: m.e.Wall(m.now) - c.ago, Run: c.run})
		d := m.e.Share()
		if d.Twin > 0 != c.twin {
			t.Errorf("%s: twin %d", c.name, d.Twin)
		}
		for range share.TwinFor { // nobody is heard
			m.s.passes(d)
		}
		if d.Twin != 0 || len(m.twins) > 0 {
			t.Errorf("%s: twin %d, told %v", c.name, d.Twin, m.twins)
		}
	}
}

// What it is told and what it may while there is another, and after.
func TestTwinTold(t *testing.T) {
	m := newMeasured(t, "B")
	d := m.e.Share()
	d.Tried(0)
	for n := range int64(4) {
		m.saysRun("X", n)
		m.s.passes(d)
	}
	now := m.e.Wall(m.now)
	if d.New(now) != share.SameName || d.MayBeat(now) || d.Sure(now) {
		t.Errorf("new %v, there %v, sure %v", d.New(now), d.MayBeat(now), d.Sure(now))
	}
	const why = "another box has the name of this one, or had it until a moment ago: each needs one of its own, by `name` below `fleet`"
	if got := m.e.SharedFault(m.now); got != "known clients are renewed, new ones get nothing: "+why {
		t.Errorf("it says %q", got)
	}
	d.Connected, d.OwnShare = false, true
	if got := m.e.SharedFault(m.now); got != "isolated from the boxes that share its pools: known clients are renewed for a while, new ones get nothing: "+why {
		t.Errorf("isolated it says %q", got)
	}
	d.Connected = true
	for range share.TwinFor {
		m.s.passes(d)
	}
	if d.New(now) != nil || !d.MayBeat(now) {
		t.Errorf("afterwards: %v", d.New(now))
	}
	if fmt.Sprint(m.twins) != "[{A false} {A true}]" {
		t.Fatalf("told: %v", m.twins)
	}
	if msg, ok := m.twins[0].LogMessage(); !ok || msg.String() != "%DHCPD-3-SHARED_TWIN: Another box is called A too: known clients are renewed, new ones get nothing from either" {
		t.Errorf("%v", msg)
	}
	if _, ok := m.twins[1].LogMessage(); ok {
		t.Error("that it is gone is logged")
	}
}

// A configuration, or a disk with it, was copied. Both boxes say so and give out nothing
// new, together and isolated; with a name of its own for the copy both serve. A restart of
// one that was alone waits for nothing.
func TestTwin(t *testing.T) {
	m := etcdtest.Start(t, 1)
	of := &campus{}
	dir, copied := t.TempDir(), t.TempDir()
	w := newWireTo(t, m.URLs[0])
	first := newBox(t, of, "A", dir, dial(t, w.url))
	first.wait("connected", connected)
	first.take(0, 5)
	first.kill()
	a := newBox(t, of, "A", dir, dial(t, w.url))
	a.wait("connected again", func(e *engine.Engine, now engine.Instant) bool {
		if e.Share().Twin > 0 {
			t.Error("a box waits for itself")
		}
		return connected(e, now)
	})
	a.take(5, 10)
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	far := newWireTo(t, m.URLs[0])
	b := newBox(t, of, "A", copied, dial(t, far.url))
	same := func(x *box) func(*engine.Engine, engine.Instant) bool {
		return func(e *engine.Engine, now engine.Instant) bool {
			return e.Share().New(e.Wall(now)) == share.SameName && x.twins() == 1
		}
	}
	for _, x := range []*box{a, b} {
		x.wait("told of the other", same(x))
		x.wait("all leases", func(e *engine.Engine, _ engine.Instant) bool { return len(e.List()) >= 10 })
		if o := x.discover(50, 55); len(o) > 0 {
			t.Errorf("offered: %v", o)
		}
		x.renew(of, 0, 10, 20)
	}
	w.cut(true)
	far.cut(true)
	for _, x := range []*box{a, b} {
		x.wait("isolated", func(e *engine.Engine, _ engine.Instant) bool {
			return !e.Share().Connected && strings.Contains(e.SharedFault(x.now()), string(share.SameName))
		})
		if o := x.discover(50, 55); len(o) > 0 {
			t.Errorf("isolated, offered: %v", o)
		}
		for n := range 10 { // the first request finds out that nobody answers
			x.ask(packet(client(n), wire.MsgRequest, of.of(client(n))))
		}
		x.renew(of, 0, 10, 2)
	}
	w.cut(false)
	far.cut(false)
	for _, x := range []*box{a, b} {
		x.wait("told of the other still", same(x))
	}
	b.kill()
	c := newBox(t, of, "B", copied, dial(t, m.URLs[0]))
	for _, x := range []*box{a, c} {
		x.wait("one of two", func(e *engine.Engine, now engine.Instant) bool {
			return len(e.Share().Boxes) == 2 && connected(e, now)
		})
	}
	a.take(60, 70)
	c.take(70, 80)
	of.judge(t, 20)
}

// twins counts what was told of another box of this name.
func (b *box) twins() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if x, is := e.(engine.SharedTwin); is && !x.Gone {
			n++
		}
	}
	return n
}

// A box that lost its disk a moment ago, and one whose disk is older than its last session,
// are not told to be two.
func TestTwinIsGone(t *testing.T) {
	m := etcdtest.Start(t, 1)
	of := &campus{}
	a := newBox(t, of, "A", t.TempDir(), dial(t, m.URLs...))
	a.wait("connected", connected)
	a.take(0, 5)
	a.kill()
	b := newBox(t, of, "A", t.TempDir(), dial(t, m.URLs...))
	b.wait("it cannot be told yet", func(e *engine.Engine, _ engine.Instant) bool { return e.Share().Connected && e.Share().Twin > 0 })
	b.renew(of, 0, 5, 20)
	b.wait("alone", func(e *engine.Engine, _ engine.Instant) bool { return e.Share().Connected && e.Share().Twin == 0 })
	if b.twins() > 0 {
		t.Error("the box that is no more counts as another")
	}
	c := dial(t, m.URLs...)
	for n := range int64(3) { // of a version that says no session
		if _, err := c.Do(t.Context(), etcd.Txn{Puts: []etcd.Put{{Key: b.s.keys.clock("A"), Value: text(beat{Stamp: time.Now().Unix() + n})}}}); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(beatEvery)
	b.do(func(e *engine.Engine, _ engine.Instant) {
		if e.Share().Twin > 0 {
			t.Error("who says no session counts as another box")
		}
	})
}
