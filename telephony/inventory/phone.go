package inventory

import (
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/telephony/advice"
)

// Bounds of the table.
const (
	MaxPhones = 1000 // that are not configured here; those that are do not count

	maxStrangers = MaxPhones / 4 // of them that were given nothing, while others need the room

	maxBoots  = 3
	maxLines  = 64  // of one boot
	maxParts  = 64  // components of one load
	maxName   = 128 // bytes kept of a name
	maxOpen   = 16  // requests without an answer
	maxHosts  = 256 // addresses watched for scans
	maxSought = 8   // addresses a phone looked for in one boot
	maxSigns  = 512 // stations seen by ARP only
	maxOthers = 16  // DHCP servers seen
	// scanNames is how many phones one address may name within scanTime; more
	// is a scan, and what it names is no phone.
	scanNames = 5
	scanTime  = time.Minute
)

// Times of the fold itself; those of the rules are Waits.
const (
	openLife  = 5 * time.Minute  // a request without answer is forgotten
	bootQuiet = 10 * time.Minute // a file after such a silence is a new boot
	sameBoot  = 2 * time.Second  // a second DISCOVER so soon is not
	slowRate  = 64 << 10         // R29, bytes per second
	flashing  = 20 * time.Minute // a boot so soon after a load was fetched is the restart into it
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

// Basis says how something is known: from packets and files, or from what did
// not come.
type Basis string

// The two ways.
const (
	Observed Basis = "observed"
	Inferred Basis = "inferred"
)

// Verdict is a finding with its remedy. Codes never change their meaning.
type Verdict struct {
	Code     string // "R08"; "ok" when provisioned, "-" while it is not decided
	Text     string
	Evidence string       // the one fact it rests on
	Fix      advice.Steps // lines of this box, or what to do elsewhere
	Basis    Basis
	Blocking bool // the phone will not come up like this
	Up       bool // it came up all the same: the finding is about what is to be done
}

// Phone is where one phone stands.
type Phone struct {
	MAC       ether.MAC  // zero: only its address is known yet
	Addr      netip.Addr // invalid: none yet; of IPv4 if it has one
	Addr6     netip.Addr // of IPv6, invalid: none known
	Model     string     // "7961"; "" = unknown
	Typed     bool       // Model is the configured type: the phone did not tell
	Class     string     // vendor class
	Pool      string     // of its lease
	Load      string     // it runs; "" = not known
	LoadBasis Basis      // how that is known
	Wanted    string     // load it is to run; "" = none named
	State     State
	Basis     Basis         // how the state is known
	Verdict   Verdict       // the first broken link
	Others    []Verdict     // what else was found
	Elsewhere bool          // it takes firmware here and is configured elsewhere
	Fallback  Basis         // it asked by TFTP because HTTP did not answer; "" = no
	Quiet     bool          // nothing happened for Waits.Quiet
	Against   bool          // it came up, and something speaks against that: what it says itself
	Boot      int           // number of the boot
	Restart   bool          // the boot is the restart into the load that the one before fetched
	Started   time.Time     // of the boot
	Seen      time.Time     // last event
	Took      time.Duration // from the start of the boot to its last needed file, when provisioned
	Boots     []Boot        // oldest first; only of Inventory.Phone
}

// Device is the device name, "-" while only the address is known.
func (p *Phone) Device() string {
	if p.MAC.IsZero() {
		return "-"
	}
	return p.MAC.Device()
}

// Up reports that the phone came up and nothing speaks against it. That it is to
// be restarted does not: it works meanwhile.
func (p *Phone) Up() bool {
	return p.State == Provisioned && (p.Verdict.Code == OK || p.Verdict.Up)
}

// OK and Open are the codes that are no finding: it came up; it is not decided
// yet.
const (
	OK   = "ok"
	Open = "-"
)

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
	Transport string // "DHCP", "DHCPv6", "HTTP", "TFTP", "TCP", "ARP", "PFS"
	What      string // "DISCOVER", "GET", "RRQ"
	Name      string // of a file, or what the DHCP message carried
	Result    string // "200", "404", "sent", "error 1"; "" = no answer yet
	Bytes     int64  // sent; -1 = not a file that was sent
	Duration  time.Duration
	Remark    string
}
