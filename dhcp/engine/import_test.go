package engine

import (
	"fmt"
	"testing"
	"time"

	"option150/dhcp/wire"
)

// Leases taken over from another server are renewed by their clients, by
// whatever identifier the list had or had not, behind relays too.
func TestImport(t *testing.T) {
	w := newWorld(t)
	mine := w.lease(mac(0, 1)) // .100
	end := epoch.Add(300 * time.Second)
	list := []Known{
		{Addr: ip("10.77.0.101"), ClientID: idMAC(mac(1, 1)), MAC: mac(1, 1), Expiry: end, Hostname: "SEP"},
		{Addr: ip("10.77.0.102"), MAC: mac(1, 2), Expiry: end}, // a phone: it sends an identifier
		{Addr: ip("10.88.0.150"), MAC: mac(1, 3)},
		{Addr: mine, MAC: mac(1, 4), Expiry: end}, {Addr: ip("10.77.0.50"), MAC: mac(1, 5)}, {Addr: ip("10.77.0.9"), MAC: mac(1, 6)},
		{Addr: ip("192.168.1.1"), MAC: mac(1, 7)}, {Addr: ip("10.77.0.110"), MAC: mac(1, 8), Expiry: epoch.Add(-time.Hour)}, {Addr: ip("192.168.1.2"), MAC: mac(1, 9)},
	}
	dry := w.e.Import(w.now, list, true)
	w.collect()
	if len(w.e.bindings) != 1 {
		t.Fatal("a dry run took something")
	}
	got := w.e.Import(w.now, list, false)
	w.collect()
	if fmt.Sprint(dry) != fmt.Sprint(got) || got.Taken != 3 || len(got.Refused) != 5 || got.Refused[0] != (Refusal{"in no pool", 2, ip("192.168.1.1")}) {
		t.Errorf("dry %+v, then %+v", dry, got)
	}
	if again := w.e.Import(w.now, list, false); again.Taken != 0 {
		t.Errorf("taken again: %+v", again)
	}
	w2 := &world{t: t, e: New(epoch.Add(time.Minute))} // started again
	w2.e.Load(0, w.kept())
	w2.set(baseSpec())
	for _, w := range []*world{w, w2} {
		w.one(phoneRequest(mac(9, 9), wire.MsgDiscover, opt(50, ipb("10.77.0.102")))).is(t, wire.MsgOffer, "10.77.0.103")
		for i, a := range []string{"10.77.0.101", "10.77.0.102"} {
			m := mac(1, byte(i+1))
			w.one(phoneRequest(m, wire.MsgDiscover)).is(t, wire.MsgOffer, a)
			w.one(renewal(m, ip(a)), fromUnicast(a)).is(t, wire.MsgAck, a)
			w.one(phoneRequest(m, wire.MsgRequest, opt(50, ipb(a)))).is(t, wire.MsgAck, a)
			w.one(renewal(mac(8, 8), ip(a)), fromUnicast(a)).is(t, wire.MsgNak, "")
		}
		r := phoneRequest(mac(1, 3), wire.MsgRequest, opt(50, ipb("10.88.0.150")))
		r.GIAddr = "10.88.0.1"
		w.one(r, fromRelay("10.88.0.1")).is(t, wire.MsgAck, "10.88.0.150")
	}
	w = newWorld(t)
	w.e.Import(w.now, list[:2], false)
	w.pass(301 * time.Second)
	if bs := w.e.List(); len(bs) != 1 { // the manual one
		t.Errorf("not ended: %+v", bs)
	}
}

// A file of the bindings fills what the log has not: what the log knows of an
// address or a client is younger.
func TestFill(t *testing.T) {
	w := newWorld(t)
	mine, gone := w.lease(mac(0, 1)), w.lease(mac(0, 2))
	r := phoneRequest(mac(0, 2), wire.MsgRelease, opt(54, ipb(us)))
	r.CIAddr = gone.String()
	w.silent(r, fromUnicast(gone.String()))
	end := epoch.Add(time.Hour)
	got := w.e.Fill(w.now, []Known{
		{Addr: mine, ClientID: idMAC(mac(3, 1)), MAC: mac(3, 1), Expiry: end},              // another one has it here
		{Addr: gone, ClientID: idMAC(mac(0, 2)), MAC: mac(0, 2), Expiry: end},              // was given back
		{Addr: ip("10.77.0.150"), ClientID: idMAC(mac(0, 1)), MAC: mac(0, 1), Expiry: end}, // has another address now
		{Addr: ip("10.77.0.151"), ClientID: idMAC(mac(3, 2)), MAC: mac(3, 2), Expiry: end},
	})
	w.collect()
	if got.Taken != 1 || len(got.Refused) != 2 {
		t.Errorf("%+v", got)
	}
	w.one(renewal(mac(3, 2), ip("10.77.0.151")), fromUnicast("10.77.0.151")).is(t, wire.MsgAck, "10.77.0.151")
	w.one(renewal(mac(0, 1), mine), fromUnicast(mine.String())).is(t, wire.MsgAck, mine.String())
}
