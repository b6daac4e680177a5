package wire

import (
	"encoding/binary"
	"net/netip"
)

// U32 is an IPv4 address as a number; the caller knows that it is one.
func U32(a netip.Addr) uint32 {
	v := a.As4()
	return binary.BigEndian.Uint32(v[:])
}

func FromU32(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}

// LastOf is the last address of a network, its broadcast address.
func LastOf(p netip.Prefix) netip.Addr {
	return FromU32(U32(p.Masked().Addr()) | uint32(1<<(32-p.Bits())-1))
}

// Usable is the range of host addresses of a network: all of /31 and /32, and
// everything but the first and the last of the others.
func Usable(p netip.Prefix) (first, last uint32) {
	first, last = U32(p.Masked().Addr()), U32(LastOf(p))
	if p.Bits() <= 30 {
		return first + 1, last - 1
	}
	return first, last
}

var LimitedBroadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
