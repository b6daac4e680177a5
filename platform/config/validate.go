package config

import (
	"fmt"
	"slices"
	"strings"

	"option150/hfs"
	"option150/telephony/cnf"
)

// Validate is every rule a change is held to, here and nowhere else: those of
// the sections and those that cross them, and what the sections themselves find
// odd. What is allowed and does not work as meant is the business of the audit
// (telephony/audit). A rule about the world (a port held by a foreign process)
// is not here: it is found when services prepare.
func (c *Config) Validate(f Facts) []Problem {
	ps := c.ports(f)
	ps = append(ps, c.dhcpRules(f)...)
	ps = append(ps, c.dhcpv6Rules(f)...)
	ps = append(ps, c.dnsRules(f)...)
	for _, p := range cnf.Validate(c.Telephony) {
		ps = append(ps, Problem{Severity: severityOf(p.Severity), Kind: Rule, Code: p.Code, Section: p.Where, Text: p.Text, Fix: p.Fix})
	}
	ps = append(ps, c.pfsRules(f)...)
	ps = append(ps, c.followRules()...)
	ps = append(ps, c.security()...)
	ps = append(ps, c.interfaces(f)...)
	return append(ps, c.keptRoutes(f)...)
}

// ports finds every clash of the plan by the one overlap rule. The pair of
// `ip http port` and the port of HFS is judged even while nothing listens: the
// order in which the lines are typed must not matter. [facts/cme.md 5.2]
func (c *Config) ports(f Facts) []Problem {
	var ps []Problem
	all := c.Endpoints(f)
	if k := hfs.PortProblem(c.HFS, c.HTTP, all); k != nil {
		ps = append(ps, Problem{Severity: Refuse, Kind: PortClash, Section: "telephony-service", Text: strings.Join(k.Lines(), "\n")})
	}
	for i, e := range all {
		if o, hit := e.Clash(all[:i]); hit && ps == nil {
			ps = append(ps, Problem{Severity: Refuse, Kind: PortClash, Section: "ports",
				Text: portTaken(e, o.Owner)})
		}
	}
	return ps
}

// interfaces are the rules about addresses that are kept and not in force.
func (c *Config) interfaces(f Facts) []Problem {
	var ps []Problem
	for _, i := range f.Interfaces {
		k := c.Interface(i.Name)
		if k == nil || i.Managed {
			continue
		}
		if k.Shutdown && i.Up {
			ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A13", Section: "interface " + i.Name,
				Text: "shutdown is kept, but the interface stays up: it is not managed by this box"})
		}
		for _, s := range k.Secondary {
			if !slices.Contains(i.Addrs, s) {
				ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A13", Section: "interface " + i.Name,
					Text: fmt.Sprintf("ip address %s secondary is kept, but the host does not have it: the interface is not managed by this box", s)})
			}
		}
		if !k.Address.IsValid() || slices.Contains(i.Addrs, k.Address) {
			continue
		}
		ps = append(ps, Problem{Severity: Warning, Kind: Rule, Code: "A13", Section: "interface " + i.Name,
			Text: fmt.Sprintf("ip address %s is kept, but the host has %v there: the interface is not managed by this box", k.Address, i.Addrs)})
	}
	return ps
}

func severityOf(s cnf.Severity) Severity {
	switch s {
	case cnf.Refuse:
		return Refuse
	case cnf.Warning:
		return Warning
	}
	return Note
}
