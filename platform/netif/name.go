package netif

import (
	"fmt"
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
// is tried. The first letters differ, so one letter is enough, as on IOS.
func kinds() []kind {
	return []kind{
		{"GigabitEthernet", true, 0, 255},
		{"FastEthernet", true, 0, 255},
		{"Ethernet", true, 0, 255},
		{"Serial", true, 0, 255},
		{"Loopback", false, 0, 2147483647},
		{"Vlan", false, 1, 4094},
	}
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
	at := strings.IndexAny(s, "0123456789")
	if at < 1 {
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
	if !dotted {
		return unit, true
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
