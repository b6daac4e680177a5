package command

import (
	"fmt"
	"slices"
	"strings"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/host"
	"option150/platform/netif"
)

// showTraffic are shows that engineers type on any router: of what goes through
// it, what its ports are, and what a router of ours is not.
func showTraffic(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.13"
	says := func(syntax, answer string) language.Declaration {
		return text(syntax, 0, doc, func(*language.Invocation) string { return answer })
	}
	return []language.Declaration{
		text(`ip traffic("IP protocol statistics")`, 0, doc, func(*language.Invocation) string { return trafficText(host.ReadTraffic()) }),
		text(`protocols("Active network routing protocols")`, 0, doc, func(in *language.Invocation) string { return protocolsText(b.interfaceViews(in)) }),
		table(`interfaces status("Show interface line status")`, 0, doc, func(in *language.Invocation) *columns.Page { return netif.ShowStatus(b.interfaceViews(in)) }, netif.StatusTable),
		// Who asks for the system of link aggregation wants the priority of the
		// standard and the address of the first interface, aggregated or not.
		text(`lacp("Port channel information") sys-id("LACP system identification")`, 0, doc, func(in *language.Invocation) string {
			for _, v := range b.interfaceViews(in) {
				if !v.MAC.IsZero() {
					return "32768, " + v.MAC.Cisco() + "\n"
				}
			}
			return ""
		}),
		says(`license("License information") [ ( all("Everything") | summary("Summary") | status("Status") | usage("Usage") | feature("Features") ) ]`, "No feature of this box needs a license\n"),
		table(`license udi("Unique device identifier")`, 0, doc, func(*language.Invocation) *columns.Page {
			const pid = "OPTION150"
			w := &columns.Page{}
			w.Table(udiTable).Row("*0", pid, b.Serial, pid+":"+b.Serial)
			return w
		}, udiTable),
		says(`snmp("SNMP information")`, "SNMP agent not enabled\n"),
	}
}

// udiTable is that of show license udi.
var udiTable = columns.Form("Device#   PID                   SN                      UDI\n"+strings.Repeat("-", 77)+"\n", "%-9s %-21s %-23s %s\n", "device pid sn udi")

// protocolsText is show protocols: the box answers and does not route.
func protocolsText(list []netif.View) string {
	var w strings.Builder
	w.WriteString("Global values:\n  Internet Protocol routing is disabled\n")
	for i := range list {
		v := &list[i]
		fmt.Fprintf(&w, "%s is %s, line protocol is %s\n", v.Name, v.Status(), v.Protocol())
		for _, a := range v.Addrs {
			fmt.Fprintf(&w, "  Internet address is %s\n", a)
		}
	}
	return w.String()
}

// trafficText is show ip traffic, of the protocols that the kernel counts: all of
// the machine, in the lines of a router. What it does not count is left out: ARP,
// options, packets for which no neighbour answered. [IOS IP Application Services
// Command Reference]
func trafficText(t host.Traffic) string {
	ip, ext, icmp, kinds, udp, tcp := t["Ip"], t["IpExt"], t["Icmp"], t["IcmpMsg"], t["Udp"], t["Tcp"]
	var w strings.Builder
	fmt.Fprintf(&w, "IP statistics:\n"+
		"  Rcvd:  %d total, %d local destination\n"+
		"         %d format errors, %d checksum errors, %d bad hop count\n"+
		"         %d unknown protocol, %d not a gateway\n"+
		"  Frags: %d reassembled, %d timeouts, %d couldn't reassemble\n"+
		"         %d fragmented, %d fragments, %d couldn't fragment\n"+
		"  Bcast: %d received, %d sent\n"+
		"  Mcast: %d received, %d sent\n"+
		"  Sent:  %d generated, %d forwarded\n"+
		"  Drop:  %d received, %d sent, %d no route\n",
		ip["InReceives"], ip["InDelivers"], less(ip["InHdrErrors"], ext["InCsumErrors"]), ext["InCsumErrors"], icmp["OutTimeExcds"], ip["InUnknownProtos"], ip["InAddrErrors"],
		ip["ReasmOKs"], ip["ReasmTimeout"], ip["ReasmFails"], ip["FragOKs"], ip["FragCreates"], ip["FragFails"],
		ext["InBcastPkts"], ext["OutBcastPkts"], ext["InMcastPkts"], ext["OutMcastPkts"],
		ip["OutRequests"], ip["ForwDatagrams"], ip["InDiscards"], ip["OutDiscards"], ip["OutNoRoutes"])
	// By number, as the kernel has what it gives no name. [RFC 792, RFC 1256]
	var other uint64
	for kind, n := range kinds {
		if number, in := strings.CutPrefix(kind, "InType"); in && !slices.Contains(namedICMP, number) {
			other += n
		}
	}
	fmt.Fprintf(&w, "\nICMP statistics:\n"+
		"  Rcvd: %d format errors, %d checksum errors, %d redirects, %d unreachable\n"+
		"        %d echo, %d echo reply, %d mask requests, %d mask replies, %d quench\n"+
		"        %d parameter, %d timestamp, %d timestamp replies, %d info request, %d other\n"+
		"        %d irdp solicitations, %d irdp advertisements\n"+
		"        %d time exceeded, %d info replies\n",
		less(icmp["InErrors"], icmp["InCsumErrors"]), icmp["InCsumErrors"], icmp["InRedirects"], icmp["InDestUnreachs"],
		icmp["InEchos"], icmp["InEchoReps"], icmp["InAddrMasks"], icmp["InAddrMaskReps"], icmp["InSrcQuenchs"],
		icmp["InParmProbs"], icmp["InTimestamps"], icmp["InTimestampReps"], kinds["InType15"], other,
		kinds["InType10"], kinds["InType9"], icmp["InTimeExcds"], kinds["InType16"])
	fmt.Fprintf(&w, "  Sent: %d redirects, %d unreachable, %d echo, %d echo reply\n"+
		"        %d mask requests, %d mask replies, %d quench, %d timestamp, %d timestamp replies\n"+
		"        %d info reply, %d time exceeded, %d parameter problem\n"+
		"        %d irdp solicitations, %d irdp advertisements\n",
		icmp["OutRedirects"], icmp["OutDestUnreachs"], icmp["OutEchos"], icmp["OutEchoReps"],
		icmp["OutAddrMasks"], icmp["OutAddrMaskReps"], icmp["OutSrcQuenchs"], icmp["OutTimestamps"], icmp["OutTimestampReps"],
		kinds["OutType16"], icmp["OutTimeExcds"], icmp["OutParmProbs"], kinds["OutType10"], kinds["OutType9"])
	fmt.Fprintf(&w, "\nUDP statistics:\n"+
		"  Rcvd: %d total, %d checksum errors, %d no port\n"+
		"        %d no buffer\n"+
		"  Sent: %d total, 0 forwarded broadcasts\n",
		udp["InDatagrams"]+udp["InErrors"]+udp["NoPorts"], udp["InCsumErrors"], udp["NoPorts"], udp["RcvbufErrors"], udp["OutDatagrams"])
	fmt.Fprintf(&w, "\nTCP statistics:\n"+
		"  Rcvd: %d total, %d checksum errors\n"+
		"  Sent: %d total, %d retransmitted\n"+
		"  Connections: %d opened, %d accepted, %d established now, %d failed, %d reset\n",
		tcp["InSegs"], tcp["InCsumErrors"], tcp["OutSegs"], tcp["RetransSegs"], tcp["ActiveOpens"], tcp["PassiveOpens"], tcp["CurrEstab"], tcp["AttemptFails"], tcp["EstabResets"])
	return w.String()
}

// namedICMP are the types of ICMP that have a word of their own.
var namedICMP = []string{"0", "3", "4", "5", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18"}

// less is n without what is counted elsewhere, not below 0: the counters are read
// one after the other.
func less(n, part uint64) uint64 { return n - min(n, part) }
