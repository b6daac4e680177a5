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
	w.wait(ConfigQuiet)
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

func TestUpgrade(t *testing.T) {
	w := newWorld(parts9...)
	w.config().get("/"+load9+".loads", 655)
	p := want(t, w, "loads", Loading, "-")
	if p.Load != load9 {
		t.Errorf("load %q", p.Load)
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
	want(t, w, "all", Provisioned, "ok")
	// It restarts and runs the load.
	w.wait(time.Minute).config().wait(ConfigQuiet)
	if p := want(t, w, "after", Provisioned, "ok"); p.Boot != 2 || p.Load != load9 {
		t.Errorf("boot %d load %q", p.Boot, p.Load)
	}
}

func TestUpgradeOfALoadNobodyKnows(t *testing.T) {
	w := newWorld()
	w.config().get("/SCCP41.8-5-2S.loads", 655).get("/jar41sccp.8-5-2TH1-9.sbn", 1000)
	want(t, w, "a part", Loading, "-")
	want(t, w.wait(LoadQuiet), "quiet", Provisioned, "ok")
}

func TestPhoneSkipsPartsItHas(t *testing.T) {
	w := newWorld(parts9...)
	w.config().get("/"+load9+".loads", 655).get("/"+parts9[0], 1000)
	want(t, w.wait(PartQuiet-time.Second), "quiet", Loading, "-")
	want(t, w.wait(time.Second), "quieter", Provisioned, "ok")
}

// scenario is what a phone did and what is to be said about it.
type scenario struct {
	name  string
	code  string
	state State
	fix   string // part of it
	do    func(w *world)
}

// scenarios has a sequence for every code.
func scenarios() []scenario {
	foreign := netip.MustParseAddr("10.0.0.254")
	sep := "/SEP001E7A000001.cnf.xml"
	return []scenario{
		{"no pool", "R02", Stuck, "a pool whose network", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.NoLease{MAC: ours, Relay: netip.MustParseAddr("10.9.0.1"), Why: "NO POOL"})
		}},
		{"exhausted", "R02", Stuck, "exclude fewer", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.NoLease{MAC: ours, Why: "POOL EXHAUSTED"})
		}},
		{"text option", "R03", Stuck, "as addresses", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.ForeignServer{Server: foreign, Client: ours, Option150: `not addresses: "10.136.123.11"`})
		}},
		{"foreign lease", "R04", Stuck, "10.0.0.254", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.ForeignServer{Server: foreign, Client: ours, Option150: "10.0.0.254"})
			w.ev(dhcp.Requested{MAC: ours, VendorClass: class61, Server: foreign})
		}},
		{"alternate TFTP", "R05", Stuck, "Alternate TFTP", func(w *world) { w.lease(class61).wait(noFile) }},
		{"asks here anyway", "R06", Addressed, "option 150", func(w *world) {
			w.discover(class61)
			w.ev(dhcp.Ack{MAC: ours, Addr: addr1, Option150: []netip.Addr{foreign}})
			w.ask("/CTLSEP001E7A000001.tlv")
		}},
		{"typo", "R07", Stuck, "load 7961 SCCP41.9-4-2SR2-2S", func(w *world) {
			w.config().near("/SCCP41.9-4-2SR2-25.loads", "SCCP41.9-4-2SR2-2S.loads")
		}},
		{"no load", "R07", Stuck, "flash:", func(w *world) { w.config().miss("/SCCP41.9-4-2SR2-2S.loads") }},
		{"incomplete load", "R08", Stuck, "Copy cnu41.9-4-2ES26.sbn to flash:", func(w *world) {
			w.config().get("/"+load9+".loads", 655).get("/"+parts9[0], 1000).miss("/" + parts9[1])
		}},
		{"own fault", "R09", Addressed, "report", func(w *world) {
			w.lease(class61)
			w.miss("/Ringlist.xml")
			w.http = false
			w.get("/Ringlist.xml", 10)
		}},
		{"no HTTP, observed", "R10", Addressed, "hfs enable", func(w *world) {
			w.lease(class61)
			w.http = false
			w.ev(refusedEvent{Client: addr1, Port: 6970})
			w.ask("CTLSEP001E7A000001.tlv")
		}},
		{"never completes", "R11", Stuck, "cable", func(w *world) {
			w.config().get("/"+load9+".loads", 655)
			for range 3 {
				w.cut("/"+parts9[0], 2000000, 70000, "connection closed")
			}
		}},
		{"foreign trust list", "R12", Stuck, "Trust List", func(w *world) { w.lease(class61).trust().miss(sep + ".sgn") }},
		{"recovery", "R14", Stuck, "term61.default.loads", func(w *world) {
			w.lease(class61)
			w.http = false
			w.miss("term61.default.loads")
		}},
		{"image refused", "R15", Stuck, "8.5(2)", func(w *world) {
			w.config().get("/"+load9+".loads", 655).get("/"+parts9[0], 1000)
			w.wait(time.Minute).config().get("/"+load9+".loads", 655)
		}},
		{"configuration refused", "R16", Stuck, "create cnf-files", func(w *world) { w.config().get("/XMLDefault.cnf.xml", 900) }},
		{"unknown phone", "R17", Stuck, "ephone 1 / mac-address 001E.7A00.0001 / type 7961", func(w *world) {
			w.lease(class61).trust().miss(sep).get("/XMLDefault.cnf.xml", 900)
		}},
		{"return port", "R18", Stuck, "firewall", func(w *world) {
			w.lease(class61)
			w.http = false
			w.cut("SEP001E7A000001.cnf.xml", 6412, 0, "no acknowledgement")
			w.cut("SEP001E7A000001.cnf.xml", 6412, 0, "no acknowledgement")
		}},
		{"7940 hunts", "R20", Stuck, "load line", func(w *world) {
			w.lease("Cisco Systems, Inc. IP Phone CP-7940G")
			w.http = false
			for range 4 {
				w.miss("CTLSEP001E7A000001.tlv").wait(time.Second)
			}
		}},
		{"other firmware", "R21", Stuck, "voice register pool", func(w *world) {
			w.config().miss("/SIP001E7A000001.cnf")
		}},
		{"duplicate address", "R22", Addressed, "conflict", func(w *world) {
			w.lease(class61)
			w.ev(dhcp.Conflict{Addr: addr1, Method: "Gratuitous ARP", MAC: ours})
		}},
		{"kept out by a list", "R35", Stuck, "show access-lists", func(w *world) {
			w.config().deny("/"+load9+".loads", "access list 10 of tftp-server flash:"+load9+".loads")
		}},
		{"kept out until the list was corrected", "ok", Provisioned, "", func(w *world) {
			w.config().deny("/"+load9+".loads", "access list 10 of tftp-server flash:"+load9+".loads").wait(FailQuiet)
			w.get("/"+load9+".loads", 655)
			for _, n := range parts9 {
				w.get("/"+n, 1000)
			}
		}},
		{"it asks for what no phone needs", "ok", Provisioned, "", func(w *world) {
			w.config().deny("/startup-config", "protected kind of file").wait(FailQuiet)
		}},
		{"a trust file is kept from it", "ok", Provisioned, "", func(w *world) {
			w.lease(class61).deny("/CTLSEP001E7A000001.tlv", "access list 10").wait(FailQuiet)
			w.get(sep, 6412).wait(FailQuiet)
		}},
		{"busy", "R23", Addressed, "maximum-serving-count", func(w *world) { w.lease(class61).busy("/CTLSEP001E7A000001.tlv") }},
		{"slow", "R29", Configured, "duplex", func(w *world) {
			w.lease(class61)
			w.ask(sep)
			c, l := w.ends()
			w.ev(fileserver.Served{Transport: fileserver.HTTP, Client: c, Local: l, Name: sep, Size: 9, Bytes: 9, Duration: time.Minute, Complete: true})
		}},
		{"did not return", "R30", Stuck, "power-cycle", func(w *world) {
			w.config().get("/"+load9+".loads", 655)
			for _, n := range parts9 {
				w.get("/"+n, 1000)
			}
			w.wait(noReturn)
		}},
		{"somebody else's file", "R34", Configured, "binding", func(w *world) {
			w.config()
			w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}, netip.MustParseAddr("10.0.0.24")
			w.lease(class61)
			w.get(sep, 6412)
			w.mac = ours
		}},
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range scenarios() {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(parts9...)
			c.do(w)
			p := want(t, w, c.name, c.state, c.code)
			if !strings.Contains(p.Verdict.Fix.String(), c.fix) {
				t.Errorf("fix %q", p.Verdict.Fix)
			}
			if m := bannedIn(ShowPhone(p, w.now, "")); m != "" {
				t.Errorf("banned phrase %q", m)
			}
		})
	}
}

func TestEveryRuleHasATextAndAFix(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rules() {
		if !regexp.MustCompile(`^R\d\d$`).MatchString(r.code) || seen[r.code] {
			t.Errorf("code %q", r.code)
		}
		seen[r.code] = true
	}
}

func TestFallbackToTFTP(t *testing.T) {
	w := newWorld()
	w.lease(class61)
	w.http = false
	w.trust().get(w.sep(), 6412).wait(ConfigQuiet)
	p := want(t, w, "inferred", Provisioned, "ok")
	if p.Fallback != Inferred || len(p.Others) != 1 || p.Others[0].Code != "R10" || p.Others[0].Basis != Inferred {
		t.Errorf("%q %+v", p.Fallback, p.Others)
	}
	// The model has never known HTTP: no finding.
	w = newWorld()
	w.lease("Cisco Systems, Inc. IP Phone CP-7940G")
	w.http = false
	w.get(w.sep(), 6412).wait(ConfigQuiet)
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
	w.wait(FailQuiet)
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
	want(t, w.wait(FailQuiet), "all", Provisioned, "ok")
}

func TestRestartWithoutDiscover(t *testing.T) {
	w := newWorld()
	w.config().wait(time.Minute)
	w.trust().get(w.sep(), 6412).wait(ConfigQuiet)
	if p := want(t, w, "second", Provisioned, "ok"); p.Boot != 2 {
		t.Errorf("boot %d", p.Boot)
	}
	w.wait(bootQuiet).get("/Ringlist.xml", 10)
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
	if n := len(w.Phones(w.now)); n != scanNames {
		t.Errorf("%d phones of a scanner", n)
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
	w.config().wait(ConfigQuiet)
	w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 0, 0, 3}, netip.MustParseAddr("10.0.0.25")
	w.lease("Cisco Systems, Inc. IP Phone CP-7940G")
	w.http = false
	w.busy("CTLSEP001E7A000003.tlv").miss("CTLSEP001E7A000003.tlv").cut("P0030801SR02.loads", 700, 512, "no acknowledgement")
	check(t, "tftp", ShowPhone(w.look(t), w.now, ""))
	w.mac = ether.MAC{0, 0x1e, 0x7a, 0, 0, 4}
	w.discover("Cisco Systems, Inc.")
	w.addr = netip.MustParseAddr("10.0.0.99")
	w.miss("XMLDefault.cnf.xml")
	check(t, "phones", ShowPhones(w.Phones(w.now)))
	check(t, "none", ShowPhones(nil))
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

// FuzzFold feeds any order of events of two phones and a few names.
func FuzzFold(f *testing.F) {
	f.Add([]byte("adrqknsbxt"), uint8(3))
	names := []string{"/CTLSEP001E7A000001.tlv", "/SEP001E7A000001.cnf.xml", "/SEP001E7A000001.cnf.xml.sgn", "/XMLDefault.cnf.xml", "/" + load9 + ".loads",
		"/" + parts9[0], "/kern88xx.12-0-1.sbn", "/SIP001E7A000002.cnf", "gk001e7a000002", "OS79XX.TXT", "term61.default.loads", "/g3-tones.xml", "\x1b"}
	f.Fuzz(func(t *testing.T, script []byte, step uint8) {
		if len(script) > 400 {
			return
		}
		w := newWorld(parts9...)
		for _, c := range script {
			w.mac = ether.MAC{0, 0x1e, 0x7a, 0, 0, 1 + c>>7}
			w.addr = netip.AddrFrom4([4]byte{10, 0, 0, 23 + c>>7&1})
			w.http = c&0x40 == 0
			name := names[int(c)%len(names)]
			switch c & 0x3f % 14 {
			case 0:
				w.discover(class61)
			case 1:
				w.lease(class61)
			case 2:
				w.ask(name)
			case 3:
				w.get(name, 5)
			case 4:
				w.miss(name)
			case 5:
				w.busy(name)
			case 6:
				w.cut(name, 9, int64(c&1), "why")
			case 7:
				w.ev(dhcp.Release{MAC: w.mac, Addr: w.addr})
			case 8:
				w.ev(dhcp.NoLease{MAC: w.mac, Why: "NO POOL"})
			case 9:
				w.ev(dhcp.ForeignServer{Client: w.mac, Server: box, Option150: `not addresses: "x"`})
			case 10:
				w.ev(dhcp.Conflict{Addr: w.addr})
			case 11:
				w.ev(refusedEvent{Client: w.addr, Port: 6970})
			case 12:
				w.ev(dhcp.Nak{MAC: w.mac})
			case 13:
				w.wait(time.Duration(step) * time.Minute)
			}
			for _, p := range w.Phones(w.now) {
				if p.State == "" || p.Verdict.Code == "" || p.Verdict.Blocking != (p.State == Stuck) {
					t.Fatalf("%+v", p)
				}
			}
		}
		for _, mac := range []ether.MAC{{0, 0x1e, 0x7a, 0, 0, 1}, {0, 0x1e, 0x7a, 0, 0, 2}} {
			if p, ok := w.Phone(mac, w.now); ok {
				if s := ShowBoots(p, w.now, "", 3); bannedIn(s) != "" || strings.Contains(s, "\x1b") {
					t.Fatalf("%q", s)
				}
			}
		}
	})
}

func TestWithAJournal(t *testing.T) {
	v := New(Options{})
	j := journal.New(0, v)
	j.Record(dhcp.Discover{MAC: ours, VendorClass: class61})
	if p, ok := v.Phone(ours, time.Now()); !ok || p.State != Seen {
		t.Errorf("%+v %v", p, ok)
	}
}
