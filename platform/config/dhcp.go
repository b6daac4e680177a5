package config

import (
	"strings"

	"option150/dhcp"
)

// dhcpRules are the rules of the DHCP section, which live with the server that
// serves by it. A problem of a pool is said of its section, so the text does not
// repeat the name.
func (c *Config) dhcpRules(f Facts) []Problem {
	var ps []Problem
	for _, p := range c.DHCP.Validate(c.dhcpInterfaces(f)) {
		q := Problem{Severity: Warning, Kind: Rule, Code: p.Code, Section: "ip dhcp", Text: p.Text}
		if p.Refuse {
			q.Severity = Refuse
		}
		if p.Pool != "" {
			q.Section = "ip dhcp pool " + p.Pool
			q.Text = strings.TrimPrefix(strings.TrimPrefix(p.Text, "pool "+p.Pool), ":")
			q.Text = strings.TrimPrefix(q.Text, " ")
		}
		ps = append(ps, q)
	}
	return ps
}

// dhcpInterfaces are the networks the server would serve on.
func (c *Config) dhcpInterfaces(f Facts) []dhcp.Interface {
	var out []dhcp.Interface
	for _, i := range f.Interfaces {
		if addrs := c.Addresses(i); len(addrs) > 0 {
			out = append(out, dhcp.Interface{Name: i.Name, Device: i.Device, Addrs: addrs})
		}
	}
	return out
}
