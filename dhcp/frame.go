package dhcp

import (
	"encoding/binary"
	"net/netip"

	"option150/platform/ether"
)

// The frames the server writes and reads itself: a reply to a client that has
// no address yet cannot go through the kernel, which would ask for it by ARP.

const (
	etherLen   = 14
	ipv4Len    = 20
	udpLen     = 8
	typeIPv4   = 0x0800
	typeARP    = 0x0806
	protoUDP   = 17
	arpLen     = 28
	arpRequest = 1
)

var broadcastMAC = ether.MAC{255, 255, 255, 255, 255, 255}

// appendFrameUDP writes an Ethernet frame with a UDP datagram.
func appendFrameUDP(b []byte, dst, src ether.MAC, from, to netip.AddrPort, payload []byte) []byte {
	b = append(append(b, dst[:]...), src[:]...)
	b = binary.BigEndian.AppendUint16(b, typeIPv4)
	at := len(b)
	b = append(b, 0x45, 0x10) // version and length; low delay
	b = binary.BigEndian.AppendUint16(b, uint16(ipv4Len+udpLen+len(payload)))
	b = append(b, 0, 0, 0, 0, 64, protoUDP, 0, 0)
	b = appendAddr(b, from.Addr())
	b = appendAddr(b, to.Addr())
	binary.BigEndian.PutUint16(b[at+10:], ^fold(sum(0, b[at:])))
	udp := len(b)
	b = binary.BigEndian.AppendUint16(b, from.Port())
	b = binary.BigEndian.AppendUint16(b, to.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(udpLen+len(payload)))
	b = append(b, 0, 0)
	b = append(b, payload...)
	pseudo := sum(uint32(protoUDP)+uint32(udpLen+len(payload)), b[at+12:at+20])
	c := ^fold(sum(pseudo, b[udp:]))
	if c == 0 {
		c = 0xffff // 0 means no checksum
	}
	binary.BigEndian.PutUint16(b[udp+6:], c)
	return b
}

// sum adds the 16-bit words of b. [RFC 1071]
func sum(n uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		n += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		n += uint32(b[0]) << 8
	}
	return n
}

func fold(n uint32) uint16 {
	for n > 0xffff {
		n = n>>16 + n&0xffff
	}
	return uint16(n)
}

// appendARPProbe asks who has the address without claiming one. [RFC 5227]
func appendARPProbe(b []byte, src ether.MAC, a netip.Addr) []byte {
	b = append(append(b, broadcastMAC[:]...), src[:]...)
	b = binary.BigEndian.AppendUint16(b, typeARP)
	b = append(b, 0, 1, 8, 0, 6, 4, 0, arpRequest)
	b = append(append(b, src[:]...), 0, 0, 0, 0)
	b = append(b, 0, 0, 0, 0, 0, 0)
	return appendAddr(b, a)
}

// parseARP returns who claims which address; ok is false for a probe, which
// claims none, and for everything that is not ARP for IPv4 over Ethernet.
func parseARP(f []byte) (mac ether.MAC, a netip.Addr, ok bool) {
	if len(f) < etherLen+arpLen || binary.BigEndian.Uint16(f[12:]) != typeARP {
		return mac, a, false
	}
	p := f[etherLen:]
	if [6]byte(p[:6]) != [6]byte{0, 1, 8, 0, 6, 4} {
		return mac, a, false
	}
	a = addrOf(p[14:18])
	return ether.MAC(p[8:14]), a, a.IsValid()
}

// datagramFrame is a UDP datagram found in a frame.
type datagramFrame struct {
	source   ether.MAC
	dest     ether.MAC
	from, to netip.AddrPort
	payload  []byte // within the frame
}

// parseUDP takes an Ethernet frame with an unfragmented UDP datagram apart. The
// UDP checksum is not looked at: the frame has crossed one wire, under a better
// one, and a virtual interface hands frames over before it is computed.
func parseUDP(f []byte) (d datagramFrame, ok bool) {
	if len(f) < etherLen+ipv4Len+udpLen || binary.BigEndian.Uint16(f[12:]) != typeIPv4 {
		return d, false
	}
	p := f[etherLen:]
	head := int(p[0]&15) * 4
	total := int(binary.BigEndian.Uint16(p[2:]))
	if p[0]>>4 != 4 || head < ipv4Len || total < head+udpLen || total > len(p) || p[9] != protoUDP {
		return d, false
	}
	if binary.BigEndian.Uint16(p[6:])&0x3fff != 0 || fold(sum(0, p[:head])) != 0xffff {
		return d, false
	}
	u := p[head:total]
	n := int(binary.BigEndian.Uint16(u[4:]))
	if n < udpLen || n > len(u) {
		return d, false
	}
	d.dest, d.source = ether.MAC(f[:6]), ether.MAC(f[6:12])
	d.from = netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[12:16])), binary.BigEndian.Uint16(u))
	d.to = netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[16:20])), binary.BigEndian.Uint16(u[2:]))
	d.payload = u[udpLen:n]
	return d, true
}

// watchDiscover is the DISCOVER that makes other servers show themselves. It
// asks with the interface's own address, because some servers answer there
// even when told to broadcast, and under an identifier no client has.
func watchDiscover(src ether.MAC, xid [4]byte) []byte {
	b := make([]byte, headerLen, minReply)
	b[0], b[1], b[2] = opRequest, 1, 6
	copy(b[4:], xid[:])
	b[10] = flagBcast >> 8
	copy(b[28:], src[:])
	b = append(b, cookie...)
	b = appendItem(b, item{optMessageType, []byte{msgDiscover}})
	b = appendItem(b, item{optClientID, append([]byte{0}, "option150-watch"...)})
	b = appendItem(b, item{optParameters, []byte{optMask, optRouters, optTFTPName, optTFTPAddrs}})
	b = append(b, optEnd)
	return append(b, make([]byte, minReply-len(b))...)
}
