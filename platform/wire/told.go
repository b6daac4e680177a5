package wire

import (
	"net/netip"
	"strings"

	"option150/platform/ether"
	"option150/platform/plain"
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

// Printable is a text from outside as it is shown, without what pads it.
func Printable(s string) string { return plain.Shown(strings.Trim(s, " \x00"), MaxTold) }
