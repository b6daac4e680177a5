package dhcp

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
	"option150/platform/ether"
)

// The text file of `ip dhcp database` and `origin file`, for interchange with
// IOS; the bindings store of this package is another one. [facts/dhcp.md
// 1.9]

// FormatDatabase writes the bindings that clients have asked for. Times are
// printed in the zone of now.
func FormatDatabase(bs []engine.Binding, now time.Time) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*time* %s\n*version* 2\n!IP address    Type    Hardware address     Lease expiration    VRF\n", now.Format(stampMinutes))
	for _, v := range bs {
		if !v.Active {
			continue
		}
		typ, id := "1", v.MAC[:]
		if len(v.ClientID) > 0 {
			typ, id = "id", v.ClientID
		}
		expires := "Infinite"
		if !v.Expiry.IsZero() {
			expires = v.Expiry.In(now.Location()).Format(stampMinutes)
		}
		fmt.Fprintf(&b, "%-15s %-7s %s   %s\n", v.Addr, typ, engine.FormatClientID(id), expires)
	}
	b.WriteString("*end*\n")
	return b.Bytes()
}

// ErrDatabase says that a text is not a bindings file.
var ErrDatabase = errors.New("not a file of DHCP bindings")

// maxDatabase bounds the rows taken from a file.
const maxDatabase = 1 << 17

// ParseDatabase reads such a file. written is the time in its head; zone is
// the one its times are in. Bindings have Type "Automatic", or "Manual" when
// they are infinite.
func ParseDatabase(b []byte, zone *time.Location) (bs []engine.Binding, written time.Time, err error) {
	bad := func(n int, why string) error { return fmt.Errorf("%w: line %d: %s", ErrDatabase, n, why) }
	s := bufio.NewScanner(bytes.NewReader(b))
	ended := false
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		switch {
		case line == "" || strings.HasPrefix(line, "!"):
		case strings.HasPrefix(line, "*time*"):
			if written, err = time.ParseInLocation(stampMinutes, strings.TrimSpace(line[6:]), zone); err != nil {
				return nil, written, bad(n, "time")
			}
		case strings.HasPrefix(line, "*version*"):
			if strings.TrimSpace(line[9:]) != "2" {
				return nil, written, bad(n, "version")
			}
		case line == "*end*":
			ended = true
		case ended:
			return nil, written, bad(n, "text behind *end*")
		case len(bs) >= maxDatabase:
			return nil, written, bad(n, "too many rows")
		default:
			v, why := parseRow(line, zone)
			if why != "" {
				return nil, written, bad(n, why)
			}
			bs = append(bs, v)
		}
	}
	if err := s.Err(); err != nil {
		return nil, written, fmt.Errorf("%w: %w", ErrDatabase, err)
	}
	if !ended {
		return nil, written, fmt.Errorf("%w: no *end*: the file was cut off", ErrDatabase)
	}
	return bs, written, nil
}

// parseRow reads "10.0.0.4 /24   1   0090.bff6.081e  Infinite"; the mask is
// optional and not kept.
func parseRow(line string, zone *time.Location) (v engine.Binding, why string) {
	f := strings.Fields(line)
	a, err := netip.ParseAddr(f[0])
	if err != nil || !a.Is4() {
		return v, "address"
	}
	f = f[1:]
	if len(f) > 0 && strings.HasPrefix(f[0], "/") {
		if _, err := netip.ParsePrefix(a.String() + f[0]); err != nil {
			return v, "mask"
		}
		f = f[1:]
	}
	if len(f) < 3 {
		return v, "fields are missing"
	}
	id, err := hex.DecodeString(strings.ReplaceAll(f[1], ".", ""))
	if err != nil || len(id) == 0 || len(id) > wire.MaxKey {
		return v, "hardware address"
	}
	v = engine.Binding{Addr: a, Type: "Automatic", Active: true}
	switch {
	case f[0] == "id":
		v.ClientID = id
		if len(id) == 7 && id[0] == 1 {
			v.MAC = ether.MAC(id[1:])
		}
	case len(id) == 6:
		v.MAC = ether.MAC(id)
	default:
		return v, "hardware address"
	}
	if f[2] == "Infinite" {
		v.Type = "Manual"
		return v, ""
	}
	if len(f) < 7 {
		return v, "lease expiration"
	}
	if v.Expiry, err = time.ParseInLocation(stampMinutes, strings.Join(f[2:7], " "), zone); err != nil {
		return v, "lease expiration"
	}
	return v, ""
}

// DatabaseAgent is how an agent of `ip dhcp database` stands.
type DatabaseAgent struct {
	URL                 string
	Read, Written       time.Time // zero = Never
	Status              string
	Delay, Timeout      time.Duration
	Failures, Successes int
}

// ShowDatabase is `show ip dhcp database`.
func ShowDatabase(as []DatabaseAgent, now time.Time) string {
	var b strings.Builder
	stamp := func(t time.Time) string {
		if t.IsZero() {
			return "Never"
		}
		return t.In(now.Location()).Format(stampMinutes)
	}
	for i, a := range as {
		if i > 0 {
			b.WriteByte('\n')
		}
		row := func(label string, v any) { fmt.Fprintf(&b, "%-10s:    %v\n", label, v) }
		row("URL", a.URL)
		row("Read", stamp(a.Read))
		row("Written", stamp(a.Written))
		row("Status", a.Status)
		row("Delay", fmt.Sprintf("%d seconds", int(a.Delay.Seconds())))
		row("Timeout", fmt.Sprintf("%d seconds", int(a.Timeout.Seconds())))
		row("Failures", a.Failures)
		row("Successes", a.Successes)
	}
	return b.String()
}
