package lab

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/cli/session"
	"option150/platform/netns"
	"option150/telephony/inventory"
	"option150/telephony/simphone"
)

// few are the faults that stand for the others where all of them would take
// too long: each has a way of its own to show and to be cured.
var few = map[string]bool{"no-pool": true, "rogue-dhcp": true, "refused-image": true, "unknown-phone": true, "dead-call-control": true, "scan": true}

// restarted are those whose phone runs on with what it has, an older load or the
// default file, until somebody restarts it.
var restarted = map[string]bool{"load-typo": true, "unknown-phone": true, "access-list": true, "between-images": true, "remembered-server": true,
	"stray-file": true, "no-files": true, "dead-load-server": true, "dead-load-server-of-one": true, "wrong-type": true, "unknown-sip-phone": true, "nobody-knows-it": true, "no-sip-files": true, "no-gateway": true, "no-hfs": true, "busy": true}

// shownLate are the codes a phone can come up with: it takes a question to its
// call control, or some boots, and what its peers do is known behind it.
var shownLate = map[string]bool{"R25": true, "R26": true, "R31": true}

// TestFaults: each defect gives its verdict, with its basis, one line of
// evidence and advice; what the advice says is done, to the running box where
// it is a line of it, and the phone comes up.
func TestFaults(t *testing.T) {
	netns.Need(t)
	for _, f := range Faults() {
		if testing.Short() && !few[f.Name] {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			if !alone(t) {
				f.shown(t)
			}
		})
	}
}

func (f Fault) shown(t *testing.T) {
	victim := f.Victim()
	healthy := victim
	for _, s := range simphone.Catalogue() {
		if s.MAC == victim.MAC {
			healthy = s
		}
	}
	var phones []simphone.Spec
	if f.model == nil {
		phones = []simphone.Spec{healthy}
	}
	l, err := New(Options{Root: t.TempDir(), SSH: "127.0.0.1:0", Phones: phones, Fault: &f})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = l.Run(ctx) }()
	defer func() { stop(); <-done; l.Close() }()
	inv := l.Box.Box().Inventory
	look := func() inventory.Phone { p, _ := inv.Phone(victim.MAC, time.Now()); return p }

	var v inventory.Verdict
	wait(t, 40*time.Second, "verdict "+f.Code, func() string {
		p := look()
		if f.Code == "R33" {
			if s := inv.Scans(); len(s) > 0 {
				v = s[0].Verdict()
				return ""
			}
			return "no scan"
		}
		for _, x := range append([]inventory.Verdict{p.Verdict}, p.Others...) {
			if x.Code == f.Code {
				v = x
				return ""
			}
		}
		if p.Up() && f.after == nil && !shownLate[f.Code] {
			t.Fatalf("ok, with %s\n%s", f.Name, inventory.ShowBoots(p, time.Now(), "", 3))
		}
		return inventory.ShowBoots(p, time.Now(), "", 3)
	})
	if v.Basis == "" || v.Evidence == "" || v.Text == "" || len(v.Fix) == 0 {
		t.Errorf("%+v", v)
	}
	if v.Blocking && f.Code != "R33" && look().State != inventory.Stuck {
		t.Errorf("the phone is %s", look().State)
	}

	if said := l.typed(t, "show lab answer"); !strings.Contains(said, f.Name) || !strings.Contains(said, f.Says) || !strings.Contains(said, "Verdict "+f.Code) {
		t.Errorf("show lab answer: %q", said)
	}

	var out bytes.Buffer
	b := l.Box.Box()
	s := session.New(session.Options{Language: b.Language, Store: b.Store, Recorder: b.Journal, Out: &out, Line: "con0", From: "console", Privilege: 15})
	for _, line := range []string{"configure terminal", "file prompt quiet", "end"} {
		s.Line(ctx, line)
	}
	out.Reset()
	typed := false
	for _, fix := range v.Fix {
		for _, line := range fix.Lines() {
			typed = typed || !strings.HasPrefix(line, "show ") && !strings.HasPrefix(line, "ping ")
			s.Line(ctx, line)
		}
	}
	if strings.Contains(out.String(), "% Invalid") || strings.Contains(out.String(), "%Error") {
		t.Errorf("FIX %s: %s", v.Fix, out.String())
	}
	if f.Code == "R33" {
		return // nothing of a phone is to come up
	}
	if f.cure != nil {
		if err := f.cure(l); err != nil {
			t.Fatal(err)
		}
	} else if !typed {
		t.Fatalf("FIX %s: nothing of it can be done here", v.Fix)
	}
	if restarted[f.Name] {
		if err := l.Replug(victim); err != nil {
			t.Fatal(err)
		}
	}
	wait(t, 60*time.Second, "the phone after FIX "+v.Fix.String(), func() string {
		p := look()
		if !p.Up() || p.Verdict.Code == f.Code || slices.ContainsFunc(p.Others, func(v inventory.Verdict) bool { return v.Code == f.Code }) {
			return inventory.ShowBoots(p, time.Now(), "", 3)
		}
		return ""
	})
}

// wait asks until the answer is "".
func wait(t *testing.T, most time.Duration, what string, f func() string) {
	t.Helper()
	for end := time.Now().Add(most); ; {
		text := f()
		if text == "" {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s\n%s", what, most, text)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func TestFaultArguments(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range Faults() {
		if seen[f.Name] || f.Says == "" || !strings.Contains(FaultList(), f.Name) {
			t.Errorf("%+v", f)
		}
		seen[f.Name] = true
		if o, ok := parse([]string{"--fault", f.Name}); !ok || o.Fault == nil || o.Fault.Name != f.Name {
			t.Errorf("--fault %s is not taken", f.Name)
		}
	}
	if o, ok := parse([]string{"--fault", "random"}); !ok || o.Fault == nil || !seen[o.Fault.Name] {
		t.Error("random")
	}
	for _, bad := range [][]string{{"--fault", "nothing"}, {"--fault", "scan", "--pfs"}} {
		if _, ok := parse(bad); ok {
			t.Errorf("%q is accepted", bad)
		}
	}
}
