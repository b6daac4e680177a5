package engine

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/dhcp/wire"
	"option150/platform/journal"
	"option150/platform/testkit/golden"
)

func TestUnknownRelay(t *testing.T) {
	w := newWorld(t)
	w.silent(relayed(27, wire.MsgDiscover, "10.99.0.1"), fromRelay("10.99.0.1"))
	n, ok := has[NoLease](w)
	if !ok || n.DebugLines()[0].Text != "DHCPD: there is no pool for 10.99.0.1." {
		t.Errorf("event %+v", n)
	}
	m, _ := n.LogMessage()
	if want := "%DHCPD-7-NO_LEASE: DHCP lease assignment failure, client 0102.0000.0000.1b reason NO POOL"; m.String() != want {
		t.Errorf("message %q", m)
	}
}

func TestNoParameterList(t *testing.T) {
	w := newWorld(t)
	for _, r := range []testRequest{
		pcRequest(mac(0, 28), wire.MsgDiscover, opt(61, idMAC(mac(0, 28))), opt(60, []byte(phoneClass))),
		pcRequest(mac(0, 29), wire.MsgDiscover, opt(61, idMAC(mac(0, 29)))),
	} {
		g := w.one(r)
		for _, c := range []byte{1, 3, 6, 66, 150} {
			if !g.Has(c) {
				t.Errorf("no option %d in %v", c, g.Order)
			}
		}
	}
}

func TestPC(t *testing.T) {
	g := newWorld(t).one(pcRequest(mac(0, 29), wire.MsgDiscover, opt(55, []byte{1, 3})))
	if !bytes.Equal(g.Order, []byte{53, 54, 51, 58, 59, 1, 3}) {
		t.Errorf("options %v", g.Order)
	}
	// Forced: everybody gets it.
	w := newWorld(t, func(s *Spec) { s.Pools[0].Options[1].Force = true })
	g = w.one(pcRequest(mac(0, 29), wire.MsgDiscover, opt(55, []byte{1, 3})))
	if !bytes.Equal(g.Order, []byte{53, 54, 51, 58, 59, 1, 3, 150}) {
		t.Errorf("options %v", g.Order)
	}
	// A phone that does not list 150 and 3 gets them all the same.
	g = w.one(pcRequest(mac(0, 30), wire.MsgDiscover, opt(60, []byte(phoneClass)), opt(55, []byte{1, 6})))
	if !g.Has(150) || !g.Has(3) {
		t.Errorf("options %v", g.Order)
	}
}

func TestMaxSize(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		for c := byte(200); c < 204; c++ {
			s.Pools[0].Options = append(s.Pools[0].Options, Option{Code: c, Kind: OptionASCII, Text: strings.Repeat("x", 200)})
		}
		s.TrustAll = true
	})
	for _, max := range [][]byte{{2, 0x40}, nil} { // 576, none
		opts := []tlv{opt(55, []byte{200, 201, 202, 203, 1, 3, 6, 15, 66, 150}), opt(82, bytes.Repeat([]byte{9, 2, 1, 1}, 4))}
		if max != nil {
			opts = append(opts, opt(57, max))
		}
		g := w.one(pcRequest(mac(0, 30), wire.MsgDiscover, opts...))
		if len(g.Payload) > 548 {
			t.Errorf("%d bytes", len(g.Payload))
		}
		for _, c := range []byte{53, 54, 51, 1, 3, 6, 66, 150, 82, 200} {
			if !g.Has(c) {
				t.Errorf("option %d dropped: %v", c, g.Order)
			}
		}
		if g.Has(203) {
			t.Error("203 kept")
		}
	}
	g := w.one(pcRequest(mac(0, 31), wire.MsgDiscover, opt(57, []byte{0xff, 0xff}), opt(55, []byte{200, 201, 202, 203, 150})))
	if len(g.Payload) > wire.MaxPayload || !g.Has(203) {
		t.Errorf("%d bytes, %v", len(g.Payload), g.Order)
	}
}

func TestEcho61(t *testing.T) {
	w := newWorld(t)
	id := []byte("\x00option 61")
	o := w.one(pcRequest(mac(0, 31), wire.MsgDiscover, opt(61, id)))
	a := w.one(pcRequest(mac(0, 31), wire.MsgRequest, opt(61, id), opt(50, ipb(o.YIAddr.String())), opt(54, ipb(us))))
	n := w.one(pcRequest(mac(0, 31), wire.MsgRequest, opt(61, id), opt(50, ipb("10.77.0.20")), opt(54, ipb(us)))).is(t, wire.MsgNak, "")
	for _, g := range []got{o, a, n} {
		if !bytes.Equal(g.Opts[61], id) {
			t.Errorf("type %d: 61 = %q", g.Type, g.Opts[61])
		}
	}
}

func TestIdentity(t *testing.T) {
	w := newWorld(t)
	one := func(m byte, id string) netip.Addr {
		o := w.one(pcRequest(mac(0, m), wire.MsgDiscover, opt(61, []byte(id))))
		return w.one(pcRequest(mac(0, m), wire.MsgRequest, opt(61, []byte(id)), opt(50, ipb(o.YIAddr.String())), opt(54, ipb(us)))).YIAddr
	}
	if a, b := one(32, "\x00AAA"), one(32, "\x00BBB"); a == b {
		t.Error("two ids, one address")
	}
	if a, b := one(33, "\x00CCC"), one(34, "\x00CCC"); a != b {
		t.Errorf("one id, two addresses: %s %s", a, b)
	}
}

func TestRequestedAddress(t *testing.T) {
	w := newWorld(t)
	w.one(phoneRequest(mac(0, 34), wire.MsgDiscover, opt(50, ipb("10.77.0.188")))).is(t, wire.MsgOffer, "10.77.0.188")
	for n, a := range []string{"10.77.0.188", "10.77.0.20", "10.77.0.50", "10.77.0.1", "10.77.0.255", "10.99.0.1"} {
		if g := w.one(phoneRequest(mac(1, byte(n)), wire.MsgDiscover, opt(50, ipb(a)))); g.YIAddr == ip(a) {
			t.Errorf("%s offered", a)
		}
	}
}

func TestLeaseTime(t *testing.T) {
	w := newWorld(t)
	for n, c := range []struct{ ask, want uint32 }{{60, 120}, {300, 300}, {99999, 600}, {0xffffffff, 600}} {
		g := w.one(phoneRequest(mac(2, byte(n)), wire.MsgDiscover, opt(51, binary.BigEndian.AppendUint32(nil, c.ask))))
		if got := binary.BigEndian.Uint32(g.Opts[51]); got != c.want {
			t.Errorf("asked %d, got %d, want %d", c.ask, got, c.want)
		}
	}
	w = newWorld(t, func(s *Spec) { s.Pools[0].Lease = Infinite })
	a := w.lease(mac(0, 35))
	g := w.one(phoneRequest(mac(0, 35), wire.MsgDiscover))
	if !bytes.Equal(g.Opts[51], []byte{255, 255, 255, 255}) {
		t.Errorf("51 = % x", g.Opts[51])
	}
	w.pass(time.Second)
	w.now += 10 * 365 * 24 * time.Hour
	w.e.Tick(w.now)
	if bs := w.e.List(); len(bs) != 2 || bs[1].Addr != a || !bs[1].Expiry.IsZero() || bs[1].Type != "Automatic" {
		t.Errorf("bindings %+v", bs)
	}
}

func TestManualBinding(t *testing.T) {
	w := newWorld(t)
	if got := w.one(phoneRequest(mac(0, 36), wire.MsgDiscover, opt(50, ipb("10.77.0.50")))).YIAddr; got == ip("10.77.0.50") {
		t.Error("manual binding offered to another client")
	}
	w.one(phoneRequest(mac(0, 36), wire.MsgRequest, opt(50, ipb("10.77.0.50")), opt(54, ipb(us)))).is(t, wire.MsgNak, "")
	if a := w.lease(mac(0x0a, 1)); a != ip("10.77.0.50") {
		t.Errorf("manual client got %s", a)
	}
	ack, _ := has[Ack](w)
	if !ack.Manual || ack.Pool != "DESK" || len(ack.Option150) != 2 {
		t.Errorf("%+v", ack)
	}
}

func TestHardwareAddress(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		s.Pools[2].ClientID, s.Pools[2].HardwareAddr = nil, mac(0x0a, 1)
	})
	w.one(phoneRequest(mac(0x0a, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.50")
	w.one(pcRequest(mac(0x0a, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.100") // .50 is on offer to the other identity
	if g := w.one(pcRequest(mac(0x0a, 1), wire.MsgDiscover, opt(61, []byte("\x00other")))); g.YIAddr == ip("10.77.0.50") {
		t.Error("another identifier matched")
	}
	w = newWorld(t, func(s *Spec) { s.Pools[2].ClientID, s.Pools[2].HardwareAddr = nil, mac(0x0a, 1) })
	w.one(pcRequest(mac(0x0a, 1), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.50")

	// `hardware-address M ieee802` is for clients of that kind alone.
	w = newWorld(t, func(s *Spec) {
		s.Pools[2].ClientID, s.Pools[2].HardwareAddr, s.Pools[2].HardwareType = nil, mac(0x0a, 1), 6
	})
	if g := w.one(phoneRequest(mac(0x0a, 1), wire.MsgDiscover)); g.YIAddr == ip("10.77.0.50") {
		t.Error("a client of Ethernet has the binding of another hardware type")
	}
	w = newWorld(t, func(s *Spec) {
		s.Pools[2].ClientID, s.Pools[2].HardwareAddr, s.Pools[2].HardwareType = nil, mac(0x0a, 1), 6
	})
	r := pcRequest(mac(0x0a, 1), wire.MsgDiscover)
	r.HType = 6
	w.one(r).is(t, wire.MsgOffer, "10.77.0.50")
}

func TestBootp(t *testing.T) {
	for _, r := range []testRequest{
		{Op: 1, HType: 1, HLen: 6, XID: 1, MAC: mac(0x0a, 1), NoCookie: true},
		{Op: 1, HType: 1, HLen: 6, XID: 1, MAC: mac(0x0a, 1)},
		{Op: 1, HType: 1, HLen: 6, XID: 1, MAC: mac(0x0a, 1), NoCookie: true, Tail: make([]byte, 64)},
	} {
		b := r.Bytes()
		if r.NoCookie {
			b = append(b, r.Tail...)
		}
		w := newWorld(t)
		gs := w.raw(slices.Clone(b))
		if len(gs) != 1 || gs[0].YIAddr != ip("10.77.0.50") || gs[0].Has(51) || gs[0].Has(53) || !gs[0].Has(1) {
			t.Errorf("%+v", gs)
		}
		w = newWorld(t, func(s *Spec) { s.BootpIgnore = true })
		if gs := w.raw(slices.Clone(b)); len(gs) != 0 {
			t.Error("answered although ignored")
		}
	}
	newWorld(t).silent(testRequest{Op: 1, HType: 1, HLen: 6, XID: 1, MAC: mac(0, 38), NoCookie: true})
}

func TestStableOffer(t *testing.T) {
	w := newWorld(t)
	seen := map[netip.Addr]byte{}
	for round := range 3 {
		for n := byte(0); n < 50; n++ {
			r := phoneRequest(mac(3, n), wire.MsgDiscover)
			r.XID += uint32(round)
			a := w.one(r).YIAddr
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
	if len(w.e.offers) != 0 || len(w.e.offersOf) != 0 || len(w.e.borrowed) != 0 {
		t.Error("offers are not given up after a minute")
	}
}

func probing(s *Spec) {
	s.PingPackets = 2
}

func TestConflict(t *testing.T) {
	w := newWorld(t, probing)
	w.e.CanProbe = true
	w.e.Tick(w.now)
	w.collect()
	if len(w.probes) != 64 || w.e.Settled() {
		t.Fatalf("%d probes at start, settled %v", len(w.probes), w.e.Settled())
	}
	if w.probes[0] != (Probe{"GigabitEthernet0/0", ip("10.77.0.100")}) {
		t.Errorf("first probe %+v", w.probes[0])
	}
	w.now += 50 * time.Millisecond
	w.e.Answered(w.now, Sighting{Addr: ip("10.77.0.100"), MAC: mac(9, 9), Reply: true})
	w.collect()
	w.pass(time.Second)
	if !w.e.Settled() {
		t.Error("not settled after a second")
	}
	probed := len(w.probes)
	w.one(phoneRequest(mac(0, 40), wire.MsgDiscover)).is(t, wire.MsgOffer, "10.77.0.101")
	c, ok := has[Conflict](w)
	if m, _ := c.LogMessage(); !ok || m.String() != "%DHCPD-4-PING_CONFLICT: DHCP address conflict:  server pinged 10.77.0.100." {
		t.Errorf("message %q", m)
	}
	if len(w.probes) != probed {
		t.Error("an address from the ready list was probed again")
	}
	if cs := w.e.ConflictList(); len(cs) != 1 || cs[0].Method != "Ping" {
		t.Errorf("conflicts %+v", cs)
	}
	if p := w.e.Pools()[0]; p.Subnets[0].Current != ip("10.77.0.102") {
		t.Errorf("current index %s", p.Subnets[0].Current)
	}
}

func TestOfferedUnprobed(t *testing.T) {
	w := newWorld(t, probing)
	w.e.CanProbe = true
	w.e.Tick(w.now)
	w.collect()
	o := w.one(phoneRequest(mac(0, 40), wire.MsgDiscover, opt(50, ipb("10.77.0.188")))).is(t, wire.MsgOffer, "10.77.0.188")
	if w.probes[len(w.probes)-1].Addr != ip("10.77.0.188") {
		t.Fatal("not probed in parallel")
	}
	w.e.Answered(w.now, Sighting{Addr: ip("10.77.0.188"), MAC: mac(9, 9), Reply: true})
	w.collect()
	w.one(phoneRequest(mac(0, 40), wire.MsgRequest, opt(50, ipb("10.77.0.188")), opt(54, o.Opts[54]))).is(t, wire.MsgNak, "")
	if got := w.one(phoneRequest(mac(0, 40), wire.MsgDiscover, opt(50, ipb("10.77.0.188")))).YIAddr; got == ip("10.77.0.188") {
		t.Error("offered again")
	}
	// The client itself answering is no conflict.
	w = newWorld(t, probing)
	w.e.CanProbe = true
	w.pass(time.Second)
	w.one(phoneRequest(mac(0, 41), wire.MsgDiscover, opt(50, ipb("10.77.0.189")))).is(t, wire.MsgOffer, "10.77.0.189")
	w.e.Answered(w.now, Sighting{Addr: ip("10.77.0.189"), MAC: mac(0, 41), Reply: true})
	w.one(phoneRequest(mac(0, 41), wire.MsgRequest, opt(50, ipb("10.77.0.189")), opt(54, o.Opts[54]))).is(t, wire.MsgAck, "10.77.0.189")
	// An address that a station was merely heard to use is not offered either.
	w.e.Answered(w.now, Sighting{Addr: ip("10.77.0.190"), MAC: mac(9, 8), Reply: true})
	if got := w.one(phoneRequest(mac(0, 42), wire.MsgDiscover, opt(50, ipb("10.77.0.190")))).YIAddr; got == ip("10.77.0.190") {
		t.Error("address in use offered")
	}
}

func TestNobodyWaits(t *testing.T) {
	w := newWorld(t, probing, func(s *Spec) {
		s.Pools[0].Network = netip.MustParsePrefix("10.77.0.0/16")
		s.Interfaces[0].Addrs[0] = netip.MustParsePrefix("10.77.0.1/16")
	})
	w.e.CanProbe = true
	w.pass(time.Second)
	for n := range 500 { // all at the same instant
		w.one(phoneRequest(mac(byte(n>>8), byte(n)), wire.MsgDiscover))
	}
}

func TestRapidCommit(t *testing.T) {
	r := phoneRequest(mac(0, 42), wire.MsgDiscover, opt(80, nil))
	w := newWorld(t)
	if g := w.one(r).is(t, wire.MsgOffer, "10.77.0.100"); g.Has(80) {
		t.Error("80 in OFFER")
	}
	w = newWorld(t, func(s *Spec) { s.Pools[0].RapidCommit = true })
	if g := w.one(r).is(t, wire.MsgAck, "10.77.0.100"); !g.Has(80) || len(g.Opts[80]) != 0 || len(w.disk) != 1 {
		t.Errorf("options %v, %d records", g.Order, len(w.disk))
	}
}

func TestSubnetSelection(t *testing.T) {
	r := phoneRequest(mac(0, 43), wire.MsgDiscover, opt(118, ipb("10.88.0.0")))
	newWorld(t).one(r).is(t, wire.MsgOffer, "10.77.0.100")
	g := newWorld(t, func(s *Spec) { s.SubnetSelection = true }).one(r).is(t, wire.MsgOffer, "10.88.0.100")
	if !bytes.Equal(g.Opts[118], ipb("10.88.0.0")) {
		t.Error("118 not echoed")
	}
}

func TestOverload(t *testing.T) {
	r := phoneRequest(mac(0, 44), wire.MsgDiscover, opt(52, []byte{1}))
	r.File = []byte{0x32, 4, 0x0a, 0x4d, 0, 0xa6, 0xff}
	newWorld(t).one(r).is(t, wire.MsgOffer, "10.77.0.166")
	r = phoneRequest(mac(0, 44), wire.MsgDiscover, opt(52, []byte{3}))
	r.File, r.Sname = []byte{0, 0, 0xff}, []byte{0x32, 4, 0x0a, 0x4d, 0, 0xa7}
	newWorld(t).one(r).is(t, wire.MsgOffer, "10.77.0.167")
}

func TestLongOptions(t *testing.T) {
	w := newWorld(t)
	id := append([]byte{0}, bytes.Repeat([]byte{'Z'}, 100)...)
	y := bytes.Repeat([]byte{'Y'}, 100)
	g := w.one(pcRequest(mac(0, 45), wire.MsgDiscover, opt(61, id), opt(60, []byte("Cisco Systems, Inc. ")), opt(61, y), opt(60, []byte("IP Phone CP-7961G\x00"))))
	if !bytes.Equal(g.Opts[61], append(id, y...)) {
		t.Errorf("61 = %q", g.Opts[61])
	}
	if d, _ := has[Discover](w); d.VendorClass != strings.TrimRight(phoneClass, "\x00") {
		t.Errorf("60 = %q", d.VendorClass)
	}
	g = w.one(pcRequest(mac(0, 46), wire.MsgDiscover, opt(57, []byte{5, 0xdc}), opt(61, bytes.Repeat([]byte{'A'}, 255)), opt(61, bytes.Repeat([]byte{'B'}, 45))))
	if len(g.Opts[61]) != 300 || !bytes.HasSuffix(g.Opts[61], bytes.Repeat([]byte{'B'}, 45)) {
		t.Errorf("61 of %d bytes", len(g.Opts[61]))
	}
}

func TestV6Only(t *testing.T) {
	r := pcRequest(mac(0, 46), wire.MsgDiscover, opt(55, []byte{1, 3, 108}))
	if newWorld(t).one(r).Has(108) {
		t.Error("108 from a pool without it")
	}
	g := newWorld(t, func(s *Spec) { s.Pools[0].V6Only = 30 * time.Minute }).one(r)
	if !bytes.Equal(g.Opts[108], []byte{0, 0, 7, 8}) {
		t.Errorf("108 = % x", g.Opts[108])
	}
}

func TestMalformed(t *testing.T) {
	w := newWorld(t)
	n := uint64(0)
	for name, b := range malformed() {
		if gs := w.raw(slices.Clone(b)); len(gs) != 0 {
			t.Errorf("%s: answered", name)
		}
		if n++; w.e.Stats.Malformed != n {
			t.Errorf("%s: not counted as malformed", name)
			w.e.Stats.Malformed = n
		}
	}
	// Odd but not wrong: a hostname of 0xff, an empty 81.
	w.one(pcRequest(mac(0, 47), wire.MsgDiscover, opt(12, bytes.Repeat([]byte{0xff}, 200)), opt(81, nil)))
	// Complete except for END.
	r := phoneRequest(mac(0, 48), wire.MsgDiscover)
	r.NoEnd = true
	w.one(r)
	if len(w.e.offers) != 2 || len(w.e.bindings) != 0 {
		t.Errorf("left behind: %d offers, %d bindings", len(w.e.offers), len(w.e.bindings))
	}
}

func TestSourceMAC(t *testing.T) {
	other := func(in *Inbound) { in.Source = mac(8, 8) }
	w := newWorld(t)
	w.one(phoneRequest(mac(0, 48), wire.MsgDiscover), other)
	if w.e.Stats.Extra.MACMismatch != 1 {
		t.Error("not counted")
	}
	w = newWorld(t, func(s *Spec) { s.VerifyMAC = true })
	w.silent(phoneRequest(mac(0, 48), wire.MsgDiscover), other)
	w.one(phoneRequest(mac(0, 48), wire.MsgDiscover))
	w.one(relayed(49, wire.MsgDiscover, "10.88.0.1"), fromRelay("10.88.0.1"))
}

// small is a pool of ten addresses.
func small(s *Spec) {
	s.Excluded[0].Last = ip("10.77.0.99")
	s.Excluded[1].First = ip("10.77.0.110")
}

func TestExhausted(t *testing.T) {
	w := newWorld(t, small, func(s *Spec) {
		s.Pools[0].UtilizationLog, s.Pools[0].UtilizationLowLog, s.Pools[0].UtilizationHigh, s.Pools[0].UtilizationLow = true, true, 80, 50
	})
	var got []netip.Addr
	for n := range byte(10) {
		got = append(got, w.lease(mac(4, n)))
		w.pass(time.Second)
	}
	w.silent(phoneRequest(mac(4, 99), wire.MsgDiscover))
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
	w.one(phoneRequest(mac(4, 50), wire.MsgDiscover)).is(t, wire.MsgOffer, got[0].String())
	w.one(phoneRequest(mac(4, 51), wire.MsgDiscover)).is(t, wire.MsgOffer, got[1].String())
	// Whoever was there last still gets his own.
	w.one(phoneRequest(mac(4, 7), wire.MsgDiscover)).is(t, wire.MsgOffer, got[7].String())
}

// Leases are given on REQUEST only and are taken
// back when they end.
func TestManyClientsSmallPool(t *testing.T) {
	w := newWorld(t, small)
	for n := range 300 {
		m := mac(byte(n>>8), byte(n))
		if n%3 == 0 {
			w.arrives(phoneRequest(m, wire.MsgDiscover)) // never comes back
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
	golden.Check(t, "testdata/debug.txt", strings.Join(lines, "\n")+"\n")
}
