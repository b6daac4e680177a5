package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/dhcp"
)

// slips finds an option 150 and an `ip source-address` that were probably meant
// to be the same address. Two hosts whose addresses differ by a digit are
// normal: a box and the call control beside it, two file servers. So something
// else must speak for one of the two and nothing for the other: one is named
// elsewhere in the configuration, or lies in a network of this box while the
// other lies in none. [reference/cme.md 11, 1 and 2]
func (c *Config) slips(f Facts) []Problem {
	s := c.Telephony.Service.SourceAddress.Addr
	if !s.IsValid() {
		return nil
	}
	var ps []Problem
	for _, p := range c.DHCP.Pools {
		for _, a := range p.Option150() {
			if !near(s, a) {
				continue
			}
			known := [2]bool{c.names(f, s, true), c.names(f, a, false)}
			local := [2]bool{c.local(f, s), c.local(f, a)}
			if known[0] == known[1] && (known[0] || local[0] == local[1]) {
				continue
			}
			ps = append(ps, Problem{Severity: Note, Kind: Rule, Section: "ip dhcp pool " + p.Name,
				Text: fmt.Sprintf("option 150 is %s but ip source-address is %s: a digit may be wrong", a, s)})
		}
	}
	return ps
}

// near: one octet is different, by one digit or by two beside each other that
// changed places.
func near(a, b netip.Addr) bool {
	if !a.Is4() || !b.Is4() || a == b {
		return false
	}
	x, y := strings.Split(a.String(), "."), strings.Split(b.String(), ".")
	octets, slip := 0, false
	for i := range x {
		if x[i] != y[i] {
			octets++
			slip = oneSlip(x[i], y[i])
		}
	}
	return octets == 1 && slip
}

func oneSlip(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	var at []int
	for i := range a {
		if a[i] != b[i] {
			at = append(at, i)
		}
	}
	return len(at) == 1 || len(at) == 2 && at[1] == at[0]+1 && a[at[0]] == b[at[1]] && a[at[1]] == b[at[0]]
}

// names reports that the configuration knows a host by this address, from
// another place than the pair in question: for the source address option 150
// counts as well.
func (c *Config) names(f Facts, a netip.Addr, source bool) bool {
	if slices.Contains(c.OwnAddresses(f), a) || slices.Contains(c.NTP.Servers, a) || slices.Contains(c.Logging.Hosts, a) {
		return true
	}
	for _, i := range c.Interfaces {
		if i.Address.Addr() == a || slices.ContainsFunc(i.Secondary, func(p netip.Prefix) bool { return p.Addr() == a }) {
			return true
		}
	}
	t := &c.Telephony
	if t.Service.SourceAddress.Secondary == a || t.Global.NTPServer == a || t.Global.SourceAddress.Secondary == a || t.Global.SourceAddress.Addr == a {
		return true
	}
	for _, r := range c.DHCP.Excluded {
		if r.Contains(a) {
			return true
		}
	}
	for i := range c.DHCP.Pools {
		p := &c.DHCP.Pools[i]
		if p.Host.Addr() == a || slices.Contains(slices.Concat(p.DefaultRouters, p.DNSServers, p.NetBIOSServers, p.NextServers), a) {
			return true
		}
		for _, o := range p.Options {
			if slices.Contains(o.Addrs, a) && (o.Code != 150 || source) {
				return true
			}
		}
	}
	return slices.ContainsFunc(c.Carried, func(k Carried) bool { return k.mentions(a) })
}

// mentions finds an address in a line that is only kept: a dial-peer, a route.
func (k *Carried) mentions(a netip.Addr) bool {
	text := a.String()
	word := func(line string) bool {
		return slices.Contains(strings.FieldsFunc(line, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }), text)
	}
	return word(k.Line) || slices.ContainsFunc(k.Children, word)
}

// local reports that an address lies in a network of an interface or a pool.
func (c *Config) local(f Facts, a netip.Addr) bool {
	in := func(p netip.Prefix) bool { return p.IsValid() && p.Contains(a) }
	for _, i := range f.Interfaces {
		if slices.ContainsFunc(c.Addresses(i), in) {
			return true
		}
	}
	for _, i := range c.Interfaces {
		if in(i.Address) || slices.ContainsFunc(i.Secondary, in) {
			return true
		}
	}
	return slices.ContainsFunc(c.DHCP.Pools, func(p dhcp.Pool) bool { return in(p.Network) || slices.ContainsFunc(p.Secondary, in) })
}
