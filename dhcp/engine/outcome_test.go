package engine

import (
	"net/netip"
	"testing"

	"option150/dhcp/wire"
)

// TestOutcomeOfSeveral: what came of several packets is taken together, and still
// an OFFER and a NAK go at once while an ACK waits for its record.
func TestOutcomeOfSeveral(t *testing.T) {
	w := newWorld(t)
	taken := w.lease(mac(0, 9)).String()
	for _, r := range []testRequest{
		phoneRequest(mac(0, 1), wire.MsgDiscover),
		phoneRequest(mac(0, 2), wire.MsgRequest, opt(50, ipb("10.77.0.150")), opt(54, ipb(us))),
		phoneRequest(mac(0, 3), wire.MsgRequest, opt(50, ipb(taken)), opt(54, ipb(us))),
		phoneRequest(mac(0, 4), wire.MsgRequest, opt(50, ipb("10.77.0.151")), opt(54, ipb(us))),
	} {
		w.e.Packet(w.now, &Inbound{Data: r.Bytes(), Interface: "GigabitEthernet0/0", Source: r.MAC, Broadcast: true})
	}
	o := w.e.Take()
	types := func(rs []Reply) (out []byte) {
		for _, r := range rs {
			out = append(out, takeApart(t, r).Type)
		}
		return out
	}
	if got := types(o.Replies); string(got) != string([]byte{wire.MsgOffer, wire.MsgNak}) {
		t.Errorf("at once: %v", got)
	}
	if got := types(o.Acks); string(got) != string([]byte{wire.MsgAck, wire.MsgAck}) || len(o.Records) != 2 || len(o.Acked) != 2 || o.Seq == 0 {
		t.Errorf("with the records: %v, %d records, %d facts", got, len(o.Records), len(o.Acked))
	}
	for _, ev := range append(o.First, o.Then...) {
		if a, ok := ev.(Ack); ok {
			t.Errorf("%s is told before it is on disk", a.Addr)
		}
	}
}

// TestBehind: who owns the engine is told in time that the disk is behind, long
// before anything is dropped; what was committed counts no longer.
func TestBehind(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		s.Pools[0].Network, s.Excluded = pfx("10.77.0.0/16"), nil
		s.Interfaces[0].Addrs = []netip.Prefix{pfx("10.77.0.1/16")}
	})
	var last Outcome
	acks, n := 0, 0
	for ; !w.e.Behind(); n++ {
		m := mac(byte(n>>8), byte(n))
		r := phoneRequest(m, wire.MsgRequest, opt(50, ipb(wire.FromU32(wire.U32(ip("10.77.1.0"))+uint32(n)).String())), opt(54, ipb(us)))
		w.e.Packet(w.now, &Inbound{Data: r.Bytes(), Interface: "GigabitEthernet0/0", Source: m, Broadcast: true})
		if n%32 == 31 { // as the loop takes them
			last = w.e.Take()
			acks += len(last.Acks)
		}
	}
	if o := w.e.Take(); o.Seq > 0 {
		last = o
		acks += len(o.Acks)
	}
	if acks != n || n > MaxPending/2+1 || w.e.Stats.Extra.Overload != 0 || last.Seq != uint64((n+31)/32) {
		t.Errorf("%d of %d acknowledged, %d dropped, outcome %d", acks, n, w.e.Stats.Extra.Overload, last.Seq)
	}
	w.e.Committed(last.Seq - 1)
	if w.e.Behind() || len(w.e.pending) == 0 {
		t.Errorf("%d are on their way", len(w.e.pending))
	}
	w.e.Committed(last.Seq)
	if len(w.e.pending) != 0 {
		t.Errorf("%d are on their way", len(w.e.pending))
	}
}
