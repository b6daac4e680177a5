package wire

import (
	"encoding/binary"
	"net/netip"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// What is read of frames: the hardware address of who sent a message, which
// nothing in the message tells for sure, and the answer to the question who has
// an address. [RFC 8415, RFC 4861 4.3, 4.4]

const (
	IPv6Len   = 40
	TypeIPv6  = 0x86dd
	ProtoICMP = 58
	TypeRA    = 134
	TypeNS    = 135
	TypeNA    = 136
	naLen     = 24
)

// ParseUDP takes an Ethernet frame with a UDP datagram over IPv6 apart, one
// without extension headers. Checksums are not looked at, see wire.ParseUDP.
func ParseUDP(f []byte) (d wire.Datagram, ok bool) {
	p, ok := ipv6(f, wire.ProtoUDP)
	if !ok || len(p) < IPv6Len+wire.UDPLen {
		return d, false
	}
	u := p[IPv6Len:]
	n := int(binary.BigEndian.Uint16(u[4:]))
	if n < wire.UDPLen || n > len(u) {
		return d, false
	}
	d.Dest, d.Source = ether.MAC(f[:6]), ether.MAC(f[6:12])
	d.From = netip.AddrPortFrom(netip.AddrFrom16([16]byte(p[8:24])), binary.BigEndian.Uint16(u))
	d.To = netip.AddrPortFrom(netip.AddrFrom16([16]byte(p[24:40])), binary.BigEndian.Uint16(u[2:]))
	d.Payload = u[wire.UDPLen:n]
	return d, true
}

// ipv6 is the packet of a frame, cut to its length.
func ipv6(f []byte, next byte) (p []byte, ok bool) {
	if len(f) < wire.EtherLen+IPv6Len || binary.BigEndian.Uint16(f[12:]) != TypeIPv6 {
		return nil, false
	}
	p = f[wire.EtherLen:]
	n := IPv6Len + int(binary.BigEndian.Uint16(p[4:]))
	if p[0]>>4 != 6 || p[6] != next || n > len(p) {
		return nil, false
	}
	return p[:n], true
}

// ParseNA is who answers that it has an address.
func ParseNA(f []byte) (addr netip.Addr, mac ether.MAC, ok bool) {
	p, ok := ipv6(f, ProtoICMP)
	if !ok || len(p) < IPv6Len+naLen || p[IPv6Len] != TypeNA || p[7] != 255 {
		return addr, mac, false
	}
	addr, mac = netip.AddrFrom16([16]byte(p[IPv6Len+8:])), ether.MAC(f[6:12])
	for o := p[IPv6Len+naLen:]; len(o) >= 8; {
		n := 8 * int(o[1])
		if n == 0 || n > len(o) {
			break
		}
		if o[0] == 2 && n == 8 { // target link-layer address
			mac = ether.MAC(o[2:8])
		}
		o = o[n:]
	}
	return addr, mac, true
}

// Router is a router that advertises itself. [RFC 4861 4.2]
type Router struct {
	Addr     netip.Addr
	MAC      ether.MAC
	HopLimit byte
	Managed  bool   // the M flag: addresses are to be had by DHCPv6
	Other    bool   // the O flag: other information is
	Lifetime uint16 // seconds it is a default router for
}

// ParseRA reads a router advertisement.
func ParseRA(f []byte) (r Router, ok bool) {
	const raLen = 16
	p, ok := ipv6(f, ProtoICMP)
	if !ok || len(p) < IPv6Len+raLen || p[IPv6Len] != TypeRA || p[7] != 255 {
		return r, false
	}
	r.Addr, r.MAC = netip.AddrFrom16([16]byte(p[8:24])), ether.MAC(f[6:12])
	i := p[IPv6Len:]
	r.HopLimit, r.Managed, r.Other, r.Lifetime = i[4], i[5]&0x80 != 0, i[5]&0x40 != 0, binary.BigEndian.Uint16(i[6:])
	return r, r.Addr.IsLinkLocalUnicast()
}

// AppendRS writes the frame that asks routers to advertise themselves. [RFC 4861
// 4.1]
func AppendRS(b []byte, src ether.MAC, from netip.Addr) []byte {
	icmp := append([]byte{133, 0, 0, 0, 0, 0, 0, 0, 1, 1}, src[:]...)
	return appendICMP(b, ether.MAC{0x33, 0x33, 0, 0, 0, 2}, src, from, netip.MustParseAddr("ff02::2"), icmp)
}

// AppendNS writes the frame that asks who has an address. from is an address of
// the interface: a question from nowhere would make a station that is about to
// take the address believe that somebody else is.
func AppendNS(b []byte, src ether.MAC, from, target netip.Addr) []byte {
	t := target.As16()
	group := netip.AddrFrom16([16]byte{0xff, 2, 11: 1, 12: 0xff, 13: t[13], 14: t[14], 15: t[15]})
	icmp := append([]byte{TypeNS, 0, 0, 0, 0, 0, 0, 0}, t[:]...)
	icmp = append(append(icmp, 1, 1), src[:]...) // source link-layer address
	return appendICMP(b, ether.MAC{0x33, 0x33, 0xff, t[13], t[14], t[15]}, src, from, group, icmp)
}

// appendICMP writes a frame of ICMPv6; the checksum in the message is 0 as it
// comes.
func appendICMP(b []byte, dst, src ether.MAC, from, to netip.Addr, icmp []byte) []byte {
	b = append(append(b, dst[:]...), src[:]...)
	b = binary.BigEndian.AppendUint16(b, TypeIPv6)
	at := len(b)
	f, t := from.As16(), to.As16()
	b = append(b, 0x60, 0, 0, 0, 0, byte(len(icmp)), ProtoICMP, 255)
	b = append(append(b, f[:]...), t[:]...)
	b = append(b, icmp...)
	c := wire.Sum(uint32(ProtoICMP)+uint32(len(icmp)), b[at+8:at+IPv6Len])
	binary.BigEndian.PutUint16(b[at+IPv6Len+2:], ^wire.Fold(wire.Sum(c, b[at+IPv6Len:])))
	return b
}
