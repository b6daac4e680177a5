package inventory

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/dhcp"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
)

var parts9 = []string{"jar41sccp.9-4-2ES26.sbn", "cnu41.9-4-2ES26.sbn", "apps41.9-4-2ES26.sbn", "dsp41.9-4-2ES26.sbn", "cvm41sccp.9-4-2ES26.sbn"}

func want(t *testing.T, w *world, step string, state State, code string) Phone {
	t.Helper()
	p := w.look(t)
	if p.State != state || p.Verdict.Code != code {
		t.Errorf("%s: %s %s (%s), want %s %s", step, p.State, p.Verdict.Code, p.Verdict.Text, state, code)
	}
	if p.Basis == "" || p.Verdict.Basis == "" || p.Verdict.Evidence == "" {
		t.Errorf("%s: state or verdict without basis: %+v", step, p)
	}
	if p.Verdict.Text == "" || p.Verdict.Code != "ok" && p.Verdict.Code != "-" && len(p.Verdict.Fix) == 0 {
		t.Errorf("%s: verdict without text or fix: %+v", step, p.Verdict)
	}
	return p
}

// TestCleanBoot walks through the states of a phone that runs its load.
func TestCleanBoot(t *testing.T) {
	w := newWorld()
	w.discover(class61)
	want(t, w, "discover", Seen, "-")
	w.lease(class61)
	want(t, w, "lease", Addressed, "-")
	w.trust()
	want(t, w, "trust", Addressed, "-")
	w.ask(w.sep())
	want(t, w, "asked", Addressed, "-")
	w.port--
	w.get(w.sep(), 6412)
	p := want(t, w, "configured", Configured, "-")
	if p.Boot != 1 || p.Model != "7961" || p.Pool != "PHONES" || p.Addr != addr1 || p.Load != "" || p.Device() != "SEP001E7A000001" {
		t.Errorf("%+v", p)
	}
	w.wait(quiet)
	p = want(t, w, "quiet", Provisioned, "ok")
	if p.Took <= 0 || p.Took > time.Second || p.Fallback != "" {
		t.Errorf("took %v, fallback %q", p.Took, p.Fallback)
	}
	// A renewal and a ring list a day later change nothing.
	w.wait(12 * time.Hour)
	w.ev(dhcp.Ack{MAC: w.mac, Addr: w.addr, Renewal: true, Option150: []netip.Addr{box}})
	if p := want(t, w, "renewal", Provisioned, "ok"); p.Boot != 1 {
		t.Errorf("boot %d after a renewal", p.Boot)
	}
	// A new boot.
	w.wait(time.Hour).discover(class61)
	if p := want(t, w, "again", Seen, "-"); p.Boot != 2 {
		t.Errorf("boot %d", p.Boot)
	}
}

func TestNextPhaseMeansProvisionedAtOnce(t *testing.T) {
	w := newWorld()
	w.config().get("/united_states/g3-tones.xml", 100)
	want(t, w, "tones", Provisioned, "ok")
	w = newWorld()
	w.config().ask("/united_states/g3-tones.xml")
	want(t, w, "tones asked", Configured, "-")
	w = newWorld()
	w.config().miss("/united_states/g3-tones.xml") // no locale here: no reason not to work
	want(t, w, "no tones", Provisioned, "ok")
}

// TestUpgrade: every file of the load sent is not yet running it; the phone
// back without asking again is.
func TestUpgrade(t *testing.T) {
	w := newWorld(parts9...)
	w.setup(Setup{Load: load9})
	w.config().get("/"+load9+".loads", 655)
	if p := want(t, w, "loads", Loading, "-"); p.Load != "" || p.Wanted != load9 {
		t.Errorf("runs %q, wanted %q", p.Load, p.Wanted)
	}
	for i, n := range parts9 {
		if i == 4 {
			w.ask("/" + n)
			want(t, w, "last asked", Loading, "-")
			w.port--
		}
		w.get("/"+n, 1000000)
		if i < 4 {
			want(t, w.wait(5*time.Second), n, Loading, "-")
		}
	}
	want(t, w.wait(time.Minute), "all", Loading, "-")
	// It restarts and runs the load.
	w.wait(time.Minute).config()
	want(t, w, "back", Configured, "-")
	if p := want(t, w.wait(quiet), "after", Provisioned, "ok"); p.Boot != 2 || p.Load != load9 || p.LoadBasis != Observed || p.Basis != Inferred {
		t.Errorf("boot %d load %q %s, state %s", p.Boot, p.Load, p.LoadBasis, p.Basis)
	}
	// The next boot too, and now it is known for good.
	w.wait(time.Hour).config().get("/Ringlist.xml", 10)
	if p := want(t, w, "next boot", Provisioned, "ok"); p.Load != load9 || p.LoadBasis != Observed || p.Basis != Observed {
		t.Errorf("load %q %s, state %s", p.Load, p.LoadBasis, p.Basis)
	}
}

func TestLoadNobodyKnows(t *testing.T) {
	w := newWorld()
	w.config().get("/SCCP41.8-5-2S.loads", 655).get("/jar41sccp.8-5-2TH1-9.sbn", 1000)
	want(t, w.wait(time.Minute), "a part", Loading, "-")
	w.config().wait(quiet)
	if p := want(t, w, "back", Provisioned, "ok"); p.Load != "SCCP41.8-5-2S" {
		t.Errorf("load %q", p.Load)
	}
}

// TestPhoneGoesOn: a phone that was sent a load and goes on without a restart
// did not take it; a newer model may fetch it beside its work.
func TestPhoneGoesOn(t *testing.T) {
	w := newWorld(parts9...)
	w.config().get("/"+load9+".loads", 655).get("/"+parts9[0], 1000)
	want(t, w.wait(time.Minute), "a long time", Loading, "-")
	w.get("/g3-tones.xml", 10)
	want(t, w.wait(time.Hour), "it went on", Stuck, "R15")
	w = newWorld()
	w.lease("Cisco Systems, Inc. IP Phone CP-8841").trust().get(w.sep(), 6412).get("/sip88xx.12-0-1MN-113.loads", 655).get("/AppDialRules.xml", 25)
	want(t, w.wait(time.Minute), "a newer one", Loading, "-")
	w.lease("Cisco Systems, Inc. IP Phone CP-8841").trust().get(w.sep(), 6412).get("/AppDialRules.xml", 25)
	want(t, w, "a newer one is back", Provisioned, "ok")
}

func TestFallbackToTFTP(t *testing.T) {
	w := newWorld()
	w.lease(class61)
	w.http = false
	w.box.HTTP = false
	w.trust().get(w.sep(), 6412).wait(quiet)
	p := want(t, w, "inferred", Provisioned, "ok")
	if p.Fallback != Inferred || len(p.Others) != 1 || p.Others[0].Code != "R10" || p.Others[0].Basis != Inferred {
		t.Errorf("%q %+v", p.Fallback, p.Others)
	}
	// The port is known to be open: firmware older than 9.3 explains it.
	w.box.HTTP = true
	if p := want(t, w, "open", Provisioned, "ok"); p.Fallback != "" || len(p.Others) != 0 {
		t.Errorf("%q %+v", p.Fallback, p.Others)
	}
	// Then it is not the load it is to run, whatever silence says.
	w.setup(Setup{Load: load9})
	w.wait(time.Hour).lease(class61).trust().get(w.sep(), 6412).wait(time.Hour)
	if p := want(t, w, "older", Configured, "-"); p.Load != "" || !strings.Contains(p.Verdict.Text, "older than "+load9) {
		t.Errorf("%q: %s", p.Load, p.Verdict.Text)
	}
	// The model has never known HTTP: no finding.
	w = newWorld()
	w.lease("Cisco Systems, Inc. IP Phone CP-7940G")
	w.http = false
	w.get(w.sep(), 6412).wait(quiet)
	if p := want(t, w, "7940", Provisioned, "ok"); p.Fallback != "" || len(p.Others) != 0 {
		t.Errorf("%q %+v", p.Fallback, p.Others)
	}
}

func TestBusyThenTFTP(t *testing.T) {
	w := newWorld()
	w.lease(class61).busy("/CTLSEP001E7A000001.tlv")
	w.http = false
	w.miss("CTLSEP001E7A000001.tlv")
	w.http = true
	w.get(w.sep(), 6412)
	want(t, w, "a failure a moment ago", Configured, "R23")
	w.wait(quiet)
	want(t, w, "later", Provisioned, "ok")
}

// TestComponentByBothTransports: a busy answer on HTTP, the same file by TFTP.
func TestComponentByBothTransports(t *testing.T) {
	w := newWorld(parts9...)
	w.config().get("/"+load9+".loads", 655)
	for i, n := range parts9 {
		if i == 2 {
			w.busy("/" + n)
			w.http = false
			w.get(n, 1000)
			w.http = true
			continue
		}
		w.get("/"+n, 1000)
	}
	want(t, w.wait(quiet), "all", Loading, "R23")
	want(t, w.config().wait(quiet), "back", Provisioned, "ok")
}

func TestRestartWithoutDiscover(t *testing.T) {
	w := newWorld()
	w.config().wait(time.Minute)
	w.trust().get(w.sep(), 6412).wait(2 * time.Minute)
	if p := want(t, w, "second", Provisioned, "ok"); p.Boot != 2 {
		t.Errorf("boot %d", p.Boot)
	}
	w.wait(bootQuiet).get("/Ringlist.xml", 10)
	if p := want(t, w, "a ring list", Provisioned, "ok"); p.Boot != 2 {
		t.Errorf("boot %d for a ring list", p.Boot)
	}
	w.wait(bootQuiet).get(w.sep(), 6412)
	if p := w.look(t); p.Boot != 3 {
		t.Errorf("boot %d after a long silence", p.Boot)
	}
}

func TestAddressBeforeName(t *testing.T) {
	w := newWorld()
	w.http = false
	w.miss("term61.default.loads")
	l := w.Phones(w.now)
	if len(l) != 1 || l[0].Device() != "-" || l[0].Verdict.Code != "R14" {
		t.Fatalf("%+v", l)
	}
	w.ask("CTLSEP001E7A000001.tlv")
	l = w.Phones(w.now)
	if len(l) != 1 || l[0].Device() != "SEP001E7A000001" {
		t.Fatalf("%+v", l)
	}
	p := w.look(t)
	if lines := p.Boots[0].Lines; len(lines) != 2 || lines[0].Name != "term61.default.loads" {
		t.Errorf("%+v", lines)
	}
}

func TestAdoptKeepsTheDHCPLines(t *testing.T) {
	w := newWorld()
	w.http = false
	w.ask("XMLDefault.cnf.xml") // by an address nobody leased
	w.discover(class61)
	w.ev(dhcp.Ack{MAC: ours, Addr: addr1})
	c, l := w.ends()
	w.ev(fileserver.Served{Transport: fileserver.TFTP, Client: c, Local: l, Name: "XMLDefault.cnf.xml", Size: 5, Bytes: 5, Complete: true})
	p := w.look(t)
	var got []string
	for _, l := range p.Boots[0].Lines {
		got = append(got, l.What+l.Result)
	}
	if !slices.Equal(got, []string{"DISCOVER", "RRQsent", "ACK"}) {
		t.Errorf("%q", got)
	}
}

func TestPCsAreNoPhones(t *testing.T) {
	w := newWorld()
	w.lease("MSFT 5.0").get("/index.html", 10)
	if l := w.Phones(w.now); len(l) != 0 {
		t.Errorf("%+v", l)
	}
}

func TestBounds(t *testing.T) {
	w := newWorld()
	w.http = false
	// A scanner names more phones than it may.
	for i := range 500 {
		w.mac = ether.MAC{0, 0, 0, 1, byte(i >> 8), byte(i)}
		w.ask(w.mac.Device() + ".cnf.xml")
		w.now = zero
	}
	if l, s := w.Phones(w.now), w.Scans(); len(l) != 0 || len(s) != 1 || s[0].Asked != 500 {
		t.Errorf("%d phones of a scanner, %+v", len(l), s)
	}
	// More phones than there is room for: the oldest go.
	for i := range MaxPhones + 10 {
		w.mac, w.addr = ether.MAC{0, 0, 0, 2, byte(i >> 8), byte(i)}, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		w.lease(class61)
	}
	if n := len(w.phones); n != MaxPhones {
		t.Errorf("%d phones", n)
	}
	if _, ok := w.Phone(w.mac, w.now); !ok || len(w.byIP) > MaxPhones {
		t.Errorf("the newest is gone, or %d addresses are left", len(w.byIP))
	}
	// One phone: lines, boots, names, requests without answer.
	for range 10 {
		w.wait(time.Minute).discover(class61)
		for i := range 200 {
			w.ask(fmt.Sprintf("%s%d.loads", strings.Repeat("x", 500), i))
		}
	}
	p := w.look(t)
	if len(p.Boots) != maxBoots || len(p.Boots[0].Lines) != maxLines || p.Boots[0].Dropped == 0 {
		t.Errorf("%d boots, %d lines", len(p.Boots), len(p.Boots[0].Lines))
	}
	if b := w.phones[w.mac].now(); len(b.open) > maxOpen || len(b.open[0].name) > maxName {
		t.Errorf("%d open", len(b.open))
	}
	for i := range 2 * maxHosts {
		w.addr = netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)})
		w.ask("XMLDefault.cnf.xml")
	}
	if len(w.nobody) > maxHosts || len(w.hosts) > maxHosts {
		t.Errorf("%d unnamed, %d hosts", len(w.nobody), len(w.hosts))
	}
	w.Clear()
	if len(w.Phones(w.now)) != 0 {
		t.Error("not cleared")
	}
}

func TestFind(t *testing.T) {
	w := newWorld()
	w.config()
	for _, s := range []string{"SEP001E7A000001", "sep001e7a000001", "001e.7a00.0001", "00:1e:7a:00:00:01", "10.0.0.23"} {
		if p, ok := w.Find(s, w.now); !ok || p.MAC != ours || len(p.Boots) == 0 {
			t.Errorf("%s: %v", s, ok)
		}
	}
	for _, s := range []string{"", "SEP", "10.0.0.99", "SEP001E7A000099"} {
		if _, ok := w.Find(s, w.now); ok {
			t.Errorf("%q was found", s)
		}
	}
	if c := w.Counts(w.now); c[Configured] != 1 || len(c) != 1 {
		t.Errorf("%v", c)
	}
}

var banned = regexp.MustCompile(`(?i)[^\r\n]+ not found|ERROR:|connection timed out|% ?Error|invalid input`)

func bannedIn(s string) string { return banned.FindString(s) }

func TestShow(t *testing.T) {
	w := newWorld(parts9...)
	w.discover(class61)
	w.ev(dhcp.ForeignServer{Server: netip.MustParseAddr("10.0.0.254"), Client: ours, Option150: `not addresses: "10.16.0.1"`})
	w.lease(class61).trust().get(w.sep(), 6412).get("/"+load9+".loads", 655).get("/"+parts9[0], 1987112).miss("/" + parts9[1])
	check(t, "phone", ShowPhone(w.look(t), w.now.Add(41*time.Second), `ephone 4 "Reception"`))

	w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}, netip.MustParseAddr("10.0.0.24")
	w.config().wait(quiet)
	w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 0, 0, 3}, netip.MustParseAddr("10.0.0.25")
	w.lease("Cisco Systems, Inc. IP Phone CP-7940G")
	w.http = false
	w.busy("CTLSEP001E7A000003.tlv").miss("CTLSEP001E7A000003.tlv").cut("P0030801SR02.loads", 700, 512, "no acknowledgement")
	check(t, "tftp", ShowPhone(w.look(t), w.now, ""))
	w.mac = ether.MAC{0, 0x1e, 0x7a, 0, 0, 4}
	w.discover("Cisco Systems, Inc.")
	w.addr = netip.MustParseAddr("10.0.0.99")
	w.miss("XMLDefault.cnf.xml")
	check(t, "phones", ShowPhones(w.Phones(w.now), w.Scans()).String())
	check(t, "none", ShowPhones(nil, nil).String())
}

// TestHostileNames: what comes from outside does not reach the terminal as
// control characters.
func TestHostileNames(t *testing.T) {
	w := newWorld()
	w.lease("Cisco Systems, Inc. IP Phone CP-7961G\x1b[2J")
	w.miss("/SEP001E7A000001\x1b[31m.cnf.xml", "/\r\nSEP001E7A000002.cnf.xml", strings.Repeat("é\xff", 300))
	if s := ShowPhone(w.look(t), w.now, ""); strings.ContainsAny(s, "\x1b\r\x00") || strings.Contains(s, "\ufffd") {
		t.Errorf("%q", s)
	}
}

func TestWithAJournal(t *testing.T) {
	v := New(Options{})
	j := journal.New(0, v)
	j.Record(dhcp.Discover{MAC: ours, VendorClass: class61})
	if p, ok := v.Phone(ours, time.Now()); !ok || p.State != Seen {
		t.Errorf("%+v %v", p, ok)
	}
}
