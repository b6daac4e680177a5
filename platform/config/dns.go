package config

import (
	"fmt"
	"net/netip"
	"slices"

	"option150/dhcp"
	"option150/platform/acl"
	"option150/platform/dns"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/telephony/advice"
)

// planDNS: the name server has port 53 of each address of the box, because the
// machine may have a resolver of its own on another. It answers stations of the
// networks of its interfaces and of the pools.
func (c *Config) planDNS(f Facts) service.Wanted {
	w := service.Wanted{Service: DNS}
	s := dns.Spec{Hosts: c.DNS.Hosts, Servers: c.DNS.Servers}
	if !c.DNS.Server {
		if len(s.Hosts)+len(s.Servers) > 0 {
			w.Spec = s // for the names the box itself looks up
		}
		return w
	}
	for _, i := range f.Interfaces {
		for _, a := range c.Addresses(i) {
			for _, p := range []listen.Proto{listen.UDP, listen.TCP} {
				s.Endpoints = append(s.Endpoints, listen.Endpoint{Proto: p, Addr: a.Addr(), Port: 53, Owner: dns.Owner})
			}
			s.Networks = append(s.Networks, a.Masked())
		}
	}
	if len(s.Endpoints) == 0 {
		w.Waiting = "no interface has an address"
		return w
	}
	domain := func(d string) {
		if d != "" && !slices.Contains(s.Domains, d) {
			s.Domains = append(s.Domains, d)
		}
	}
	domain(c.Domain)
	for i := range c.DHCP.Pools {
		p := &c.DHCP.Pools[i]
		domain(p.DomainName)
		for _, n := range append([]netip.Prefix{p.Network}, p.Secondary...) {
			if n.IsValid() && !slices.Contains(s.Networks, n.Masked()) {
				s.Networks = append(s.Networks, n.Masked())
			}
		}
	}
	if l := c.gate(c.DNS.Access, "").V4; l != nil {
		s.List = []acl.List{*l}
	}
	w.Spec = s
	return w
}

// TFTPNames is what is known of the name by which gateways look for their TFTP
// server.
func (c *Config) TFTPNames(f Facts) dhcp.Names {
	n := dhcp.Names{Own: c.OwnAddresses(f)}
	if h := c.DNS.Host(dns.CiscoCM1); h != nil && c.DNS.Server {
		n.CM1 = h.Addrs
	}
	return n
}

// dnsRules are the rules of the name server.
func (c *Config) dnsRules(f Facts) []Problem {
	var ps []Problem
	own := c.OwnAddresses(f)
	for _, a := range c.DNS.Servers {
		if slices.Contains(own, a) {
			ps = append(ps, Problem{Severity: Refuse, Kind: Rule, Section: "ip name-server", Text: fmt.Sprintf("%s is an address of this box, which would ask itself", a)})
		}
	}
	if why := c.noList(c.DNS.Access); why != "" {
		ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A28", Section: "ip dns server access-class",
			Text: why + ": nobody is answered", Fix: advice.Steps{advice.Tell("Define it as a standard list, with a permit line for the networks that may ask.")}})
	}
	return ps
}
