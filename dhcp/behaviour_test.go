package dhcp

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// What the fifty checks do not ask for by number.

func TestClassLock(t *testing.T) {
	w := newWorld(t, func(s *Spec) { s.Pools[0].ClassLock = true })
	pc := func(typ byte, o ...tlv) testRequest {
		return pcRequest(mac(5, 1), typ, append(o, tlv{60, []byte("MSFT 5.0")})...)
	}
	w.silent(pc(msgDiscover))
	w.silent(pc(msgRequest, tlv{50, ipb("10.77.0.150")}))
	if g := w.arrives(pc(msgRequest, tlv{50, ipb("10.77.0.150")}, tlv{54, ipb(us)})); len(g) > 0 && g[0].typ == msgAck {
		t.Error("a PC got a lease")
	}
	r := pc(msgRequest)
	r.ciaddr = "10.77.0.150"
	if g := w.arrives(r); len(g) > 0 && g[0].typ == msgAck {
		t.Error("a PC renewed its way in")
	}
	r = pc(msgInform)
	r.ciaddr = "10.77.0.77"
	w.silent(r)
	if len(w.e.bindings) != 0 {
		t.Error("bindings for a PC")
	}
	a := w.lease(mac(5, 2))
	// A manual binding names its client: the lock is not for it.
	w.one(pcRequest(mac(0x0a, 1), msgDiscover)).is(t, msgOffer, "10.77.0.50")
	// The phone renews without saying again what it is.
	q := pcRequest(mac(5, 2), msgRequest, tlv{61, idMAC(mac(5, 2))})
	q.ciaddr = a.String()
	w.one(q).is(t, msgAck, a.String())
}

// Our own addresses, routers and servers are never leased although nobody
// excluded them.
func TestNeverLeased(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		s.Excluded = nil
		s.Pools[0].NextServers = []netip.Addr{ip("10.77.0.7")}
	})
	seen := map[netip.Addr]bool{}
	for n := range 248 {
		if gs := w.arrives(phoneRequest(mac(byte(n>>8), byte(n)), msgDiscover)); len(gs) == 1 {
			seen[gs[0].yiaddr] = true
		}
	}
	// .1 the box, router and first of 150; .2 the second; .7; .53; .50 is manual
	for _, a := range []string{"10.77.0.0", "10.77.0.1", "10.77.0.2", "10.77.0.7", "10.77.0.50", "10.77.0.53", "10.77.0.255"} {
		if seen[ip(a)] {
			t.Errorf("%s offered", a)
		}
	}
	if len(seen) != 248 {
		t.Errorf("%d addresses offered", len(seen))
	}
	if p := w.e.pools()[0]; p.Total != 254 || p.Excluded != 5 {
		t.Errorf("%+v", p)
	}
}

func TestSecondaryNetworks(t *testing.T) {
	w := newWorld(t, small, func(s *Spec) {
		s.Pools[0].Secondary = []netip.Prefix{pfx("10.78.0.0/29")}
		s.Pools[0].Overrides = []Override{{pfx("10.78.0.0/29"), []netip.Addr{ip("10.78.0.6")}}}
	})
	for n := range byte(10) {
		w.lease(mac(6, n))
	}
	g := w.one(phoneRequest(mac(6, 20), msgDiscover)).is(t, msgOffer, "10.78.0.1")
	if !bytes.Equal(g.opts[3], ipb("10.78.0.6")) || !bytes.Equal(g.opts[1], []byte{255, 255, 255, 248}) {
		t.Errorf("3 = % x, 1 = % x", g.opts[3], g.opts[1])
	}
	// A relay in the secondary network gets an address of that one.
	r := phoneRequest(mac(6, 21), msgDiscover)
	r.giaddr = "10.78.0.6"
	w.one(r, fromRelay("10.78.0.6")).is(t, msgOffer, "10.78.0.2")
}

func TestReserveForPhones(t *testing.T) {
	w := newWorld(t, small, func(s *Spec) { s.Pools[0].ReservePhones = 3 })
	for n := range byte(7) {
		w.one(pcRequest(mac(7, n), msgDiscover))
	}
	w.silent(pcRequest(mac(7, 9), msgDiscover))
	w.one(phoneRequest(mac(7, 9), msgDiscover))
}

func TestLimits(t *testing.T) {
	w := newWorld(t, func(s *Spec) { s.RateLimit = 10 })
	answered := 0
	for n := range byte(30) {
		answered += len(w.arrives(phoneRequest(mac(8, n), msgDiscover)))
	}
	if answered != 10 || w.e.stats.Extra.RateLimited != 20 {
		t.Errorf("%d answered, %d limited", answered, w.e.stats.Extra.RateLimited)
	}
	w.now = w.now.Add(time.Second)
	w.one(phoneRequest(mac(8, 40), msgDiscover))

	// One station may not tie up the pool with offers (dhcpstarv).
	w = newWorld(t)
	answered = 0
	for n := range byte(99) {
		answered += len(w.arrives(phoneRequest(mac(9, n), msgDiscover), func(in *inbound) { in.source = mac(9, 200) }))
	}
	if answered != maxSources {
		t.Errorf("%d offers to one station", answered)
	}
}

func TestLeaseQuery(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 1))
	ask := func(change func(*testRequest)) got {
		r := pcRequest(phoneRequest(mac(0, 0), 0).mac, msgLeaseQuery)
		r.mac, r.giaddr = [6]byte{}, "10.77.0.9"
		change(&r)
		return w.one(r, fromRelay("10.77.0.9"))
	}
	g := ask(func(r *testRequest) { r.ciaddr = a.String() })
	if g.typ != msgLeaseActive || binary.BigEndian.Uint32(g.opts[51]) != 600 || !bytes.Equal(g.payload[28:34], []byte{2, 0, 0, 0, 0, 1}) {
		t.Errorf("by address: %+v", g.typ)
	}
	if g = ask(func(r *testRequest) { r.mac = mac(0, 1) }); g.typ != msgLeaseActive || addrOf(g.payload[12:16]) != a {
		t.Errorf("by MAC: type %d", g.typ)
	}
	if g = ask(func(r *testRequest) { r.opts = append(r.opts, tlv{61, idMAC(mac(0, 1))}) }); g.typ != msgLeaseActive {
		t.Errorf("by identifier: type %d", g.typ)
	}
	if g = ask(func(r *testRequest) { r.ciaddr = "10.77.0.150" }); g.typ != msgLeaseUnassigned {
		t.Errorf("free address: type %d", g.typ)
	}
	if g = ask(func(r *testRequest) { r.ciaddr = "192.168.1.1" }); g.typ != msgLeaseUnknown {
		t.Errorf("foreign address: type %d", g.typ)
	}
}

func TestNextServersInTurn(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		s.Pools[0].NextServers = []netip.Addr{ip("10.77.0.2"), ip("10.77.0.3")}
		s.Pools[0].Bootfile = "boot.bin"
	})
	seen := map[netip.Addr]int{}
	for n := range byte(40) {
		g := w.one(phoneRequest(mac(10, n), msgDiscover))
		seen[addrOf(g.payload[20:24])]++
		if !bytes.HasPrefix(g.payload[offFile:], []byte("boot.bin\x00")) {
			t.Fatal("no boot file")
		}
		a := w.one(phoneRequest(mac(10, n), msgRequest, tlv{50, ipb(g.yiaddr.String())}, tlv{54, ipb(us)}))
		if !bytes.Equal(a.payload[20:24], g.payload[20:24]) {
			t.Fatal("OFFER and ACK name different servers")
		}
	}
	if len(seen) != 2 {
		t.Errorf("%v", seen)
	}
}

// The clock of the box is set: leases keep their length.
func TestClockStep(t *testing.T) {
	for _, d := range []time.Duration{-3 * time.Hour, 56 * 365 * 24 * time.Hour} {
		w := newWorld(t)
		a := w.lease(mac(0, 1))
		w.pass(100 * time.Second)
		w.e.shift(d)
		w.now = w.now.Add(d)
		w.collect()
		w.pass(400 * time.Second)
		if !w.e.bindings[a].leased {
			t.Errorf("step of %s ended the lease", d)
		}
		w.pass(101 * time.Second)
		if w.e.bindings[a].leased {
			t.Errorf("step of %s prolonged the lease", d)
		}
	}
}

// A box without a battery starts in the past: nobody has more time than was
// granted.
func TestLoadInThePast(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 1))
	e := newEngine()
	past := epoch.Add(-20 * 365 * 24 * time.Hour)
	e.load(past, w.disk)
	if got := e.bindings[a].Expiry; got != past.Unix()+600 {
		t.Errorf("expires %s", time.Unix(got, 0))
	}
}

func TestRestartKeepsEverything(t *testing.T) {
	w := newWorld(t)
	a, b := w.lease(mac(0, 1)), w.lease(mac(0, 2))
	w.silent(phoneRequest(mac(0, 2), msgDecline, tlv{50, ipb(b.String())}, tlv{54, ipb(us)}))
	m := storeState{}
	for _, r := range w.disk {
		m.add(r)
	}
	w2 := &world{t: t, e: newEngine(), now: w.now.Add(time.Minute)}
	w2.e.load(w2.now, m.list())
	w2.set(baseSpec())
	if bs := w2.e.list(); len(bs) != 2 || bs[1].Addr != a {
		t.Errorf("%+v", bs)
	}
	if cs := w2.e.conflictList(); len(cs) != 1 || cs[0].Addr != b {
		t.Errorf("%+v", cs)
	}
	// A client that got its OFFER before the restart gets its ACK after it.
	w2.one(phoneRequest(mac(0, 3), msgRequest, tlv{50, ipb("10.77.0.150")}, tlv{54, ipb(us)})).is(t, msgAck, "10.77.0.150")
	w2.one(phoneRequest(mac(0, 1), msgDiscover)).is(t, msgOffer, a.String())
}

// A change of the configuration leaves leases, offers and the moving index.
func TestChangeInPlace(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 1))
	o := w.one(phoneRequest(mac(0, 2), msgDiscover)).yiaddr
	s := baseSpec()
	s.Pools[0].DomainName = "other.example"
	w.set(s)
	if w.e.offers[o] == nil || !w.e.bindings[a].leased || w.e.t.subnets[0].live != 1 || w.e.t.subnets[0].offered != 1 {
		t.Errorf("offer %v, %d leased", w.e.offers[o], w.e.t.subnets[0].live)
	}
	w.one(phoneRequest(mac(0, 2), msgRequest, tlv{50, ipb(o.String())}, tlv{54, ipb(us)})).is(t, msgAck, o.String())
	w.one(phoneRequest(mac(0, 3), msgDiscover)).is(t, msgOffer, "10.77.0.102")
	// An address excluded after it was leased stays with its client.
	s.Excluded = append(s.Excluded, Range{a, a})
	w.set(s)
	r := phoneRequest(mac(0, 1), msgRequest)
	r.ciaddr = a.String()
	w.one(r).is(t, msgAck, a.String())
	// The pool goes: the wire has none left.
	s.Pools = s.Pools[1:]
	w.set(s)
	w.silent(phoneRequest(mac(0, 9), msgDiscover))
}

// While other servers answer, clients we know are still renewed.
func TestHold(t *testing.T) {
	w := newWorld(t, func(s *Spec) { s.ForeignServer = ForeignHold })
	a := w.lease(mac(0, 1))
	w.e.linkUp(w.now, "GigabitEthernet0/0", 4*time.Second)
	w.e.tick(w.now)
	w.collect()
	if len(w.watch) != 1 {
		t.Fatalf("watch %v", w.watch)
	}
	offer := marshal(header{req: &packet{htype: 1, mac: mac(1, 1)}, yiaddr: ip("10.77.0.9")}, []item{{53, []byte{2}}, {54, ipb("10.77.0.250")}, {150, ipb("10.9.9.9")}}, defPayload)
	in := &inbound{data: offer, iface: "GigabitEthernet0/0", from: netip.MustParseAddrPort("10.77.0.250:67"), source: mac(0xf0, 1)}
	w.e.serverReply(w.now, in)
	w.e.serverReply(w.now, in)
	w.collect()
	n := 0
	for _, e := range w.events {
		if f, ok := e.(ForeignServer); ok {
			n++
			if m, _ := f.LogMessage(); !strings.Contains(m.String(), "option 150 10.9.9.9; offers are held") {
				t.Errorf("message %q", m)
			}
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
	w.pass(10 * time.Second)
	w.silent(phoneRequest(mac(0, 2), msgDiscover))
	w.silent(phoneRequest(mac(0, 2), msgRequest, tlv{50, ipb("10.77.0.150")}, tlv{54, ipb(us)}))
	w.silent(phoneRequest(mac(0, 2), msgRequest, tlv{50, ipb("192.168.1.1")}))
	r := phoneRequest(mac(0, 1), msgRequest)
	r.ciaddr = a.String()
	w.one(r).is(t, msgAck, a.String())
	rel := phoneRequest(mac(0, 3), msgDiscover)
	rel.giaddr = "10.88.0.1"
	w.one(rel, fromRelay("10.88.0.1")).is(t, msgOffer, "10.88.0.100") // another wire
	w.e.takeover()
	w.one(phoneRequest(mac(0, 2), msgDiscover))

	w = newWorld(t) // warn: serve, and say it
	w.e.linkUp(w.now, "GigabitEthernet0/0", 4*time.Second)
	in.data = offer
	w.e.serverReply(w.now, in)
	w.one(phoneRequest(mac(0, 2), msgDiscover))
	if f, ok := has[ForeignServer](w); !ok || f.Hold {
		t.Errorf("%+v", f)
	}
}

// While the disk does not work: silence for new clients, no more time than is
// stored for known ones.
func TestDiskBad(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 1))
	w.pass(200 * time.Second)
	w.e.packet(w.now, &inbound{data: phoneRequest(mac(0, 2), msgRequest, tlv{50, ipb("10.77.0.150")}, tlv{54, ipb(us)}).bytes(), iface: "GigabitEthernet0/0", broadcast: true})
	w.e.take() // on its way to the disk
	w.e.diskFailed()
	if w.e.bindings[ip("10.77.0.150")] != nil {
		t.Error("a lease nobody was told of is kept")
	}
	w.silent(phoneRequest(mac(0, 3), msgRequest, tlv{50, ipb("10.77.0.151")}, tlv{54, ipb(us)}))
	r := phoneRequest(mac(0, 1), msgRequest)
	r.ciaddr = a.String()
	g := w.one(r).is(t, msgAck, a.String())
	if got := binary.BigEndian.Uint32(g.opts[51]); got != 400 {
		t.Errorf("lease %d, want the 400 s that are on disk", got)
	}
	w.e.diskWorks()
	if g := w.one(r); binary.BigEndian.Uint32(g.opts[51]) != 600 {
		t.Errorf("lease % x", g.opts[51])
	}
}

// Relayed networks are probed by echo while there is demand.
func TestEchoProbes(t *testing.T) {
	w := newWorld(t, probing)
	w.e.canICMP = true
	w.pass(time.Second)
	if len(w.probes) != 0 {
		t.Errorf("%d probes without demand", len(w.probes))
	}
	r := phoneRequest(mac(0, 1), msgDiscover)
	r.giaddr = "10.88.0.1"
	w.one(r, fromRelay("10.88.0.1")).is(t, msgOffer, "10.88.0.100")
	if len(w.probes) < 64 || w.probes[0] != (probeOrder{"", ip("10.88.0.100")}) {
		t.Fatalf("%d probes", len(w.probes))
	}
	w.e.answered(w.now, ip("10.88.0.101"), [6]byte{})
	w.pass(3 * time.Second)
	r.mac = mac(0, 2)
	r.opts[1].val = idMAC(r.mac)
	w.one(r, fromRelay("10.88.0.1")).is(t, msgOffer, "10.88.0.102")
}

func BenchmarkDiscoverOffer(b *testing.B) {
	w := newWorld(b, func(s *Spec) { s.Pools[0].Network = pfx("10.0.0.0/8") })
	in := &inbound{data: phoneRequest(mac(0, 1), msgDiscover).bytes(), iface: "GigabitEthernet0/0", broadcast: true}
	b.ReportAllocs()
	for b.Loop() {
		w.e.packet(w.now, in)
		if o := w.e.take(); len(o.replies) != 1 {
			b.Fatal("no offer")
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	data := phoneRequest(mac(0, 1), msgDiscover).bytes()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decode(data); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRequestAck is REQUEST to ACK with the record on disk, 64 waiting at
// a time as the committer groups them.
func BenchmarkRequestAck(b *testing.B) {
	w := newWorld(b, func(s *Spec) { s.Pools[0].Network = pfx("10.0.0.0/8") })
	st, _, _ := open(b, b.TempDir())
	defer st.close()
	var batch [][]record
	n := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		m := mac(byte(n>>8), byte(n))
		m[2], m[3] = byte(n>>24), byte(n>>16)
		r := phoneRequest(m, msgRequest, tlv{50, u32bytes(fromU32(0x0a640000 + n%4000000))}, tlv{54, ipb(us)})
		w.e.packet(w.now, &inbound{data: r.bytes(), iface: "GigabitEthernet0/0", broadcast: true})
		o := w.e.take()
		if len(o.records) != 1 {
			b.Fatal("no lease")
		}
		if batch = append(batch, o.records); len(batch) == 64 {
			if err := st.commit(batch); err != nil {
				b.Fatal(err)
			}
			w.e.committed(o.seq)
			batch = batch[:0]
		}
	}
}
