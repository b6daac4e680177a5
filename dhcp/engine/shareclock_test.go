package engine

import (
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/share"
	"option150/dhcp/wire"
)

// judged has the clock of a box count as compared with the others'.
func judged(w *world, off bool) {
	s := w.e.Share()
	s.Connected, s.Off = true, off
	s.Tried(0)
}

// find is a record of a list.
func find(list []Record, a netip.Addr) (r Record) {
	for _, x := range list {
		if x.Addr == a && x.Kind == RecordBinding {
			r = x
		}
	}
	return r
}

// A box whose clock is off renews for the lead time at most, and when the clock is set
// right it enters what it wrote down wrong before anybody relies on that.
func TestClockSetRight(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	s := a.e.Share()
	s.Lead = 100
	x := a.lease(mac(2, 1))
	d.pass(time.Second)
	a.e.SetClock(a.now, epoch.Add(-time.Hour))
	if s.Connected || !s.ClockOff() {
		t.Fatal("the clock was set, and nothing is entered anew")
	}
	judged(a, true)
	if n := secondsOf(a.one(renew(1, x)).is(t, wire.MsgAck, x.String())); n != 100 {
		t.Errorf("renewed for %d s by a clock that is off", n)
	}
	if e := d.at[x]; e.Expiry >= epoch.Unix() {
		t.Fatalf("on record until %d", e.Expiry)
	}
	a.e.SetClock(a.now, epoch)
	puts := a.e.Enter(a.now, d.at)
	if want := a.e.stamp(a.now) + 100; s.Connected || len(puts) != 1 || puts[0].Addr != x || puts[0].Expiry != want {
		t.Errorf("entered %+v, want until %d", puts, want)
	}
}

// What others granted keeps its times whatever becomes of the clock of this box: else its
// address would be locked, or free, for as long as the clock was set by.
func TestLearnedTimesStay(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a, b := d.boxes[0], d.boxes[1]
	x := a.lease(mac(2, 1))
	d.pass(time.Second)
	want := d.at[x]
	for _, by := range []time.Duration{-400 * 24 * time.Hour, 400 * 24 * time.Hour, 0} {
		b.e.SetClock(b.now, epoch.Add(by))
		if r := find(b.e.Dump(), x); r.Start != want.Start || r.Expiry != want.Expiry {
			t.Errorf("by %s: %d to %d, want %d to %d", by, r.Start, r.Expiry, want.Start, want.Expiry)
		}
		if puts := b.e.Enter(b.now, d.at); len(puts) != 0 {
			t.Errorf("by %s: entered %+v", by, puts)
		}
	}
	if l := active(b); len(l) != 1 || l[0].Expiry.Unix() != want.Expiry {
		t.Errorf("B has %+v", l)
	}
}

// A box without a battery starts in the past: a lease on its disk is not newer for that than
// what another client was granted meanwhile, and has its own times when the clock is set.
func TestStartInThePast(t *testing.T) {
	at := epoch.Unix()
	x := ip("10.77.0.100")
	old := Record{Kind: RecordBinding, State: StateLeased, Addr: x, Key: "i" + string(dhcptest.ClientID(mac(2, 1))), MAC: mac(2, 1), HType: 1, Start: at, Expiry: at + 600, Lease: 600}
	w := newWorld(t)
	w.e.SetClock(w.now, epoch.AddDate(-10, 0, 0))
	w.e.Load(w.now, []Record{old})
	w.set(baseSpec())
	s := share.New(share.Rules{Box: "A", Boxes: []string{"A", "B"}, Lead: testLead, Skew: testSkew})
	w.e.SetShare(w.now, s)
	his := old
	his.Key, his.MAC, his.Start, his.Expiry = hardwareKey(mac(2, 2)), mac(2, 2), at+2000, at+2600
	on := map[netip.Addr]Bound{x: {his, 9}}
	if puts := w.e.Enter(w.now, on); len(puts) != 0 {
		t.Fatalf("entered %+v", puts)
	}
	w.e.Whole(w.now, on)
	if r := find(w.e.Dump(), x); r.Key != his.Key {
		t.Errorf("on record: %+v", r)
	}

	w = newWorld(t) // isolated: it may have been given to another since
	w.e.SetClock(w.now, epoch.AddDate(-10, 0, 0))
	w.e.Load(w.now, []Record{old})
	w.set(baseSpec())
	w.e.SetShare(w.now, share.New(share.Rules{Box: "A", Boxes: []string{"A", "B"}, Lead: testLead, Skew: testSkew}))
	w.silent(renew(1, x))
	w.e.SetClock(w.now, epoch.Add(60*time.Second))
	w.one(renew(1, x)).is(t, wire.MsgAck, x.String())

	w = newWorld(t) // alone
	w.e.SetClock(w.now, epoch.AddDate(-10, 0, 0))
	w.e.Load(w.now, []Record{old})
	w.set(baseSpec())
	if l := active(w); len(l) != 1 {
		t.Fatalf("%+v", l)
	}
	w.e.SetClock(w.now, epoch.Add(60*time.Second))
	if l := active(w); len(l) != 1 || l[0].Expiry.Unix() != at+600 {
		t.Errorf("%+v, want until %d", l, at+600)
	}
}

// A clock that was set while nobody could be heard: what this box told a client is not
// shortened by what others enter of older times, and is entered when the clock is right.
func TestToldByAClockNobodyCompared(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	s := a.e.Share()
	x := a.lease(mac(2, 1))
	d.pass(time.Second)
	a.e.SetClock(a.now, epoch.Add(-90*time.Second))
	judged(a, false) // three signs of life, nobody was heard
	a.one(renew(1, x)).is(t, wire.MsgAck, x.String())
	told := a.now + testLead*time.Second
	his := d.at[x]
	his.Expiry += 30 // B enters what it has on record
	d.rev++
	his.Mod = d.rev
	d.at[x] = his
	a.e.Learn(a.now, []Bound{his})
	s.Connected = false
	a.e.SetClock(a.now, epoch)
	puts := a.e.Enter(a.now, d.at)
	if want := a.e.stamp(told); len(puts) != 1 || puts[0].Addr != x || puts[0].Expiry != want {
		t.Errorf("entered %+v, want until %d", puts, want)
	}
}

// What is learned of a lease while it is being claimed counts when the claim is answered.
func TestLearnedWhileClaimed(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	x := a.lease(mac(2, 1))
	d.pass(time.Second)
	q := renew(1, x)
	a.e.Packet(a.now, &Inbound{Data: q.Bytes(), Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true, Source: q.MAC})
	o := a.e.Take()
	if len(o.Claims) != 1 {
		t.Fatalf("%+v", o.Claims)
	}
	mine := o.Records[o.Claims[0].Record]
	later := mine
	later.Start, later.Expiry = mine.Start+30, mine.Expiry+30
	a.e.Learn(a.now, []Bound{{later, 90}}) // of B, after ours
	a.e.Claimed(a.now, []Claimed{{Addr: x, Key: mine.Key, Seq: o.Seq, What: ClaimGranted, Bound: Bound{mine, 80}}})
	a.e.Committed(o.Seq)
	if l := active(a); len(l) != 1 || l[0].Expiry.Unix() != later.Expiry {
		t.Errorf("%+v, want until %d", l, later.Expiry)
	}
}

// A claim that was refused leaves a lease as it was before, also where that is not on the
// disk yet: else an isolated box would renew by what it never told.
func TestRefusedBeforeTheDisk(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a, b := d.boxes[0], d.boxes[1]
	x := a.lease(mac(2, 1))
	var all []Bound
	for _, r := range d.at {
		all = append(all, r)
	}
	b.e.Learn(b.now, all)
	first := b.e.Take() // on its way to the disk
	b.pass(30 * time.Second)
	q := renew(1, x)
	b.e.Packet(b.now, &Inbound{Data: q.Bytes(), Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true, Source: q.MAC})
	o := b.e.Take()
	if first.Seq == 0 || len(o.Claims) != 1 {
		t.Fatalf("%+v %+v", first, o)
	}
	b.e.Claimed(b.now, []Claimed{{Addr: x, Key: o.Records[o.Claims[0].Record].Key, Seq: o.Seq, What: ClaimUnanswered}})
	if l := active(b); len(l) != 1 || l[0].Expiry.Unix() != d.at[x].Expiry {
		t.Errorf("%+v, want until %d", l, d.at[x].Expiry)
	}
}

// While a box is absent it may be isolated, and grant: nobody is told that an address is
// not his.
func TestNoNakWhileAbsent(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a, b := d.boxes[0], d.boxes[1]
	x := a.lease(mac(2, 1))
	d.pass(time.Second)
	ask := phoneRequest(mac(2, 2), wire.MsgRequest, opt(50, ipb(x.String())))
	a.one(ask).is(t, wire.MsgNak, "")
	b.e.Share().Connected = false
	d.pass(20 * time.Second)
	a.silent(ask)
	a.silent(renew(2, x))
	a.e.Share().Downs["B"] = share.Down{Since: a.e.stamp(a.now) - testLead - testSkew - 1, Gen: 1, Mod: 9}
	a.one(ask).is(t, wire.MsgNak, "")
}

// What this box told a client stands against a record that only a wrong clock makes the later:
// most boxes agree on one that is behind, and when it is set right the record is found to be over.
func TestToldOutlivesARecord(t *testing.T) {
	const (
		wrong   = -400 * 24 * time.Hour
		renewed = 10 * time.Second // after its lease by C
		want    = testLead + 10
	)
	client := mac(2, 1)
	tell := func(a *world, q testRequest) { a.silent(q) }
	for _, c := range []struct {
		name   string
		lease  int64                        // on record, seconds
		before func(a *world, x netip.Addr) // what happens before it reads that record
		after  func(a *world, x netip.Addr)
		later  time.Duration // the clock is set right then
		rests  bool          // it is entered all the same
		want   int64         // seconds after the first lease until which the client has it, 0 = it has not
	}{
		{name: "the lease runs", lease: 20, later: 300 * time.Second, want: want},
		{name: "the lease is over", lease: 20, later: 700 * time.Second},
		{name: "another box granted more", lease: 2000, later: 300 * time.Second, want: 2000},
		{name: "its client gave it back", lease: 20, rests: true, later: 300 * time.Second, before: func(a *world, x netip.Addr) {
			q := phoneRequest(client, wire.MsgRelease, opt(54, ipb("10.77.0.1")))
			q.CIAddr = x.String()
			tell(a, q)
		}},
		{name: "its client gave it back, and had it anew of another box", lease: 20, later: 300 * time.Second, before: func(a *world, x netip.Addr) {
			q := phoneRequest(client, wire.MsgRelease, opt(54, ipb("10.77.0.1")))
			q.CIAddr = x.String()
			tell(a, q)
			anew := a.domain.at[x]
			anew.Start, anew.Expiry, anew.Mod = a.e.stamp(a.now)+1, anew.Expiry+1, anew.Mod+1
			a.domain.at[x] = anew
		}},
		{name: "its client declined it", lease: 20, later: 300 * time.Second, after: func(a *world, x netip.Addr) {
			tell(a, phoneRequest(client, wire.MsgDecline, opt(50, ipb(x.String())), opt(54, ipb("10.77.0.1"))))
		}},
		{name: "it was told nothing", lease: 20, later: 300 * time.Second, before: func(a *world, x netip.Addr) { a.e.forget(a.e.bindings[x]) }},
	} {
		d := newDomain(t, false, "A", "B", "C")
		a, s := d.boxes[0], d.boxes[0].e.Share()
		x := a.lease(client) // by a clock that is right
		a.pass(renewed)
		right := d.at[x]
		right.Expiry = right.Start + c.lease // of C, which is dead since
		d.at[x] = right
		a.e.SetClock(a.now, epoch.Add(wrong))
		judged(a, false)
		s.Unheard, s.Connected = false, false // B has the same clock
		a.one(renew(1, x)).is(t, wire.MsgAck, x.String())
		if c.before != nil {
			c.before(a, x)
		}
		a.e.Enter(a.now, d.at)
		a.e.Whole(a.now, d.at)
		a.collect()
		if r := find(a.e.Dump(), x); c.before == nil && r.Expiry != right.Expiry {
			t.Fatalf("%s: on record until %d, want %d", c.name, r.Expiry, right.Expiry)
		}
		if c.after != nil {
			c.after(a, x)
		}
		a.pass(c.later)
		a.e.SetClock(a.now, epoch)
		puts := a.e.Enter(a.now, d.at)
		a.pass(time.Second)
		l := active(a)
		if c.want == 0 && (len(puts) != 0 && !c.rests || len(l) != 0) || c.want > 0 && (len(l) != 1 || l[0].Expiry.Unix() != right.Start+c.want) {
			t.Errorf("%s: entered %+v, has %+v", c.name, puts, l)
		}
		if c.want == want && (len(puts) != 1 || puts[0].Addr != x || puts[0].Expiry != right.Start+want) {
			t.Errorf("%s: entered %+v", c.name, puts)
		}
	}
}

// A record by a clock that is behind ends a lease here until the clock of this box is
// set: then what it told its client runs, and is entered.
func TestToldOutlivesARecordOfTheDead(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	x := a.lease(mac(2, 1))
	told := d.at[x].Expiry
	d.pass(time.Second)
	old := d.at[x]
	old.Start, old.Expiry = old.Start-9000, old.Expiry-9000
	d.rev++
	old.Mod = d.rev
	d.at[x] = old
	d.pass(time.Second)
	if l := active(a); len(l) != 0 {
		t.Fatalf("%+v", l)
	}
	a.e.SetClock(a.now, epoch.Add(5*time.Second))
	told += 5
	if l := active(a); len(l) != 1 || l[0].Expiry.Unix() != told {
		t.Errorf("it has %+v, want until %d", l, told)
	}
	if puts := a.e.Enter(a.now, d.at); len(puts) != 1 || puts[0].Expiry != told {
		t.Errorf("entered %+v, want until %d", puts, told)
	}
}
