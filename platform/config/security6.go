package config

import (
	"fmt"
	"slices"
	"strings"

	"option150/dhcp/v6/wire"
	"option150/platform/acl"
	"option150/telephony/advice"
)

// noList6 says that no list of that name is here.
func noList6(list string) string { return "IPv6 access list " + list + " is not defined" }

// phones6 is the list that is proposed where none is named.
const phones6 = "PHONES6"

// keptOut6 finds the access lists by which the phones of an IPv6 pool get no
// file over IPv6. One of IPv4 that stands alone lets none of them in.
func (c *Config) keptOut6() (ps []Problem) {
	look := func(section, name, six, line string, protos ...string) {
		g := c.gate(name, six)
		if g.Open() {
			return
		}
		for i := range c.DHCPv6.Pools {
			p := &c.DHCPv6.Pools[i]
			v := p.Vendor(wire.EnterpriseCisco)
			if v == nil || v.Suboption(wire.SubTFTPAddresses) == nil || !p.Prefix.IsValid() {
				continue
			}
			q := Problem{Severity: Warning, Kind: Rule, Code: "A28", Section: section}
			permit := "permit ipv6 " + strings.ToUpper(p.Prefix.String()) + " any"
			switch {
			case g.V6 != nil && !g.V6.PermitsSome(p.Prefix, protos...):
				q.Text = fmt.Sprintf("IPv6 access list %s lets no phone of IPv6 pool %s have its files", six, p.Name)
				q.Fix = advice.Steps{advice.In("ipv6 access-list "+six, "sequence 1 "+permit)}
				if slices.ContainsFunc(g.V6.Entries, func(e acl.Entry6) bool { return e.Seq == 1 }) {
					q.Fix = advice.Steps{advice.Do("show ipv6 access-list " + six), advice.Tell("Permit " + strings.ToUpper(p.Prefix.String()) + " before the rule that denies it.")}
				}
			case g.V6 == nil && !g.V4.Permits(p.Prefix.Addr().Next()):
				q.Text = fmt.Sprintf("access list %s is one of IPv4: no phone of IPv6 pool %s has its files by IPv6", name, p.Name)
				q.Fix = advice.Steps{advice.In("ipv6 access-list "+phones6, permit), advice.Set(line + " ipv6 " + phones6)}
			default:
				continue
			}
			if line == "" {
				q.Fix = advice.Steps{advice.Tell("Take the list off the line, and say who is given files with file-server access-class, which has a list for IPv6 too.")}
			}
			ps = append(ps, q)
		}
	}
	if c.HFS.Enabled && c.HTTP.Server {
		look("ip http access-class", c.HTTP.AccessClass, c.HTTP.AccessClass6, "ip http access-class", "tcp")
	}
	look("file-server access-class", c.Files.AccessClass, c.Files.AccessClass6, "file-server access-class", "udp", "tcp")
	for _, b := range c.Files.Bindings {
		if b.ACL != "" && acl.Find(c.AccessLists, b.ACL) != nil {
			look("tftp-server "+b.File, b.ACL, "", "")
		}
	}
	return ps
}
