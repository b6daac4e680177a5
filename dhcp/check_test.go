package dhcp

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
