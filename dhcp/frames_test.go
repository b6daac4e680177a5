package dhcp

import (
	"bytes"
	"context"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/service"
)

// The checks that are about frames, over a cable.
func TestWire(t *testing.T) {
	w := cable(t)
	w.be("10.77.0.9", mac(0xee, 1))
	w.be("10.88.0.1", mac(0xee, 1))
	w.serve(Options{}, func(s *Spec) { s.PingPackets = 0 })
	xid := uint32(1)
	phoneX := func(m ether.MAC, typ byte, o ...tlv) testRequest {
		xid++
		r := phoneRequest(m, typ, o...)
		r.xid = xid
		return r
	}

	t.Run("1 unicast offer", func(t *testing.T) {
		m := mac(0, 1)
		f := w.ask(phoneX(m, msgDiscover))
		if f.dest != m || f.datagramFrame.to != netip.AddrPortFrom(f.yiaddr, 68) || f.datagramFrame.from != netip.MustParseAddrPort("10.77.0.1:67") {
			t.Errorf("frame to %s, datagram %s -> %s, yiaddr %s", f.dest, f.datagramFrame.from, f.datagramFrame.to, f.yiaddr)
		}
		src, dst := f.datagramFrame.from.Addr().As4(), f.datagramFrame.to.Addr().As4()
		if err := udpChecksum(src, dst, f.datagramFrame); err != 0 {
			t.Errorf("UDP checksum is off by %#x", err)
		}
	})
	t.Run("2 broadcast offer", func(t *testing.T) {
		r := phoneX(mac(0, 2), msgDiscover)
		r.flags = 0x8000
		f := w.ask(r)
		if f.dest != broadcastMAC || f.datagramFrame.to != netip.MustParseAddrPort("255.255.255.255:68") || f.datagramFrame.payload[10] != 0x80 {
			t.Errorf("frame to %s, datagram to %s", f.dest, f.datagramFrame.to)
		}
	})
	t.Run("4, 10, 11, 15 a lease's life", func(t *testing.T) {
		m := mac(0, 4)
		xid++
		a := w.take(m, xid)
		r := phoneX(m, msgRequest)
		r.ciaddr = a.String()
		w.put(r, a.String()+":68", "10.77.0.1:67", w.own)
		f, ok := w.next(r.xid, answerWait)
		if !ok || f.typ != msgAck || f.dest != m || f.datagramFrame.to != netip.AddrPortFrom(a, 68) {
			t.Errorf("renewal: %v, frame to %s, datagram to %s", ok, f.dest, f.datagramFrame.to)
		}
		r = phoneX(m, msgRequest)
		r.ciaddr = a.String()
		w.put(r, a.String()+":68", "255.255.255.255:67", broadcastMAC)
		if f, ok = w.next(r.xid, answerWait); !ok || f.typ != msgAck || f.dest != m {
			t.Errorf("rebinding: %v, frame to %s", ok, f.dest)
		}
		r = phoneX(m, msgRelease, tlv{54, ipb(us)})
		r.ciaddr = a.String()
		w.put(r, a.String()+":68", "10.77.0.1:67", w.own)
		waitFor(t, func() bool { return strings.Contains(w.ev.names(), "dhcp.Release") })
	})
	t.Run("8 nak by broadcast", func(t *testing.T) {
		f := w.ask(phoneX(mac(0, 8), msgRequest, tlv{50, ipb("192.168.99.5")}))
		if f.typ != msgNak || f.dest != broadcastMAC || f.datagramFrame.to.Addr() != limitedBroadcast {
			t.Errorf("type %d, frame to %s, datagram to %s", f.typ, f.dest, f.datagramFrame.to)
		}
	})
	t.Run("12 rebinding off the network", func(t *testing.T) {
		r := phoneX(mac(0, 12), msgRequest)
		r.ciaddr = "192.168.99.7"
		w.put(r, "192.168.99.7:68", "255.255.255.255:67", broadcastMAC)
		if f, ok := w.next(r.xid, answerWait); !ok || f.typ != msgNak {
			t.Errorf("%v type %d", ok, f.typ)
		}
	})
	t.Run("19 inform", func(t *testing.T) {
		m := mac(0, 19)
		w.be("10.77.0.77", m)
		r := phoneX(m, msgInform)
		r.ciaddr = "10.77.0.77"
		w.put(r, "10.77.0.77:68", "10.77.0.1:67", w.own)
		f, ok := w.next(r.xid, answerWait)
		if !ok || f.dest != m || f.datagramFrame.to != netip.MustParseAddrPort("10.77.0.77:68") || f.yiaddr.IsValid() || f.has(51) {
			t.Errorf("%v frame to %s, datagram to %s", ok, f.dest, f.datagramFrame.to)
		}
	})
	t.Run("21, 22, 24, 26 relay", func(t *testing.T) {
		r := phoneX(mac(0, 21), msgDiscover, tlv{82, []byte{1, 4, 0, 0x4d, 1, 1}})
		r.giaddr = "10.88.0.1"
		f := w.via(r, "10.88.0.1")
		if f.yiaddr != ip("10.88.0.100") || f.datagramFrame.to != netip.MustParseAddrPort("10.88.0.1:67") || f.dest != mac(0xee, 1) || f.order[len(f.order)-1] != 82 {
			t.Errorf("yiaddr %s, to %s, options %v", f.yiaddr, f.datagramFrame.to, f.order)
		}
		r = phoneX(mac(0, 24), msgDiscover, tlv{82, append([]byte{5, 4}, ipb("10.88.0.0")...)})
		r.giaddr = "10.77.0.9"
		if f = w.via(r, "10.77.0.9"); f.yiaddr != ip("10.88.0.101") || f.datagramFrame.to != netip.MustParseAddrPort("10.77.0.9:67") {
			t.Errorf("link selection: yiaddr %s, to %s", f.yiaddr, f.datagramFrame.to)
		}
		r = phoneX(mac(0, 26), msgRequest, tlv{50, ipb("192.168.99.9")}, tlv{54, ipb(us)})
		r.giaddr = "10.88.0.1"
		if f = w.via(r, "10.88.0.1"); f.typ != msgNak || f.datagramFrame.payload[10]&0x80 == 0 {
			t.Errorf("type %d flags %x", f.typ, f.datagramFrame.payload[10])
		}
	})
	t.Run("47 malformed", func(t *testing.T) {
		before := w.s.Statistics().Malformed
		for _, b := range malformed() {
			w.write(broadcastMAC, appendFrameUDP(nil, broadcastMAC, mac(0, 47), netip.MustParseAddrPort("0.0.0.0:68"), netip.MustParseAddrPort("255.255.255.255:67"), b))
		}
		w.ask(phoneX(mac(0, 47), msgDiscover))
		// op 2 to port 67 is taken for a server's reply on the wire, the rest counts.
		if n := w.s.Statistics().Malformed - before; n < uint64(len(malformed())-1) {
			t.Errorf("%d of %d counted", n, len(malformed()))
		}
	})
	t.Run("48 source address", func(t *testing.T) {
		r := phoneX(mac(0, 48), msgDiscover)
		w.write(broadcastMAC, appendFrameUDP(nil, broadcastMAC, mac(8, 8), netip.MustParseAddrPort("0.0.0.0:68"), netip.MustParseAddrPort("255.255.255.255:67"), r.bytes()))
		if _, ok := w.next(r.xid, answerWait); !ok {
			t.Error("not answered")
		}
		if n := w.s.Statistics().Extra.MACMismatch; n != 1 {
			t.Errorf("counted %d", n)
		}
	})
	t.Run("another VLAN", func(t *testing.T) {
		r := phoneX(mac(0, 60), msgDiscover)
		f := appendFrameUDP(nil, broadcastMAC, r.mac, netip.MustParseAddrPort("0.0.0.0:68"), netip.MustParseAddrPort("255.255.255.255:67"), r.bytes())
		w.write(broadcastMAC, append(append(append([]byte{}, f[:12]...), 0x81, 0, 0, 110), f[12:]...))
		if _, ok := w.next(r.xid, silentWait); ok {
			t.Error("a tagged request was answered on the untagged interface")
		}
	})
	t.Run("unicast discover", func(t *testing.T) {
		r := phoneX(mac(0, 49), msgDiscover)
		w.put(r, "10.77.0.9:1068", "10.77.0.1:67", w.own)
		if f, ok := w.next(r.xid, answerWait); !ok || f.typ != msgOffer {
			t.Error("not answered")
		}
	})
	if st := w.s.Status(); st.State != service.Running || len(st.Listeners) != 1 || st.Listeners[0].Device != "vs0" {
		t.Errorf("status %+v", st)
	}
}

// udpChecksum returns 0 if the checksum of the datagram is right.
func udpChecksum(src, dst [4]byte, d datagramFrame) uint16 {
	// The payload is followed into its buffer's UDP header, which parseUDP does
	// not keep: compute what it must have been and compare by writing again.
	f := appendFrameUDP(nil, d.dest, d.source, d.from, d.to, d.payload)
	n := uint32(protoUDP) + uint32(udpLen+len(d.payload))
	n = sum(sum(n, src[:]), dst[:])
	return ^fold(sum(n, f[etherLen+ipv4Len:]))
}

// Check 40: a station with a fixed address in the pool.
func TestWireConflict(t *testing.T) {
	w := cable(t)
	w.be("10.77.0.100", mac(9, 9))
	w.serve(Options{}, func(s *Spec) { s.PingPackets = 2 })
	r := phoneRequest(mac(0, 40), msgDiscover)
	if f := w.ask(r); f.yiaddr != ip("10.77.0.101") {
		t.Errorf("offered %s", f.yiaddr)
	}
	if cs := w.s.Conflicts(); len(cs) != 1 || cs[0].Addr != ip("10.77.0.100") || cs[0].Method != "Ping" {
		t.Errorf("conflicts %+v", cs)
	}
	w.mu.Lock()
	n := w.probes[ip("10.77.0.101")]
	w.mu.Unlock()
	if n == 0 {
		t.Error("not probed")
	}
	if p := w.s.PoolStats()[0]; p.Subnets[0].Ready == 0 {
		t.Errorf("nothing probed beforehand: %+v", p)
	}
	// Offered unprobed, at once; the answer comes before the client does.
	w.be("10.77.0.190", mac(9, 8))
	r = phoneRequest(mac(0, 41), msgDiscover, tlv{50, ipb("10.77.0.190")})
	r.xid = 41
	if f := w.ask(r); f.yiaddr != ip("10.77.0.190") {
		t.Fatalf("offered %s", f.yiaddr)
	}
	waitFor(t, func() bool { return len(w.s.Conflicts()) == 2 })
	r = phoneRequest(mac(0, 41), msgRequest, tlv{50, ipb("10.77.0.190")}, tlv{54, ipb(us)})
	r.xid = 42
	if f := w.ask(r); f.typ != msgNak {
		t.Errorf("type %d", f.typ)
	}
	if n := w.s.ClearConflict(netip.Addr{}); n != 2 {
		t.Errorf("cleared %d", n)
	}
}

// Another server answers at start: with hold nothing is offered until takeover.
func TestWireForeignServer(t *testing.T) {
	w := cable(t)
	foreign := mac(0xf0, 1)
	w.mu.Lock()
	w.onQuery = func(d datagramFrame) {
		p, err := decode(d.payload)
		if err != nil || p.typ != msgDiscover {
			return
		}
		b := marshal(header{req: p, flags: p.flags, yiaddr: ip("10.77.0.33")}, []item{
			{53, []byte{msgOffer}}, {54, ipb("10.77.0.250")}, {1, []byte{255, 255, 255, 0}}, {150, []byte("10.9.9.9")}}, defPayload)
		w.write(broadcastMAC, appendFrameUDP(nil, broadcastMAC, foreign, netip.MustParseAddrPort("10.77.0.250:67"), netip.MustParseAddrPort("255.255.255.255:68"), b))
	}
	w.mu.Unlock()
	w.serve(Options{HoldWindow: 300 * time.Millisecond}, func(s *Spec) { s.ForeignServer = ForeignHold })
	waitFor(t, func() bool { return len(w.s.ForeignServers()) == 1 })
	f := w.s.ForeignServers()[0]
	if f.Server != ip("10.77.0.250") || f.MAC != foreign || f.Option150 != `not addresses: "10.9.9.9"` || !f.Holding {
		t.Errorf("%+v", f)
	}
	waitFor(t, func() bool { return w.s.Status().State == service.Waiting })
	if why := w.s.Status().Why; why != "another DHCP server answers: 10.77.0.250 on GigabitEthernet0/0" {
		t.Errorf("why %q", why)
	}
	time.Sleep(300 * time.Millisecond) // the window is over, the server is still held
	r := phoneRequest(mac(0, 1), msgDiscover)
	w.put(r, "0.0.0.0:68", "255.255.255.255:67", broadcastMAC)
	if _, ok := w.next(r.xid, silentWait); ok {
		t.Fatal("offered while another server answers")
	}
	w.s.Takeover()
	w.ask(r)
	waitFor(t, func() bool { return w.s.Status().State == service.Running })
	found := false
	w.ev.mu.Lock()
	for _, e := range w.ev.all {
		if x, ok := e.(ForeignServer); ok && x.Hold {
			m, _ := x.LogMessage()
			found = strings.HasPrefix(m.String(), "%DHCPD-4-FOREIGN_HOLD: Another DHCP server 10.77.0.250 (0200.0000.f001) answers on GigabitEthernet0/0,")
		}
	}
	w.ev.mu.Unlock()
	if !found {
		t.Error("no message")
	}
}

// Nobody else answers: hold ends with the window.
func TestWireHoldAlone(t *testing.T) {
	w := cable(t)
	w.serve(Options{HoldWindow: 200 * time.Millisecond}, func(s *Spec) { s.ForeignServer = ForeignHold })
	r := phoneRequest(mac(0, 1), msgDiscover)
	w.put(r, "0.0.0.0:68", "255.255.255.255:67", broadcastMAC)
	if _, ok := w.next(r.xid, 100*time.Millisecond); ok {
		t.Error("offered at once")
	}
	time.Sleep(200 * time.Millisecond)
	w.ask(r)
}

// An interface that does not exist yet is waited for; one that goes away and
// comes back is served again.
func TestWireInterfaceComesLate(t *testing.T) {
	w := cable(t)
	if err := w.box.Unplug(); err != nil {
		t.Fatal(err)
	}
	w.serve(Options{})
	if st := w.s.Status(); st.State != service.Waiting || st.Why != "interface GigabitEthernet0/0" || st.NextRetry.IsZero() {
		t.Errorf("status %+v", st)
	}
	w.plug()
	waitFor(t, func() bool { return w.s.Status().State == service.Running })
	a := w.take(mac(0, 1), 77)
	if err := w.box.Unplug(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return w.s.Status().State == service.Waiting })
	w.plug()
	waitFor(t, func() bool { return w.s.Status().State == service.Running })
	if b := w.take(mac(0, 1), 78); b != a {
		t.Errorf("%s, before %s", b, a)
	}
}

// Without a raw socket replies are broadcast.
func TestWireWithoutRaw(t *testing.T) {
	w := cable(t)
	sp := baseSpec()
	l, err := openLAN(context.Background(), sp.Interfaces[0])
	if err != nil {
		t.Fatal(err)
	}
	l.raw.Close()
	l.raw, l.noRaw = nil, context.Canceled
	tab, err := compile(sp)
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Recorder: w.ev})
	run, err := s.prepareRun()
	if err != nil {
		t.Fatal(err)
	}
	s.run = run
	run.commit(tab, []*lan{l}, true)
	defer s.Close()
	f := w.ask(phoneRequest(mac(0, 1), msgDiscover))
	if f.typ != msgOffer || f.dest != broadcastMAC {
		t.Errorf("type %d to %s", f.typ, f.dest)
	}
	if st := s.Status(); st.State != service.Degraded || !strings.Contains(st.Why, "no raw socket") {
		t.Errorf("status %+v", st)
	}
}

func TestFrameRoundTrip(t *testing.T) {
	for n := range 40 {
		payload := bytes.Repeat([]byte{byte(n), 0xff}, n)
		f := appendFrameUDP(nil, mac(1, 1), mac(2, 2), netip.MustParseAddrPort("10.0.0.1:67"), netip.MustParseAddrPort("10.0.0.2:68"), payload)
		d, ok := parseUDP(f)
		if !ok || !bytes.Equal(d.payload, payload) || d.source != mac(2, 2) || d.to.Port() != 68 {
			t.Fatalf("%d bytes: %v %+v", len(payload), ok, d)
		}
		if binary.BigEndian.Uint16(f[etherLen+2:]) != uint16(len(f)-etherLen) {
			t.Error("length")
		}
		for cut := range f {
			parseUDP(f[:cut])
			parseARP(f[:cut])
		}
	}
	m, a, ok := parseARP(appendARPProbe(nil, mac(1, 2), ip("10.0.0.9")))
	if ok || a.IsValid() {
		t.Errorf("a probe claims %s by %s", a, m)
	}
}
