package netif

import (
	"net/netip"
	"slices"
)

// Config is one `interface` of the configuration.
type Config struct {
	Name        string // canonical IOS name, "GigabitEthernet0/0"
	Description string
	Address     netip.Prefix   // address and mask; invalid = `no ip address`
	Secondary   []netip.Prefix // `ip address A M secondary`
	Shutdown    bool
	IPv6        []Address6 // `ipv6 address`
	IPv6Enable  bool       // `ipv6 enable`: a link-local address without another
}

// Address6 is one `ipv6 address` of an interface.
type Address6 struct {
	Prefix netip.Prefix // address and length; that of a link-local address is 64
	EUI64  bool         // the address is the prefix and what the hardware address makes of it
}

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Secondary = slices.Clone(c.Secondary)
	c.IPv6 = slices.Clone(c.IPv6)
	return c
}

// Mapping ties an IOS interface name to a Linux device. It comes from the TOML
// settings, or from the devices in order when they say nothing.
type Mapping struct {
	Name    string // "GigabitEthernet0/0"
	Device  string // "eth0"
	Managed bool   // addresses and shutdown come from the configuration
}

// Spec is what the service runs by: the managed interfaces, what they are to
// have, and the routes by way of them.
type Spec struct {
	Interfaces []ManagedInterface
	Routes     []ManagedRoute
}

// ManagedInterface is one interface whose addresses come from the configuration.
type ManagedInterface struct {
	Mapping
	Config
}
