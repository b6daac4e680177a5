package command

import (
	"fmt"
	"net/netip"
	"slices"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/netif"
)

// routing is `ip default-gateway` and `ip route`. Routes by way of a managed
// interface are real; the audit tells which of the others are only kept.
// [IOS IP Routing Command Reference, ip route]
func routing() []language.Declaration {
	const doc = "facts/ios-cli.md 1.10"
	gateway := value(language.Global, `ip default-gateway("Specify default gateway (if not routing IP)") ![ <gw:A.B.C.D>("IP address of default gateway") ]`, "gw", "", doc, netip.Addr{},
		func(c *language.Context) *netip.Addr { return &c.Config.Routing.Gateway })
	set := gateway.Set
	gateway.Set = func(c *language.Context) error {
		if a := grammar.Get[netip.Addr](c.Args, "gw"); !hostAddress(a) {
			return language.Answer("% " + a.String() + " is not the address of a host")
		}
		return set(c)
	}
	return append([]language.Declaration{gateway, staticRoute(doc)}, carryAll(language.Global, doc,
		`ip route <net:A.B.C.D>("Destination prefix") <mask:MASK>("Destination prefix mask") dhcp("Default gateway obtained from DHCP") [ <rest:LINE>("Distance and parameters") ]`,
		`ip route <net:A.B.C.D>("Destination prefix") <mask:MASK>("Destination prefix mask") <if:HOPIF>("Forwarding interface") dhcp("Default gateway obtained from DHCP") [ <rest:LINE>("Distance and parameters") ]`,
		`ip route vrf("Configure static route for a VPN Routing/Forwarding instance") <rest:LINE>("VRF, prefix and next hop")`,
		`ip route static("Allow static routes") <rest:LINE>("Parameters")`,
		`ip route profile("Enable IP routing table profile")`,
	)...)
}

// routeKey tells one route from another.
type routeKey struct {
	dst    netip.Prefix
	ifname string
	hop    netip.Addr
}

// maxRoutes bounds the list: each line of a paste looks through it.
const maxRoutes = 2000

func staticRoute(doc string) language.Declaration {
	all := list[netif.Route, routeKey]{in: func(c *language.Context) *[]netif.Route { return &c.Config.Routing.Routes },
		key: func(r *netif.Route) routeKey { return routeKey{r.Dst, r.Interface, r.NextHop} }, most: maxRoutes, full: "% Too many static routes"}
	d := keyed(language.Declaration{
		Mode: language.Global, Group: "ip route", Doc: doc, Partly: routeIdle,
		Syntax: `ip route("Establish static routes")
			<net:A.B.C.D>("Destination prefix")
			<mask:MASK>("Destination prefix mask")
			![ ( <hop:A.B.C.D>("Forwarding router's address")
					| <if:HOPIF>("Forwarding interface")
					[ <hop:A.B.C.D>("Forwarding router's address") ] )
				[ <distance:1-255>("Distance metric for this route") ]
				{ name("Specify name of the next hop")
						<name:WORD>("Name of the next hop")
					| permanent$permanent("permanent route")
					| track("Install route depending on tracked item")
						<track:1-1000>("tracked object number")
					| tag("Set tag for this route")
						<tag:1-4294967295>("Tag value") } ]`,
	}, all,
		func(a grammar.Args) (netif.Route, error) {
			addr, mask := grammar.Get[netip.Addr](a, "net"), grammar.Get[netip.Addr](a, "mask")
			r := netif.Route{Dst: netip.PrefixFrom(addr, maskBits(mask)), Interface: a.String("if"), NextHop: grammar.Get[netip.Addr](a, "hop"),
				Distance: a.Int("distance"), Name: a.String("name"), Tag: a.Int64("tag"), Track: a.Int("track"), Permanent: a.Has("permanent")}
			switch {
			case r.Dst != r.Dst.Masked():
				return r, language.Answer("%Inconsistent address and mask")
			case a.Has("hop") && !hostAddress(r.NextHop):
				return r, language.Answer("%Invalid next hop address")
			}
			if r.Distance == 1 {
				r.Distance = 0
			}
			return r, nil
		},
		func(r netif.Route) grammar.Args {
			a := args("net", r.Dst.Addr(), "mask", maskOf(r.Dst.Bits()), "if", r.Interface, "name", r.Name)
			if r.NextHop.IsValid() {
				a["hop"] = r.NextHop
			}
			if r.Distance != 0 {
				a["distance"] = r.Distance
			}
			if r.Permanent {
				a["permanent"] = "permanent"
			}
			if r.Track != 0 {
				a["track"] = r.Track
			}
			if r.Tag != 0 {
				a["tag"] = r.Tag
			}
			return a
		})
	one := d.Unset
	d.Unset = func(c *language.Context) error {
		if c.Args.Has("hop") || c.Args.Has("if") {
			return one(c)
		}
		l := all.in(c)
		dst := netip.PrefixFrom(grammar.Get[netip.Addr](c.Args, "net"), maskBits(grammar.Get[netip.Addr](c.Args, "mask")))
		*l = slices.DeleteFunc(*l, func(r netif.Route) bool { return r.Dst == dst })
		return nil
	}
	return d
}

// routeIdle says what of a route has no effect.
func routeIdle(_, a grammar.Args) string {
	switch {
	case a.Has("track"):
		return "track: nothing is tracked here, the route stays while its interface is up"
	case a.Has("permanent"):
		return "permanent: the route goes with its interface"
	}
	return ""
}

// hopIfType is an interface a route goes by: any that IOS has, sub-interfaces
// too, whether this box has it or not.
type hopIfType struct{ anyIfType }

func (hopIfType) Parse(s string) (any, error) {
	name, ok := netif.ParseName(s)
	if !ok {
		return nil, fmt.Errorf("no interface %q", s)
	}
	return name, nil
}
