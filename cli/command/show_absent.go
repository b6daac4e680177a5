package command

import (
	"strings"

	"option150/cli/language"
	"option150/platform/columns"
)

// The tables of what is not there have no rows; those of IPv6 have.
var (
	vrfTable           = columns.Form("  Name                             Default RD            Protocols   Interfaces\n", "", "name default_rd protocols interfaces")
	ipVRFTable         = columns.Form("  Name                             Default RD            Interfaces\n", "", "name default_rd interfaces")
	vrfInterfacesTable = columns.Form("Interface              IP-Address      VRF                              Protocol\n", "", "interface ip_address vrf protocol")
	neighborsTable     = columns.Form("IPv6 Address                              Age Link-layer Addr State Interface\n", "", "ipv6_address age link_layer_addr state interface")
	ipv6BriefTable     = columns.Form("", "%-22s [%s/%s]\n", "interface status protocol addresses")
)

// showAbsent are the commands about what this box does not do and programs ask
// all the same: the answer is that of a router that does not do it either, an
// empty table or the sentence for a protocol that is switched off. The caret
// would say that the command is not known, and some programs put it into their
// records. [facts/ios-cli.md 3.4]
func showAbsent(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 3.4"
	says := func(syntax, answer string) language.Declaration {
		return text(syntax, 0, doc, func(*language.Invocation) string { return answer })
	}
	none := func(syntax string, l *columns.Layout) language.Declaration {
		return table(syntax, 0, doc, func(*language.Invocation) *columns.Page { p := &columns.Page{}; p.Table(l); return p }, l)
	}
	neighbours := ` [ ( neighbors("Neighbor entries") [ detail("Detailed information") ] | interface("Interface status and configuration") [ <name:IFNAME>("Interface") ] ) ]`
	return []language.Declaration{
		// No VRF: headers without a line. NAPALM asks for the details.
		none(`vrf("VPN Routing/Forwarding instance information")`, vrfTable),
		says(`vrf detail("Detailed information")`, ""),
		none(`ip vrf("VPN Routing/Forwarding instance information")`, ipVRFTable),
		says(`ip vrf detail("Detailed information")`, ""),
		none(`ip vrf interfaces("Interfaces of VRFs")`, vrfInterfacesTable),
		// No routing of IPv6.
		says(`ipv6("IPv6 information") interface("IPv6 interface status and configuration")`, ""),
		table(`ipv6 interface brief("Brief summary of IPv6 status and configuration")`, 0, doc, func(in *language.Invocation) *columns.Page {
			w := &columns.Page{}
			t := w.Table(ipv6BriefTable)
			for _, v := range b.interfaceViews(in) {
				all := []string{"unassigned"}
				if len(v.Addrs6) > 0 {
					all = nil
				}
				for _, a := range v.Addrs6 {
					all = append(all, strings.ToUpper(a.Addr().String()))
				}
				t.Object([]any{v.Name, v.Status(), v.Protocol(), strings.Join(all, " ")}, v.Name, v.Status(), v.Protocol())
				for _, a := range all {
					t.Note("    " + a + "\n")
				}
			}
			return w
		}, ipv6BriefTable),
		none(`ipv6 neighbors("IPv6 neighbor cache entries")`, neighborsTable),
		// Neither discovery protocol, no BGP.
		says(`lldp("LLDP information")`+neighbours, "% LLDP is not enabled\n"),
		says(`cdp("CDP information")`+neighbours, "% CDP is not enabled\n"),
		says(`bgp("BGP information") [ <rest:LINE>("Address family and part") ]`, "% BGP not active\n"),
		says(`ip bgp("BGP information") [ <rest:LINE>("Address family and part") ]`, "% BGP not active\n"),
		says(`snmp("SNMP information") user("SNMPv3 users")`, ""),
		// The number of the chassis is there without an SNMP agent.
		text(`snmp chassis("SNMP chassis id")`, 0, doc, func(*language.Invocation) string { return b.Serial + "\n" }),
	}
}
