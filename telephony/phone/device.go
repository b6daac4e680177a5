// Package phone holds the values and the facts of Cisco IP phones: the device
// names made of hardware addresses, models, loads and what each model asks for.
// Facts are data: models.toml, each row with its source.
//
// Pure: no sockets, no clock. Everything is a value or read-only and may be
// used by any number of goroutines. Names and identifiers come from the
// network: they are bounded and never trusted. Failure: parse errors, or ok =
// false. Testing: tables, one test that every row of models.toml names its
// source, fuzz targets.
package phone

import (
	"regexp"
	"strings"

	"option150/platform/ether"
)

// maxFileName bounds the names that are looked at; the longest real one is
// under 60 bytes.
const maxFileName = 255

// deviceFile matches the names that carry the hardware address of the phone
// that asks. [facts/phones.md 1.6; sources/004 table 11-3]
var deviceFile = regexp.MustCompile(`^(?i:(ctlsep|itlsep|sep|sip|mgc|gk|ld|ff|ata|vgc|wlan))([0-9A-Fa-f]{12})(?:[.\-_].*)?$`)

// baseName is the last part of a name with / or \ between its parts, as phones
// ask for "Communicator\SEP001E7A000001.cnf.xml".
func baseName(name string) string {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' || name[i] == '\\' {
			return name[i+1:]
		}
	}
	return name
}

// MACOfFile finds the hardware address in the name of a file a phone asks
// for: SEP001E7A000001.cnf.xml, CTLSEP..., ITLSEP..., SIP001E7A000001.cnf,
// gk001e7a000001, ld001e7a000001.x.
func MACOfFile(name string) (ether.MAC, bool) {
	if len(name) > maxFileName {
		return ether.MAC{}, false
	}
	hex := hexOfFile(baseName(name))
	if hex == "" {
		return ether.MAC{}, false
	}
	m, err := ether.ParseMAC(hex)
	return m, err == nil && !m.IsZero()
}

// hexOfFile is what deviceFile says of a last part, "" = nothing. Every request
// is asked it several times, and most are no phone's.
func hexOfFile(base string) string {
	if len(base) < shortestPrefix+hexDigits {
		return ""
	}
	for i := range len(base) {
		if base[i] >= 0x80 { // letters that are others without case
			if g := deviceFile.FindStringSubmatch(base); g != nil {
				return g[2]
			}
			return ""
		}
	}
	for _, p := range devicePrefixes {
		if base[0]|0x20 != p[0] || len(base) < len(p)+hexDigits || !strings.EqualFold(base[:len(p)], p) {
			continue
		}
		hex, rest := base[len(p):len(p)+hexDigits], base[len(p)+hexDigits:]
		if allHex(hex) && (rest == "" || strings.IndexByte(".-_", rest[0]) >= 0 && !strings.Contains(rest, "\n")) {
			return hex
		}
	}
	return ""
}

const (
	hexDigits      = 12
	shortestPrefix = 2
)

var devicePrefixes = []string{"ctlsep", "itlsep", "sep", "sip", "mgc", "gk", "ld", "ff", "ata", "vgc", "wlan"}

func allHex(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; (c < '0' || c > '9' || s[i] != c) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// ParseDevice reads a device name, SEP001E7A000001, in any case.
func ParseDevice(name string) (ether.MAC, error) {
	if len(name) == 15 && strings.EqualFold(name[:3], "SEP") {
		return ether.ParseMAC(name[3:])
	}
	return ether.MAC{}, ether.ErrMAC
}

// expectedAbsent are names asked for on every boot that need not exist.
// [facts/phones.md 1.6, 2.8(6); facts/files.md 1.1]
var expectedAbsent = regexp.MustCompile(`(?i)^(` +
	`(ctl|itl)sep[0-9a-f]{12}\.tlv(\.sgn)?` + // trust lists of this phone
	`|(ctl|itl)file\.tlv(\.sgn)?` + // trust list of the cluster
	`|(ctl|itl)sep[0-9a-f]{12}\.tlv\.enc\.sgn` +
	`|mgc[0-9a-f]{12}\.cnf|mgcdefault\.cnf` + // the hunt of the universal loader
	`|wlan[0-9a-f]{12}\.xml|wlandefault\.xml` + // wireless phones
	`|os79xx\.txt` + // old images ask for it first
	`|sk[0-9a-f-]{36}\.xml(\.sgn)?` + // a softkey file named by another server
	`|defaultheadsetconfig\.json(\.sgn)?` +
	`)$`)

// ExpectedAbsent reports that a name is asked for normally without existing
// on a site without security: "no such file" is then not a fault.
func ExpectedAbsent(name string) bool {
	return len(name) <= maxFileName && expectedAbsent.MatchString(baseName(name))
}

// TrustFile reports that a name is that of a trust list.
func TrustFile(name string) bool {
	b := strings.ToLower(baseName(name))
	return len(b) <= maxFileName && (strings.HasPrefix(b, "ctlsep") || strings.HasPrefix(b, "itlsep") ||
		strings.HasPrefix(b, "ctlfile.") || strings.HasPrefix(b, "itlfile."))
}

// AsksSigned reports that a name is the signed form of a file: the phone holds
// a trust list, of another cluster unless this box signs, and refuses unsigned
// content. [facts/phones.md 6]
func AsksSigned(name string) bool {
	return len(name) <= maxFileName && strings.HasSuffix(strings.ToLower(name), ".sgn") &&
		strings.Contains(strings.ToLower(name), ".xml")
}
