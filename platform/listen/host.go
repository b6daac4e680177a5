package listen

import "net/netip"

// Host is what a share is for and what is counted of who calls: an IPv4 address,
// or the /64 of an IPv6 one, of which a single machine can have any number.
// Loopback is one host.
func Host(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is4() || !a.IsValid() {
		return a
	}
	p, _ := a.Prefix(64)
	return p.Addr()
}
