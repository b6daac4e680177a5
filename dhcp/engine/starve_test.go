package engine

import (
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// dora takes a client through; false if it got nothing.
func (w *world) dora(m ether.MAC, change ...func(*Inbound)) bool {
	g := w.arrives(phoneRequest(m, wire.MsgDiscover), change...)
	if len(g) == 0 {
		return false
	}
	a := g[0].YIAddr.String()
	g = w.arrives(phoneRequest(m, wire.MsgRequest, opt(50, ipb(a)), opt(54, ipb(us))), change...)
	return len(g) == 1 && g[0].Type == wire.MsgAck
}

// One station that asks in the name of others gets a quarter of a pool; phones
// still find room, and who is behind a bridge and has an address keeps it.
func TestStarvation(t *testing.T) {
	w := newWorld(t)
	thief := func(in *Inbound) { in.Source = mac(0xee, 1) }
	got := 0
	for i := range 500 {
		if w.dora(mac(byte(i>>8)+0x40, byte(i)), thief) {
			got++
		}
		w.pass(10 * time.Millisecond)
	}
	if got < minBorrowed || got > 25 {
		t.Errorf("one station has %d of 100 addresses", got)
	}
	if n := w.e.Stats.Extra.Starved; int(n) != 500-got {
		t.Errorf("%d counted", n)
	}
	said := 0
	for _, ev := range w.events {
		if _, ok := ev.(Starving); ok {
			said++
		}
	}
	if said != 1 {
		t.Errorf("said %d times", said)
	}
	for i := range 50 {
		if !w.dora(mac(9, byte(i))) {
			t.Fatalf("phone %d got nothing", i)
		}
	}
	// Its clients renew, and may start anew.
	if !w.dora(mac(0x40, 0), thief) {
		t.Error("a client that has an address is refused")
	}
	// What has come back can be had again; a change of the configuration counts anew.
	spec := baseSpec()
	spec.Pools[0].DomainName = "other.example"
	w.set(spec)
	if n := w.e.borrowed[mac(0xee, 1)]; n != got {
		t.Errorf("%d counted after a change, want %d", n, got)
	}
	w.pass(700 * time.Second)
	if n := w.e.borrowed[mac(0xee, 1)]; n != 0 {
		t.Errorf("%d counted after all leases ended", n)
	}
	if !w.dora(mac(0x7e, 1), thief) {
		t.Error("nothing is given for what was given back")
	}
	// Nor by many identifiers of its own address.
	w = newWorld(t)
	for i := range 90 {
		r := phoneRequest(mac(0x60, 1), wire.MsgDiscover)
		for j := range r.Opts {
			if r.Opts[j].Code == 61 {
				r.Opts[j].Val = []byte{0, byte(i)}
			}
		}
		w.arrives(r)
	}
	if n := len(w.e.offers); n != 25 {
		t.Errorf("%d offers to the identifiers of one station", n)
	}
	// Claims of addresses in use are bounded alike.
	w = newWorld(t)
	for i := range 90 {
		r := renewal(mac(0x50, byte(i)), ip("10.77.0.100").Next())
		r.CIAddr = wire.FromU32(wire.U32(ip("10.77.0.100")) + uint32(i)).String()
		w.arrives(r, fromUnicast(r.CIAddr), thief)
	}
	w.pass(time.Second)
	if n := len(w.e.bindings); n > 25 {
		t.Errorf("%d addresses claimed by one station", n)
	}
}

// TestBridge: thirty phones behind one bridge, whose frames all come from it, in
// a network of thirty addresses: each gets one, whether they come one by one or
// all at once, and whether they answer ARP themselves or the bridge for them.
func TestBridge(t *testing.T) {
	bridge := mac(0xee, 1)
	behind := func(in *Inbound) { in.Source = bridge }
	thirty := func(s *Spec) { s.Excluded = append(s.Excluded, Range{ip("10.77.0.130"), ip("10.77.0.254")}) }
	for name, self := range map[string]bool{"they answer": true, "it answers": false} {
		for name2, pause := range map[string]time.Duration{"one by one": 300 * time.Millisecond, "at once": 0} {
			t.Run(name+", "+name2, func(t *testing.T) {
				n := neighbours{}
				w := replacing(t, n, thirty)
				have := map[byte]netip.Addr{}
				tries := func() {
					for i := range byte(30) {
						m := mac(0x41, i)
						if have[i].IsValid() {
							continue
						}
						for _, g := range w.arrives(phoneRequest(m, wire.MsgDiscover), behind) {
							w.late = append(w.late, w.arrives(phoneRequest(m, wire.MsgRequest, opt(50, ipb(g.YIAddr.String())), opt(54, ipb(us))), behind)...)
						}
						w.live(pause, n)
						if k, ok := w.answers(m); ok && k.Type == wire.MsgAck {
							have[i] = k.YIAddr
							if n[k.YIAddr] = []ether.MAC{bridge}; self {
								n[k.YIAddr] = []ether.MAC{m}
							}
						}
					}
				}
				for range 4 { // a phone asks again after 4, 8 and 16 s
					tries()
					w.live(4*time.Second, n)
				}
				if len(have) != 30 {
					t.Fatalf("%d of 30 phones have an address; %d times refused", len(have), w.e.Stats.Extra.Starved)
				}
				if _, said := has[Starving](w); said && pause > 0 {
					t.Error("a bridge is named as a thief")
				}
				w.pass(700 * time.Second)
				if k := w.e.borrowed[bridge]; k != 0 || len(w.e.doubted) != 0 {
					t.Errorf("%d counted, %d in doubt after all leases ended", k, len(w.e.doubted))
				}
			})
		}
	}
	// A box that replaces another: those behind the bridge renew what they have.
	n := neighbours{}
	for i := range 30 {
		n[at(i)] = []ether.MAC{mac(0x41, byte(i))}
	}
	w := replacing(t, n, thirty)
	for i := range 30 {
		m := mac(0x41, byte(i))
		for tries := 0; ; tries++ {
			if g, ok := w.ask(n, renewal(m, at(i)), fromUnicast(at(i).String()), behind); ok && g.Type == wire.MsgAck {
				break
			}
			if tries == 1 {
				t.Fatalf("phone %d behind a bridge does not keep %s", i, at(i))
			}
		}
	}
	if k := w.e.borrowed[bridge]; k != 0 {
		t.Errorf("%d counted", k)
	}
	// Nobody answers for what a thief took: asking goes on for a minute and no
	// longer.
	w = replacing(t, nil, thirty)
	for i := range 60 {
		w.dora(mac(0x42, byte(i)), behind)
		w.live(100*time.Millisecond, nil)
	}
	if k := w.e.borrowed[bridge]; k != minBorrowed {
		t.Errorf("a thief has %d", k)
	}
	w.live(2*time.Minute, nil)
	if len(w.e.doubted) != 0 {
		t.Error("its leases are asked for for ever")
	}
}

// Clients behind a relay renew by unicast: their frames are those of a router,
// which speaks for all of them, whether they are on record or not.
func TestRouterIsNoThief(t *testing.T) {
	w := newWorld(t, func(s *Spec) { s.VerifyMAC = true })
	router := func(in *Inbound) { in.Source, in.Broadcast = mac(0xee, 2), false }
	for i := range 90 {
		m, a := mac(0x70, byte(i)), wire.FromU32(wire.U32(ip("10.88.0.100"))+uint32(i))
		if i%2 == 0 {
			d := phoneRequest(m, wire.MsgDiscover, opt(50, ipb(a.String())))
			d.GIAddr = "10.88.0.1"
			o := w.one(d, fromRelay("10.88.0.1")).is(t, wire.MsgOffer, a.String())
			q := phoneRequest(m, wire.MsgRequest, opt(50, ipb(a.String())), opt(54, o.Opts[54]))
			q.GIAddr = "10.88.0.1"
			w.one(q, fromRelay("10.88.0.1")).is(t, wire.MsgAck, a.String())
		}
		w.one(renewal(m, a), fromUnicast(a.String()), router).is(t, wire.MsgAck, a.String())
	}
	if n := w.e.Stats.Extra.Starved; n != 0 || len(w.e.borrowed) != 0 {
		t.Errorf("%d refused, %v", n, w.e.borrowed)
	}
}

// Clients of one pool begin with different servers, each with the same one at
// any time; siaddr and a manual binding agree.
func TestStagger(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		for i := range s.Pools[0].Options {
			if s.Pools[0].Options[i].Code == 150 {
				s.Pools[0].Options[i].Stagger = true
			}
		}
	})
	first := map[string]int{}
	for i := range 60 {
		m := mac(3, byte(i))
		o := w.one(phoneRequest(m, wire.MsgDiscover))
		a := o.YIAddr.String()
		k := w.one(phoneRequest(m, wire.MsgRequest, opt(50, ipb(a)), opt(54, ipb(us))))
		if string(o.Opts[150]) != string(k.Opts[150]) || len(k.Opts[150]) != 8 {
			t.Fatalf("OFFER % x, ACK % x", o.Opts[150], k.Opts[150])
		}
		if got := k.Payload[20:24]; string(got) != string(k.Opts[150][:4]) {
			t.Errorf("siaddr % x, option 150 % x", got, k.Opts[150])
		}
		first[string(k.Opts[150][:4])]++
	}
	if len(first) != 2 {
		t.Fatalf("%v", first)
	}
	for _, n := range first {
		if n < 18 || n > 42 {
			t.Errorf("uneven: %v", first)
		}
	}
	if g := group(mac(0x0a, 1), 2); g >= 0 {
		h := w.one(phoneRequest(mac(0x0a, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.50")
		want := wire.AddrBytes(w.e.t.Spec.Pools[0].Option150())
		if g == 1 {
			want = append(want[4:8:8], want[:4]...)
		}
		if string(h.Opts[150]) != string(want) {
			t.Errorf("% x, want % x", h.Opts[150], want)
		}
	}
}
