package engine

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/dhcp/wire"
)

func as(class string, m byte, typ byte, more ...tlv) testRequest {
	r := pcRequest(mac(5, m), typ, append(more, opt(60, []byte(class)), opt(55, []byte{1, 3, 150}))...)
	r.XID = uint32(m)
	return r
}

// A pool with classes serves those, each from its ranges and with its own
// option 150, and is silent to everybody else.
func TestPoolClasses(t *testing.T) {
	first, second := []netip.Addr{ip("10.77.0.1"), ip("10.77.0.2")}, []netip.Addr{ip("10.77.0.2"), ip("10.77.0.1")}
	for _, pings := range []int{0, 2} {
		w := newWorld(t, func(s *Spec) {
			s.PingPackets = pings
			s.Classes = []Class{
				{Name: "ODD", Patterns: []Pattern{{Option: 60, Value: []byte("phone-a\x00")}, {Option: 60, Value: []byte("model-1"), Prefix: true}}},
				{Name: "EVEN", Patterns: []Pattern{{Option: 60, Value: []byte{'P', 0, 0}, Mask: []byte{0xdf, 0, 0}, Prefix: true}}},
				{Name: "RELAYED", Patterns: []Pattern{{Option: 82, Value: []byte{1, 2, 0, 7}, Prefix: true}}},
			}
			s.TrustAll = true
			s.Pools[0].Classes = []PoolClass{
				{Name: "RELAYED", Ranges: []Range{{ip("10.77.0.190"), ip("10.77.0.199")}}},
				{Name: "ODD", Ranges: []Range{{ip("10.77.0.150"), ip("10.77.0.151")}, {ip("10.77.0.160"), ip("10.77.0.160")}}, Option150: first},
				{Name: "EVEN", Ranges: []Range{{ip("10.77.0.170"), ip("10.77.0.179")}}, Option150: second},
				{Name: "NOBODY"},
			}
		})
		w.e.CanProbe = pings > 0
		w.pass(time.Second)
		lease := func(class string, m byte, want string, tftp []netip.Addr) {
			t.Helper()
			o := w.one(as(class, m, wire.MsgDiscover)).is(t, wire.MsgOffer, want)
			if got := wire.AddrBytes(tftp); string(o.Opts[150]) != string(got) {
				t.Errorf("option 150 % x, want % x", o.Opts[150], got)
			}
			g := w.one(as(class, m, wire.MsgRequest, opt(50, ipb(want)), opt(54, ipb(us)))).is(t, wire.MsgAck, want)
			if string(g.Opts[150]) != string(o.Opts[150]) {
				t.Error("OFFER and ACK differ")
			}
		}
		lease("phone-a", 1, "10.77.0.150", first)
		lease("phone-a\x00", 2, "10.77.0.151", first)
		lease("model-17", 3, "10.77.0.160", first)
		w.silent(as("model-17", 4, wire.MsgDiscover)) // the ranges of its class are full
		lease("pxyz", 5, "10.77.0.170", second)
		lease("Pxyz", 6, "10.77.0.171", second)
		for _, r := range []testRequest{
			as("other", 7, wire.MsgDiscover), as("", 7, wire.MsgDiscover),
			as("other", 7, wire.MsgRequest, opt(50, ipb("10.77.0.150"))), as("other", 7, wire.MsgRequest, opt(50, ipb("10.77.0.195")), opt(54, ipb(us))),
			phoneRequest(mac(5, 7), wire.MsgDiscover),
		} {
			w.silent(r)
		}
		r := as("other", 8, wire.MsgDiscover, opt(82, []byte{1, 2, 0, 7}))
		if g := w.one(r).is(t, wire.MsgOffer, "10.77.0.190"); string(g.Opts[150]) != string(wire.AddrBytes(first)) {
			t.Errorf("the pool's own option 150: % x", g.Opts[150])
		}
		// An address of another class's range is not to be had by asking.
		w.one(as("phone-a", 1, wire.MsgRequest, opt(50, ipb("10.77.0.172")), opt(54, ipb(us)))).is(t, wire.MsgNak, "")
		// Who has a lease keeps it, with or without its class.
		if pings == 0 { // what `debug ip dhcp server class` tells
			var said []string
			for _, ev := range w.events {
				if c, ok := ev.(Classified); ok {
					said = append(said, c.Pool+"/"+c.Class)
				}
			}
			if !strings.HasPrefix(strings.Join(said, " "), "VOICE/ODD VOICE/ODD VOICE/ODD") || !slices.Contains(said, "VOICE/RELAYED") || !slices.Contains(said, "/") {
				t.Errorf("told %v", said)
			}
		}
		n := pcRequest(mac(5, 5), wire.MsgRequest)
		n.CIAddr = "10.77.0.170"
		w.one(n, fromUnicast("10.77.0.170")).is(t, wire.MsgAck, "10.77.0.170")
	}
}

// Reserved addresses go to their clients; reserved-only serves nobody else but
// who has a lease already.
func TestReservedOnly(t *testing.T) {
	w := newWorld(t)
	had := w.lease(mac(6, 9))
	s := baseSpec()
	s.Pools[0].ReservedOnly = true
	s.Pools[0].Reserved = []Reserved{{Addr: ip("10.77.0.120"), ClientID: idMAC(mac(6, 1))}, {Addr: ip("10.77.0.121"), HardwareAddr: mac(6, 2)}}
	w.set(s)
	for i, want := range []string{"10.77.0.120", "10.77.0.121"} {
		g := w.one(phoneRequest(mac(6, byte(i+1)), wire.MsgDiscover)).is(t, wire.MsgOffer, want)
		if !g.Has(150) || !g.Has(3) {
			t.Errorf("options %v", g.Order)
		}
		w.one(phoneRequest(mac(6, byte(i+1)), wire.MsgRequest, opt(50, ipb(want)), opt(54, ipb(us)))).is(t, wire.MsgAck, want)
	}
	w.silent(phoneRequest(mac(6, 3), wire.MsgDiscover))
	w.silent(phoneRequest(mac(6, 3), wire.MsgRequest, opt(50, ipb("10.77.0.150"))))
	w.silent(renewal(mac(6, 3), ip("10.77.0.150")), fromUnicast("10.77.0.150"))
	w.one(renewal(mac(6, 9), had), fromUnicast(had.String())).is(t, wire.MsgAck, had.String())
	if bs := w.e.List(); bs[len(bs)-1].Type != "Manual" {
		t.Errorf("%+v", bs)
	}
}

// A pool in a VRF serves nobody.
func TestPoolInVRF(t *testing.T) {
	w := newWorld(t, func(s *Spec) { s.Pools[0].VRF, s.Pools[2].VRF = "BLUE", "BLUE" })
	w.silent(phoneRequest(mac(6, 3), wire.MsgDiscover))
	w.silent(phoneRequest(mac(0x0a, 1), wire.MsgDiscover))
	w.silent(renewal(mac(6, 3), ip("10.77.0.150")), fromUnicast("10.77.0.150"))
	r := phoneRequest(mac(6, 3), wire.MsgDiscover)
	r.GIAddr = "10.88.0.1"
	w.one(r, fromRelay("10.88.0.1")).is(t, wire.MsgOffer, "10.88.0.100")
}

// Without `ip dhcp use class` a pool serves everybody from all of it.
func TestUseClass(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		s.UseClass = false
		s.Classes = []Class{{Name: "ODD", Patterns: []Pattern{{Option: 60, Value: []byte("phone-a")}}}}
		s.Pools[0].Classes = []PoolClass{{Name: "ODD", Ranges: []Range{{ip("10.77.0.150"), ip("10.77.0.151")}}}}
	})
	w.one(as("phone-a", 1, wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.100")
	w.one(as("other", 2, wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.101")
}

// Option 82 of a client that came by no relay is accepted where the interface
// is trusted, and nowhere else.
func TestTrustedInterface(t *testing.T) {
	r := phoneRequest(mac(6, 3), wire.MsgDiscover, opt(82, []byte{1, 2, 0, 7}))
	w := newWorld(t, func(s *Spec) { s.Links = []LinkConfig{{Name: "GigabitEthernet0/9", Trusted: true}} })
	w.silent(r)
	s := baseSpec()
	s.Links = []LinkConfig{{Name: s.Interfaces[0].Name, Trusted: true}}
	w.set(s)
	w.one(r).is(t, wire.MsgOffer, "10.77.0.100")
}
