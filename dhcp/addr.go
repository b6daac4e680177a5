package dhcp

import (
	"encoding/binary"
	"net/netip"
)

// u32 is an IPv4 address as a number; the caller knows that it is one.
func u32(a netip.Addr) uint32 {
	v := a.As4()
	return binary.BigEndian.Uint32(v[:])
}

func fromU32(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}

// lastOf is the last address of a network, its broadcast address.
func lastOf(p netip.Prefix) netip.Addr {
	return fromU32(u32(p.Masked().Addr()) | uint32(1<<(32-p.Bits())-1))
}

// usable is the range of host addresses of a network: all of /31 and /32, and
// everything but the first and the last of the others.
func usable(p netip.Prefix) (first, last uint32) {
	first, last = u32(p.Masked().Addr()), u32(lastOf(p))
	if p.Bits() <= 30 {
		return first + 1, last - 1
	}
	return first, last
}

var limitedBroadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
