package command

import (
	"net/netip"
	"slices"
	"strconv"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
	"option150/platform/ether"
)

// The modes of classes. [IOS IP Addressing Services Command Reference, DHCP]
const (
	modeDHCPClass = "config-dhcp-class"
	modeRelayInfo = "config-dhcp-class-relayinfo"
	modePoolClass = "config-dhcp-pool-class"
)

// maxClasses bounds the classes of a box and of a pool; IOS has no documented
// limit.
const maxClasses = 256

// dhcpClasses are `ip dhcp class NAME` and what stands below it.
func dhcpClasses() []language.Declaration {
	const doc = "facts/dhcp.md 1.3"
	classes := section[dhcp.Class, string]{
		list: list[dhcp.Class, string]{in: func(c *language.Context) *[]dhcp.Class { return &c.Config.DHCP.Classes }, key: func(x *dhcp.Class) string { return x.Name },
			most: maxClasses, full: "% Too many DHCP classes"},
		arg: "name", empty: func(name string) dhcp.Class { return dhcp.Class{Name: name} },
		header: func(x *dhcp.Class) string { return "ip dhcp class " + x.Name },
	}
	const value = ` hex("Data is a hexadecimal string") <hex:CLIENTID>("Dotted-hexadecimal string") [ ` + "`*`" + `$star("More may follow") ] `
	relayed := func(p dhcp.Pattern) bool { return p.Option == 82 }
	return classes.of(language.Declaration{
		Mode: language.Global, Enters: modeDHCPClass, Doc: doc,
		Syntax: dhcpHead + `class("Configure DHCP classes") <name:WORD>("Class name")`,
	},
		classPattern(classes, modeDHCPClass, doc, `option("DHCP option that clients of the class send")
			( 60$code("Vendor class") | 77$code("User class") | 124$code("Vendor-identifying vendor class") | 125$code("Vendor-identifying vendor information") )`+
			value+`[ mask("Bits that count") <mask:CLIENTID>("Dotted-hexadecimal string") ]`, func(p dhcp.Pattern) bool { return !relayed(p) }),
		language.Declaration{
			Mode: modeDHCPClass, Enters: modeRelayInfo, Doc: doc,
			Syntax: `relay("Relay agent information") agent("Relay agent information") information("Patterns of what relays add")`,
			Set:    func(*language.Context) error { return nil },
			Unset: func(c *language.Context) error {
				x := classes.at(c)
				x.Patterns = slices.DeleteFunc(slices.Clone(x.Patterns), relayed)
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				return one(slices.ContainsFunc(classes.at(viewContext(v)).Patterns, relayed))
			},
		},
		classPattern(classes, modeRelayInfo, doc, `relay-information("Pattern of option 82")`+
			value+`[ bitmask("Bits that count") <mask:CLIENTID>("Dotted-hexadecimal string") ]`, relayed),
	)
}

// classPattern is one pattern of a class; of says which of them its mode shows.
func classPattern(classes section[dhcp.Class, string], mode, doc, syntax string, of func(dhcp.Pattern) bool) language.Declaration {
	key := func(p *dhcp.Pattern) string {
		return strconv.Itoa(int(p.Option)) + " " + string(p.Value) + "/" + string(p.Mask) + strconv.FormatBool(p.Prefix)
	}
	patterns := list[dhcp.Pattern, string]{in: func(c *language.Context) *[]dhcp.Pattern { return &classes.at(c).Patterns }, key: key, most: maxClasses, full: "% Too many patterns"}
	d := keyed(language.Declaration{Mode: mode, Doc: doc, Syntax: syntax}, patterns,
		func(a grammar.Args) (dhcp.Pattern, error) {
			p := dhcp.Pattern{Option: 82, Prefix: a.Has("star")}
			if n, err := strconv.Atoi(a.String("code")); err == nil {
				p.Option = uint8(n)
			}
			var err error
			if p.Value, err = bytesOf(a, "hex"); err == nil && a.Has("mask") {
				p.Mask, err = bytesOf(a, "mask")
			}
			return p, err
		},
		func(p dhcp.Pattern) grammar.Args {
			a := args("hex", p.Value)
			if p.Option != 82 {
				a["code"] = strconv.Itoa(int(p.Option))
			}
			if p.Prefix {
				a["star"] = "*"
			}
			if len(p.Mask) > 0 {
				a["mask"] = p.Mask
			}
			return a
		})
	all := d.Get
	d.Get = func(v *language.View) []grammar.Args {
		var out []grammar.Args
		lines := all(v)
		for i, p := range classes.at(viewContext(v)).Patterns {
			if of(p) {
				out = append(out, lines[i])
			}
		}
		return out
	}
	return d
}

// poolRestrictions are the lines that restrict whom a pool serves.
func poolRestrictions(at func(*language.Context) *dhcp.Pool) []language.Declaration {
	const doc = "facts/dhcp.md 1.3"
	classes := list[dhcp.PoolClass, string]{in: func(c *language.Context) *[]dhcp.PoolClass { return &at(c).Classes }, key: func(x *dhcp.PoolClass) string { return x.Name }, most: maxClasses, full: "% Too many classes"}
	class := func(c *language.Context) *dhcp.PoolClass {
		p := at(c)
		if p == nil {
			return nil
		}
		return find(p.Classes, c.Keys.String("class"), classes.key)
	}
	reserved := list[dhcp.Reserved, netip.Addr]{in: func(c *language.Context) *[]dhcp.Reserved { return &at(c).Reserved }, key: func(r *dhcp.Reserved) netip.Addr { return r.Addr }, order: netip.Addr.Compare}
	out := []language.Declaration{
		{
			Mode: modePool, Doc: doc, Syntax: `import("Programmatically importing DHCP option parameters") all("Import all option parameters")`,
			Set: func(*language.Context) error {
				return language.Answer("% import all needs an interface that is a DHCP client, and this box is none: give the options in the pool")
			},
			Unset: func(*language.Context) error { return nil },
		},
		idle(flag(modePool, `update("Dynamic updates") arp("Secure the ARP entries of clients")`, "", doc, false, func(c *language.Context) *bool { return &at(c).UpdateARP }),
			"this box routes nothing: a router secures the ARP entries of clients"),
		flag(modePool, `reserved-only("Only allocate reserved addresses")`, "", doc, false, func(c *language.Context) *bool { return &at(c).ReservedOnly }),
		value(modePool, `vrf("Associate this pool with a VRF: it serves nobody here") ![ <vrf:WORD>("VPN Routing/Forwarding instance name") ]`, "vrf", "", doc, "", func(c *language.Context) *string { return &at(c).VRF }),
		keyed(language.Declaration{
			Mode: modePool, Doc: doc,
			Syntax: `address("Configure a reserved address")
				<addr:A.B.C.D>("Reserved address")
				![ ( client-id("Client identifier") <id:CLIENTID>("Dotted-hexadecimal string")
					| hardware-address("Client hardware address") <mac:H.H.H>("Hardware address") [ <type:1-255>("Hardware type") ] ) ]`,
		}, reserved,
			func(a grammar.Args) (dhcp.Reserved, error) {
				r := dhcp.Reserved{Addr: grammar.Get[netip.Addr](a, "addr")}
				if a.Has("mac") {
					if r.HardwareAddr = grammar.Get[ether.MAC](a, "mac"); r.HardwareAddr.IsZero() {
						return r, language.Answer("% 0000.0000.0000 is nobody's hardware address")
					}
					if r.HardwareType = uint8(a.Int("type")); r.HardwareType == 1 {
						r.HardwareType = 0
					}
					return r, nil
				}
				var err error
				r.ClientID, err = bytesOf(a, "id")
				return r, err
			},
			func(r dhcp.Reserved) grammar.Args {
				a := args("addr", r.Addr)
				if len(r.ClientID) > 0 {
					a["id"] = r.ClientID
					return a
				}
				if a["mac"] = r.HardwareAddr; r.HardwareType != 0 {
					a["type"] = int(r.HardwareType)
				}
				return a
			}),
		{
			Mode: modePool, Enters: modePoolClass, Keys: []string{"class"}, Doc: doc,
			Syntax: `class("Specify a DHCP class") <class:WORD>("Class name")`,
			Set: func(c *language.Context) error {
				_, err := classes.insert(c, dhcp.PoolClass{Name: c.Args.String("class")})
				return err
			},
			Unset: func(c *language.Context) error {
				classes.drop(c, c.Args.String("class"))
				c.Config.DropSection("class " + c.Args.String("class"))
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				var out []grammar.Args
				for _, x := range at(viewContext(v)).Classes {
					out = append(out, args("class", x.Name))
				}
				return out
			},
		},
	}
	return append(out, below(class,
		keyed(language.Declaration{
			Mode: modePoolClass, Doc: doc,
			Syntax: `address("Addresses for clients of the class") range("A range of addresses") <low:A.B.C.D>("First address") <high:A.B.C.D>("Last address")`,
		}, list[dhcp.Range, dhcp.Range]{in: func(c *language.Context) *[]dhcp.Range { return &class(c).Ranges }, key: func(r *dhcp.Range) dhcp.Range { return *r }, most: maxClasses, full: "% Too many ranges"},
			excludedRange, func(r dhcp.Range) grammar.Args { return args("low", r.First, "high", r.Last) }),
		classTFTP(class, doc))...)
}

// classTFTP is option 150 of the clients of a class: two groups of phones that
// ask their two servers in another order.
func classTFTP(class func(*language.Context) *dhcp.PoolClass, doc string) language.Declaration {
	d := values(modePoolClass, `option("DHCP option for clients of the class") 150("TFTP servers") ip("Addresses") ![ <a:A.B.C.D>("Server's IP address")+8 ]`, "a", "", doc,
		func(c *language.Context) *[]netip.Addr { return &class(c).Option150 })
	set := d.Set
	d.Set = func(c *language.Context) error {
		if slices.ContainsFunc(grammar.List[netip.Addr](c.Args, "a"), func(a netip.Addr) bool { return !hostAddress(a) }) {
			return language.Answer("% Option 150 takes addresses of hosts")
		}
		return set(c)
	}
	return d
}
