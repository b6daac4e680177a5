package engine

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/dhcp/wire"
)

// What the fifty checks do not ask for by number.

func TestClassLock(t *testing.T) {
	w := newWorld(t, func(s *Spec) { s.Pools[0].ClassLock = true })
	pc := func(typ byte, o ...tlv) testRequest {
		return pcRequest(mac(5, 1), typ, append(o, opt(60, []byte("MSFT 5.0")))...)
	}
	w.silent(pc(wire.MsgDiscover))
	w.silent(pc(wire.MsgRequest, opt(50, ipb("10.77.0.150"))))
	if g := w.arrives(pc(wire.MsgRequest, opt(50, ipb("10.77.0.150")), opt(54, ipb(us)))); len(g) > 0 && g[0].Type == wire.MsgAck {
		t.Error("a PC got a lease")
	}
	r := pc(wire.MsgRequest)
	r.CIAddr = "10.77.0.150"
	if g := w.arrives(r); len(g) > 0 && g[0].Type == wire.MsgAck {
		t.Error("a PC renewed its way in")
	}
	r = pc(wire.MsgInform)
	r.CIAddr = "10.77.0.77"
	w.silent(r)
	if len(w.e.bindings) != 0 {
		t.Error("bindings for a PC")
	}
	a := w.lease(mac(5, 2))
	// A manual binding names its client: the lock is not for it.
	w.one(pcRequest(mac(0x0a, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.50")
	// The phone renews without saying again what it is.
	q := pcRequest(mac(5, 2), wire.MsgRequest, opt(61, idMAC(mac(5, 2))))
	q.CIAddr = a.String()
	w.one(q).is(t, wire.MsgAck, a.String())
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
		if gs := w.arrives(phoneRequest(mac(byte(n>>8), byte(n)), wire.MsgDiscover)); len(gs) == 1 {
			seen[gs[0].YIAddr] = true
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
	if p := w.e.Pools()[0]; p.Total != 254 || p.Excluded != 5 {
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
	g := w.one(phoneRequest(mac(6, 20), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.78.0.1")
	if !bytes.Equal(g.Opts[3], ipb("10.78.0.6")) || !bytes.Equal(g.Opts[1], []byte{255, 255, 255, 248}) {
		t.Errorf("3 = % x, 1 = % x", g.Opts[3], g.Opts[1])
	}
	// A relay in the secondary network gets an address of that one.
	r := phoneRequest(mac(6, 21), wire.MsgDiscover)
	r.GIAddr = "10.78.0.6"
	w.one(r, fromRelay("10.78.0.6")).is(t, wire.MsgOffer, "10.78.0.2")
}

func TestReserveForPhones(t *testing.T) {
	w := newWorld(t, small, func(s *Spec) { s.Pools[0].ReservePhones = 3 })
	for n := range byte(7) {
		w.one(pcRequest(mac(7, n), wire.MsgDiscover))
	}
	w.silent(pcRequest(mac(7, 9), wire.MsgDiscover))
	w.one(phoneRequest(mac(7, 9), wire.MsgDiscover))
}

func TestLimits(t *testing.T) {
	w := newWorld(t, func(s *Spec) { s.RateLimit = 10 })
	answered := 0
	for n := range byte(30) {
		answered += len(w.arrives(phoneRequest(mac(8, n), wire.MsgDiscover)))
	}
	if answered != 10 || w.e.Stats.Extra.RateLimited != 20 {
		t.Errorf("%d answered, %d limited", answered, w.e.Stats.Extra.RateLimited)
	}
	w.now += time.Second
	w.one(phoneRequest(mac(8, 40), wire.MsgDiscover))

	// One station may not tie up the pool with offers (dhcpstarv).
	w = newWorld(t)
	answered = 0
	for n := range byte(99) {
		answered += len(w.arrives(phoneRequest(mac(9, n), wire.MsgDiscover), func(in *Inbound) { in.Source = mac(9, 200) }))
	}
	if answered != 25 { // a quarter
		t.Errorf("%d offers to one station", answered)
	}
}

func TestLeaseQuery(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 1))
	ask := func(change func(*testRequest)) got {
		r := pcRequest(phoneRequest(mac(0, 0), 0).MAC, wire.MsgLeaseQuery)
		r.MAC, r.GIAddr = [6]byte{}, "10.77.0.9"
		change(&r)
		return w.one(r, fromRelay("10.77.0.9"))
	}
	g := ask(func(r *testRequest) { r.CIAddr = a.String() })
	if g.Type != wire.MsgLeaseActive || binary.BigEndian.Uint32(g.Opts[51]) != 600 || !bytes.Equal(g.Payload[28:34], []byte{2, 0, 0, 0, 0, 1}) {
		t.Errorf("by address: %+v", g.Type)
	}
	if g = ask(func(r *testRequest) { r.MAC = mac(0, 1) }); g.Type != wire.MsgLeaseActive || wire.AddrOf(g.Payload[12:16]) != a {
		t.Errorf("by MAC: type %d", g.Type)
	}
	if g = ask(func(r *testRequest) { r.Opts = append(r.Opts, opt(61, idMAC(mac(0, 1)))) }); g.Type != wire.MsgLeaseActive {
		t.Errorf("by identifier: type %d", g.Type)
	}
	if g = ask(func(r *testRequest) { r.CIAddr = "10.77.0.150" }); g.Type != wire.MsgLeaseUnassigned {
		t.Errorf("free address: type %d", g.Type)
	}
	if g = ask(func(r *testRequest) { r.CIAddr = "192.168.1.1" }); g.Type != wire.MsgLeaseUnknown {
		t.Errorf("foreign address: type %d", g.Type)
	}
}

func TestNextServersInTurn(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		s.Pools[0].NextServers = []netip.Addr{ip("10.77.0.2"), ip("10.77.0.3")}
		s.Pools[0].Bootfile = "boot.bin"
	})
	seen := map[netip.Addr]int{}
	for n := range byte(40) {
		g := w.one(phoneRequest(mac(10, n), wire.MsgDiscover))
		seen[wire.AddrOf(g.Payload[20:24])]++
		if !bytes.HasPrefix(g.Payload[wire.OffFile:], []byte("boot.bin\x00")) {
			t.Fatal("no boot file")
		}
		a := w.one(phoneRequest(mac(10, n), wire.MsgRequest, opt(50, ipb(g.YIAddr.String())), opt(54, ipb(us))))
		if !bytes.Equal(a.Payload[20:24], g.Payload[20:24]) {
			t.Fatal("OFFER and ACK name different servers")
		}
	}
	if len(seen) != 2 {
		t.Errorf("%v", seen)
	}
}

// The clock of the box is set: leases keep their length, and a restart by the
// new clock keeps it too.
func TestClockStep(t *testing.T) {
	for _, d := range []time.Duration{-3 * time.Hour, 56 * 365 * 24 * time.Hour} {
		w := newWorld(t)
		a := w.lease(mac(0, 1))
		w.pass(100 * time.Second)
		w.e.SetClock(w.now, epoch.Add(d))
		w.collect()
		again := New(epoch.Add(d + w.now)) // started at this moment
		again.Load(0, w.kept())
		w.pass(400 * time.Second)
		if bs := w.e.List(); !w.e.bindings[a].leased || !bs[1].Expiry.Equal(epoch.Add(d+600*time.Second)) {
			t.Errorf("step of %s ended the lease: %+v", d, bs)
		}
		again.Tick(400 * time.Second)
		if !again.bindings[a].leased {
			t.Errorf("step of %s and a restart ended the lease", d)
		}
		w.pass(101 * time.Second)
		if w.e.bindings[a].leased {
			t.Errorf("step of %s prolonged the lease", d)
		}
		if again.Tick(501 * time.Second); again.bindings[a] != nil {
			t.Errorf("step of %s and a restart prolonged the lease", d)
		}
	}
}

// A box without a battery starts in the past: nobody has more time than was
// granted.
func TestLoadInThePast(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 1))
	past := epoch.Add(-20 * 365 * 24 * time.Hour)
	e := New(past)
	e.Load(0, w.disk)
	if b := e.bindings[a]; !b.leased || b.until != 600*time.Second || !e.at(b.until).Equal(past.Add(600*time.Second)) {
		t.Errorf("%+v", b)
	}
}

// It starts in the future: when the clock is set right, who has a lease has it
// again, unless the address was given to somebody else meanwhile.
func TestLoadInTheFuture(t *testing.T) {
	w := newWorld(t)
	a, b := w.lease(mac(0, 1)), w.lease(mac(0, 2))
	w.pass(100 * time.Second)
	disk := w.kept()
	w = &world{t: t, e: New(epoch.Add(30 * 24 * time.Hour))}
	w.e.Load(0, disk)
	w.set(baseSpec())
	if w.e.bindings[a].leased {
		t.Fatal("a lease of ten minutes after a month")
	}
	w.one(phoneRequest(mac(0, 3), wire.MsgRequest, opt(50, ipb(b.String())), opt(54, ipb(us)))).is(t, wire.MsgAck, b.String())
	w.pass(5 * time.Second)
	w.e.SetClock(w.now, epoch.Add(100*time.Second))
	w.collect()
	if !w.e.bindings[a].leased || w.e.bindings[a].until != 500*time.Second {
		t.Errorf("%+v", w.e.bindings[a])
	}
	if x := w.e.bindings[b]; x.MAC != mac(0, 3) || x.until != 600*time.Second {
		t.Errorf("%+v", x)
	}
	w.pass(500 * time.Second)
	if w.e.bindings[a].leased {
		t.Error("lives for ever")
	}
}

func TestRestartKeepsEverything(t *testing.T) {
	w := newWorld(t)
	a, b := w.lease(mac(0, 1)), w.lease(mac(0, 2))
	w.silent(phoneRequest(mac(0, 2), wire.MsgDecline, opt(50, ipb(b.String())), opt(54, ipb(us))))
	w2 := &world{t: t, e: New(epoch), now: w.now + time.Minute}
	w2.e.Load(w2.now, w.kept())
	w2.set(baseSpec())
	if bs := w2.e.List(); len(bs) != 2 || bs[1].Addr != a {
		t.Errorf("%+v", bs)
	}
	if cs := w2.e.ConflictList(); len(cs) != 1 || cs[0].Addr != b {
		t.Errorf("%+v", cs)
	}
	// A client that got its OFFER before the restart gets its ACK after it.
	w2.one(phoneRequest(mac(0, 3), wire.MsgRequest, opt(50, ipb("10.77.0.150")), opt(54, ipb(us)))).is(t, wire.MsgAck, "10.77.0.150")
	w2.one(phoneRequest(mac(0, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, a.String())
}

// A change of the configuration leaves leases, offers and the moving index.
func TestChangeInPlace(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 1))
	o := w.one(phoneRequest(mac(0, 2), wire.MsgDiscover)).YIAddr
	s := baseSpec()
	s.Pools[0].DomainName = "other.example"
	w.set(s)
	if w.e.offers[o] == nil || !w.e.bindings[a].leased || w.e.t.subnets[0].live != 1 || w.e.t.subnets[0].offered != 1 {
		t.Errorf("offer %v, %d leased", w.e.offers[o], w.e.t.subnets[0].live)
	}
	w.one(phoneRequest(mac(0, 2), wire.MsgRequest, opt(50, ipb(o.String())), opt(54, ipb(us)))).is(t, wire.MsgAck, o.String())
	w.one(phoneRequest(mac(0, 3), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.102")
	// An address excluded after it was leased stays with its client.
	s.Excluded = append(s.Excluded, Range{a, a})
	w.set(s)
	r := phoneRequest(mac(0, 1), wire.MsgRequest)
	r.CIAddr = a.String()
	w.one(r).is(t, wire.MsgAck, a.String())
	if w.e.Stats.Renew != 1 {
		t.Errorf("%d requests to renew", w.e.Stats.Renew)
	}
	// The pool goes: the wire has none left.
	s.Pools = s.Pools[1:]
	w.set(s)
	w.silent(phoneRequest(mac(0, 9), wire.MsgDiscover))
}

// While other servers answer, clients we know are still renewed.
func TestHold(t *testing.T) {
	w := newWorld(t, func(s *Spec) { s.ForeignServer = ForeignHold })
	a := w.lease(mac(0, 1))
	w.e.LinkUp(w.now, "GigabitEthernet0/0", 4*time.Second)
	w.e.Tick(w.now)
	w.collect()
	if len(w.watch) != 1 {
		t.Fatalf("watch %v", w.watch)
	}
	offer := wire.Marshal(wire.Header{Request: &wire.Packet{HType: 1, MAC: mac(1, 1)}, YIAddr: ip("10.77.0.9")}, []wire.Item{{Code: 53, Val: []byte{2}}, {Code: 54, Val: ipb("10.77.0.250")}, {Code: 150, Val: ipb("10.9.9.9")}}, wire.DefPayload)
	in := &Inbound{Data: offer, Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("10.77.0.250:67"), Source: mac(0xf0, 1)}
	w.e.ServerReply(w.now, in)
	w.e.ServerReply(w.now, in)
	w.collect()
	n := 0
	for _, e := range w.events {
		if f, ok := e.(ForeignServer); ok {
			m, told := f.LogMessage()
			if !told {
				continue
			}
			n++
			if !strings.Contains(m.String(), "option 150 10.9.9.9; offers are held") {
				t.Errorf("message %q", m)
			}
		}
	}
	if n != 1 {
		t.Errorf("told %d times", n)
	}
	w.pass(10 * time.Second)
	w.silent(phoneRequest(mac(0, 2), wire.MsgDiscover))
	w.silent(phoneRequest(mac(0, 2), wire.MsgRequest, opt(50, ipb("10.77.0.150")), opt(54, ipb(us))))
	w.silent(phoneRequest(mac(0, 2), wire.MsgRequest, opt(50, ipb("192.168.1.1"))))
	r := phoneRequest(mac(0, 1), wire.MsgRequest)
	r.CIAddr = a.String()
	w.one(r).is(t, wire.MsgAck, a.String())
	rel := phoneRequest(mac(0, 3), wire.MsgDiscover)
	rel.GIAddr = "10.88.0.1"
	w.one(rel, fromRelay("10.88.0.1")).is(t, wire.MsgOffer, "10.88.0.100") // another wire
	w.e.Takeover()
	w.one(phoneRequest(mac(0, 2), wire.MsgDiscover))

	w = newWorld(t) // warn: serve, and say it
	w.e.LinkUp(w.now, "GigabitEthernet0/0", 4*time.Second)
	in.Data = offer
	w.e.ServerReply(w.now, in)
	w.one(phoneRequest(mac(0, 2), wire.MsgDiscover))
	if f, ok := has[ForeignServer](w); !ok || f.Hold {
		t.Errorf("%+v", f)
	}
}

// A client that takes another server's lease is a fact each time, whatever this
// server does itself, and so is each answer of that server; what the server
// gives to such clients is asked for, because its answers may be unicast.
func TestForeignChosen(t *testing.T) {
	for _, mode := range []string{ForeignWarn, ForeignHold} {
		w := newWorld(t, func(s *Spec) { s.ForeignServer = mode })
		w.e.LinkUp(w.now, "GigabitEthernet0/0", 4*time.Second)
		w.pass(10 * time.Second)
		w.watch = nil
		for range 2 {
			w.silent(phoneRequest(mac(0, 2), wire.MsgRequest, opt(50, ipb("10.77.0.9")), opt(54, ipb("10.77.0.250"))))
		}
		w.e.Tick(w.now)
		w.collect()
		if len(w.watch) != 1 || !strings.HasPrefix(w.watch[0].Class, "Cisco") {
			t.Errorf("%s: asked the other servers %+v", mode, w.watch)
		}
		answer := wire.Marshal(wire.Header{Request: &wire.Packet{HType: 1, MAC: mac(0, 2)}, YIAddr: ip("10.77.0.9")}, []wire.Item{{Code: 53, Val: []byte{2}}, {Code: 54, Val: ipb("10.77.0.250")}}, wire.DefPayload)
		for range 100 {
			w.e.ServerReply(w.now, &Inbound{Data: answer, Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("10.77.0.250:67"), Source: mac(0xf0, 1)})
		}
		w.collect()
		chosen, answers, logged := 0, 0, 0
		for _, e := range w.events {
			switch x := e.(type) {
			case Requested:
				if x.Foreign {
					chosen++
				}
			case ForeignServer:
				answers++
				if _, ok := x.LogMessage(); ok {
					logged++
				}
			}
		}
		if chosen != 2 || answers != 1+maxAnswers || logged != 1 {
			t.Errorf("%s: chosen %d times, %d answers, %d messages", mode, chosen, answers, logged)
		}
	}
}

// While the disk does not work: silence for new clients, no more time than is
// stored for known ones.
func TestDiskBad(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 1))
	w.pass(200 * time.Second)
	w.e.Packet(w.now, &Inbound{Data: phoneRequest(mac(0, 2), wire.MsgRequest, opt(50, ipb("10.77.0.150")), opt(54, ipb(us))).Bytes(), Interface: "GigabitEthernet0/0", Broadcast: true})
	w.e.Take() // on its way to the disk
	w.e.DiskFailed()
	if w.e.bindings[ip("10.77.0.150")] != nil {
		t.Error("a lease nobody was told of is kept")
	}
	w.silent(phoneRequest(mac(0, 3), wire.MsgRequest, opt(50, ipb("10.77.0.151")), opt(54, ipb(us))))
	r := phoneRequest(mac(0, 1), wire.MsgRequest)
	r.CIAddr = a.String()
	g := w.one(r).is(t, wire.MsgAck, a.String())
	if got := binary.BigEndian.Uint32(g.Opts[51]); got != 400 {
		t.Errorf("lease %d, want the 400 s that are on disk", got)
	}
	w.e.DiskWorks()
	if g := w.one(r); binary.BigEndian.Uint32(g.Opts[51]) != 600 {
		t.Errorf("lease % x", g.Opts[51])
	}
}

// Relayed networks are probed by echo while there is demand.
func TestEchoProbes(t *testing.T) {
	w := newWorld(t, probing)
	w.e.CanICMP = true
	w.pass(20 * time.Minute) // the first ones go out at start
	w.probes = nil
	if w.pass(5 * time.Minute); len(w.probes) != 0 {
		t.Errorf("%d probes without demand", len(w.probes))
	}
	r := phoneRequest(mac(0, 1), wire.MsgDiscover)
	r.GIAddr = "10.88.0.1"
	w.one(r, fromRelay("10.88.0.1")).is(t, wire.MsgOffer, "10.88.0.100")
	w.e.Tick(w.now)
	w.collect()
	if len(w.probes) < 64 || w.probes[0] != (Probe{"", ip("10.88.0.100")}) {
		t.Fatalf("%d probes", len(w.probes))
	}
	w.e.Answered(w.now, Sighting{Addr: ip("10.88.0.101"), MAC: [6]byte{}, Reply: true})
	w.pass(3 * time.Second)
	r.MAC = mac(0, 2)
	r.Opts[1].Val = idMAC(r.MAC)
	w.one(r, fromRelay("10.88.0.1")).is(t, wire.MsgOffer, "10.88.0.102")
}

func BenchmarkDiscoverOffer(b *testing.B) {
	w := newWorld(b, func(s *Spec) { s.Pools[0].Network = pfx("10.0.0.0/8") })
	in := &Inbound{Data: phoneRequest(mac(0, 1), wire.MsgDiscover).Bytes(), Interface: "GigabitEthernet0/0", Broadcast: true}
	b.ReportAllocs()
	for b.Loop() {
		w.e.Packet(w.now, in)
		if o := w.e.Take(); len(o.Replies) != 1 {
			b.Fatal("no offer")
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	data := phoneRequest(mac(0, 1), wire.MsgDiscover).Bytes()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wire.Decode(data); err != nil {
			b.Fatal(err)
		}
	}
}
