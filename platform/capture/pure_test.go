package capture

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/google/gopacket"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"option150/platform/ether"
	"option150/platform/wire"
)

// frameOf makes a frame: Ethernet, tags, IPv4 with options, ports, flags.
func frameOf(tags int, proto byte, ipWords, frag int, src, dst uint16, flags byte) []byte {
	b := make([]byte, 12)
	for range tags {
		b = append(b, 0x81, 0, 0, 110)
	}
	b = append(b, 8, 0)
	ip := make([]byte, ipWords*4)
	ip[0] = 0x40 | byte(ipWords)
	binary.BigEndian.PutUint16(ip[2:], uint16(ipWords*4+24))
	binary.BigEndian.PutUint16(ip[6:], uint16(frag))
	ip[8], ip[9] = 64, proto
	copy(ip[12:], []byte{10, 0, 0, 2, 10, 0, 0, 1})
	l4 := make([]byte, 24)
	binary.BigEndian.PutUint16(l4, src)
	binary.BigEndian.PutUint16(l4[2:], dst)
	if proto == protoUDP {
		binary.BigEndian.PutUint16(l4[4:], 24)
	} else {
		l4[12], l4[13] = 0x50, flags
	}
	return append(append(b, ip...), l4...)
}

// wanted is what a Filter means, in words instead of jumps.
func (f Filter) wanted(b []byte) bool {
	at := 12
	if len(b) < 14 {
		return false
	}
	if t := binary.BigEndian.Uint16(b[at:]); t == typeQ || t == typeAD {
		at += 4
	}
	if len(b) < at+2 {
		return false
	}
	t := binary.BigEndian.Uint16(b[at:])
	ip := at + 2
	if t == typeARP && f.ARP {
		return true
	}
	if t != typeIPv4 || len(b) < ip+10 || binary.BigEndian.Uint16(b[ip+6:])&0x1fff != 0 {
		return false
	}
	l4 := ip + int(b[ip]&15)*4
	ports := f.UDP
	switch b[ip+9] {
	case protoUDP:
	case protoTCP:
		ports = f.TCP
		if len(ports) > 0 && f.TCPFlags != 0 && (len(b) < l4+14 || b[l4+13]&f.TCPFlags == 0) {
			return false
		}
	default:
		return false
	}
	for off := 0; off < 4; off += 2 {
		if len(b) < l4+off+2 {
			return false
		}
		for _, p := range ports {
			if binary.BigEndian.Uint16(b[l4+off:]) == p {
				return true
			}
		}
	}
	return false
}

func TestFilter(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, f := range []Filter{
		{UDP: []uint16{4051, 67, 68, 69}, TCP: []uint16{4051}},
		{TCP: []uint16{6970}, TCPFlags: SYN | RST},
		{UDP: []uint16{67, 68}, ARP: true},
		{ARP: true},
		{UDP: make([]uint16, MaxPorts), TCP: make([]uint16, MaxPorts)},
	} {
		raw, err := f.Assemble()
		if err != nil {
			t.Fatal(err)
		}
		prog, ok := bpf.Disassemble(raw)
		if !ok {
			t.Fatal("does not disassemble")
		}
		vm, err := bpf.NewVM(prog)
		if err != nil {
			t.Fatal(err)
		}
		ports := append([]uint16{6970, 80}, append(f.UDP, f.TCP...)...)
		hits := 0
		for range 20000 {
			var b []byte
			switch r.IntN(8) {
			case 0:
				b = make([]byte, r.IntN(70))
				for i := range b {
					b[i] = byte(r.Uint32())
				}
			case 1:
				b = append(make([]byte, 12), 8, 6)
				b = append(b, make([]byte, 28)...)
			default:
				frag := 0
				if r.IntN(5) == 0 {
					frag = r.IntN(0x4000)
				}
				b = frameOf(r.IntN(3), []byte{protoUDP, protoTCP, 1}[r.IntN(3)], 5+r.IntN(3), frag,
					ports[r.IntN(len(ports))], ports[r.IntN(len(ports))], byte(1<<r.IntN(5)))
				if r.IntN(10) == 0 {
					b = b[:r.IntN(len(b))]
				}
			}
			n, err := vm.Run(b)
			if err != nil {
				t.Fatal(err)
			}
			if (n > 0) != f.wanted(b) {
				t.Fatalf("%+v: frame %x: filter says %d", f, b, n)
			}
			if n > 0 {
				hits++
			}
		}
		if hits == 0 {
			t.Errorf("%+v: no frame matched", f)
		}
	}
	if raw, err := (Filter{}).Assemble(); raw != nil || err != nil {
		t.Error("the empty filter is no program", raw, err)
	}
	if _, err := (Filter{UDP: make([]uint16, MaxPorts+1)}).Assemble(); err == nil {
		t.Error("too many ports accepted")
	}
}

// decoded reads one frame.
func decoded(frame []byte) (Packet, error) {
	return NewDecoder().DecodeFrame(&Frame{Data: frame, VLAN: -1})
}

func TestDecode(t *testing.T) {
	for tags := range 3 {
		p, err := decoded(frameOf(tags, protoTCP, 6, 0, 49152, 6970, 0x02))
		if err != nil {
			t.Fatal(tags, err)
		}
		vlan := -1
		if tags > 0 {
			vlan = 110
		}
		if p.Src != netip.MustParseAddrPort("10.0.0.2:49152") || p.Dst != netip.MustParseAddrPort("10.0.0.1:6970") ||
			p.Flags != SYN || p.VLAN != vlan || p.TTL != 64 || !p.TCP() || len(p.Payload) != 4 {
			t.Errorf("%d tags: %+v", tags, p)
		}
		if got, want := p.String(), "10.0.0.2:49152 > 10.0.0.1:6970 TCP SYN 4"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	p, err := decoded(frameOf(0, protoUDP, 5, 0, 68, 67, 0))
	if err != nil || !p.UDP() || p.Dst.Port() != 67 || len(p.Payload) != 16 {
		t.Error(p, err)
	}
	if _, err := decoded([]byte{1, 2, 3}); !errors.Is(err, ErrShort) {
		t.Error(err)
	}
	// A decoder keeps nothing of the frame before.
	d := NewDecoder()
	for _, f := range [][]byte{frameOf(2, protoTCP, 5, 0, 1, 2, 2), append(make([]byte, 12), 8, 6, 1)} {
		p, err = d.Decode(f, testInfo)
	}
	if err != nil || p.VLAN != -1 || p.Type != typeARP || p.TCP() || p.Src.IsValid() {
		t.Errorf("%+v %v", p, err)
	}
}

func TestRefusals(t *testing.T) {
	client, server := netip.MustParseAddrPort("10.0.0.2:49152"), netip.MustParseAddrPort("10.0.0.1:6970")
	mac := ether.MAC{1, 2, 3, 4, 5, 6}
	t0 := time.Unix(1000, 0)
	syn := Packet{Proto: protoTCP, Time: t0, SrcMAC: mac, Src: client, Dst: server, Flags: SYN, Seq: 7}
	rst := Packet{Proto: protoTCP, Time: t0, Src: server, Dst: client, Flags: RST | ACK, Ack: 8}
	at := func(p Packet, d time.Duration) Packet { p.Time = p.Time.Add(d); return p }
	with := func(p Packet, f func(*Packet)) Packet { f(&p); return p }
	for _, c := range []struct {
		name string
		ps   []Packet
		want bool
	}{
		{"refused", []Packet{syn, rst}, true},
		{"repeated SYN", []Packet{syn, at(syn, time.Second), at(rst, time.Second)}, true},
		{"reset alone", []Packet{rst}, false},
		{"reset of another connection", []Packet{syn, with(rst, func(p *Packet) { p.Ack = 9 })}, false},
		{"accepted, later reset", []Packet{syn, with(rst, func(p *Packet) { p.Flags = SYN | ACK }), rst}, false},
		{"too late", []Packet{syn, at(rst, time.Minute)}, false},
		{"another port", []Packet{with(syn, func(p *Packet) { p.Dst = netip.AddrPortFrom(server.Addr(), 80) }), rst}, false},
		{"UDP", []Packet{with(syn, func(p *Packet) { p.Proto = protoUDP }), rst}, false},
	} {
		r := NewRefusals(6970)
		var e wire.Refused
		var got bool
		for _, p := range c.ps {
			e, got = r.Packet(p)
		}
		if got != c.want {
			t.Errorf("%s: %v %+v", c.name, got, e)
		}
		if got && e != (wire.Refused{Client: client.Addr(), MAC: mac, Server: server.Addr(), Port: 6970}) {
			t.Errorf("%s: %+v", c.name, e)
		}
	}
	r := NewRefusals(6970)
	for i := range 3 * maxSyns {
		r.Packet(with(syn, func(p *Packet) { p.Src = netip.AddrPortFrom(client.Addr(), uint16(i)) }))
	}
	if len(r.open) > maxSyns || len(r.order) > maxSyns {
		t.Error("a scan is kept without bound:", len(r.open), len(r.order))
	}
}

func TestReadControl(t *testing.T) {
	ne := binary.NativeEndian
	msg := func(level, typ uint32, d []byte) []byte {
		b := make([]byte, unix.CmsgSpace(len(d)))
		if unix.SizeofCmsghdr == 16 {
			ne.PutUint64(b, uint64(unix.CmsgLen(len(d))))
		} else {
			ne.PutUint32(b, uint32(unix.CmsgLen(len(d))))
		}
		ne.PutUint32(b[unix.SizeofCmsghdr-8:], level)
		ne.PutUint32(b[unix.SizeofCmsghdr-4:], typ)
		copy(b[unix.SizeofCmsghdr:], d)
		return b
	}
	aux := make([]byte, 20)
	ne.PutUint32(aux, unix.TP_STATUS_VLAN_VALID)
	ne.PutUint32(aux[4:], 9000)
	ne.PutUint16(aux[16:], 0x2000|110)
	ts := make([]byte, 16)
	ne.PutUint64(ts, 1000)
	ne.PutUint64(ts[8:], 5)
	c := readControl(append(msg(unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, ts), msg(unix.SOL_PACKET, unix.PACKET_AUXDATA, aux)...))
	if !c.time.Equal(time.Unix(1000, 5)) || c.vlan != 110 || c.length != 9000 {
		t.Errorf("%+v", c)
	}
	short := make([]byte, 8)
	ne.PutUint32(short, 1000)
	ne.PutUint32(short[4:], 5)
	if c := readControl(msg(unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, short)); !c.time.Equal(time.Unix(1000, 5)) || c.vlan != -1 {
		t.Errorf("%+v", c)
	}
	if c := readControl([]byte{1, 2, 3}); c.vlan != -1 || !c.time.IsZero() {
		t.Errorf("%+v", c)
	}
}

func FuzzReadControl(f *testing.F) {
	f.Add([]byte{})
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, b []byte) { readControl(b) })
}

func FuzzDecode(f *testing.F) {
	for tags := range 4 {
		f.Add(frameOf(tags, protoTCP, 5, 0, 49152, 6970, SYN))
		f.Add(frameOf(tags, protoUDP, 7, 0, 68, 67, 0))
	}
	hard, _ := hex.DecodeString("ffffffffffff001e7a0000010800450000")
	f.Add(hard)
	d := NewDecoder()
	w := NewWatcher(6970, func() bool { return true })
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := d.Decode(b, testInfo)
		if len(p.Payload) > len(b) {
			t.Error("payload longer than the frame")
		}
		_ = p.String()
		if err == nil {
			w.Packet(p)
		}
	})
}

var testInfo = gopacket.CaptureInfo{Timestamp: time.Unix(1000, 0)}
