package config

import (
	"net/netip"
	"slices"

	"option150/platform/ether"
	"option150/platform/listen"
	"option150/platform/netif"
)

// Facts is what rules and plans must know of the world and of the box's own
// settings. It is a value taken before a transaction, not a question asked in
// the middle of one.
type Facts struct {
	Interfaces []InterfaceFact
	SSH        listen.Endpoint // where SSH listens when a user exists; port 0 = no SSH
	Metrics    listen.Endpoint // port 0 = off
	HTTPAddr   netip.Addr      // address HTTP, HFS and TFTP bind; invalid = every address
}

// InterfaceFact is an interface as it is.
type InterfaceFact struct {
	netif.Mapping
	Addrs  []netip.Prefix // addresses the host has there, IPv4, the primary first
	Addrs6 []netip.Prefix // and IPv6
	MAC    ether.MAC      // zero if it has none
	Up     bool
}

// Interface returns the fact of that IOS name.
func (f *Facts) Interface(name string) (InterfaceFact, bool) {
	for _, i := range f.Interfaces {
		if i.Name == name {
			return i, true
		}
	}
	return InterfaceFact{}, false
}

// Addresses is what an interface has or is about to have: the configured
// addresses when it is managed, those of the host otherwise.
func (c *Config) Addresses(i InterfaceFact) []netip.Prefix {
	if !i.Managed {
		return i.Addrs
	}
	k := c.Interface(i.Name)
	if k == nil || k.Shutdown || !k.Address.IsValid() {
		return nil
	}
	return append([]netip.Prefix{k.Address}, k.Secondary...)
}

// Addresses6 is what an interface has of IPv6, or is about to have: those of the
// host, and the configured ones when it is managed.
func (c *Config) Addresses6(i InterfaceFact) []netip.Prefix {
	k := c.Interface(i.Name)
	if !i.Managed || k == nil {
		return i.Addrs6
	}
	if k.Shutdown {
		return nil
	}
	out := slices.Clone(i.Addrs6)
	for _, p := range k.Addresses6(i.MAC) {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}
