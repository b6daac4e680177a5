package command

import (
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
)

// dhcpTuning are the global lines few boxes have. Those IOS does not know have
// names of their own that say what they do. [facts/dhcp.md 1.2, 3]
func dhcpTuning() []language.Declaration {
	const doc = "facts/dhcp.md 3"
	at := func(c *language.Context) *dhcp.Config { return &c.Config.DHCP }
	return []language.Declaration{
		{
			Mode: language.Global, Group: "ip dhcp", Doc: doc,
			Syntax: dhcpHead + `conflict resolution("How conflicts end by themselves")
				interval("How long a conflict keeps an address away")
				![ <minutes:5-1440>("Minutes") ]`,
			Set: func(c *language.Context) error {
				d := time.Duration(c.Args.Int("minutes")) * time.Minute
				if d == dhcp.DefaultConflictTimeout {
					d = 0
				}
				at(c).ConflictTimeout = d
				return nil
			},
			Unset: func(c *language.Context) error { at(c).ConflictTimeout = 0; return nil },
			Get: func(v *language.View) []grammar.Args {
				d := v.Config.DHCP.ConflictTimeout
				if d == 0 && v.All {
					d = dhcp.DefaultConflictTimeout
				}
				return one(d != 0, "minutes", int(d/time.Minute))
			},
		},
		flag(language.Global, dhcpHead+`drop-inform("Do not answer DHCPINFORM")`, "ip dhcp", "facts/dhcp.md 1.2", false, func(c *language.Context) *bool { return &at(c).DropInform }),
		flag(language.Global, dhcpHead+`subnet-selection("Let clients choose their subnet with option 118")`, "ip dhcp", doc, false, func(c *language.Context) *bool { return &at(c).SubnetSelection }),
		flag(language.Global, dhcpHead+`verify("Checks on requests") mac-address("Drop requests whose Ethernet source differs from chaddr")`, "ip dhcp", doc, false, func(c *language.Context) *bool { return &at(c).VerifyMAC }),
		value(language.Global, dhcpHead+`limit("Limits of DHCP")
			rate("Requests taken per interface or relay circuit")
			![ <n:1-65535>("Requests a second") ]`, "n", "ip dhcp", doc, 0, func(c *language.Context) *int { return &at(c).RateLimit }),
	}
}

// dhcpCarried are the lines known by name and kept: their features have no
// place in a box that serves phones of its own LANs. [facts/dhcp.md 1.2, 1.3]
func dhcpCarried() []language.Declaration {
	const rest = ` <rest:LINE>("Arguments")`
	out := alsoNo(language.Global, "facts/dhcp.md 1.2",
		dhcpHead+`use vrf("Use of VRFs") <vrf:WORD>("connected or remote")`)
	out = append(out, carryAll(language.Global, "facts/dhcp.md 1.2",
		dhcpHead+`use subscriber-id("Use the subscriber identifier") client-id("As client identifier")`,
		dhcpHead+`compatibility("Compatibility with other servers")`+rest,
		dhcpHead+`limited-broadcast-address("Use all 1's broadcast address")`,
		dhcpHead+`auto-broadcast("Set the broadcast flag by itself")`,
		dhcpHead+`relay information option("Insert relay information in BOOTREQUEST") [ <rest:LINE>("Arguments") ]`,
		dhcpHead+`relay information check("Validate relay information in BOOTREPLY")`,
		dhcpHead+`relay information policy("Relay information option policy")
			( drop$what("Do not forward")
				| encapsulate$what("Encapsulate")
				| keep$what("Leave it")
				| replace$what("Replace it") )`)...)
	out = append(out, carryAll(modePool, "facts/dhcp.md 1.3",
		`accounting("Send Accounting Start/Stop messages")`+rest,
		`origin("Configure the origin of the pool")`+rest,
		`relay("Function as a DHCP relay")`+rest,
		`remember("Remember released bindings")`,
		`renew("Configure renewal policy") deny("Renew reject policy") unknown("Unknown client")`,
		`server("Configure the server ID option value")`+rest,
		`subnet("Subnet allocation commands")`+rest,
		`update("Dynamic updates") dns("Dynamic updates of the DNS") [ <rest:LINE>("Arguments") ]`)...)
	return out
}

// poolTuning are the lines of a pool few pools have. [facts/dhcp.md 1.3, 3]
func poolTuning(at func(*language.Context) *dhcp.Pool) []language.Declaration {
	const doc = "facts/dhcp.md 3"
	return []language.Declaration{
		poolMark(at, "high"), poolMark(at, "low"),
		flag(modePool, `rapid-commit("Answer a DISCOVER with option 80 by an ACK")`, "", doc, false, func(c *language.Context) *bool { return &at(c).RapidCommit }),
		{
			Mode: modePool, Doc: doc, Syntax: `ipv6-only("Clients that do without IPv4")
				preferred("Tell them so with option 108")
				![ <seconds:300-4294967>("How long they wait") ]`,
			Set: func(c *language.Context) error {
				at(c).V6Only = time.Duration(c.Args.Int("seconds")) * time.Second
				return nil
			},
			Unset: func(c *language.Context) error { at(c).V6Only = 0; return nil },
			Get: func(v *language.View) []grammar.Args {
				d := at(viewContext(v)).V6Only
				return one(d > 0, "seconds", int(d/time.Second))
			},
		},
		value(modePool, `reserve("Keep addresses back")
			phones("The last free addresses are for Cisco IP phones")
			![ <n:1-65535>("Number of addresses") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).ReservePhones }),
	}
}

// poolMark is one utilization mark. Each has a `log` of its own.
func poolMark(at func(*language.Context) *dhcp.Pool, which string) language.Declaration {
	mark := func(p *dhcp.Pool) (*int, *bool) {
		if which == "high" {
			return &p.UtilizationHigh, &p.UtilizationLog
		}
		return &p.UtilizationLow, &p.UtilizationLowLog
	}
	return language.Declaration{
		Mode: modePool, Doc: "facts/dhcp.md 1.3",
		Syntax: `utilization("Configure various utilization parameters") mark("Configure pool utilization mark") ` + which + `("` + map[string]string{"high": "Configure high utilization mark", "low": "Configure low utilization mark"}[which] +
			`") ![ <n:1-100>("Percentage") [ log$log("Enable logging for utilization mark") ] ]`,
		Set: func(c *language.Context) error {
			n, log := mark(at(c))
			*n, *log = c.Args.Int("n"), c.Args.Has("log")
			return nil
		},
		Unset: func(c *language.Context) error {
			n, log := mark(at(c))
			*n, *log = 0, false
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			n, log := mark(at(viewContext(v)))
			a := args("n", *n)
			if *log {
				a["log"] = "log"
			}
			return one(*n != 0, flatten(a)...)
		},
	}
}
