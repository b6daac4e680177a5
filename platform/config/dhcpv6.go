package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/dhcp/v6"
	"option150/platform/service"
)

// planDHCPv6: the server runs where `ipv6 dhcp server` stands below an interface
// that has an IPv6 address, a link-local one at least.
func (c *Config) planDHCPv6(f Facts) service.Wanted {
	w := service.Wanted{Service: v6.ServiceName}
	if len(c.DHCPv6.Links) == 0 {
		return w
	}
	s := v6.Spec{Config: c.DHCPv6, Interfaces: c.dhcpv6Interfaces(f)}
	switch {
	case len(s.Interfaces) > 0:
		w.Spec = s
	default:
		w.Waiting = "no interface with ipv6 dhcp server has an IPv6 address"
	}
	return w
}

// dhcpv6Interfaces are the networks the server would serve on.
func (c *Config) dhcpv6Interfaces(f Facts) []v6.Interface {
	var out []v6.Interface
	for _, i := range f.Interfaces {
		if c.DHCPv6.Link(i.Name) == nil {
			continue
		}
		if addrs := c.Addresses6(i); len(addrs) > 0 {
			out = append(out, v6.Interface{Name: i.Name, Device: i.Device, Addrs: addrs})
		}
	}
	return out
}

// dhcpv6Rules are the rules of the section, and what crosses it and interfaces.
func (c *Config) dhcpv6Rules(f Facts) []Problem {
	var ps []Problem
	for _, p := range c.DHCPv6.Validate() {
		q := Problem{Severity: Warning, Kind: Rule, Code: p.Code, Section: "ipv6 dhcp pool " + p.Pool, Text: p.Text}
		if p.Refuse {
			q.Severity = Refuse
		}
		ps = append(ps, q)
	}
	for _, l := range c.DHCPv6.Links {
		if l.Pool != "" && c.DHCPv6.Pool(l.Pool) == nil {
			ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A16", Section: "interface " + l.Name,
				Text: fmt.Sprintf("ipv6 dhcp server %s: there is no such pool, and nobody on the interface is answered", l.Pool)})
		}
	}
	for _, i := range f.Interfaces {
		k := c.Interface(i.Name)
		if k == nil || i.Managed {
			continue
		}
		for _, p := range k.Addresses6(i.MAC) {
			if !p.Addr().IsLinkLocalUnicast() && !slices.Contains(i.Addrs6, p) {
				ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A13", Section: "interface " + i.Name,
					Text: fmt.Sprintf("ipv6 address %s is kept, but the host does not have it: the interface is not managed by this box", strings.ToUpper(p.String()))})
			}
		}
	}
	return ps
}

// networks6 are the networks of IPv6 that files are given to, see networks.
func (c *Config) networks6(f Facts) (out []netip.Prefix) {
	for _, i := range f.Interfaces {
		out = append(out, c.Addresses6(i)...)
	}
	for _, p := range c.DHCPv6.Pools {
		out = append(append(out, p.Prefix), p.Networks...)
	}
	return out
}
