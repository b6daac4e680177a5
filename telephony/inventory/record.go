package inventory

import (
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/telephony/phone"
)

// record is what is kept of a phone.
type record struct {
	mac   ether.MAC
	addr  netip.Addr
	class string
	model phone.Model
	known bool // model is valid
	num   string
	pool  string
	load  string // last asked for
	boots []*boot
	seen  time.Time
}

// boot is one boot under way or past.
type boot struct {
	number int
	start  time.Time
	lines  []Line
	first  int // index of lines[0], counted from the start of the boot

	// DHCP
	discovered, acked, requested time.Time
	offers150                    []netip.Addr
	noLease                      string // why there was nothing to give
	noLeaseAt                    netip.Addr
	foreign                      netip.Addr // server of a foreign offer
	foreign150                   string
	chosen                       netip.Addr // server the phone selected
	conflict                     bool

	// files
	firstFile, lastFile time.Time // asked
	lastEnd             time.Time // answered
	lastFail            time.Time // of a request that matters
	open                []pending
	http, tftp          int
	trust               int // times a trust file or OS79XX.TXT was asked for
	own                 *file
	ownOther            *file // SIP<mac>.cnf, gk, ld ... when SEP is there as well
	def                 *file
	signed              *file
	load                *file
	parts               []*file
	next                bool // a file of the next phase was asked for after the configuration
	lastPart            time.Time
	ready               time.Time // the last file it needed
	busy, limit         int       // requests that met a full house, and how many it holds
	denied, deniedWhy   string    // file it was refused by rule last, and the rule
	restarts            map[string]*restart
	refused             bool // capture saw a connection refused
	wrongServer         netip.Addr
	intern              string // name HTTP did not have and TFTP did
	slow                string
	other               netip.Addr // asked on behalf of this phone without its lease
	gone404             map[string]bool
}

// file is what became of one file in a boot.
type file struct {
	name    string
	at      time.Time // asked
	served  time.Time // zero: not yet
	missing bool      // the answer was: no such file
	nearest string
	signed  bool
}

// restart counts transfers of one file that did not end.
type restart struct {
	n, silent    int // silent: nothing was ever acknowledged
	bytes, size  int64
	block, again int
	transport    fileserver.Transport
}

// pending is a request without an answer.
type pending struct {
	transport fileserver.Transport
	client    netip.AddrPort
	name      string
	at        time.Time
	line      int // absolute index
}

func (r *record) now() *boot {
	if len(r.boots) == 0 {
		return nil
	}
	return r.boots[len(r.boots)-1]
}

// boot begins a new boot.
func (r *record) begin(at time.Time) *boot {
	n := 1
	if b := r.now(); b != nil {
		n = b.number + 1
	}
	b := &boot{number: n, start: at}
	r.boots = append(r.boots, b)
	if len(r.boots) > maxBoots {
		r.boots = append([]*boot(nil), r.boots[1:]...)
	}
	return b
}

// say adds a line and returns its absolute index.
func (b *boot) say(l Line) int {
	b.lines = append(b.lines, l)
	if len(b.lines) > maxLines {
		drop := len(b.lines) - maxLines
		b.lines = append([]Line(nil), b.lines[drop:]...)
		b.first += drop
	}
	return b.first + len(b.lines) - 1
}

// line is the line at an absolute index, nil if it made room.
func (b *boot) line(at int) *Line {
	if at -= b.first; at < 0 || at >= len(b.lines) {
		return nil
	}
	return &b.lines[at]
}

// answered ends a request and returns the index of its line, -1 if unknown.
func (b *boot) answered(t fileserver.Transport, c netip.AddrPort, name string) int {
	for i, p := range b.open {
		if p.transport == t && p.client == c && p.name == name {
			b.open = append(b.open[:i], b.open[i+1:]...)
			return p.line
		}
	}
	return -1
}

// waiting is the number of requests without an answer.
func (b *boot) waiting(now time.Time) int {
	n := 0
	for _, p := range b.open {
		if now.Sub(p.at) < openLife {
			n++
		}
	}
	return n
}

func (b *boot) part(name string) *file {
	for _, f := range b.parts {
		if f.name == name {
			return f
		}
	}
	return nil
}

func (b *boot) restart(name string) *restart {
	if b.restarts == nil {
		b.restarts = map[string]*restart{}
	}
	x := b.restarts[name]
	if x == nil {
		if len(b.restarts) >= maxOpen {
			return &restart{}
		}
		x = &restart{}
		b.restarts[name] = x
	}
	return x
}

// afterLoad: the boot before fetched firmware, and the phone restarted into it.
func (b *boot) afterLoad(before *boot) bool {
	fetched := before.lastPart
	if f := before.load; fetched.IsZero() && f != nil && kindOf(f.name) == kindComponent {
		fetched = f.served // one image is the whole load
	}
	return !fetched.IsZero() && b.start.Sub(fetched) < noReturn
}

// hasConfig: its own file, or the default of a model that has no other.
func (r *record) hasConfig(b *boot) (time.Time, bool) {
	switch {
	case b.own != nil && !b.own.served.IsZero():
		return b.own.served, true
	case b.ownOther != nil && !b.ownOther.served.IsZero():
		return b.ownOther.served, true
	case b.def != nil && !b.def.served.IsZero() && r.known && r.model.DefaultFileOnly:
		return b.def.served, true
	}
	return time.Time{}, false
}
