// Package dhcptest writes DHCP requests and takes replies apart for the tests of
// the DHCP server. It shares no code with the codec under test, so that a
// mistake there is not made here as well.
//
// Requests are those of the fifty checks: phones as a 7961 asks (RFC 2131, RFC
// 2132), other hosts, and the malformed set. Values without state. Failure:
// Parse says why bytes are no reply. Testing: it is what tests are made of.
package dhcptest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"option150/platform/ether"
)

// Server is the address of the box in the set-up of the checks.
const Server = "10.77.0.1"

// Epoch is when the checks take place.
var Epoch = time.Date(2026, 2, 9, 19, 41, 0, 0, time.UTC)

// Option is an option of a test request, in the order given.
type Option struct {
	Code byte
	Val  []byte
}

// Request is a packet under construction.
type Request struct {
	Op, HType, HLen, Hops byte
	XID                   uint32
	Secs, Flags           uint16
	CIAddr, GIAddr        string
	MAC                   ether.MAC
	Opts                  []Option
	File, Sname           []byte
	NoCookie, NoEnd       bool
	Tail                  []byte
}

// NewOption is an option of that code and value.
func NewOption(code byte, val []byte) Option { return Option{code, val} }

// IP reads an address.
func IP(s string) netip.Addr { return netip.MustParseAddr(s) }

// Addrs are addresses as they stand in a packet.
func Addrs(s ...string) []byte {
	var b []byte
	for _, a := range s {
		v := IP(a).As4()
		b = append(b, v[:]...)
	}
	return b
}

// MAC is one of the hardware addresses of the checks.
func MAC(hi, lo byte) ether.MAC { return ether.MAC{2, 0, 0, 0, hi, lo} }

// ClientID is the client identifier a phone makes of its address.
func ClientID(m ether.MAC) []byte { return append([]byte{1}, m[:]...) }

// PhoneClass is the vendor class of a 7961, its NUL included.
const PhoneClass = "Cisco Systems, Inc. IP Phone CP-7961G\x00"

// Phone is a request as a 7961 sends it.
func Phone(m ether.MAC, typ byte, more ...Option) Request {
	r := Request{Op: 1, HType: 1, HLen: 6, XID: 0x1b3a, MAC: m}
	r.Opts = []Option{{53, []byte{typ}}, {61, ClientID(m)}, {12, []byte(m.Device())}, {60, []byte(PhoneClass)}}
	r.Opts = append(r.Opts, more...)
	r.Opts = append(r.Opts, Option{55, []byte{1, 66, 6, 3, 15, 150, 35}})
	return r
}

// PC is a request of something that is not a phone.
func PC(m ether.MAC, typ byte, more ...Option) Request {
	r := Request{Op: 1, HType: 1, HLen: 6, XID: 7, MAC: m}
	r.Opts = append([]Option{{53, []byte{typ}}}, more...)
	return r
}

// Bytes is the request on the wire.
func (r Request) Bytes() []byte {
	b := make([]byte, 236)
	b[0], b[1], b[2], b[3] = r.Op, r.HType, r.HLen, r.Hops
	binary.BigEndian.PutUint32(b[4:], r.XID)
	binary.BigEndian.PutUint16(b[8:], r.Secs)
	binary.BigEndian.PutUint16(b[10:], r.Flags)
	if r.CIAddr != "" {
		copy(b[12:], Addrs(r.CIAddr))
	}
	if r.GIAddr != "" {
		copy(b[24:], Addrs(r.GIAddr))
	}
	copy(b[28:], r.MAC[:])
	copy(b[44:108], r.Sname)
	copy(b[108:], r.File)
	if r.NoCookie {
		return b
	}
	b = append(b, 99, 130, 83, 99)
	for _, o := range r.Opts {
		b = append(append(b, o.Code, byte(len(o.Val))), o.Val...)
	}
	if !r.NoEnd {
		b = append(b, 255)
	}
	return append(b, r.Tail...)
}

// Reply is a reply taken apart without the codec under test.
type Reply struct {
	Type   byte
	YIAddr netip.Addr
	Order  []byte
	Opts   map[byte][]byte
}

var errReply = errors.New("not a reply")

func (p Reply) Has(code byte) bool { _, ok := p.Opts[code]; return ok }

// Parse takes a reply apart.
func Parse(b []byte) (Reply, error) {
	p := Reply{Opts: map[byte][]byte{}}
	if len(b) < 241 || b[0] != 2 || b[3] != 0 {
		return p, fmt.Errorf("%w: %d bytes begin % x", errReply, len(b), b[:min(len(b), 8)])
	}
	if a := netip.AddrFrom4([4]byte(b[16:20])); !a.IsUnspecified() {
		p.YIAddr = a
	}
	o := b[240:]
	for {
		if len(o) == 0 {
			return p, fmt.Errorf("%w: without END", errReply)
		}
		if o[0] == 255 {
			break
		}
		p.Order = append(p.Order, o[0])
		p.Opts[o[0]] = append(p.Opts[o[0]], o[2:2+int(o[1])]...)
		if p.Opts[o[0]] == nil {
			p.Opts[o[0]] = []byte{}
		}
		o = o[2+int(o[1]):]
	}
	if v := p.Opts[53]; len(v) > 0 {
		p.Type = v[0]
	}
	return p, nil
}
