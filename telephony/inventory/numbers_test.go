package inventory

import (
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"option150/dhcp"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/wire"
	"option150/telephony/cnf"
)

// TestConfiguredAreNotForgotten: whoever floods the LAN with invented phones
// does not push those out that are configured here, whether they were given
// anything yet or not.
func TestConfiguredAreNotForgotten(t *testing.T) {
	w := newWorld()
	var macs []ether.MAC
	for i := range 50 {
		macs = append(macs, ether.MAC{0, 0x1e, 0x7a, 9, 0, byte(i)})
	}
	w.ev(cnf.Phones{Added: macs})
	for _, mac := range macs {
		w.mac = mac
		w.discover(class61)
	}
	for i := range MaxPhones + 1 {
		w.mac = ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}
		w.discover(class61)
	}
	for _, mac := range macs {
		if _, ok := w.Phone(mac, w.now); !ok {
			t.Fatalf("%s is forgotten", mac)
		}
	}
	if n := len(w.Phones(w.now)); n != MaxPhones+len(macs) {
		t.Errorf("%d phones", n)
	}
	// Taken out of the configuration they are guests like others.
	w.ev(cnf.Phones{Removed: macs})
	w.mac = ether.MAC{0, 0x1e, 0x7a, 2, 0, 0}
	w.discover(class61)
	if n := len(w.phones); w.unconfigured() != n || n > MaxPhones+len(macs) {
		t.Errorf("%d phones, %d guests", n, w.unconfigured())
	}
	// A phone that was given its file outlasts those that were given nothing.
	w = newWorld()
	w.config()
	for i := range 2 * MaxPhones {
		w.mac = ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}
		w.discover(class61)
	}
	if _, ok := w.Phone(ours, w.now); !ok {
		t.Error("a phone that came up is forgotten for phones nobody knows")
	}
}

// TestStartsAmongMany: a phone that starts when the table is full of phones that
// were given something is known from its DISCOVER to its ACK, although others
// begin meanwhile.
func TestStartsAmongMany(t *testing.T) {
	w := newWorld()
	one := func(a, n int) *world {
		w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, byte(a), byte(n >> 8), byte(n)}, netip.AddrFrom4([4]byte{10, byte(a), byte(n >> 8), byte(n)})
		return w
	}
	for n := range MaxPhones {
		one(1, n).lease(class61)
	}
	one(2, 0).discover(class61)
	for n := range maxStrangers - 1 {
		one(3, n).discover(class61)
	}
	one(2, 0).ev(dhcp.Ack{MAC: w.mac, VendorClass: class61, Addr: w.addr, Pool: "PHONES", Mask: w.mask})
	p, ok := w.Phone(w.mac, w.now)
	if !ok || len(p.Boots) != 1 || len(p.Boots[0].Lines) != 2 || p.Boots[0].Lines[0].What != "DISCOVER" {
		t.Errorf("%+v", p.Boots)
	}
	// Those that are given nothing have no more than their share, however many.
	for n := range 2 * MaxPhones {
		one(4, n).discover(class61)
	}
	if n := w.guests.Len(); n < MaxPhones-maxStrangers-1 || w.unconfigured() > MaxPhones {
		t.Errorf("%d phones that have an address are left, %d in all", n, w.unconfigured())
	}
}

// TestSummary: five hundred phones that are stuck for one cause are one row, and
// a line above `show phones`; those that are up come last.
func TestSummary(t *testing.T) {
	w := newWorld()
	for i := range 500 {
		w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		w.lease(class61).trust().miss(w.sep()).get("/XMLDefault.cnf.xml", 900)
	}
	w.mac, w.addr = ours, addr1
	w.setup(Setup{Load: load9, Changed: w.now}).config().get("/g3-tones.xml", 10)
	w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 2, 0, 1}, netip.MustParseAddr("10.0.0.31")
	w.setup(Setup{Section: "ephone 2", Load: load9}).config().get("/g3-tones.xml", 10)
	w.setup(Setup{Section: "ephone 2", Load: load9, Changed: w.now}).wait(DefaultWaits().Stale)
	list := w.Phones(w.now)
	check(t, "summary", ShowSummary(list, nil).String())
	if s := ShowPhones(list, nil).String(); !strings.HasPrefix(s, "502 phones, 2 up: 2 provisioned, 500 stuck\n  500 with R17: nobody knows this phone\n  1 with R32: ") {
		t.Errorf("%.300s", s)
	}
}

// TestScan: one address that asks for the files of thirty phones is a scan and
// not thirty phones; the phones themselves are what they were.
func TestScan(t *testing.T) {
	w := newWorld()
	w.config().get("/g3-tones.xml", 10)
	w.addr = netip.MustParseAddr("10.0.0.200")
	for i := range 30 {
		mac := ether.MAC{0, 0x1e, 0x7a, 0, 0, byte(i + 1)}
		if i%4 == 0 {
			w.miss("/" + mac.Device() + ".cnf.xml")
		} else {
			w.get("/"+mac.Device()+".cnf.xml", 1000)
		}
	}
	w.wait(quiet)
	l, s := w.Phones(w.now), w.Scans()
	if len(l) != 1 || l[0].MAC != ours || l[0].Verdict.Code != OK {
		t.Errorf("%+v", l)
	}
	if len(s) != 1 || s[0].Addr != w.addr || s[0].Asked != 30 || s[0].Given < 15 {
		t.Errorf("%+v", s)
	}
	check(t, "scans", ShowScans(s, w.now).String())
	// Five phones behind one address are a site behind a router.
	w = newWorld()
	for i := range scanNames {
		w.get("/"+ether.MAC{0, 0x1e, 0x7a, 0, 1, byte(i)}.Device()+".cnf.xml", 1000)
	}
	if l := w.Phones(w.now); len(l) != scanNames || len(w.Scans()) != 0 {
		t.Errorf("%d phones", len(l))
	}
}

// TestForged: what a hundred thousand invented phones and names leave behind
// is bounded.
func TestForged(t *testing.T) {
	v := New(Options{})
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	w := newWorld()
	w.Inventory = v
	const n = 100_000
	for i := range n {
		mac := ether.MAC{2, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
		w.mac, w.addr = mac, netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		w.discover(class61)
		w.ask("/" + mac.Device() + ".cnf.xml")
		w.ev(wire.Sought{MAC: ether.MAC{4, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}, Client: w.addr, Target: box})
		w.ev(dhcp.ForeignServer{Server: w.addr, Client: mac})
	}
	after := heap()
	grown := int64(after) - int64(before)
	t.Logf("%d phones, %.1f MB kept of %d invented ones", len(v.Phones(w.now)), float64(grown)/1e6, n)
	if grown > 32<<20 {
		t.Errorf("%d bytes are kept", grown)
	}
	if len(v.phones) > MaxPhones || len(v.signs) > maxSigns || len(v.others) > maxOthers || len(v.hosts) > maxHosts || len(v.byIP) > MaxPhones+maxHosts {
		t.Errorf("%d phones, %d signs, %d servers, %d hosts, %d addresses", len(v.phones), len(v.signs), len(v.others), len(v.hosts), len(v.byIP))
	}
	runtime.KeepAlive(v)
}

// TestHealthyDay is a day of two hundred phones of eight families: boots,
// renewals, restarts, an upgrade, a line cut for an hour. Nothing but ok and
// "not decided yet" is said of any of them, and no message is a warning.
func TestHealthyDay(t *testing.T) {
	classes := []string{"Cisco Systems, Inc. IP Phone CP-7961G", "Cisco Systems, Inc. IP Phone CP-7941G", "Cisco Systems, Inc. IP Phone CP-7965G",
		"Cisco Systems, Inc. IP Phone CP-7911G", "Cisco Systems, Inc. IP Phone CP-7940G", "Cisco Systems, Inc. IP Phone CP-8961",
		"Cisco Systems, Inc. IP Phone CP-7841", "Cisco Systems, Inc. IP Phone CP-8861"}
	loads := []string{load9, load9, "SCCP45.9-4-2SR4-3S", "SCCP11.9-4-2SR3-1S", "P0030801SR02", "sip8961.9-4-2-13", "sip78xx.12-1-1-12", "sip88xx.12-0-1MN-113"}
	w := newWorld()
	far := netip.MustParseAddrPort("192.168.9.9:2000") // behind a line
	said := &record0{}
	r := newReporter(said, w.waits)
	check := func(step string) {
		t.Helper()
		list := w.Phones(w.now)
		for _, p := range list {
			if p.Verdict.Code != OK && p.Verdict.Code != Open {
				t.Fatalf("%s: %s", step, ShowPhone(p, w.now, ""))
			}
		}
		r.look(w.now, list, w.Scans())
	}
	phone := func(i int) string {
		w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 3, 0, byte(i)}, netip.AddrFrom4([4]byte{10, 0, 1, byte(i)})
		w.http = classes[i%8] != classes[4]
		return classes[i%8]
	}
	boot := func(i int, upgrade bool) {
		class := phone(i)
		load := loads[i%8]
		setup := Setup{Load: load, Control: []netip.AddrPort{pbx, far}, SIP: i%8 > 4}
		if setup.SIP {
			setup.Section = "voice register pool 1"
		}
		w.setup(setup)
		w.lease(class).trust().get(w.sep(), 6412)
		if !upgrade {
			if i%3 == 0 {
				w.get("/United_States/g3-tones.xml", 100)
			}
			return
		}
		w.get("/"+load+".loads", 600)
		for _, n := range []string{"jar41sccp.9-4-2ES26.sbn", "cnu41.9-4-2ES26.sbn", "apps41.9-4-2ES26.sbn"} {
			w.get("/"+n, 100000).wait(time.Second)
		}
	}
	w.box.Control = map[netip.AddrPort]Answer{pbx: {OK: true, Basis: Observed}, far: {OK: true, Basis: Observed}}
	start := w.now
	for i := range 200 { // they come up in the morning, some with old firmware
		boot(i, i%8 != 4 && i%5 == 0)
		if i%20 == 0 {
			check("morning")
		}
	}
	w.wait(30 * time.Second)
	for i := range 200 {
		if i%8 != 4 && i%5 == 0 {
			boot(i, false) // back with its load
		}
	}
	for range 10 {
		w.wait(2 * time.Second)
		check("they settle")
	}
	for hour := range 9 {
		for i := range 200 { // leases are renewed
			phone(i)
			w.ev(dhcp.Requested{MAC: w.mac, VendorClass: classes[i%8], Addr: w.addr})
			w.ev(dhcp.Ack{MAC: w.mac, VendorClass: classes[i%8], Addr: w.addr, Pool: "PHONES", Option150: []netip.Addr{box}, Renewal: true})
		}
		check("renewals")
		if hour == 4 { // the line to the second call control is cut for an hour; the first is on this side
			w.box.Control[far] = Answer{Basis: Observed, Why: "192.168.9.9:2000 does not take a TCP connection"}
			for i := range 200 {
				phone(i)
				w.seek(netip.MustParseAddr("192.168.9.9"), 3) // a proxy that answers no more
				w.miss("/Services.xml")
			}
			check("the line is cut")
		} else {
			w.box.Control[far] = Answer{OK: true, Basis: Observed}
		}
		for i := hour; i < 200; i += 37 { // somebody pulls a plug
			boot(i, false)
			w.wait(time.Second)
			check("a restart")
		}
		w.wait(time.Hour)
		check("an hour later")
	}
	for _, p := range w.Phones(w.now) {
		if !p.Up() {
			t.Errorf("in the evening %s is %s %s: %s", p.Device(), p.State, p.Verdict.Code, p.Verdict.Text)
		}
	}
	for _, m := range said.severe {
		t.Errorf("said: %s", m)
	}
	if len(said.all) < 200 {
		t.Errorf("%d messages in %s", len(said.all), w.now.Sub(start))
	}
}

// record0 keeps the messages of events.
type record0 struct{ all, severe []string }

func (r *record0) Record(e journal.Event) {
	l, ok := e.(journal.Logged)
	if !ok {
		return
	}
	if m, ok := l.LogMessage(); ok {
		r.all = append(r.all, m.String())
		if m.Entry.Severity <= 5 {
			r.severe = append(r.severe, m.String())
		}
	}
}

// BenchmarkFold is the events of a boot with a thousand phones in view.
func BenchmarkFold(b *testing.B) {
	w := newWorld()
	for i := range 1000 {
		w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		w.config()
	}
	before := w.seq
	b.ResetTimer()
	for i := range b.N {
		w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 1, byte(i % 1000 >> 8), byte(i % 1000)}, netip.AddrFrom4([4]byte{10, 1, byte(i % 1000 >> 8), byte(i % 1000)})
		w.wait(time.Minute).config()
	}
	b.ReportMetric(float64(w.seq-before)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkPhones is one look at a thousand phones.
func BenchmarkPhones(b *testing.B) {
	w := newWorld()
	for i := range 1000 {
		w.mac, w.addr = ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)})
		w.config()
	}
	for b.Loop() {
		w.Phones(w.now)
	}
}
