package config

import (
	"net/netip"
	"slices"

	"option150/pfs"
	"option150/pfs/observe"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/telephony/cnf"
	"option150/telephony/cnf/cnfstore"
	"option150/telephony/mobility"
)

// PFS is the observer of firmware sharing in plans.
const PFS = observe.Name

const ownerPFS = "PFS log server"

// planPFS: what is named by a line is looked at, and without one every
// interface behind which this box serves phones.
func (c *Config) planPFS(f Facts) service.Spec {
	var s observe.Spec
	serves := c.planTFTP(f) != nil || c.planDHCP(f).Spec != nil
	for _, i := range f.Interfaces {
		x := observe.Interface{Name: i.Name, Device: i.Device}
		switch {
		case slices.Contains(c.PFS.Mirror, i.Name):
			x.Mirror = true
		case c.PFS.Off:
			continue
		case slices.Contains(c.PFS.Observe, i.Name):
		case c.PFS.Observe == nil && serves && len(c.Addresses(i)) > 0 && i.Device != "lo":
			x.Auto = true
		default:
			continue
		}
		s.Interfaces = append(s.Interfaces, x)
	}
	if e, ok := c.logEndpoint(f); ok {
		s.Log = []listen.Endpoint{e}
		s.Announced = c.PFS.LogServer.Value(c.logAddr(f))
	}
	if s.Ring = c.PFS.Ring; len(s.Interfaces) == 0 && s.Log == nil {
		return nil
	}
	return s
}

func (c *Config) logEndpoint(f Facts) (listen.Endpoint, bool) {
	l := c.PFS.LogServer
	return listen.Endpoint{Proto: listen.UDP, Addr: f.HTTPAddr, Port: l.Port, Owner: ownerPFS}, l.Enabled
}

// logAddr is the address of the box that phones are told, to log to and for the
// services key: the one option 150 sends them to, else the first it has.
func (c *Config) logAddr(f Facts) netip.Addr {
	own := c.OwnAddresses(f)
	for i := range c.DHCP.Pools {
		for _, a := range c.DHCP.Pools[i].Option150() {
			if slices.Contains(own, a) {
				return a
			}
		}
	}
	if len(own) == 0 {
		return netip.Addr{}
	}
	return own[0]
}

// CNFOptions is what phone files contain of the rest of the configuration.
func (c *Config) CNFOptions(f Facts) cnf.Options {
	o := cnf.Options{LogServer: c.PFS.LogServer.Value(c.logAddr(f))}
	if a := c.logAddr(f); c.HTTP.Server && a.IsValid() && c.Telephony.Serves() {
		o.Services = "http://" + netip.AddrPortFrom(a, c.HTTP.Port).String() + mobility.Path
	}
	return o
}

func (c *Config) planCNF(f Facts) service.Spec {
	if o := c.CNFOptions(f); o.LogServer != "" || o.Services != "" {
		return cnfstore.Spec{Config: c.Telephony, Options: o}
	}
	return c.Telephony
}

// pfsRules are the rules about the section `pfs`.
func (c *Config) pfsRules(f Facts) []Problem {
	var ps []Problem
	add := func(s Severity, text string) {
		ps = append(ps, Problem{Severity: s, Kind: Rule, Section: "pfs", Text: text})
	}
	for _, n := range append(slices.Clone(c.PFS.Observe), c.PFS.Mirror...) {
		if _, ok := f.Interface(n); !ok {
			add(Warning, "there is no interface "+n+" here: nothing is seen there")
		}
	}
	if l := c.PFS.LogServer; l.Enabled && !c.logAddr(f).IsValid() {
		add(Warning, "log-server: the box has no address that phones could be told")
	}
	if l := c.PFS.LogServer; l.Enabled && l.Port == pfs.Port {
		add(Refuse, "log-server: port 4051 is the one on which phones share firmware")
	}
	return ps
}
