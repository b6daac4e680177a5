package dhcp

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/dhcp/engine"
)

// Names is what is known of the name CiscoCM1, which gateways look up before
// they read what DHCP gave them.
type Names struct {
	CM1 []netip.Addr // `ip host CiscoCM1` of this box, answered by `ip dns server`
	Own []netip.Addr // addresses of this box
}

// Resolution is where the clients of a pool find their TFTP server, by the
// orders of precedence of the Cisco Unified CM System Guide, "Identify the TFTP
// server for devices" (source 004).
type Resolution struct {
	Pool, Class string
	Group       string // of the clients, where option 150 is staggered
	Option150   []netip.Addr
	Option66    string
	NextServers []netip.Addr // siaddr; the first of option 150 if the pool names none
	Implied     bool         // it does not
	CM1         []netip.Addr // what this box answers to its clients
	AskedOthers []netip.Addr // name servers of the pool that are not this box
	Phone       Taken
	Gateway     Taken
}

// Taken is what a kind of device takes.
type Taken struct {
	Servers []string // in the order they are asked
	From    string   // "option 150"
}

func (t Taken) String() string {
	if len(t.Servers) == 0 {
		return "nothing: it asks the server it remembers, if any"
	}
	return strings.Join(t.Servers, ", then ") + " from " + t.From
}

// Resolve tells it for a pool, for each of its groups if option 150 is
// staggered, and for each class that has an option 150 of its own.
func Resolve(p *engine.Pool, n Names) []Resolution {
	all := []Resolution{resolve(p, "", p.Option150(), n)}
	for _, o := range p.Options {
		if orders := o.Staggered(); o.Code == 150 && len(orders) > 1 {
			all = nil
			for i, as := range orders {
				r := resolve(p, "", as, n)
				r.Group = fmt.Sprintf("group %d of %d by hardware address", i+1, len(orders))
				all = append(all, r)
			}
		}
	}
	for _, x := range p.Classes {
		if len(x.Option150) > 0 {
			all = append(all, resolve(p, x.Name, x.Option150, n))
		}
	}
	return all
}

func resolve(p *engine.Pool, class string, tftp []netip.Addr, n Names) Resolution {
	r := Resolution{Pool: p.Name, Class: class, Option150: tftp, NextServers: p.NextServers}
	for _, o := range p.Options {
		if o.Code == 66 {
			r.Option66 = strings.Trim(o.Text, "\x00")
			for _, a := range o.Addrs {
				r.Option66 = a.String()
			}
		}
	}
	if len(r.NextServers) == 0 && len(tftp) > 0 {
		r.NextServers, r.Implied = tftp[:1], true
	}
	for _, d := range p.DNSServers {
		if slices.Contains(n.Own, d) {
			r.CM1 = n.CM1
		} else {
			r.AskedOthers = append(r.AskedOthers, d)
		}
	}
	r.Phone, r.Gateway = r.phone(), r.gateway()
	return r
}

// phone is that of phones with option 150, 66, siaddr, sname in this order; they
// use two addresses.
func (r *Resolution) phone() Taken {
	switch {
	case len(r.Option150) > 0:
		return Taken{texts(r.Option150[:min(2, len(r.Option150))]), "option 150"}
	case r.Option66 != "":
		return Taken{[]string{r.Option66}, "option 66"}
	case len(r.NextServers) > 0:
		return Taken{r.next(), "next-server"}
	}
	return Taken{}
}

// gateway is that of gateways: CiscoCM1, siaddr, option 150, sname, option 66.
func (r *Resolution) gateway() Taken {
	switch {
	case len(r.CM1) > 0:
		return Taken{texts(r.CM1), "CiscoCM1"}
	case len(r.NextServers) > 0:
		return Taken{r.next(), "next-server"}
	case r.Option66 != "":
		return Taken{[]string{r.Option66}, "option 66"}
	}
	return Taken{}
}

// next are the servers of siaddr: each client gets one of them.
func (r *Resolution) next() []string {
	if len(r.NextServers) > 1 {
		return []string{"one of " + strings.Join(texts(r.NextServers), " ")}
	}
	return texts(r.NextServers)
}

// Conflict is two sources that name different servers.
type ResolutionConflict struct {
	Text string
	Of   string // "next-server" or "CiscoCM1"
}

// Conflicts are the sources that do not agree with option 150, but for option
// 66: kinds of devices end at different servers.
func (r *Resolution) Conflicts() (out []ResolutionConflict) {
	if len(r.Option150) == 0 {
		return nil
	}
	other := func(a netip.Addr) bool { return !slices.Contains(r.Option150, a) }
	if !r.Implied && len(r.CM1) == 0 && slices.ContainsFunc(r.NextServers, other) {
		out = append(out, ResolutionConflict{fmt.Sprintf("next-server %s and option 150 %s name different servers: gateways take next-server, phones option 150", joinAddrs(r.NextServers), joinAddrs(r.Option150)), "next-server"})
	}
	if slices.ContainsFunc(r.CM1, other) {
		out = append(out, ResolutionConflict{fmt.Sprintf("CiscoCM1 is %s and option 150 %s: gateways take CiscoCM1, phones option 150", joinAddrs(r.CM1), joinAddrs(r.Option150)), "CiscoCM1"})
	}
	return out
}

// ShowResolution is `show ip dhcp pool NAME resolution`.
func ShowResolution(all []Resolution) string {
	var b strings.Builder
	for i, r := range all {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "Pool %s", r.Pool)
		if r.Class != "" {
			fmt.Fprintf(&b, ", class %s", r.Class)
		}
		if r.Group != "" {
			fmt.Fprintf(&b, ", %s", r.Group)
		}
		b.WriteString(": where devices find their TFTP server\n")
		row := func(label, text string) { fmt.Fprintf(&b, "  %-12s %s\n", label, text) }
		row("CiscoCM1", r.names())
		row("option 150", or(joinAddrs(r.Option150), "none"))
		row("option 66", or(r.Option66, "none"))
		switch {
		case r.Implied:
			row("next-server", joinAddrs(r.NextServers)+", the first of option 150")
		default:
			row("next-server", or(joinAddrs(r.NextServers), "none"))
		}
		row("sname", "none: this server never sends it")
		fmt.Fprintf(&b, "A phone takes %s\n", r.Phone)
		fmt.Fprintf(&b, "A gateway takes %s%s\n", r.Gateway, r.unless())
		if r.Option66 != "" && len(r.Option150) > 0 {
			b.WriteString("A gateway that reads options alone takes ")
			if _, err := netip.ParseAddr(r.Option66); err == nil {
				b.WriteString("the last of option 66 and option 150, which is option 150 here\n")
			} else {
				b.WriteString("option 150: an address goes before a name\n")
			}
		}
		for _, c := range r.Conflicts() {
			fmt.Fprintf(&b, "Conflict: %s\n", c.Text)
		}
	}
	return b.String()
}

// names is what is known of CiscoCM1 for these clients.
func (r *Resolution) names() string {
	switch {
	case len(r.CM1) > 0:
		return joinAddrs(r.CM1) + ", answered by this box"
	case len(r.AskedOthers) > 0:
		return "asked of " + joinAddrs(r.AskedOthers) + ", not known here"
	}
	return "none"
}

func (r *Resolution) unless() string {
	if len(r.CM1) == 0 && len(r.AskedOthers) > 0 {
		return ", unless " + joinAddrs(r.AskedOthers) + " has the name CiscoCM1"
	}
	return ""
}

func texts(as []netip.Addr) []string {
	out := make([]string, len(as))
	for i, a := range as {
		out[i] = a.String()
	}
	return out
}

func joinAddrs(as []netip.Addr) string { return strings.Join(texts(as), " ") }

func or(s, none string) string {
	if s == "" {
		return none
	}
	return s
}
