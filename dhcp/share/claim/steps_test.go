package claim

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"testing"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/platform/fleet"
	"option150/platform/fleet/etcd"
	"option150/platform/journal"
)

// stepped is a session whose steps a test takes one by one, in a domain of A, B and C in
// generation 3, and the engine of DHCP that it is for.
type stepped struct {
	*Session
	x      *noted
	e      *engine.Engine
	now    engine.Instant
	v      *view
	events []journal.Event
}

// Record implements journal.Recorder.
func (p *stepped) Record(e journal.Event) { p.events = append(p.events, e) }

const steppedAt = 10_000 // seconds since 1970, when its steps are taken

func newStepped(t *testing.T) *stepped {
	t.Helper()
	p := &stepped{}
	p.Session, p.x = newNoted()
	p.Session.rec = p
	_, p.e = still(t)
	p.Session.conf.OwnShare = true
	p.e.SetShare(0, p.Session.Domain(steppedAt))
	p.Session.host = func(f func(*engine.Engine, engine.Instant)) bool { f(p.e, p.now); return true }
	p.v = newView(etcd.Header{Cluster: 7, Revision: notedAt})
	p.v.boxes, p.v.list, p.v.gen, p.v.generation = []string{"A", "B", "C"}, 6, 3, 5
	for _, b := range p.v.boxes {
		p.v.clocks[b] = beat{Stamp: steppedAt}
		p.v.beats[b] = beat{Stamp: steppedAt, Gen: 3}
	}
	p.kept.Gen = 3
	return p
}

// last is what was asked of the engine of the fleet last.
func (p *stepped) last() (t etcd.Txn) {
	if len(p.x.txns) > 0 {
		t = p.x.txns[len(p.x.txns)-1]
	}
	return t
}

// compares reports whether a transaction is tried on a revision of a key.
func compares(t etcd.Txn, key string, mod int64) bool {
	return slices.Contains(t.If, etcd.Compare{Key: key, Mod: mod})
}

// An engine that is another one, or went back, is another generation, which only the first that finds
// out begins; where nothing went back nothing is written.
func TestSettleGenerations(t *testing.T) {
	for _, c := range []struct {
		name  string
		set   func(p *stepped)
		gen   uint64 // that begins, 0 = none
		tells bool
	}{
		{"as it was", func(*stepped) {}, 0, false},
		{"further", func(p *stepped) { p.v.head.Revision += 5; p.v.gen++ }, 0, false},
		{"new to this box", func(p *stepped) { p.kept = kept{} }, 0, false},
		{"new to everybody", func(p *stepped) { p.kept, p.v.gen, p.v.generation = kept{}, 0, 0; delete(p.x.kv, p.keys.generation()) }, 1, false},
		{"another cluster", func(p *stepped) { p.v.head.Cluster = 8 }, 4, true},
		{"an older revision", func(p *stepped) { p.v.head.Revision-- }, 4, true},
		{"an older generation", func(p *stepped) { p.v.gen = 2 }, 4, true},
		{"a later generation of another cluster", func(p *stepped) { p.v.head.Cluster, p.v.gen = 8, 9 }, 10, true},
	} {
		p := newStepped(t)
		c.set(p)
		err := p.settle(p.v)
		if c.gen == 0 {
			if err != nil || len(p.x.txns) > 0 || p.kept.Cluster != 7 || p.kept.Revision != p.v.head.Revision || p.kept.Gen != p.v.gen || !slices.Equal(p.kept.Boxes, p.v.boxes) {
				t.Errorf("%s: %v, %+v", c.name, err, p.kept)
			}
			continue
		}
		k := p.keys.generation()
		if !errors.Is(err, errAgain) || fleet.ReadGeneration(p.x.kv[k].Value) != c.gen || !compares(p.last(), k, p.v.generation) {
			t.Errorf("%s: %v, %+v", c.name, err, p.last())
		}
		if p.kept.Gen != c.gen || p.kept.Revision != p.x.rev || len(p.events) > 0 != c.tells {
			t.Errorf("%s: keeps %+v, told %v", c.name, p.kept, p.events)
		}
		// Another box was first.
		p = newStepped(t)
		c.set(p)
		p.x.kv[k] = etcd.KV{Key: k, Value: "77", Mod: 99}
		if was := p.kept.Gen; !errors.Is(p.settle(p.v), errAgain) || p.x.kv[k].Value != "77" || p.kept.Gen != was || len(p.events) > 0 {
			t.Errorf("%s, and another box was first: %+v, told %v", c.name, p.kept, p.events)
		}
	}
	p := newStepped(t) // the watch was further than what is read now
	p.kept.Revision = notedAt + 3
	p.v.head.Revision = notedAt + 3
	if err := p.settle(p.v); err != nil || p.kept.Revision != notedAt+3 {
		t.Errorf("%v, %+v", err, p.kept)
	}
	p = newStepped(t) // a box that is not on the list enters itself
	p.v.boxes = []string{"B", "C"}
	if err := p.settle(p.v); !errors.Is(err, errAgain) || !slices.Contains(fleet.ReadBoxes(p.x.kv[p.keys.boxes()].Value), "A") || !compares(p.last(), p.keys.boxes(), 6) || !compares(p.last(), p.keys.generation(), 5) {
		t.Errorf("%v, %+v", err, p.last())
	}
}

// What this box knows is entered by comparison, in this generation, some at a time.
func TestEnterCompares(t *testing.T) {
	p := newStepped(t)
	var puts []engine.Bound
	for _, a := range asks(250, share.Grant{}) {
		puts = append(puts, engine.Bound{Record: a.Record})
	}
	if err := p.enter(p.v, puts); !errors.Is(err, errAgain) || len(p.x.txns) != 3 {
		t.Fatalf("%v, %d transactions", err, len(p.x.txns))
	}
	for _, txn := range p.x.txns {
		if !compares(txn, p.keys.generation(), 5) || len(txn.If) != len(txn.Puts)+1 || len(txn.If) > maxOps+1 {
			t.Errorf("%d comparisons for %d puts", len(txn.If), len(txn.Puts))
		}
		for _, put := range txn.Puts {
			if !compares(txn, put.Key, 0) {
				t.Errorf("%s is put whatever it is", put.Key)
			}
		}
	}
	p = newStepped(t)
	p.v.head.Revision = notedAt + 50 // beyond what answers
	if err := p.enter(p.v, puts); !errors.Is(err, errBack) || len(p.x.txns) != 1 {
		t.Errorf("an engine that went back: %v, %d transactions", err, len(p.x.txns))
	}
	p.v.head = etcd.Header{Cluster: 8, Revision: notedAt}
	if err := p.enter(p.v, puts); !errors.Is(err, errBack) {
		t.Errorf("another cluster: %v", err)
	}
}

// Before a box counts as connected the engine has written its sign of life, in the generation that was
// read; whether the domain has never heard of this box is seen before that.
func TestProve(t *testing.T) {
	p := newStepped(t)
	if err := p.prove(p.v); err != nil || !compares(p.last(), p.keys.generation(), 5) || p.fresh || p.kept.Run != p.name {
		t.Errorf("%v, %+v, fresh %v, %+v", err, p.last(), p.fresh, p.kept)
	}
	if got := p.x.kv[p.keys.clock("A")].Value; got != fmt.Sprintf(`{"stamp":%d,"run":%q}`, steppedAt, p.name) {
		t.Error(got)
	}
	p = newStepped(t)
	p.x.kv[p.keys.generation()] = etcd.KV{Mod: 9}
	if err := p.prove(p.v); !errors.Is(err, errAgain) {
		t.Errorf("another generation: %v", err)
	}
	p = newStepped(t)
	delete(p.v.clocks, "A")
	if err := p.prove(p.v); err != nil || !p.fresh {
		t.Errorf("a box that is new: %v, fresh %v", err, p.fresh)
	}
	p = newStepped(t)
	delete(p.v.clocks, "A")
	p.e.Share().Last = 9_000 // it has been there, and the engine forgot
	if err := p.prove(p.v); err != nil || p.fresh {
		t.Errorf("a box that was there: %v, fresh %v", err, p.fresh)
	}
	p = newStepped(t)
	p.v.clocks["A"] = beat{Stamp: steppedAt, Run: "X"}
	if err := p.prove(p.v); err != nil || p.e.Share().Twin == 0 {
		t.Errorf("another of this name: %v", err)
	}
}

// What was read is what is known: nothing of before stays.
func TestWholeIsWhatWasRead(t *testing.T) {
	p := newStepped(t)
	d := p.e.Share()
	d.Beats["Z"], d.Downs["Z"] = share.Beat{Stamp: 1}, share.Down{Since: 1}
	p.v.downs["B"] = share.Down{Since: 5, Gen: 3, Mod: 4}
	p.v.beats["B"] = beat{Stamp: steppedAt, Gen: 3, Lead: 50, Addrs: []netip.Addr{netip.MustParseAddr("10.0.0.2")}}
	p.whole(p.e, 0, p.v)
	if fmt.Sprint(d.Boxes, d.ListMod, d.Gen, d.GenMod) != "[A B C] 6 3 5" || len(d.Beats) != 3 || d.Beats["B"] != (share.Beat{Stamp: steppedAt, Gen: 3, Lead: 50}) || len(d.Downs) != 1 || d.Downs["B"].Mod != 4 {
		t.Errorf("%+v", d)
	}
	if !d.Connected || !d.Heard || d.ClockOff() || !d.Blank {
		t.Errorf("connected %v, heard %v, its clock off %v, blank %v", d.Connected, d.Heard, d.ClockOff(), d.Blank)
	}
	for what, set := range map[string]func(p *stepped){
		"its sign of life is of another generation": func(p *stepped) { p.v.beats["A"] = beat{Gen: 2} },
		"it gave none": func(p *stepped) { delete(p.v.beats, "A") },
	} {
		p = newStepped(t)
		set(p)
		if p.whole(p.e, 0, p.v); p.e.Share().Heard {
			t.Errorf("%s: it counts as heard", what)
		}
	}
	p = newStepped(t)
	p.fresh = true
	if p.whole(p.e, 0, p.v); p.e.Share().Last != steppedAt || p.e.Share().Blank {
		t.Error("a box that is new waits for what it cannot have granted")
	}
	p = newStepped(t)
	p.fresh, p.e.Share().Last = true, 5000
	if p.whole(p.e, 0, p.v); !p.e.Share().Blank {
		t.Error("a box that was away is new")
	}
	p = newStepped(t)
	p.e.Share().Last, p.e.Share().Off = steppedAt, true
	if p.whole(p.e, 0, p.v); p.kept.Last != 0 {
		t.Error("a clock that is off is not remembered")
	}
}

// A box says that it is there only where it may; that it runs, and by which clock, always, in
// this generation.
func TestSay(t *testing.T) {
	for _, c := range []struct {
		name  string
		set   func(p *stepped)
		there bool
	}{
		{"connected", func(*stepped) {}, true},
		{"off", func(p *stepped) { p.e.Share().Off = true }, false},
		{"untried", func(p *stepped) { p.e.Share().Untried = 3 }, false},
		{"a twin", func(p *stepped) { p.e.Share().Twin = 2 }, false},
	} {
		p := newStepped(t)
		root, err := os.OpenRoot(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = root.Close() }()
		p.root = root
		p.kept.Boxes = p.v.boxes
		d := p.e.Share()
		d.Last = steppedAt
		p.whole(p.e, 0, p.v)
		d.Heard = false
		c.set(p)
		p.now = 1e9
		twin := d.Twin
		rev, err := p.say(context.Background(), p.v)
		_, beaten := p.x.kv[p.keys.beat("A")]
		if err != nil || rev != p.x.rev || beaten != c.there || d.Heard != c.there || !compares(p.last(), p.keys.generation(), 5) {
			t.Errorf("%s: %d, %v, there %v, heard %v, %+v", c.name, rev, err, beaten, d.Heard, p.last())
		}
		if _, runs := p.x.kv[p.keys.clock("A")]; !runs || d.Last != steppedAt+1 || d.Twin != max(twin-1, 0) {
			t.Errorf("%s: it runs %v, connected until %d, twin %d", c.name, runs, d.Last, d.Twin)
		}
		if c.name == "untried" && d.Untried != 2 {
			t.Errorf("its clock is not judged: %d", d.Untried)
		}
	}
	p := newStepped(t)
	p.whole(p.e, 0, p.v)
	p.x.kv[p.keys.generation()] = etcd.KV{Mod: 9}
	if _, err := p.say(context.Background(), p.v); !errors.Is(err, errAgain) {
		t.Errorf("another generation: %v", err)
	}
	p.e.Share().Connected = false
	if _, err := p.say(context.Background(), p.v); !errors.Is(err, errLost) {
		t.Errorf("isolated: %v", err)
	}
}

// What has changed: leases of addresses, who is there, who is down, a list or a generation that is
// another; what is removed, too large, or too much counts for nothing.
func TestChanges(t *testing.T) {
	at := netip.MustParseAddr("10.0.0.4")
	r := asks(1, share.Grant{})[0].Record
	r.Addr = at
	p := newStepped(t)
	p.whole(p.e, 0, p.v)
	d := p.e.Share()
	put := func(key, value string) etcd.Change { return etcd.Change{KV: etcd.KV{Key: key, Value: value, Mod: 150}} }
	gone := func(key string) etcd.Change { return etcd.Change{KV: etcd.KV{Key: key, Mod: 160}, Deleted: true} }
	change := func(h etcd.Header, list ...etcd.Change) error { return p.changes(h, list) }
	head := etcd.Header{Cluster: 7, Revision: 150}
	if err := change(head, put(p.keys.at(at), lease(&r)), gone(p.keys.at(at.Next())), put(p.keys.prefix+"at/fd00::1", "x")); err != nil || len(d.At) != 1 || d.At[at].Client != r.Key || d.At[at].Mod != 150 {
		t.Errorf("%v, %+v", err, d.At)
	}
	if got := p.head(); got.Revision != 150 {
		t.Errorf("at %+v", got)
	}
	if err := change(etcd.Header{Cluster: 8, Revision: 900}); err != nil || p.head().Revision != 150 {
		t.Errorf("another cluster: %v, at %+v", err, p.head())
	}
	for _, k := range []string{p.keys.boxes(), p.keys.generation()} {
		if err := change(head, put(k, "x")); !errors.Is(err, errAgain) {
			t.Errorf("%s: %v", k, err)
		}
	}
	_ = change(head, put(p.keys.beat("B"), `{"stamp":77,"gen":3,"addresses":["10.0.0.9"]}`), gone(p.keys.beat("C")))
	if d.Beats["B"].Stamp != 77 || d.Beats["C"].Stamp != steppedAt {
		t.Errorf("%+v", d.Beats)
	}
	_ = change(head, put(p.keys.downOf("B"), fleet.Word{Since: 5, Gen: 3}.String()))
	if d.Downs["B"].Since != steppedAt || len(p.again) != 0 {
		t.Errorf("%+v, read again %d", d.Downs, len(p.again))
	}
	if _ = change(head, gone(p.keys.downOf("B"))); len(d.Downs) != 0 {
		t.Errorf("taken back: %+v", d.Downs)
	}
	if _ = change(head, put(p.keys.downOf("A"), fleet.Word{Since: 5, Gen: 3}.String())); len(p.again) != 1 {
		t.Error("this box is not down, and does not say so")
	}
	_ = change(head, put(p.keys.clock("Z"), `{"stamp":5}`), put(p.keys.clock("B"), fmt.Sprintf(`{"stamp":%d}`, steppedAt-9)))
	if len(p.clock) != 1 || p.clock["B"].least() != 9 {
		t.Errorf("%+v", p.clock)
	}
	for n := range 2 * maxBoxes {
		_ = change(head, put(p.keys.beat(fmt.Sprint("X", n)), `{"stamp":5}`))
	}
	if len(d.Beats) > maxBoxes {
		t.Errorf("%d boxes", len(d.Beats))
	}
	for n := range maxBindings {
		d.At[netip.AddrFrom4([4]byte{11, byte(n >> 16), byte(n >> 8), byte(n)})] = share.Entry{}
	}
	if err := change(head, put(p.keys.at(at.Next()), lease(&r))); !errors.Is(err, errMany) {
		t.Errorf("too many: %v", err)
	}
}
