// Package sockaddr is addresses as the kernel writes and reads them, for servers that
// call it without an allocation for each datagram or connection. [ip(7), ipv6(7)]
//
// Concurrency: all may be called by any goroutine. Failure: what is of no family known
// here is the zero AddrPort. Testing: there and back, both families.
package sockaddr

import (
	"encoding/binary"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Raw has room for an address of either family; one of IPv4 takes less.
type Raw = unix.RawSockaddrInet6

// AddrPort reads an address of the kernel's. Mapped ones become IPv4.
func AddrPort(a *Raw) netip.AddrPort {
	switch a.Family {
	case unix.AF_INET:
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(a))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), networkOrder(v4.Port))
	case unix.AF_INET6:
		ip := netip.AddrFrom16(a.Addr).Unmap()
		if a.Scope_id != 0 && ip.Is6() {
			ip = ip.WithZone(zones.name(a.Scope_id))
		}
		return netip.AddrPortFrom(ip, networkOrder(a.Port))
	}
	return netip.AddrPort{}
}

// Put writes an address for the kernel, for a socket of IPv6 or of IPv4, and tells its
// length in octets.
func Put(a *Raw, end netip.AddrPort, v6 bool) uint32 {
	if !v6 {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(a))
		*v4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: networkOrder(end.Port()), Addr: end.Addr().As4()}
		return unix.SizeofSockaddrInet4
	}
	*a = Raw{Family: unix.AF_INET6, Port: networkOrder(end.Port()), Addr: end.Addr().As16()}
	if z := end.Addr().Zone(); z != "" {
		a.Scope_id = zones.index(z)
	}
	return unix.SizeofSockaddrInet6
}

// networkOrder turns a port of the kernel's into ours, and back.
func networkOrder(p uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], p)
	return binary.NativeEndian.Uint16(b[:])
}
