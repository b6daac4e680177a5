package v6

import (
	"net/netip"
	"strings"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/v6/engine"
	"option150/platform/ether"
	"option150/platform/journal"
)

// edges are the rules for what comes otherwise than it should: by unicast, from
// another port, with several associations at once; and for what routers say.
var edges = []check{
	{"REQUEST, RENEW, RELEASE and DECLINE to our address: UseMulticast, and nothing happens", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		for _, typ := range []byte{3, 5, 8, 9} {
			r := phone6(m, typ, w.server(), ia6(1, a))
			w.put(m, netip.AddrPortFrom(dhcptest.LinkLocal(m), 546), ip("fe80::1"), r.Bytes())
			g, ok := w.next(r.XID, answerWait)
			w.want(ok && g.Type == 7 && g.Status == 5, "type %d: %+v", typ, g.Reply6)
			w.want(len(g.Order) == 3 && g.Has(1) && g.Has(2) && len(g.IAs) == 0, "type %d: options %v", typ, g.Order)
		}
		w.want(w.binding(a) != nil, "it is gone")
	}},
	{"such a message for another server is discarded", func(w *rig, m ether.MAC) {
		r := phone6(m, 3, opt6(2, 0, 3, 0, 1, 9, 9, 9, 9, 9, 9), ia6(1))
		w.put(m, netip.AddrPortFrom(dhcptest.LinkLocal(m), 546), ip("fe80::1"), r.Bytes())
		_, ok := w.next(r.XID, silentWait)
		w.want(!ok, "answered")
	}},
	{"CONFIRM, REBIND and INFORMATION-REQUEST to our address are discarded", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		for _, r := range []dhcptest.Message6{phone6(m, 4, ia6(1, a)), phone6(m, 6, ia6(1, a)), phone6(m, 11)} {
			w.put(m, netip.AddrPortFrom(dhcptest.LinkLocal(m), 546), ip("fe80::1"), r.Bytes())
			_, ok := w.next(r.XID, silentWait)
			w.want(!ok, "type %d is answered", r.Type)
		}
	}},
	{"who asks from another port is answered at 546, where clients listen", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1))
		w.put(m, netip.AddrPortFrom(dhcptest.LinkLocal(m), 40000), allServers, r.Bytes())
		g, ok := w.next(r.XID, answerWait)
		w.want(ok && g.to.Port() == 546, "to %s", g.to)
	}},
	{"RELEASE of two associations, one of them not here: it alone is NoBinding, the other is free", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		g := w.ask(m, phone6(m, 8, w.server(), ia6(1, a), ia6(9, ip("2001:db8:77::9"))))
		w.want(g.Status == 0 && len(g.IAs) == 1 && g.IAs[0].ID == 9 && g.IAs[0].Status == noBind, "status %d, %+v", g.Status, g.IAs)
		w.want(g.IAs[0].T1 == 0 && g.IAs[0].T2 == 0 && len(g.IAs[0].Addrs) == 0, "%+v", g.IAs[0])
		w.want(w.binding(a) == nil, "still bound")
	}},
	{"RELEASE of an address beside one's own: the association is known, its own is free, the other stays", func(w *rig, m ether.MAC) {
		o := mac(0x7a, m[5])
		_, theirs := w.take(o)
		_, a := w.take(m)
		g := w.ask(m, phone6(m, 8, w.server(), ia6(1, theirs, a)))
		w.want(g.Status == 0 && len(g.IAs) == 0, "status %d, %+v", g.Status, g.IAs)
		w.want(w.binding(a) == nil && w.binding(theirs) != nil, "mine %v, theirs %v", w.binding(a), w.binding(theirs))
	}},
	{"DECLINE of both addresses of a client: two conflicts", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(1), ia6(2), opt6(14)))
		a, b := g.IAs[0].Addrs[0].Addr, g.IAs[1].Addrs[0].Addr
		g = w.ask(m, phone6(m, 9, w.server(), ia6(1, a), ia6(2, b)))
		found := 0
		for _, c := range w.s.Conflicts() {
			if c.Addr == a || c.Addr == b {
				found++
			}
		}
		w.want(g.Status == 0 && len(g.IAs) == 0 && found == 2, "status %d, %+v, %d conflicts", g.Status, g.IAs, found)
	}},
	{"an association with nothing but withdrawn addresses has no T1 and T2", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 6, ia6(1, ip("2001:db8:3::1"))))
		w.want(len(g.IAs) == 1 && g.IAs[0].T1 == 0 && g.IAs[0].T2 == 0, "%+v", g.IAs)
	}},
	{"REQUEST with one address of another link: that association alone is NotOnLink", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 3, w.server(), ia6(1, ip("2001:db8:1::5")), ia6(2)))
		w.want(len(g.IAs) == 2 && g.IAs[0].Status == offLink && g.IAs[1].Status == -1 && len(g.IAs[1].Addrs) == 1, "%+v", g.IAs)
	}},
	{"another identifier of the same station is another client: the address of the first is not given away", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		r := phone6(m, 1, ia6(1), opt6(14))
		r.Opts[0].Val = []byte{0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, m[5]}
		b := w.ask(m, r).Addr()
		w.want(b.IsValid() && a != b && w.binding(a) != nil && w.binding(b) != nil, "%s, then %s", a, b)
	}},
	{"a router is heard with its flags, and when they change", func(w *rig, m ether.MAC) {
		for _, flags := range []byte{0x00, 0x40, 0xc0} {
			w.advertise(m, flags)
			managed, other := flags&0x80 != 0, flags&0x40 != 0
			waitFor(w.t, func() bool {
				for _, r := range w.s.Routers() {
					if r.Addr == dhcptest.LinkLocal(m) && r.MAC == m {
						return r.Managed == managed && r.Other == other && r.Interface == "GigabitEthernet0/0"
					}
				}
				return false
			})
			waitFor(w.t, func() bool {
				return w.ev.last(func(e journal.Event) bool {
					x, ok := e.(engine.RouterHeard)
					return ok && x.Router == dhcptest.LinkLocal(m) && x.Managed == managed && x.Other == other && x.Pool
				}) != nil
			})
		}
	}},
	{"what is not a router's word is not one: hop limit, source, length", func(w *rig, m ether.MAC) {
		ll := dhcptest.LinkLocal(m)
		ra := []byte{134, 0, 0, 0, 64, 0xc0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0}
		group := ether.MAC{0x33, 0x33, 0, 0, 0, 1}
		w.write(packet6(group, m, ll, ip("ff02::1"), 58, 64, 2, ra))
		w.write(packet6(group, m, ip("2001:db8:77::9"), ip("ff02::1"), 58, 255, 2, ra))
		w.write(packet6(group, m, ll, ip("ff02::1"), 58, 255, 2, ra[:12]))
		time.Sleep(silentWait)
		for _, r := range w.s.Routers() {
			w.want(r.MAC != m, "heard %+v", r)
		}
	}},
	{"DECLINE is told in the journal, and the client moves to another address", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		w.ask(m, phone6(m, 9, w.server(), ia6(1, a))) // it is in use there
		_, b := w.take(m)
		w.want(a != b && strings.Contains(w.ev.names(), "dhcpv6.Conflict"), "%s, %s", a, b)
	}},
}

// advertise sends a router advertisement with these flags. [RFC 4861 4.2]
func (w *rig) advertise(m ether.MAC, flags byte) {
	ra := []byte{134, 0, 0, 0, 64, flags, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0}
	w.write(packet6(ether.MAC{0x33, 0x33, 0, 0, 0, 1}, m, dhcptest.LinkLocal(m), ip("ff02::1"), 58, 255, 2, ra))
}
