// Package ether holds the hardware address of an Ethernet station, which the
// DHCP server, the phone files and the journal of the box all name phones by.
// It is below all of them and knows none.
//
// The dotted form is that of Cisco IOS, the capitals of the others are those of
// CME and of the names of phone files. Pure and without state: values may be
// used by any number of goroutines. Failure: ParseMAC returns ErrMAC. Testing:
// a table.
package ether

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// MAC is a 48-bit hardware address. The zero MAC means none.
type MAC [6]byte

// ErrMAC says that a text is not a hardware address.
var ErrMAC = errors.New("not a hardware address")

// ParseMAC reads 001e.7a00.0001, 00:1e:7a:00:00:01, 00-1E-7A-00-00-01 and
// 001E7A000001.
func ParseMAC(s string) (MAC, error) {
	var m MAC
	switch {
	case len(s) == 14 && s[4] == '.' && s[9] == '.':
		s = s[0:4] + s[5:9] + s[10:14]
	case len(s) == 17 && (s[2] == ':' || s[2] == '-'):
		if strings.Count(s, s[2:3]) != 5 {
			return m, fmt.Errorf("%w: %q", ErrMAC, s)
		}
		s = strings.ReplaceAll(s, s[2:3], "")
	}
	if len(s) != 12 {
		return m, fmt.Errorf("%w: %q", ErrMAC, s)
	}
	if _, err := hex.Decode(m[:], []byte(s)); err != nil {
		return MAC{}, fmt.Errorf("%w: %q", ErrMAC, s)
	}
	return m, nil
}

// Cisco is the dotted form 001e.7a00.0001, as everything but telephony prints it.
func (m MAC) Cisco() string {
	h := hex.EncodeToString(m[:])
	return h[0:4] + "." + h[4:8] + "." + h[8:12]
}

// CME is the dotted form 001E.7A00.0001: CME prints it in capitals, in the
// running-config (`mac-address`, `id mac`) as in its show commands.
func (m MAC) CME() string { return strings.ToUpper(m.Cisco()) }

// Hex is 001E7A000001, as in file names.
func (m MAC) Hex() string { return strings.ToUpper(hex.EncodeToString(m[:])) }

// Device is the device name SEP001E7A000001.
func (m MAC) Device() string { return "SEP" + m.Hex() }

// IsZero reports that there is no address.
func (m MAC) IsZero() bool { return m == MAC{} }

func (m MAC) String() string { return m.Cisco() }
