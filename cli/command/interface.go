package command

import (
	"net/netip"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/netif"
)

// interfaces are `interface NAME` and what stands below it. The interfaces of
// a box exist whether configured or not: the section is always printed and
// `no interface X` empties it.
func interfaces() []language.Declaration {
	at := func(c *language.Context) *netif.Config {
		if i := c.Config.Interface(c.Keys.String("name")); i != nil {
			return i
		}
		return &netif.Config{} // gone: a box whose settings changed
	}
	ds := []language.Declaration{
		{
			Mode: language.Global, Enters: modeInterface, CarryBad: true, Doc: "reference/ios-cli.md 1.5",
			Syntax: `interface("Select an interface to configure") <name:IFNAME>("Interface name and number")`,
			Set:    func(*language.Context) error { return nil },
			Unset: func(c *language.Context) error {
				name := c.Args.String("name")
				if i := c.Config.Interface(name); i != nil {
					*i = netif.Config{Name: name}
				}
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
		value(modeInterface, `description("Interface specific description") ![ <text:LINE>("Up to 200 characters describing this interface") ]`, "text", "", "reference/ios-cli.md 1.10", "",
			func(c *language.Context) *string { return &at(c).Description }),
		{
			Mode: modeInterface, Doc: "reference/ios-cli.md 1.10",
			Syntax: `ip("Interface Internet Protocol config commands") address("Set the IP address of an interface") ![ <addr:A.B.C.D>("IP address") <mask:MASK>("IP subnet mask") [ secondary$secondary("Make this IP address a secondary address") ] ]`,
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
		flag(modeInterface, `shutdown("Shutdown the selected interface")`, "", "reference/ios-cli.md 1.10", false,
			func(c *language.Context) *bool { return &at(c).Shutdown }),
	}
	return append(ds, carryAll(modeInterface, "reference/cme.md 10.1",
		`duplex("Configure duplex operation.") <mode:WORD>("auto, full or half")`,
		`speed("Configure speed operation.") <mode:WORD>("auto, 10, 100 or 1000")`,
		`ip address dhcp("IP Address negotiated via DHCP") [ <rest:LINE>("Options") ]`,
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
	if !usable(p) {
		return p, language.Answer("Bad mask /" + itoa(p.Bits()) + " for address " + addr.String())
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

// lines are `line con 0` and `line vty F L`. [reference/ios-cli.md 1.14]
func lines() []language.Declaration {
	at := func(c *language.Context) *config.Line {
		for i := range c.Config.Lines {
			l := &c.Config.Lines[i]
			if l.Kind == c.Keys.String("kind") && l.First == c.Keys.Int("first") {
				return l
			}
		}
		l := config.DefaultLine("", 0, 0)
		return &l
	}
	ds := []language.Declaration{
		{
			Mode: language.Global, Enters: modeLine, Keys: []string{"kind", "first"}, Doc: "reference/ios-cli.md 1.14",
			Syntax: `line("Configure a terminal line") ( con$kind("Primary terminal line") <first:0-0>("Line number") | console$kind("Primary terminal line") <first:0-0>("Line number") | vty$kind("Virtual terminal") <first:0-98>("First Line number") [ <last:0-98>("Last Line number") ] )`,
			Set:    setLine, Unset: unsetLine,
			Get: func(v *language.View) []grammar.Args {
				var out []grammar.Args
				for _, l := range v.Config.Lines {
					a := args("kind", l.Kind, "first", l.First)
					if l.Kind == "vty" {
						a["last"] = l.Last
					}
					out = append(out, a)
				}
				return out
			},
		},
		lineAccess(at),
		{
			Mode: modeLine, Doc: "reference/ios-cli.md 1.14",
			Syntax: `exec-timeout("Set the EXEC timeout") ![ <minutes:0-35791>("Timeout in minutes") [ <seconds:0-2147483>("Timeout in seconds") ] ]`,
			Set: func(c *language.Context) error {
				l := at(c)
				l.ExecMinutes, l.ExecSeconds = c.Args.Int("minutes"), c.Args.Int("seconds")
				return nil
			},
			Unset: func(c *language.Context) error { at(c).ExecMinutes, at(c).ExecSeconds = 0, 0; return nil },
			Reset: func(c *language.Context) error { at(c).ExecMinutes, at(c).ExecSeconds = 10, 0; return nil },
			Get: func(v *language.View) []grammar.Args {
				l := at(viewContext(v))
				return one(l.ExecMinutes != 10 || l.ExecSeconds != 0 || v.All, "minutes", l.ExecMinutes, "seconds", l.ExecSeconds)
			},
		},
		partly(value(modeLine, `privilege("Change privilege level for line") level("Assign default privilege level for line") ![ <level:0-15>("Default privilege level for line") ]`, "level", "", "reference/ios-cli.md 1.14", 0,
			func(c *language.Context) *int { return &at(c).Privilege }), func(_, a grammar.Args) string {
			if a.Has("level") && a.Int("level") == 0 {
				return "0 is as if it were not there: the level is that of the user"
			}
			return ""
		}),
		linePassword(at),
		synchronous(at),
		lineCheck(at),
	}
	ds = append(ds,
		value(modeLine, `length("Set number of lines on a screen") ![ <n:0-512>("Number of lines on screen (0 for no pausing)") ]`, "n", "", "reference/ios-cli.md 1.14", 24, func(c *language.Context) *int { return &at(c).Length }),
		value(modeLine, `width("Set width of the display terminal") ![ <n:0-512>("Number of characters on a screen line") ]`, "n", "", "reference/ios-cli.md 1.14", 80, func(c *language.Context) *int { return &at(c).Width }),
		value(modeLine, `history("Enable and control the command history function") size("Set history buffer size") ![ <n:0-256>("Size of history buffer") ]`, "n", "", "reference/ios-cli.md 1.6", 10, func(c *language.Context) *int { return &at(c).HistorySize }),
		lineTransport(at),
		value(modeLine, `speed("Set the transmit and receive speeds") ![ <n:0-4294967>("Transmit and receive speeds") ]`, "n", "", "reference/ios-cli.md 1.14", 0, func(c *language.Context) *int { return &at(c).Speed }),
	)
	return append(ds, carryAll(modeLine, "reference/ios-cli.md 1.14",
		`transport preferred("Specify the preferred protocol to use") <rest:LINE>("Protocol")`,
		`transport output("Define which protocols to use for outgoing connections") <rest:LINE>("Protocols")`,
		`stopbits("Set async line stop bits") <rest:LINE>("Stop bits")`,
		`session-timeout("Set interval for closing an idle connection") <rest:LINE>("Minutes")`,
		`exec("Configure EXEC")`,
	)...)
}

// lineTransport is `transport input`: what is asked for is kept; SSH is what is
// served.
func lineTransport(at func(*language.Context) *config.Line) language.Declaration {
	transport := func(c *language.Context) *string { return &at(c).Transport }
	return language.Declaration{
		Mode: modeLine, Doc: "reference/ios-cli.md 1.14", Partly: func(keys, a grammar.Args) string {
			switch {
			case a.Has("telnet"):
				return "telnet: this box has no Telnet server"
			case keys.String("kind") == "con" && !a.Has(language.Negated):
				return "the console is reached by its cable alone"
			}
			return ""
		},
		Syntax: `transport("Define transport protocols for line") input("Define which protocols to use to reach this box") ![ ( all$what("All protocols") | none$what("No protocols") | ssh$ssh("TCP/IP SSH protocol") [ telnet$telnet("TCP/IP Telnet protocol, not served by this box") ] | telnet$telnet("TCP/IP Telnet protocol, not served by this box") [ ssh$ssh("TCP/IP SSH protocol") ] ) ]`,
		Set: func(c *language.Context) error {
			var list []string
			for _, k := range []string{"what", "telnet", "ssh"} {
				if c.Args.Has(k) {
					list = append(list, c.Args.String(k))
				}
			}
			*transport(c) = strings.Join(list, " ")
			return nil
		},
		Unset: func(c *language.Context) error { *transport(c) = ""; return nil },
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			switch t := *transport(viewContext(v)); t {
			case "":
			case "all", "none":
				out = append(out, args("what", t))
			default:
				a := args()
				for _, w := range strings.Fields(t) {
					a[w] = w
				}
				out = append(out, a)
			}
			return out
		},
	}
}

func setLine(c *language.Context) error {
	kind, first := c.Args.String("kind"), c.Args.Int("first")
	if kind == "console" {
		kind = "con"
		c.Args["kind"] = kind // the section is printed and entered by its short name
	}
	last := first
	if c.Args.Has("last") {
		if last = c.Args.Int("last"); last < first {
			return language.Answer("% Last line number must not be less than the first")
		}
	}
	for _, l := range c.Config.Lines {
		if l.Kind == kind && l.First == first {
			if c.Args.Has("last") && l.Last != last {
				return widen(c.Config, kind, first, last)
			}
			if kind == "vty" {
				c.Args["last"] = l.Last // the section is entered by its full header
			}
			return nil
		}
	}
	if kind == "vty" {
		c.Args["last"] = last
	}
	return widen(c.Config, kind, first, last)
}

// widen makes a range of lines exist as one section. A range that begins with
// the same line is resized; others give up what the new one takes.
func widen(c *config.Config, kind string, first, last int) error {
	n := config.DefaultLine(kind, first, last)
	var keep []config.Line
	resize := func(l config.Line, f, t int) config.Line {
		from := lineHeader(l)
		l.First, l.Last = f, t
		c.RenameSection(from, lineHeader(l))
		return l
	}
	for _, l := range c.Lines {
		switch {
		case l.Kind != kind || l.Last < first || l.First > last:
			keep = append(keep, l)
		case l.First == first:
			if tail := l; tail.Last > last {
				tail.First = last + 1
				keep = append(keep, tail)
			}
			n = resize(l, first, last)
		case l.First < first:
			tail := l
			keep = append(keep, resize(l, l.First, first-1))
			if tail.Last > last {
				tail.First = last + 1
				keep = append(keep, tail)
			}
		case l.Last > last:
			keep = append(keep, resize(l, last+1, l.Last))
		default:
			c.DropSection(lineHeader(l))
		}
	}
	c.Lines = append(keep, n)
	slices.SortFunc(c.Lines, func(a, b config.Line) int {
		if a.Kind != b.Kind {
			return strings.Compare(a.Kind, b.Kind)
		}
		return a.First - b.First
	})
	return nil
}

func lineHeader(l config.Line) string {
	h := "line " + l.Kind + " " + itoa(l.First)
	if l.Kind == "vty" {
		h += " " + itoa(l.Last)
	}
	return h
}

// factoryVTYs is the last vty line of a box as it comes.
const factoryVTYs = 4

// unsetLine: the lines of the factory go back to their defaults, others go.
// Neighbours that are at their defaults become one range again.
func unsetLine(c *language.Context) error {
	kind, first := c.Args.String("kind"), c.Args.Int("first")
	if kind == "console" {
		kind = "con"
	}
	var keep []config.Line
	for _, l := range c.Config.Lines {
		if l.Kind != kind || l.First != first {
			keep = append(keep, l)
			continue
		}
		c.Config.DropSection(lineHeader(l))
		if kind == "con" || first <= factoryVTYs {
			keep = append(keep, config.DefaultLine(kind, first, lastFactory(kind, l.Last)))
		}
	}
	c.Config.Lines = joinDefaults(c.Config, keep)
	return nil
}

func lastFactory(kind string, last int) int {
	if kind == "con" {
		return 0
	}
	return min(last, factoryVTYs)
}

func joinDefaults(c *config.Config, lines []config.Line) []config.Line {
	plain := func(l config.Line) bool {
		return l == config.DefaultLine(l.Kind, l.First, l.Last) && !c.Carries(lineHeader(l))
	}
	var out []config.Line
	for _, l := range lines {
		if n := len(out); n > 0 && out[n-1].Kind == l.Kind && out[n-1].Last+1 == l.First && plain(out[n-1]) && plain(l) {
			out[n-1].Last = l.Last
			continue
		}
		out = append(out, l)
	}
	return out
}
