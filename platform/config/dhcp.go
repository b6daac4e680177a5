package config

import (
	"fmt"
	"slices"
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

// dhcpNotes are the new lines of the DHCP section that have no effect here;
// pools says that some pool is another one.
func (c *Config) dhcpNotes(before *Config, pools bool) []string {
	var out []string
	now, was := &c.DHCP, &before.DHCP
	for _, d := range now.Databases {
		known := slices.ContainsFunc(was.Databases, func(o dhcp.Database) bool { return o.URL == d.URL })
		if _, err := dhcp.ParseAgent(d.URL); err != nil && !known {
			out = append(out, fmt.Sprintf("kept, not acted on: ip dhcp database %s: %s", dhcp.PublicURL(d.URL), err))
		}
	}
	for _, r := range now.ExcludedVRF {
		if !slices.Contains(was.ExcludedVRF, r) {
			out = append(out, "kept, not acted on: ip dhcp excluded-address vrf: this box has no VRFs")
		}
	}
	if !pools {
		return out
	}
	for i := range now.Pools {
		p := &now.Pools[i]
		if !p.UpdateARP && p.VRF == "" {
			continue // nothing to say: a thousand pools are not looked up for it
		}
		o := was.Pool(p.Name)
		if o == nil {
			o = &dhcp.Pool{}
		}
		if p.UpdateARP && !o.UpdateARP {
			out = append(out, "kept, not acted on: update arp: this box routes nothing")
		}
		if p.VRF != "" && o.VRF == "" {
			out = append(out, fmt.Sprintf("pool %s serves nobody: this box has no VRF %s", p.Name, p.VRF))
		}
	}
	return out
}
