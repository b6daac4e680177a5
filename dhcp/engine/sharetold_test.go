package engine

import (
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/share"
	"option150/dhcp/wire"
)

// brings has a packet come whose outcome a test takes itself.
func (w *world) brings(q testRequest) {
	w.e.Packet(w.now, &Inbound{Data: q.Bytes(), Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true, Source: q.MAC})
}

// unanswered has the claims of an outcome end so.
func (w *world) unanswered(o Outcome) {
	for _, c := range o.Claims {
		r := o.Records[c.Record]
		w.e.Claimed(w.now, []Claimed{{Addr: r.Addr, Key: r.Key, Seq: o.Seq, What: ClaimUnanswered}})
	}
}

// A lease whose claim had no answer is as it was before: nobody's, over, given back, cleared, or
// as the client has it by a later request.
func TestTakenBack(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	o := a.one(phoneRequest(mac(2, 1), wire.MsgDiscover))
	a.brings(phoneRequest(mac(2, 1), wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, o.Opts[54])))
	if out := a.e.Take(); len(out.Claims) != 1 {
		t.Fatalf("%+v", out)
	} else {
		if puts := a.e.Enter(a.now, nil); len(puts) != 0 {
			t.Errorf("entered, and nobody was told: %+v", puts)
		}
		a.unanswered(out)
	}
	if a.e.bindings[o.YIAddr] != nil {
		t.Error("a client has had an address that nobody told it of")
	}
	for _, c := range []struct {
		what  string
		wait  time.Duration // after the lease, which is of 600 s
		then  func(a *world, x netip.Addr)
		until int64 // after that of the lease, -1 = it is over
	}{
		{"it runs", 100 * time.Second, nil, 0},
		{"it was over", 700 * time.Second, nil, -1},
		{"given back meanwhile", 100 * time.Second, func(a *world, x netip.Addr) {
			q := phoneRequest(mac(2, 1), wire.MsgRelease, opt(54, ipb("10.77.0.1")))
			q.CIAddr = x.String()
			a.brings(q)
		}, -1},
		{"cleared meanwhile", 100 * time.Second, func(a *world, x netip.Addr) { a.e.ClearBinding(x, "") }, -1},
		{"asked for again meanwhile", 100 * time.Second, func(a *world, x netip.Addr) { a.now += time.Second; a.brings(renew(1, x)) }, 101},
	} {
		d := newDomain(t, false, "A", "B")
		a := d.boxes[0]
		x := a.lease(mac(2, 1))
		end := d.at[x].Expiry
		d.pass(c.wait)
		a.brings(renew(1, x))
		out := a.e.Take()
		if len(out.Claims) != 1 {
			t.Fatalf("%s: %+v", c.what, out)
		}
		if c.then != nil {
			c.then(a, x)
		}
		a.unanswered(out)
		l := active(a)
		if c.until < 0 && (len(l) != 0 || a.e.automatic != 0) || c.until >= 0 && (len(l) != 1 || l[0].Expiry.Unix() != end+c.until) {
			t.Errorf("%s: %+v, %d leases are counted, want until %d", c.what, l, a.e.automatic, end+c.until)
		}
	}
}

// Another box was first with the same client: its times are those of the lease, on the disk too.
func TestTimesOfWhoWasFirst(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a, b := d.boxes[0], d.boxes[1]
	x := a.lease(mac(2, 1))
	d.pass(100 * time.Second)
	b.one(renew(1, x)).is(t, wire.MsgAck, x.String())
	a.now += 2 * time.Second
	a.one(renew(1, x)).is(t, wire.MsgAck, x.String())
	z, want := a.e.bindings[x], d.at[x]
	if a.e.stamp(z.durable) != want.Expiry || a.e.stamp(z.since) != want.Start || a.e.stamp(z.until) != want.Expiry || !z.dated {
		t.Errorf("%d to %d on its disk, until %d; %+v", a.e.stamp(z.since), a.e.stamp(z.durable), a.e.stamp(z.until), want)
	}
}

// What is entered is the most that its client was told: of a lease that is over, what the disk had; of one
// that was granted for less since, what it had before.
func TestEnterTheMost(t *testing.T) {
	at := epoch.Unix()
	x := ip("10.77.0.100")
	w := newWorld(t)
	w.e.Load(w.now, []Record{{Kind: RecordBinding, State: StateLeased, Addr: x, Key: "i" + string(dhcptest.ClientID(mac(2, 1))), MAC: mac(2, 1), HType: 1, Start: at - 900, Expiry: at - 300, Lease: 600}})
	w.set(baseSpec())
	w.e.SetShare(w.now, share.New(share.Rules{Box: "A", Boxes: []string{"A", "B"}, Lead: testLead, Skew: testSkew}))
	if puts := w.e.Enter(w.now, nil); len(puts) != 1 || puts[0].Start != at-900 || puts[0].Expiry != at-300 {
		t.Errorf("entered %+v", puts)
	}
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	x = a.lease(mac(2, 1))
	told := d.at[x]
	s := a.e.Share()
	s.Connected, s.Off, s.Lead = false, true, 60
	a.brings(renew(1, x))
	if o := a.e.Take(); len(o.Acks) != 1 || o.Records[0].Lease != 60 {
		t.Fatalf("%+v", o)
	}
	if puts := a.e.Enter(a.now, nil); len(puts) != 1 || puts[0].Expiry != told.Expiry {
		t.Errorf("entered %+v, was told until %d", puts, told.Expiry)
	}
}

// A client gives its address back to a box that knows no revision of it, for it is isolated since it started, and has
// it anew of another box: that is a lease, in the same second too. What is on record of what it gave back is none.
func TestGivenBackAndHadAnew(t *testing.T) {
	at := epoch.Unix()
	x := ip("10.77.0.100")
	old := Record{Kind: RecordBinding, State: StateLeased, Addr: x, Key: "i" + string(dhcptest.ClientID(mac(2, 1))), MAC: mac(2, 1), HType: 1, Start: at - 58, Expiry: at + 32, Lease: 90}
	on := func(start, expiry int64, lease uint32) Bound {
		r := old
		r.Start, r.Expiry, r.Lease = start, expiry, lease
		return Bound{r, 9}
	}
	for _, c := range []struct {
		what    string
		renewed bool // by this box, a moment before: for what was left
		on      Bound
		has     bool
	}{
		{"as it was", false, on(at-58, at+32, 90), false},
		{"anew", false, on(at, at+90, 90), true},
		{"anew, a second later", true, on(at+1, at+91, 90), true},
		{"anew in the second of the renewal", true, on(at, at+90, 90), true},
		{"the renewal is not there", true, on(at-58, at+32, 90), false},
	} {
		w := newWorld(t)
		w.e.Load(w.now, []Record{old})
		w.set(baseSpec())
		w.e.SetShare(w.now, share.New(share.Rules{Box: "A", Boxes: []string{"A", "B"}, Lead: testLead, Skew: testSkew}))
		if c.renewed {
			w.one(renew(1, x)).is(t, wire.MsgAck, x.String())
		}
		q := phoneRequest(mac(2, 1), wire.MsgRelease, opt(54, ipb("10.77.0.1")))
		q.CIAddr = x.String()
		w.silent(q)
		all := map[netip.Addr]Bound{x: c.on}
		for _, p := range w.e.Enter(w.now, all) { // they are written, and all is read again
			p.Mod = 10
			all[x] = p
		}
		w.e.Enter(w.now, all)
		w.e.Whole(w.now, all)
		l := active(w)
		if has := len(l) == 1; has != c.has || has && l[0].Expiry.Unix() != c.on.Expiry {
			t.Errorf("%s: it lists %+v, on record %+v", c.what, l, all[x].Record)
		}
	}
}
