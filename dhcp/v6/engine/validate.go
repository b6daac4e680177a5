package engine

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/platform/sorted"
)

// Problem is something wrong with a configuration. A refused one is not
// accepted when typed; the others are for the audit (telephony/audit).
type Problem struct {
	Refuse bool
	Code   string // of the audit, "" of a refused one
	Pool   string // pool it is about, "" = none
	Link   string // interface it is about, "" = none
	Text   string
}

const (
	maxList    = 8
	maxOptions = 1024 // bytes of all options of a pool: with an address they fit one packet of any LAN
	maxName    = 253
)

// Validate checks the rules over the configuration alone. The refused problems
// come first.
func (c Config) Validate() []Problem {
	var out []Problem
	names := map[string]bool{}
	for i := range c.Pools {
		p := &c.Pools[i]
		if p.Name == "" || names[p.Name] {
			out = append(out, Problem{Refuse: true, Pool: p.Name, Text: fmt.Sprintf("pool name %q is empty or used twice", p.Name)})
		}
		names[p.Name] = true
		for _, t := range p.refused() {
			out = append(out, Problem{Refuse: true, Pool: p.Name, Text: t})
		}
		for k := range c.Pools[:i] {
			q := &c.Pools[k]
			if p.Prefix.IsValid() && q.Prefix.IsValid() && p.Prefix.Overlaps(q.Prefix) {
				out = append(out, Problem{Refuse: true, Pool: p.Name, Text: fmt.Sprintf("address prefix %s shares addresses with %s of pool %s", p.Prefix, q.Prefix, q.Name)})
			}
			for _, n := range p.Networks {
				if slices.Contains(q.Networks, n) {
					out = append(out, Problem{Refuse: true, Pool: p.Name, Text: fmt.Sprintf("link-address %s is in pool %s already", n, q.Name)})
				}
			}
		}
	}
	sorted.Stable(out, func(a, b Problem) int { return rank(a) - rank(b) })
	return out
}

func rank(p Problem) int {
	if p.Refuse {
		return 0
	}
	return 1
}

// refused is what cannot be served.
func (p *Pool) refused() (out []string) {
	say := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if n := p.Prefix; n.IsValid() && !usable(n) {
		say("address prefix %s is not one of hosts", n)
	}
	for _, n := range p.Networks {
		if !usable(n) {
			say("link-address %s is not one of hosts", n)
		}
	}
	preferred, valid := p.Lifetimes()
	switch {
	case preferred > valid:
		say("the preferred lifetime is longer than the valid lifetime")
	case preferred < MinLifetime:
		say("lifetimes are %d seconds at least", int(MinLifetime.Seconds()))
	}
	if p.Refresh != 0 && p.Refresh < MinRefresh {
		say("information refresh is %d seconds at least", int(MinRefresh.Seconds()))
	}
	list := func(what string, as []netip.Addr) {
		if len(as) > maxList {
			say("%s takes at most %d addresses", what, maxList)
		}
		for _, a := range as {
			if !a.Is6() || a.Is4In6() || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() {
				say("%s %s is not the IPv6 address of a host", what, a)
			}
		}
	}
	list("dns-server", p.DNSServers)
	for _, n := range p.Domains {
		if !goodName(n) {
			say("domain-name %s is not a name", n)
		}
	}
	size := 0
	for _, v := range p.Vendors {
		if v.Enterprise == 0 {
			say("vendor-specific 0 is nobody's number")
		}
		for i := range v.Options {
			o := &v.Options[i]
			list(fmt.Sprintf("suboption %d", o.Code), o.Addrs)
		}
	}
	for _, o := range render(p) {
		size += 4 + len(o.val)
	}
	if size > maxOptions {
		say("the options are %d bytes, %d at most: a packet has no room for more", size, maxOptions)
	}
	return out
}

// usable reports whether a prefix is one of unicast addresses, and not wider
// than a site.
func usable(p netip.Prefix) bool {
	a := p.Addr()
	return a.Is6() && !a.Is4In6() && !a.IsMulticast() && !a.IsLinkLocalUnicast() && !a.IsUnspecified() && p.Bits() >= 32
}

// goodName: what DNS can carry. [RFC 1035 2.3.4]
func goodName(n string) bool {
	n = strings.TrimSuffix(n, ".")
	if n == "" || len(n) > maxName {
		return false
	}
	for l := range strings.SplitSeq(n, ".") {
		if l == "" || len(l) > 63 || strings.ContainsFunc(l, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return false
		}
	}
	return true
}
