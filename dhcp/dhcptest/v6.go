package dhcptest

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"option150/platform/ether"
)

// Option6 is an option of a DHCPv6 message, in the order given.
type Option6 struct {
	Code uint16
	Val  []byte
}

// Message6 is a DHCPv6 message under construction.
type Message6 struct {
	Type byte
	XID  uint32
	Opts []Option6
}

// Phone6Class is the vendor class (option 16) of a phone, with its enterprise.
const Phone6Class = "Cisco Systems, Inc. IP Phone CP-8841"

// Opt6 is an option of that code and value.
func Opt6(code uint16, val ...byte) Option6 { return Option6{code, val} }

// DUID is the DUID-LL of a hardware address.
func DUID(m ether.MAC) []byte { return append([]byte{0, 3, 0, 1}, m[:]...) }

// LinkLocal is the address a station makes of its hardware address.
func LinkLocal(m ether.MAC) netip.Addr {
	return netip.AddrFrom16([16]byte{0xfe, 0x80, 8: m[0] ^ 2, 9: m[1], 10: m[2], 11: 0xff, 12: 0xfe, 13: m[3], 14: m[4], 15: m[5]})
}

// IA6 is an association (option 3) with addresses.
func IA6(id uint32, addrs ...netip.Addr) Option6 { return IAOf(3, id, addrs...) }

// IAOf is an association of a kind: 3, 4 without its times, or 25.
func IAOf(kind uint16, id uint32, addrs ...netip.Addr) Option6 {
	v := binary.BigEndian.AppendUint32(nil, id)
	if kind != 4 {
		v = append(v, 0, 0, 0, 0, 0, 0, 0, 0)
	}
	for _, a := range addrs {
		x := a.As16()
		v = append(v, 0, 5, 0, 24)
		v = append(append(v, x[:]...), 0, 0, 0, 0, 0, 0, 0, 0)
	}
	return Option6{kind, v}
}

// Class6 is a vendor class option.
func Class6(enterprise uint32, text string) Option6 {
	v := binary.BigEndian.AppendUint32(nil, enterprise)
	v = binary.BigEndian.AppendUint16(v, uint16(len(text)))
	return Option6{16, append(v, text...)}
}

// Asks6 is an option request.
func Asks6(codes ...uint16) Option6 {
	o := Option6{Code: 6, Val: []byte{}}
	for _, c := range codes {
		o.Val = binary.BigEndian.AppendUint16(o.Val, c)
	}
	return o
}

// Phone6 is a message as a phone sends it: it says what it is and asks for names
// and servers, not for the vendor option.
func Phone6(m ether.MAC, typ byte, more ...Option6) Message6 {
	r := Message6{Type: typ, XID: 0x1b3a00 | uint32(m[5])}
	r.Opts = append([]Option6{{1, DUID(m)}, Class6(9, Phone6Class), Asks6(23, 24)}, more...)
	return r
}

// PC6 is a message of something that is not a phone.
func PC6(m ether.MAC, typ byte, more ...Option6) Message6 {
	r := Message6{Type: typ, XID: 0x70000 | uint32(m[4])<<8 | uint32(m[5])}
	r.Opts = append([]Option6{{1, DUID(m)}, Asks6(23, 24)}, more...)
	return r
}

// Without leaves options of a code out.
func (r Message6) Without(code uint16) Message6 {
	var keep []Option6
	for _, o := range r.Opts {
		if o.Code != code {
			keep = append(keep, o)
		}
	}
	r.Opts = keep
	return r
}

// Bytes is the message on the wire.
func (r Message6) Bytes() []byte {
	b := []byte{r.Type, byte(r.XID >> 16), byte(r.XID >> 8), byte(r.XID)}
	return append(b, Options6(r.Opts...)...)
}

// Options6 are options on the wire.
func Options6(opts ...Option6) (b []byte) {
	for _, o := range opts {
		b = binary.BigEndian.AppendUint16(b, o.Code)
		b = binary.BigEndian.AppendUint16(b, uint16(len(o.Val)))
		b = append(b, o.Val...)
	}
	return b
}

// Relayed is a message as a relay sends it on.
func Relayed(hops byte, link, peer netip.Addr, inner []byte, more ...Option6) []byte {
	l, p := link.As16(), peer.As16()
	b := append([]byte{12, hops}, l[:]...)
	b = append(b, p[:]...)
	return append(b, Options6(append(more, Option6{9, inner})...)...)
}

// Reply6 is a DHCPv6 reply taken apart without the codec under test.
type Reply6 struct {
	Relays []Relay6 // the outermost first
	Type   byte
	XID    uint32
	Order  []uint16
	Opts   map[uint16][][]byte
	IAs    []Got6
	Status int // of the whole, -1 = none
}

// Relay6 is a relay-reply around it.
type Relay6 struct {
	Hops       byte
	Link, Peer netip.Addr
	Opts       map[uint16][]byte
}

// Got6 is an association of a reply.
type Got6 struct {
	Kind   uint16
	ID     uint32
	T1, T2 uint32
	Addrs  []Addr6
	Status int // -1 = none
}

// Addr6 is an address with its lifetimes.
type Addr6 struct {
	Addr             netip.Addr
	Preferred, Valid uint32
}

// Has reports whether an option is there.
func (p Reply6) Has(code uint16) bool { return len(p.Opts[code]) > 0 }

// Val is the value of an option, nil if it is not there.
func (p Reply6) Val(code uint16) []byte {
	if v := p.Opts[code]; len(v) > 0 {
		return v[0]
	}
	return nil
}

// Addr is the first address given, invalid if there is none.
func (p Reply6) Addr() netip.Addr {
	for _, ia := range p.IAs {
		for _, a := range ia.Addrs {
			if a.Valid > 0 {
				return a.Addr
			}
		}
	}
	return netip.Addr{}
}

// Vendor is the value of a suboption of an enterprise, nil if there is none.
func (p Reply6) Vendor(enterprise uint32, code uint16) (out []byte) {
	for _, v := range p.Opts[17] {
		if len(v) < 4 || binary.BigEndian.Uint32(v) != enterprise {
			continue
		}
		_ = walk6(v[4:], func(c uint16, x []byte) error {
			if c == code {
				out = x
			}
			return nil
		})
	}
	return out
}

// Parse6 takes a reply apart.
func Parse6(b []byte) (Reply6, error) {
	p := Reply6{Opts: map[uint16][][]byte{}, Status: -1}
	for len(b) >= 34 && b[0] == 13 {
		r := Relay6{Hops: b[1], Link: netip.AddrFrom16([16]byte(b[2:18])), Peer: netip.AddrFrom16([16]byte(b[18:34])), Opts: map[uint16][]byte{}}
		if err := walk6(b[34:], func(c uint16, v []byte) error { r.Opts[c] = v; return nil }); err != nil {
			return p, err
		}
		p.Relays = append(p.Relays, r)
		b = r.Opts[9]
	}
	if len(b) < 4 {
		return p, fmt.Errorf("%w: %d bytes", errReply, len(b))
	}
	p.Type, p.XID = b[0], uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3])
	return p, walk6(b[4:], func(code uint16, v []byte) error {
		p.Order = append(p.Order, code)
		p.Opts[code] = append(p.Opts[code], v)
		switch code {
		case 13:
			p.Status = int(binary.BigEndian.Uint16(v))
		case 3, 4, 25:
			g := Got6{Kind: code, ID: binary.BigEndian.Uint32(v), Status: -1}
			v = v[4:]
			if code != 4 {
				g.T1, g.T2, v = binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:]), v[8:]
			}
			err := walk6(v, func(c uint16, v []byte) error {
				switch c {
				case 5:
					g.Addrs = append(g.Addrs, Addr6{netip.AddrFrom16([16]byte(v)), binary.BigEndian.Uint32(v[16:]), binary.BigEndian.Uint32(v[20:])})
				case 13:
					g.Status = int(binary.BigEndian.Uint16(v))
				}
				return nil
			})
			p.IAs = append(p.IAs, g)
			return err
		}
		return nil
	})
}

func walk6(b []byte, f func(uint16, []byte) error) error {
	for len(b) > 0 {
		if len(b) < 4 || int(binary.BigEndian.Uint16(b[2:])) > len(b)-4 {
			return fmt.Errorf("%w: an option is cut", errReply)
		}
		n := int(binary.BigEndian.Uint16(b[2:]))
		if err := f(binary.BigEndian.Uint16(b), b[4:4+n]); err != nil {
			return err
		}
		b = b[4+n:]
	}
	return nil
}

// With adds options at the end.
func (r Message6) With(more ...Option6) Message6 {
	r.Opts = append(append([]Option6{}, r.Opts...), more...)
	return r
}
