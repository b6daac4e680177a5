package command

import (
	"fmt"
	"strconv"
	"strings"

	"option150/cli/grammar"
	"option150/platform/netif"
)

// maxRange bounds the interfaces of one range.
const maxRange = 256

// ifRangeType is what follows `interface range`: gi0/0 - 3, fa0/1, vlan 10 - 12.
// The value is the headers of all of them.
type ifRangeType struct{}

func (ifRangeType) Label() string            { return "IFNAME - last, ..." }
func (ifRangeType) Rank() int                { return grammar.RankHost }
func (ifRangeType) Span(tokens []string) int { return len(tokens) }
func (ifRangeType) Format(v any) string {
	return strings.ReplaceAll(strings.Join(v.([]string), " , "), "interface ", "")
}

func (ifRangeType) Parse(s string) (any, error) {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		first, last, several := strings.Cut(part, " - ")
		if !several { // gi0/0-3, but Port-channel1
			if at := strings.LastIndexByte(part, '-'); at > 0 && strings.Trim(part[at+1:], "0123456789 ") == "" && part[at-1] >= '0' && part[at-1] <= '9' {
				first, last, several = part[:at], part[at+1:], true
			}
		}
		name, ok := netif.ParseName(strings.TrimSpace(first))
		if !ok {
			return nil, fmt.Errorf("no interface %q", part)
		}
		at := strings.LastIndexFunc(name, func(r rune) bool { return r < '0' || r > '9' }) + 1
		from, _ := strconv.Atoi(name[at:])
		to := from
		if several {
			last = strings.TrimSpace(last)
			if full, ok := netif.ParseName(last); ok { // fa0/1 - fa0/5
				if len(full) < at || full[:at] != name[:at] {
					return nil, fmt.Errorf("no range %q", part)
				}
				last = full[at:]
			}
			n, err := strconv.Atoi(last)
			if err != nil || n < from {
				return nil, fmt.Errorf("no range %q", part)
			}
			to = n
		}
		if to-from >= maxRange || len(out)+to-from >= maxRange {
			return nil, fmt.Errorf("more than %d interfaces", maxRange)
		}
		for n := from; n <= to; n++ {
			out = append(out, "interface "+name[:at]+strconv.Itoa(n))
		}
	}
	return out, nil
}
