package netif

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// kind is a type of interface as IOS spells it.
type kind struct {
	name  string
	slots bool   // numbers with slashes and sub-interfaces
	least uint64 // of a plain number
	most  uint64
}

// kinds are the types whose names are understood, in the order an abbreviation
// is tried: one letter is enough for those that every router has. [Cisco IOS
// Interface and Hardware Component Command Reference, `interface`]
func kinds() []kind {
	const many = 2147483647
	return []kind{
		{"GigabitEthernet", true, 0, 255},
		{"FastEthernet", true, 0, 255},
		{"Ethernet", true, 0, 255},
		{"Serial", true, 0, 255},
		{"Loopback", false, 0, many},
		{"Vlan", false, 1, 4094},
		{"Tunnel", false, 0, many},
		{"TenGigabitEthernet", true, 0, 255},
		{"TwoGigabitEthernet", true, 0, 255},
		{"TwentyFiveGigE", true, 0, 255},
		{"FortyGigabitEthernet", true, 0, 255},
		{"HundredGigE", true, 0, 255},
		{"AppGigabitEthernet", true, 0, 255},
		{"Dialer", false, 0, 255},
		{"BRI", true, 0, 255},
		{"BVI", false, 1, 255},
		{"ATM", true, 0, 255},
		{"Async", true, 0, 9999},
		{"Null", false, 0, 0},
		{"NVI", false, 0, 0},
		{"Port-channel", true, 1, 512},
		{"Multilink", true, 1, many},
		{"MFR", true, 0, many},
		{"POS", true, 0, 255},
		{"Cellular", true, 0, 255},
		{"CEM", true, 0, 255},
		{"Wlan-GigabitEthernet", true, 0, 255},
		{"wlan-ap", false, 0, 255},
		{"Dot11Radio", true, 0, 255},
		{"Virtual-Template", false, 1, 4095},
		{"Virtual-PPP", false, 1, many},
		{"Virtual-TokenRing", false, 0, many},
		{"VirtualPortGroup", false, 0, 31},
		{"Group-Async", false, 0, 255},
		{"Integrated-Service-Engine", true, 0, 255},
		{"Service-Engine", true, 0, 255},
		{"Embedded-Service-Engine", true, 0, 255},
		{"Content-Engine", true, 0, 255},
		{"Analysis-Module", true, 0, 255},
		{"SM", true, 0, 255},
		{"ISM", true, 0, 255},
		{"ucse", true, 0, 255},
		{"Video", true, 0, 255},
		{"TokenRing", true, 0, 255},
		{"Fddi", true, 0, 255},
		{"Hssi", true, 0, 255},
		{"Lex", false, 0, many},
		{"CTunnel", false, 0, many},
		{"vmi", false, 1, many},
		{"EVC", true, 0, 255},
		{"nve", false, 1, 4},
		{"overlay", false, 0, many},
		{"pseudowire", false, 1, many},
		{"BDI", false, 1, many},
		{"LISP", false, 0, many},
		{"L2LISP", false, 0, many},
		{"FiveGigabitEthernet", true, 0, 255},
		{"FiftyGigE", true, 0, 255},
		{"TwoHundredGigE", true, 0, 255},
		{"FourHundredGigE", true, 0, 255},
		{"vasileft", false, 1, 2000},
		{"vasiright", false, 1, 2000},
		{"Cable", true, 0, 255},
		{"Wideband-Cable", true, 0, 255},
		{"Modular-Cable", true, 0, 255},
		{"Integrated-Cable", true, 0, 255},
		{"Bundle", true, 1, 255},
		{"SSLVPN-VIF", false, 0, many},
		{"AppNav-Compress", false, 1, many},
		{"AppNav-UnCompress", false, 1, many},
		{"IDS-Sensor", true, 0, 255},
		{"CDMA-Ix", true, 0, 255},
		{"LongReachEthernet", true, 0, 255},
		{"Bluetooth", true, 0, 255},
		{"Tunnel-tp", false, 0, many},
		{"Auto-Template", false, 1, many},
		{"Virtual-Ethernet", true, 0, 255},
	}
}

// Cabled reports that an interface is of a kind that a machine of ours may have,
// by its canonical name. The other kinds are part of a router.
func Cabled(name string) bool {
	return slices.ContainsFunc(kinds()[:6], func(k kind) bool { return strings.HasPrefix(name, k.name) })
}

// maxSub is the highest number of a sub-interface.
const maxSub = 4294967295

// ParseName turns what an operator types ("gi0/0", "Gi 0/0", "vlan10") into the
// canonical name ("GigabitEthernet0/0", "Vlan10").
func ParseName(s string) (canonical string, ok bool) {
	if len(s) > 64 {
		return "", false
	}
	s = strings.TrimSpace(s)
	at := strings.LastIndexFunc(s, func(r rune) bool { return !strings.ContainsRune("0123456789/.:", r) }) + 1
	if at < 1 || at == len(s) {
		return "", false
	}
	word, number := strings.ToLower(strings.TrimRight(s[:at], " ")), s[at:]
	for _, k := range kinds() {
		if strings.HasPrefix(strings.ToLower(k.name), word) {
			number, ok = k.number(number)
			return k.name + number, ok
		}
	}
	return "", false
}

// number checks and normalises what follows the type: "0/0", "0/0.10", "10".
func (k kind) number(s string) (string, bool) {
	if !k.slots {
		n, err := strconv.ParseUint(s, 10, 64)
		return strconv.FormatUint(n, 10), err == nil && n >= k.least && n <= k.most
	}
	s, channel, channelled := strings.Cut(s, ":") // Serial0/0/0:15, a channel of a T1
	if channelled {
		n, err := strconv.ParseUint(channel, 10, 16)
		if err != nil {
			return "", false
		}
		channel = ":" + strconv.FormatUint(n, 10)
	}
	unit, sub, dotted := strings.Cut(s, ".")
	parts := strings.Split(unit, "/")
	if len(parts) > 3 {
		return "", false
	}
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 64)
		if err != nil || n > k.most {
			return "", false
		}
		parts[i] = strconv.FormatUint(n, 10)
	}
	unit = strings.Join(parts, "/")
	if !dotted || channelled {
		return unit + channel, !dotted
	}
	n, err := strconv.ParseUint(sub, 10, 64)
	if err != nil || n > maxSub {
		return "", false
	}
	return unit + "." + strconv.FormatUint(n, 10), true
}

// ShortName is the form used in narrow columns: "Gi0/0".
func ShortName(canonical string) string {
	at := strings.IndexAny(canonical, "0123456789")
	if at < 2 {
		return canonical
	}
	return canonical[:2] + canonical[at:]
}

// assumed is what IOS takes as bandwidth for a type when the device does not say, in
// Kbit/s, and as delay, a metric in microseconds.
func assumed(name string) (bandwidth, delay int) {
	switch {
	case strings.HasPrefix(name, "Giga"), strings.HasPrefix(name, "Vlan"):
		return 1000000, 10
	case strings.HasPrefix(name, "Fast"):
		return 100000, 100
	case strings.HasPrefix(name, "Loop"):
		return 8000000, 5000
	case strings.HasPrefix(name, "Serial"):
		return 1544, 20000
	}
	return 10000, 1000
}

// DefaultMapping names devices in their order, as the settings say when they
// say nothing: GigabitEthernet0/0, 0/1 ...
func DefaultMapping(devices []string) []Mapping {
	var out []Mapping
	for i, d := range devices {
		out = append(out, Mapping{Name: fmt.Sprintf("GigabitEthernet0/%d", i), Device: d})
	}
	return out
}
