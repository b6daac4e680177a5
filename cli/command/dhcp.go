package command

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
	"option150/platform/ether"
)

const dhcpHead = `ip("Global IP configuration subcommands") dhcp("Configure DHCP server and relay parameters") `

// dhcpGlobal are the `ip dhcp ...` lines outside pools. [facts/dhcp.md 1.2]
func dhcpGlobal() []language.Declaration {
	const doc = "facts/dhcp.md 1.2"
	at := func(c *language.Context) *dhcp.Config { return &c.Config.DHCP }
	return []language.Declaration{
		flag(language.Global, dhcpHead+`conflict("DHCP address conflict parameters") logging("Record address conflicts in log file")`, "ip dhcp", doc, true, func(c *language.Context) *bool { return &at(c).ConflictLogging }),
		keyed(language.Declaration{
			Mode: language.Global, Group: "ip dhcp", Doc: doc,
			Syntax: dhcpHead + `excluded-address("Prevent DHCP from assigning certain addresses")
				<low:A.B.C.D>("Low IP address")
				[ <high:A.B.C.D>("High IP address") ]`,
		}, list[dhcp.Range, dhcp.Range]{in: func(c *language.Context) *[]dhcp.Range { return &at(c).Excluded }, key: func(r *dhcp.Range) dhcp.Range { return *r }},
			excludedRange,
			func(r dhcp.Range) grammar.Args {
				a := args("low", r.First)
				if r.Last != r.First {
					a["high"] = r.Last
				}
				return a
			}),
		value(language.Global, dhcpHead+`ping("Specify ping parameters used by DHCP")
			packets("Specify number of ping packets")
			![ <n:0-10>("Number of ping packets (0 disables ping)") ]`, "n", "ip dhcp", doc, 2, func(c *language.Context) *int { return &at(c).PingPackets }),
		{
			Mode: language.Global, Group: "ip dhcp", Doc: doc,
			Syntax: dhcpHead + `ping timeout("Specify ping timeout") ![ <ms:100-10000>("Ping timeout in milliseconds") ]`,
			Set: func(c *language.Context) error {
				at(c).PingTimeout = time.Duration(c.Args.Int("ms")) * time.Millisecond
				return nil
			},
			Unset: func(c *language.Context) error { at(c).PingTimeout = dhcp.Default().PingTimeout; return nil },
			Get: func(v *language.View) []grammar.Args {
				t := v.Config.DHCP.PingTimeout
				return one(t != dhcp.Default().PingTimeout || v.All, "ms", int(t/time.Millisecond))
			},
		},
		flag(language.Global, dhcpHead+`bootp("BOOTP specific configuration") ignore("Configure DHCP server to ignore BOOTP requests")`, "ip dhcp", doc, false, func(c *language.Context) *bool { return &at(c).BootpIgnore }),
		flag(language.Global, dhcpHead+`relay("DHCP relay agent parameters")
			information("Relay agent information option")
			trust-all("Accept the relay information option with a zero giaddr")`, "ip dhcp", doc, false, func(c *language.Context) *bool { return &at(c).TrustAll }),
		flag(language.Global, dhcpHead+`authoritative("Refuse addresses of clients this server does not know")`, "ip dhcp", "facts/dhcp.md 3", false, func(c *language.Context) *bool { return &at(c).Authoritative }),
		{
			Mode: language.Global, Group: "ip dhcp", Doc: "facts/diagnosis.md 5",
			Syntax: dhcpHead + `foreign-server("What to do when another DHCP server answers on the segment")
				![ ( hold$what("Offer nothing until ip dhcp takeover")
						| warn$what("Serve and say it in the log") ) ]`,
			Set:   func(c *language.Context) error { at(c).ForeignServer = c.Args.String("what"); return nil },
			Unset: func(c *language.Context) error { at(c).ForeignServer = dhcp.Default().ForeignServer; return nil },
			Get: func(v *language.View) []grammar.Args {
				f := v.Config.DHCP.ForeignServer
				return one(f != dhcp.Default().ForeignServer || v.All, "what", f)
			},
		},
		flag(language.Global, dhcpHead+`takeover("Serve although another DHCP server answers on the segment")`, "ip dhcp", "DESIGN 7", false, func(c *language.Context) *bool { return &at(c).Takeover }),
	}
}

func excludedRange(a grammar.Args) (dhcp.Range, error) {
	r := dhcp.Range{First: grammar.Get[netip.Addr](a, "low")}
	r.Last = r.First
	if a.Has("high") {
		r.Last = grammar.Get[netip.Addr](a, "high")
	}
	if r.Last.Less(r.First) {
		return r, language.Answer("% Low address must not be above the high address")
	}
	return r, nil
}

// maxPools bounds the number of pools; IOS has no documented limit.
const maxPools = 2000

// dhcpPools are `ip dhcp pool NAME` and what stands below it.
// [facts/dhcp.md 1.3, 1.4]
func dhcpPools() []language.Declaration {
	const doc = "facts/dhcp.md 1.3"
	pools := section[dhcp.Pool, string]{
		list: list[dhcp.Pool, string]{in: func(c *language.Context) *[]dhcp.Pool { return &c.Config.DHCP.Pools }, key: func(p *dhcp.Pool) string { return p.Name },
			most: maxPools, full: "% Too many DHCP pools"},
		arg: "name", empty: func(name string) dhcp.Pool { return dhcp.Pool{Name: name} },
		header: func(p *dhcp.Pool) string { return "ip dhcp pool " + p.Name },
		leave: func(c *language.Context, p *dhcp.Pool) {
			dropSecondary(c.Config, p, func(netip.Prefix) bool { return true })
		},
	}
	at := pools.at
	addrs := func(syntax, arg string, list func(*dhcp.Pool) *[]netip.Addr) language.Declaration {
		d := values(modePool, syntax, arg, "", doc, func(c *language.Context) *[]netip.Addr { return list(at(c)) })
		set := d.Set
		d.Set = func(c *language.Context) error {
			for _, a := range grammar.List[netip.Addr](c.Args, arg) {
				if !hostAddress(a) {
					return language.Answer("% " + a.String() + " is not the address of a host")
				}
			}
			return set(c)
		}
		return d
	}
	return pools.of(language.Declaration{
		Mode: language.Global, Enters: modePool, Doc: doc,
		Syntax: dhcpHead + `pool("Configure DHCP address pools") <name:WORD>("Pool name")`,
	}, slices.Concat([]language.Declaration{
		poolNetwork(at, doc), poolSecondary(at), poolHost(at, doc),
		{
			Mode: modePool, Doc: doc, Syntax: `client-identifier("Client identifier") ![ <id:CLIENTID>("Dotted-hexadecimal string (Ex. 0bad.f00d)") ]`,
			Set: func(c *language.Context) error {
				id, err := bytesOf(c.Args, "id")
				if err == nil {
					at(c).ClientID = id
				}
				return err
			},
			Unset: func(c *language.Context) error { at(c).ClientID = nil; return nil },
			Get: func(v *language.View) []grammar.Args {
				id := at(viewContext(v)).ClientID
				return one(len(id) > 0, "id", id)
			},
		},
		{
			Mode: modePool, Doc: doc, Syntax: `hardware-address("Client hardware address")
				![ <mac:H.H.H>("Hardware address")
					[ ( ethernet$kind("Ethernet")
							| ieee802$kind("IEEE 802")
							| <type:1-255>("Hardware type") ) ] ]`,
			Set: func(c *language.Context) error {
				p := at(c)
				p.HardwareAddr, p.HardwareType = grammar.Get[ether.MAC](c.Args, "mac"), uint8(c.Args.Int("type"))
				switch {
				case c.Args.String("kind") == "ieee802":
					p.HardwareType = ieee802
				case p.HardwareType == 1: // Ethernet, as without it
					p.HardwareType = 0
				}
				return nil
			},
			Unset: func(c *language.Context) error {
				p := at(c)
				p.HardwareAddr, p.HardwareType = ether.MAC{}, 0
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				p := at(viewContext(v))
				if p.HardwareAddr.IsZero() {
					return nil
				}
				a := args("mac", p.HardwareAddr)
				switch p.HardwareType {
				case 0:
				case ieee802:
					a["kind"] = "ieee802"
				default:
					a["type"] = int(p.HardwareType)
				}
				return []grammar.Args{a}
			},
		},
		value(modePool, `client-name("Client name") ![ <name:WORD>("Client name") ]`, "name", "", doc, "", func(c *language.Context) *string { return &at(c).ClientName }),
		addrs(`default-router("Default routers") ![ <a:A.B.C.D>("Router's IP address")+8 ]`, "a", func(p *dhcp.Pool) *[]netip.Addr { return &p.DefaultRouters }),
		addrs(`dns-server("DNS servers") ![ <a:A.B.C.D>("Server's IP address")+8 ]`, "a", func(p *dhcp.Pool) *[]netip.Addr { return &p.DNSServers }),
		addrs(`netbios-name-server("NetBIOS (WINS) name servers") ![ <a:A.B.C.D>("Server's IP address")+8 ]`, "a", func(p *dhcp.Pool) *[]netip.Addr { return &p.NetBIOSServers }),
		value(modePool, `netbios-node-type("NetBIOS node type")
			![ ( b-node$n("Broadcast node")
					| p-node$n("Peer-to-peer node")
					| m-node$n("Mixed node")
					| h-node$n("Hybrid node") ) ]`, "n", "", doc, "", func(c *language.Context) *string { return &at(c).NetBIOSNode }),
		addrs(`next-server("Next server in boot process") ![ <a:A.B.C.D>("Server's IP address")+8 ]`, "a", func(p *dhcp.Pool) *[]netip.Addr { return &p.NextServers }),
		value(modePool, `domain-name("Domain name") ![ <name:WORD>("Domain name") ]`, "name", "", doc, "", func(c *language.Context) *string { return &at(c).DomainName }),
		value(modePool, `bootfile("Boot file name") ![ <name:WORD>("Boot file name") ]`, "name", "", doc, "", func(c *language.Context) *string { return &at(c).Bootfile }),
		poolOption(at, doc), poolLease(at, doc),
		flag(modePool, `class-only("Offer to Cisco IP phones only")`, "", "facts/diagnosis.md 5", false, func(c *language.Context) *bool { return &at(c).ClassLock }),
	}, poolTuning(at), poolRestrictions(at), secondaryLines(at))...)
}

// ieee802 is the hardware type of `hardware-address M ieee802`. [RFC 1700]
const ieee802 = 6

// hostAddress: what a server or router can have.
func hostAddress(a netip.Addr) bool {
	return a.Is4() && !a.IsUnspecified() && !a.IsMulticast() && a.As4()[0] < 240
}

// classful is the length of a network typed without a mask.
func classful(a netip.Addr) int {
	switch b := a.As4()[0]; {
	case b < 128:
		return 8
	case b < 192:
		return 16
	}
	return 24
}

func poolHost(at func(*language.Context) *dhcp.Pool, doc string) language.Declaration {
	return language.Declaration{
		Mode: modePool, Doc: doc,
		Syntax: `host("Client IP address and mask")
			![ <addr:A.B.C.D>("IP address in dotted-decimal notation")
				[ ( <mask:MASK>("Network mask")
						| <len:A.B.C.D/N>("Prefix length") ) ] ]`,
		Set: func(c *language.Context) error {
			pool := at(c)
			if pool.Network.IsValid() {
				return language.Answer("% This command may not be used with network, origin, vrf or relay pools.")
			}
			addr := grammar.Get[netip.Addr](c.Args, "addr")
			bits := classful(addr)
			if c.Args.Has("mask") {
				bits = maskBits(grammar.Get[netip.Addr](c.Args, "mask"))
			} else if c.Args.Has("len") {
				bits = c.Args.Int("len")
			}
			p := netip.PrefixFrom(addr, bits)
			if !usable(p) {
				return language.Answer("% " + addr.String() + " is not a host address of its subnet")
			}
			pool.Host = p
			return nil
		},
		Unset: func(c *language.Context) error { at(c).Host = netip.Prefix{}; return nil },
		Get: func(v *language.View) []grammar.Args {
			h := at(viewContext(v)).Host
			if !h.IsValid() {
				return nil
			}
			return []grammar.Args{args("addr", h.Addr(), "mask", maskOf(h.Bits()))}
		},
	}
}

func poolOption(at func(*language.Context) *dhcp.Pool, doc string) language.Declaration {
	return keyed(language.Declaration{
		Mode: modePool, Doc: doc,
		Syntax: `option("Raw DHCP options")
			<code:0-254>("DHCP option code")
			![ ( ip$kind("Data is one or more IP addresses")
					<addrs:A.B.C.D>("IP name server address")+8
					| ascii$kind("Data is an NVT ASCII string")
					<text:STRING>("NVT ASCII string")
					| hex$kind("Data is a hexadecimal string")
					<hex:HEX>("Dotted-hexadecimal string") )
				{ force$force("Send although the client did not ask for it")
					| stagger$stagger("Let clients begin with different addresses of option 150") } ]`,
	}, list[dhcp.Option, uint8]{in: func(c *language.Context) *[]dhcp.Option { return &at(c).Options }, key: func(o *dhcp.Option) uint8 { return o.Code }, order: cmp.Compare[uint8]},
		func(a grammar.Args) (dhcp.Option, error) {
			o := dhcp.Option{Code: uint8(a.Int("code")), Kind: dhcp.OptionKind(a.String("kind")), Force: a.Has("force"), Stagger: a.Has("stagger")}
			switch o.Kind {
			case dhcp.OptionIP:
				o.Addrs = grammar.List[netip.Addr](a, "addrs")
				if o.Code == 150 && slices.ContainsFunc(o.Addrs, func(s netip.Addr) bool { return !hostAddress(s) }) {
					return o, language.Answer("% Option 150 takes addresses of hosts")
				}
			case dhcp.OptionASCII:
				o.Text = a.String("text")
			case dhcp.OptionHex:
				b, err := bytesOf(a, "hex")
				if err != nil {
					return o, err
				}
				o.Hex = b
			}
			if o.Stagger && (o.Code != 150 || o.Kind != dhcp.OptionIP || len(o.Addrs) < 2) {
				return o, language.Answer("% stagger is for option 150 ip with two addresses or more")
			}
			if o.Code == 150 && o.Kind == dhcp.OptionASCII {
				return o, language.Answer("% Option 150 is a list of addresses: use option 150 ip")
			}
			return o, nil
		},
		func(o dhcp.Option) grammar.Args {
			a := args("code", int(o.Code), "kind", string(o.Kind))
			switch o.Kind {
			case dhcp.OptionIP:
				a["addrs"] = o.Addrs
			case dhcp.OptionASCII:
				a["text"] = o.Text
			case dhcp.OptionHex:
				a["hex"] = o.Hex
			}
			if o.Force {
				a["force"] = "force"
			}
			if o.Stagger {
				a["stagger"] = "stagger"
			}
			return a
		})
}

func poolLease(at func(*language.Context) *dhcp.Pool, doc string) language.Declaration {
	return language.Declaration{
		Mode: modePool, Doc: doc,
		Syntax: `lease("Address lease time")
			![ ( infinite$infinite("Infinite lease")
					| <days:0-365>("Days")
					[ <hours:0-23>("Hours")
						[ <minutes:0-59>("Minutes") ] ] ) ]`,
		Set: func(c *language.Context) error {
			l := time.Duration(c.Args.Int("days"))*24*time.Hour + time.Duration(c.Args.Int("hours"))*time.Hour + time.Duration(c.Args.Int("minutes"))*time.Minute
			if c.Args.Has("infinite") {
				l = dhcp.Infinite
			}
			if l == 0 {
				return language.Answer("% Lease of no length")
			}
			if l == dhcp.DefaultLease {
				l = 0
			}
			at(c).Lease = l
			return nil
		},
		Unset: func(c *language.Context) error { at(c).Lease = 0; return nil },
		Get: func(v *language.View) []grammar.Args {
			l := at(viewContext(v)).Lease
			switch {
			case l == 0:
				return one(v.All, "days", 1)
			case l == dhcp.Infinite:
				return []grammar.Args{args("infinite", "infinite")}
			}
			d, h, m := int(l/(24*time.Hour)), int(l/time.Hour)%24, int(l/time.Minute)%60
			a := args("days", d)
			if h > 0 || m > 0 {
				a["hours"] = h
			}
			if m > 0 {
				a["minutes"] = m
			}
			return []grammar.Args{a}
		},
	}
}
