package inventory

import (
	"strings"
	"testing"
	"time"

	"option150/pfs"
	"option150/platform/ether"
)

// part is a fact of package pfs about the phone.
func (w *world) part(r pfs.Roles) *world {
	r.MAC, r.Addr, r.Load, r.File = w.mac, w.addr, load9, load9+".loads"
	if r.Basis == "" {
		r.Basis = pfs.Observed
	}
	w.ev(r)
	return w
}

// timeline is the lines of the newest boot.
func timeline(p Phone) string {
	var b strings.Builder
	for _, l := range p.Boots[len(p.Boots)-1].Lines {
		b.WriteString(l.Transport + " " + l.What + " " + l.Name + " (" + l.Remark + ")\n")
	}
	return b.String()
}

func mustSay(t *testing.T, what, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("%s does not say %q:\n%s", what, p, text)
		}
	}
}

// TestRootOfLoad: the root of a load is one in its timeline and while it fetches.
func TestRootOfLoad(t *testing.T) {
	w := newWorld(parts9...)
	w.setup(Setup{Load: load9, Sharing: true})
	w.config().get("/"+load9+".loads", 655).get("/"+parts9[0], 1000)
	w.part(pfs.Roles{Role: pfs.Root, Basis: pfs.Inferred}).part(pfs.Roles{Role: pfs.Root, Basis: pfs.Inferred}).part(pfs.Roles{Role: pfs.Root})
	p := want(t, w, "root", Loading, Open)
	mustSay(t, "the verdict", p.Verdict.Text, "It fetches its load "+load9+" and is its root")
	mustSay(t, "the timeline", timeline(p), "PFS role root of "+load9+" (inferred)", "PFS role root of "+load9+" (observed)")
	if n := strings.Count(timeline(p), "PFS role"); n != 2 {
		t.Errorf("said %d times", n)
	}
}

// TestWaitsForPeer: a phone that takes part waits, whatever it sent itself; and
// where it is known why it has got nothing, that is said.
func TestWaitsForPeer(t *testing.T) {
	w := newWorld(parts9...)
	w.setup(Setup{Load: load9, Sharing: true})
	w.config().part(pfs.Roles{Role: pfs.Waiting, Basis: pfs.Hypothesis}).wait(time.Hour)
	p := want(t, w, "waiting", Configured, Open)
	mustSay(t, "the verdict", p.Verdict.Text+"|"+p.Verdict.Evidence, "waits for a peer's copy of "+load9, "waits for "+load9+" (hypothesis)")
	w.part(pfs.Roles{Role: pfs.Waiting, Why: "its transfer from this box stopped after 9 bytes"})
	p = want(t, w, "stopped", Configured, Open)
	mustSay(t, "the verdict", p.Verdict.Text, "has not got "+load9+": its transfer from this box stopped after 9 bytes")
	// Another load's wait says nothing of the one it is to run.
	w = newWorld(parts9...)
	w.setup(Setup{Load: load9})
	w.config()
	w.ev(pfs.Roles{MAC: ours, Load: "SCCP42.9-4-2S", Role: pfs.Waiting, Basis: pfs.Observed})
	w.wait(time.Hour)
	if p := w.look(t); strings.Contains(p.Verdict.Text, "peer") {
		t.Error(p.Verdict.Text)
	}
}

// TestHadFromPeer: a phone that had its load from a peer and came back runs it,
// and the verdict says where it had it from.
func TestHadFromPeer(t *testing.T) {
	for _, parent := range []ether.MAC{{}, {0, 0x1e, 0x7a, 0, 0, 9}} {
		w := newWorld(parts9...)
		w.setup(Setup{Load: load9, Sharing: true})
		w.config().part(pfs.Roles{Role: pfs.Waiting}).wait(time.Minute).config()
		w.part(pfs.Roles{Role: pfs.Child, Parent: parent}).get("/g3-tones.xml", 10)
		p := want(t, w, "child", Provisioned, OK)
		from := "a peer"
		if !parent.IsZero() {
			from = "its peer " + parent.Device()
		}
		mustSay(t, "the verdict", p.Verdict.Text, "runs its load "+load9+", which it had from "+from)
		mustSay(t, "the timeline", timeline(p), "PFS role got "+load9+" from ")
		if p.Load != load9 || p.LoadBasis != Inferred {
			t.Errorf("load %q %s", p.Load, p.LoadBasis)
		}
	}
}

// TestOutsiderByEvidence: R31 says why, and its advice is for that cause.
func TestOutsiderByEvidence(t *testing.T) {
	for _, sharing := range []bool{true, false} {
		w := newWorld(parts9...)
		w.setup(Setup{Section: "ephone 2", Load: load9, Sharing: sharing})
		w.config().get("/"+load9+".loads", 655).get("/"+parts9[0], 1000)
		why := "sharing is off in its file (phone)"
		w.part(pfs.Roles{Role: pfs.Self, Outside: true, Why: why, Basis: pfs.Inferred})
		p := want(t, w, "outside", Loading, "R31")
		mustSay(t, "the verdict", p.Verdict.Text, "while phones of its family on its subnet share it: "+why)
		if p.Verdict.Basis != Inferred || p.Verdict.Blocking {
			t.Errorf("%+v", p.Verdict)
		}
		fix := p.Verdict.Fix.String()
		mustSay(t, "the advice", fix, "show pfs phone "+ours.Device())
		if on := strings.Contains(fix, "ephone 2 / service phone peerFirmwareSharing 1"); on == sharing {
			t.Errorf("sharing %v: %s", sharing, fix)
		}
		// When it is up, that is beside it, and the load it fetched is no new one.
		w.chain().wait(time.Minute).config().get("/g3-tones.xml", 10)
		p = want(t, w, "up", Provisioned, OK)
		if len(p.Others) != 1 || p.Others[0].Code != "R31" {
			t.Errorf("%+v", p.Others)
		}
		w.wait(time.Hour).config().get("/g3-tones.xml", 10)
		if p := want(t, w, "later", Provisioned, OK); len(p.Others) != 0 {
			t.Errorf("%+v", p.Others)
		}
	}
}
