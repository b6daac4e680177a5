package config

import (
	"slices"

	"option150/hfs"
)

// PortNotes is what is said to somebody who changed the port of the IP HTTP
// server, besides what the audit says: that phones will not find HFS there, or
// that HFS cannot have the port they ask. [facts/cme.md 5.2]
func (c *Config) PortNotes(before *Config) []string {
	if c.HTTP.Port == before.HTTP.Port {
		return nil
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
