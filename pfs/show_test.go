package pfs

import (
	"strings"
	"testing"

	"option150/platform/ether"
)

// small is a family of three, seen on a mirror port.
func small(t *testing.T) *world {
	w := newWorld(t)
	w.facts.Observing, w.facts.Mirror = true, true
	w.fleet(1, 3, "7961", load41, "1", false)
	w.fetch(1, load41)
	w.pass(1, 2, load41.Files, true, false, false)
	w.pass(2, 3, load41.Files, true, true, false)
	return w
}

func TestShowTree(t *testing.T) {
	w := small(t)
	got := ShowTree(Trees(w.state.Snapshot(nil), w.facts), "").String()
	want := `Subnet: 10.0.0.0/24  Family: 41  Load: SCCP41.9-4-2SR3-1S
Files: 3, from SCCP41.9-4-2SR3-1S.loads to apps41.9-4-2ES26.sbn
Phone                Role   Parent           Depth  Bytes   Seconds  From                 Evidence               Basis
SEP001E7A000001      root   -                0      479461  0.1      HTTP                 broadcast,tcp,serving  observed
  SEP001E7A000002    child  SEP001E7A000001  1      479461  0.3      peer, parent called  broadcast,tcp          observed
    SEP001E7A000003  child  SEP001E7A000002  2      479461  0.3      peer, child called   broadcast,tcp          observed
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for what, some := range map[string]bool{"SCCP41.9-4-2SR3-1S": true, "sccp41.9-4-2sr3-1s.loads": true, "apps41.9-4-2ES26.sbn": true, "x": false} {
		if got := ShowTree(Trees(w.state.Snapshot(nil), w.facts), what).String(); strings.Contains(got, "root") != some {
			t.Errorf("%s: %s", what, got)
		}
	}
}

// TestShows: every text says what was seen, and none what automation reads as a
// failure.
func TestShows(t *testing.T) {
	w := small(t)
	for _, r := range ParseLog(documents(t)["console-en.txt"]) {
		w.Record(Logged{MAC: mac(1), Addr: addr(1), Record: r})
	}
	s := w.state.Snapshot(nil)
	st := Status{Sensors: []Sensor{{Interface: "GigabitEthernet0/0", Auto: true, State: "running", Counters: w.track.Counters}}, Log: LogStatus{Port: 514, State: "running"}}
	none := func(ether.MAC) string { return "" }
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"verify":     {ShowVerify(Verify(s, w.facts, "")).String(), []string{"10.0.0.0/24  41      SCCP41.9-4-2SR3-1S  works", "sharing works: 2 of 3 phones got it from a peer, 1 copy served by this box (observed)"}},
		"peers":      {ShowPeers(s, w.facts).String(), []string{"SEP001E7A000002  10.0.0.2  7961   41      10.0.0.0/24  5       1", "080027F8"}},
		"evidence":   {ShowEvidence(s).String(), []string{"broadcast  SEP001E7A000003  observed  5 frames, 4 of them 250 ms apart, 10 bytes each, 9 bytes the same, first bytes 5046532d544553542030, strings seen: PFS-TEST", "tcp", "sent SEP001E7A000003"}},
		"phone":      {ShowPhone(s, w.facts, mac(1)), []string{"Sharing:     enabled (system)", "Role:        root of SCCP41.9-4-2SR3-1S (observed, by broadcast,tcp,serving)", "Role:        root of SCCP41.9-4-2SR2-2S.loads (observed, by broadcast,log)", "26 records, role root, XID 080027F8", "Sent:"}},
		"statistics": {ShowStatistics(st, s).String(), []string{"Received", "Strangers"}},
		"config":     {ShowConfig(s, w.facts, none).String(), []string{"SEP001E7A000001  ephone 1       -      ?            on     system"}},
		"pfs":        {Show(st, s, w.facts).String(), []string{"GigabitEthernet0/0  observe (serves phones)", "opens no socket on port 4051"}},
	} {
		for _, x := range c.want {
			if !strings.Contains(c.text, x) {
				t.Errorf("%s does not say %q:\n%s", name, x, c.text)
			}
		}
		for _, bad := range []string{"not found", "ERROR:", "connection timed out", "overlaps with", "% Invalid"} {
			if strings.Contains(c.text, bad) {
				t.Errorf("%s says %q", name, bad)
			}
		}
	}
}

// TestOccurrences: a value of the log among the bytes is a hypothesis.
func TestOccurrences(t *testing.T) {
	p := Peer{Log: Log{XID: "080027F8", H: "36685558"}, Bursts: []Broadcast{{Head: "5046532d54455354" + "f8270008"}, {Head: "00"}}}
	o := p.Occurrences()
	if len(o) != 1 || !strings.Contains(o[0], "XID (080027F8), reversed, occurs at byte 8 of the first frame of 1 of 2") {
		t.Errorf("%q", o)
	}
}

func TestContradiction(t *testing.T) {
	w := newWorld(t)
	w.facts.Observing = true
	w.fleet(1, 3, "7961", load41, "1", false)
	w.lease(4, "7961")
	w.configured(4, load41.Name, "1")
	w.boot(4)
	w.fetch(1, load41)
	w.fetch(4, load41)
	w.restart(1, 4)
	trees := Trees(w.state.Snapshot(nil), w.facts)
	c := Contradictions(trees, w.facts)
	if len(c) != 1 || !strings.Contains(c[mac(4)], "enabled, and it fetched SCCP41.9-4-2SR3-1S itself") {
		t.Errorf("%q", c)
	}
	var r Reporter
	roles := map[ether.MAC]Roles{}
	for _, e := range r.Report(trees) {
		roles[e.MAC] = e
	}
	if roles[mac(1)].Text() != "root of SCCP41.9-4-2SR3-1S" || roles[mac(2)].Role != Child || !roles[mac(4)].Outside || roles[mac(1)].Outside {
		t.Errorf("%+v", roles)
	}
	if again := r.Report(trees); again != nil {
		t.Errorf("said twice: %+v", again)
	}
}
