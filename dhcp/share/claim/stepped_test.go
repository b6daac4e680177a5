package claim

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"option150/dhcp/share"
	"option150/platform/fleet/etcd"
)

// there says whom a box takes as there.
func (p *stepped) there() (all string) {
	d := p.e.Share()
	for _, b := range []string{"B", "C"} {
		if d.Beats[b].Stamp > p.e.Wall(p.now)-share.ThereFor {
			all += b
		}
	}
	return all
}

// A clock that was set, or that is not that of the others when a box starts, does not tell how old the signs of
// life are that were there: nobody counts as there by one of them, however often it is read, and everybody does
// by the next.
func TestSignsFromBeforeAStep(t *testing.T) {
	for _, c := range []struct {
		name  string
		by    time.Duration
		start bool // with that clock
		want  string
	}{
		{"set by nothing much", time.Second, false, ""},
		{"set back", -30 * time.Second, false, ""},
		{"set ahead", 3 * time.Second, false, ""},
		{"starts with a clock that is right", 0, true, "BC"},
		{"starts with one that is behind", -30 * time.Second, true, ""},
	} {
		p := newStepped(t)
		if !c.start {
			if p.whole(p.e, p.now, p.v); p.there() != "BC" {
				t.Fatalf("%s: before: %q", c.name, p.there())
			}
		}
		p.e.SetClock(p.now, time.Unix(steppedAt, 0).Add(c.by))
		if c.start {
			p.e.SetShare(p.now, p.Domain(p.e.Wall(p.now)))
		}
		d := p.e.Share()
		for n := range 3 { // it is read again, before and after its clock counts as compared
			d.Connected = false
			p.whole(p.e, p.now, p.v)
			if p.there() != c.want {
				t.Errorf("%s: read %d times: %q is there", c.name, n+1, p.there())
			}
			if d.Beats["B"].Gen != 3 {
				t.Errorf("%s: B has not entered what it knows: %+v", c.name, d.Beats["B"])
			}
			d.Tried(2 - n)
		}
		value := fmt.Sprintf(`{"stamp":%d,"gen":3}`, steppedAt+2)
		p.other(p.e, p.now, etcd.Change{KV: etcd.KV{Key: p.keys.beat("B"), Value: value, Mod: 150}})
		if d.Beats["B"].Stamp != steppedAt+2 {
			t.Errorf("%s: the next sign of life: %+v", c.name, d.Beats)
		}
		p.v.beats["B"], p.v.beats["C"] = beat{Stamp: steppedAt + 2, Gen: 3}, beat{Stamp: steppedAt + 1, Gen: 3}
		if p.whole(p.e, p.now, p.v); d.Beats["B"].Stamp != steppedAt+2 || d.Beats["C"].Stamp != steppedAt+1 {
			t.Errorf("%s: the next ones, read: %+v", c.name, d.Beats)
		}
	}
}

// In a domain that is full a box is heard again whose sign of life counted as none.
func TestHeardAgainInAFullDomain(t *testing.T) {
	p := newStepped(t)
	p.whole(p.e, p.now, p.v)
	d := p.e.Share()
	for n := 0; len(d.Beats) < maxBoxes; n++ {
		d.Beats[fmt.Sprint("X", n)] = share.Beat{Stamp: 1}
	}
	d.Beats["B"] = share.Beat{Gen: 3}
	for _, box := range []string{"B", "NEW"} {
		p.other(p.e, p.now, etcd.Change{KV: etcd.KV{Key: p.keys.beat(box), Value: `{"stamp":77,"gen":3}`, Mod: 150}})
	}
	if d.Beats["B"].Stamp != 77 || len(d.Beats) != maxBoxes {
		t.Errorf("%d boxes, B %+v", len(d.Beats), d.Beats["B"])
	}
}

// A box whose clock was set, or is off, takes back the sign of life by which the others would rely on what it
// writes down, once, and what it has entered in this generation stays entered.
func TestSignTakenBack(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(p *stepped)
		want bool
	}{
		{"its clock is right", func(*stepped) {}, false},
		{"not compared, and agrees with the others", func(p *stepped) { p.e.Share().Untried = share.TriedAfter }, false},
		{"set back", func(p *stepped) { p.e.SetClock(p.now, time.Unix(steppedAt-600, 0)) }, true},
		{"set ahead", func(p *stepped) { p.e.SetClock(p.now, time.Unix(steppedAt+600, 0)) }, true},
		{"off", func(p *stepped) { p.e.Share().Off = true }, true},
		{"off, taken back before", func(p *stepped) { p.e.Share().Off = true; p.v.beats["A"] = beat{Gen: 3} }, false},
		{"off, and gave none", func(p *stepped) { p.e.Share().Off = true; delete(p.v.beats, "A") }, false},
	} {
		p := newStepped(t)
		p.v.beats["A"] = beat{Stamp: steppedAt, Gen: 3, Lead: 50}
		p.whole(p.e, p.now, p.v)
		c.set(p)
		if got := p.misleads(p.e.Share(), p.e.Wall(p.now), p.v); got != c.want {
			t.Errorf("%s: taken back %v", c.name, got)
		}
	}
	p := newStepped(t)
	p.v.beats["A"] = beat{Stamp: steppedAt, Gen: 3, Lead: 50}
	if err := p.takeBack(p.v); !errors.Is(err, errAgain) || !compares(p.last(), p.keys.generation(), 5) {
		t.Errorf("%v, %+v", err, p.last())
	}
	v := newView(p.v.head)
	v.put(p.keys, p.x.kv[p.keys.beat("A")])
	if b := v.beats["A"].share(); b != (share.Beat{Gen: 3, Lead: 50}) {
		t.Errorf("what others read: %+v", b)
	}
}
