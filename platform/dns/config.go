package dns

import (
	"net/netip"
	"slices"
	"strings"

	"option150/platform/acl"
	"option150/platform/listen"
)

// Config is `ip host`, `ip name-server` and `ip dns server`.
type Config struct {
	Server  bool         // `ip dns server`
	Access  string       // `ip dns server access-class LIST`: who is answered in place of the networks of the box
	Hosts   []Host       // `ip host`, in the order typed
	Servers []netip.Addr // `ip name-server`, in the order they are asked
}

// Host is one `ip host NAME A [A...]`.
type Host struct {
	Name  string
	Addrs []netip.Addr // IPv4, MaxAddrs at most
	Port  int          // for `telnet NAME` on a router; kept
}

// The bounds of a configuration. [Cisco, IOS IP Addressing Services Command
// Reference: ip host takes eight addresses, ip name-server six]
const (
	MaxHosts   = 1000
	MaxAddrs   = 8
	MaxServers = 6
)

// CiscoCM1 is the name gateways ask for before they look at what DHCP gave
// them. [Cisco Unified CM System Guide, "Cisco TFTP", source 004]
const CiscoCM1 = "CiscoCM1"

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Hosts = slices.Clone(c.Hosts)
	for i := range c.Hosts {
		c.Hosts[i].Addrs = slices.Clone(c.Hosts[i].Addrs)
	}
	c.Servers = slices.Clone(c.Servers)
	return c
}

// Host is the host of a name, nil if there is none. Case does not matter.
func (c *Config) Host(name string) *Host {
	for i := range c.Hosts {
		if strings.EqualFold(c.Hosts[i].Name, name) {
			return &c.Hosts[i]
		}
	}
	return nil
}

// Spec is what the service runs by.
type Spec struct {
	Endpoints []listen.Endpoint
	Hosts     []Host
	Servers   []netip.Addr
	Domains   []string       // a host without a domain is known by its name in each of them too
	Networks  []netip.Prefix // whose stations are answered
	List      []acl.List     // none, or the one that says it in their place
}

// ValidName reports whether a text is the name of a host: labels of letters,
// digits, hyphens and underscores. [RFC 1123 2.1; underscores as IOS takes them]
func ValidName(s string) bool {
	s = strings.TrimSuffix(s, ".")
	if s == "" || len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) {
			return false
		}
	}
	return true
}
