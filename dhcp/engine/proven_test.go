package engine

import (
	"testing"
	"time"

	"option150/dhcp/wire"
)

// TestNothingIsKnownYet: the network of a pool is served before the first probe
// of it is over, at start, when its pool was just configured, and when the link
// was up for long but passed nothing. Silence says nothing then: the ACK waits
// for the answer and no stranger gets an address that a phone uses.
func TestNothingIsKnownYet(t *testing.T) {
	deaf := neighbours{}
	for name, begin := range map[string]func(*world){
		"at once": func(w *world) { w.e.CanProbe = true },
		"probing": func(w *world) { w.e.CanProbe = true; w.live(100*time.Millisecond, deaf) },
		"a new pool": func(w *world) {
			w.e.CanProbe = true
			s := w.e.t.Spec
			pools := s.Pools
			s.Pools = nil
			w.set(s)
			w.live(time.Second, deaf)
			s.Pools = pools
			w.set(s)
		},
		"a port that learns": func(w *world) {
			w.e.CanProbe = true
			w.e.LinkUp(w.now, "GigabitEthernet0/0", 0)
			w.live(30*time.Second, deaf)
		},
		"another cable": func(w *world) {
			w.e.CanProbe = true
			w.e.LinkUp(w.now, "GigabitEthernet0/0", 0)
			w.arrives(phoneRequest(mac(7, 7), wire.MsgDiscover))
			w.live(30*time.Second, deaf)
			w.e.LinkDown("GigabitEthernet0/0")
			w.e.LinkUp(w.now, "GigabitEthernet0/0", 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := taken80()
			w := newWorld(t, probing)
			begin(w)
			w.probes, w.late = nil, nil
			for i := range 10 {
				m := mac(9, byte(i))
				for tries := 0; ; tries++ {
					if tries > 3 {
						t.Fatalf("stranger %d got nothing", i)
					}
					g := w.one(phoneRequest(m, wire.MsgDiscover))
					// The REQUEST comes at once, before any probe is answered.
					r := phoneRequest(m, wire.MsgRequest, opt(50, ipb(g.YIAddr.String())), opt(54, ipb(us)))
					if g, ok := w.ask(n, r); ok && g.Type == wire.MsgAck {
						if n[g.YIAddr] != nil {
							t.Fatalf("%s was given to a stranger", g.YIAddr)
						}
						break
					}
				}
			}
		})
	}
}
