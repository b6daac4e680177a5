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
}

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Secondary = slices.Clone(c.Secondary)
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
