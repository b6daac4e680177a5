package engine

import (
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/wire"
)

// An interface with its limit of leases serves who has one, and nobody else;
// offers count, whatever ends makes room, and it is said once a minute.
func TestLeaseLimit(t *testing.T) {
	limit := func(global, own int) Spec {
		s := baseSpec()
		s.LimitLease, s.LimitLog = global, true
		if own > 0 {
			s.Links = []LinkConfig{{Name: s.Interfaces[0].Name, Limit: own}}
		}
		return s
	}
	w := newWorld(t)
	w.set(limit(9, 3))
	a := w.lease(mac(2, 1))
	w.lease(mac(2, 2))
	w.one(phoneRequest(mac(2, 3), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.102")
	w.silent(phoneRequest(mac(2, 4), wire.MsgDiscover))
	w.silent(phoneRequest(mac(2, 5), wire.MsgDiscover))
	w.one(phoneRequest(mac(2, 3), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.102") // again
	w.one(phoneRequest(mac(2, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, a.String())
	w.one(renewal(mac(2, 1), a), fromUnicast(a.String())).is(t, wire.MsgAck, a.String())
	w.one(phoneRequest(mac(0x0a, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.50") // a manual binding
	said := 0
	for _, ev := range w.events {
		if l, ok := ev.(LeaseLimit); ok && l.Logged {
			said++
		}
	}
	if said != 1 || w.e.Stats.Extra.OverLimit != 2 {
		t.Errorf("said %d times, %d counted", said, w.e.Stats.Extra.OverLimit)
	}
	w.pass(61 * time.Second) // the offer has lapsed
	w.lease(mac(2, 4))
	if c := w.e.LeaseCounts(); len(c) == 0 || c[0].Leases != 3 || c[0].Limit != 3 {
		t.Errorf("%+v", c)
	}
	w.set(limit(9, 0)) // that of all interfaces; the count is kept
	w.lease(mac(2, 5))
	if c := w.e.LeaseCounts(); c[0].Leases != 4 || c[0].Limit != 9 {
		t.Errorf("%+v", c)
	}
	w.e.ClearBinding(netip.Addr{}, "")
	if c := w.e.LeaseCounts(); c[0].Leases != 0 {
		t.Errorf("%+v", c)
	}
}

// What is cleared by pool is of that pool.
func TestClearByPool(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(2, 1))
	r := phoneRequest(mac(2, 2), wire.MsgDiscover)
	r.GIAddr = "10.88.0.1"
	o := w.one(r, fromRelay("10.88.0.1"))
	q := phoneRequest(mac(2, 2), wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, o.Opts[54]))
	q.GIAddr = "10.88.0.1"
	w.one(q, fromRelay("10.88.0.1")).is(t, wire.MsgAck, "10.88.0.100")
	if n := w.e.ClearBinding(a, "REMOTE"); n != 0 {
		t.Error("cleared by the wrong pool")
	}
	if n := w.e.ClearBinding(netip.Addr{}, "REMOTE"); n != 1 || w.e.bindings[a] == nil {
		t.Errorf("%d cleared", n)
	}
}
