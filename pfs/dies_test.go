package pfs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/platform/wire"
)

// habits are what real phones may do either way.
type habits struct{ childCalls, kept, silent, mirror, twin bool }

// every calls a test with each combination of habits.
func every(t *testing.T, f func(t *testing.T, h habits)) {
	for i := range 32 {
		h := habits{i&1 != 0, i&2 != 0, i&4 != 0, i&8 != 0, i&16 != 0}
		if h.twin && !h.mirror {
			continue
		}
		t.Run(fmt.Sprintf("%+v", h), func(t *testing.T) { f(t, h) })
	}
}

// hand passes files where a mirror port shows it; else time goes by.
func (w *world) hand(h habits, parent, child int, files []File) {
	if !h.mirror {
		w.wait(time.Second)
		return
	}
	w.pass(parent, child, files, h.kept, h.childCalls, h.twin)
}

// cutOff is the same, and the parent dies in the last file.
func (w *world) cutOff(h habits, parent, child int, files []File, bytes int64) {
	w.wait(time.Second)
	if !h.mirror {
		return
	}
	whole := files[:len(files)-1]
	a, b, from := parent, child, 0
	if h.childCalls {
		a, b, from = child, parent, 1
	}
	if !h.kept && len(whole) > 0 {
		w.pass(parent, child, whole, false, h.childCalls, h.twin)
	}
	c := w.call(a, b, h.twin)
	c.give(1-from, 40)
	if h.kept {
		for _, f := range whole {
			c.give(from, f.Size)
			w.wait(300 * time.Millisecond)
		}
	}
	c.give(from, bytes)
	w.wait(5 * time.Second)
	c.send(1-from, rst, 0) // the child gives up, or the parent is back and knows nothing
	w.wait(time.Second)
}

// TestRootDies: the root loses its power while it hands the second file to two
// children; they fetch what is missing and pass it on, and it fetches all of it
// once more. All three are named, and sharing does not "work".
func TestRootDies(t *testing.T) {
	every(t, func(t *testing.T, h habits) {
		w := newWorld(t)
		w.facts.Observing, w.facts.Mirror = true, h.mirror
		w.fleet(1, 5, "7961", load41, "1", h.silent)
		w.fetch(1, load41)
		w.cutOff(h, 1, 2, load41.Files[:2], 70_000)
		w.cutOff(h, 1, 3, load41.Files[:2], 60_000)
		w.hand(h, 2, 4, load41.Files[:1])
		w.hand(h, 3, 5, load41.Files[:1])
		rest := Load{Files: load41.Files[1:]}
		w.fetch(2, rest)
		w.fetch(3, rest)
		w.hand(h, 2, 4, load41.Files[1:])
		w.hand(h, 3, 5, load41.Files[1:])
		w.restart(2, 4)
		w.boot(1)
		w.claim(1)
		w.fetch(1, load41)
		w.restart(1, 1)
		v := w.verify(t)
		if v.Result != Partly || v.Peer != 2 || v.Copies != 4 || v.Phones != 5 || len(v.Roots) != 1 || v.Roots[0] != mac(1) {
			t.Errorf("%+v\n%s", v, w.drawn())
		}
		for _, want := range []string{"SEP001E7A000001 fetched it 2 times", "SEP001E7A000002 fetched 2 of 3 files itself", "SEP001E7A000003 fetched 2 of 3 files itself"} {
			if !detailed(v, want) {
				t.Errorf("no %q in %q", want, v.Details)
			}
		}
		bytes := int64(70_000)
		if h.kept {
			bytes += load41.Files[0].Size
		}
		why := " and passed them on: its parent SEP001E7A000001 stopped after " + itoa(bytes) + " bytes"
		if !h.mirror {
			why = ": a peer gave it the files before, and no more (inferred)"
		}
		if !detailed(v, "SEP001E7A000002 fetched 2 of 3 files itself"+why) {
			t.Errorf("%q", v.Details)
		}
		for _, tree := range Trees(w.state.Snapshot(nil), w.facts) {
			for _, n := range tree.Nodes {
				if !h.mirror && (n.Basis == Observed || !n.Parent.IsZero()) {
					t.Errorf("seen without a mirror: %+v", n)
				}
				if tree.Load != "" && h.mirror && n.Role == Child && n.Parent.IsZero() {
					t.Errorf("no parent in %s: %+v", tree.Files, n)
				}
			}
		}
	})
}

// TestChildDies: a child that feeds another loses its power; what it had got
// from its parent it fetches itself when it is back: it is named, though the
// mirror saw it get that file from a peer.
func TestChildDies(t *testing.T) {
	every(t, func(t *testing.T, h habits) {
		w := newWorld(t)
		w.facts.Observing, w.facts.Mirror = true, h.mirror
		w.fleet(1, 3, "7961", load41, "1", h.silent)
		w.fetch(1, load41)
		w.hand(h, 1, 2, load41.Files)
		w.cutOff(h, 2, 3, load41.Files, 90_000)
		w.fetch(3, Load{Files: load41.Files[2:]})
		w.restart(3, 1)
		w.boot(2)
		w.fetch(2, load41)
		w.restart(2, 1)
		w.restart(1, 1)
		v := w.verify(t)
		if v.Result == Works || !detailed(v, "SEP001E7A000002 fetched it itself", "SEP001E7A000003 fetched 1 of 3 files itself") {
			t.Errorf("%+v\n%s", v, w.drawn())
		}
		if h.mirror && !detailed(v, "it had it from SEP001E7A000001 and asked again") {
			t.Errorf("%q", v.Details)
		}
	})
}

// TestStuckAfterParentDied: a phone whose parent died, that fetched nothing and
// came up: nobody says that it got the load. What it says itself decides.
func TestStuckAfterParentDied(t *testing.T) {
	for says, want := range map[string]Result{"": Partly, "SCCP41.9-3-1SR2-1S": Partly, load41.Name: Works} {
		w := newWorld(t)
		w.facts.Observing, w.facts.Mirror = true, true
		w.fleet(1, 3, "7961", load41, "1", false)
		w.fetch(1, load41)
		w.pass(1, 2, load41.Files, false, true, false)
		w.cutOff(habits{mirror: true}, 2, 3, load41.Files, 90_000)
		w.restart(1, 3)
		if says != "" {
			w.Record(wire.Told{MAC: mac(3), By: wire.CDP, Load: says})
		}
		v := w.verify(t)
		if v.Result != want || says == load41.Name && v.Basis != Inferred {
			t.Errorf("says %q: %+v\n%s", says, v, w.drawn())
		}
		if says != "" && says != load41.Name && !detailed(v, "SEP001E7A000003 wants it and has not been seen to get it: it says that it runs "+says) {
			t.Errorf("says %q: %q", says, v.Details)
		}
	}
}

// TestSizesDecideNothing: equal sizes are no name. Of two loads with the same
// sizes the one the phones want counts; where nobody is known to want either, or
// both are wanted, what went is unknown and says what it may be. Another
// family's files are never meant.
func TestSizesDecideNothing(t *testing.T) {
	twin := func(name string) Load {
		l := Load{Name: name}
		for i, f := range load41.Files {
			l.Files = append(l.Files, File{fmt.Sprintf("%s-%d.sbn", strings.ToLower(name), i), f.Size})
		}
		l.Files[0].Name = name + ".loads"
		return l
	}
	same, sip, other := twin("SCCP41.9-3-1S"), twin("SIP41.9-4-2SR3-1S"), twin("SCCP42.9-4-2SR3-1S")
	for name, c := range map[string]struct {
		loads []Load
		want  map[int]string // what phones are configured for
		load  string         // that is found
		could int
	}{
		"one fits":                 {[]Load{load41}, nil, load41.Name, 0},
		"two fit":                  {[]Load{load41, same}, nil, "", 2},
		"three fit":                {[]Load{same, load41, sip}, nil, "", 3},
		"one is wanted":            {[]Load{same, load41, sip}, map[int]string{2: load41.Name}, load41.Name, 0},
		"the child's, not another": {[]Load{load41, sip}, map[int]string{2: load41.Name, 3: sip.Name}, load41.Name, 0},
		"both are wanted":          {[]Load{load41, sip}, map[int]string{1: sip.Name, 2: load41.Name}, "", 2},
		"another family's":         {[]Load{other}, nil, "", 0},
		"another family's beside":  {[]Load{other, load41}, nil, load41.Name, 0},
	} {
		for _, kept := range []bool{false, true} {
			w := newWorld(t)
			w.facts.Mirror, w.facts.Loads = true, c.loads
			for i := 1; i <= 3; i++ {
				w.lease(i, "7961")
				if l := c.want[i]; l != "" {
					w.configured(i, l, "1")
				}
			}
			w.pass(1, 2, load41.Files, kept, true, false)
			could := 0
			for _, tree := range Trees(w.state.Snapshot(nil), w.facts) {
				if tree.Load != c.load || tree.Family != "41" {
					t.Errorf("%s: %+v", name, tree)
				}
				for _, n := range tree.Nodes {
					could = max(could, strings.Count(n.Why, ", or ")+1)
					if strings.Contains(n.Why, "its size fits ") != (c.could > 0 && n.Role == Child) {
						t.Errorf("%s: %+v", name, n)
					}
				}
			}
			if c.could > 0 && could != c.could {
				t.Errorf("%s: could be %d\n%s", name, could, w.drawn())
			}
			for _, v := range Verify(w.state.Snapshot(nil), w.facts, "") {
				if v.Load != c.load || v.Result == Works {
					t.Errorf("%s: %+v", name, v)
				}
			}
		}
	}
}

// TestBrokenSizes: a connection that broke off, or that nobody saw begin, is no
// file because one in a hundred more or less would make it one.
func TestBrokenSizes(t *testing.T) {
	w := newWorld(t)
	w.facts.Mirror = true
	w.fleet(1, 2, "7961", load41, "1", true)
	for _, size := range []int64{load41.Files[1].Size + 900, load41.Files[2].Size + 2000} {
		c := w.call(1, 2, false)
		c.give(0, size)
		c.send(0, rst, 0)
	}
	if d := w.drawn(); strings.Contains(d, load41.Name) {
		t.Error(d)
	}
	// The very size is inferred.
	c := w.call(1, 2, false)
	c.give(0, load41.Files[1].Size)
	c.send(0, rst, 0)
	for _, tree := range Trees(w.state.Snapshot(nil), w.facts) {
		if tree.Load == load41.Name && !slices.ContainsFunc(tree.Nodes, func(n Node) bool { return n.MAC == mac(2) && n.Role == Child && n.Basis == Inferred }) {
			t.Error(w.drawn())
		}
	}
}

// TestTwoRoots: a phone that comes later fetches for itself and passes it on:
// it is a root too, and is named.
func TestTwoRoots(t *testing.T) {
	every(t, func(t *testing.T, h habits) {
		if !h.mirror {
			return // without it both are those who fetched
		}
		w := newWorld(t)
		w.facts.Mirror, w.facts.Observing = true, true
		w.fleet(1, 2, "7961", load41, "1", h.silent)
		w.fetch(1, load41)
		w.hand(h, 1, 2, load41.Files)
		w.wait(5 * time.Minute)
		w.fleet(3, 2, "7961", load41, "1", h.silent)
		w.fetch(3, load41)
		w.hand(h, 3, 4, load41.Files)
		w.restart(1, 4)
		v := w.verify(t)
		if v.Result != Partly || v.Peer != 2 || v.Copies != 2 || !detailed(v, "SEP001E7A000003 fetched it itself and passed them on") {
			t.Errorf("%+v\n%s", v, w.drawn())
		}
	})
}
