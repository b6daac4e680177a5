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

// TestReadyListGrows: a whole branch asks at once where a station has an address
// without a lease, so that every ACK waits until its address is known to be free.
// The first ones wait for the probes; the list grows until nobody has to, and
// shrinks again. All get what nobody else has.
func TestReadyListGrows(t *testing.T) {
	n := neighbours{ip("10.77.0.250"): {mac(8, 8)}}
	w := newWorld(t, func(s *Spec) {
		s.PingPackets = 2
		s.Pools[0].Network, s.Excluded = pfx("10.77.0.0/16"), nil
		s.Interfaces[0].Addrs = []netip.Prefix{pfx("10.77.0.1/16")}
	})
	w.e.CanProbe = true
	w.live(time.Second, n)
	s := w.e.t.subnetOf(ip("10.77.0.250"))
	given, at := map[netip.Addr]bool{}, map[ether.MAC]bool{}
	second := func(base byte, rate int) (waited int) {
		for i := range rate {
			m := mac(base+byte(i>>8), byte(i))
			o := w.one(phoneRequest(m, wire.MsgDiscover))
			g := w.arrives(phoneRequest(m, wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, ipb(us))))
			if given[o.YIAddr] || n[o.YIAddr] != nil {
				t.Fatalf("%s is somebody's", o.YIAddr)
			}
			given[o.YIAddr], at[m] = true, true
			if len(g) == 0 {
				waited++
			}
			if i%10 == 9 {
				w.live(10*time.Second/time.Duration(rate), n)
			}
		}
		w.live(400*time.Millisecond, n)
		return waited
	}
	first, second2 := second(0x10, 2000), second(0x20, 2000)
	if first == 0 || second2 != 0 || s.ahead <= readyWant {
		t.Errorf("%d and then %d of 2000 had to wait, %d are asked for ahead", first, second2, s.ahead)
	}
	for m := range at {
		if b := w.e.clients[string(append([]byte{'i'}, idMAC(m)...))]; len(b) != 1 || !b[0].leased {
			t.Fatalf("%s has %d leases", m, len(b))
		}
	}
	w.live(10*time.Minute, n)
	if s.ahead != readyWant || len(s.ready)+s.listing > readyWant+readyWant/4 {
		t.Errorf("%d are asked for ahead ten minutes later, %d are ready", s.ahead, len(s.ready))
	}
}

// TestAvalancheAtStart: two thousand phones ask in the first moment of a box that
// has heard nobody yet. Each has its address as soon as the first probes are
// over: nobody has to ask again.
func TestAvalancheAtStart(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		s.PingPackets = 2
		s.Pools[0].Network, s.Excluded = pfx("10.77.0.0/16"), nil
		s.Interfaces[0].Addrs = []netip.Prefix{pfx("10.77.0.1/16")}
	})
	w.e.CanProbe = true
	w.e.LinkUp(w.now, "GigabitEthernet0/0", 0)
	w.collect()
	acks := 0
	for i := range 2000 {
		m := mac(0x10+byte(i>>8), byte(i))
		o := w.one(phoneRequest(m, wire.MsgDiscover))
		acks += len(w.arrives(phoneRequest(m, wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, ipb(us)))))
	}
	w.live(2*arpWindow+20*time.Millisecond, nil)
	for _, g := range w.late {
		if g.Type == wire.MsgAck {
			acks++
		}
	}
	if acks != 2000 || w.e.Stats.Extra.Overload != 0 || w.e.waiting != 0 {
		t.Errorf("%d of 2000 have an address, %d dropped, %d wait", acks, w.e.Stats.Extra.Overload, w.e.waiting)
	}
}
