package wire

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
	"time"
)

// Item is one option of a reply.
type Item struct {
	Code byte
	Val  []byte
}

// wireLen is the size of an option on the wire: one above 255 bytes is split
// (RFC 3396), an empty one is still two bytes.
func (i Item) wireLen() int {
	return len(i.Val) + 2*max(1, (len(i.Val)+254)/255)
}

// appendItem writes an option, split when it is long.
func appendItem(b []byte, i Item) []byte {
	v := i.Val
	for {
		n := min(len(v), 255)
		b = append(append(b, i.Code, byte(n)), v[:n]...)
		if v = v[n:]; len(v) == 0 {
			return b
		}
	}
}

// rank is how readily an option is left out of a reply that would exceed the
// client's limit (option 57): 0 never, the highest first. A phone comes up
// without a domain name, it does not without 150. [facts/dhcp.md 6.1]
func rank(code byte) int {
	switch code {
	case OptMessageType, OptServerID, OptLease, OptRelayInfo:
		return 0
	case OptMask, OptRapidCommit, OptV6Only, OptSubnetSel:
		return 1
	case OptTFTPAddrs:
		return 2
	case OptRouters:
		return 3
	case OptTFTPName:
		return 4
	case OptDNS:
		return 5
	case OptClientID:
		return 6
	case OptT1, OptT2:
		return 7
	case OptDomain:
		return 8
	case OptHostname:
		return 9
	}
	return 10
}

// longID is longer than the identifiers of phones and hosts: 7 to 22 bytes.
const longID = 64

// fit drops the least important items, the last of equals first, until the
// options and END take no more than room bytes. It reuses items.
func fit(items []Item, room int) []Item {
	size := 1
	for _, i := range items {
		size += i.wireLen()
	}
	// An identifier that is long enough to push out others goes before them.
	if i := slices.IndexFunc(items, func(i Item) bool { return i.Code == OptClientID && len(i.Val) > longID }); i >= 0 && size > room {
		size -= items[i].wireLen()
		items = slices.Delete(items, i, i+1)
	}
	for size > room {
		worst, at := 0, -1
		for n, i := range items {
			if r := rank(i.Code); r > 0 && r >= worst {
				worst, at = r, n
			}
		}
		if at < 0 {
			break // nothing left that may go
		}
		size -= items[at].wireLen()
		items = slices.Delete(items, at, at+1)
	}
	return items
}

// Header is the fixed part of a reply.
type Header struct {
	Request *Packet
	Flags   uint16
	CIAddr  netip.Addr
	YIAddr  netip.Addr
	SIAddr  netip.Addr
	File    string
}

// Marshal writes a reply of at least 300 and, if the options allow it, at most
// limit bytes.
func Marshal(h Header, items []Item, limit int) []byte {
	b := make([]byte, HeaderLen, max(limit, minReply))
	p := h.Request
	b[0], b[1], b[2] = OpReply, p.HType, 6
	copy(b[4:8], p.xid[:])
	binary.BigEndian.PutUint16(b[10:12], h.Flags)
	putAddr(b[12:16], h.CIAddr)
	putAddr(b[16:20], h.YIAddr)
	putAddr(b[20:24], h.SIAddr)
	putAddr(b[24:28], p.GIAddr)
	copy(b[28:44], p.Raw[:])
	copy(b[OffFile:HeaderLen-1], h.File) // always ends with a NUL
	b = append(b, cookie...)
	for _, i := range fit(items, limit-len(b)) {
		b = appendItem(b, i)
	}
	b = append(b, OptEnd)
	for len(b) < minReply {
		b = append(b, OptPad)
	}
	return b
}

func putAddr(b []byte, a netip.Addr) {
	if a.Is4() {
		v := a.As4()
		copy(b, v[:])
	}
}

func Text(s string) []byte {
	if s == "" {
		return nil
	}
	return []byte(s)
}

func AddrBytes(as []netip.Addr) []byte {
	var b []byte
	for _, a := range as {
		if a.Is4() {
			v := a.As4()
			b = append(b, v[:]...)
		}
	}
	return b
}

func Bytes(a netip.Addr) []byte { v := a.As4(); return v[:] }

func Mask(p netip.Prefix) []byte {
	return binary.BigEndian.AppendUint32(nil, uint32(math.MaxUint32<<(32-p.Bits())))
}

// Infinite is the lease that never ends, 0xffffffff on the wire.
const Infinite = time.Duration(math.MaxInt64)

// Seconds is a lease on the wire; 0xffffffff is infinite.
func Seconds(d time.Duration) uint32 {
	if d == Infinite {
		return math.MaxUint32
	}
	return uint32(min(max(d/time.Second, 1), math.MaxUint32-1))
}

// AppendAddr appends the four bytes of an address, zeros for none.
func AppendAddr(b []byte, a netip.Addr) []byte {
	var v [4]byte
	putAddr(v[:], a)
	return append(b, v[:]...)
}
