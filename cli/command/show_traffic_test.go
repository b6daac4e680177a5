package command

import (
	"strings"
	"testing"

	"option150/platform/host"
)

// TestTraffic: each figure of the kernel stands where a router has it, what is
// counted in two places is told once, and an empty answer of the kernel is no fault.
func TestTraffic(t *testing.T) {
	got := trafficText(host.Traffic{
		"Ip":      {"InReceives": 900, "InDelivers": 800, "InHdrErrors": 7, "InAddrErrors": 3, "InUnknownProtos": 2, "OutRequests": 700, "ForwDatagrams": 5, "InDiscards": 1, "OutNoRoutes": 4},
		"IpExt":   {"InCsumErrors": 2, "InBcastPkts": 60, "OutBcastPkts": 61, "InMcastPkts": 62, "OutMcastPkts": 63},
		"Icmp":    {"InMsgs": 30, "InErrors": 5, "InCsumErrors": 4, "InEchos": 11, "OutEchoReps": 11, "InAddrMasks": 6, "OutTimeExcds": 9},
		"IcmpMsg": {"InType8": 11, "InType17": 6, "InType15": 8, "InType42": 12, "InType43": 1, "OutType9": 13, "OutType99": 1},
		"Udp":     {"InDatagrams": 100, "InErrors": 10, "NoPorts": 5, "OutDatagrams": 90, "RcvbufErrors": 9},
	})
	for _, line := range []string{
		"  Rcvd:  900 total, 800 local destination",
		"         5 format errors, 2 checksum errors, 9 bad hop count",
		"         2 unknown protocol, 3 not a gateway",
		"  Bcast: 60 received, 61 sent",
		"  Mcast: 62 received, 63 sent",
		"  Sent:  700 generated, 5 forwarded",
		"  Drop:  1 received, 0 sent, 4 no route",
		"  Rcvd: 1 format errors, 4 checksum errors, 0 redirects, 0 unreachable",
		"        11 echo, 0 echo reply, 6 mask requests, 0 mask replies, 0 quench",
		"        0 parameter, 0 timestamp, 0 timestamp replies, 8 info request, 13 other",
		"        0 info reply, 9 time exceeded, 0 parameter problem",
		"        0 irdp solicitations, 13 irdp advertisements",
		"  Rcvd: 115 total, 0 checksum errors, 5 no port",
		"  Sent: 90 total, 0 forwarded broadcasts",
	} {
		if !strings.Contains(got, "\n"+line+"\n") {
			t.Errorf("no line %q in\n%s", line, got)
		}
	}
	if none := trafficText(host.Traffic{}); !strings.Contains(none, "  Rcvd:  0 total, 0 local destination\n") {
		t.Error(none)
	}
}
