package leasefile

import (
	"encoding/csv"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"option150/platform/ether"
)

// kea reads the lease file of Kea's memfile backend: lines are appended, the
// last of an address counts; state 0 is a lease. [Kea ARM, 8.2.2]
func kea(text string, _ *time.Location) (List, bool) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	head, err := r.Read()
	col := func(name string) int { return slices.Index(head, name) }
	addr, mac, id, expire, state, life, host := col("address"), col("hwaddr"), col("client_id"), col("expire"), col("state"), col("valid_lifetime"), col("hostname")
	if err != nil || addr < 0 || mac < 0 || expire < 0 {
		return List{}, false
	}
	b := newBuilder("Kea")
	for {
		row, err := r.Read()
		if row == nil && err != nil {
			break
		}
		field := func(i int) string {
			if i < 0 || i >= len(row) {
				return ""
			}
			return row[i]
		}
		a, aerr := netip.ParseAddr(field(addr))
		sec, eerr := strconv.ParseInt(field(expire), 10, 64)
		if aerr != nil || eerr != nil || sec < 0 || sec > 1<<40 {
			b.Bad++
			continue
		}
		if s := field(state); s != "" && s != "0" || field(life) == "0" {
			b.drop(a) // given back, declined or expired
			continue
		}
		l := Lease{Addr: a, ClientID: digits(field(id)), Hostname: strings.TrimSuffix(field(host), "."), Expiry: time.Unix(sec, 0)}
		if field(life) == strconv.FormatUint(math.MaxUint32, 10) {
			l.Expiry = time.Time{}
		}
		if m, err := ether.ParseMAC(field(mac)); err == nil {
			l.MAC = m
		}
		b.add(l)
	}
	return b.done()
}

// dnsmasq reads its lease file: expiry, hardware address, address, name,
// identifier; * is none. [dnsmasq(8), --dhcp-leasefile]
func dnsmasq(text string, _ *time.Location) (List, bool) {
	b := newBuilder("dnsmasq")
	good := 0
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "duid" {
			continue
		}
		if len(f) < 5 {
			b.Bad++
			continue
		}
		sec, err := strconv.ParseInt(f[0], 10, 64)
		a, aerr := netip.ParseAddr(f[2])
		mac := f[1]
		if kind, rest, ok := strings.Cut(mac, "-"); ok && len(kind) == 2 { // 06-...: not Ethernet
			mac = rest
		}
		if err != nil || aerr != nil || !a.Is4() || sec < 0 || sec > 1<<40 {
			b.Bad++
			continue
		}
		good++
		l := Lease{Addr: a}
		if m, err := ether.ParseMAC(mac); err == nil {
			l.MAC = m
		}
		if sec != 0 {
			l.Expiry = time.Unix(sec, 0)
		}
		if f[3] != "*" {
			l.Hostname = f[3]
		}
		if f[4] != "*" {
			l.ClientID = digits(f[4])
		}
		b.add(l)
	}
	if good == 0 {
		return List{}, false
	}
	return b.done()
}

// isc reads dhcpd.leases: a block for each change, the last of an address
// counts, and only an active one is a lease. Times are UTC. [dhcpd.leases(5)]
func isc(text string, _ *time.Location) (List, bool) {
	b := newBuilder("ISC dhcpd")
	found := false
	var l *Lease
	var active bool
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "lease "); ok && strings.HasSuffix(rest, "{") {
			a, err := netip.ParseAddr(strings.TrimSpace(strings.TrimSuffix(rest, "{")))
			if l = nil; err != nil {
				b.Bad++
				continue
			}
			found, l, active = true, &Lease{Addr: a}, true
			continue
		}
		if l == nil {
			continue
		}
		if line == "}" {
			if b.drop(l.Addr); active {
				b.add(*l)
			}
			l = nil
			continue
		}
		key, rest, _ := strings.Cut(strings.TrimSuffix(line, ";"), " ")
		switch key {
		case "ends":
			if rest == "never" {
				break
			}
			var ok bool
			if l.Expiry, ok = iscTime(rest); !ok {
				b.Bad++
				l = nil
			}
		case "binding":
			active = rest == "state active"
		case "hardware":
			if m, err := ether.ParseMAC(padded(strings.TrimPrefix(rest, "ethernet "))); err == nil {
				l.MAC = m
			}
		case "uid":
			l.ClientID = iscString(rest)
		case "client-hostname":
			l.Hostname = string(iscString(rest))
		}
	}
	if !found {
		return List{}, false
	}
	return b.done()
}

// iscTime reads `4 2026/02/12 19:41:00` or `epoch 1770925260`.
func iscTime(s string) (time.Time, bool) {
	s, _, _ = strings.Cut(s, ";")
	if rest, ok := strings.CutPrefix(s, "epoch "); ok {
		n, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
		return time.Unix(n, 0), err == nil && n > 0 && n < 1<<40
	}
	_, date, _ := strings.Cut(s, " ")
	t, err := time.Parse("2006/01/02 15:04:05", strings.TrimSpace(date))
	return t, err == nil
}

// padded makes 0:1e:7a:0:0:1 of twelve digits.
func padded(s string) string {
	f := strings.Split(strings.TrimSpace(s), ":")
	for i := range f {
		if len(f[i]) == 1 {
			f[i] = "0" + f[i]
		}
	}
	return strings.Join(f, ":")
}

// iscString reads a quoted text with octal escapes, or digits with colons.
func iscString(s string) []byte {
	s = strings.TrimSpace(s)
	body, ok := strings.CutPrefix(s, `"`)
	if !ok {
		return digits(padded(s))
	}
	body = strings.TrimSuffix(body, `"`)
	var out []byte
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' || i+1 == len(body) {
			out = append(out, body[i])
			continue
		}
		if i+3 < len(body) {
			if n, err := strconv.ParseUint(body[i+1:i+4], 8, 8); err == nil {
				out = append(out, byte(n))
				i += 3
				continue
			}
		}
		i++
		switch body[i] {
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'b':
			out = append(out, '\b')
		default:
			out = append(out, body[i])
		}
	}
	return out
}
