package command

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/pfs"
	"option150/platform/ether"
	"option150/platform/netif"
	"option150/platform/plain"
)

// Types are the argument types of the box's commands beside the built-in ones.
func Types(b *Box) grammar.Types {
	builtin := grammar.Builtin()
	return builtin.With(grammar.Types{
		"ASTYPED":    astyped{builtin["STRING"]},
		"QUOTED":     quotedType{builtin["STRING"]},
		"H.H.H":      macType{},
		"PHONEMAC":   phoneMACType{},
		"IFNAME":     ifType{b.interfaceNames},
		"ANYIF":      anyIfType{},
		"SUBIF":      anyIfType{sub: true},
		"IFRANGE":    ifRangeType{},
		"AUXLINE":    auxLineType{},
		"HOPIF":      hopIfType{},
		"A.B.C.D/N":  lengthType{},
		"X:X:X:X::X": ipv6Type{},
		"IPV6ADDR":   address6Type{},
		"IPV6PREFIX": prefix6Type{},
		"PORT":       portType{},
		"UINT32":     uint32Type{},
		"CLIENTID":   hexType{"WORD"},
		"HEX":        hexType{"LINE"},
		"FLASHURL":   urlType{"flash:", "flash0:", "slot0:", "system:", "nvram:"},
		"ANYFLASH":   urlType{"flash", "slot", "system:", "nvram:", "usb", "disk", "bootflash:", "harddisk:"},
		"URL":        urlType{},
		"FILEURL":    fileType{},
		"AGENT":      agentType{},
		"FLASHNAME":  fileType{bare: true},
		"DELAY":      delayType{},
		"RINGSIZE":   sizeType{pfs.MinRing, pfs.MaxRing},
		"HH:MM":      hourType{},
		"UPGRADE":    upgradeName{},
		"TAGS":       tagRangeType{},
	}).With(clockTypes()).With(phoneArguments())
}

// astyped is a STRING whose quotes are kept with it: for lines that are only
// kept, and printed back as they came.
type astyped struct{ grammar.Type }

func (t astyped) Parse(s string) (any, error) {
	_, err := t.Type.Parse(s)
	return s, err
}
func (astyped) Format(v any) string          { return fmt.Sprint(v) }
func (t astyped) Span(tokens []string) int   { return t.Type.(grammar.Spanning).Span(tokens) }
func (t astyped) Partial(prefix string) bool { return t.Type.(grammar.Partial).Partial(prefix) }

// ipv6Type is an IPv6 address, for lines that are only kept.
type ipv6Type struct{}

func (ipv6Type) Label() string       { return "X:X:X:X::X" }
func (ipv6Type) Rank() int           { return grammar.RankAddress }
func (ipv6Type) Format(v any) string { return fmt.Sprint(v) }
func (ipv6Type) Parse(s string) (any, error) {
	if a, err := netip.ParseAddr(s); err != nil || !a.Is6() || a.Zone() != "" {
		return nil, fmt.Errorf("not an IPv6 address: %q", s)
	}
	return s, nil
}

// address6Type is an IPv6 address, printed in capitals as IOS does.
type address6Type struct{ ipv6Type }

func (address6Type) Format(v any) string { return strings.ToUpper(v.(netip.Addr).String()) }
func (t address6Type) Parse(s string) (any, error) {
	if _, err := t.ipv6Type.Parse(s); err != nil {
		return nil, err
	}
	return netip.ParseAddr(s)
}

// prefix6Type is an IPv6 address with the length of its prefix.
type prefix6Type struct{}

func (prefix6Type) Label() string { return "X:X:X:X::X/<0-128>" }
func (prefix6Type) Rank() int     { return grammar.RankAddress }
func (prefix6Type) Parse(s string) (any, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || !p.Addr().Is6() || p.Addr().Is4In6() {
		return nil, fmt.Errorf("not an IPv6 prefix: %q", s)
	}
	return p, nil
}
func (prefix6Type) Format(v any) string {
	p := v.(netip.Prefix)
	return fmt.Sprintf("%s/%d", strings.ToUpper(p.Addr().String()), p.Bits())
}

// portType is a port by its number or its name in access lists of IOS.
type portType struct{}

var portNames = map[string]uint16{"ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "domain": 53, "bootps": 67, "bootpc": 68, "tftp": 69, "www": 80, "ntp": 123, "snmp": 161, "snmptrap": 162, "bgp": 179, "syslog": 514}

func (portType) Label() string { return "<0-65535>" }
func (portType) Rank() int     { return grammar.RankNumber }
func (portType) Parse(s string) (any, error) {
	if n, ok := portNames[s]; ok {
		return n, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("not a port: %q", s)
	}
	return uint16(n), nil
}
func (portType) Format(v any) string { return fmt.Sprint(v) }

// uint32Type is a number of 32 bits, on machines whose int has no more as well.
type uint32Type struct{}

func (uint32Type) Label() string { return "<1-4294967295>" }
func (uint32Type) Rank() int     { return grammar.RankNumber }
func (uint32Type) Parse(s string) (any, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || n == 0 {
		return nil, fmt.Errorf("not from 1 to 4294967295: %q", s)
	}
	return uint32(n), nil
}
func (uint32Type) Format(v any) string { return fmt.Sprint(v) }

// macType is a hardware address. It is printed in dotted form.
type macType struct{}

func (macType) Label() string { return "H.H.H" }
func (macType) Rank() int     { return grammar.RankAddress }
func (macType) Parse(s string) (any, error) {
	m, err := ether.ParseMAC(s)
	return m, err
}
func (macType) Format(v any) string { return v.(ether.MAC).Cisco() }

// phoneMACType is the address of a phone, printed as CME does.
type phoneMACType struct{ macType }

func (phoneMACType) Format(v any) string { return v.(ether.MAC).CME() }

// ifType is the name of an interface this box has: gi0/0, Gi 0/0.
type ifType struct{ names func() []string }

func (ifType) Label() string { return "IFNAME" }
func (ifType) Rank() int     { return grammar.RankHost }
func (t ifType) Parse(s string) (any, error) {
	name, ok := netif.ParseName(s)
	if ok {
		for _, n := range t.names() {
			if n == name {
				return name, nil
			}
		}
	}
	return nil, fmt.Errorf("no interface %q", s)
}
func (ifType) Format(v any) string { return v.(string) }
func (ifType) Span(tokens []string) int {
	if len(tokens) > 1 && strings.IndexFunc(tokens[0], func(r rune) bool { return r >= '0' && r <= '9' }) < 0 {
		return 2
	}
	return 1
}

// Complete gives the kind while no number is typed, as on a router: `int gi`
// and Tab is `int gigabitEthernet ` and the number may follow the blank. What
// was typed stays as it is, in capitals or not.

// List is the kinds of interfaces this box has: `interface ?`.
func (t ifType) List() []grammar.HelpItem {
	var out []grammar.HelpItem
	for _, n := range t.names() {
		kind := strings.TrimRight(n, "0123456789/.")
		text, ok := kinds[kind]
		if !ok {
			text = kind + " interface"
		}
		out = append(out, grammar.HelpItem{Name: kind, Text: text})
	}
	return slices.Compact(out)
}

// anyIfType is the name of an interface that IOS has, here or not; sub of a
// sub-interface.
type anyIfType struct{ sub bool }

func (anyIfType) Label() string { return "IFNAME" }
func (anyIfType) Rank() int     { return grammar.RankHost }
func (t anyIfType) Parse(s string) (any, error) {
	name, ok := netif.ParseName(s)
	if !ok || t.sub != strings.Contains(name, ".") {
		return nil, fmt.Errorf("no interface %q", s)
	}
	return name, nil
}
func (anyIfType) Format(v any) string        { return v.(string) }
func (t anyIfType) Span(tokens []string) int { return ifType{}.Span(tokens) }

// auxLineType is a line that routers have and this box has not: `aux 0`, `tty 3`,
// `2`, `0/0/0 0/0/15`.
type auxLineType struct{}

func (auxLineType) Label() string            { return "LINE" }
func (auxLineType) Rank() int                { return grammar.RankHost }
func (auxLineType) Format(v any) string      { return v.(string) }
func (auxLineType) Span(tokens []string) int { return len(tokens) }
func (auxLineType) Parse(s string) (any, error) {
	w := strings.Fields(strings.ToLower(s))
	number := func(s string) bool {
		return s != "" && len(s) <= 12 && strings.Trim(s, "0123456789/") == "" && s[0] != '/' && s[len(s)-1] != '/'
	}
	kind := ""
	if len(w) > 0 {
		for _, k := range []string{"aux", "tty"} {
			if w[0] != "" && strings.HasPrefix(k, w[0]) {
				kind, w = k+" ", w[1:]
				break
			}
		}
	}
	if len(w) == 0 || len(w) > 2 || !number(w[0]) || len(w) == 2 && !number(w[1]) {
		return nil, fmt.Errorf("no line %q", s)
	}
	return kind + strings.Join(w, " "), nil
}

// kinds are the words IOS has for them. [M]
var kinds = map[string]string{
	"Ethernet":           "IEEE 802.3",
	"FastEthernet":       "FastEthernet IEEE 802.3",
	"GigabitEthernet":    "GigabitEthernet IEEE 802.3z",
	"TenGigabitEthernet": "Ten Gigabit Ethernet",
	"Vlan":               "Catalyst Vlans",
}

func (t ifType) Complete(prefix string) []string {
	var out []string
	for _, n := range t.names() {
		if !strings.ContainsAny(prefix, "0123456789") {
			n = strings.TrimRight(n, "0123456789/.:")
		}
		if len(n) >= len(prefix) && strings.EqualFold(n[:len(prefix)], prefix) {
			out = append(out, prefix+n[len(prefix):])
		}
	}
	return out
}

// lengthType is a prefix length written /24.
type lengthType struct{}

func (lengthType) Label() string { return "/nn" }
func (lengthType) Rank() int     { return grammar.RankAddress }
func (lengthType) Parse(s string) (any, error) {
	p, err := netip.ParsePrefix("0.0.0.0" + s)
	if err != nil {
		return nil, err
	}
	return p.Bits(), nil
}
func (lengthType) Format(v any) string { return fmt.Sprintf("/%d", v) }

// hexType is bytes in hexadecimal, dots anywhere between digits: client
// identifiers and raw options. It is printed in groups of four digits.
type hexType struct{ label string }

// maxHex bounds a raw option: 255 bytes fit, and RFC 3396 allows more.
const maxHex = 1024

func (t hexType) Label() string { return t.label }
func (hexType) Rank() int       { return grammar.RankWord }
func (hexType) Parse(s string) (any, error) {
	d := strings.ReplaceAll(s, ".", "")
	if len(d)%2 == 1 && strings.Trim(strings.ToLower(d), "0123456789abcdef") == "" {
		return oddHex(s), nil
	}
	b, err := hex.DecodeString(d)
	if err != nil || len(b) == 0 || len(b) > maxHex {
		return nil, fmt.Errorf("not hexadecimal: %q", s)
	}
	return b, nil
}
func (hexType) Format(v any) string {
	if odd, ok := v.(oddHex); ok {
		return string(odd)
	}
	return dotted(v.([]byte))
}

// oddHex is an odd number of digits, which are no whole bytes: it is read, so
// that it can be said what is wrong. To add a digit in front, as one might,
// shifts all that follows.
type oddHex string

// bytesOf is a hexadecimal argument.
func bytesOf(a grammar.Args, name string) ([]byte, error) {
	if odd, ok := a[name].(oddHex); ok {
		return nil, language.Answer(fmt.Sprintf("%% %s has an odd number of digits (%d): two are a byte, and it is not known where one is missing",
			odd, len(strings.ReplaceAll(string(odd), ".", ""))))
	}
	return grammar.Get[[]byte](a, name), nil
}

func dotted(b []byte) string {
	h := hex.EncodeToString(b)
	var out strings.Builder
	for i := 0; i < len(h); i += 4 {
		if i > 0 {
			out.WriteByte('.')
		}
		out.WriteString(h[i:min(i+4, len(h))])
	}
	return out.String()
}

// urlType is a file with its file system; an empty list takes any.
type urlType []string

func (urlType) Label() string { return "WORD" }
func (urlType) Rank() int     { return grammar.RankWord }
func (t urlType) Parse(s string) (any, error) {
	if len(s) > 255 || plain.Typed(s) >= 0 {
		return nil, fmt.Errorf("not a file: %q", s)
	}
	if len(t) == 0 {
		return s, nil
	}
	for _, p := range t {
		if strings.HasPrefix(strings.ToLower(s), p) {
			return s, nil
		}
	}
	return nil, fmt.Errorf("not a file system: %q", s)
}
func (urlType) Format(v any) string { return fmt.Sprint(v) }
