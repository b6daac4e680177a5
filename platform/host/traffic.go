package host

import (
	"os"
	"strconv"
	"strings"
)

// Traffic is what the kernel has counted of each protocol since it started, by
// the names of the SNMP MIBs: Traffic["Ip"]["InReceives"]. [RFC 1213, RFC 4293]
type Traffic map[string]map[string]uint64

// ReadTraffic reads the counters of IPv4, ICMP, TCP and UDP; empty if the kernel
// does not tell.
func ReadTraffic() Traffic {
	b, err := os.ReadFile("/proc/net/snmp")
	if err != nil {
		return Traffic{}
	}
	more, _ := os.ReadFile("/proc/net/netstat") // IpExt: broadcasts, multicasts, checksums
	return parseTraffic(string(b) + string(more))
}

// parseTraffic reads pairs of lines: the names of a protocol, then the values. A
// counter that is negative or no number is left out.
func parseTraffic(text string) Traffic {
	t := Traffic{}
	var names []string
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(names) != len(f) || names[0] != f[0] {
			names = f
			continue
		}
		proto := strings.TrimSuffix(f[0], ":")
		t[proto] = map[string]uint64{}
		for i := 1; i < len(f); i++ {
			if n, err := strconv.ParseUint(f[i], 10, 64); err == nil {
				t[proto][names[i]] = n
			}
		}
		names = nil
	}
	return t
}
