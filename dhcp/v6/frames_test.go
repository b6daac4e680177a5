package v6

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/store"
	"option150/dhcp/v6/engine"
	"option150/platform/ether"
	"option150/platform/journal"
)

var (
	phone6 = dhcptest.Phone6
	pc6    = dhcptest.PC6
	ia6    = dhcptest.IA6
	opt6   = dhcptest.Opt6
	asks6  = dhcptest.Asks6
)

const (
	noAddrs = 2
	noBind  = 3
	offLink = 4
	noPre   = 6
)

// check is one rule, told by frames on a wire.
type check struct {
	name string
	do   func(w *rig, m ether.MAC)
}

func (w *rig) want(ok bool, format string, args ...any) {
	w.t.Helper()
	if !ok {
		w.t.Errorf(format, args...)
	}
}

// server is the option with the DUID of the box.
func (w *rig) server() dhcptest.Option6 { return opt6(2, w.s.DUID()...) }

var checks = []check{
	{"an ADVERTISE goes to the link-local address of the client, from ours, by its hardware address", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(7)))
		w.want(g.Type == 2, "type %d", g.Type)
		w.want(g.dst == m, "frame to %s", g.dst)
		w.want(g.to == netip.AddrPortFrom(dhcptest.LinkLocal(m), 546), "to %s", g.to)
		w.want(g.from.Addr() == ip("fe80::1") && g.from.Port() == 547, "from %s", g.from)
	}},
	{"client and server identifier are echoed, the message number too", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(7)))
		w.want(bytes.Equal(g.Val(1), dhcptest.DUID(m)), "client % x", g.Val(1))
		w.want(bytes.Equal(g.Val(2), w.s.DUID()), "server % x", g.Val(2))
	}},
	{"the DUID of the server is of its hardware and kept in nvram", func(w *rig, _ ether.MAC) {
		d := w.s.DUID()
		w.want(len(d) == 10 && bytes.Equal(d[:4], []byte{0, 3, 0, 1}), "DUID % x", d)
		b, err := os.ReadFile(w.s.opt.Store + "/dhcpv6-duid")
		w.want(err == nil && strings.HasPrefix(string(b), engine.DUIDText(d)+" "), "file %q, %v", b, err)
	}},
	{"T1 and T2 are half and four fifths of the preferred lifetime", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(7)))
		w.want(g.IAs[0].ID == 7 && g.IAs[0].T1 == 200 && g.IAs[0].T2 == 320, "%+v", g.IAs[0])
		w.want(g.IAs[0].Addrs[0].Preferred == 400 && g.IAs[0].Addrs[0].Valid == 600, "%+v", g.IAs[0].Addrs)
	}},
	{"a phone gets the vendor option although it does not ask for it", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(1)))
		w.want(bytes.Equal(g.Val(17)[:12], []byte{0, 0, 0, 9, 0, 1, 0, 32, 0x20, 1, 0x0d, 0xb8}), "% x", g.Val(17))
		w.want(len(g.Vendor(9, 1)) == 32 && netip.AddrFrom16([16]byte(g.Vendor(9, 1)[16:])) == ip("2001:db8:77::2"), "% x", g.Vendor(9, 1))
		w.want(string(g.Vendor(9, 2)) == "tftp.branch.example", "%q", g.Vendor(9, 2))
	}},
	{"a PC that does not ask for it does not", func(w *rig, m ether.MAC) {
		g := w.ask(m, pc6(m, 1, ia6(1)))
		w.want(!g.Has(17), "% x", g.Val(17))
	}},
	{"a PC that asks gets it", func(w *rig, m ether.MAC) {
		g := w.ask(m, pc6(m, 1, ia6(1)).Without(6).With(asks6(17)))
		w.want(len(g.Vendor(9, 1)) == 32, "% x", g.Val(17))
		w.want(!g.Has(23), "names were not asked for")
	}},
	{"a phone known by the enterprise number alone is one", func(w *rig, m ether.MAC) {
		g := w.ask(m, pc6(m, 1, ia6(1), opt6(17, 0, 0, 0, 9)))
		w.want(g.Vendor(9, 1) != nil, "% x", g.Val(17))
	}},
	{"every enterprise has an option of its own, Cisco's first", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(1)))
		w.want(len(g.Opts[17]) == 2 && g.Opts[17][0][3] == 9, "%d options", len(g.Opts[17]))
		w.want(bytes.Equal(g.Vendor(4491, 32), []byte{1, 2, 3}), "% x", g.Vendor(4491, 32))
	}},
	{"names and servers are those of the pool", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(1)))
		w.want(len(g.Val(23)) == 16 && netip.AddrFrom16([16]byte(g.Val(23))) == ip("2001:db8:77::53"), "% x", g.Val(23))
		w.want(string(g.Val(24)) == "\x06branch\x07example\x00", "%q", g.Val(24))
	}},
	{"the preference stands in ADVERTISE", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(1)))
		w.want(bytes.Equal(g.Val(7), []byte{20}), "% x", g.Val(7))
	}},
	{"the same client is offered the same address again", func(w *rig, m ether.MAC) {
		a, b := w.ask(m, phone6(m, 1, ia6(1))), w.ask(m, phone6(m, 1, ia6(1)))
		w.want(a.Addr() == b.Addr() && a.Addr().IsValid(), "%s, then %s", a.Addr(), b.Addr())
	}},
	{"two associations of a client get two addresses", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(1), ia6(2)))
		w.want(len(g.IAs) == 2 && g.IAs[0].Addrs[0].Addr != g.IAs[1].Addrs[0].Addr, "%+v", g.IAs)
	}},
	{"two clients get two addresses, of the prefix and not one beside the other", func(w *rig, m ether.MAC) {
		o := mac(0x7f, m[5])
		a, b := w.ask(m, phone6(m, 1, ia6(1))).Addr(), w.ask(o, phone6(o, 1, ia6(1))).Addr()
		w.want(a != b && a.Next() != b && b.Next() != a, "%s and %s", a, b)
		w.want(netip.MustParsePrefix("2001:db8:77::/64").Contains(a), "%s", a)
	}},
	{"a REQUEST gets a REPLY with the address offered, and it is bound", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		w.want(w.binding(a) != nil, "no binding of %s", a)
	}},
	{"the REPLY left after its record was on disk", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		w.want(w.onDisk(a), "%s is not in the store", a)
	}},
	{"the hardware address is that of the frame, not of the identifier", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1), opt6(14))
		r.Opts[0].Val = []byte{0, 2, 0, 0, 0, 9, 0xaa, 0xbb, m[5]}
		a := w.ask(m, r).Addr()
		b := w.binding(a)
		w.want(b != nil && b.MAC == m, "%+v", b)
	}},
	{"a REQUEST for another server is discarded, and our offer is free", func(w *rig, m ether.MAC) {
		a := w.ask(m, phone6(m, 1, ia6(1))).Addr()
		w.silence(m, phone6(m, 3, opt6(2, 0, 3, 0, 1, 9, 9, 9, 9, 9, 9), ia6(1, a)))
		w.want(w.binding(a) == nil, "bound")
	}},
	{"a REQUEST without a server is discarded", func(w *rig, m ether.MAC) {
		w.silence(m, phone6(m, 3, ia6(1)))
	}},
	{"a SOLICIT with a server is discarded", func(w *rig, m ether.MAC) {
		w.silence(m, phone6(m, 1, w.server(), ia6(1)))
	}},
	{"a SOLICIT without a client identifier is discarded", func(w *rig, m ether.MAC) {
		w.silence(m, phone6(m, 1, ia6(1)).Without(1))
	}},
	{"what is sent to our address instead of the group is discarded", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1))
		w.put(m, netip.AddrPortFrom(dhcptest.LinkLocal(m), 546), ip("fe80::1"), r.Bytes())
		_, ok := w.next(r.XID, silentWait)
		w.want(!ok, "answered")
	}},
	{"messages of servers are discarded", func(w *rig, m ether.MAC) {
		for _, typ := range []byte{2, 7, 10, 13, 14, 0} {
			w.silence(m, phone6(m, typ, w.server(), ia6(1)))
		}
	}},
	{"rapid commit: a REPLY at once, with option 14, bound", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, opt6(14), ia6(1)))
		w.want(g.Type == 7 && g.Has(14) && !g.Has(7), "type %d, options %v", g.Type, g.Order)
		w.want(w.binding(g.Addr()) != nil && w.onDisk(g.Addr()), "not bound")
	}},
	{"a REQUEST for an address of another link: NotOnLink", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 3, w.server(), ia6(1, ip("2001:db8:1::5"))))
		w.want(g.Type == 7 && g.IAs[0].Status == offLink && len(g.IAs[0].Addrs) == 0, "%+v", g.IAs)
	}},
	{"a hint is not followed unless that is configured", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(1, ip("2001:db8:77::1:1"))))
		w.want(g.Addr().IsValid() && g.Addr() != ip("2001:db8:77::1:1"), "%s", g.Addr())
	}},
	{"CONFIRM of an address of the link: Success", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 4, ia6(1, ip("2001:db8:77::abcd"))))
		w.want(g.Type == 7 && g.Status == 0, "type %d, status %d", g.Type, g.Status)
	}},
	{"CONFIRM of an address of another link: NotOnLink", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 4, ia6(1, ip("2001:db8:77::abcd"), ip("2001:db8:2::1"))))
		w.want(g.Status == offLink, "status %d", g.Status)
	}},
	{"CONFIRM without an address is discarded", func(w *rig, m ether.MAC) {
		w.silence(m, phone6(m, 4, ia6(1)))
	}},
	{"RENEW prolongs", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		g := w.ask(m, phone6(m, 5, w.server(), ia6(1, a)))
		w.want(g.Type == 7 && g.Addr() == a && g.IAs[0].Addrs[0].Valid == 600, "%+v", g.IAs)
	}},
	{"RENEW of the wrong association: NoBinding", func(w *rig, m ether.MAC) {
		w.take(m)
		g := w.ask(m, phone6(m, 5, w.server(), ia6(99)))
		w.want(g.IAs[0].Status == noBind, "%+v", g.IAs)
	}},
	{"RENEW with an address besides: it gets lifetimes of nothing", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		g := w.ask(m, phone6(m, 5, w.server(), ia6(1, a, ip("2001:db8:1::9"))))
		w.want(len(g.IAs[0].Addrs) == 2 && g.IAs[0].Addrs[1] == dhcptest.Addr6{Addr: ip("2001:db8:1::9")}, "%+v", g.IAs)
	}},
	{"RENEW without a record makes it again, after the LAN was asked who has it", func(w *rig, m ether.MAC) {
		a := ip("2001:db8:77::a:1")
		w.be(a, m)
		g := w.ask(m, phone6(m, 5, w.server(), ia6(1, a)))
		w.want(g.Addr() == a && w.binding(a) != nil, "%+v", g.IAs)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.want(w.asked[a] > 0, "nobody was asked")
	}},
	{"RENEW without a record of an address that another station has: nobody gets it", func(w *rig, m ether.MAC) {
		a := ip("2001:db8:77::a:2")
		w.be(a, mac(0x7e, 1))
		r := phone6(m, 5, w.server(), ia6(1, a))
		w.put(m, netip.AddrPortFrom(dhcptest.LinkLocal(m), 546), allServers, r.Bytes())
		_, ok := w.next(r.XID, time.Second)
		w.want(!ok && w.binding(a) == nil, "it was given")
		w.want(strings.Contains(w.ev.names(), "dhcp.Contested"), "not said")
	}},
	{"RENEW of somebody else's address: it is not to be used", func(w *rig, m ether.MAC) {
		o := mac(0x7d, 1)
		_, a := w.take(o)
		g := w.ask(m, phone6(m, 5, w.server(), ia6(1, a)))
		w.want(len(g.IAs[0].Addrs) == 1 && g.IAs[0].Addrs[0].Valid == 0, "%+v", g.IAs)
		w.want(w.binding(a).MAC == o, "taken away")
	}},
	{"REBIND prolongs, and names no server to do so", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		g := w.ask(m, phone6(m, 6, ia6(1, a)))
		w.want(g.Addr() == a, "%+v", g.IAs)
	}},
	{"REBIND without a record makes it again", func(w *rig, m ether.MAC) {
		a := ip("2001:db8:77::a:3")
		w.be(a, m)
		g := w.ask(m, phone6(m, 6, ia6(1, a)))
		w.want(g.Addr() == a && w.binding(a) != nil, "%+v", g.IAs)
	}},
	{"REBIND of an address of another link: lifetimes of nothing", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 6, ia6(1, ip("2001:db8:3::1"))))
		w.want(len(g.IAs[0].Addrs) == 1 && g.IAs[0].Addrs[0].Valid == 0, "%+v", g.IAs)
	}},
	{"RELEASE by the owner: Success, and it is free", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		g := w.ask(m, phone6(m, 8, w.server(), ia6(1, a)))
		w.want(g.Type == 7 && g.Status == 0 && w.binding(a) == nil, "status %d", g.Status)
		again := w.ask(m, phone6(m, 1, ia6(1)))
		w.want(again.Addr() == a, "the owner gets %s", again.Addr())
	}},
	{"RELEASE by somebody else: NoBinding, and nothing happens", func(w *rig, m ether.MAC) {
		o := mac(0x7c, 1)
		_, a := w.take(o)
		g := w.ask(m, phone6(m, 8, w.server(), ia6(1, a)))
		w.want(g.Status == 0 && len(g.IAs) == 1 && g.IAs[0].Status == noBind && w.binding(a) != nil, "%+v", g.IAs)
	}},
	{"DECLINE by the owner: a conflict, and another address", func(w *rig, m ether.MAC) {
		_, a := w.take(m)
		g := w.ask(m, phone6(m, 9, w.server(), ia6(1, a)))
		w.want(g.Status == 0 && w.binding(a) == nil, "status %d", g.Status)
		w.want(len(w.s.Conflicts()) > 0, "no conflict")
		again := w.ask(m, phone6(m, 1, ia6(1)))
		w.want(again.Addr().IsValid() && again.Addr() != a, "%s again", again.Addr())
	}},
	{"DECLINE by somebody else is without effect", func(w *rig, m ether.MAC) {
		o := mac(0x7b, 1)
		_, a := w.take(o)
		w.ask(m, phone6(m, 9, w.server(), ia6(1, a)))
		g := w.ask(o, phone6(o, 5, w.server(), ia6(1, a)))
		w.want(g.Addr() == a, "%+v", g.IAs)
	}},
	{"INFORMATION-REQUEST: options, no address, the time to ask again", func(w *rig, m ether.MAC) {
		r := phone6(m, 11).Without(6).With(asks6(23, 32))
		g := w.ask(m, r)
		w.want(g.Type == 7 && len(g.IAs) == 0 && g.Has(23) && binary.BigEndian.Uint32(g.Val(32)) == 3600, "%v", g.Order)
		w.want(g.Vendor(9, 1) != nil, "no TFTP servers")
	}},
	{"INFORMATION-REQUEST without an identifier is answered", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 11).Without(1))
		w.want(g.Type == 7 && !g.Has(1) && g.Has(2), "%v", g.Order)
	}},
	{"INFORMATION-REQUEST with an association, or for another server, is discarded", func(w *rig, m ether.MAC) {
		w.silence(m, phone6(m, 11, ia6(1)))
		w.silence(m, phone6(m, 11, opt6(2, 0, 3, 0, 1, 9, 9, 9, 9, 9, 8)))
	}},
	{"the time to ask again is not in an ADVERTISE", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(1)).Without(6))
		w.want(!g.Has(32) && g.Has(23), "%v", g.Order)
	}},
	{"prefixes are refused by status", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(1), dhcptest.IAOf(25, 5)))
		w.want(g.IAs[0].Status == -1 && g.IAs[1].Kind == 25 && g.IAs[1].Status == noPre, "%+v", g.IAs)
	}},
	{"temporary addresses are refused by status", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, dhcptest.IAOf(4, 5)))
		w.want(g.IAs[0].Kind == 4 && g.IAs[0].Status == noAddrs, "%+v", g.IAs)
	}},
	{"relayed: the address is of the relay's link, the reply in a relay-reply to it", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1))
		g, ok := w.via("2001:db8:88::1", r.XID, dhcptest.Relayed(0, ip("2001:db8:88::1"), dhcptest.LinkLocal(m), r.Bytes(), opt6(18, 1, 2, 3)))
		w.want(ok && netip.MustParsePrefix("2001:db8:88::/64").Contains(g.Addr()), "%+v", g.IAs)
		w.want(g.to == netip.MustParseAddrPort("[2001:db8:88::1]:547"), "to %s", g.to)
		w.want(len(g.Relays) == 1 && g.Relays[0].Link == ip("2001:db8:88::1") && g.Relays[0].Peer == dhcptest.LinkLocal(m) && bytes.Equal(g.Relays[0].Opts[18], []byte{1, 2, 3}), "%+v", g.Relays)
	}},
	{"relayed by two: each has its layer, its interface, its hop count", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1))
		inner := dhcptest.Relayed(0, ip("2001:db8:88::1"), dhcptest.LinkLocal(m), r.Bytes(), opt6(18, 'a'))
		g, ok := w.via("2001:db8:aa::1", r.XID, dhcptest.Relayed(1, ip("::"), ip("2001:db8:88::1"), inner, opt6(18, 'b')))
		w.want(ok && len(g.Relays) == 2 && g.Relays[0].Hops == 1 && g.Relays[1].Hops == 0, "%+v", g.Relays)
		w.want(string(g.Relays[0].Opts[18]) == "b" && string(g.Relays[1].Opts[18]) == "a", "%+v", g.Relays)
		w.want(netip.MustParsePrefix("2001:db8:88::/64").Contains(g.Addr()), "%s", g.Addr())
	}},
	{"relayed 33 times is answered, 34 times is malformed", func(w *rig, m ether.MAC) {
		r := pc6(m, 1, ia6(1))
		b := r.Bytes()
		for n := range 33 {
			b = dhcptest.Relayed(byte(n), ip("2001:db8:88::1"), dhcptest.LinkLocal(m), b)
		}
		g, ok := w.via("2001:db8:aa::1", r.XID, b)
		w.want(ok && len(g.Relays) == 33, "%d layers", len(g.Relays))
		_, ok = w.via("2001:db8:aa::1", r.XID, dhcptest.Relayed(33, ip("::"), ip("2001:db8:aa::1"), b))
		w.want(!ok, "answered")
	}},
	{"relayed: the hardware address is that of option 79", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1), opt6(14))
		g, ok := w.via("2001:db8:88::1", r.XID, dhcptest.Relayed(0, ip("2001:db8:88::1"), dhcptest.LinkLocal(m), r.Bytes(), opt6(79, append([]byte{0, 1}, m[:]...)...)))
		b := w.binding(g.Addr())
		w.want(ok && b != nil && b.MAC == m && b.Relay == ip("2001:db8:88::1") && b.Client == dhcptest.LinkLocal(m), "%+v", b)
	}},
	{"relayed without option 79: the link-local address that is made of the hardware address tells it", func(w *rig, m ether.MAC) {
		m[0] = 0 // as those of phones: of a vendor
		r := phone6(m, 1, ia6(1), opt6(14))
		g, ok := w.via("2001:db8:88::1", r.XID, dhcptest.Relayed(0, ip("2001:db8:88::1"), dhcptest.LinkLocal(m), r.Bytes()))
		b := w.binding(g.Addr())
		w.want(ok && b != nil && b.MAC == m, "%+v", b)
	}},
	{"relayed without option 79, from a link-local address of no hardware address: it is not known", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1), opt6(14))
		g, ok := w.via("2001:db8:88::1", r.XID, dhcptest.Relayed(0, ip("2001:db8:88::1"), ip("fe80::5c1d:9a2e:41b:1"), r.Bytes()))
		b := w.binding(g.Addr())
		w.want(ok && b != nil && b.MAC.IsZero(), "%+v", b)
	}},
	{"who asks for SOL_MAX_RT is served without it: nobody set one", func(w *rig, m ether.MAC) {
		g := w.ask(m, phone6(m, 1, ia6(1)).Without(6).With(dhcptest.Asks6(23, 82)))
		w.want(g.Addr().IsValid() && !g.Has(82) && g.Has(23), "%+v", g.Opts)
	}},
	{"relayed from a port of its own (option 135): answered there, the option echoed", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1))
		g, ok := w.via("[2001:db8:88::1]:16547", r.XID, dhcptest.Relayed(0, ip("2001:db8:88::1"), dhcptest.LinkLocal(m), r.Bytes(), opt6(135, 0, 0)))
		w.want(ok && g.to.Port() == 16547 && bytes.Equal(g.Relays[0].Opts[135], []byte{0, 0}), "to %s, %+v", g.to, g.Relays)
	}},
	{"relayed from a link without a pool: silence, and it is said", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1))
		_, ok := w.via("2001:db8:aa::1", r.XID, dhcptest.Relayed(0, ip("2001:db8:aa::1"), dhcptest.LinkLocal(m), r.Bytes()))
		w.want(!ok && strings.Contains(w.ev.names(), "dhcpv6.NoAddress"), "answered")
	}},
	{"a lightweight relay without a link address: the pool of the interface", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1))
		g, ok := w.via("fe80::77:1", r.XID, dhcptest.Relayed(0, ip("::"), dhcptest.LinkLocal(m), r.Bytes(), opt6(18, 9)))
		w.want(ok && netip.MustParsePrefix("2001:db8:77::/64").Contains(g.Addr()), "%+v", g.IAs)
	}},
	{"an empty pool: NoAddrsAvail", func(w *rig, m ether.MAC) {
		var last got
		for n := range byte(4) { // three addresses: the first is the routers'
			o := mac(0x70, n)
			r := phone6(o, 1, ia6(1), opt6(14))
			g, ok := w.via("2001:db8:99::1", r.XID, dhcptest.Relayed(0, ip("2001:db8:99::1"), dhcptest.LinkLocal(o), r.Bytes()))
			if !ok {
				w.t.Fatal("no answer")
			}
			last = g
			w.want(g.Addr() != ip("2001:db8:99::"), "the address of routers was given")
			w.want(n == 3 || g.Addr().IsValid(), "client %d got nothing", n)
		}
		w.want(last.Type == 2 && last.IAs[0].Status == noAddrs && len(last.IAs[0].Addrs) == 0, "%+v", last.IAs)
	}},
	{"a packet larger than the wire's, put together by the kernel, is answered", func(w *rig, m ether.MAC) {
		r := phone6(m, 1, ia6(1), opt6(15, make([]byte, 1800)...))
		g, ok := w.fragments(m, r)
		w.want(ok && g.Addr().IsValid(), "no answer")
	}},
	{"malformed messages are counted, answered by nothing, and the next is served", func(w *rig, m ether.MAC) {
		before := w.s.Statistics().Malformed
		bad := malformed6(m)
		for _, b := range bad {
			w.put(m, netip.AddrPortFrom(dhcptest.LinkLocal(m), 546), allServers, b)
		}
		w.want(w.ask(m, phone6(m, 1, ia6(1))).Addr().IsValid(), "not served")
		waitFor(w.t, func() bool { return w.s.Statistics().Malformed-before == uint64(len(bad)) })
	}},
	{"the journal has both ways, with MAC, class and what was told of TFTP", func(w *rig, m ether.MAC) {
		w.take(m)
		r, _ := w.ev.last(func(e journal.Event) bool { x, ok := e.(engine.Received); return ok && x.MAC == m }).(engine.Received)
		reply := func(e journal.Event) bool {
			x, ok := e.(engine.Sent)
			return ok && x.MAC == m && x.Type == "REPLY"
		}
		waitFor(w.t, func() bool { return w.ev.last(reply) != nil })
		s, _ := w.ev.last(reply).(engine.Sent)
		w.want(r.Phone && r.Class == dhcptest.Phone6Class && r.Type == "REQUEST", "%+v", r)
		w.want(s.To == "REQUEST" && s.Pool == "VOICE6" && len(s.TFTP) == 2 && s.Service != "" && s.Valid == 600*time.Second, "%+v", s)
	}},
}

// TestFrames are the rules of RFC 8415 and of phones, on a wire.
func TestFrames(t *testing.T) {
	w := cable(t)
	w.serve(Options{Store: t.TempDir()}, labSpec())
	for n, c := range append(checks, edges...) {
		t.Run(c.name, func(t *testing.T) {
			w.t = t
			c.do(w, mac(1, byte(n)))
		})
	}
	w.t = t
	if len(checks) < 40 {
		t.Errorf("only %d checks", len(checks))
	}
}

// binding is the one of an address, nil if there is none.
func (w *rig) binding(a netip.Addr) *engine.Binding {
	for _, b := range w.s.Bindings() {
		if b.Addr == a {
			return &b
		}
	}
	return nil
}

// onDisk reports whether the store has a lease of an address, read by a copy: the
// server goes on writing.
func (w *rig) onDisk(a netip.Addr) bool {
	dir := w.t.TempDir()
	list, _ := os.ReadDir(w.s.opt.Store)
	for _, f := range list {
		if b, err := os.ReadFile(w.s.opt.Store + "/" + f.Name()); err == nil {
			_ = os.WriteFile(dir+"/"+f.Name(), b, 0o600)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		w.t.Fatal(err)
	}
	defer root.Close()
	s, rs, _, err := store.Open(root, store.IPv6)
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	for _, r := range rs {
		if r.Addr == a {
			return true
		}
	}
	return false
}

// fragments sends a message of a station in two fragments.
func (w *rig) fragments(m ether.MAC, r dhcptest.Message6) (got, bool) {
	from := dhcptest.LinkLocal(m)
	w.be(from, m)
	payload := r.Bytes()
	udp := binary.BigEndian.AppendUint16(nil, 546)
	udp = binary.BigEndian.AppendUint16(udp, 547)
	udp = binary.BigEndian.AppendUint16(udp, uint16(8+len(payload)))
	whole := packet6(ether.MAC{0x33, 0x33, 0, 1, 0, 2}, m, from, allServers, 17, 64, 6, append(append(udp, 0, 0), payload...))
	body := whole[54:]
	for at := 0; at < len(body); at += 1200 {
		end := min(at+1200, len(body))
		more := byte(1)
		if end == len(body) {
			more = 0
		}
		part := append([]byte{17, 0, byte(at >> 8), byte(at) | more, 0, 0, 7, m[5]}, body[at:end]...)
		f := append([]byte(nil), whole[:54]...)
		binary.BigEndian.PutUint16(f[18:], uint16(len(part)))
		f[20] = 44
		w.write(append(f, part...))
	}
	return w.next(r.XID, answerWait)
}

// malformed6 are messages nobody should send.
func malformed6(m ether.MAC) map[string][]byte {
	ok := phone6(m, 1, ia6(1)).Bytes()
	with := func(o ...dhcptest.Option6) []byte { return phone6(m, 1, o...).Bytes() }
	ll := dhcptest.LinkLocal(m)
	return map[string][]byte{
		"an option behind the end":       append(append([]byte{}, ok...), 0, 8, 0, 9, 1),
		"half an option":                 append(append([]byte{}, ok...), 0, 8),
		"two client identifiers":         with(opt6(1, 0, 3, 0, 1, 1, 2, 3, 4, 5, 6), ia6(1)),
		"a long DUID":                    phone6(m, 1).Without(1).With(opt6(1, make([]byte, 131)...)).Bytes(),
		"a short DUID":                   phone6(m, 1).Without(1).With(opt6(1, 0, 3)).Bytes(),
		"a short association":            with(opt6(3, 0, 0, 0, 1)),
		"an address cut":                 with(opt6(3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)),
		"an option in an address is cut": with(opt6(3, append([]byte{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 28}, append(make([]byte, 24), 0, 13, 0, 9)...)...)),
		"an association twice":           with(ia6(1), ia6(1)),
		"seventeen associations": with(func() (all []dhcptest.Option6) {
			for n := range uint32(17) {
				all = append(all, ia6(n))
			}
			return all
		}()...),
		"an odd option request":    phone6(m, 1).Without(6).With(opt6(6, 0, 23, 0)).Bytes(),
		"a type of another world":  phone6(m, 200).Bytes(),
		"a relay without content":  dhcptest.Relayed(0, ip("::"), ll, nil),
		"a relay cut":              dhcptest.Relayed(0, ip("::"), ll, ok)[:30],
		"a relay with half inside": dhcptest.Relayed(0, ip("::"), ll, ok[:2]),
	}
}
