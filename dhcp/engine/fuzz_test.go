package engine

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"option150/dhcp/wire"
)

// FuzzEngine feeds packets to a whole engine: whatever is answered can be taken
// apart, is no larger than allowed, and gives nothing away that is reserved.
func FuzzEngine(f *testing.F) {
	for _, b := range malformed() {
		f.Add(b, true)
	}
	for _, typ := range []byte{wire.MsgDiscover, wire.MsgRequest, wire.MsgDecline, wire.MsgRelease, wire.MsgInform, wire.MsgLeaseQuery} {
		r := phoneRequest(mac(0, 1), typ, opt(50, ipb("10.77.0.100")), opt(54, ipb(us)), opt(57, []byte{2, 64}))
		f.Add(r.Bytes(), true)
		r.GIAddr, r.CIAddr = "10.88.0.1", "10.77.0.100"
		f.Add(r.Bytes(), false)
	}
	f.Fuzz(func(t *testing.T, b []byte, bcast bool) {
		w := newWorld(t, func(s *Spec) {
			s.TrustAll, s.SubnetSelection, s.Authoritative = true, true, true
			s.Pools[0].RapidCommit, s.Pools[0].V6Only = true, time.Hour
		})
		for range 2 {
			gs := w.raw(slices.Clone(b), func(in *Inbound) { in.Broadcast = bcast; in.From = netip.MustParseAddrPort("10.77.0.9:68") })
			for _, g := range gs {
				if g.YIAddr.IsValid() && g.YIAddr != ip("10.77.0.50") && w.e.t.subnets[0].holds(g.YIAddr) && w.e.t.subnets[0].reserved(g.YIAddr) {
					t.Fatalf("reserved address %s", g.YIAddr)
				}
				if len(g.Payload) > wire.MaxPayload+2*wire.MaxRelayLen {
					t.Fatalf("reply of %d bytes", len(g.Payload))
				}
			}
			w.pass(time.Second)
		}
	})
}

func FuzzServerReply(f *testing.F) {
	p := &wire.Packet{HType: 1, MAC: mac(1, 1)}
	f.Add(wire.Marshal(wire.Header{Request: p, YIAddr: ip("10.77.0.5")}, []wire.Item{{Code: 53, Val: []byte{2}}, {Code: 54, Val: ipb("10.77.0.250")}, {Code: 150, Val: []byte("10.1.1.1")}, {Code: 66, Val: []byte("x\x00")}}, wire.DefPayload))
	f.Fuzz(func(t *testing.T, b []byte) {
		w := newWorld(t)
		w.e.ServerReply(w.now, &Inbound{Data: b, Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("10.77.0.250:67"), Source: mac(3, 3)})
		w.collect()
		w.e.ForeignList()
	})
}
