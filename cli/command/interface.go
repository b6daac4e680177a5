package command

import (
	"fmt"
	"net/netip"
	"slices"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/netif"
)

// interfaces are `interface NAME` and what stands below it. The interfaces of
// a box exist whether configured or not: the section is always printed and
// `no interface X` empties it.
func interfaces() []language.Declaration {
	at := func(c *language.Context) *netif.Config { return c.Config.Interface(c.Keys.String("name")) }
	ds := []language.Declaration{
		{
			Mode: language.Global, Enters: modeInterface, AtMargin: true, Doc: "facts/ios-cli.md 1.5",
			Syntax: `interface("Select an interface to configure") <name:IFNAME>("Interface name and number")`,
			Set:    func(*language.Context) error { return nil },
			Unset: func(c *language.Context) error {
				name := c.Args.String("name")
				if i := c.Config.Interface(name); i != nil {
					*i = netif.Config{Name: name}
				}
				forgetLink(c, name)
				c.Config.DropSection("interface " + name)
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				var out []grammar.Args
				for _, i := range v.Config.Interfaces {
					out = append(out, args("name", i.Name))
				}
				return out
			},
		},
	}
	ds = append(ds, below(at,
		value(modeInterface, `description("Interface specific description") ![ <text:LINE>("Up to 200 characters describing this interface") ]`, "text", "", "facts/ios-cli.md 1.10", "",
			func(c *language.Context) *string { return &at(c).Description }),
		language.Declaration{
			Mode: modeInterface, Doc: "facts/ios-cli.md 1.10",
			KeepNo: true, // below an interface that is not here: routers print it
			Syntax: `ip("Interface Internet Protocol config commands")
				address("Set the IP address of an interface")
				![ <addr:A.B.C.D>("IP address")
					<mask:A.B.C.D>("IP subnet mask")
					[ secondary$secondary("Make this IP address a secondary address") ] ]`,
			Set: func(c *language.Context) error {
				p, err := interfaceAddress(c.Args)
				if err != nil {
					return err
				}
				i := at(c)
				if !c.Args.Has("secondary") {
					i.Address = p
					i.Secondary = slices.DeleteFunc(i.Secondary, func(s netip.Prefix) bool { return s == p })
					return nil
				}
				if !i.Address.IsValid() {
					return language.Answer("% Primary address must be configured first")
				}
				if !slices.Contains(i.Secondary, p) && i.Address != p {
					i.Secondary = append(i.Secondary, p)
				}
				return nil
			},
			Unset: func(c *language.Context) error {
				i := at(c)
				if c.Args.Has("secondary") {
					p, err := interfaceAddress(c.Args)
					if err != nil {
						return err
					}
					i.Secondary = slices.DeleteFunc(i.Secondary, func(s netip.Prefix) bool { return s == p })
					return nil
				}
				i.Address, i.Secondary = netip.Prefix{}, nil
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				i := at(viewContext(v))
				if !i.Address.IsValid() {
					return []grammar.Args{{language.Negated: true}}
				}
				out := []grammar.Args{args("addr", i.Address.Addr(), "mask", maskOf(i.Address.Bits()))}
				for _, s := range i.Secondary {
					out = append(out, args("addr", s.Addr(), "mask", maskOf(s.Bits()), "secondary", "secondary"))
				}
				return out
			},
		},
		flag(modeInterface, `shutdown("Shutdown the selected interface")`, "", "facts/ios-cli.md 1.10", false,
			func(c *language.Context) *bool { return &at(c).Shutdown }),
	)...)
	ds = append(ds, below(at, append(interfaceIPv6(at), interfaceDHCP()...)...)...)
	ds = append(ds, interfaceCarried6()...)
	return append(ds, carryAll(modeInterface, "facts/cme.md 10.1",
		`duplex("Configure duplex operation.") <mode:WORD>("auto, full or half")`,
		`speed("Configure speed operation.") <mode:WORD>("auto, 10, 100 or 1000")`,
		`ip address dhcp("IP Address negotiated via DHCP") [ <rest:LINE>("Options") ]`,
		`ip address negotiated("IP Address negotiated over PPP") [ <rest:LINE>("Options") ]`,
		`ip address pool("IP Address autoconfigured from a local DHCP pool") <rest:LINE>("Pool")`,
		`ip helper-address("Specify a destination address for UDP broadcasts") <rest:LINE>("IP destination address")`,
		`ip access-group("Specify access control for packets") <rest:LINE>("Access list and direction")`,
		`ip nat("NAT interface commands") <rest:LINE>("inside or outside")`,
		`encapsulation("Set encapsulation type for an interface") <rest:LINE>("dot1Q and VLAN")`,
		`negotiation("Select Autonegotiation mode") <mode:WORD>("auto")`,
		// what hands type below every interface, mostly with `no`
		`ip redirects("Enable sending ICMP Redirect messages")`,
		`ip unreachables("Enable sending ICMP Unreachable messages")`,
		`ip proxy-arp("Enable proxy ARP")`,
		`cdp("CDP interface subcommands") enable("Enable CDP on interface")`,
	)...)
}

// interfaceAddress checks an address as a router does: a host of its subnet.
func interfaceAddress(a grammar.Args) (netip.Prefix, error) {
	addr, mask := grammar.Get[netip.Addr](a, "addr"), grammar.Get[netip.Addr](a, "mask")
	p := netip.PrefixFrom(addr, maskBits(mask))
	if maskOf(p.Bits()) != mask || !usable(p) {
		return p, language.Answer(fmt.Sprintf("Bad mask 0x%X for address %s", mask.As4(), addr))
	}
	if !addr.IsGlobalUnicast() && !addr.IsLinkLocalUnicast() && !addr.IsLoopback() {
		return p, language.Answer("Not a valid host address - " + addr.String())
	}
	return p, nil
}

// usable: neither the network nor the broadcast address of its subnet.
func usable(p netip.Prefix) bool {
	if p.Bits() >= 31 || p.Bits() == 0 {
		return p.Bits() != 0
	}
	return p.Addr() != p.Masked().Addr() && p.Addr() != lastOf(p)
}

func lastOf(p netip.Prefix) netip.Addr {
	b := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}

func maskBits(m netip.Addr) int {
	n := 0
	for _, b := range m.As4() {
		for ; b&0x80 != 0; b <<= 1 {
			n++
		}
	}
	return n
}

func maskOf(bits int) netip.Addr {
	var b [4]byte
	for i := range bits {
		b[i/8] |= 1 << (7 - i%8)
	}
	return netip.AddrFrom4(b)
}
