package wire

import (
	"net/netip"

	"option150/platform/ether"
)

// Source is where a phone tells about itself.
type Source string

// The sources.
const (
	Page Source = "page" // its own web pages
	CDP  Source = "CDP"  // a Cisco Discovery Protocol frame of its own
	LLDP Source = "LLDP" // an LLDP frame of its own
	// Mirror is its registration at call control, seen on a mirror port.
	Mirror Source = "mirror"
)

// Told is what a phone says of itself. Every text is what the phone sent,
// bounded and of printable characters; "" = it did not say.
type Told struct {
	MAC         ether.MAC
	Addr        netip.Addr // invalid = not said
	By          Source
	Model       string // as it names itself, "CP-7961G"
	Load        string // it runs, "SCCP41.9-4-2SR3-1S"
	Serial      string
	Switch      string // name of the neighbour on its network port
	Port        string // of the switch
	VLAN        int    // it sends its voice in, 0 = not said
	CallControl string // that it is registered at, as it names it
	Idle        bool   // it names call control and is registered at none; of a mirror, its registration has ended
	Refused     string // what CallControl answered when it did not register the phone
	Inferred    bool   // that it is registered: what it says to CallControl is encrypted
}

// EventName implements journal.Event.
func (Told) EventName() string { return "wire.Told" }

// MaxTold is the longest text of a Told.
const MaxTold = 64

// Printable cuts a text from outside to MaxTold printable ASCII characters.
func Printable(s string) string {
	out := make([]byte, 0, min(len(s), MaxTold))
	for i := 0; i < len(s) && len(out) < MaxTold; i++ {
		if c := s[i]; c >= ' ' && c < 0x7f {
			out = append(out, c)
		}
	}
	for len(out) > 0 && out[len(out)-1] == ' ' {
		out = out[:len(out)-1]
	}
	for len(out) > 0 && out[0] == ' ' {
		out = out[1:]
	}
	return string(out)
}
