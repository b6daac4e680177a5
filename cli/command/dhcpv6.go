package command

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp/v6"
	"option150/platform/netif"
	"option150/platform/sorted"
)

const (
	docIPv6    = "Cisco IOS IPv6 Command Reference"
	ipv6Head   = `ipv6("Global IPv6 configuration commands") `
	ipv6IfHead = `ipv6("IPv6 interface subcommands") `
)

// dhcpv6Pools are `ipv6 dhcp pool NAME` and what stands below it.
func dhcpv6Pools() []language.Declaration {
	pools := section[v6.Pool, string]{
		list: list[v6.Pool, string]{in: func(c *language.Context) *[]v6.Pool { return &c.Config.DHCPv6.Pools }, key: func(p *v6.Pool) string { return p.Name },
			most: maxPools, full: "% Too many DHCPv6 pools"},
		arg: "name", empty: func(name string) v6.Pool { return v6.Pool{Name: name} },
		header: func(p *v6.Pool) string { return "ipv6 dhcp pool " + p.Name },
	}
	at := pools.at
	lines := []language.Declaration{
		pool6Prefix(at),
		keyed(language.Declaration{Mode: modePool6, Doc: docIPv6, Syntax: `link-address("Specify link-address to match") <net:IPV6PREFIX>("IPv6 prefix of the link")`},
			list[netip.Prefix, netip.Prefix]{in: func(c *language.Context) *[]netip.Prefix { return &at(c).Networks }, key: func(p *netip.Prefix) netip.Prefix { return *p }, most: 64, full: "% Too many links"},
			func(a grammar.Args) (netip.Prefix, error) { return grammar.Get[netip.Prefix](a, "net").Masked(), nil },
			func(p netip.Prefix) grammar.Args { return args("net", p) }),
		pool6Vendors(at),
		keyed(language.Declaration{Mode: modePool6, Doc: docIPv6, Syntax: `dns-server("DNS servers") <addr:IPV6ADDR>("Server's IPv6 address")`},
			list[netip.Addr, netip.Addr]{in: func(c *language.Context) *[]netip.Addr { return &at(c).DNSServers }, key: func(a *netip.Addr) netip.Addr { return *a }, most: 8, full: "% 8 servers are the most"},
			func(a grammar.Args) (netip.Addr, error) { return grammar.Get[netip.Addr](a, "addr"), nil },
			func(x netip.Addr) grammar.Args { return args("addr", x) }),
		keyed(language.Declaration{Mode: modePool6, Doc: docIPv6, Syntax: `domain-name("Domain name to complete unqualified host names") <domain:WORD>("Domain name")`},
			list[string, string]{in: func(c *language.Context) *[]string { return &at(c).Domains }, key: func(s *string) string { return *s }, most: 8, full: "% 8 names are the most"},
			func(a grammar.Args) (string, error) { return a.String("domain"), nil },
			func(s string) grammar.Args { return args("domain", s) }),
		pool6Refresh(at),
	}
	all := pools.of(language.Declaration{
		Mode: language.Global, Enters: modePool6, Doc: docIPv6,
		Syntax: ipv6Head + `dhcp("Configure IPv6 DHCP") pool("Configure IPv6 DHCP pool") <name:WORD>("DHCP pool name")`,
	}, append(lines, vendor6Lines(at)...)...)
	// Declared, because a word of the vocabulary may be shortened: `ip dhcp` with a
	// mistake behind it must not be taken for one of these.
	all = append(all, carryAll(language.Global, docIPv6,
		ipv6Head+`dhcp binding("Binding parameters") <rest:LINE>("Arguments")`,
		ipv6Head+`dhcp database("Database agents") <rest:LINE>("URL and times")`,
		ipv6Head+`dhcp iana-route-add("Add routes for addresses given")`,
		ipv6Head+`dhcp iapd-route-add("Add routes for prefixes given")`,
		ipv6Head+`dhcp ping("Ping before an address is given") <rest:LINE>("Packets")`,
		ipv6Head+`dhcp relay("Relay agent") <rest:LINE>("Arguments")`,
		ipv6Head+`dhcp server("Server parameters") <rest:LINE>("Arguments")`)...)
	return append(all, carryAll(modePool6, docIPv6,
		`accounting("Send accounting messages") [ <rest:LINE>("Arguments") ]`,
		`bootfile-url("Boot file URL") <rest:LINE>("URL")`,
		`import("Import options") <rest:LINE>("Options")`,
		`nis("NIS server options") <rest:LINE>("Arguments")`,
		`nisp("NIS+ server options") <rest:LINE>("Arguments")`,
		`option("Insert other DHCP options") <rest:LINE>("Arguments")`,
		`prefix-delegation("IPv6 prefix delegation") <rest:LINE>("Prefix or pool")`,
		`sip("SIP server options") <rest:LINE>("Arguments")`,
		`sntp("SNTP server options") <rest:LINE>("Arguments")`)...)
}

// pool6Prefix is `address prefix P [lifetime VALID PREFERRED]`.
func pool6Prefix(at func(*language.Context) *v6.Pool) language.Declaration {
	return language.Declaration{
		Mode: modePool6, Doc: docIPv6, Single: true,
		Syntax: `address("IPv6 address allocation") prefix("IPv6 address prefix")
			![ <net:IPV6PREFIX>("IPv6 prefix")
				[ lifetime("Lifetimes of addresses")
					( infinite$valid("Infinite lifetime") [ ( infinite$preferred("Infinite lifetime") | <p:UINT32>("Preferred lifetime (secs)") ) ]
						| <v:UINT32>("Valid lifetime (secs)") <p:UINT32>("Preferred lifetime (secs)") ) ] ]`,
		Set: func(c *language.Context) error {
			p, a := at(c), c.Args
			p.Prefix, p.Valid, p.Preferred = grammar.Get[netip.Prefix](a, "net").Masked(), 0, 0
			switch {
			case a.Has("valid"):
				p.Valid, p.Preferred = v6.Infinite, v6.Infinite
				if a.Has("p") {
					p.Preferred = secondsOf(a, "p")
				}
			case a.Has("v"):
				p.Valid, p.Preferred = secondsOf(a, "v"), secondsOf(a, "p")
				if p.Valid == v6.DefaultValid && p.Preferred == v6.DefaultPreferred {
					p.Valid, p.Preferred = 0, 0
				}
			}
			return nil
		},
		Unset: func(c *language.Context) error {
			p := at(c)
			p.Prefix, p.Valid, p.Preferred = netip.Prefix{}, 0, 0
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			p := at(viewContext(v))
			if !p.Prefix.IsValid() {
				return nil
			}
			a := args("net", p.Prefix)
			switch {
			case p.Valid == 0:
			case p.Valid != v6.Infinite:
				a["v"], a["p"] = uint32(p.Valid/time.Second), uint32(p.Preferred/time.Second)
			case p.Preferred == v6.Infinite:
				a["valid"], a["preferred"] = "infinite", "infinite"
			default:
				a["valid"], a["p"] = "infinite", uint32(p.Preferred/time.Second)
			}
			return []grammar.Args{a}
		},
	}
}

func secondsOf(a grammar.Args, name string) time.Duration {
	return time.Duration(grammar.Get[uint32](a, name)) * time.Second
}

// pool6Refresh is `information refresh`.
func pool6Refresh(at func(*language.Context) *v6.Pool) language.Declaration {
	const day = 24 * time.Hour
	return language.Declaration{
		Mode: modePool6, Doc: docIPv6, Single: true,
		Syntax: `information("Information refresh option") refresh("Information refresh time")
			![ ( infinity$forever("Never refresh")
				| <days:0-365>("Days") [ <hours:0-23>("Hours") [ <minutes:0-59>("Minutes") ] ] ) ]`,
		Set: func(c *language.Context) error {
			a := c.Args
			d := time.Duration(a.Int("days"))*day + time.Duration(a.Int("hours"))*time.Hour + time.Duration(a.Int("minutes"))*time.Minute
			switch {
			case a.Has("forever"):
				d = v6.Infinite
			case d == 0:
				return language.Answer("% The refresh time must not be 0")
			}
			at(c).Refresh = d
			return nil
		},
		Unset: func(c *language.Context) error { at(c).Refresh = 0; return nil },
		Get: func(v *language.View) []grammar.Args {
			d := at(viewContext(v)).Refresh
			switch {
			case d == 0:
				return nil
			case d == v6.Infinite:
				return []grammar.Args{args("forever", "infinity")}
			}
			a := args("days", int(d/day))
			if h, m := int(d%day/time.Hour), int(d%time.Hour/time.Minute); h > 0 || m > 0 {
				if a["hours"] = h; m > 0 {
					a["minutes"] = m
				}
			}
			return []grammar.Args{a}
		},
	}
}

// vendors is the list `vendor-specific NUMBER` of a pool.
func vendors6(at func(*language.Context) *v6.Pool) list[v6.Vendor, uint32] {
	return list[v6.Vendor, uint32]{in: func(c *language.Context) *[]v6.Vendor { return &at(c).Vendors }, key: func(x *v6.Vendor) uint32 { return x.Enterprise },
		order: cmp.Compare[uint32], most: 16, full: "% Too many vendors"}
}

// pool6Vendors is the header `vendor-specific NUMBER`.
func pool6Vendors(at func(*language.Context) *v6.Pool) language.Declaration {
	all := vendors6(at)
	return language.Declaration{
		Mode: modePool6, Enters: modeVendor6, Keys: []string{"vendor"}, Doc: "sources/004",
		Syntax: `vendor-specific("Configure Vendor-specific option") <vendor:UINT32>("Enterprise number, that of Cisco phones is 9")`,
		Set: func(c *language.Context) error {
			_, err := all.insert(c, v6.Vendor{Enterprise: grammar.Get[uint32](c.Args, "vendor")})
			return err
		},
		Unset: func(c *language.Context) error {
			n := grammar.Get[uint32](c.Args, "vendor")
			all.drop(c, n)
			c.Config.DropSection("vendor-specific " + uint32Type{}.Format(n))
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			for _, x := range at(viewContext(v)).Vendors {
				out = append(out, args("vendor", x.Enterprise))
			}
			return out
		},
	}
}

// vendor6Lines are the lines below it.
func vendor6Lines(at func(*language.Context) *v6.Pool) []language.Declaration {
	all := vendors6(at)
	vendor := func(c *language.Context) *v6.Vendor {
		if at(c) == nil {
			return nil
		}
		n, _ := c.Keys["vendor"].(uint32)
		return find(*all.in(c), n, all.key)
	}
	options := list[v6.Suboption, uint16]{in: func(c *language.Context) *[]v6.Suboption { return &vendor(c).Options }, key: func(o *v6.Suboption) uint16 { return o.Code },
		order: cmp.Compare[uint16], most: 32, full: "% Too many suboptions"}
	return below(vendor, keyed(language.Declaration{
		Mode: modeVendor6, Doc: "sources/004",
		Syntax: `suboption("Vendor-specific suboption") <code:1-65535>("Number: of 9, 1 is TFTP servers, 2 the TFTP service")
			![ ( address("IPv6 addresses") <a:IPV6ADDR>("IPv6 address")+8
				| ascii("Text") <text:STRING>("Text")
				| hex("Hexadecimal digits") <hex:HEX>("Hexadecimal digits") ) ]`,
	}, options,
		func(a grammar.Args) (v6.Suboption, error) {
			o := v6.Suboption{Code: uint16(a.Int("code"))}
			var err error
			switch {
			case a.Has("a"):
				o.Kind, o.Addrs = v6.Address, grammar.List[netip.Addr](a, "a")
			case a.Has("text"):
				o.Kind, o.Text = v6.ASCII, a.String("text")
			default:
				o.Kind = v6.Hex
				o.Hex, err = bytesOf(a, "hex")
			}
			return o, err
		},
		func(o v6.Suboption) grammar.Args {
			a := args("code", int(o.Code))
			switch o.Kind {
			case v6.Address:
				a["a"] = o.Addrs
			case v6.ASCII:
				a["text"] = o.Text
			default:
				a["hex"] = o.Hex
			}
			return a
		}))
}

// interfaceIPv6 are the addresses of an interface and `ipv6 dhcp server`.
func interfaceIPv6(at func(*language.Context) *netif.Config) []language.Declaration {
	type addr = netif.Address6
	addrs := list[addr, netip.Addr]{in: func(c *language.Context) *[]addr { return &at(c).IPv6 }, key: func(a *addr) netip.Addr { return a.Prefix.Addr() }, most: 32, full: "% Too many IPv6 addresses"}
	global := func(l []addr) (out []addr) {
		return slices.DeleteFunc(slices.Clone(l), func(a addr) bool { return a.Prefix.Addr().IsLinkLocalUnicast() })
	}
	d := keyed(language.Declaration{
		Mode: modeInterface, Doc: docIPv6,
		Syntax: ipv6IfHead + `address <a:IPV6PREFIX>("IPv6 prefix") [ eui-64$eui("Use eui-64 interface identifier") ]`,
	}, addrs,
		func(a grammar.Args) (addr, error) {
			x := addr{Prefix: grammar.Get[netip.Prefix](a, "a"), EUI64: a.Has("eui")}
			if x.EUI64 {
				x.Prefix = x.Prefix.Masked()
			}
			if err := netif.CheckAddress6(x); err != nil {
				return x, language.Answer("%" + strings.ToUpper(x.Prefix.String()) + " is not an IPv6 address of a host")
			}
			if x.Prefix.Addr().IsLinkLocalUnicast() {
				return x, language.Answer("% A link-local address is typed without a length: ipv6 address " + strings.ToUpper(x.Prefix.Addr().String()) + " link-local")
			}
			return x, nil
		},
		func(x addr) grammar.Args {
			a := args("a", x.Prefix)
			if x.EUI64 {
				a["eui"] = "eui-64"
			}
			return a
		})
	get := d.Get
	d.Get = func(v *language.View) []grammar.Args {
		var out []grammar.Args
		lines := get(v)
		for i, x := range at(viewContext(v)).IPv6 {
			if !x.Prefix.Addr().IsLinkLocalUnicast() {
				out = append(out, lines[i])
			}
		}
		return out
	}
	own := language.Declaration{
		Mode: modeInterface, Doc: docIPv6, Single: true,
		Syntax: ipv6IfHead + `address("Configure IPv6 address on interface") <a:IPV6ADDR>("IPv6 link-local address") link-local("Use link-local address")`,
		Set: func(c *language.Context) error {
			a := grammar.Get[netip.Addr](c.Args, "a")
			if !a.IsLinkLocalUnicast() {
				return language.Answer("% Invalid link-local address")
			}
			i := at(c)
			i.IPv6 = append([]addr{{Prefix: netip.PrefixFrom(a, 64)}}, global(i.IPv6)...)
			return nil
		},
		Unset: func(c *language.Context) error {
			i := at(c)
			i.IPv6 = global(i.IPv6)
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			for _, x := range at(viewContext(v)).IPv6 {
				if a := x.Prefix.Addr(); a.IsLinkLocalUnicast() {
					return []grammar.Args{args("a", a)}
				}
			}
			return nil
		},
	}
	return []language.Declaration{
		own, d,
		flag(modeInterface, ipv6IfHead+`enable("Enable IPv6 on interface")`, "", docIPv6, false, func(c *language.Context) *bool { return &at(c).IPv6Enable }),
		interfaceServer6(),
	}
}

// interfaceCarried6 are the lines of an interface that are known by name.
func interfaceCarried6() []language.Declaration {
	return carryAll(modeInterface, docIPv6,
		ipv6IfHead+`address autoconfig("Obtain address using autoconfiguration") [ default("Install default route") ]`,
		ipv6IfHead+`address dhcp("Obtain a ipv6 address using dhcp") [ <rest:LINE>("Options") ]`,
		ipv6IfHead+`address <prefix:WORD>("General prefix name") <sub:IPV6PREFIX>("IPv6 prefix")`,
		ipv6IfHead+`address <a:IPV6PREFIX>("IPv6 prefix") anycast("Configure as an anycast")`,
		ipv6IfHead+`nd("IPv6 interface Neighbor Discovery subcommands") managed-config-flag("Hosts should use DHCP for address config")`,
		ipv6IfHead+`nd other-config-flag("Hosts should use DHCP for non-address config")`,
		ipv6IfHead+`nd ra("Router Advertisement control") suppress("Suppress IPv6 Router Advertisements") [ all("Suppress all") ]`,
		ipv6IfHead+`dhcp client("Act as an IPv6 DHCP client") <rest:LINE>("Arguments")`,
		ipv6IfHead+`dhcp guard("DHCPv6 guard") <rest:LINE>("Arguments")`,
		ipv6IfHead+`dhcp relay("Act as an IPv6 DHCP relay agent") <rest:LINE>("Arguments")`)
}

// interfaceServer6 is `ipv6 dhcp server`.
func interfaceServer6() language.Declaration {
	drop := func(c *language.Context) {
		d, name := &c.Config.DHCPv6, c.Keys.String("name")
		d.Links = slices.DeleteFunc(slices.Clone(d.Links), func(l v6.Link) bool { return l.Name == name })
	}
	return language.Declaration{
		Mode: modeInterface, Doc: docIPv6, Single: true,
		Syntax: ipv6IfHead + `dhcp("IPv6 DHCP interface subcommands") server("Act as an IPv6 DHCP server")
			![ ( automatic$auto("Automatically determine address pool for client requests") | <pool:WORD>("IPv6 DHCP pool name") )
				[ rapid-commit$rapid("Enable Rapid-Commit") ]
				[ preference("Preference to advertise with") <n:0-255>("Preference") ]
				[ allow-hint$hint("Allow hint from client") ] ]`,
		Set: func(c *language.Context) error {
			a := c.Args
			drop(c)
			d := &c.Config.DHCPv6
			d.Links = append(d.Links, v6.Link{Name: c.Keys.String("name"), Pool: a.String("pool"), Rapid: a.Has("rapid"), Preference: a.Int("n"), AllowHint: a.Has("hint")})
			sorted.By(d.Links, func(a, b v6.Link) int { return strings.Compare(a.Name, b.Name) })
			return nil
		},
		Unset: func(c *language.Context) error { drop(c); return nil },
		Get: func(v *language.View) []grammar.Args {
			l := v.Config.DHCPv6.Link(v.Keys.String("name"))
			if l == nil {
				return nil
			}
			a := args("auto", "automatic")
			if l.Pool != "" {
				a = args("pool", l.Pool)
			}
			if l.Rapid {
				a["rapid"] = "rapid-commit"
			}
			if l.Preference != 0 {
				a["n"] = l.Preference
			}
			if l.AllowHint {
				a["hint"] = "allow-hint"
			}
			return []grammar.Args{a}
		},
	}
}
