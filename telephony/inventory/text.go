package inventory

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func quoted(s string) string { return `"` + keep(s) + `"` }

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.Unmap().String()
}

func joinNonEmpty(sep string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, sep)
}

// servers is what an OFFER or ACK carried: "10.0.0.23  150=10.0.0.1  66=10.0.0.1".
func servers(a netip.Addr, o150 []netip.Addr, o66 string) string {
	var list []string
	for _, x := range o150[:min(len(o150), 8)] {
		list = append(list, x.String())
	}
	s150, s66 := "no option 150", ""
	if len(list) > 0 {
		s150 = "150=" + strings.Join(list, ",")
	}
	if o66 != "" {
		s66 = "66=" + keep(o66)
	}
	return joinNonEmpty("  ", addrText(a), s150, s66)
}

// grouped writes a number with commas: 1,987,112.
func grouped(n int64) string {
	s := itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// took is a duration as a person says it: "9 ms", "1.9 s", "41 s", "3 min".
func took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return itoa(d.Milliseconds()) + " ms"
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return itoa(int64(d.Seconds())) + " s"
	case d < 2*time.Hour:
		return itoa(int64(d.Minutes())) + " min"
	case d < 48*time.Hour:
		return itoa(int64(d.Hours())) + " h"
	}
	return itoa(int64(d.Hours()/24)) + " d"
}

// small is a text that goes on in a sentence: "Gratuitous ARP" is gratuitous ARP.
func small(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToLower(s[:1]) + s[1:]
}
