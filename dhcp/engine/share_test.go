package engine

import (
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/share"
	"option150/dhcp/wire"
)

// domain is boxes with a store that compares and swaps.
type domain struct {
	t     *testing.T
	at    map[netip.Addr]Bound
	rev   int64
	dead  bool // no answers
	boxes []*world
}

const testLead, testSkew = 600, 4

func newDomain(t *testing.T, own bool, names ...string) *domain {
	d := &domain{t: t, at: map[netip.Addr]Bound{}}
	for _, n := range names {
		w := newWorld(t)
		w.domain = d
		s := share.New(share.Rules{Box: n, Boxes: names, Lead: testLead, Skew: testSkew, OwnShare: own})
		s.Started = w.e.stamp(w.now)
		s.Founded(s.Started)
		s.Gen, s.Heard = 1, true
		w.e.SetShare(w.now, s)
		w.collect()
		d.boxes = append(d.boxes, w)
	}
	for _, w := range d.boxes {
		w.e.Whole(w.now, d.at)
	}
	d.pass(0)
	return d
}

// pass lets time go by, with signs of life of all that are connected and the changes
// brought to them.
func (d *domain) pass(by time.Duration) {
	for step := time.Duration(0); ; step += time.Second {
		for _, w := range d.boxes {
			if s := w.e.Share(); s.Connected {
				for _, o := range d.boxes {
					if o.e.Share().Connected {
						s.Beats[o.e.Share().Box] = share.Beat{Stamp: w.e.stamp(w.now), Gen: 1}
					}
				}
				s.Seen(w.e.stamp(w.now))
				var all []Bound
				for _, x := range d.at {
					all = append(all, x)
				}
				w.e.Learn(w.now, all)
				w.collect()
			}
		}
		if step >= by {
			return
		}
		for _, w := range d.boxes {
			w.pass(time.Second)
		}
	}
}

// claims carries out what an outcome asks for, and takes out of it what has come to nothing.
func (d *domain) claims(w *world, o *Outcome) {
	if len(o.Claims) == 0 {
		return
	}
	var ends []Claimed
	void := map[int]bool{}
	acks := map[int]bool{}
	for _, c := range o.Claims {
		r := o.Records[c.Record]
		x := Claimed{Addr: r.Addr, Key: r.Key, Seq: o.Seq, What: ClaimUnanswered}
		was := d.at[r.Addr]
		switch {
		case d.dead:
		case was.Mod != c.Grant.Mod && was.Key == r.Key && was.Expiry >= r.Expiry-testSkew:
			x.What, x.Bound, x.Other = ClaimGranted, was, true // the other box was first with the same
			o.Records[c.Record] = was.Record
		case was.Mod != c.Grant.Mod:
			x.What, x.Bound = ClaimRefused, was
		default:
			d.rev++
			x.What, x.Bound = ClaimGranted, Bound{r, d.rev}
			d.at[r.Addr] = x.Bound
		}
		if x.What != ClaimGranted {
			void[c.Record], acks[c.Ack] = true, true
		}
		ends = append(ends, x)
	}
	o.Records, o.Acks, o.Acked = without(o.Records, void), without(o.Acks, acks), without(o.Acked, acks)
	w.e.Claimed(w.now, ends)
}

func without[T any](list []T, gone map[int]bool) (out []T) {
	for i, x := range list {
		if !gone[i] {
			out = append(out, x)
		}
	}
	return out
}

func renew(m byte, a netip.Addr) testRequest {
	r := phoneRequest(mac(2, m), wire.MsgRequest)
	r.CIAddr = a.String()
	return r
}

// Two boxes answer one DISCOVER, each from its share, and an OFFER takes nothing from
// the other box.
func TestSharesAreDisjoint(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a, b := d.boxes[0], d.boxes[1]
	for n := range byte(20) {
		q := phoneRequest(mac(2, n), wire.MsgDiscover)
		x, y := a.one(q), b.one(q)
		if x.YIAddr == y.YIAddr || a.e.share.Owner(x.YIAddr) != "A" || b.e.share.Owner(y.YIAddr) != "B" {
			t.Fatalf("A offers %s, B %s", x.YIAddr, y.YIAddr)
		}
		if len(d.at) != int(n) {
			t.Fatalf("%d addresses are on record before a REQUEST, want %d", len(d.at), n)
		}
		g := a.one(phoneRequest(mac(2, n), wire.MsgRequest, opt(50, ipb(x.YIAddr.String())), opt(54, x.Opts[54])))
		g.is(t, wire.MsgAck, x.YIAddr.String())
		b.silent(phoneRequest(mac(2, n), wire.MsgRequest, opt(50, ipb(x.YIAddr.String())), opt(54, ipb("10.77.0.2"))))
		if e := d.at[x.YIAddr]; e.Lease != 600 {
			t.Fatalf("on record for %d seconds", e.Lease)
		}
	}
}

// Takeover is REBIND, INIT-REBOOT and DISCOVER: the other box has every binding, and
// gives the same address for the same time.
func TestTakeover(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a, b := d.boxes[0], d.boxes[1]
	m := mac(2, 1)
	x := a.lease(m)
	d.pass(time.Second)
	reboot := b.one(phoneRequest(m, wire.MsgRequest, opt(50, ipb(x.String())))).is(t, wire.MsgAck, x.String())
	d.pass(time.Second)
	rebind := b.one(renew(1, x)).is(t, wire.MsgAck, x.String())
	other := a.one(renew(1, x)) // which hears it too, before it hears of B's lease
	if o := b.one(phoneRequest(m, wire.MsgDiscover)); o.YIAddr != x {
		t.Errorf("offered %s, has %s", o.YIAddr, x)
	}
	if string(reboot.Opts[51]) != string(rebind.Opts[51]) || string(other.Opts[51]) != string(rebind.Opts[51]) {
		t.Errorf("leases of %x, %x and %x", reboot.Opts[51], rebind.Opts[51], other.Opts[51])
	}
	d.pass(time.Second)
	if l := active(b); len(l) != 1 || !l[0].Expiry.Equal(active(a)[0].Expiry) {
		t.Errorf("B has %v, A %v", l, active(a))
	}
}

// Another box was first: the lease is taken back, and the client of the record known.
func TestRefusedClaim(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	o := a.one(phoneRequest(mac(2, 1), wire.MsgDiscover))
	now := a.e.stamp(a.now)
	d.rev++
	d.at[o.YIAddr] = Bound{Record{Kind: RecordBinding, State: StateLeased, Addr: o.YIAddr, Key: hardwareKey(mac(2, 9)), MAC: mac(2, 9), HType: 1, Start: now, Expiry: now + 600, Lease: 600}, d.rev}
	ask := phoneRequest(mac(2, 1), wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, o.Opts[54]))
	a.silent(ask)
	if l := active(a); len(l) != 1 || l[0].MAC != mac(2, 9) {
		t.Fatalf("on record: %v", l)
	}
	a.one(ask).is(t, wire.MsgNak, "")
	if n := a.one(phoneRequest(mac(2, 1), wire.MsgDiscover)).YIAddr; n == o.YIAddr {
		t.Error("offered again")
	}
	if s := a.e.Stats.Shared; s.Refused != 1 || s.Granted != 0 {
		t.Errorf("%+v", s)
	}
	for _, r := range a.disk {
		if r.Addr == o.YIAddr && r.Key != hardwareKey(mac(2, 9)) {
			t.Errorf("on disk: %+v", r)
		}
	}
}

// Without an answer there is no ACK; then isolated rules hold: who is known is renewed
// by no more than the lead time, who is new gets nothing, or an address of the share.
func TestIsolated(t *testing.T) {
	for _, own := range []bool{false, true} {
		d := newDomain(t, own, "A", "B")
		a := d.boxes[0]
		x := a.lease(mac(2, 1))
		d.pass(400 * time.Second)
		d.dead = true
		a.silent(renew(1, x))
		if a.e.Share().Connected {
			t.Fatal("connected still")
		}
		g := a.one(renew(1, x)).is(t, wire.MsgAck, x.String())
		if s := secondsOf(g); s != testLead {
			t.Errorf("renewed for %d s", s)
		}
		fresh := phoneRequest(mac(2, 2), wire.MsgDiscover)
		if !own {
			a.silent(fresh)
			if n, ok := has[NoLease](a); !ok || n.Why != "SHARED BINDINGS: the engine does not answer" {
				t.Errorf("%+v", n)
			}
			continue
		}
		if y := a.one(fresh).YIAddr; a.e.share.Owner(y) != "A" || y == x {
			t.Errorf("offered %s", y)
		}
		// What is on record here as another's may have changed: nobody is told no.
		a.silent(renew(3, x))
	}
}

func active(w *world) (all []Binding) {
	for _, b := range w.e.List() {
		if b.Active {
			all = append(all, b)
		}
	}
	return all
}

func secondsOf(g got) int {
	b := g.Opts[51]
	return int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
}

// While a box is absent no other client gets an address that expired; after it was
// declared down not before expiry, lead time and bound of the clocks are over; and
// then its share too.
func TestAbsentBox(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a, b := d.boxes[0], d.boxes[1]
	x := a.lease(mac(2, 1))
	d.pass(time.Second)
	b.e.Share().Connected = false
	d.pass(3000 * time.Second)
	ask := phoneRequest(mac(2, 2), wire.MsgDiscover, opt(50, ipb(x.String())))
	if y := a.one(ask).YIAddr; y == x {
		t.Error("the address was given to another client while B is absent")
	}
	now := a.e.stamp(a.now)
	a.e.Share().Downs["B"] = share.Down{Since: now, Gen: 1, Mod: 99}
	if y := a.one(ask).YIAddr; y == x {
		t.Error("at once")
	}
	d.pass((testLead + testSkew - 1) * time.Second)
	a.pass(61 * time.Second)
	y := a.one(phoneRequest(mac(2, 3), wire.MsgDiscover, opt(50, ipb(x.String()))))
	if y.YIAddr != x {
		t.Errorf("offered %s, not %s", y.YIAddr, x)
	}
	if !a.e.share.Given(a.e.stamp(a.now))[1] {
		t.Error("the share of B is not given out")
	}
	z := a.one(phoneRequest(mac(2, 4), wire.MsgDiscover, opt(50, ipb("10.77.0.199"))))
	w := a.one(phoneRequest(mac(2, 5), wire.MsgDiscover, opt(50, ipb("10.77.0.198"))))
	if a.e.share.Owner(z.YIAddr) == a.e.share.Owner(w.YIAddr) {
		t.Errorf("%s and %s are of one share", z.YIAddr, w.YIAddr)
	}
	g := a.one(phoneRequest(mac(2, 4), wire.MsgRequest, opt(50, ipb(z.YIAddr.String())), opt(54, z.Opts[54])))
	g.is(t, wire.MsgAck, z.YIAddr.String())
}

// What a box granted while it was isolated is entered when it is connected again, and
// where both have the address on record the newer lease stays and the clash is told.
func TestEnter(t *testing.T) {
	d := newDomain(t, true, "A", "B")
	a, b := d.boxes[0], d.boxes[1]
	a.e.Share().Connected = false
	x := a.lease(mac(2, 1))
	if len(d.at) != 0 {
		t.Fatal("claimed")
	}
	puts := a.e.Enter(a.now, d.at)
	if len(puts) != 1 || puts[0].Addr != x || puts[0].Mod != 0 {
		t.Fatalf("%+v", puts)
	}
	d.at[x] = Bound{puts[0].Record, 7}
	if puts = a.e.Enter(a.now, d.at); len(puts) != 0 {
		t.Fatalf("again: %+v", puts)
	}
	a.e.Whole(a.now, d.at)
	d.pass(time.Second)
	if l := active(b); len(l) != 1 || l[0].Addr != x {
		t.Errorf("B has %v", l)
	}
	other := d.at[x]
	other.Key, other.MAC, other.Start = hardwareKey(mac(2, 7)), mac(2, 7), other.Start+1
	d.at[x] = Bound{other.Record, 8}
	a.e.Enter(a.now, d.at)
	a.e.Whole(a.now, d.at)
	a.collect()
	if c, ok := has[SharedClash](a); !ok || c.Addr != x || a.e.Stats.Shared.Clashes != 1 {
		t.Errorf("%+v, %d", c, a.e.Stats.Shared.Clashes)
	}
	if l := active(a); len(l) != 1 || l[0].MAC != mac(2, 7) {
		t.Errorf("A has %v", l)
	}
}

// A clock off the others': renewals only.
func TestClockOff(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	x := a.lease(mac(2, 1))
	a.e.Share().Off = true
	a.one(renew(1, x)).is(t, wire.MsgAck, x.String())
	a.silent(phoneRequest(mac(2, 2), wire.MsgDiscover))
	if n, _ := has[NoLease](a); n.Why != "SHARED BINDINGS: "+string(share.ClockOff) {
		t.Errorf("%+v", n)
	}
}

// A box alone has no masks and no claims.
func TestAloneNothingIsShared(t *testing.T) {
	w := newWorld(t)
	w.lease(mac(2, 1))
	for _, s := range w.e.t.subnets {
		if s.others != nil {
			t.Error("addresses of others")
		}
	}
	d := newDomain(t, false, "A", "B")
	d.boxes[0].domain = nil
	d.boxes[0].e.SetShare(0, nil)
	d.boxes[0].collect()
	d.boxes[0].lease(mac(2, 1))
	for _, s := range d.boxes[0].e.t.subnets {
		if s.others != nil {
			t.Error("addresses of others, after it left")
		}
	}
}

// The other boxes are no foreign servers.
func TestBoxesAreNotForeign(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	a.e.Peers("B", []netip.Addr{ip("10.77.0.2")})
	if !a.e.peer(ip("10.77.0.2")) || a.e.peer(ip("10.77.0.3")) {
		t.Error("who is another box")
	}
}

// A client gives its address back and has it anew of another box in the same second, for as long:
// this box has the lease then. What it gave back this box does not take for a lease again.
func TestGivenBackAndGrantedAnew(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a, b := d.boxes[0], d.boxes[1]
	x := a.lease(mac(2, 1))
	d.pass(0)
	back := phoneRequest(mac(2, 1), wire.MsgRelease, opt(54, ipb("10.77.0.1")))
	back.CIAddr = x.String()
	a.silent(back)
	d.pass(0)
	a.e.Whole(a.now, d.at)
	a.collect()
	if l := active(a); len(l) != 0 {
		t.Fatalf("it was given back: %+v", l)
	}
	was := d.at[x]
	b.one(renew(1, x)).is(t, wire.MsgAck, x.String())
	if now := d.at[x]; now.Mod == was.Mod || now.Start != was.Start || now.Expiry != was.Expiry {
		t.Fatalf("granted %+v, and anew %+v", was, now)
	}
	d.pass(0)
	if l := active(a); len(l) != 1 || l[0].Expiry.Unix() != was.Expiry {
		t.Errorf("A has %+v", l)
	}
}

// A client gives its address back before the claim of it was answered: nor does the answer make a
// lease of it again.
func TestGivenBackBeforeTheAnswer(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	x := a.lease(mac(2, 1))
	d.pass(time.Second)
	in := func(q testRequest) *Inbound {
		return &Inbound{Data: q.Bytes(), Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true, Source: q.MAC}
	}
	a.e.Packet(a.now, in(renew(1, x)))
	o := a.e.Take()
	if len(o.Claims) != 1 {
		t.Fatalf("%+v", o)
	}
	back := phoneRequest(mac(2, 1), wire.MsgRelease, opt(54, ipb("10.77.0.1")))
	back.CIAddr = x.String()
	a.e.Packet(a.now, in(back))
	r := o.Records[o.Claims[0].Record]
	d.rev++
	d.at[x] = Bound{r, d.rev}
	a.e.Claimed(a.now, []Claimed{{Addr: x, Key: r.Key, Seq: o.Seq, What: ClaimGranted, Bound: d.at[x]}})
	a.e.Committed(o.Seq)
	a.collect()
	d.pass(time.Second)
	if l := active(a); len(l) != 0 {
		t.Errorf("A has %+v", l)
	}
}
