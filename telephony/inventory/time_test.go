package inventory

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/wire"
)

// ownWait is how long the rule of a scenario waits of its own, from the last
// thing that happened on.
func (c scenario) ownWait(w Waits) time.Duration {
	switch c.code + " " + string(c.basis) {
	case "R01 observed":
		return w.NoDiscover
	case "R02 inferred":
		return w.NoOffer
	case "R04 observed":
		return w.Lease
	case "R05 inferred", "R38 inferred", "R45 observed", "R45 inferred", "R46 observed", "R47 inferred", "R48 inferred":
		return w.NoFile
	case "R30 inferred":
		return w.NoReturn
	case "R32 observed":
		return w.Stale
	case "R25 observed", "R25 inferred", "R28 observed":
		if strings.Contains(c.name, "has ended") {
			return w.NoFile
		}
		return w.Quiet // until silence says that it has all
	}
	return 0
}

// inTime is how long a verdict may take beyond that.
const inTime = 5 * time.Second

// TestInTime: over all rules, the verdict stands within five seconds of the
// rule's own wait after the last fact, and where it is one to be told, a message
// tells it within the same time. By the time of the events, to a quarter second.
func TestInTime(t *testing.T) {
	shown := map[string]bool{}
	for _, c := range scenarios() {
		if c.code == OK || c.code == Open {
			continue
		}
		shown[c.code] = true
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(parts9...)
			said := &record0{}
			r := newReporter(said, w.waits)
			var stood, told, looked time.Time
			w.step = func() {
				for _, p := range w.Phones(w.now) {
					if p.Verdict.Code == c.code && stood.IsZero() {
						stood = w.now
					}
				}
				if w.now.Sub(looked) >= lookOften {
					looked = w.now
					if r.due(w.now, w.events) {
						r.look(w.now, w.Phones(w.now), w.Scans())
					}
					for _, m := range said.all {
						if told.IsZero() && strings.Contains(m, "STUCK") && strings.Contains(m, c.code+" ") {
							told = w.now
						}
					}
				}
			}
			c.do(w)
			last, most := w.fact, c.ownWait(w.waits)+inTime
			w.wait(most)
			w.step()
			if stood.IsZero() || stood.Sub(last) > most {
				t.Errorf("it stands %s after the last fact, want %s at most\n%s", stood.Sub(last), most, ShowBoots(w.look(t), w.now, "", 3))
			}
			if weightOf(c.code) > stays && (told.IsZero() || told.Sub(last) > most) {
				t.Errorf("it is told %s after the last fact, want %s at most: %q", told.Sub(last), most, said.all)
			}
			if weightOf(c.code) <= stays && !told.IsZero() {
				t.Errorf("a phone that is not stuck is told to be: %q", said.all)
			}
		})
	}
	for _, r := range rules() {
		if !shown[r.Code] && r.Code != "R33" {
			t.Errorf("%s is not shown", r.Code)
		}
	}
	// R33 is about an address.
	w := newWorld()
	said := &record0{}
	r := newReporter(said, w.waits)
	for i := range scanNames + 1 {
		w.miss("/" + ether.MAC{0, 0x1e, 0x7a, 0, 1, byte(i)}.Device() + ".cnf.xml")
	}
	r.look(w.now, w.Phones(w.now), w.Scans())
	if len(said.all) != 1 || !strings.Contains(said.all[0], "SCAN") {
		t.Errorf("%q", said.all)
	}
}

// TestStaleFileIsUp: a phone that runs with the file before works. It counts as
// up wherever phones are counted, and nothing is taken back for it; one of which
// it is not known what it runs does not count for its old file.
func TestStaleFileIsUp(t *testing.T) {
	w := newWorld(parts9...)
	said := &record0{}
	r := newReporter(said, w.waits)
	w.setup(Setup{Load: load9}).config().chain().wait(time.Minute).config().wait(quiet)
	r.look(w.now, w.Phones(w.now), nil)
	w.setup(Setup{Load: load9, Changed: w.now}).wait(DefaultWaits().Stale)
	p := want(t, w, "stale", Provisioned, "R32")
	r.look(w.now, w.Phones(w.now), nil)
	if !p.Up() || p.Against {
		t.Errorf("%+v", p)
	}
	if len(said.all) != 1 {
		t.Errorf("%q", said.all)
	}
	if s := ShowPhones(w.Phones(w.now), nil).String(); !strings.Contains(s, "1 phone, 1 up: 1 provisioned") || !strings.Contains(s, "1 with R32") {
		t.Errorf("%s", s)
	}
	if s := Explain("R32"); !strings.Contains(s, "counts as up") || strings.Contains(s, "not up") {
		t.Error(s)
	}
	if c := Causes([]Phone{{State: Provisioned, Verdict: Verdict{Code: "R32"}}, {State: Stuck, Verdict: Verdict{Code: "R08"}}, {Verdict: Verdict{Code: Open}}}); c[0].Code != "R08" || c[1].Code != Open || c[2].Code != "R32" {
		t.Errorf("%+v", c)
	}
	w = newWorld(parts9...)
	w.setup(Setup{Load: load9, Server: "192.168.9.9"}).config().get("/g3-tones.xml", 10)
	w.setup(Setup{Load: load9, Server: "192.168.9.9", Changed: w.now}).wait(DefaultWaits().Stale)
	if p := want(t, w, "unknown load", Provisioned, "R32"); p.Up() {
		t.Errorf("%+v", p)
	}
	for code, up := range map[string]string{"R08": "stuck", "R22": "does not count as up", "R25": "does not count as up", "R31": "may come up"} {
		if s := Explain(code); !strings.Contains(s, up) {
			t.Errorf("%s: %s", code, s)
		}
	}
}

// TestMirrorPort: what a mirror port shows of a phone: its registration takes the
// place of every inference, its end takes an ok back at once and is told when the
// phone has not come back, and frames seen on two interfaces count once.
func TestMirrorPort(t *testing.T) {
	w := newWorld(parts9...)
	said := &record0{}
	r := newReporter(said, w.waits)
	look := func() { r.look(w.now, w.Phones(w.now), nil) }
	w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}}).config().mirror(load9, pbx.Addr().String())
	p := want(t, w, "registered", Provisioned, OK)
	if p.Basis != Observed || p.LoadBasis != Observed || p.Load != load9 || !strings.Contains(p.Verdict.Evidence, "a mirror port shows that 10.0.0.2 registered it") {
		t.Errorf("%+v", p)
	}
	w.wait(quiet)
	look()
	w.ev(wire.Told{MAC: w.mac, Addr: w.addr, By: wire.Mirror, Idle: true})
	want(t, w, "ended", Configured, Open)
	look()
	if len(said.all) != 1 {
		t.Errorf("a phone that restarts is taken back: %q", said.all)
	}
	w.wait(time.Second).mirror("", pbx.Addr().String()).wait(quiet)
	want(t, w, "registered again", Provisioned, OK)
	w.ev(wire.Told{MAC: w.mac, Addr: w.addr, By: wire.Mirror, Idle: true})
	w.wait(DefaultWaits().NoFile)
	look()
	if len(said.all) != 3 || !strings.Contains(said.all[1], "WITHDRAWN") || !strings.Contains(said.all[2], "R25 It has all it asked for, and its registration at 10.0.0.2 has ended") {
		t.Errorf("%q", said.all)
	}
	// The same ARP request, on the port of the LAN and on the mirror port.
	w = newWorld(parts9...)
	w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}}).config()
	for range 2 {
		w.ev(wire.Sought{MAC: w.mac, Client: w.addr, Target: pbx.Addr()})
		w.ev(wire.Sought{MAC: w.mac, Client: w.addr, Target: pbx.Addr()})
		w.wait(time.Second)
	}
	if p := w.look(t); p.Verdict.Code == "R25" {
		t.Errorf("%+v", p.Verdict)
	}
	w.ev(wire.Sought{MAC: w.mac, Client: w.addr, Target: pbx.Addr()})
	w.ev(wire.Sought{MAC: w.mac, Client: w.addr, Target: pbx.Addr()})
	want(t, w, "three times", Configured, "R25")
	// A connection refused by another server than this box is no fault of ours.
	w = newWorld(parts9...)
	w.config()
	w.ev(wire.Refused{MAC: w.mac, Client: w.addr, Server: foreign, Port: 6970})
	w.wait(quiet)
	if p := want(t, w, "refused elsewhere", Provisioned, OK); p.Fallback != "" || len(p.Others) > 0 {
		t.Errorf("%+v", p)
	}
	// An encrypted connection does not take the place of what is known better.
	w = newWorld(parts9...)
	w.setup(Setup{Load: load9, Control: []netip.AddrPort{pbx}}).config().mirror(load9, pbx.Addr().String())
	w.ev(wire.Told{MAC: w.mac, Addr: w.addr, By: wire.Mirror, CallControl: "10.0.0.9", Inferred: true})
	if p := want(t, w, "a second connection", Provisioned, OK); p.Basis != Observed {
		t.Errorf("%+v", p)
	}
}
