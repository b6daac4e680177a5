package audit

import (
	"net/netip"
	"slices"
	"strings"

	"option150/dhcp"
	"option150/platform/config"
	"option150/telephony/cnf"
)

// slips finds an option 150 and an `ip source-address` that were probably meant
// to be the same address. Two hosts whose addresses differ by a digit are
// normal: a box and the call control beside it, two file servers. So something
// else must speak for one of the two and nothing for the other: one is named
// elsewhere in the configuration, or lies in a network of this box while the
// other lies in none. A call control that answers speaks for itself, and a
// further server of option 150 is a second server.
func (a *around) slips() {
	t := &a.c.Telephony
	for _, s := range []struct {
		word   string
		source cnf.SourceAddress
	}{{"ip source-address", t.Service.SourceAddress}, {"source-address", t.Global.SourceAddress}} {
		if s.source.Addr.IsValid() && !a.answersCalls(s.source.Addr) {
			a.slipsOf(s.word, s.source.Addr)
		}
	}
}

func (a *around) slipsOf(word string, s netip.Addr) {
	for i := range a.c.DHCP.Pools {
		p := &a.c.DHCP.Pools[i]
		tftp := p.Option150()
		if len(tftp) == 0 || slices.Contains(tftp, s) || !near(s, tftp[0]) {
			continue
		}
		o := tftp[0]
		known := [2]bool{a.names(s, true), a.names(o, false)}
		local := [2]bool{a.local(s), a.local(o)}
		if known[0] == known[1] && (known[0] || local[0] == local[1]) {
			continue
		}
		a.add(config.Note, "M01", pool(p), "option 150 is %s but %s is %s: a digit may be wrong", o, word, s)
	}
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
func (x *around) names(a netip.Addr, source bool) bool {
	c := x.c
	if slices.Contains(x.own, a) || c.NTP.Asks(a) || c.Logging.Tells(a) || c.Routing.Names(a) {
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
	return slices.ContainsFunc(c.Carried, func(k config.Carried) bool { return mentions(&k.Kept, a) })
}

// mentions finds an address in a line that is only kept: a dial-peer, a route.
func mentions(k *config.Kept, a netip.Addr) bool {
	text := a.String()
	word := func(line string) bool {
		return slices.Contains(strings.FieldsFunc(line, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }), text)
	}
	return word(k.Line) || slices.ContainsFunc(k.Below, func(b config.Kept) bool { return mentions(&b, a) })
}

// local reports that an address lies in a network of an interface or a pool.
func (x *around) local(a netip.Addr) bool {
	c := x.c
	in := func(p netip.Prefix) bool { return p.IsValid() && p.Contains(a) }
	for _, i := range x.f.Interfaces {
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
