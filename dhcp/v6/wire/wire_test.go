package wire

import (
	"bytes"
	"net/netip"
	"testing"

	"option150/dhcp/dhcptest"
	"option150/platform/ether"
)

var phone = ether.MAC{2, 0, 0, 6, 0, 1}

func FuzzDecode(f *testing.F) {
	ll := dhcptest.LinkLocal(phone)
	one := dhcptest.Phone6(phone, 1, dhcptest.IA6(1, netip.MustParseAddr("2001:db8::1")), dhcptest.IAOf(25, 2), dhcptest.IAOf(4, 3)).Bytes()
	f.Add(one)
	f.Add(dhcptest.Relayed(1, netip.MustParseAddr("2001:db8::1"), ll, dhcptest.Relayed(0, ll, ll, one, dhcptest.Opt6(18, 1)), dhcptest.Opt6(79, 0, 1, 2, 0, 0, 6, 0, 1)))
	f.Add(dhcptest.PC6(phone, 11).Without(1).Bytes())
	deep := one
	for n := range 40 {
		deep = dhcptest.Relayed(byte(n), ll, ll, deep, dhcptest.Opt6(135, 0, 0))
	}
	f.Add(deep)
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		p, err := Decode(b)
		if !bytes.Equal(b, before) {
			t.Fatal("the datagram was changed")
		}
		if err != nil {
			return
		}
		if len(p.Relays) > MaxRelays || len(p.IAs) > maxIAs || len(p.Client) > MaxDUID || p.Type < Solicit || p.Type > InformationRequest {
			t.Fatalf("out of bounds: %+v", p)
		}
		_ = p.Phone()
		_ = p.Wants(OptVendorOpts)
		// A reply in these relays has their layers.
		out, ok := AppendReply(nil, p.Relays, []byte{Reply, p.XID[0], p.XID[1], p.XID[2]})
		if !ok {
			return
		}
		r, err := dhcptest.Parse6(out)
		if err != nil || len(r.Relays) != len(p.Relays) || r.Type != Reply {
			t.Fatalf("%v: %d layers of %d", err, len(r.Relays), len(p.Relays))
		}
		for i := range r.Relays {
			if r.Relays[i].Hops != p.Relays[i].Hops || r.Relays[i].Peer != p.Relays[i].Peer || !bytes.Equal(r.Relays[i].Opts[18], p.Relays[i].Interface) {
				t.Fatalf("layer %d: %+v of %+v", i, r.Relays[i], p.Relays[i])
			}
		}
	})
}

// FuzzNested builds relays in relays and asks for one of them back.
func FuzzNested(f *testing.F) {
	f.Add(byte(1), byte(4), []byte("vlan10"))
	f.Add(byte(33), byte(0), []byte{})
	f.Add(byte(34), byte(200), []byte{0, 9, 0, 1})
	f.Fuzz(func(t *testing.T, depth, at byte, id []byte) {
		if len(id) > 100 {
			id = id[:100]
		}
		ll := dhcptest.LinkLocal(phone)
		b := dhcptest.Phone6(phone, 1, dhcptest.IA6(1)).Bytes()
		n := int(depth) % 40
		for i := range n {
			var more []dhcptest.Option6
			if i == int(at)%max(n, 1) {
				more = append(more, dhcptest.Opt6(18, id...))
			}
			b = dhcptest.Relayed(byte(i), ll, ll, b, more...)
		}
		p, err := Decode(b)
		if (n <= MaxRelays && len(b) <= MaxMessage) != (err == nil) {
			t.Fatalf("%d relays, %d bytes: %v", n, len(b), err)
		}
		if err != nil {
			return
		}
		if len(p.Relays) != n || p.Type != Solicit {
			t.Fatalf("%d relays of %d, type %d", len(p.Relays), n, p.Type)
		}
		if n > 0 {
			// The outermost comes first, and it was put around last.
			if r := p.Relays[n-1-int(at)%n]; !bytes.Equal(r.Interface, id) {
				t.Fatalf("interface % x of % x", r.Interface, id)
			}
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(AppendNS(nil, phone, dhcptest.LinkLocal(phone), netip.MustParseAddr("2001:db8::1")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, ok := ParseUDP(b); ok && len(d.Payload) > len(b) {
			t.Fatal("longer than the frame")
		}
		ParseNA(b)
	})
}

// What a phone is known by.
func TestPhone(t *testing.T) {
	for name, c := range map[string]struct {
		more []dhcptest.Option6
		want bool
	}{
		"class":                       {[]dhcptest.Option6{dhcptest.Class6(9, "Cisco Systems, Inc. IP Phone CP-8841")}, true},
		"class with its NUL":          {[]dhcptest.Option6{dhcptest.Class6(9, "Cisco Systems, Inc. IP Phone CP-7841\x00")}, true},
		"class of another enterprise": {[]dhcptest.Option6{dhcptest.Class6(311, "MSFT 5.0")}, false},
		"enterprise without a text":   {[]dhcptest.Option6{dhcptest.Opt6(16, 0, 0, 0, 9)}, true},
		"vendor option":               {[]dhcptest.Option6{dhcptest.Opt6(17, 0, 0, 0, 9)}, true},
		"other vendor option":         {[]dhcptest.Option6{dhcptest.Opt6(17, 0, 0, 0, 8)}, false},
		"nothing":                     {nil, false},
		"a switch of Cisco's":         {[]dhcptest.Option6{dhcptest.Class6(9, "C9300-48P")}, false},
	} {
		p, err := Decode(dhcptest.PC6(phone, 1, c.more...).Bytes())
		if err != nil || p.Phone() != c.want {
			t.Errorf("%s: %v %v", name, p.Phone(), err)
		}
	}
}

// A question has the form of RFC 4861: to the group of the address, with ours.
func TestQuestion(t *testing.T) {
	f := AppendNS(nil, phone, dhcptest.LinkLocal(phone), netip.MustParseAddr("2001:db8::12:3456"))
	if len(f) != 14+40+32 || !bytes.Equal(f[:6], []byte{0x33, 0x33, 0xff, 0x12, 0x34, 0x56}) || f[21] != 255 {
		t.Errorf("% x", f)
	}
	sum := uint32(58 + 32)
	for i := 22; i < len(f); i += 2 {
		sum += uint32(f[i])<<8 | uint32(f[i+1])
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	if sum != 0xffff {
		t.Errorf("checksum %x", sum)
	}
}
