package capture

import (
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/bpf"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/wire"
)

// TestWatcher: what phones broadcast, told once in a moment.
func TestWatcher(t *testing.T) {
	mac := ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}
	all := ether.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	me, target := netip.MustParseAddr("10.0.0.23"), netip.MustParseAddr("10.0.0.9")
	arp := append([]byte{0, 1, 8, 0, 6, 4, 0, 1}, append(append(mac[:], me.AsSlice()...), append(make([]byte, 6), target.AsSlice()...)...)...)
	announce := append(append([]byte{}, arp[:24]...), me.AsSlice()...)
	dhcp := make([]byte, dhcpHead)
	dhcp[0], dhcp[1], dhcp[2] = 1, 1, 6
	copy(dhcp[28:], mac[:])
	dhcp = append(dhcp, 0x63, 0x82, 0x53, 0x63, 53, 1, 3, 12, 3, 'S', 'E', 'P', 60, 6, 'C', 'i', 's', 'c', 'o', 0, 55, 2, 66, 150, 54, 4, 10, 0, 0, 254, 50, 4, 10, 0, 0, 23, 255)
	to := func(p uint16) netip.AddrPort { return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, 1}), p) }
	from := netip.AddrPortFrom(me, 49152)
	for _, c := range []struct {
		name string
		p    Packet
		want journal.Event
	}{
		{"ARP", Packet{Type: typeARP, SrcMAC: mac, DstMAC: all, Payload: arp}, wire.Sought{MAC: mac, Client: me, Target: target}},
		{"an announcement", Packet{Type: typeARP, SrcMAC: mac, DstMAC: all, Payload: announce}, nil},
		{"unicast ARP", Packet{Type: typeARP, SrcMAC: mac, DstMAC: mac, Payload: arp}, nil},
		{"ARP under another name", Packet{Type: typeARP, SrcMAC: all, DstMAC: all, Payload: arp}, nil},
		{"half an ARP", Packet{Type: typeARP, SrcMAC: mac, DstMAC: all, Payload: arp[:20]}, nil},
		{"HTTPS", Packet{Proto: protoTCP, SrcMAC: mac, Src: from, Dst: to(portSecure), Flags: SYN}, wire.Secure{Client: me, MAC: mac, Server: to(0).Addr(), Port: portSecure}},
		{"peers", Packet{Proto: protoUDP, SrcMAC: mac, DstMAC: all, Src: from, Dst: to(portPeers)}, wire.Shared{MAC: mac, Client: me}},
		{"peers, unicast", Packet{Proto: protoUDP, SrcMAC: mac, DstMAC: mac, Src: from, Dst: to(portPeers)}, nil},
		{"DHCP", Packet{Proto: protoUDP, SrcMAC: mac, DstMAC: all, Dst: to(portDHCP), Payload: dhcp},
			wire.Booting{MAC: mac, Request: true, Hostname: "SEP", VendorClass: "Cisco", Requested: "66,150", Addr: me, Server: netip.MustParseAddr("10.0.0.254")}},
		{"half a DHCP", Packet{Proto: protoUDP, SrcMAC: mac, DstMAC: all, Dst: to(portDHCP), Payload: dhcp[:dhcpHead+6]}, nil},
	} {
		w := NewWatcher(6970, func() bool { return true })
		c.p.Time = time.Unix(1000, 0)
		if got := w.Packet(c.p); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if got := w.Packet(c.p); got != nil {
			t.Errorf("%s: told twice in a moment: %+v", c.name, got)
		}
		c.p.Time = c.p.Time.Add(time.Second)
		if got := w.Packet(c.p); got != c.want {
			t.Errorf("%s: a second later: %+v", c.name, got)
		}
	}
	if e := NewWatcher(6970, nil).Packet(Packet{Proto: protoUDP, SrcMAC: mac, DstMAC: all, Dst: to(portDHCP), Payload: dhcp}); e != nil {
		t.Errorf("DHCP is told while a server runs: %+v", e)
	}
	w, n := NewWatcher(6970, nil), 0
	for i := range 10 * maxSecond {
		arp[27], arp[26] = byte(i), byte(i>>8)
		if w.Packet(Packet{Time: time.Unix(1000, 0), Type: typeARP, SrcMAC: mac, DstMAC: all, Payload: arp}) != nil {
			n++
		}
	}
	if n != maxSecond {
		t.Errorf("%d facts of one second", n)
	}
}

// A refusal shows in its reset alone; connections that are accepted, and what
// resets them, cost not even a look.
func TestRefusedByTheResetAlone(t *testing.T) {
	client, server := netip.MustParseAddrPort("10.0.0.11:49152"), netip.MustParseAddrPort("10.0.0.1:6970")
	mac := ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}
	reset := Packet{Proto: protoTCP, Src: server, Dst: client, DstMAC: mac, Flags: RST | ACK, Ack: 1001, Time: time.Unix(1000, 0)}
	for _, c := range []struct {
		what   string
		change func(p *Packet)
		want   bool
	}{
		{"a refusal", func(*Packet) {}, true},
		{"the end of a connection", func(p *Packet) { p.Seq = 77 }, false},
		{"no acknowledgement", func(p *Packet) { p.Flags = RST }, false},
		{"an acceptance", func(p *Packet) { p.Flags = SYN | ACK }, false},
		{"another port", func(p *Packet) { p.Src = netip.AddrPortFrom(server.Addr(), 80) }, false},
		{"a phone that resets", func(p *Packet) { p.Src, p.Dst = client, server }, false},
	} {
		p := reset
		c.change(&p)
		e := NewWatcher(6970, nil).Packet(p)
		if got := e == (wire.Refused{Client: client.Addr(), MAC: mac, Server: server.Addr(), Port: 6970}); got != c.want || !c.want && e != nil {
			t.Errorf("%s: %+v", c.what, e)
		}
	}
	raw, err := NewWatcher(6970, nil).Filter().Assemble()
	if err != nil {
		t.Fatal(err)
	}
	var prog []bpf.Instruction
	for _, r := range raw {
		i := r.Disassemble()
		if _, ok := i.(bpf.LoadExtension); ok { // the machine here has none: it goes out
			i = bpf.LoadConstant{Dst: bpf.RegA, Val: uint32(Outgoing)}
		}
		prog = append(prog, i)
	}
	vm, err := bpf.NewVM(prog)
	if err != nil {
		t.Fatal(err)
	}
	for _, tags := range []int{0, 1} {
		for _, c := range []struct {
			src, dst uint16
			flags    byte
			want     bool
		}{{6970, 49152, RST | ACK, true}, {49152, 6970, SYN, false}, {6970, 49152, SYN | ACK, false}, {49152, 6970, RST, false}, {49152, 6971, SYN, true}, {6970, 49152, ACK | PSH, false}, {80, 49152, RST | ACK, false}} {
			n, err := vm.Run(frameOf(tags, protoTCP, 5, 0, c.src, c.dst, c.flags))
			if err != nil || (n > 0) != c.want {
				t.Errorf("%d tags, %+v: %d, %v", tags, c, n, err)
			}
		}
	}
}
