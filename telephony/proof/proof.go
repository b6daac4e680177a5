package proof

import (
	"context"
	"net/netip"

	"option150/dhcp/engine"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/sorted"
	"option150/telephony/advice"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
)

// Box is what phones would meet.
type Box struct {
	Telephony cnf.Config
	Firmware  cnf.Firmware // which loads its files may name
	Absent    []string     // names its lines give to files that nobody serves
	Own       []netip.Addr // its addresses

	// DHCP gives addresses; nil = this box gives none, NoDHCP says why.
	DHCP   *engine.Engine
	Now    engine.Instant
	NoDHCP string
	Start  advice.Steps // has it give addresses, as far as a line does
	Down   bool         // it is meant to give addresses, and cannot
	Places []Place      // where phones may stand

	Files  fileserver.Opener
	Abroad bool // other file servers are asked for what is not here: what they have is not known
	// HTTP says why port 6970 gives nothing to an address: not open, or closed to
	// it. TFTP the same of port 69.
	HTTP func(netip.Addr) Door
	TFTP func(netip.Addr) Door

	Whole func(load string) firmware.State    // as phones would get it from flash:
	Seen  func(ether.MAC) Seen                // what is known of a phone
	Holds func(ether.MAC, netip.Addr)         // is told of each lease, for Files
	Away  func(loadServer string) bool        // another host
	Calls func(netip.AddrPort) (string, bool) // why call control does not answer, as far as it was asked
	Guard func(netip.Addr) bool               // the scan guard keeps the address out now
}

// Door is a port that phones ask.
type Door struct {
	Closed string // why nothing comes from it; "" = it answers
	Denied bool   // it answers, and refuses the address
}

// Place is a network phones may stand in.
type Place struct {
	Network   netip.Prefix
	Pool      string
	Interface string     // they come by
	Relay     netip.Addr // or by a relay there; invalid = none
	Voice     bool       // its pool names a file server
}

// Seen is what is known of a phone from what it did.
type Seen struct {
	Vendor    string // option 60
	ClientID  []byte
	Interface string // where it asked for its lease last, "" = it has none
	Relay     netip.Addr
	Addr      netip.Addr // it asked for files from there; invalid = never
	Runs      string     // load, as far as it was observed
	Stuck     string     // the code of why it is stuck
	StuckText string
}

// Outcome is what becomes of a phone.
type Outcome int

// The outcomes, worst first.
const (
	Not    Outcome = iota // it would not come up like this
	Unsure                // it cannot be said
	Up                    // it would come up
)

// Phone is one phone and how far it comes.
type Phone struct {
	MAC     ether.MAC
	Device  string
	Section string // "ephone 3"
	Outcome Outcome
	Code    string // of the verdict table; "" = up
	Text    string
	Fix     advice.Steps
	Notes   []string // worth knowing, and no reason

	Place   *Place
	Assumed bool // where it stands is assumed
	Addr    netip.Addr
}

// Report is the proof.
type Report struct {
	Phones  []Phone  // in the order of the configuration
	NoMAC   []string // sections that are no phone yet
	Absent  []string // what lines name and nobody serves: no phone is told of it
	Assumed []Place  // where phones were taken to stand that nobody has seen
}

// Count is the number of phones with an outcome.
func (r *Report) Count(o Outcome) (n int) {
	for i := range r.Phones {
		if r.Phones[i].Outcome == o {
			n++
		}
	}
	return n
}

// Walk proves a box.
func Walk(ctx context.Context, b *Box) *Report {
	w := &walker{Box: b, ctx: ctx, report: &Report{Absent: b.Absent}, loads: map[string]firmware.State{}, taken: map[Place]int{}}
	todo := w.phones()
	// Who has a lease, or a place that is known, goes first: what is left is for
	// those who may stand anywhere.
	sorted.Stable(todo, func(x, y *station) int { return len(x.places) - len(y.places) })
	for _, s := range todo {
		w.address(s)
	}
	for _, s := range todo {
		w.boot(s)
	}
	sorted.Stable(todo, func(x, y *station) int { return x.order - y.order })
	for _, s := range todo {
		w.report.Phones = append(w.report.Phones, s.Phone)
	}
	return w.report
}

// walker is one proof under way.
type walker struct {
	*Box
	ctx    context.Context
	report *Report
	loads  map[string]firmware.State
	taken  map[Place]int // by phones that were taken to stand there
	xid    uint32
}

// station is a phone on its way.
type station struct {
	Phone
	order  int
	sip    bool
	typ    string
	name   string // device name without hardware address
	seen   Seen
	places []Place
	lease  lease
	other  []verdict // why it gets nothing in other places
	full   []verdict // the same of those that phones before it filled
}

// verdict is why a phone does not come up, or why that cannot be said.
type verdict struct {
	outcome Outcome
	code    string
	text    string
	fix     advice.Steps
}

func (s *station) stop(v verdict) {
	s.Outcome, s.Code, s.Text, s.Fix = v.outcome, v.code, v.text, v.fix
}

// ended reports that the phone goes no further.
func (s *station) ended() bool { return s.Outcome != Up }
