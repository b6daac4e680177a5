package config

import (
	"fmt"
	"slices"

	"option150/hfs"
	"option150/platform/equal"
)

// Notes is what is said to the operator besides what the audit says: to who made
// a pool inactive, and to who changed the port of the IP HTTP server, that phones
// will not find HFS there, or that HFS cannot have the port they ask.
// [facts/cme.md 5.2]
func (c *Config) Notes(before *Config) []string {
	var out []string
	pools := !equal.Of(&c.DHCP.Pools, &before.DHCP.Pools)
	if pools {
		was := before.DHCP.Inactive()
		for _, k := range c.DHCP.Inactive() {
			if !slices.Contains(was, k) {
				out = append(out, fmt.Sprintf("pool %s is inactive: its network %s and %s of pool %s share addresses", k.Pool, k.Network, k.Theirs, k.Other))
			}
		}
	}
	out = append(out, c.dhcpNotes(before, pools)...)
	out = append(out, c.fleetNotes(before)...)
	if c.HTTP.Port == before.HTTP.Port {
		return out
	}
	notes := func(c *Config) []string {
		h := c.HFS
		h.HomePath = "flash:phones" // of no matter here
		var out []string
		for _, n := range hfs.PortNotes(h, c.HTTP) {
			out = append(out, n.Text)
		}
		return out
	}
	old := notes(before)
	return slices.DeleteFunc(notes(c), func(n string) bool { return slices.Contains(old, n) })
}
