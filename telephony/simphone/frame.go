package simphone

import (
	"encoding/binary"
	"net/netip"

	"option150/platform/ether"
)

// Frames are written and read by hand: the phone has no address yet, so the
// kernel's UDP is of no use. [RFC 894, 791, 768]
const (
	etherSize  = 14
	ipSize     = 20
	udpSize    = 8
	etherIPv4  = 0x0800
	protoUDP   = 17
	portServer = 67
	portClient = 68
	phoneTTL   = 64 // of the DHCP packets of these models [facts/phones.md 1.1]
)

// broadcastFrame wraps a DHCP payload: from 0.0.0.0:68 to 255.255.255.255:67.
func broadcastFrame(mac ether.MAC, payload []byte) []byte {
	b := make([]byte, etherSize+ipSize+udpSize, etherSize+ipSize+udpSize+len(payload))
	copy(b, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	copy(b[6:], mac[:])
	be := binary.BigEndian
	be.PutUint16(b[12:], etherIPv4)
	ip := b[etherSize:][:ipSize]
	ip[0] = 0x45
	be.PutUint16(ip[2:], uint16(ipSize+udpSize+len(payload)))
	ip[8], ip[9] = phoneTTL, protoUDP
	copy(ip[16:], []byte{255, 255, 255, 255})
	be.PutUint16(ip[10:], ^sum(0, ip))
	udp := b[etherSize+ipSize:]
	be.PutUint16(udp, portClient)
	be.PutUint16(udp[2:], portServer)
	be.PutUint16(udp[4:], uint16(udpSize+len(payload)))
	b = append(b, payload...)
	// The pseudo header is protocol and length; the addresses are 0.0.0.0 and
	// 255.255.255.255, whose ones' complement sum is zero.
	c := ^sum(uint32(protoUDP)+uint32(udpSize+len(payload)), b[etherSize+ipSize:])
	if c == 0 {
		c = 0xffff // zero means: none
	}
	be.PutUint16(b[etherSize+ipSize+6:], c)
	return b
}

// sum is the ones' complement sum of RFC 1071.
func sum(s uint32, b []byte) uint16 {
	for ; len(b) >= 2; b = b[2:] {
		s += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return uint16(s)
}

// udpPayload is the payload of a frame to UDP port 68, and who sent it. The
// UDP checksum is not looked at: between two namespaces of one machine it is
// not filled in.
func udpPayload(b []byte) (from netip.Addr, payload []byte, ok bool) {
	be := binary.BigEndian
	if len(b) < etherSize+ipSize+udpSize || be.Uint16(b[12:]) != etherIPv4 {
		return from, nil, false
	}
	ip := b[etherSize:]
	h, total := int(ip[0]&15)*4, int(be.Uint16(ip[2:]))
	if ip[0]>>4 != 4 || h < ipSize || total < h+udpSize || total > len(ip) ||
		ip[9] != protoUDP || be.Uint16(ip[6:])&0x3fff != 0 || sum(0, ip[:h]) != 0xffff {
		return from, nil, false
	}
	udp := ip[h:total]
	n := int(be.Uint16(udp[4:]))
	if be.Uint16(udp[2:]) != portClient || n < udpSize || n > len(udp) {
		return from, nil, false
	}
	return netip.AddrFrom4([4]byte(ip[12:16])), udp[udpSize:n], true
}
