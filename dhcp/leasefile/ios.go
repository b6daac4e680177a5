package leasefile

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"
)

var (
	// bindingRow is a row of `show ip dhcp binding`: address and identifier,
	// then Infinite or a date, then the type. Newer releases add state and
	// interface.
	bindingRow = regexp.MustCompile(`^(\d+\.\d+\.\d+\.\d+)\s+([0-9A-Fa-f]+(?:\.[0-9A-Fa-f]+)*\.?)\s+(Infinite|[A-Z][a-z]{2} \d{1,2} \d{4} \d{1,2}:\d{2} [AP]M)\s+(Automatic|Manual|Relay|On-demand|Selecting)`)
	// wrapped is the rest of a long identifier on a line of its own.
	wrapped = regexp.MustCompile(`^\s+([0-9A-Fa-f]{1,4}(?:\.[0-9A-Fa-f]{1,4})*\.?)\s*$`)
	// databaseRow is a row of `ip dhcp database`.
	databaseRow = regexp.MustCompile(`^(\d+\.\d+\.\d+\.\d+)(?:\s*/\d+)?\s+(\S+)\s+([0-9A-Fa-f.]+)\s+(Infinite|[A-Z][a-z]{2} \d{1,2} \d{4} \d{1,2}:\d{2} [AP]M)`)
)

const iosTime = "Jan 2 2006 3:04 PM"

// ios reads `show ip dhcp binding`.
func ios(text string, zone *time.Location) (List, bool) {
	b := newBuilder("IOS")
	seen := strings.Contains(text, "Client-ID/")
	var open *Lease
	var id string
	finish := func() {
		if open != nil {
			open.who(digits(id))
			b.add(*open)
		}
		open = nil
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if m := wrapped.FindStringSubmatch(line); m != nil && open != nil && strings.HasSuffix(id, ".") {
			id += m[1]
			continue
		}
		finish()
		m := bindingRow.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		seen = true
		l := Lease{}
		var ok bool
		if l, ok = dated(m[1], m[3], zone); !ok || m[4] == "Relay" || m[4] == "Selecting" {
			b.Bad++
			continue
		}
		open, id = &l, m[2]
	}
	finish()
	if !seen {
		return List{}, false
	}
	return b.done()
}

// database reads the text file of `ip dhcp database`.
func database(text string, zone *time.Location) (List, bool) {
	if !strings.HasPrefix(strings.TrimSpace(text), "*time*") {
		return List{}, false
	}
	b := newBuilder("IOS database")
	ended := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if when, ok := strings.CutPrefix(line, "*time*"); ok {
			b.Written, _ = parseTime(when, zone)
			continue
		}
		ended = ended || line == "*end*"
		m := databaseRow.FindStringSubmatch(line)
		if m == nil {
			if line != "" && line[0] != '!' && line[0] != '*' {
				b.Bad++
			}
			continue
		}
		l, ok := dated(m[1], m[4], zone)
		if !ok {
			b.Bad++
			continue
		}
		id := digits(m[3])
		if m[2] == "id" {
			l.ClientID = id
			if len(id) == 7 && id[0] == 1 {
				l.who(id)
			}
		} else {
			l.who(id)
		}
		b.add(l)
	}
	b.Cut = !ended
	return b.done()
}

// FormatDatabase writes the text file of `ip dhcp database`, in the zone of
// now. Its times have no seconds: an end is the minute after it.
func FormatDatabase(leases []Lease, now time.Time) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*time* %s\n*version* 2\n!IP address    Type    Hardware address     Lease expiration    VRF\n", now.Format(stampMinutes))
	for _, l := range leases {
		typ, id := "1", l.MAC[:]
		if len(l.ClientID) > 0 {
			typ, id = "id", l.ClientID
		}
		expires := "Infinite"
		if !l.Expiry.IsZero() {
			expires = l.Expiry.Add(time.Minute - 1).In(now.Location()).Format(stampMinutes)
		}
		fmt.Fprintf(&b, "%-15s %-7s %s   %s\n", l.Addr, typ, dotted(id), expires)
	}
	b.WriteString("*end*\n")
	return b.Bytes()
}

const stampMinutes = "Jan 02 2006 03:04 PM"

// dotted is bytes as IOS prints them, two to a group.
func dotted(b []byte) string {
	var out []byte
	for i, x := range b {
		if i > 0 && i%2 == 0 {
			out = append(out, '.')
		}
		out = hex.AppendEncode(out, []byte{x})
	}
	return string(out)
}

func parseTime(s string, zone *time.Location) (time.Time, error) {
	return time.ParseInLocation(iosTime, strings.Join(strings.Fields(s), " "), zone)
}

func dated(addr, expiry string, zone *time.Location) (Lease, bool) {
	a, err := netip.ParseAddr(addr)
	l := Lease{Addr: a}
	if err == nil && expiry != "Infinite" {
		l.Expiry, err = parseTime(expiry, zone)
	}
	return l, err == nil
}
