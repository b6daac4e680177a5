package engine

import (
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/share"
	"option150/dhcp/wire"
)

// his is a lease of another client as another box grants it, seconds from now.
func his(d *domain, a netip.Addr, m byte, start, expiry int64) Bound {
	now := d.boxes[0].e.stamp(d.boxes[0].now)
	d.rev++
	x := Bound{Record{Kind: RecordBinding, State: StateLeased, Addr: a, Key: hardwareKey(mac(2, m)), MAC: mac(2, m), HType: 1, Start: now + start, Expiry: now + expiry, Lease: uint32(expiry - start)}, d.rev}
	d.at[a] = x
	return x
}

// The share of a box that is down comes to the heir, and goes when that box is back; a box that knows of
// no boxes yet gives out nothing.
func TestSharesComeAndGo(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a, b := d.boxes[0], d.boxes[1]
	offered := func(from byte) map[string]bool {
		owners := map[string]bool{}
		for n := range byte(6) {
			owners[a.e.share.Owner(a.one(phoneRequest(mac(3, from+n), wire.MsgDiscover)).YIAddr)] = true
		}
		return owners
	}
	if o := offered(0); !o["A"] || o["B"] {
		t.Errorf("first: %v", o)
	}
	b.e.Share().Connected = false
	a.e.Share().Downs["B"] = share.Down{Since: a.e.stamp(a.now), Gen: 1, Mod: 9}
	d.pass((testLead + testSkew + 2) * time.Second)
	if o := offered(10); !o["A"] || !o["B"] {
		t.Errorf("B is down: %v", o)
	}
	if tab := a.e.t; tab != nil {
		if d.pass(2 * time.Second); a.e.t != tab {
			t.Error("the tables are made anew, and no share has come or gone")
		}
	}
	delete(a.e.Share().Downs, "B")
	b.e.Share().Connected = true
	d.pass(70 * time.Second)
	if o := offered(20); !o["A"] || o["B"] {
		t.Errorf("B is back: %v", o)
	}
	w := newWorld(t)
	w.e.SetShare(w.now, share.New(share.Rules{Box: "A"}))
	w.silent(phoneRequest(mac(2, 1), wire.MsgDiscover))
}

// Which addresses are other boxes' follows what they said last, and is bounded; another server that is found to be
// one of them is none any more.
func TestPeersSayTheirAddresses(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	e := d.boxes[0].e
	e.foreign[foreignKey{iface: "GigabitEthernet0/0", server: ip("10.77.0.3")}] = &foreignServer{}
	e.foreign[foreignKey{iface: "GigabitEthernet0/0", server: ip("10.77.0.9")}] = &foreignServer{}
	e.Peers("B", []netip.Addr{ip("10.77.0.2")})
	e.Peers("C", []netip.Addr{ip("10.77.0.4")})
	e.Peers("A", []netip.Addr{ip("10.77.0.5")}) // itself
	e.Peers("B", []netip.Addr{ip("10.77.0.3")})
	for a, want := range map[string]bool{"10.77.0.2": false, "10.77.0.3": true, "10.77.0.4": true, "10.77.0.5": false} {
		if e.peer(ip(a)) != want {
			t.Errorf("%s is a peer: %v", a, !want)
		}
	}
	if len(e.foreign) != 1 {
		t.Errorf("foreign: %v", e.foreign)
	}
	var many []netip.Addr
	for n := range byte(200) {
		many = append(many, netip.AddrFrom4([4]byte{10, 9, 9, n}))
		e.t.own[many[n]] = true
	}
	e.Peers("B", many)
	if len(e.share.peers) != maxPeerAddrs+1 || len(e.Own()) != maxPeerAddrs {
		t.Errorf("%d are kept, %d told", len(e.share.peers), len(e.Own()))
	}
}

// A lease that another box granted, or took over, stands where this box has less: what it may not replace is a
// manual binding, an address of the box, a lease that runs, and a later record of the same address.
func TestLearn(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	const manual = "10.77.0.50"
	x := a.lease(mac(2, 1))
	d.pass(0)
	mine := d.at[x]
	for _, c := range []struct {
		what string
		of   Bound
		has  bool
	}{
		{"a manual binding", his(d, ip(manual), 7, 0, 600), false},
		{"its own address", his(d, ip("10.77.0.1"), 7, 0, 600), false},
		{"of no pool", his(d, ip("10.99.0.1"), 7, 0, 600), false},
		{"another lease of it runs, and began later", his(d, x, 7, -30, 900), false},
		{"free", his(d, ip("10.77.0.150"), 7, 0, 600), true},
		{"over", his(d, ip("10.77.0.151"), 8, -700, -100), false},
	} {
		a.e.Learn(a.now, []Bound{c.of})
		a.collect()
		got := false
		for _, l := range active(a) {
			got = got || l.Addr == c.of.Addr && l.MAC == c.of.MAC && l.Expiry.Unix() == c.of.Expiry
		}
		if got != c.has {
			t.Errorf("%s: it has it %v", c.what, got)
		}
		if a.e.share.At[c.of.Addr].Mod != c.of.Mod {
			t.Errorf("%s: on record %+v", c.what, a.e.share.At[c.of.Addr])
		}
	}
	if r := find(a.disk, ip("10.77.0.150")); r.Key != hardwareKey(mac(2, 7)) {
		t.Errorf("what it learned is not on its disk: %+v", r)
	}
	if r := find(a.disk, ip("10.77.0.151")); r.Expiry >= a.e.stamp(a.now) || r.Key == "" {
		t.Errorf("who had it last is not on its disk: %+v", r)
	}
	old := mine
	old.Expiry += 1000
	a.e.Learn(a.now, []Bound{old}) // of before what was learned last
	if l := a.e.share.At[x]; l.Expiry == old.Expiry {
		t.Errorf("an older revision counts: %+v", l)
	}
	d.at[ip("10.77.0.152")] = Bound{Record{Addr: ip("10.77.0.152")}, 500} // cannot be read
	a.e.Learn(a.now, []Bound{d.at[ip("10.77.0.152")]})
	if l := a.e.share.At[ip("10.77.0.152")]; l.Client == "" || l.Expiry <= a.e.stamp(a.now)+1<<40 || a.e.bindings[ip("10.77.0.152")] != nil {
		t.Errorf("what cannot be read is nobody's: %+v", l)
	}
	a.e.Share().Connected = false
	a.e.Learn(a.now, []Bound{his(d, ip("10.77.0.153"), 9, 0, 600)})
	if a.e.share.At[ip("10.77.0.153")].Mod != 0 {
		t.Error("it is not connected, and takes over what comes")
	}
	forever := his(d, ip("10.77.0.154"), 11, 0, 0)
	forever.Expiry = Forever
	d.at[forever.Addr] = forever
	a.e.Enter(a.now, d.at)
	a.e.Whole(a.now, d.at)
	if l := a.e.share.At[forever.Addr]; l.Expiry != shareEnd {
		t.Errorf("a lease without an end: %+v", l)
	}
	// What was of no pool is learned when a pool has it.
	if s := baseSpec(); true {
		s.Pools = append(s.Pools, Pool{Name: "OTHER", Network: netip.MustParsePrefix("10.99.0.0/24"), Lease: time.Hour})
		a.set(s)
	}
	found := false
	for _, l := range active(a) {
		found = found || l.Addr == ip("10.99.0.1") && l.MAC == mac(2, 7)
	}
	if !found {
		t.Error("what was of no pool is forgotten")
	}
}

// A client that has moved, at another box, has its old address no more, where it was granted before; one that is
// offered an address which another client has now is not given it.
func TestLearnMoves(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	x := a.lease(mac(2, 1))
	d.pass(0)
	y := ip("10.77.0.160")
	moved := d.at[x]
	moved.Addr, moved.Start, moved.Mod = y, moved.Start-5, 70
	a.e.Learn(a.now, []Bound{moved}) // it was there before
	a.collect()
	if l := active(a); len(l) != 2 {
		t.Errorf("an older lease of it ends the newer: %+v", l)
	}
	moved.Start, moved.Mod = moved.Start+10, 71
	moved.Expiry++
	a.e.Learn(a.now, []Bound{moved})
	a.collect()
	if l := active(a); len(l) != 1 || l[0].Addr != y {
		t.Errorf("it has moved: %+v", l)
	}
	o := a.one(phoneRequest(mac(2, 3), wire.MsgDiscover)).YIAddr
	taken := his(d, o, 9, 0, 600)
	a.e.Learn(a.now, []Bound{taken})
	a.collect()
	if a.e.offers[o] != nil {
		t.Error("an address is on offer that another client has")
	}
	a.arrives(phoneRequest(mac(2, 3), wire.MsgRequest, opt(50, ipb(o.String())), opt(54, ipb("10.77.0.1"))))
	if d.at[o].Key != taken.Key {
		t.Errorf("on record %+v", d.at[o])
	}
}

// What was not told anybody is not entered: a lease on its way to the disk that is still being claimed, a manual
// binding, and what is on no disk yet.
func TestEnterWhatWasTold(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	host := phoneRequest(mac(0x0a, 1), wire.MsgDiscover)
	o := a.one(host)
	if a.one(phoneRequest(host.MAC, wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, o.Opts[54]))).Type != wire.MsgAck {
		t.Fatal("no manual binding")
	}
	x := a.lease(mac(2, 1))
	told := d.at[x]
	a.pass(100 * time.Second)
	q := renew(1, x)
	a.e.Packet(a.now, &Inbound{Data: q.Bytes(), Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true, Source: q.MAC})
	claimed := a.e.Take()
	if len(claimed.Claims) != 1 {
		t.Fatalf("%+v", claimed)
	}
	puts := a.e.Enter(a.now, nil)
	if len(puts) != 1 || puts[0].Addr != x || puts[0].Expiry != told.Expiry {
		t.Errorf("entered %+v, was told until %d", puts, told.Expiry)
	}
	a.e.Claimed(a.now, []Claimed{{Addr: x, Key: told.Key, Seq: claimed.Seq, What: ClaimUnanswered}})
	if e := a.e.Share(); e.Connected {
		t.Error("no answer, and connected still")
	}
	// Isolated it renews without a claim: that is told as soon as it is on the disk, and before that it may be.
	q = renew(1, x)
	a.e.Packet(a.now, &Inbound{Data: q.Bytes(), Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true, Source: q.MAC})
	if o := a.e.Take(); len(o.Claims) != 0 || len(o.Acks) != 1 {
		t.Fatalf("%+v", o)
	}
	if puts = a.e.Enter(a.now, nil); len(puts) != 1 || puts[0].Expiry != a.e.stamp(a.now)+testLead {
		t.Errorf("entered %+v", puts)
	}
}

// A lease from the list of another server, under the name that list has: its client is on record under that
// name, and renews it under his own.
func TestSharedUnderAnotherName(t *testing.T) {
	w := newWorld(t)
	x, m := ip("10.77.0.140"), mac(2, 1)
	now := w.e.stamp(w.now)
	r := Record{Kind: RecordBinding, State: StateLeased, Imported: true, Addr: x, Key: hardwareKey(m), MAC: m, HType: 1, Start: now, Expiry: now + 100, Lease: 100, Pool: "VOICE"}
	w.e.Load(w.now, []Record{r})
	w.set(baseSpec())
	d := &domain{t: t, at: map[netip.Addr]Bound{x: {r, 7}}, rev: 7, boxes: []*world{w}}
	s := share.New(share.Rules{Box: "A", Boxes: []string{"A"}, Lead: testLead, Skew: testSkew})
	s.Founded(now)
	w.e.SetShare(w.now, s)
	w.e.Whole(w.now, d.at)
	w.collect()
	w.domain = d
	w.one(renew(1, x)).is(t, wire.MsgAck, x.String())
	if d.at[x].Mod != 8 {
		t.Errorf("on record: %+v", d.at[x])
	}
}

// Nobody is given an address for no time.
func TestNoLeadTime(t *testing.T) {
	d := newDomain(t, true, "A", "B")
	a := d.boxes[0]
	a.e.Share().Lead, a.e.Share().Connected = 0, false
	a.silent(phoneRequest(mac(2, 1), wire.MsgDiscover))
}

// An address of which a claim had no answer is its client's: another one is given another.
func TestUnansweredIsItsClients(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	o := a.one(phoneRequest(mac(2, 1), wire.MsgDiscover))
	d.dead = true
	a.silent(phoneRequest(mac(2, 1), wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, o.Opts[54])))
	d.dead = false
	a.e.Enter(a.now, d.at)
	a.e.Whole(a.now, d.at)
	d.pass(0)
	ask := func(m byte) netip.Addr {
		return a.one(phoneRequest(mac(2, m), wire.MsgDiscover, opt(50, ipb(o.YIAddr.String())))).YIAddr
	}
	if got := ask(2); got == o.YIAddr {
		t.Error("it is offered to another")
	}
	if got := ask(1); got != o.YIAddr {
		t.Errorf("its client is offered %s", got)
	}
	d.pass(62 * time.Second) // its offer, and what may yet arrive
	a.e.Share().Came(a.e.stamp(a.now))
	if got := ask(3); got != o.YIAddr {
		t.Errorf("nothing came of it, and %s is offered", got)
	}
}
