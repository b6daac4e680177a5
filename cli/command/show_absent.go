package command

import (
	"fmt"
	"strings"

	"option150/cli/language"
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
	neighbours := ` [ ( neighbors("Neighbor entries") [ detail("Detailed information") ] | interface("Interface status and configuration") [ <name:IFNAME>("Interface") ] ) ]`
	return []language.Declaration{
		// No VRF: headers without a line. NAPALM asks for the details.
		says(`vrf("VPN Routing/Forwarding instance information")`, "  Name                             Default RD            Protocols   Interfaces\n"),
		says(`vrf detail("Detailed information")`, ""),
		says(`ip vrf("VPN Routing/Forwarding instance information")`, "  Name                             Default RD            Interfaces\n"),
		says(`ip vrf detail("Detailed information")`, ""),
		says(`ip vrf interfaces("Interfaces of VRFs")`, "Interface              IP-Address      VRF                              Protocol\n"),
		// No routing of IPv6.
		says(`ipv6("IPv6 information") interface("IPv6 interface status and configuration")`, ""),
		text(`ipv6 interface brief("Brief summary of IPv6 status and configuration")`, 0, doc, func(in *language.Invocation) string {
			var w strings.Builder
			for _, v := range b.interfaceViews(in) {
				fmt.Fprintf(&w, "%-22s [%s/%s]\n", v.Name, v.Status(), v.Protocol())
				if len(v.Addrs6) == 0 {
					w.WriteString("    unassigned\n")
				}
				for _, a := range v.Addrs6 {
					fmt.Fprintf(&w, "    %s\n", strings.ToUpper(a.Addr().String()))
				}
			}
			return w.String()
		}),
		says(`ipv6 neighbors("IPv6 neighbor cache entries")`, "IPv6 Address                              Age Link-layer Addr State Interface\n"),
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
