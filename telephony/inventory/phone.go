package inventory

import (
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/telephony/advice"
)

// Bounds of the table.
const (
	MaxPhones = 1000
	maxBoots  = 3
	maxLines  = 64  // of one boot
	maxParts  = 64  // components of one load
	maxName   = 128 // bytes kept of a name
	maxOpen   = 16  // requests without an answer
	maxHosts  = 256 // addresses watched for invented names
	// scanNames is how many different phones one address may name within
	// scanTime; what it names beyond is not believed. [facts/diagnosis.md R33]
	scanNames = 64
	scanTime  = time.Minute
)

// Times of the rules.
const (
	ConfigQuiet = time.Second      // no load asked so long after the configuration: it runs it
	LoadQuiet   = time.Second      // after the last component of a load nobody knows the parts of
	PartQuiet   = 15 * time.Second // after the last of some components
	FailQuiet   = 2 * time.Second  // after a failed request
	openLife    = 5 * time.Minute  // a request without answer is forgotten
	bootQuiet   = 10 * time.Minute // a file after such a silence is a new boot
	sameBoot    = 2 * time.Second  // a second DISCOVER so soon is not
	noFile      = 90 * time.Second // R05
	noReturn    = 20 * time.Minute // R30
	slowTime    = 30 * time.Second // R29
	slowRate    = 64 << 10         // R29, bytes per second
)

// State is one word for where a phone stands. The words are fixed: DESIGN 1.
type State string

// The states, in the order of a boot.
const (
	Seen        State = "seen"
	Addressed   State = "addressed"
	Configured  State = "configured"
	Loading     State = "loading"
	Provisioned State = "provisioned"
	Stuck       State = "stuck"
)

// Basis says how sure a finding is.
type Basis string

// A refused connection is invisible to a server: only a capture observes it.
const (
	Observed Basis = "observed"
	Inferred Basis = "inferred"
)

// Verdict is a finding with its remedy. The codes are those of
// facts/diagnosis.md 3 and never change their meaning.
type Verdict struct {
	Code     string // "R08"; "ok" when provisioned, "-" while all goes well
	Text     string
	Fix      advice.Steps // lines of this box, or what to do elsewhere
	Basis    Basis        // "" where it goes without saying
	Blocking bool         // the phone will not come up like this
}

// Phone is where one phone stands.
type Phone struct {
	MAC      ether.MAC  // zero: only its address is known yet
	Addr     netip.Addr // invalid: none yet
	Model    string     // "7961"; "" = unknown
	Class    string     // vendor class
	Pool     string     // of its lease
	Load     string     // asked for last; "" = none asked for
	State    State
	Verdict  Verdict       // the first broken link
	Others   []Verdict     // what else was found
	Fallback Basis         // it asked by TFTP because HTTP did not answer; "" = no
	Boot     int           // number of the boot
	Restart  bool          // the boot is the restart into the load that the one before fetched
	Started  time.Time     // of the boot
	Seen     time.Time     // last event
	Took     time.Duration // from the start of the boot to its last needed file, when provisioned
	Boots    []Boot        // oldest first; only of Inventory.Phone
}

// Device is the device name, "-" while only the address is known.
func (p *Phone) Device() string {
	if p.MAC.IsZero() {
		return "-"
	}
	return p.MAC.Device()
}

// Boot is the story of one boot.
type Boot struct {
	Number  int
	Start   time.Time
	Lines   []Line
	Dropped int // lines that made room
}

// Line is one event of a boot.
type Line struct {
	At        time.Time
	Transport string // "DHCP", "HTTP", "TFTP", "TCP"
	What      string // "DISCOVER", "GET", "RRQ"
	Name      string // of a file, or what the DHCP message carried
	Result    string // "200", "404", "sent", "error 1"; "" = no answer yet
	Bytes     int64  // sent; -1 = not a file that was sent
	Duration  time.Duration
	Remark    string
}
