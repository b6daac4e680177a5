package engine

import (
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// TestOrderOfANewPool: the first client of a pool comes while the first
// addresses are being probed. It gets the lowest all the same, the next one the
// next, and so do those that come when the probes are over.
func TestOrderOfANewPool(t *testing.T) {
	for _, pings := range []int{0, 1, 2} {
		w := newWorld(t, func(s *Spec) { s.PingPackets = pings })
		w.e.CanProbe = pings > 0
		w.e.Tick(w.now) // the first burst of probes goes out
		w.collect()
		n := byte(0)
		next := func(when string, take func(ether.MAC) netip.Addr) {
			t.Helper()
			n++
			if a, want := take(mac(byte(pings+1)*31, 255-n)), wire.FromU32(wire.U32(ip("10.77.0.100"))+uint32(n)-1); a != want {
				t.Errorf("%d probes, %s: client %d got %s, want %s", pings, when, n, a, want)
			}
		}
		offered := func(m ether.MAC) netip.Addr { return w.one(phoneRequest(m, wire.MsgDiscover)).YIAddr }
		leased := func(m ether.MAC) netip.Addr { return w.lease(m) }
		for range 3 {
			next("at once", offered)
		}
		w.pass(100 * time.Millisecond)
		next("between two probes", offered)
		w.pass(time.Second)
		for range 60 {
			next("when the probes are over", leased)
		}
		for range 20 {
			next("without a pause, in the next burst", leased)
		}
		w.pass(2 * time.Minute)
		next("when the list is old", leased)
	}
}

// TestOrderPassesOver: an address somebody answers for is passed over and the
// others keep their order, also when its offer was out already.
func TestOrderPassesOver(t *testing.T) {
	w := newWorld(t, func(s *Spec) { s.PingPackets = 2 })
	w.e.CanProbe = true
	w.e.Tick(w.now)
	w.collect()
	squatter := ether.MAC{2, 9, 9, 9, 9, 9}
	w.e.Answered(w.now, Sighting{Addr: ip("10.77.0.101"), MAC: squatter, Reply: true})
	w.collect()
	w.one(phoneRequest(mac(1, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.100")
	w.one(phoneRequest(mac(1, 2), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.102")
	// The first offer is out when its probe is answered: it is withdrawn.
	w.pass(200 * time.Millisecond)
	w.e.Answered(w.now, Sighting{Addr: ip("10.77.0.100"), MAC: squatter, Reply: true})
	w.collect()
	if c, ok := has[Conflict](w); !ok || c.Addr != ip("10.77.0.100") {
		t.Errorf("%+v", c)
	}
	w.one(phoneRequest(mac(1, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.103")
	// The same client is offered the same again.
	w.one(phoneRequest(mac(1, 2), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.102")
	w.pass(2 * time.Second)
	w.one(phoneRequest(mac(1, 3), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.104")
	if s := w.e.t.subnetOf(ip("10.77.0.100")); len(s.asking) != 0 {
		t.Errorf("%d addresses are remembered as being asked for", len(s.asking))
	}
}
