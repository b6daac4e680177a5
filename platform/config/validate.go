package config

import (
	"fmt"
	"slices"
	"strings"

	"option150/hfs"
	"option150/telephony/cnf"
)

// Validate is every rule over the configuration, here and nowhere else: those
// of the sections and those that cross them. A rule about the world (a port
// held by a foreign process) is not here: it is found when services prepare.
func (c *Config) Validate(f Facts) []Problem {
	ps := c.ports(f)
	ps = append(ps, c.dhcpRules(f)...)
	for _, p := range cnf.Validate(c.Telephony) {
		ps = append(ps, Problem{Severity: severityOf(p.Severity), Kind: Rule, Section: p.Where, Text: p.Text, Fix: p.Fix})
	}
	ps = append(ps, c.security()...)
	return append(ps, c.addresses(f)...)
}

// ports finds every clash of the plan by the one overlap rule. The pair of
// `ip http port` and the port of HFS is judged even while nothing listens: the
// order in which the lines are typed must not matter. [reference/cme.md 5.2]
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
	for _, n := range hfs.PortNotes(c.HFS, c.HTTP) {
		ps = append(ps, Problem{Severity: Warning, Kind: Rule, Section: "telephony-service", Text: n})
	}
	return ps
}

// addresses are the rules about where phones are sent.
func (c *Config) addresses(f Facts) []Problem {
	var ps []Problem
	own := c.OwnAddresses(f)
	for _, s := range []struct {
		section string
		addr    cnf.SourceAddress
	}{{"telephony-service", c.Telephony.Service.SourceAddress}, {"voice register global", c.Telephony.Global.SourceAddress}} {
		if !s.addr.Addr.IsValid() {
			continue
		}
		isOwn := slices.Contains(own, s.addr.Addr)
		if !isOwn && len(own) > 0 {
			ps = append(ps, Problem{Severity: Note, Kind: Rule, Section: s.section,
				Text: fmt.Sprintf("phones register at %s, which is another host", s.addr.Addr)})
		}
		if isOwn && (s.addr.Port == hfs.PhonePort || s.addr.Port == hfs.PFSPort) {
			ps = append(ps, Problem{Severity: Warning, Kind: Rule, Section: s.section,
				Text: fmt.Sprintf("phones would register at port %d of this box, which is no call control", s.addr.Port)})
		}
	}
	ps = append(ps, c.slips(f)...)
	for _, i := range f.Interfaces {
		k := c.Interface(i.Name)
		if k == nil || i.Managed {
			continue
		}
		if k.Shutdown && i.Up {
			ps = append(ps, Problem{Severity: Warning, Kind: Rule, Section: "interface " + i.Name,
				Text: "shutdown is kept, but the interface stays up: it is not managed by this box"})
		}
		for _, s := range k.Secondary {
			if !slices.Contains(i.Addrs, s) {
				ps = append(ps, Problem{Severity: Warning, Kind: Rule, Section: "interface " + i.Name,
					Text: fmt.Sprintf("ip address %s secondary is kept, but the host does not have it: the interface is not managed by this box", s)})
			}
		}
		if !k.Address.IsValid() || slices.Contains(i.Addrs, k.Address) {
			continue
		}
		ps = append(ps, Problem{Severity: Warning, Kind: Rule, Section: "interface " + i.Name,
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
