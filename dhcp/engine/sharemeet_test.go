package engine

import (
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/share"
	"option150/dhcp/wire"
)

// asking is box A with a lease of a hundred seconds ago, whose renewal is being claimed.
func asking(t *testing.T, set func(s *share.Domain)) (d *domain, a *world, x netip.Addr, o Outcome) {
	t.Helper()
	d = newDomain(t, false, "A", "B")
	a = d.boxes[0]
	x = a.lease(mac(2, 1))
	if got := a.e.share.At[x].Mod; got != d.at[x].Mod {
		t.Errorf("granted at %d, known as %d", d.at[x].Mod, got)
	}
	d.pass(100 * time.Second)
	set(a.e.Share())
	a.brings(renew(1, x))
	if o = a.e.Take(); len(o.Claims) != 1 {
		t.Fatalf("%+v", o)
	}
	return d, a, x, o
}

// The answer to a claim meets what has become of the lease since, and of the clock.
func TestAnswerMeets(t *testing.T) {
	nothing := func(*share.Domain) {}
	other := func(a *world, x netip.Addr, o Outcome) Bound { // was first, and gave 10 seconds more
		r := o.Records[o.Claims[0].Record]
		r.Expiry += 10
		b := Bound{r, 90}
		a.e.Claimed(a.now, []Claimed{{Addr: x, Key: r.Key, Seq: o.Seq, What: ClaimGranted, Bound: b, Other: true}})
		a.e.Committed(o.Seq)
		return b
	}
	_, a, x, o := asking(t, nothing)
	if b := other(a, x, o); active(a)[0].Expiry.Unix() != b.Expiry {
		t.Errorf("%+v, want until %d", active(a), b.Expiry)
	}
	_, a, x, o = asking(t, func(s *share.Domain) { s.Unheard = true })
	if b := other(a, x, o); active(a)[0].Expiry.Unix() != o.Records[o.Claims[0].Record].Expiry || a.e.bindings[x].dated {
		t.Errorf("by a clock that nobody compared it takes times for better than its own: %+v, %+v", active(a), b)
	}
	_, a, x, o = asking(t, nothing)
	q := phoneRequest(mac(2, 1), wire.MsgRelease, opt(54, ipb("10.77.0.1")))
	q.CIAddr = x.String()
	a.brings(q)
	if other(a, x, o); len(active(a)) != 0 {
		t.Errorf("it was given back meanwhile: %+v", active(a))
	}
	_, a, x, o = asking(t, nothing)
	a.e.SetClock(a.now, epoch.Add(90*time.Second))
	judged(a, false)
	r := o.Records[o.Claims[0].Record]
	a.e.Claimed(a.now, []Claimed{{Addr: x, Key: r.Key, Seq: o.Seq, What: ClaimGranted, Bound: Bound{r, 90}}})
	if a.e.Share().Connected {
		t.Error("what is on record is by the clock that was, and nothing is entered anew")
	}
}

// What this box has of the client that is on record: what was given back is entered where the client has not
// had the address anew, and no time gets less by that.
func TestEnterOfTheSameClient(t *testing.T) {
	for _, c := range []struct {
		what          string
		back          bool
		start, expiry int64 // on record, after those of the lease here, which is of 600 s
		put           bool
	}{
		{"less on record", false, -10, -10, true},
		{"granted later for less", false, 10, -10, true},
		{"given back, less on record", true, -10, -10, true},
		{"given back, and granted anew for less", true, 10, -10, false},
		{"given back, and as it was on record", true, 0, -10, false},
	} {
		d := newDomain(t, false, "A", "B")
		a := d.boxes[0]
		x := a.lease(mac(2, 1))
		mine := d.at[x]
		if c.back {
			q := phoneRequest(mac(2, 1), wire.MsgRelease, opt(54, ipb("10.77.0.1")))
			q.CIAddr = x.String()
			a.silent(q)
		}
		on := mine
		on.Start, on.Expiry, on.Mod = mine.Start+c.start, mine.Expiry+c.expiry, 40
		puts := a.e.Enter(a.now, map[netip.Addr]Bound{x: on})
		if len(puts) > 0 != c.put || c.put && (puts[0].Start != max(mine.Start, on.Start) || puts[0].Expiry != mine.Expiry || puts[0].Mod != 40) {
			t.Errorf("%s: entered %+v", c.what, puts)
		}
	}
}

// What is read again and is known writes nothing to the disk; what is not there any more is not known; and a lease
// whose times were a guess has those that are on record.
func TestReadAgain(t *testing.T) {
	d := newDomain(t, false, "A", "B")
	a := d.boxes[0]
	a.lease(mac(2, 1))
	z := his(d, ip("10.99.0.1"), 7, 0, 600) // of no pool
	d.pass(0)
	was := a.e.Changes
	a.e.Enter(a.now, d.at)
	a.e.Whole(a.now, d.at)
	if a.collect(); a.e.Changes != was {
		t.Errorf("%d records are written anew", a.e.Changes-was)
	}
	delete(d.at, z.Addr)
	a.e.Enter(a.now, d.at)
	a.e.Whole(a.now, d.at)
	s := baseSpec()
	s.Pools = append(s.Pools, Pool{Name: "OTHER", Network: netip.MustParsePrefix("10.99.0.0/24"), Lease: time.Hour})
	a.set(s)
	if l := active(a); len(l) != 1 {
		t.Errorf("what the engine has no more is known: %+v", l)
	}

	at := epoch.Unix()
	old := Record{Kind: RecordBinding, State: StateLeased, Addr: ip("10.77.0.100"), Key: "i" + string(dhcptest.ClientID(mac(2, 1))), MAC: mac(2, 1), HType: 1, Start: at, Expiry: at + 600, Lease: 600}
	w := newWorld(t)
	w.e.SetClock(w.now, epoch.Add(-10*time.Second))
	w.e.Load(w.now, []Record{old})
	w.set(baseSpec())
	w.e.SetShare(w.now, share.New(share.Rules{Box: "A", Boxes: []string{"A", "B"}, Lead: testLead, Skew: testSkew}))
	on := map[netip.Addr]Bound{old.Addr: {old, 9}}
	if b := w.e.bindings[old.Addr]; !b.guess {
		t.Fatalf("%+v", b)
	}
	w.e.Enter(w.now, on)
	w.e.Whole(w.now, on)
	w.collect()
	if b := w.e.bindings[old.Addr]; b.guess || w.e.stamp(b.until) != old.Expiry {
		t.Errorf("%+v, until %d", b, w.e.stamp(b.until))
	}
}
