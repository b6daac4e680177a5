package wire

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

func TestFrameRoundTrip(t *testing.T) {
	for n := range 40 {
		payload := bytes.Repeat([]byte{byte(n), 0xff}, n)
		f := AppendUDP(nil, mac(1, 1), mac(2, 2), netip.MustParseAddrPort("10.0.0.1:67"), netip.MustParseAddrPort("10.0.0.2:68"), payload)
		d, ok := ParseUDP(f)
		if !ok || !bytes.Equal(d.Payload, payload) || d.Source != mac(2, 2) || d.To.Port() != 68 {
			t.Fatalf("%d bytes: %v %+v", len(payload), ok, d)
		}
		if binary.BigEndian.Uint16(f[EtherLen+2:]) != uint16(len(f)-EtherLen) {
			t.Error("length")
		}
		for cut := range f {
			ParseUDP(f[:cut])
			ParseARP(f[:cut])
		}
	}
	if a, ok := ParseARP(AppendARPProbe(nil, mac(1, 2), ip("10.0.0.9"))); ok {
		t.Errorf("a probe claims %+v", a)
	}
}

func TestCiscoPhone(t *testing.T) {
	for _, c := range []struct {
		class string
		want  bool
	}{
		{"Cisco Systems, Inc. IP Phone CP-7961G\x00", true}, {"Cisco Systems, Inc. IP Phone 7912", true},
		{"Cisco Systems Inc. Wireless Phone 7921", true}, {"Cisco System, Inc. IP Phone CP-8945", true},
		{"Cisco Systems, Inc.", true}, {"CP-8841-3PCC\x00", true}, {"CISCO ATA190", true}, {"CISCO SYSTEMS, INC. IP PHONE CP-7841", true},
		{"MSFT 5.0", false}, {"", false}, {"udhcp 1.35.0", false}, {"Cisco AP c2700", false}, {"ciscopnp", false}, {"CP-", false},
	} {
		if got := CiscoPhone(c.class); got != c.want {
			t.Errorf("%q: %v", c.class, got)
		}
	}
}

// FuzzOptionSet: what is read of the options of a message is what the library of
// the field reads. It refuses what does not end, so it is given an END.
func FuzzOptionSet(f *testing.F) {
	head := slices.Clone(phoneRequest(mac(0, 1), MsgDiscover).Bytes()[:HeaderLen+CookieLen])
	f.Add([]byte{53, 1, 1, 0, 0, 61, 2, 1, 2, 61, 1, 3, 80, 0, 255, 9})
	f.Add([]byte{53, 1, 1, 12, 250, 0x41})
	f.Add([]byte{53, 1, 1, 12, 1})
	f.Add([]byte{82})
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := dhcpv4.FromBytes(append(append(slices.Clone(head), b...), OptEnd))
		var o optionSet
		mine := o.read(b)
		if (err == nil) != (mine == nil) {
			t.Fatalf("% x: %v, the library says %v", b, mine, err)
		}
		for c := 0; err == nil && c < 256; c++ {
			v, ok := m.Options[uint8(c)]
			if ok != o.has[c] || !bytes.Equal(v, o.val[c]) {
				t.Fatalf("% x: option %d is % x (%v), the library says % x (%v)", b, c, o.val[c], o.has[c], v, ok)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, b := range malformed() {
		f.Add(b)
	}
	f.Add(phoneRequest(mac(0, 1), MsgDiscover).Bytes())
	r := phoneRequest(mac(0, 1), MsgRequest, opt(82, []byte{1, 2, 3, 4, 5, 4, 10, 88, 0, 0}), opt(52, []byte{3}))
	r.File, r.Sname = []byte{0x32, 4, 10, 77, 0, 166, 255}, []byte{12, 1, 65, 255}
	f.Add(r.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		before := slices.Clone(b)
		p, err := Decode(b)
		if !slices.Equal(b, before) {
			t.Fatal("the input was changed")
		}
		if err == nil && (len(p.ID) > MaxKey || len(p.Relay) > MaxRelayLen || p.MaxSize < DefPayload || p.MaxSize > MaxPayload) {
			t.Fatalf("out of bounds: %+v", p)
		}
	})
}

// FuzzOptions writes what a fuzzer thinks up and reads it with a reader of its
// own: nothing is lost but what had to be dropped, in the order given.
func FuzzOptions(f *testing.F) {
	f.Add([]byte{53, 1, 2, 54, 4, 1, 2, 3, 4, 150, 8, 1, 2, 3, 4, 5, 6, 7, 8}, 548)
	f.Add([]byte{61, 255, 0, 82, 200, 1}, 300)
	f.Fuzz(func(t *testing.T, spec []byte, limit int) {
		var items []Item
		var seen [256]bool
		for len(spec) >= 2 {
			code, n := spec[0], int(spec[1])*3
			spec = spec[2:]
			if code == OptPad || code == OptEnd || seen[code] || len(items) > 40 {
				continue
			}
			seen[code] = true
			v := make([]byte, n)
			copy(v, spec)
			items = append(items, Item{code, v})
		}
		limit = DefPayload + (limit&0x7fffffff)%(MaxPayload-DefPayload)
		want := slices.Clone(items)
		p := &Packet{HType: 1, MAC: mac(1, 1)}
		payload := Marshal(Header{Request: p}, items, limit)
		g, err := parse(payload)
		if err != nil {
			t.Fatal(err)
		}
		must := HeaderLen + CookieLen + 1
		for _, i := range want {
			if rank(i.Code) == 0 {
				must += i.wireLen()
			}
		}
		if len(payload) > max(limit, must) {
			t.Fatalf("%d bytes, limit %d, needed %d", len(payload), limit, must)
		}
		at := 0
		for _, i := range want {
			v, ok := g.Opts[i.Code]
			if !ok {
				if rank(i.Code) == 0 {
					t.Fatalf("option %d dropped", i.Code)
				}
				continue
			}
			if !slices.Equal(v, i.Val) {
				t.Fatalf("option %d differs", i.Code)
			}
			for at < len(g.Order) && g.Order[at] != i.Code {
				at++
			}
			if at == len(g.Order) {
				t.Fatalf("order %v", g.Order)
			}
		}
	})
}

func FuzzFrame(f *testing.F) {
	f.Add(AppendUDP(nil, mac(1, 1), mac(2, 2), netip.MustParseAddrPort("10.0.0.1:67"), netip.MustParseAddrPort("10.0.0.2:68"), []byte("abc")))
	f.Add(AppendARPProbe(nil, mac(1, 1), ip("10.0.0.1")))
	f.Fuzz(func(t *testing.T, b []byte) {
		ParseARP(b)
		if d, ok := ParseUDP(b); ok && len(d.Payload) > len(b) {
			t.Fatal("payload larger than the frame")
		}
	})
}

// FuzzPeek: what is found without reading is what reading finds, where it does
// find it.
func FuzzPeek(f *testing.F) {
	f.Add(phoneRequest(mac(0, 1), MsgDiscover).Bytes())
	f.Add(phoneRequest(mac(0, 1), MsgRequest, opt(82, []byte{1, 1, 1})).Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		typ := Peek(b)
		if p, err := Decode(b); err == nil && typ != MsgBootp && p.Type != typ {
			t.Fatalf("peeked %d, read %d", typ, p.Type)
		}
	})
}
