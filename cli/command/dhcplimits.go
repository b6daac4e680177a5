package command

import (
	"net/netip"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
	"option150/dhcp/v6"
	"option150/platform/sorted"
)

const noVRF = "this box has no VRFs"

// dhcpLimits are the lines that bound and check what clients and relays ask
// for. [Cisco, IOS IP Addressing Services Command Reference, DHCP commands]
func dhcpLimits() []language.Declaration {
	const doc = "facts/dhcp.md 1.2"
	at := func(c *language.Context) *dhcp.Config { return &c.Config.DHCP }
	const excluded = dhcpHead + `excluded-address("Prevent DHCP from assigning certain addresses") `
	const lowHigh = ` <low:A.B.C.D>("Low IP address") [ <high:A.B.C.D>("High IP address") ]`
	outside := list[dhcp.VRFRange, dhcp.VRFRange]{in: func(c *language.Context) *[]dhcp.VRFRange { return &at(c).ExcludedVRF }, key: func(r *dhcp.VRFRange) dhcp.VRFRange { return *r }, most: 1024, full: "% Too many addresses"}
	plain := list[dhcp.Range, dhcp.Range]{in: func(c *language.Context) *[]dhcp.Range { return &at(c).Excluded }, key: func(r *dhcp.Range) dhcp.Range { return *r }}
	global := keyed(language.Declaration{Mode: language.Global, Group: "ip dhcp", Doc: doc, Syntax: excluded + `global("Addresses outside every VRF")` + lowHigh}, plain, excludedRange, nil)
	global.Get = nil // printed without the word, which means the same
	return []language.Declaration{
		flag(language.Global, dhcpHead+`use("Configure use of certain items") class("Use DHCP classes")`, "ip dhcp", doc, true, func(c *language.Context) *bool { return &at(c).UseClass }),
		flag(language.Global, dhcpHead+`limit lease("Limit leases") log("Say when an interface has its limit")`, "ip dhcp", doc, false, func(c *language.Context) *bool { return &at(c).LimitLog }),
		value(language.Global, dhcpHead+`limit lease per("Limit for each") interface("Limit for each interface") ![ <n:1-65535>("Number of leases") ]`, "n", "ip dhcp", doc, 0, func(c *language.Context) *int { return &at(c).LimitLease }),
		global,
		idle(keyed(language.Declaration{Mode: language.Global, Group: "ip dhcp", Doc: doc, Syntax: excluded + `vrf("VPN Routing/Forwarding instance") <vrf:WORD>("VRF name")` + lowHigh}, outside,
			func(a grammar.Args) (dhcp.VRFRange, error) {
				r, err := excludedRange(a)
				return dhcp.VRFRange{VRF: a.String("vrf"), Range: r}, err
			},
			func(r dhcp.VRFRange) grammar.Args {
				a := args("vrf", r.VRF, "low", r.First)
				if r.Last != r.First {
					a["high"] = r.Last
				}
				return a
			}), noVRF),
	}
}

// interfaceDHCP are the lines of the DHCP server below an interface.
func interfaceDHCP() []language.Declaration {
	const doc = "facts/dhcp.md 1.2"
	return []language.Declaration{
		linkLine(`ip dhcp("Configure DHCP parameters for this interface") relay("DHCP relay agent parameters") information("Relay agent information option") trusted("Accept it from clients that came by no relay")`, "", doc,
			func(l *dhcp.LinkConfig) any { return l.Trusted }, func(l *dhcp.LinkConfig, a grammar.Args, on bool) { l.Trusted = on }),
		linkLine(`ip dhcp limit("Limit leases") lease("Limit the leases of this interface") ![ <n:1-65535>("Number of leases") ]`, "n", doc,
			func(l *dhcp.LinkConfig) any { return l.Limit }, func(l *dhcp.LinkConfig, a grammar.Args, on bool) {
				if l.Limit = 0; on {
					l.Limit = a.Int("n")
				}
			}),
	}
}

// linkLine is a line of an interface that the DHCP server acts by.
func linkLine(syntax, arg, doc string, get func(*dhcp.LinkConfig) any, set func(l *dhcp.LinkConfig, a grammar.Args, on bool)) language.Declaration {
	change := func(on bool) func(*language.Context) error {
		return func(c *language.Context) error {
			d, name := &c.Config.DHCP, c.Keys.String("name")
			l := dhcp.LinkConfig{Name: name}
			if p := d.Link(name); p != nil {
				l = *p
			}
			set(&l, c.Args, on)
			d.Links = slices.DeleteFunc(d.Links, func(o dhcp.LinkConfig) bool { return o.Name == name })
			if l != (dhcp.LinkConfig{Name: name}) {
				d.Links = append(d.Links, l)
				sorted.By(d.Links, func(a, b dhcp.LinkConfig) int { return strings.Compare(a.Name, b.Name) })
			}
			return nil
		}
	}
	return language.Declaration{
		Mode: modeInterface, Doc: doc, Syntax: syntax, Set: change(true), Unset: change(false),
		Get: func(v *language.View) []grammar.Args {
			l := v.Config.DHCP.Link(v.Keys.String("name"))
			if l == nil {
				return nil
			}
			switch x := get(l).(type) {
			case bool:
				return one(x)
			case int:
				return one(x != 0, arg, x)
			}
			return nil
		},
	}
}

// forgetLink takes away what is said of DHCP below an interface.
func forgetLink(c *language.Context, name string) {
	c.Config.DHCP.Links = slices.DeleteFunc(c.Config.DHCP.Links, func(l dhcp.LinkConfig) bool { return l.Name == name })
	c.Config.DHCPv6.Links = slices.DeleteFunc(c.Config.DHCPv6.Links, func(l v6.Link) bool { return l.Name == name })
}

// rangesOf are the excluded ranges that concern a pool.
func rangesOf(c *dhcp.Config, pool string) []dhcp.VRFRange {
	var out []dhcp.VRFRange
	p := c.Pool(pool)
	if p == nil {
		return nil
	}
	for _, r := range c.Excluded {
		if slices.ContainsFunc(append([]netip.Prefix{p.Network}, p.Secondary...), func(n netip.Prefix) bool {
			return n.IsValid() && !r.Last.Less(n.Masked().Addr()) && !lastOf(n.Masked()).Less(r.First)
		}) {
			out = append(out, dhcp.VRFRange{Range: r})
		}
	}
	return out
}
