package wire

import (
	"encoding/binary"
	"net/netip"

	"option150/platform/ether"
)

// The frames the server writes and reads itself: a reply to a client that has
// no address yet cannot go through the kernel, which would ask for it by ARP.

const (
	EtherLen   = 14
	IPv4Len    = 20
	UDPLen     = 8
	TypeIPv4   = 0x0800
	TypeARP    = 0x0806
	ProtoUDP   = 17
	ARPLen     = 28
	ARPRequest = 1
	arpReply   = 2
)

var BroadcastMAC = ether.MAC{255, 255, 255, 255, 255, 255}

// AppendUDP writes an Ethernet frame with a UDP datagram.
func AppendUDP(b []byte, dst, src ether.MAC, from, to netip.AddrPort, payload []byte) []byte {
	b = append(append(b, dst[:]...), src[:]...)
	b = binary.BigEndian.AppendUint16(b, TypeIPv4)
	at := len(b)
	b = append(b, 0x45, 0x10) // version and length; low delay
	b = binary.BigEndian.AppendUint16(b, uint16(IPv4Len+UDPLen+len(payload)))
	b = append(b, 0, 0, 0, 0, 64, ProtoUDP, 0, 0)
	b = AppendAddr(b, from.Addr())
	b = AppendAddr(b, to.Addr())
	binary.BigEndian.PutUint16(b[at+10:], ^Fold(Sum(0, b[at:])))
	udp := len(b)
	b = binary.BigEndian.AppendUint16(b, from.Port())
	b = binary.BigEndian.AppendUint16(b, to.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(UDPLen+len(payload)))
	b = append(b, 0, 0)
	b = append(b, payload...)
	pseudo := Sum(uint32(ProtoUDP)+uint32(UDPLen+len(payload)), b[at+12:at+20])
	c := ^Fold(Sum(pseudo, b[udp:]))
	if c == 0 {
		c = 0xffff // 0 means no checksum
	}
	binary.BigEndian.PutUint16(b[udp+6:], c)
	return b
}

// Sum adds the 16-bit words of b. [RFC 1071]
func Sum(n uint32, b []byte) uint32 {
	for ; len(b) >= 2; b = b[2:] {
		n += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		n += uint32(b[0]) << 8
	}
	return n
}

func Fold(n uint32) uint16 {
	for n > 0xffff {
		n = n>>16 + n&0xffff
	}
	return uint16(n)
}

// AppendARPProbe asks who has the address without claiming one. [RFC 5227]
func AppendARPProbe(b []byte, src ether.MAC, a netip.Addr) []byte {
	b = append(append(b, BroadcastMAC[:]...), src[:]...)
	b = binary.BigEndian.AppendUint16(b, TypeARP)
	b = append(b, 0, 1, 8, 0, 6, 4, 0, ARPRequest)
	b = append(append(b, src[:]...), 0, 0, 0, 0)
	b = append(b, 0, 0, 0, 0, 0, 0)
	return AppendAddr(b, a)
}

// ARP is what an ARP packet says of its sender. [RFC 826]
type ARP struct {
	MAC   ether.MAC
	Addr  netip.Addr
	Reply bool      // it is an answer
	To    ether.MAC // whom it answers
}

// ParseARP returns who claims which address; ok is false for a probe, which
// claims none, and for everything that is not ARP for IPv4 over Ethernet.
func ParseARP(f []byte) (a ARP, ok bool) {
	if len(f) < EtherLen+ARPLen || binary.BigEndian.Uint16(f[12:]) != TypeARP {
		return a, false
	}
	p := f[EtherLen:]
	if [6]byte(p[:6]) != [6]byte{0, 1, 8, 0, 6, 4} {
		return a, false
	}
	a = ARP{MAC: ether.MAC(p[8:14]), Addr: AddrOf(p[14:18]), Reply: p[6] == 0 && p[7] == arpReply, To: ether.MAC(p[18:24])}
	return a, a.Addr.IsValid()
}

// Datagram is a UDP datagram found in a frame.
type Datagram struct {
	Source   ether.MAC
	Dest     ether.MAC
	From, To netip.AddrPort
	Payload  []byte // within the frame
}

// ParseUDP takes an Ethernet frame with an unfragmented UDP datagram apart. The
// UDP checksum is not looked at: the frame has crossed one wire, under a better
// one, and a virtual interface hands frames over before it is computed.
func ParseUDP(f []byte) (d Datagram, ok bool) {
	if len(f) < EtherLen+IPv4Len+UDPLen || binary.BigEndian.Uint16(f[12:]) != TypeIPv4 {
		return d, false
	}
	p := f[EtherLen:]
	head := int(p[0]&15) * 4
	total := int(binary.BigEndian.Uint16(p[2:]))
	if p[0]>>4 != 4 || head < IPv4Len || total < head+UDPLen || total > len(p) || p[9] != ProtoUDP {
		return d, false
	}
	if binary.BigEndian.Uint16(p[6:])&0x3fff != 0 || Fold(Sum(0, p[:head])) != 0xffff {
		return d, false
	}
	u := p[head:total]
	n := int(binary.BigEndian.Uint16(u[4:]))
	if n < UDPLen || n > len(u) {
		return d, false
	}
	d.Dest, d.Source = ether.MAC(f[:6]), ether.MAC(f[6:12])
	d.From = netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[12:16])), binary.BigEndian.Uint16(u))
	d.To = netip.AddrPortFrom(netip.AddrFrom4([4]byte(p[16:20])), binary.BigEndian.Uint16(u[2:]))
	d.Payload = u[UDPLen:n]
	return d, true
}

// WatchDiscover is the DISCOVER that makes other servers show themselves. It
// asks with the interface's own address, because some servers answer there
// even when told to broadcast, and under an identifier no client has. Servers
// decide by the vendor class what they give; "" sends none.
func WatchDiscover(src ether.MAC, xid [4]byte, class string) []byte {
	b := make([]byte, HeaderLen, minReply)
	b[0], b[1], b[2] = OpRequest, 1, 6
	copy(b[4:], xid[:])
	b[10] = FlagBcast >> 8
	copy(b[28:], src[:])
	b = append(b, cookie...)
	b = appendItem(b, Item{OptMessageType, []byte{MsgDiscover}})
	b = appendItem(b, Item{OptClientID, append([]byte{0}, "option150-watch"...)})
	if class != "" {
		b = appendItem(b, Item{OptVendorClass, []byte(class[:min(len(class), 128)])})
	}
	b = appendItem(b, Item{OptParameters, []byte{OptMask, OptRouters, OptTFTPName, OptTFTPAddrs}})
	b = append(b, OptEnd)
	return append(b, make([]byte, max(minReply-len(b), 0))...)
}
