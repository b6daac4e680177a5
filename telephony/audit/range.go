package audit

import (
	"encoding/binary"
	"net/netip"

	"option150/dhcp"
	"option150/platform/sorted"
)

// networks are all networks of a pool.
func networks(p *dhcp.Pool) []netip.Prefix {
	if !p.Network.IsValid() {
		return nil
	}
	out := []netip.Prefix{p.Network.Masked()}
	for _, n := range p.Secondary {
		out = append(out, n.Masked())
	}
	return out
}

// lastOf is the last address of an IPv4 network: its broadcast address.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	n := binary.BigEndian.Uint32(b[:]) | uint32(uint64(1)<<(32-p.Bits())-1)
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}

// span is the number of addresses from one to another.
func span(first, last netip.Addr) int {
	f, l := first.As4(), last.As4()
	return max(0, int(binary.BigEndian.Uint32(l[:]))-int(binary.BigEndian.Uint32(f[:]))+1)
}

func later(a, b netip.Addr) netip.Addr {
	if a.Less(b) {
		return b
	}
	return a
}

func earlier(a, b netip.Addr) netip.Addr {
	if b.Less(a) {
		return b
	}
	return a
}

// covered counts the addresses that lie in any of the ranges.
func covered(rs []dhcp.Range) (n int) {
	sorted.By(rs, func(a, b dhcp.Range) int { return a.First.Compare(b.First) })
	var end netip.Addr
	for _, r := range rs {
		if end.IsValid() && r.First.Compare(end) <= 0 {
			if r.Last.Compare(end) <= 0 {
				continue
			}
			r.First = end.Next()
		}
		n += span(r.First, r.Last)
		end = r.Last
	}
	return n
}
