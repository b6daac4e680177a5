package pfs

import (
	"net/netip"
)

func subnetText(p netip.Prefix) string {
	if !p.IsValid() {
		return "?"
	}
	return p.String()
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return "?"
	}
	return a.String()
}
