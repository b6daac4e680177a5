package engine

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// neighbours are stations that answer for addresses, all that are listed.
type neighbours map[netip.Addr][]ether.MAC

// live lets time pass on a LAN with neighbours.
func (w *world) live(d time.Duration, n neighbours) {
	w.t.Helper()
	end := w.now + d
	for {
		next := w.e.Tick(w.now)
		w.late = append(w.late, w.collect()...)
		for len(w.probes) > 0 {
			list := w.probes
			w.probes = nil
			for _, p := range list {
				for _, m := range n[p.Addr] {
					if p.Interface == "" {
						m = ether.MAC{}
					}
					w.e.Answered(w.now+time.Millisecond, Sighting{Addr: p.Addr, MAC: m, Reply: true})
				}
			}
			w.late = append(w.late, w.collect()...)
		}
		if w.now >= end {
			return
		}
		w.now = min(next, end)
	}
}

// answers is what came for a client since, one at most.
func (w *world) answers(m ether.MAC) (got, bool) {
	w.t.Helper()
	var all []got
	for _, g := range w.late {
		if ether.MAC(g.Payload[28:34]) == m {
			all = append(all, g)
		}
	}
	w.late = slices.DeleteFunc(w.late, func(g got) bool { return ether.MAC(g.Payload[28:34]) == m })
	if len(all) > 1 {
		w.t.Fatalf("%d replies to %s", len(all), m)
	}
	if len(all) == 0 {
		return got{}, false
	}
	return all[0], true
}

func at(n int) netip.Addr { return wire.FromU32(wire.U32(ip("10.77.0.100")) + uint32(n)) }

// taken80 is a LAN of 80 phones that have .100 to .179 of somebody else.
func taken80() neighbours {
	n := neighbours{}
	for i := range 80 {
		n[at(i)] = []ether.MAC{mac(1, byte(i))}
	}
	return n
}

// replacing is a box without bindings on such a LAN.
func replacing(t *testing.T, n neighbours, change ...func(*Spec)) *world {
	t.Helper()
	w := newWorld(t, append([]func(*Spec){probing}, change...)...)
	w.e.CanProbe, w.e.CanICMP = true, true
	w.live(2*time.Second, n)
	w.late = nil
	return w
}

func renewal(m ether.MAC, a netip.Addr) testRequest {
	r := phoneRequest(m, wire.MsgRequest)
	r.CIAddr = a.String()
	return r
}

// ask hands a request in and waits for its answer on the LAN.
func (w *world) ask(n neighbours, r testRequest, change ...func(*Inbound)) (got, bool) {
	w.t.Helper()
	w.late = append(w.late, w.arrives(r, change...)...)
	w.live(400*time.Millisecond, n)
	return w.answers(r.MAC)
}

// A box takes the place of another one whose 80 phones go on working: each
// keeps its address, whatever it asks, and nobody else gets one of them.
func TestReplace(t *testing.T) {
	for name, ask := range map[string]func(*world, neighbours, ether.MAC, netip.Addr) (got, bool){
		"renew": func(w *world, n neighbours, m ether.MAC, a netip.Addr) (got, bool) {
			return w.ask(n, renewal(m, a), fromUnicast(a.String()))
		},
		"rebind": func(w *world, n neighbours, m ether.MAC, a netip.Addr) (got, bool) {
			return w.ask(n, renewal(m, a), func(in *Inbound) { in.From = netip.AddrPortFrom(a, 68) })
		},
		"reboot": func(w *world, n neighbours, m ether.MAC, a netip.Addr) (got, bool) {
			return w.ask(n, phoneRequest(m, wire.MsgRequest, opt(50, ipb(a.String()))))
		},
		"discover": func(w *world, n neighbours, m ether.MAC, a netip.Addr) (got, bool) {
			o, ok := w.ask(n, phoneRequest(m, wire.MsgDiscover))
			if !ok {
				return o, ok
			}
			return w.ask(n, phoneRequest(m, wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, ipb(us))))
		},
		"renew by an identifier of its own": func(w *world, n neighbours, m ether.MAC, a netip.Addr) (got, bool) {
			r := renewal(m, a)
			r.Opts[1].Val = []byte{0, 'i', 'd', m[4], m[5]}
			return w.ask(n, r, fromUnicast(a.String()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := taken80()
			w := replacing(t, n)
			if cs := w.e.ConflictList(); len(cs) != 0 {
				t.Errorf("%d conflicts", len(cs))
			}
			seen := map[netip.Addr]bool{}
			for i := range 10 { // strangers first
				g, ok := w.ask(n, phoneRequest(mac(9, byte(i)), wire.MsgDiscover))
				if !ok || n[g.YIAddr] != nil {
					t.Fatalf("a stranger was offered %s", g.YIAddr)
				}
				g, ok = w.ask(n, phoneRequest(mac(9, byte(i)), wire.MsgRequest, opt(50, ipb(g.YIAddr.String())), opt(54, ipb(us))))
				if !ok || g.Type != wire.MsgAck || seen[g.YIAddr] {
					t.Fatalf("a stranger got %d %s", g.Type, g.YIAddr)
				}
				seen[g.YIAddr] = true
			}
			if _, many := has[InUse](w); !many || len(w.e.ConflictList()) != 0 {
				t.Errorf("80 phones are %d conflicts", len(w.e.ConflictList()))
			}
			for i := range 80 {
				if g, ok := ask(w, n, mac(1, byte(i)), at(i)); !ok || g.Type != wire.MsgAck || g.YIAddr != at(i) {
					t.Fatalf("phone %d at %s: %v type %d %s %s", i, at(i), ok, g.Type, g.YIAddr, g.Opts[56])
				}
			}
			if len(w.e.users) != 0 || w.e.t.subnets[0].aside != 0 {
				t.Errorf("%d still set aside", len(w.e.users))
			}
		})
	}
}

// The predecessor still answers when the box starts with `foreign-server hold`;
// then it is switched off and `ip dhcp takeover` is typed: the same.
func TestReplaceAfterHold(t *testing.T) {
	n := taken80()
	w := newWorld(t, probing, func(s *Spec) { s.ForeignServer = ForeignHold })
	w.e.CanProbe = true
	w.e.LinkUp(w.now, "GigabitEthernet0/0", 4*time.Second)
	offer := wire.Marshal(wire.Header{Request: &wire.Packet{HType: 1, MAC: mac(3, 3)}, YIAddr: at(90)}, []wire.Item{{Code: 53, Val: []byte{wire.MsgOffer}}, {Code: 54, Val: ipb("10.77.0.250")}}, wire.DefPayload)
	w.e.ServerReply(w.now, &Inbound{Data: offer, Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("10.77.0.250:67"), Source: mac(0xf0, 1)})
	w.live(10*time.Second, n)
	for i := range 80 {
		if g, ok := w.ask(n, renewal(mac(1, byte(i)), at(i)), fromUnicast(at(i).String())); ok {
			t.Fatalf("answered while held: type %d", g.Type)
		}
	}
	w.e.Takeover()
	for i := range 80 {
		if g, ok := w.ask(n, renewal(mac(1, byte(i)), at(i)), fromUnicast(at(i).String())); !ok || g.Type != wire.MsgAck || g.YIAddr != at(i) {
			t.Fatalf("phone %d: %v type %d", i, ok, g.Type)
		}
	}
}

// A RENEW of an address at which nobody was heard waits for one probe.
func TestReplaceUnheard(t *testing.T) {
	n := neighbours{}
	w := replacing(t, n)
	a := at(50)
	n[a] = []ether.MAC{mac(1, 50)} // has been asleep
	if gs := w.arrives(renewal(mac(1, 50), a), fromUnicast(a.String())); len(gs) != 0 {
		t.Fatal("not probed")
	}
	w.live(150*time.Millisecond, n)
	if g, ok := w.answers(mac(1, 50)); !ok || g.Type != wire.MsgAck || g.YIAddr != a {
		t.Errorf("%v %+v", ok, g.Type)
	}
	// Not from its address: it is somebody's who only says so.
	if g, ok := w.ask(n, renewal(mac(1, 51), at(51)), fromUnicast("10.77.0.9")); ok {
		t.Errorf("type %d", g.Type)
	}
	// INIT-REBOOT of a client nobody heard: silence.
	if g, ok := w.ask(n, phoneRequest(mac(1, 52), wire.MsgRequest, opt(50, ipb(at(52).String())))); ok {
		t.Errorf("type %d", g.Type)
	}
}

// Two stations, or two identities, claim one address that nobody has a lease
// of: neither gets it, neither is refused, and it is said once.
func TestTwoClaimants(t *testing.T) {
	count := func(w *world) (n int) {
		for _, e := range w.events {
			if _, ok := e.(Contested); ok {
				n++
			}
		}
		return n
	}
	a := at(7)
	other := mac(2, 7)
	t.Run("another answers", func(t *testing.T) {
		n := neighbours{a: {other}}
		w := replacing(t, n)
		for range 3 {
			if g, ok := w.ask(n, renewal(mac(1, 7), a), fromUnicast(a.String())); ok {
				t.Fatalf("type %d", g.Type)
			}
			if g, ok := w.ask(n, phoneRequest(mac(1, 7), wire.MsgRequest, opt(50, ipb(a.String())))); ok {
				t.Fatalf("type %d", g.Type)
			}
		}
		if count(w) != 1 {
			t.Errorf("said %d times", count(w))
		}
		if x, _ := has[Contested](w); x.Other != other || x.MAC != mac(1, 7) {
			t.Errorf("%+v", x)
		}
	})
	t.Run("both answer", func(t *testing.T) {
		n := neighbours{a: {mac(1, 7), other}}
		w := replacing(t, n)
		for _, m := range n[a] {
			if g, ok := w.ask(n, renewal(m, a), fromUnicast(a.String())); ok {
				t.Fatalf("type %d", g.Type)
			}
		}
		if count(w) != 1 {
			t.Errorf("said %d times", count(w))
		}
	})
	t.Run("two identities at once", func(t *testing.T) {
		n := neighbours{}
		w := replacing(t, n)
		r := renewal(mac(1, 7), a)
		r2 := renewal(other, a)
		w.arrives(r, fromUnicast(a.String()))
		w.arrives(r2, fromUnicast(a.String()))
		w.live(time.Second, n)
		if len(w.late) != 0 || count(w) != 1 || w.e.bindings[a] != nil {
			t.Errorf("%d replies, said %d times, %+v", len(w.late), count(w), w.e.bindings[a])
		}
		if o := w.one(phoneRequest(mac(9, 9), wire.MsgDiscover, opt(50, ipb(a.String())))); o.YIAddr == a {
			t.Error("offered to a third")
		}
	})
}

// A lease on record beats whoever answers.
func TestRecordBeatsARP(t *testing.T) {
	n := neighbours{}
	w := replacing(t, n)
	a := w.lease(mac(0, 1))
	n[a] = []ether.MAC{mac(6, 6)}
	w.e.Answered(w.now, Sighting{Addr: a, MAC: mac(6, 6), Reply: true})
	w.live(5*time.Minute, n)
	if g, ok := w.ask(n, renewal(mac(0, 1), a), fromUnicast(a.String())); !ok || g.Type != wire.MsgAck {
		t.Errorf("%v %d", ok, g.Type)
	}
	if g, ok := w.ask(n, renewal(mac(6, 6), a), fromUnicast(a.String())); !ok || g.Type != wire.MsgNak {
		t.Errorf("somebody else's: %v %d", ok, g.Type)
	}
}

// Forged ARP: packets nobody asked for set nothing aside, many answers of one
// station are a proxy's, and many stations at one address are made up.
func TestForgedARP(t *testing.T) {
	lease100 := func(t *testing.T, w *world, n neighbours, count int) {
		t.Helper()
		for i := range count {
			o, ok := w.ask(n, phoneRequest(mac(9, byte(i)), wire.MsgDiscover))
			if !ok {
				t.Fatalf("client %d got nothing: %+v", i, w.last())
			}
			if g, ok := w.ask(n, phoneRequest(mac(9, byte(i)), wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, ipb(us)))); !ok || g.Type != wire.MsgAck {
				t.Fatalf("client %d: %v %d", i, ok, g.Type)
			}
		}
	}
	t.Run("unasked", func(t *testing.T) {
		w := replacing(t, nil)
		for round := range 20 {
			for i := range 100 {
				w.e.Answered(w.now, Sighting{Addr: at(i), MAC: mac(byte(100+round), byte(i)), Reply: round%2 == 1})
			}
			w.collect()
			w.live(time.Second, nil)
		}
		lease100(t, w, nil, 100)
	})
	t.Run("a proxy", func(t *testing.T) {
		n := taken80()
		for i := range 100 {
			n[at(i)] = append([]ether.MAC{mac(0xee, 1)}, n[at(i)]...)
		}
		w := replacing(t, n)
		w.live(10*time.Second, n)
		lease100(t, w, n, 20)
		for i := range 80 {
			if g, ok := w.ask(n, renewal(mac(1, byte(i)), at(i)), fromUnicast(at(i).String())); !ok || g.Type != wire.MsgAck {
				t.Fatalf("phone %d: %v %d", i, ok, g.Type)
			}
		}
	})
	t.Run("the default router", func(t *testing.T) {
		n := neighbours{ip("10.77.0.3"): {mac(0xee, 1)}}
		for i := range 8 {
			n[at(i)] = []ether.MAC{mac(0xee, 1)}
		}
		w := replacing(t, n, func(s *Spec) { s.Pools[0].DefaultRouters = []netip.Addr{ip("10.77.0.3")} })
		lease100(t, w, n, 100)
	})
	t.Run("every station at every address", func(t *testing.T) {
		n := neighbours{}
		for i := range 100 {
			n[at(i)] = []ether.MAC{mac(0xf0, byte(i)), mac(0xf1, byte(i)), mac(0xf2, byte(i))}
		}
		w := replacing(t, n)
		lease100(t, w, n, 100)
	})
}

// What is set aside is asked again, and free when it no longer answers: after
// ten minutes, or at once when there is nothing else.
func TestSetAsideEnds(t *testing.T) {
	n := taken80()
	w := replacing(t, n)
	w.live(time.Hour, n)
	if len(w.e.users) != 80 {
		t.Fatalf("%d set aside after an hour", len(w.e.users))
	}
	for i := range 40 {
		delete(n, at(i))
	}
	w.live(11*time.Minute, n)
	if len(w.e.users) != 40 {
		t.Errorf("%d set aside, 40 answer", len(w.e.users))
	}
	for i := range 60 { // the 20 that never were and the 40
		w.lease(mac(5, byte(i)))
	}
	for i := 40; i < 80; i++ {
		delete(n, at(i))
	}
	// The pool is dry.
	w.silent(phoneRequest(mac(6, 1), wire.MsgDiscover))
	w.live(2*time.Second, n)
	w.one(phoneRequest(mac(6, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, w.lease(mac(6, 1)).String())
}

// Behind a relay: no ARP, an echo does not tell who answered.
func TestReplaceBehindRelay(t *testing.T) {
	far := func(i int) netip.Addr { return wire.FromU32(wire.U32(ip("10.88.0.100")) + uint32(i)) }
	n := neighbours{}
	for i := range 80 {
		n[far(i)] = []ether.MAC{mac(3, byte(i))}
	}
	w := replacing(t, n)
	w.live(3*time.Second, n)
	via := func(r testRequest) (got, bool) {
		r.GIAddr = "10.88.0.1"
		return w.ask(n, r, fromRelay("10.88.0.1"))
	}
	for i := range 10 {
		o, ok := via(phoneRequest(mac(9, byte(i)), wire.MsgDiscover))
		if !ok || n[o.YIAddr] != nil {
			t.Fatalf("a stranger was offered %s", o.YIAddr)
		}
	}
	for i := range 80 {
		if g, ok := via(phoneRequest(mac(3, byte(i)), wire.MsgRequest, opt(50, ipb(far(i).String())))); ok {
			t.Fatalf("INIT-REBOOT through a relay: type %d", g.Type)
		}
		var g got
		var ok bool
		if i%2 == 0 {
			g, ok = w.ask(n, renewal(mac(3, byte(i)), far(i)), fromUnicast(far(i).String()))
		} else {
			g, ok = via(renewal(mac(3, byte(i)), far(i)))
		}
		if !ok || g.Type != wire.MsgAck || g.YIAddr != far(i) {
			t.Fatalf("phone %d: %v type %d", i, ok, g.Type)
		}
	}
}

// A declined address whose real user comes forward is no conflict any more.
func TestDeclinedOwnerRenews(t *testing.T) {
	n := neighbours{}
	w := replacing(t, n)
	a := w.lease(mac(0, 1))
	owner := mac(1, 1)
	n[a] = []ether.MAC{owner}
	w.silent(phoneRequest(mac(0, 1), wire.MsgDecline, opt(50, ipb(a.String())), opt(54, ipb(us))))
	w.live(time.Second, n)
	if g, ok := w.ask(n, renewal(owner, a), fromUnicast(a.String())); !ok || g.Type != wire.MsgAck {
		t.Fatalf("%v %d", ok, g.Type)
	}
	if cs := w.e.ConflictList(); len(cs) != 0 {
		t.Errorf("%+v", cs)
	}
}
