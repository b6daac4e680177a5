package pfs

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// fleet are n phones of a family that want a load and wait.
func (w *world) fleet(first, n int, model string, l Load, sharing string, silent bool) {
	for i := first; i < first+n; i++ {
		w.lease(i, model)
		w.configured(i, l.Name, sharing)
		w.boot(i)
	}
	if !silent {
		for i := first; i < first+n; i++ {
			w.claim(i)
		}
	}
}

// restart: the phones come up with the load they have now.
func (w *world) restart(first, n int) {
	w.wait(20 * time.Second)
	for i := first; i < first+n; i++ {
		w.boot(i)
		w.up(i)
	}
}

// TestWithoutMirror: the root is known by what was served, the children by what
// they never asked for; nobody claims to have seen a connection.
func TestWithoutMirror(t *testing.T) {
	for _, silent := range []bool{false, true} {
		t.Run(fmt.Sprint("silent ", silent), func(t *testing.T) {
			w := newWorld(t)
			w.facts.Observing = !silent
			w.fleet(1, 4, "7961", load41, "1", silent)
			w.fetch(1, load41)
			w.restart(1, 4)
			by := map[bool]string{false: "broadcast,serving", true: "serving"}[silent]
			w.want(`
		10.0.0.0/24 family 41, 3 files of SCCP41.9-4-2SR3-1S
		 1 root depth 0, inferred by ` + by + `
		 2 child of ? depth -1, inferred by ` + by + `
		 3 child of ? depth -1, inferred by ` + by + `
		 4 child of ? depth -1, inferred by ` + by + `
		`)
			v := w.verify(t)
			if v.Result != Works || v.Basis != Inferred || v.Peer != 3 || v.Phones != 4 || v.Copies != 1 || v.Seen != 0 {
				t.Errorf("%+v", v)
			}
			if len(v.Certain) != 2 {
				t.Errorf("what would make it certain: %q", v.Certain)
			}
		})
	}
}

// TestWithMirror: every edge, its direction and depth, whoever calls, one
// connection a file or one for all, frames seen once or twice.
func TestWithMirror(t *testing.T) {
	for _, kept := range []bool{false, true} {
		for _, childCalls := range []bool{false, true} {
			for _, twin := range []bool{false, true} {
				t.Run(fmt.Sprintf("kept %v child calls %v twin %v", kept, childCalls, twin), func(t *testing.T) {
					w := newWorld(t)
					w.facts.Mirror, w.facts.Observing = true, true
					w.fleet(1, 5, "7941", load41, "1", true)
					w.fetch(1, load41)
					w.pass(1, 2, load41.Files, kept, childCalls, twin)
					w.pass(1, 3, load41.Files, kept, childCalls, twin)
					w.pass(2, 4, load41.Files, kept, childCalls, twin)
					w.pass(4, 5, load41.Files, kept, childCalls, twin)
					w.want(`
		10.0.0.0/24 family 41, 3 files of SCCP41.9-4-2SR3-1S
		 1 root depth 0, observed by tcp,serving
		 2 child of 1 depth 1, observed by tcp
		 4 child of 2 depth 2, observed by tcp
		 5 child of 4 depth 3, observed by tcp
		 3 child of 1 depth 1, observed by tcp
		`)
					tree := Trees(w.state.Snapshot(nil), w.facts)[0]
					for _, n := range tree.Nodes[1:] {
						if n.Bytes != tree.Size || n.Called == childCalls || !n.CallSeen {
							t.Errorf("%+v: %d bytes", n, n.Bytes)
						}
					}
					if v := w.verify(t); v.Result != Works || v.Basis != Observed || v.Peer != 4 || v.Seen != 4 || v.Certain != nil {
						t.Errorf("%+v", v)
					}
				})
			}
		}
	}
}

// TestTwoFamiliesAndSubnets: trees do not mix.
func TestTwoFamiliesAndSubnets(t *testing.T) {
	w := newWorld(t)
	w.facts.Observing = true
	w.facts.Subnets = append(w.facts.Subnets, netPrefix("10.0.1.0/24"))
	w.fleet(1, 3, "7961", load41, "1", false)
	w.fleet(11, 3, "7962", load42, "1", false)
	w.fleet(257, 2, "7961", load41, "1", false)
	w.fetch(2, load41)
	w.fetch(11, load42)
	w.fetch(258, load41)
	w.restart(1, 3)
	w.restart(11, 3)
	w.restart(257, 2)
	w.want(`
		10.0.0.0/24 family 41, 3 files of SCCP41.9-4-2SR3-1S
		 2 root depth 0, inferred by broadcast,serving
		 1 child of ? depth -1, inferred by broadcast,serving
		 3 child of ? depth -1, inferred by broadcast,serving
		10.0.0.0/24 family 42, 3 files of SCCP42.9-4-2SR3-1S
		 11 root depth 0, inferred by broadcast,serving
		 12 child of ? depth -1, inferred by broadcast,serving
		 13 child of ? depth -1, inferred by broadcast,serving
		10.0.1.0/24 family 41, 3 files of SCCP41.9-4-2SR3-1S
		 2 root depth 0, inferred by broadcast,serving
		 1 child of ? depth -1, inferred by broadcast,serving
		`)
	for _, v := range Verify(w.state.Snapshot(w.facts.Subnets), w.facts, "SCCP41.9-4-2SR3-1S.loads") {
		if v.Result != Works || v.Copies != 1 {
			t.Errorf("%+v", v)
		}
		if v.Subnet == netPrefix("10.0.0.0/24") && !detailed(v, "SEP001E7A000102 is in another subnet (10.0.1.0/24)") {
			t.Errorf("%q", v.Details)
		}
	}
}

// TestRootPerFile: a phone may be root of one file and child of another.
func TestRootPerFile(t *testing.T) {
	w := newWorld(t)
	w.facts.Mirror = true
	w.fleet(1, 2, "7961", load41, "1", true)
	a, b := load41.Files[:2], load41.Files[2:]
	w.fetch(1, Load{Files: a})
	w.pass(1, 2, a, true, false, false)
	w.fetch(2, Load{Files: b})
	w.pass(2, 1, b, true, false, false)
	w.want(`
		10.0.0.0/24 family 41, 2 files of SCCP41.9-4-2SR3-1S
		 1 root depth 0, observed by tcp,serving
		 2 child of 1 depth 1, observed by tcp
		10.0.0.0/24 family 41, 1 files of SCCP41.9-4-2SR3-1S
		 2 root depth 0, observed by tcp,serving
		 1 child of 2 depth 1, observed by tcp
		`)
	if v := w.verify(t); v.Result != Works || len(v.Roots) != 2 || v.Copies != 1 {
		t.Errorf("%+v", v)
	}
}

// TestOneWithSharingOff, TestParentDies ... : each is named by what it did.
func TestOneWithSharingOff(t *testing.T) {
	for _, mirror := range []bool{false, true} {
		w := newWorld(t)
		w.facts.Observing, w.facts.Mirror = true, mirror
		w.fleet(1, 3, "7961", load41, "1", false)
		w.lease(4, "7961")
		w.configured(4, load41.Name, "0")
		w.boot(4)
		w.fetch(1, load41)
		if mirror {
			w.pass(1, 2, load41.Files, true, false, false)
			w.pass(1, 3, load41.Files, true, false, false)
		}
		w.fetch(4, load41)
		w.restart(1, 4)
		v := w.verify(t)
		if v.Result != Partly || v.Peer != 2 || v.Phones != 4 || v.Copies != 2 || len(v.Roots) != 1 || v.Roots[0] != mac(1) ||
			!detailed(v, "SEP001E7A000004 fetched it itself: sharing is off in its file (system)") {
			t.Errorf("mirror %v: %+v", mirror, v)
		}
	}
}

func TestEnabledAndStillFetches(t *testing.T) {
	w := newWorld(t)
	w.facts.Observing = true
	w.fleet(1, 3, "7961", load41, "1", false)
	w.lease(4, "7961")
	w.configured(4, load41.Name, "1")
	w.boot(4)
	w.fetch(1, load41)
	w.fetch(4, load41)
	w.restart(1, 4)
	if v := w.verify(t); v.Result != Partly || !detailed(v, "SEP001E7A000004 fetched it itself: it sent no broadcast", "CSCus67416") {
		t.Errorf("%+v", v)
	}
}

func TestParentDies(t *testing.T) {
	w := newWorld(t)
	w.facts.Observing, w.facts.Mirror = true, true
	w.fleet(1, 3, "7961", load41, "1", false)
	w.fetch(1, load41)
	w.pass(1, 2, load41.Files, false, false, false)
	c := w.call(2, 3, false)
	c.give(0, 100_000)
	c.send(0, rst, 0) // and it is gone
	w.wait(5 * time.Second)
	w.fetch(3, load41)
	v := w.verify(t)
	if v.Result != Partly || v.Peer != 1 || !detailed(v, "SEP001E7A000003 fetched it itself: its parent SEP001E7A000002 stopped after 100000 bytes") {
		t.Errorf("%+v\n%s", v, w.drawn())
	}
}

// A root that dies with the first files out: whoever fetches the others itself
// has shared all the same.
func TestEachGotAPart(t *testing.T) {
	for _, mirror := range []bool{true, false} {
		w := newWorld(t)
		w.facts.Observing, w.facts.Mirror = true, mirror
		w.fleet(1, 3, "7961", load41, "1", false)
		w.fetch(1, load41)
		rest := Load{Name: load41.Name, Files: load41.Files[2:]}
		for _, n := range []int{2, 3} {
			if mirror {
				w.pass(1, n, load41.Files[:2], false, false, false)
			}
			w.fetch(n, rest)
		}
		w.restart(1, 3)
		v := w.verify(t)
		if v.Result != Partly || v.Peer != 0 || v.Some != 2 || mirror != (v.Basis == Observed) || !strings.Contains(v.Text, "none of 3 phones got all of it from a peer, 2 got some") {
			t.Errorf("mirror %v: %+v\n%s", mirror, v, w.drawn())
		}
	}
}

func TestParentDiesSilently(t *testing.T) {
	w := newWorld(t)
	w.facts.Observing, w.facts.Mirror = true, true
	w.fleet(1, 2, "7961", load41, "1", false)
	w.fetch(1, load41)
	c := w.call(1, 2, false)
	c.give(0, 200_000)
	w.wait(3 * time.Minute)
	w.track.Tick(w.now)
	w.fetch(2, load41)
	if v := w.verify(t); v.Result == Works || !detailed(v, "SEP001E7A000002 fetched it itself: its parent SEP001E7A000001 stopped after 200000 bytes") {
		t.Errorf("%+v\n%s", v, w.drawn())
	}
}

func TestNobodyShares(t *testing.T) {
	w := newWorld(t)
	w.facts.Observing = true
	w.fleet(1, 3, "7961", load41, "", true)
	for i := 1; i <= 3; i++ {
		w.fetch(i, load41)
	}
	w.restart(1, 3)
	if v := w.verify(t); v.Result != NotAtAll || v.Copies != 3 || !detailed(v, "SEP001E7A000002 fetched it itself: sharing is not enabled in its file") {
		t.Errorf("%+v", v)
	}
}

// TestOtherBase: a phone of the family with another load is named.
func TestOtherBase(t *testing.T) {
	w := newWorld(t)
	other := Load{Name: "SCCP41.9-0-3S", Files: []File{{"SCCP41.9-0-3S.loads", 640}, {"apps41.9-0-3ES1.sbn", 300000}}}
	w.facts.Loads = append(w.facts.Loads, other)
	w.fleet(1, 3, "7961", load41, "1", false)
	w.lease(4, "7961")
	w.configured(4, other.Name, "1")
	w.boot(4)
	w.fetch(1, load41)
	w.fetch(4, other)
	w.restart(1, 4)
	for _, v := range Verify(w.state.Snapshot(w.facts.Subnets), w.facts, load41.Name) {
		if v.Result != Works || v.Phones != 3 || !detailed(v, "SEP001E7A000004 has another firmware base: it fetched SCCP41.9-0-3S") {
			t.Errorf("%+v", v)
		}
	}
}

// TestNothingIsOkWithoutEvidence: silence is no proof of sharing.
func TestNothingIsOkWithoutEvidence(t *testing.T) {
	had := func(w *world) { // all but one run the load already
		w.fleet(1, 3, "7961", load41, "1", true)
		w.up(2)
		w.up(3)
		w.fetch(1, load41)
	}
	for name, c := range map[string]struct {
		do   func(*world)
		want Result
	}{
		"one phone":         {func(w *world) { w.fleet(1, 1, "7961", load41, "1", false); w.fetch(1, load41); w.restart(1, 1) }, Alone},
		"the others had it": {func(w *world) { had(w); w.restart(1, 3) }, Alone},
		"still waiting":     {func(w *world) { w.fleet(1, 3, "7961", load41, "1", false); w.fetch(1, load41) }, UnderWay},
		"seen, and no more": {func(w *world) { w.fleet(1, 3, "7961", load41, "1", true); w.fetch(1, load41) }, Unsure},
		"behind a relay": {func(w *world) {
			w.facts.Subnets = []netip.Prefix{netPrefix("192.168.1.0/24")}
			w.fleet(1, 3, "7961", load41, "1", true)
			w.fetch(1, load41)
			w.restart(1, 3)
		}, NotSeen},
		"load server": {func(w *world) {
			w.fleet(1, 3, "7961", load41, "1", true)
			w.fetch(1, load41)
			c := w.facts.Phones[mac(2)]
			c.LoadServer = "10.9.9.9"
			w.facts.Phones[mac(2)] = c
			w.restart(1, 3)
		}, NotSeen},
	} {
		w := newWorld(t)
		c.do(w)
		if v := w.verify(t); v.Result != c.want || v.Basis == Observed && v.Result != Alone {
			t.Errorf("%s: %+v\n%s", name, v, w.drawn())
		}
	}
}

// TestThirdChild is against the documents: a phone feeds two at most.
func TestThirdChild(t *testing.T) {
	w := newWorld(t)
	w.facts.Mirror = true
	w.fleet(1, 4, "7961", load41, "1", true)
	w.fetch(1, load41)
	for i := 2; i <= 4; i++ {
		w.pass(1, i, load41.Files, true, false, false)
	}
	if d := w.drawn(); !strings.Contains(d, "! SEP001E7A000001 has 3 children") {
		t.Error(d)
	}
}

// TestUnknownSizes: what fits no file is shown as bytes, its parent all the same.
func TestUnknownSizes(t *testing.T) {
	w := newWorld(t)
	w.facts.Mirror, w.facts.Loads = true, nil
	w.lease(1, "7961")
	w.lease(2, "7961")
	w.pass(1, 2, []File{{"x", 123457}}, false, true, false)
	w.want(`
		10.0.0.0/24 family 41, 1 files of 
		 1 ? depth -1, hypothesis by tcp
		 2 child of 1 depth -1, observed by tcp
		`)
}

// TestHundredPhones at once: one root, all named, and quickly.
func TestHundredPhones(t *testing.T) {
	w := newWorld(t)
	w.facts.Observing, w.facts.Mirror = true, true
	w.fleet(1, 100, "7961", load41, "1", true)
	w.fetch(1, load41)
	for i := 2; i <= 100; i++ {
		w.pass(i/2, i, load41.Files, i%2 == 0, i%3 == 0, i%5 == 0)
	}
	w.restart(1, 100)
	v := w.verify(t)
	if v.Result != Works || v.Peer != 99 || v.Seen != 99 || v.Copies != 1 || len(v.Roots) != 1 {
		t.Errorf("%+v", v)
	}
	deep := 0
	for _, n := range Trees(w.state.Snapshot(nil), w.facts)[0].Nodes {
		deep = max(deep, n.Depth)
	}
	if deep != 6 {
		t.Errorf("depth %d", deep)
	}
}

// TestLogSaysRoot: XID and role by the phone's own log.
func TestLogSaysRoot(t *testing.T) {
	w := newWorld(t)
	w.facts.LogServer = true
	w.fleet(1, 3, "7961", load41, "1", true)
	w.fetch(2, load41)
	for _, r := range ParseLog(strings.NewReplacer("10.106.117.68", "10.0.0.2", "SCCP41.9-4-2SR2-2S", load41.Name).Replace(documents(t)["console-en.txt"])) {
		w.Record(Logged{MAC: mac(2), Addr: addr(2), Record: r})
	}
	tree := Trees(w.state.Snapshot(nil), w.facts)[0]
	if n := tree.Nodes[0]; n.MAC != mac(2) || n.Role != Root || n.Basis != Observed || n.Evidence != ByLog|ByServing {
		t.Errorf("%+v\n%s", n, w.drawn())
	}
	s := w.state.Snapshot(nil)
	if l := s.peer(mac(2)).Log; l.XID != "080027F8" || l.Role(addr(2)) != Root || l.Total != 26 {
		t.Errorf("%+v", l)
	}
}
