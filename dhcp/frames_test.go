package dhcp

import (
	"context"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"option150/dhcp/engine"
	"option150/dhcp/lans"
	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/listen"
	"option150/platform/service"
)

// The checks that are about frames, over a cable.
func TestWire(t *testing.T) {
	w := cable(t)
	w.be("10.77.0.9", mac(0xee, 1))
	w.be("10.88.0.1", mac(0xee, 1))
	w.serve(Options{}, func(s *engine.Spec) { s.PingPackets = 0 })
	xid := uint32(1)
	phoneX := func(m ether.MAC, typ byte, o ...tlv) testRequest {
		xid++
		r := phoneRequest(m, typ, o...)
		r.XID = xid
		return r
	}

	t.Run("1 unicast offer", func(t *testing.T) {
		m := mac(0, 1)
		f := w.ask(phoneX(m, wire.MsgDiscover))
		if f.Dest != m || f.Datagram.To != netip.AddrPortFrom(f.YIAddr, 68) || f.Datagram.From != netip.MustParseAddrPort("10.77.0.1:67") {
			t.Errorf("frame to %s, datagram %s -> %s, yiaddr %s", f.Dest, f.Datagram.From, f.Datagram.To, f.YIAddr)
		}
		src, dst := f.Datagram.From.Addr().As4(), f.Datagram.To.Addr().As4()
		if err := udpChecksum(src, dst, f.Datagram); err != 0 {
			t.Errorf("UDP checksum is off by %#x", err)
		}
	})
	t.Run("2 broadcast offer", func(t *testing.T) {
		r := phoneX(mac(0, 2), wire.MsgDiscover)
		r.Flags = 0x8000
		f := w.ask(r)
		if f.Dest != wire.BroadcastMAC || f.Datagram.To != netip.MustParseAddrPort("255.255.255.255:68") || f.Datagram.Payload[10] != 0x80 {
			t.Errorf("frame to %s, datagram to %s", f.Dest, f.Datagram.To)
		}
	})
	t.Run("4, 10, 11, 15 a lease's life", func(t *testing.T) {
		m := mac(0, 4)
		xid++
		a := w.take(m, xid)
		r := phoneX(m, wire.MsgRequest)
		r.CIAddr = a.String()
		w.put(r, a.String()+":68", "10.77.0.1:67", w.own)
		f, ok := w.next(r.XID, answerWait)
		if !ok || f.Type != wire.MsgAck || f.Dest != m || f.Datagram.To != netip.AddrPortFrom(a, 68) {
			t.Errorf("renewal: %v, frame to %s, datagram to %s", ok, f.Dest, f.Datagram.To)
		}
		r = phoneX(m, wire.MsgRequest)
		r.CIAddr = a.String()
		w.put(r, a.String()+":68", "255.255.255.255:67", wire.BroadcastMAC)
		if f, ok = w.next(r.XID, answerWait); !ok || f.Type != wire.MsgAck || f.Dest != m {
			t.Errorf("rebinding: %v, frame to %s", ok, f.Dest)
		}
		r = phoneX(m, wire.MsgRelease, opt(54, ipb(us)))
		r.CIAddr = a.String()
		w.put(r, a.String()+":68", "10.77.0.1:67", w.own)
		waitFor(t, func() bool { return strings.Contains(w.ev.names(), "dhcp.Release") })
	})
	t.Run("8 nak by broadcast", func(t *testing.T) {
		f := w.ask(phoneX(mac(0, 8), wire.MsgRequest, opt(50, ipb("192.168.99.5"))))
		if f.Type != wire.MsgNak || f.Dest != wire.BroadcastMAC || f.Datagram.To.Addr() != wire.LimitedBroadcast {
			t.Errorf("type %d, frame to %s, datagram to %s", f.Type, f.Dest, f.Datagram.To)
		}
	})
	t.Run("12 rebinding off the network", func(t *testing.T) {
		r := phoneX(mac(0, 12), wire.MsgRequest)
		r.CIAddr = "192.168.99.7"
		w.put(r, "192.168.99.7:68", "255.255.255.255:67", wire.BroadcastMAC)
		if f, ok := w.next(r.XID, answerWait); !ok || f.Type != wire.MsgNak {
			t.Errorf("%v type %d", ok, f.Type)
		}
	})
	t.Run("19 inform", func(t *testing.T) {
		m := mac(0, 19)
		w.be("10.77.0.77", m)
		r := phoneX(m, wire.MsgInform)
		r.CIAddr = "10.77.0.77"
		w.put(r, "10.77.0.77:68", "10.77.0.1:67", w.own)
		f, ok := w.next(r.XID, answerWait)
		if !ok || f.Dest != m || f.Datagram.To != netip.MustParseAddrPort("10.77.0.77:68") || f.YIAddr.IsValid() || f.Has(51) {
			t.Errorf("%v frame to %s, datagram to %s", ok, f.Dest, f.Datagram.To)
		}
	})
	t.Run("21, 22, 24, 26 relay", func(t *testing.T) {
		r := phoneX(mac(0, 21), wire.MsgDiscover, opt(82, []byte{1, 4, 0, 0x4d, 1, 1}))
		r.GIAddr = "10.88.0.1"
		f := w.via(r, "10.88.0.1")
		if f.YIAddr != ip("10.88.0.100") || f.Datagram.To != netip.MustParseAddrPort("10.88.0.1:67") || f.Dest != mac(0xee, 1) || f.Order[len(f.Order)-1] != 82 {
			t.Errorf("yiaddr %s, to %s, options %v", f.YIAddr, f.Datagram.To, f.Order)
		}
		r = phoneX(mac(0, 24), wire.MsgDiscover, opt(82, append([]byte{5, 4}, ipb("10.88.0.0")...)))
		r.GIAddr = "10.77.0.9"
		if f = w.via(r, "10.77.0.9"); f.YIAddr != ip("10.88.0.101") || f.Datagram.To != netip.MustParseAddrPort("10.77.0.9:67") {
			t.Errorf("link selection: yiaddr %s, to %s", f.YIAddr, f.Datagram.To)
		}
		r = phoneX(mac(0, 26), wire.MsgRequest, opt(50, ipb("192.168.99.9")), opt(54, ipb(us)))
		r.GIAddr = "10.88.0.1"
		if f = w.via(r, "10.88.0.1"); f.Type != wire.MsgNak || f.Datagram.Payload[10]&0x80 == 0 {
			t.Errorf("type %d flags %x", f.Type, f.Datagram.Payload[10])
		}
	})
	t.Run("47 malformed", func(t *testing.T) {
		before := w.s.Statistics().Malformed
		for _, b := range malformed() {
			w.write(wire.BroadcastMAC, wire.AppendUDP(nil, wire.BroadcastMAC, mac(0, 47), netip.MustParseAddrPort("0.0.0.0:68"), netip.MustParseAddrPort("255.255.255.255:67"), b))
		}
		w.ask(phoneX(mac(0, 47), wire.MsgDiscover))
		// op 2 to port 67 is taken for a server's reply on the wire, the rest counts.
		waitFor(t, func() bool { return w.s.Statistics().Malformed-before >= uint64(len(malformed())-1) })
	})
	t.Run("48 source address", func(t *testing.T) {
		r := phoneX(mac(0, 48), wire.MsgDiscover)
		w.write(wire.BroadcastMAC, wire.AppendUDP(nil, wire.BroadcastMAC, mac(8, 8), netip.MustParseAddrPort("0.0.0.0:68"), netip.MustParseAddrPort("255.255.255.255:67"), r.Bytes()))
		if _, ok := w.next(r.XID, answerWait); !ok {
			t.Error("not answered")
		}
		if n := w.s.Statistics().Extra.MACMismatch; n != 1 {
			t.Errorf("counted %d", n)
		}
	})
	t.Run("another VLAN", func(t *testing.T) {
		r := phoneX(mac(0, 60), wire.MsgDiscover)
		f := wire.AppendUDP(nil, wire.BroadcastMAC, r.MAC, netip.MustParseAddrPort("0.0.0.0:68"), netip.MustParseAddrPort("255.255.255.255:67"), r.Bytes())
		w.write(wire.BroadcastMAC, append(append(append([]byte{}, f[:12]...), 0x81, 0, 0, 110), f[12:]...))
		if _, ok := w.next(r.XID, silentWait); ok {
			t.Error("a tagged request was answered on the untagged interface")
		}
	})
	t.Run("unicast discover", func(t *testing.T) {
		r := phoneX(mac(0, 49), wire.MsgDiscover)
		w.put(r, "10.77.0.9:1068", "10.77.0.1:67", w.own)
		if f, ok := w.next(r.XID, answerWait); !ok || f.Type != wire.MsgOffer {
			t.Error("not answered")
		}
	})
	if st := w.s.Status(); st.State != service.Running || len(st.Listeners) != 1 || st.Listeners[0].Device != "vs0" {
		t.Errorf("status %+v", st)
	}
}

// udpChecksum returns 0 if the checksum of the datagram is right.
func udpChecksum(src, dst [4]byte, d wire.Datagram) uint16 {
	// The payload is followed into its buffer's UDP header, which parseUDP does
	// not keep: compute what it must have been and compare by writing again.
	f := wire.AppendUDP(nil, d.Dest, d.Source, d.From, d.To, d.Payload)
	n := uint32(wire.ProtoUDP) + uint32(wire.UDPLen+len(d.Payload))
	n = wire.Sum(wire.Sum(n, src[:]), dst[:])
	return ^wire.Fold(wire.Sum(n, f[wire.EtherLen+wire.IPv4Len:]))
}

// A station with a fixed address in the pool.
func TestWireConflict(t *testing.T) {
	w := cable(t)
	w.be("10.77.0.100", mac(9, 9))
	w.serve(Options{}, func(s *engine.Spec) { s.PingPackets = 2 })
	r := phoneRequest(mac(0, 40), wire.MsgDiscover)
	if f := w.ask(r); f.YIAddr != ip("10.77.0.101") {
		t.Errorf("offered %s", f.YIAddr)
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
	r = phoneRequest(mac(0, 41), wire.MsgDiscover, opt(50, ipb("10.77.0.190")))
	r.XID = 41
	if f := w.ask(r); f.YIAddr != ip("10.77.0.190") {
		t.Fatalf("offered %s", f.YIAddr)
	}
	waitFor(t, func() bool { return len(w.s.Conflicts()) == 2 })
	r = phoneRequest(mac(0, 41), wire.MsgRequest, opt(50, ipb("10.77.0.190")), opt(54, ipb(us)))
	r.XID = 42
	if f := w.ask(r); f.Type != wire.MsgNak {
		t.Errorf("type %d", f.Type)
	}
	if n := w.s.ClearConflict(netip.Addr{}, ""); n != 2 {
		t.Errorf("cleared %d", n)
	}
}

// Another server answers at start: with hold nothing is offered until takeover.
func TestWireForeignServer(t *testing.T) {
	w := cable(t)
	foreign := mac(0xf0, 1)
	w.mu.Lock()
	w.onQuery = func(d wire.Datagram) {
		p, err := wire.Decode(d.Payload)
		if err != nil || p.Type != wire.MsgDiscover {
			return
		}
		b := wire.Marshal(wire.Header{Request: p, Flags: p.Flags, YIAddr: ip("10.77.0.33")}, []wire.Item{
			{Code: 53, Val: []byte{wire.MsgOffer}}, {Code: 54, Val: ipb("10.77.0.250")}, {Code: 1, Val: []byte{255, 255, 255, 0}}, {Code: 150, Val: []byte("10.9.9.9")}}, wire.DefPayload)
		w.write(wire.BroadcastMAC, wire.AppendUDP(nil, wire.BroadcastMAC, foreign, netip.MustParseAddrPort("10.77.0.250:67"), netip.MustParseAddrPort("255.255.255.255:68"), b))
	}
	w.mu.Unlock()
	w.serve(Options{HoldWindow: 300 * time.Millisecond}, func(s *engine.Spec) { s.ForeignServer = engine.ForeignHold })
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
	r := phoneRequest(mac(0, 1), wire.MsgDiscover)
	w.put(r, "0.0.0.0:68", "255.255.255.255:67", wire.BroadcastMAC)
	if _, ok := w.next(r.XID, silentWait); ok {
		t.Fatal("offered while another server answers")
	}
	w.s.Takeover()
	w.ask(r)
	waitFor(t, func() bool { return w.s.Status().State == service.Running })
	found := false
	w.ev.mu.Lock()
	for _, e := range w.ev.all {
		if x, ok := e.(engine.ForeignServer); ok && x.Hold && !x.Again {
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
	w.serve(Options{HoldWindow: 200 * time.Millisecond}, func(s *engine.Spec) { s.ForeignServer = engine.ForeignHold })
	r := phoneRequest(mac(0, 1), wire.MsgDiscover)
	w.put(r, "0.0.0.0:68", "255.255.255.255:67", wire.BroadcastMAC)
	if _, ok := w.next(r.XID, 100*time.Millisecond); ok {
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
	sp := labSpec()
	tab, err := engine.Compile(sp)
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Recorder: w.ev})
	begin := func() (*running, error) {
		run, err := s.prepareRun()
		if err != nil {
			return nil, err
		}
		run.lans = lans.New(lans.Server[*lan]{Up: run.up, Serve: func(l *lan) error { return l.read(run.to) }, Down: func(string) {},
			Open: func(ctx context.Context, name string, e listen.Endpoint) (*lan, error) {
				l, err := run.openLAN(ctx, name, e)
				if err == nil {
					l.Raw.Close()
					l.Raw, l.NoRaw = nil, context.Canceled
					err = l.batch.SetBPF([]bpf.RawInstruction{{Op: unix.BPF_RET, K: 1 << 16}}) // as if there never was one
				}
				return l, err
			}}, run.opt.Listen, nil)
		return run, nil
	}
	c, err := s.runs.Prepare(t.Context(), begin, func(run *running, fresh bool) (service.Change, error) {
		step, err := run.want(t.Context(), sp, false)
		return service.Funcs{OnCommit: func() { run.commit(tab, step, fresh) }}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	defer s.Close()
	f := w.ask(phoneRequest(mac(0, 1), wire.MsgDiscover))
	if f.Type != wire.MsgOffer || f.Dest != wire.BroadcastMAC {
		t.Errorf("type %d to %s", f.Type, f.Dest)
	}
	if st := s.Status(); st.State != service.Degraded || !strings.Contains(st.Why, "no raw socket") {
		t.Errorf("status %+v", st)
	}
}
