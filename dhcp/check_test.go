package dhcp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/platform/journal"
)

// The fifty checks of reference/dhcp.md 9 on the engine; those about frames
// run again over a veth pair in frames_test.go, those about the disk in
// store_test.go and kill_test.go.

const us = "10.77.0.1"

func TestCheck01OfferUnicast(t *testing.T) {
	w := newWorld(t)
	g := w.one(phoneRequest(mac(0, 1), msgDiscover)).is(t, msgOffer, "10.77.0.100")
	if g.how != unicastRaw || g.mac != mac(0, 1) || g.to != netip.MustParseAddrPort("10.77.0.100:68") || g.from != ip(us) {
		t.Errorf("delivered %+v", g.reply)
	}
	b := g.payload
	if b[0] != 2 || b[1] != 1 || b[2] != 6 || b[3] != 0 || binary.BigEndian.Uint32(b[4:]) != 0x1b3a || !bytes.Equal(b[28:34], []byte{2, 0, 0, 0, 0, 1}) {
		t.Errorf("header % x", b[:44])
	}
	if binary.BigEndian.Uint16(b[8:]) != 0 {
		t.Error("secs not 0")
	}
	if got := addrOf(b[20:24]); got != ip(us) {
		t.Errorf("siaddr %s, want the first address of option 150", got)
	}
}

func TestCheck02Broadcast(t *testing.T) {
	w := newWorld(t)
	r := phoneRequest(mac(0, 2), msgDiscover)
	r.flags, r.secs, r.hops = 0x8000, 48, 1
	g := w.one(r)
	if g.how != broadcast || g.to != netip.MustParseAddrPort("255.255.255.255:68") || g.payload[10] != 0x80 {
		t.Errorf("delivered %+v flags %x", g.how, g.payload[10:12])
	}
}

func TestCheck03Options(t *testing.T) {
	w := newWorld(t)
	g := w.one(phoneRequest(mac(0, 3), msgDiscover))
	if diff := cmp.Diff([]byte{53, 54, 51, 58, 59, 1, 66, 6, 3, 15, 150, 61}, g.order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	want := map[byte][]byte{53: {2}, 54: ipb(us), 51: {0, 0, 2, 0x58}, 58: {0, 0, 1, 0x2c}, 59: {0, 0, 2, 0x0d}, 1: {255, 255, 255, 0},
		3: ipb(us), 6: ipb("10.77.0.53"), 15: []byte("branch.example"), 66: []byte("10.77.0.1"), 150: ipb(us, "10.77.0.2"), 61: idMAC(mac(0, 3))}
	if diff := cmp.Diff(want, g.opts); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	// 150 asked for before 66: still after it.
	r := pcRequest(mac(0, 4), msgDiscover, tlv{55, []byte{150, 1, 3, 66, 6}})
	if g := w.one(r); !bytes.Equal(g.order, []byte{53, 54, 51, 58, 59, 1, 66, 150, 3, 6}) {
		t.Errorf("order %v", g.order)
	}
}

func TestCheck04Ack(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 4))
	if len(w.disk) != 1 || w.disk[0].Addr != a || w.disk[0].State != stateLeased {
		t.Errorf("on disk: %+v", w.disk)
	}
	bs := w.e.list()
	if len(bs) != 2 || bs[1].Addr != a || bs[1].Type != "Automatic" || bs[0].Type != "Manual" {
		t.Errorf("bindings %+v", bs)
	}
	ack, ok := has[Ack](w)
	if !ok || ack.Addr != a || ack.Renewal || len(ack.Option150) != 2 || ack.Hostname != mac(0, 4).Device() {
		t.Errorf("event %+v", ack)
	}
	// A REQUEST that is repeated gets the same ACK.
	w.one(phoneRequest(mac(0, 4), msgRequest, tlv{50, ipb(a.String())}, tlv{54, ipb(us)})).is(t, msgAck, a.String())
}

func TestCheck05OtherServer(t *testing.T) {
	w := newWorld(t)
	a := w.one(phoneRequest(mac(0, 5), msgDiscover)).yiaddr
	w.silent(phoneRequest(mac(0, 5), msgRequest, tlv{50, ipb(a.String())}, tlv{54, ipb("10.77.0.250")}))
	if len(w.e.offers) != 0 || w.e.stats.Extra.OtherServer != 1 {
		t.Error("offer still held")
	}
	w.one(pcRequest(mac(0, 6), msgDiscover, tlv{50, ipb(a.String())})).is(t, msgOffer, a.String())
}

func TestCheck06Nak(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 6))
	g := w.one(phoneRequest(mac(0, 7), msgRequest, tlv{50, ipb(a.String())}, tlv{54, ipb(us)})).is(t, msgNak, "")
	if g.how != broadcast || !bytes.Equal(g.order, []byte{53, 54, 56, 61}) {
		t.Errorf("%v options %v", g.how, g.order)
	}
}

func TestCheck07InitReboot(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 7))
	w.one(phoneRequest(mac(0, 7), msgRequest, tlv{50, ipb(a.String())})).is(t, msgAck, a.String())
}

func TestCheck08InitRebootOffNet(t *testing.T) {
	w := newWorld(t)
	g := w.one(phoneRequest(mac(0, 8), msgRequest, tlv{50, ipb("192.168.99.5")})).is(t, msgNak, "")
	if g.how != broadcast || g.to.Addr() != limitedBroadcast {
		t.Errorf("delivered %+v", g.reply)
	}
}

func TestCheck09InitRebootUnknown(t *testing.T) {
	w := newWorld(t)
	w.silent(phoneRequest(mac(0, 9), msgRequest, tlv{50, ipb("10.77.0.177")}))
	w = newWorld(t, func(s *Spec) { s.Authoritative = true })
	w.one(phoneRequest(mac(0, 9), msgRequest, tlv{50, ipb("10.77.0.177")})).is(t, msgAck, "10.77.0.177")
}

func TestCheck10Renew(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 10))
	before := w.e.bindings[a].Expiry
	w.pass(100 * time.Second)
	r := phoneRequest(mac(0, 10), msgRequest)
	r.ciaddr = a.String()
	g := w.one(r, fromUnicast(a.String())).is(t, msgAck, a.String())
	if g.how != byRoute || g.to != netip.AddrPortFrom(a, 68) || addrOf(g.payload[12:16]) != a {
		t.Errorf("delivered %+v", g.reply)
	}
	if got := w.e.bindings[a].Expiry; got != before+100 {
		t.Errorf("expiry moved by %d", got-before)
	}
	// Behind a relay the client renews without it.
	rel := phoneRequest(mac(0, 11), msgDiscover)
	rel.giaddr = "10.88.0.1"
	o := w.one(rel, fromRelay("10.88.0.1")).is(t, msgOffer, "10.88.0.100")
	rq := phoneRequest(mac(0, 11), msgRequest, tlv{50, ipb("10.88.0.100")}, tlv{54, o.opts[54]})
	rq.giaddr = "10.88.0.1"
	w.one(rq, fromRelay("10.88.0.1")).is(t, msgAck, "10.88.0.100")
	r = phoneRequest(mac(0, 11), msgRequest)
	r.ciaddr = "10.88.0.100"
	g = w.one(r, fromUnicast("10.88.0.100")).is(t, msgAck, "10.88.0.100")
	if g.to != netip.MustParseAddrPort("10.88.0.100:68") {
		t.Errorf("to %s", g.to)
	}
}

func TestCheck11Rebind(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 11))
	r := phoneRequest(mac(0, 11), msgRequest)
	r.ciaddr = a.String()
	if g := w.one(r).is(t, msgAck, a.String()); g.how != byRoute || g.to.Addr() != a {
		t.Errorf("delivered %+v", g.reply)
	}
}

func TestCheck12RebindOffNet(t *testing.T) {
	w := newWorld(t)
	r := phoneRequest(mac(0, 12), msgRequest)
	r.ciaddr = "192.168.99.7"
	w.one(r).is(t, msgNak, "")
	w.one(r, fromUnicast("192.168.99.7")).is(t, msgNak, "")
}

func TestCheck13RequestForNothing(t *testing.T) {
	newWorld(t).silent(phoneRequest(mac(0, 13), msgRequest))
}

func TestCheck14ForeignRelease(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 14))
	r := pcRequest(mac(0, 14), msgRelease, tlv{61, []byte("\x00another")}, tlv{54, ipb(us)})
	r.ciaddr = a.String()
	w.silent(r, fromUnicast(a.String()))
	if !w.e.bindings[a].leased {
		t.Error("released")
	}
	// Another chaddr with the owner's identifier does release.
	r = pcRequest(mac(0, 15), msgRelease, tlv{61, idMAC(mac(0, 14))}, tlv{54, ipb(us)})
	r.ciaddr = a.String()
	w.silent(r, fromUnicast(a.String()))
	if w.e.bindings[a].leased {
		t.Error("not released")
	}
}

func TestCheck15Release(t *testing.T) {
	w := newWorld(t)
	release := func(a netip.Addr) {
		r := phoneRequest(mac(0, 15), msgRelease, tlv{54, ipb(us)})
		r.ciaddr = a.String()
		w.silent(r, fromUnicast(a.String()))
	}
	a := w.lease(mac(0, 15))
	release(a)
	if len(w.e.list()) != 1 {
		t.Error("binding still listed")
	}
	w.lease(mac(0, 16)) // takes the next one
	if got := w.lease(mac(0, 15)); got != a {
		t.Errorf("owner got %s, want %s back", got, a)
	}
	release(a)
	w.one(phoneRequest(mac(0, 17), msgDiscover, tlv{50, ipb(a.String())})).is(t, msgOffer, a.String())
}

func TestCheck16Decline(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 16))
	w.silent(phoneRequest(mac(0, 16), msgDecline, tlv{50, ipb(a.String())}, tlv{54, ipb(us)}))
	cs := w.e.conflictList()
	if len(cs) != 1 || cs[0].Addr != a || cs[0].Method != "Gratuitous ARP" {
		t.Fatalf("conflicts %+v", cs)
	}
	c, _ := has[Conflict](w)
	m, ok := c.LogMessage()
	if want := "%DHCPD-4-DECLINE_CONFLICT: DHCP address conflict:  client 0102.0000.0000.10 declined 10.77.0.100."; !ok || m.String() != want {
		t.Errorf("message %q", m)
	}
	for n := byte(20); n < 24; n++ {
		if got := w.one(phoneRequest(mac(0, n), msgDiscover, tlv{50, ipb(a.String())})).yiaddr; got == a {
			t.Fatal("declined address offered")
		}
	}
	w.e.resolve(a)
	w.collect()
	w.one(phoneRequest(mac(0, 30), msgDiscover, tlv{50, ipb(a.String())})).is(t, msgOffer, a.String())
}

func TestCheck16ConflictTimesOut(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 16))
	w.silent(phoneRequest(mac(0, 16), msgDecline, tlv{50, ipb(a.String())}, tlv{54, ipb(us)}))
	w.now = w.now.Add(DefaultConflictTimeout)
	w.e.tick(w.now)
	w.collect()
	if len(w.e.conflictList()) != 0 {
		t.Error("still in conflict after a day")
	}
}

func TestCheck17ForeignDecline(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 17))
	w.silent(phoneRequest(mac(0, 18), msgDecline, tlv{50, ipb(a.String())}, tlv{54, ipb(us)}))
	r := phoneRequest(mac(0, 17), msgRequest)
	r.ciaddr = a.String()
	w.one(r, fromUnicast(a.String())).is(t, msgAck, a.String())
	if w.e.stats.Extra.ForeignDecline != 1 || len(w.e.conflicts) != 0 {
		t.Error("foreign DECLINE honoured")
	}
}

func TestCheck18DeclineIncomplete(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 18))
	w.silent(phoneRequest(mac(0, 18), msgDecline, tlv{50, ipb(a.String())}))
	w.silent(phoneRequest(mac(0, 18), msgDecline, tlv{54, ipb(us)}))
	if !w.e.bindings[a].leased || len(w.e.conflicts) != 0 {
		t.Error("incomplete DECLINE honoured")
	}
}

func TestCheck19Inform(t *testing.T) {
	w := newWorld(t)
	r := phoneRequest(mac(0, 19), msgInform)
	r.ciaddr = "10.77.0.77"
	g := w.one(r, fromUnicast("10.77.0.77")).is(t, msgAck, "")
	if g.how != byRoute || g.to != netip.MustParseAddrPort("10.77.0.77:68") || g.has(51) || g.has(58) || g.has(59) || !g.has(150) {
		t.Errorf("to %s options %v", g.to, g.order)
	}
	w = newWorld(t, func(s *Spec) { s.DropInform = true })
	w.silent(r, fromUnicast("10.77.0.77"))
}

func TestCheck20InformRelayed(t *testing.T) {
	w := newWorld(t)
	r := phoneRequest(mac(0, 20), msgInform)
	r.ciaddr, r.giaddr = "10.88.0.77", "10.88.0.1"
	g := w.one(r, fromRelay("10.88.0.1")).is(t, msgAck, "")
	if g.to != netip.MustParseAddrPort("10.88.0.77:68") || g.fallback != netip.MustParseAddrPort("10.88.0.1:67") || len(w.disk) != 0 {
		t.Errorf("to %s, else %s", g.to, g.fallback)
	}
}

func relayed(m byte, typ byte, giaddr string, more ...tlv) testRequest {
	r := phoneRequest(mac(0, m), typ, more...)
	r.giaddr = giaddr
	return r
}

func TestCheck21Relay(t *testing.T) {
	w := newWorld(t)
	r := relayed(21, msgDiscover, "10.88.0.1")
	r.hops = 17
	g := w.one(r, func(in *inbound) { in.from = netip.MustParseAddrPort("10.88.0.77:16067") }).is(t, msgOffer, "10.88.0.100")
	if g.to != netip.MustParseAddrPort("10.88.0.1:67") || g.how != byRoute || addrOf(g.payload[24:28]) != ip("10.88.0.1") {
		t.Errorf("delivered %+v", g.reply)
	}
	// RFC 8357: 82.19 asks for the source port.
	r = relayed(22, msgDiscover, "10.88.0.1", tlv{82, []byte{19, 0}})
	g = w.one(r, func(in *inbound) { in.from = netip.MustParseAddrPort("10.88.0.77:16067") })
	if g.to != netip.MustParseAddrPort("10.88.0.1:16067") {
		t.Errorf("to %s", g.to)
	}
}

func TestCheck22Option82(t *testing.T) {
	w := newWorld(t)
	m := mac(0, 22)
	v := append([]byte{1, 4, 0, 0x4d, 1, 1, 2, 6}, m[:]...)
	g := w.one(relayed(22, msgDiscover, "10.88.0.1", tlv{82, v}), fromRelay("10.88.0.1"))
	if !bytes.Equal(g.opts[82], v) || g.order[len(g.order)-1] != 82 {
		t.Errorf("82 = % x, order %v", g.opts[82], g.order)
	}
}

func TestCheck23Untrusted82(t *testing.T) {
	r := phoneRequest(mac(0, 23), msgDiscover, tlv{82, []byte{1, 1, 7}})
	w := newWorld(t)
	w.silent(r)
	if w.e.stats.Extra.Untrusted != 1 {
		t.Error("not counted")
	}
	newWorld(t, func(s *Spec) { s.TrustAll = true }).one(r).is(t, msgOffer, "10.77.0.100")
}

func TestCheck24LinkSelection(t *testing.T) {
	w := newWorld(t)
	g := w.one(relayed(24, msgDiscover, "10.77.0.9", tlv{82, append([]byte{5, 4}, ipb("10.88.0.0")...)}), fromRelay("10.77.0.9"))
	g.is(t, msgOffer, "10.88.0.100")
	if g.to != netip.MustParseAddrPort("10.77.0.9:67") {
		t.Errorf("to %s", g.to)
	}
}

func TestCheck25Override(t *testing.T) {
	w := newWorld(t)
	o82 := tlv{82, append([]byte{11, 4}, ipb("10.88.0.1")...)}
	g := w.one(relayed(25, msgDiscover, "10.88.0.1", o82), fromRelay("10.88.0.1")).is(t, msgOffer, "10.88.0.100")
	if !bytes.Equal(g.opts[54], ipb("10.88.0.1")) {
		t.Errorf("54 = % x", g.opts[54])
	}
	w.one(relayed(25, msgRequest, "10.88.0.1", tlv{50, ipb("10.88.0.100")}, tlv{54, ipb("10.88.0.1")}, o82), fromRelay("10.88.0.1")).is(t, msgAck, "10.88.0.100")
}

func TestCheck26NakThroughRelay(t *testing.T) {
	w := newWorld(t)
	g := w.one(relayed(26, msgRequest, "10.88.0.1", tlv{50, ipb("192.168.99.9")}, tlv{54, ipb(us)}), fromRelay("10.88.0.1")).is(t, msgNak, "")
	if g.to != netip.MustParseAddrPort("10.88.0.1:67") || g.payload[10]&0x80 == 0 {
		t.Errorf("to %s flags %x", g.to, g.payload[10])
	}
}

func TestCheck27UnknownRelay(t *testing.T) {
	w := newWorld(t)
	w.silent(relayed(27, msgDiscover, "10.99.0.1"), fromRelay("10.99.0.1"))
	n, ok := has[NoLease](w)
	if !ok || n.DebugLines()[0].Text != "DHCPD: there is no pool for 10.99.0.1." {
		t.Errorf("event %+v", n)
	}
	m, _ := n.LogMessage()
	if want := "%DHCPD-7-NO_LEASE: DHCP lease assignment failure, client 0102.0000.0000.1b reason NO POOL"; m.String() != want {
		t.Errorf("message %q", m)
	}
}

func TestCheck28NoParameterList(t *testing.T) {
	w := newWorld(t)
	for _, r := range []testRequest{
		pcRequest(mac(0, 28), msgDiscover, tlv{61, idMAC(mac(0, 28))}, tlv{60, []byte(phoneClass)}),
		pcRequest(mac(0, 29), msgDiscover, tlv{61, idMAC(mac(0, 29))}),
	} {
		g := w.one(r)
		for _, c := range []byte{1, 3, 6, 66, 150} {
			if !g.has(c) {
				t.Errorf("no option %d in %v", c, g.order)
			}
		}
	}
}

func TestCheck29PC(t *testing.T) {
	g := newWorld(t).one(pcRequest(mac(0, 29), msgDiscover, tlv{55, []byte{1, 3}}))
	if !bytes.Equal(g.order, []byte{53, 54, 51, 58, 59, 1, 3}) {
		t.Errorf("options %v", g.order)
	}
	// Forced: everybody gets it.
	w := newWorld(t, func(s *Spec) { s.Pools[0].Options[1].Force = true })
	g = w.one(pcRequest(mac(0, 29), msgDiscover, tlv{55, []byte{1, 3}}))
	if !bytes.Equal(g.order, []byte{53, 54, 51, 58, 59, 1, 3, 150}) {
		t.Errorf("options %v", g.order)
	}
	// A phone that does not list 150 and 3 gets them all the same.
	g = w.one(pcRequest(mac(0, 30), msgDiscover, tlv{60, []byte(phoneClass)}, tlv{55, []byte{1, 6}}))
	if !g.has(150) || !g.has(3) {
		t.Errorf("options %v", g.order)
	}
}

func TestCheck30MaxSize(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		for c := byte(200); c < 204; c++ {
			s.Pools[0].Options = append(s.Pools[0].Options, Option{Code: c, Kind: OptionASCII, Text: strings.Repeat("x", 200)})
		}
		s.TrustAll = true
	})
	for _, max := range [][]byte{{2, 0x40}, nil} { // 576, none
		opts := []tlv{{55, []byte{200, 201, 202, 203, 1, 3, 6, 15, 66, 150}}, {82, bytes.Repeat([]byte{9, 2, 1, 1}, 4)}}
		if max != nil {
			opts = append(opts, tlv{57, max})
		}
		g := w.one(pcRequest(mac(0, 30), msgDiscover, opts...))
		if len(g.payload) > 548 {
			t.Errorf("%d bytes", len(g.payload))
		}
		for _, c := range []byte{53, 54, 51, 1, 3, 6, 66, 150, 82, 200} {
			if !g.has(c) {
				t.Errorf("option %d dropped: %v", c, g.order)
			}
		}
		if g.has(203) {
			t.Error("203 kept")
		}
	}
	g := w.one(pcRequest(mac(0, 31), msgDiscover, tlv{57, []byte{0xff, 0xff}}, tlv{55, []byte{200, 201, 202, 203, 150}}))
	if len(g.payload) > maxPayload || !g.has(203) {
		t.Errorf("%d bytes, %v", len(g.payload), g.order)
	}
}

func TestCheck31Echo61(t *testing.T) {
	w := newWorld(t)
	id := []byte("\x00option 61")
	o := w.one(pcRequest(mac(0, 31), msgDiscover, tlv{61, id}))
	a := w.one(pcRequest(mac(0, 31), msgRequest, tlv{61, id}, tlv{50, ipb(o.yiaddr.String())}, tlv{54, ipb(us)}))
	n := w.one(pcRequest(mac(0, 31), msgRequest, tlv{61, id}, tlv{50, ipb("10.77.0.20")}, tlv{54, ipb(us)})).is(t, msgNak, "")
	for _, g := range []got{o, a, n} {
		if !bytes.Equal(g.opts[61], id) {
			t.Errorf("type %d: 61 = %q", g.typ, g.opts[61])
		}
	}
}

func TestCheck32And33Identity(t *testing.T) {
	w := newWorld(t)
	one := func(m byte, id string) netip.Addr {
		o := w.one(pcRequest(mac(0, m), msgDiscover, tlv{61, []byte(id)}))
		return w.one(pcRequest(mac(0, m), msgRequest, tlv{61, []byte(id)}, tlv{50, ipb(o.yiaddr.String())}, tlv{54, ipb(us)})).yiaddr
	}
	if a, b := one(32, "\x00AAA"), one(32, "\x00BBB"); a == b {
		t.Error("two ids, one address")
	}
	if a, b := one(33, "\x00CCC"), one(34, "\x00CCC"); a != b {
		t.Errorf("one id, two addresses: %s %s", a, b)
	}
}

func TestCheck34RequestedAddress(t *testing.T) {
	w := newWorld(t)
	w.one(phoneRequest(mac(0, 34), msgDiscover, tlv{50, ipb("10.77.0.188")})).is(t, msgOffer, "10.77.0.188")
	for n, a := range []string{"10.77.0.188", "10.77.0.20", "10.77.0.50", "10.77.0.1", "10.77.0.255", "10.99.0.1"} {
		if g := w.one(phoneRequest(mac(1, byte(n)), msgDiscover, tlv{50, ipb(a)})); g.yiaddr == ip(a) {
			t.Errorf("%s offered", a)
		}
	}
}

func TestCheck35LeaseTime(t *testing.T) {
	w := newWorld(t)
	for n, c := range []struct{ ask, want uint32 }{{60, 120}, {300, 300}, {99999, 600}, {0xffffffff, 600}} {
		g := w.one(phoneRequest(mac(2, byte(n)), msgDiscover, tlv{51, binary.BigEndian.AppendUint32(nil, c.ask)}))
		if got := binary.BigEndian.Uint32(g.opts[51]); got != c.want {
			t.Errorf("asked %d, got %d, want %d", c.ask, got, c.want)
		}
	}
	w = newWorld(t, func(s *Spec) { s.Pools[0].Lease = Infinite })
	a := w.lease(mac(0, 35))
	g := w.one(phoneRequest(mac(0, 35), msgDiscover))
	if !bytes.Equal(g.opts[51], []byte{255, 255, 255, 255}) {
		t.Errorf("51 = % x", g.opts[51])
	}
	w.pass(time.Second)
	w.now = w.now.Add(10 * 365 * 24 * time.Hour)
	w.e.tick(w.now)
	if text := ShowBinding(w.e.list(), epoch); !strings.Contains(text, a.String()) || !strings.Contains(text, "Infinite                Automatic") {
		t.Errorf("show ip dhcp binding:\n%s", text)
	}
}

func TestCheck36ManualBinding(t *testing.T) {
	w := newWorld(t)
	if got := w.one(phoneRequest(mac(0, 36), msgDiscover, tlv{50, ipb("10.77.0.50")})).yiaddr; got == ip("10.77.0.50") {
		t.Error("manual binding offered to another client")
	}
	w.one(phoneRequest(mac(0, 36), msgRequest, tlv{50, ipb("10.77.0.50")}, tlv{54, ipb(us)})).is(t, msgNak, "")
	if a := w.lease(mac(0x0a, 1)); a != ip("10.77.0.50") {
		t.Errorf("manual client got %s", a)
	}
	ack, _ := has[Ack](w)
	if !ack.Manual || ack.Pool != "DESK" || len(ack.Option150) != 2 {
		t.Errorf("%+v", ack)
	}
}

func TestCheck37HardwareAddress(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		s.Pools[2].ClientID, s.Pools[2].HardwareAddr = nil, mac(0x0a, 1)
	})
	w.one(phoneRequest(mac(0x0a, 1), msgDiscover)).is(t, msgOffer, "10.77.0.50")
	w.one(pcRequest(mac(0x0a, 1), msgDiscover)).is(t, msgOffer, "10.77.0.100") // .50 is on offer to the other identity
	if g := w.one(pcRequest(mac(0x0a, 1), msgDiscover, tlv{61, []byte("\x00other")})); g.yiaddr == ip("10.77.0.50") {
		t.Error("another identifier matched")
	}
	w = newWorld(t, func(s *Spec) { s.Pools[2].ClientID, s.Pools[2].HardwareAddr = nil, mac(0x0a, 1) })
	w.one(pcRequest(mac(0x0a, 1), msgDiscover)).is(t, msgOffer, "10.77.0.50")
}

func TestCheck38Bootp(t *testing.T) {
	for _, r := range []testRequest{
		{op: 1, htype: 1, hlen: 6, xid: 1, mac: mac(0x0a, 1), noCookie: true},
		{op: 1, htype: 1, hlen: 6, xid: 1, mac: mac(0x0a, 1)},
		{op: 1, htype: 1, hlen: 6, xid: 1, mac: mac(0x0a, 1), noCookie: true, tail: make([]byte, 64)},
	} {
		b := r.bytes()
		if r.noCookie {
			b = append(b, r.tail...)
		}
		w := newWorld(t)
		gs := w.raw(slices.Clone(b))
		if len(gs) != 1 || gs[0].yiaddr != ip("10.77.0.50") || gs[0].has(51) || gs[0].has(53) || !gs[0].has(1) {
			t.Errorf("%+v", gs)
		}
		w = newWorld(t, func(s *Spec) { s.BootpIgnore = true })
		if gs := w.raw(slices.Clone(b)); len(gs) != 0 {
			t.Error("answered although ignored")
		}
	}
	newWorld(t).silent(testRequest{op: 1, htype: 1, hlen: 6, xid: 1, mac: mac(0, 38), noCookie: true})
}

func TestCheck39StableOffer(t *testing.T) {
	w := newWorld(t)
	seen := map[netip.Addr]byte{}
	for round := range 3 {
		for n := byte(0); n < 50; n++ {
			r := phoneRequest(mac(3, n), msgDiscover)
			r.xid += uint32(round)
			a := w.one(r).yiaddr
			if was, ok := seen[a]; ok && was != n {
				t.Fatalf("%s offered to %d and %d", a, was, n)
			}
			if round > 0 && seen[a] != n {
				t.Fatalf("client %d got another offer", n)
			}
			seen[a] = n
		}
		w.pass(15 * time.Second)
	}
	w.pass(61 * time.Second)
	if len(w.e.offers) != 0 || len(w.e.offersOf) != 0 || len(w.e.sources) != 0 {
		t.Error("offers are not given up after a minute")
	}
}

func probing(s *Spec) {
	s.PingPackets = 2
}

func TestCheck40Conflict(t *testing.T) {
	w := newWorld(t, probing)
	w.e.canProbe = true
	w.e.tick(w.now)
	w.collect()
	if len(w.probes) != 64 || w.e.settled() {
		t.Fatalf("%d probes at start, settled %v", len(w.probes), w.e.settled())
	}
	if w.probes[0] != (probeOrder{"GigabitEthernet0/0", ip("10.77.0.100")}) {
		t.Errorf("first probe %+v", w.probes[0])
	}
	w.now = w.now.Add(50 * time.Millisecond)
	w.e.answered(w.now, ip("10.77.0.100"), mac(9, 9))
	w.collect()
	c, ok := has[Conflict](w)
	if m, _ := c.LogMessage(); !ok || m.String() != "%DHCPD-4-PING_CONFLICT: DHCP address conflict:  server pinged 10.77.0.100." {
		t.Errorf("message %q", m)
	}
	w.pass(time.Second)
	if !w.e.settled() {
		t.Error("not settled after a second")
	}
	probed := len(w.probes)
	w.one(phoneRequest(mac(0, 40), msgDiscover)).is(t, msgOffer, "10.77.0.101")
	if len(w.probes) != probed {
		t.Error("an address from the ready list was probed again")
	}
	if cs := w.e.conflictList(); len(cs) != 1 || cs[0].Method != "Ping" {
		t.Errorf("conflicts %+v", cs)
	}
	if p := w.e.pools()[0]; p.Subnets[0].Current != ip("10.77.0.102") {
		t.Errorf("current index %s", p.Subnets[0].Current)
	}
}

func TestCheck40OfferedUnprobed(t *testing.T) {
	w := newWorld(t, probing)
	w.e.canProbe = true
	w.e.tick(w.now)
	w.collect()
	o := w.one(phoneRequest(mac(0, 40), msgDiscover, tlv{50, ipb("10.77.0.188")})).is(t, msgOffer, "10.77.0.188")
	if w.probes[len(w.probes)-1].addr != ip("10.77.0.188") {
		t.Fatal("not probed in parallel")
	}
	w.e.answered(w.now, ip("10.77.0.188"), mac(9, 9))
	w.collect()
	w.one(phoneRequest(mac(0, 40), msgRequest, tlv{50, ipb("10.77.0.188")}, tlv{54, o.opts[54]})).is(t, msgNak, "")
	if got := w.one(phoneRequest(mac(0, 40), msgDiscover, tlv{50, ipb("10.77.0.188")})).yiaddr; got == ip("10.77.0.188") {
		t.Error("offered again")
	}
	// The client itself answering is no conflict.
	w.one(phoneRequest(mac(0, 41), msgDiscover, tlv{50, ipb("10.77.0.189")})).is(t, msgOffer, "10.77.0.189")
	w.e.answered(w.now, ip("10.77.0.189"), mac(0, 41))
	w.one(phoneRequest(mac(0, 41), msgRequest, tlv{50, ipb("10.77.0.189")}, tlv{54, o.opts[54]})).is(t, msgAck, "10.77.0.189")
	// An address that a station was merely heard to use is not offered either.
	w.e.answered(w.now, ip("10.77.0.190"), mac(9, 8))
	if got := w.one(phoneRequest(mac(0, 42), msgDiscover, tlv{50, ipb("10.77.0.190")})).yiaddr; got == ip("10.77.0.190") {
		t.Error("address in use offered")
	}
}

func TestCheck41NobodyWaits(t *testing.T) {
	w := newWorld(t, probing, func(s *Spec) {
		s.Pools[0].Network = netip.MustParsePrefix("10.77.0.0/16")
		s.Interfaces[0].Addrs[0] = netip.MustParsePrefix("10.77.0.1/16")
	})
	w.e.canProbe = true
	w.pass(time.Second)
	for n := range 500 { // all at the same instant
		w.one(phoneRequest(mac(byte(n>>8), byte(n)), msgDiscover))
	}
}

func TestCheck42RapidCommit(t *testing.T) {
	r := phoneRequest(mac(0, 42), msgDiscover, tlv{80, nil})
	w := newWorld(t)
	if g := w.one(r).is(t, msgOffer, "10.77.0.100"); g.has(80) {
		t.Error("80 in OFFER")
	}
	w = newWorld(t, func(s *Spec) { s.Pools[0].RapidCommit = true })
	if g := w.one(r).is(t, msgAck, "10.77.0.100"); !g.has(80) || len(g.opts[80]) != 0 || len(w.disk) != 1 {
		t.Errorf("options %v, %d records", g.order, len(w.disk))
	}
}

func TestCheck43SubnetSelection(t *testing.T) {
	r := phoneRequest(mac(0, 43), msgDiscover, tlv{118, ipb("10.88.0.0")})
	newWorld(t).one(r).is(t, msgOffer, "10.77.0.100")
	g := newWorld(t, func(s *Spec) { s.SubnetSelection = true }).one(r).is(t, msgOffer, "10.88.0.100")
	if !bytes.Equal(g.opts[118], ipb("10.88.0.0")) {
		t.Error("118 not echoed")
	}
}

func TestCheck44Overload(t *testing.T) {
	r := phoneRequest(mac(0, 44), msgDiscover, tlv{52, []byte{1}})
	r.file = []byte{0x32, 4, 0x0a, 0x4d, 0, 0xa6, 0xff}
	newWorld(t).one(r).is(t, msgOffer, "10.77.0.166")
	r = phoneRequest(mac(0, 44), msgDiscover, tlv{52, []byte{3}})
	r.file, r.sname = []byte{0, 0, 0xff}, []byte{0x32, 4, 0x0a, 0x4d, 0, 0xa7}
	newWorld(t).one(r).is(t, msgOffer, "10.77.0.167")
}

func TestCheck45LongOptions(t *testing.T) {
	w := newWorld(t)
	id := append([]byte{0}, bytes.Repeat([]byte{'Z'}, 100)...)
	y := bytes.Repeat([]byte{'Y'}, 100)
	g := w.one(pcRequest(mac(0, 45), msgDiscover, tlv{61, id}, tlv{60, []byte("Cisco Systems, Inc. ")}, tlv{61, y}, tlv{60, []byte("IP Phone CP-7961G\x00")}))
	if !bytes.Equal(g.opts[61], append(id, y...)) {
		t.Errorf("61 = %q", g.opts[61])
	}
	if d, _ := has[Discover](w); d.VendorClass != strings.TrimRight(phoneClass, "\x00") {
		t.Errorf("60 = %q", d.VendorClass)
	}
	g = w.one(pcRequest(mac(0, 46), msgDiscover, tlv{57, []byte{5, 0xdc}}, tlv{61, bytes.Repeat([]byte{'A'}, 255)}, tlv{61, bytes.Repeat([]byte{'B'}, 45)}))
	if len(g.opts[61]) != 300 || !bytes.HasSuffix(g.opts[61], bytes.Repeat([]byte{'B'}, 45)) {
		t.Errorf("61 of %d bytes", len(g.opts[61]))
	}
}

func TestCheck46V6Only(t *testing.T) {
	r := pcRequest(mac(0, 46), msgDiscover, tlv{55, []byte{1, 3, 108}})
	if newWorld(t).one(r).has(108) {
		t.Error("108 from a pool without it")
	}
	g := newWorld(t, func(s *Spec) { s.Pools[0].V6Only = 30 * time.Minute }).one(r)
	if !bytes.Equal(g.opts[108], []byte{0, 0, 7, 8}) {
		t.Errorf("108 = % x", g.opts[108])
	}
}

// malformed is the set of check 47: name, packet.
func malformed() map[string][]byte {
	m := mac(0, 47)
	full := phoneRequest(m, msgDiscover).bytes()
	patch := func(at int, v ...byte) []byte { b := slices.Clone(full); copy(b[at:], v); return b }
	with := func(typ byte, o ...tlv) []byte { return pcRequest(m, typ, o...).bytes() }
	noEnd := phoneRequest(m, msgDiscover)
	noEnd.noEnd, noEnd.tail = true, []byte{0x0c, 0xfa, 0x41}
	over := pcRequest(m, msgDiscover, tlv{52, []byte{3}})
	over.file, over.sname = append(bytes.Repeat([]byte{0}, 126), 0x0c, 0xff), []byte{0x34, 1, 3}
	return map[string][]byte{
		"a short": full[:200], "b cookie": patch(headerLen, 0xab, 0xcd), "c hlen 255": patch(2, 255), "d hlen 200": patch(2, 200),
		"e op 2": patch(0, 2), "f 61 empty": with(msgDiscover, tlv{61, nil}), "g 55 empty": with(msgDiscover, tlv{55, nil}),
		"h 82": func() []byte {
			r := pcRequest(m, msgDiscover, tlv{82, []byte{1, 0xff}})
			r.giaddr = "10.88.0.1"
			return r.bytes()
		}(),
		"i 53=99": with(99), "j overrun": noEnd.bytes(), "k hlen 0": patch(2, 0), "l infiniband": patch(1, 32, 20),
		"n 50": with(msgDiscover, tlv{50, []byte{1, 2}}), "o 54": with(msgRequest, tlv{54, []byte{1}}, tlv{50, []byte{1, 2, 3}}),
		"p overload": over.bytes(), "q 50 empty": with(msgDiscover, tlv{50, nil}), "r hlen 17": patch(2, 17),
		"s 53 twice": with(msgDiscover, tlv{53, []byte{1}}), "t nothing": {},
	}
}

func TestCheck47Malformed(t *testing.T) {
	w := newWorld(t)
	n := uint64(0)
	for name, b := range malformed() {
		if gs := w.raw(slices.Clone(b)); len(gs) != 0 {
			t.Errorf("%s: answered", name)
		}
		if n++; w.e.stats.Malformed != n {
			t.Errorf("%s: not counted as malformed", name)
			w.e.stats.Malformed = n
		}
	}
	// Odd but not wrong: a hostname of 0xff, an empty 81.
	w.one(pcRequest(mac(0, 47), msgDiscover, tlv{12, bytes.Repeat([]byte{0xff}, 200)}, tlv{81, nil}))
	// Complete except for END.
	r := phoneRequest(mac(0, 48), msgDiscover)
	r.noEnd = true
	w.one(r)
	if len(w.e.offers) != 2 || len(w.e.bindings) != 0 {
		t.Errorf("left behind: %d offers, %d bindings", len(w.e.offers), len(w.e.bindings))
	}
}

func TestCheck48SourceMAC(t *testing.T) {
	other := func(in *inbound) { in.source = mac(8, 8) }
	w := newWorld(t)
	w.one(phoneRequest(mac(0, 48), msgDiscover), other)
	if w.e.stats.Extra.MACMismatch != 1 {
		t.Error("not counted")
	}
	w = newWorld(t, func(s *Spec) { s.VerifyMAC = true })
	w.silent(phoneRequest(mac(0, 48), msgDiscover), other)
	w.one(phoneRequest(mac(0, 48), msgDiscover))
	w.one(relayed(49, msgDiscover, "10.88.0.1"), fromRelay("10.88.0.1"))
}

// small is a pool of ten addresses.
func small(s *Spec) {
	s.Excluded[0].Last = ip("10.77.0.99")
	s.Excluded[1].First = ip("10.77.0.110")
}

func TestCheck49Exhausted(t *testing.T) {
	w := newWorld(t, small, func(s *Spec) {
		s.Pools[0].UtilizationLog, s.Pools[0].UtilizationHigh, s.Pools[0].UtilizationLow = true, 80, 50
	})
	var got []netip.Addr
	for n := range byte(10) {
		got = append(got, w.lease(mac(4, n)))
		w.pass(time.Second)
	}
	w.silent(phoneRequest(mac(4, 99), msgDiscover))
	n, _ := has[NoLease](w)
	if m, _ := n.LogMessage(); m.String() != "%DHCPD-7-NO_LEASE: DHCP lease assignment failure, client 0102.0000.0004.63 reason POOL EXHAUSTED" {
		t.Errorf("message %q", m)
	}
	var marks []string
	count := func() []string {
		marks = nil
		for _, e := range w.events {
			if u, ok := e.(Utilization); ok {
				m, _ := u.LogMessage()
				marks = append(marks, m.String())
			}
		}
		return marks
	}
	if m := count(); len(m) != 1 || m[0] != `%DHCPD-6-HIGH_UTIL: Pool "VOICE" is in high utilization state (8 addresses used out of 10). Threshold set at 80%.` {
		t.Errorf("%q", m)
	}
	// Leases end in the order they were given; the oldest goes first.
	w.pass(601 * time.Second)
	if m := count(); len(m) != 2 || !strings.HasPrefix(m[1], "%DHCPD-6-LOW_UTIL") {
		t.Errorf("%q", m)
	}
	w.one(phoneRequest(mac(4, 50), msgDiscover)).is(t, msgOffer, got[0].String())
	w.one(phoneRequest(mac(4, 51), msgDiscover)).is(t, msgOffer, got[1].String())
	// Whoever was there last still gets his own.
	w.one(phoneRequest(mac(4, 7), msgDiscover)).is(t, msgOffer, got[7].String())
}

// Failure F10 of exemplars.md: leases are given on REQUEST only and are taken
// back when they end.
func TestF10ManyClientsSmallPool(t *testing.T) {
	w := newWorld(t, small)
	for n := range 300 {
		m := mac(byte(n>>8), byte(n))
		if n%3 == 0 {
			w.arrives(phoneRequest(m, msgDiscover)) // never comes back
			w.pass(61 * time.Second)
			continue
		}
		w.lease(m)
		w.pass(70 * time.Second)
	}
	if len(w.e.bindings) > 10 || len(w.e.clients) > 10 || len(w.e.offers) > 1 {
		t.Errorf("kept: %d bindings, %d clients, %d offers", len(w.e.bindings), len(w.e.clients), len(w.e.offers))
	}
	w.pass(700 * time.Second)
	if s := w.e.t.subnets[0]; s.live != 0 || s.offered != 0 || w.e.automatic != 0 {
		t.Errorf("counted: %d leased, %d on offer, %d automatic", s.live, s.offered, w.e.automatic)
	}
}

func TestDebugOutput(t *testing.T) {
	w := newWorld(t)
	w.lease(mac(0, 1))
	var lines []string
	for _, e := range w.events {
		for _, l := range e.(journal.Debugged).DebugLines() {
			lines = append(lines, fmt.Sprintf("%-21s| %s", l.Topic, l.Text))
		}
	}
	golden(t, "debug.txt", strings.Join(lines, "\n")+"\n")
}
