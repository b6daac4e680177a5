package engine

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/dhcp/wire"
)

// The fifty checks of facts/dhcp.md 9 on the engine; those about frames
// run again over a veth pair in frames_test.go, those about the disk in
// store_test.go and kill_test.go.

func TestOfferUnicast(t *testing.T) {
	w := newWorld(t)
	g := w.one(phoneRequest(mac(0, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.100")
	if g.Delivery != UnicastRaw || g.MAC != mac(0, 1) || g.To != netip.MustParseAddrPort("10.77.0.100:68") || g.From != ip(us) {
		t.Errorf("delivered %+v", g.Reply)
	}
	b := g.Payload
	if b[0] != 2 || b[1] != 1 || b[2] != 6 || b[3] != 0 || binary.BigEndian.Uint32(b[4:]) != 0x1b3a || !bytes.Equal(b[28:34], []byte{2, 0, 0, 0, 0, 1}) {
		t.Errorf("header % x", b[:44])
	}
	if binary.BigEndian.Uint16(b[8:]) != 0 {
		t.Error("secs not 0")
	}
	if got := wire.AddrOf(b[20:24]); got != ip(us) {
		t.Errorf("siaddr %s, want the first address of option 150", got)
	}
}

func TestBroadcast(t *testing.T) {
	w := newWorld(t)
	r := phoneRequest(mac(0, 2), wire.MsgDiscover)
	r.Flags, r.Secs, r.Hops = 0x8000, 48, 1
	g := w.one(r)
	if g.Delivery != Broadcast || g.To != netip.MustParseAddrPort("255.255.255.255:68") || g.Payload[10] != 0x80 {
		t.Errorf("delivered %+v flags %x", g.Delivery, g.Payload[10:12])
	}
}

func TestOptions(t *testing.T) {
	w := newWorld(t)
	g := w.one(phoneRequest(mac(0, 3), wire.MsgDiscover))
	if diff := cmp.Diff([]byte{53, 54, 51, 58, 59, 1, 66, 6, 3, 15, 150, 61}, g.Order); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
	want := map[byte][]byte{53: {2}, 54: ipb(us), 51: {0, 0, 2, 0x58}, 58: {0, 0, 1, 0x2c}, 59: {0, 0, 2, 0x0d}, 1: {255, 255, 255, 0},
		3: ipb(us), 6: ipb("10.77.0.53"), 15: []byte("branch.example"), 66: []byte("10.77.0.1"), 150: ipb(us, "10.77.0.2"), 61: idMAC(mac(0, 3))}
	if diff := cmp.Diff(want, g.Opts); diff != "" {
		t.Errorf("options (-want +got):\n%s", diff)
	}
	// 150 asked for before 66: still after it.
	r := pcRequest(mac(0, 4), wire.MsgDiscover, opt(55, []byte{150, 1, 3, 66, 6}))
	if g := w.one(r); !bytes.Equal(g.Order, []byte{53, 54, 51, 58, 59, 1, 66, 150, 3, 6}) {
		t.Errorf("order %v", g.Order)
	}
}

func TestAck(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 4))
	if len(w.disk) != 1 || w.disk[0].Addr != a || w.disk[0].State != StateLeased {
		t.Errorf("on disk: %+v", w.disk)
	}
	bs := w.e.List()
	if len(bs) != 2 || bs[1].Addr != a || bs[1].Type != "Automatic" || bs[0].Type != "Manual" {
		t.Errorf("bindings %+v", bs)
	}
	ack, ok := has[Ack](w)
	if !ok || ack.Addr != a || ack.Renewal || len(ack.Option150) != 2 || ack.Hostname != mac(0, 4).Device() {
		t.Errorf("event %+v", ack)
	}
	// A REQUEST that is repeated gets the same ACK.
	w.one(phoneRequest(mac(0, 4), wire.MsgRequest, opt(50, ipb(a.String())), opt(54, ipb(us)))).is(t, wire.MsgAck, a.String())
}

func TestOtherServer(t *testing.T) {
	w := newWorld(t)
	a := w.one(phoneRequest(mac(0, 5), wire.MsgDiscover)).YIAddr
	w.silent(phoneRequest(mac(0, 5), wire.MsgRequest, opt(50, ipb(a.String())), opt(54, ipb("10.77.0.250"))))
	if len(w.e.offers) != 0 || w.e.Stats.Extra.OtherServer != 1 {
		t.Error("offer still held")
	}
	w.one(pcRequest(mac(0, 6), wire.MsgDiscover, opt(50, ipb(a.String())))).is(t, wire.MsgOffer, a.String())
}

func TestNak(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 6))
	g := w.one(phoneRequest(mac(0, 7), wire.MsgRequest, opt(50, ipb(a.String())), opt(54, ipb(us)))).is(t, wire.MsgNak, "")
	if g.Delivery != Broadcast || !bytes.Equal(g.Order, []byte{53, 54, 56, 61}) {
		t.Errorf("%v options %v", g.Delivery, g.Order)
	}
}

func TestInitReboot(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 7))
	w.one(phoneRequest(mac(0, 7), wire.MsgRequest, opt(50, ipb(a.String())))).is(t, wire.MsgAck, a.String())
}

func TestInitRebootOffNet(t *testing.T) {
	w := newWorld(t)
	g := w.one(phoneRequest(mac(0, 8), wire.MsgRequest, opt(50, ipb("192.168.99.5")))).is(t, wire.MsgNak, "")
	if g.Delivery != Broadcast || g.To.Addr() != wire.LimitedBroadcast {
		t.Errorf("delivered %+v", g.Reply)
	}
}

func TestInitRebootUnknown(t *testing.T) {
	w := newWorld(t)
	w.silent(phoneRequest(mac(0, 9), wire.MsgRequest, opt(50, ipb("10.77.0.177"))))
	w = newWorld(t, func(s *Spec) { s.Authoritative = true })
	w.one(phoneRequest(mac(0, 9), wire.MsgRequest, opt(50, ipb("10.77.0.177")))).is(t, wire.MsgAck, "10.77.0.177")
}

func TestRenew(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 10))
	before := w.e.bindings[a].until
	w.pass(100 * time.Second)
	r := phoneRequest(mac(0, 10), wire.MsgRequest)
	r.CIAddr = a.String()
	g := w.one(r, fromUnicast(a.String())).is(t, wire.MsgAck, a.String())
	if g.Delivery != ByRoute || g.To != netip.AddrPortFrom(a, 68) || wire.AddrOf(g.Payload[12:16]) != a {
		t.Errorf("delivered %+v", g.Reply)
	}
	if got := w.e.bindings[a].until; got != before+100*time.Second {
		t.Errorf("expiry moved by %s", got-before)
	}
	// Behind a relay the client renews without it.
	rel := phoneRequest(mac(0, 11), wire.MsgDiscover)
	rel.GIAddr = "10.88.0.1"
	o := w.one(rel, fromRelay("10.88.0.1")).is(t, wire.MsgOffer, "10.88.0.100")
	rq := phoneRequest(mac(0, 11), wire.MsgRequest, opt(50, ipb("10.88.0.100")), opt(54, o.Opts[54]))
	rq.GIAddr = "10.88.0.1"
	w.one(rq, fromRelay("10.88.0.1")).is(t, wire.MsgAck, "10.88.0.100")
	r = phoneRequest(mac(0, 11), wire.MsgRequest)
	r.CIAddr = "10.88.0.100"
	g = w.one(r, fromUnicast("10.88.0.100")).is(t, wire.MsgAck, "10.88.0.100")
	if g.To != netip.MustParseAddrPort("10.88.0.100:68") {
		t.Errorf("to %s", g.To)
	}
}

func TestRebind(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 11))
	r := phoneRequest(mac(0, 11), wire.MsgRequest)
	r.CIAddr = a.String()
	if g := w.one(r).is(t, wire.MsgAck, a.String()); g.Delivery != ByRoute || g.To.Addr() != a {
		t.Errorf("delivered %+v", g.Reply)
	}
}

func TestRebindOffNet(t *testing.T) {
	w := newWorld(t)
	r := phoneRequest(mac(0, 12), wire.MsgRequest)
	r.CIAddr = "192.168.99.7"
	w.one(r).is(t, wire.MsgNak, "")
	w.one(r, fromUnicast("192.168.99.7")).is(t, wire.MsgNak, "")
}

func TestRequestForNothing(t *testing.T) {
	newWorld(t).silent(phoneRequest(mac(0, 13), wire.MsgRequest))
}

func TestForeignRelease(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 14))
	r := pcRequest(mac(0, 14), wire.MsgRelease, opt(61, []byte("\x00another")), opt(54, ipb(us)))
	r.CIAddr = a.String()
	w.silent(r, fromUnicast(a.String()))
	if !w.e.bindings[a].leased {
		t.Error("released")
	}
	// Another chaddr with the owner's identifier does release.
	r = pcRequest(mac(0, 15), wire.MsgRelease, opt(61, idMAC(mac(0, 14))), opt(54, ipb(us)))
	r.CIAddr = a.String()
	w.silent(r, fromUnicast(a.String()))
	if w.e.bindings[a].leased {
		t.Error("not released")
	}
}

func TestRelease(t *testing.T) {
	w := newWorld(t)
	release := func(a netip.Addr) {
		r := phoneRequest(mac(0, 15), wire.MsgRelease, opt(54, ipb(us)))
		r.CIAddr = a.String()
		w.silent(r, fromUnicast(a.String()))
	}
	a := w.lease(mac(0, 15))
	release(a)
	if len(w.e.List()) != 1 {
		t.Error("binding still listed")
	}
	w.lease(mac(0, 16)) // takes the next one
	if got := w.lease(mac(0, 15)); got != a {
		t.Errorf("owner got %s, want %s back", got, a)
	}
	release(a)
	w.one(phoneRequest(mac(0, 17), wire.MsgDiscover, opt(50, ipb(a.String())))).is(t, wire.MsgOffer, a.String())
}

func TestDecline(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 16))
	w.silent(phoneRequest(mac(0, 16), wire.MsgDecline, opt(50, ipb(a.String())), opt(54, ipb(us))))
	cs := w.e.ConflictList()
	if len(cs) != 1 || cs[0].Addr != a || cs[0].Method != "Gratuitous ARP" {
		t.Fatalf("conflicts %+v", cs)
	}
	c, _ := has[Conflict](w)
	m, ok := c.LogMessage()
	if want := "%DHCPD-4-DECLINE_CONFLICT: DHCP address conflict:  client 0102.0000.0000.10 declined 10.77.0.100."; !ok || m.String() != want {
		t.Errorf("message %q", m)
	}
	for n := byte(20); n < 24; n++ {
		if got := w.one(phoneRequest(mac(0, n), wire.MsgDiscover, opt(50, ipb(a.String())))).YIAddr; got == a {
			t.Fatal("declined address offered")
		}
	}
	w.e.resolve(a)
	w.collect()
	w.one(phoneRequest(mac(0, 30), wire.MsgDiscover, opt(50, ipb(a.String())))).is(t, wire.MsgOffer, a.String())
}

func TestConflictTimesOut(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 16))
	w.silent(phoneRequest(mac(0, 16), wire.MsgDecline, opt(50, ipb(a.String())), opt(54, ipb(us))))
	w.now += DefaultConflictTimeout
	w.e.Tick(w.now)
	w.collect()
	if len(w.e.ConflictList()) != 0 {
		t.Error("still in conflict after a day")
	}
}

func TestForeignDecline(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 17))
	w.silent(phoneRequest(mac(0, 18), wire.MsgDecline, opt(50, ipb(a.String())), opt(54, ipb(us))))
	r := phoneRequest(mac(0, 17), wire.MsgRequest)
	r.CIAddr = a.String()
	w.one(r, fromUnicast(a.String())).is(t, wire.MsgAck, a.String())
	if w.e.Stats.Extra.ForeignDecline != 1 || len(w.e.conflicts) != 0 {
		t.Error("foreign DECLINE honoured")
	}
}

func TestDeclineIncomplete(t *testing.T) {
	w := newWorld(t)
	a := w.lease(mac(0, 18))
	w.silent(phoneRequest(mac(0, 18), wire.MsgDecline, opt(50, ipb(a.String()))))
	w.silent(phoneRequest(mac(0, 18), wire.MsgDecline, opt(54, ipb(us))))
	if !w.e.bindings[a].leased || len(w.e.conflicts) != 0 {
		t.Error("incomplete DECLINE honoured")
	}
}

func TestInform(t *testing.T) {
	w := newWorld(t)
	r := phoneRequest(mac(0, 19), wire.MsgInform)
	r.CIAddr = "10.77.0.77"
	g := w.one(r, fromUnicast("10.77.0.77")).is(t, wire.MsgAck, "")
	if g.Delivery != ByRoute || g.To != netip.MustParseAddrPort("10.77.0.77:68") || g.Has(51) || g.Has(58) || g.Has(59) || !g.Has(150) {
		t.Errorf("to %s options %v", g.To, g.Order)
	}
	w = newWorld(t, func(s *Spec) { s.DropInform = true })
	w.silent(r, fromUnicast("10.77.0.77"))
}

func TestInformRelayed(t *testing.T) {
	w := newWorld(t)
	r := phoneRequest(mac(0, 20), wire.MsgInform)
	r.CIAddr, r.GIAddr = "10.88.0.77", "10.88.0.1"
	g := w.one(r, fromRelay("10.88.0.1")).is(t, wire.MsgAck, "")
	if g.To != netip.MustParseAddrPort("10.88.0.77:68") || g.Fallback != netip.MustParseAddrPort("10.88.0.1:67") || len(w.disk) != 0 {
		t.Errorf("to %s, else %s", g.To, g.Fallback)
	}
}

func relayed(m byte, typ byte, giaddr string, more ...tlv) testRequest {
	r := phoneRequest(mac(0, m), typ, more...)
	r.GIAddr = giaddr
	return r
}

func TestRelay(t *testing.T) {
	w := newWorld(t)
	r := relayed(21, wire.MsgDiscover, "10.88.0.1")
	r.Hops = 17
	g := w.one(r, func(in *Inbound) { in.From = netip.MustParseAddrPort("10.88.0.77:16067") }).is(t, wire.MsgOffer, "10.88.0.100")
	if g.To != netip.MustParseAddrPort("10.88.0.1:67") || g.Delivery != ByRoute || wire.AddrOf(g.Payload[24:28]) != ip("10.88.0.1") {
		t.Errorf("delivered %+v", g.Reply)
	}
	// RFC 8357: 82.19 asks for the source port.
	r = relayed(22, wire.MsgDiscover, "10.88.0.1", opt(82, []byte{19, 0}))
	g = w.one(r, func(in *Inbound) { in.From = netip.MustParseAddrPort("10.88.0.77:16067") })
	if g.To != netip.MustParseAddrPort("10.88.0.1:16067") {
		t.Errorf("to %s", g.To)
	}
}

func TestOption82(t *testing.T) {
	w := newWorld(t)
	m := mac(0, 22)
	v := append([]byte{1, 4, 0, 0x4d, 1, 1, 2, 6}, m[:]...)
	g := w.one(relayed(22, wire.MsgDiscover, "10.88.0.1", opt(82, v)), fromRelay("10.88.0.1"))
	if !bytes.Equal(g.Opts[82], v) || g.Order[len(g.Order)-1] != 82 {
		t.Errorf("82 = % x, order %v", g.Opts[82], g.Order)
	}
}

func TestUntrusted82(t *testing.T) {
	r := phoneRequest(mac(0, 23), wire.MsgDiscover, opt(82, []byte{1, 1, 7}))
	w := newWorld(t)
	w.silent(r)
	if w.e.Stats.Extra.Untrusted != 1 {
		t.Error("not counted")
	}
	newWorld(t, func(s *Spec) { s.TrustAll = true }).one(r).is(t, wire.MsgOffer, "10.77.0.100")
}

func TestLinkSelection(t *testing.T) {
	w := newWorld(t)
	g := w.one(relayed(24, wire.MsgDiscover, "10.77.0.9", opt(82, append([]byte{5, 4}, ipb("10.88.0.0")...))), fromRelay("10.77.0.9"))
	g.is(t, wire.MsgOffer, "10.88.0.100")
	if g.To != netip.MustParseAddrPort("10.77.0.9:67") {
		t.Errorf("to %s", g.To)
	}
}

func TestOverride(t *testing.T) {
	w := newWorld(t)
	o82 := opt(82, append([]byte{11, 4}, ipb("10.88.0.1")...))
	g := w.one(relayed(25, wire.MsgDiscover, "10.88.0.1", o82), fromRelay("10.88.0.1")).is(t, wire.MsgOffer, "10.88.0.100")
	if !bytes.Equal(g.Opts[54], ipb("10.88.0.1")) {
		t.Errorf("54 = % x", g.Opts[54])
	}
	w.one(relayed(25, wire.MsgRequest, "10.88.0.1", opt(50, ipb("10.88.0.100")), opt(54, ipb("10.88.0.1")), o82), fromRelay("10.88.0.1")).is(t, wire.MsgAck, "10.88.0.100")
}

func TestNakThroughRelay(t *testing.T) {
	w := newWorld(t)
	g := w.one(relayed(26, wire.MsgRequest, "10.88.0.1", opt(50, ipb("192.168.99.9")), opt(54, ipb(us))), fromRelay("10.88.0.1")).is(t, wire.MsgNak, "")
	if g.To != netip.MustParseAddrPort("10.88.0.1:67") || g.Payload[10]&0x80 == 0 {
		t.Errorf("to %s flags %x", g.To, g.Payload[10])
	}
}
