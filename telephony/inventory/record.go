package inventory

import (
	queue "container/list"
	"net/netip"
	"slices"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/wire"
	"option150/telephony/advice"
	"option150/telephony/phone"
)

// record is what is kept of a phone.
type record struct {
	mac   ether.MAC
	addr  netip.Addr // of IPv4
	addr6 netip.Addr // given by DHCPv6, or it asked for files from there
	class string
	model phone.Model
	known bool // model is valid
	num   string
	pool  string
	load  string // last asked for
	boots []*boot
	seen  time.Time

	dhcp    bool           // it spoke DHCP: not only a name in somebody's requests
	named   netip.Addr     // who asked for its files first
	proven  bool           // it was given an address or its file
	spoke   bool           // it was known where it is registered: it can be told
	listed  bool           // it is configured here
	line    *queue.List    // it stands in, see Inventory.line
	place   *queue.Element // in it
	fetched string         // load all asked files of which were sent, before this boot
	runs    string         // load it was seen to run: fetched, and back without asking again
	loops   int            // boots in a row that ended soon after their configuration
	lasted  time.Duration  // how long the last of them did
	longest time.Duration  // and the longest
	mute    int            // boots in a row with an address from here and no file
	part    part           // it has in the sharing of firmware
	crowd   time.Time      // another phone asked from the same address: what carries no name may be either's
}

// boot is one boot under way or past.
type boot struct {
	number int
	start  time.Time
	lines  []Line
	first  int // index of lines[0], counted from the start of the boot

	// DHCP
	discovered, acked, requested time.Time
	discovers                    int
	offers150                    []netip.Addr
	leased                       netip.Prefix // address and mask of the lease; invalid if the pool gave none
	router                       netip.Addr
	noLease                      string // why there was nothing to give
	noLeaseAt                    netip.Addr
	foreign                      netip.Addr // server of a foreign offer
	foreign150                   string
	chosen                       netip.Addr // server the phone selected
	stranger                     bool       // which is not this box
	conflict                     string     // how it showed
	conflictAt                   netip.Addr // the address in question
	conflicted                   time.Time  // seen last
	left                         time.Time  // it gave its address back, or lost it
	leftWhy                      string

	// its own words
	told      told
	active    told // call control it is registered at; "" = none of those it names
	turned    told // call control that refused to register it last; "" = none did since
	turnedWhy string

	// the wire
	refused   time.Time  // capture saw a connection refused
	refusedAt netip.Addr // by this server
	secure    time.Time  // it wanted HTTPS
	secureAt  netip.Addr // of this server
	shared    time.Time  // it looked for phones that share firmware
	sought    map[netip.Addr]*sought

	six            six
	files4, files6 int // requests by family

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
	gateway             *file // of a device that is no phone
	signed              *file
	load                *file
	lists               int // times the list was sent while no component was asked for
	parts               []*file
	next                time.Time // a file of the next phase was asked for after the configuration
	nextName            string
	lastPart            time.Time
	ready               time.Time // the last file it needed
	busy, limit         int       // requests that met a full house, and how many it holds
	denied, deniedWhy   string    // file it was refused by rule last, and the rule
	deniedCure          advice.Steps
	restarts            map[string]*restart
	wrongServer         netip.Addr
	answeredName        string         // by TFTP, last
	answeredTo          netip.AddrPort // and whom
	unheard             int            // times the same was asked from there again
	intern              string         // name HTTP did not have and TFTP did
	slow, slowly        string         // file whose transfer was slow, and how slow
	other               netip.Addr     // asked on behalf of this phone without its lease
	gone404             map[string]bool
	elsewhere           string     // what kept other file servers from answering, last
	looped              netip.Addr // a file server that asked here for what it was asked from here
}

// told is what a phone said of itself, and where.
type told struct {
	what      string
	was       string // before
	by        wire.Source
	inferred  bool
	since, at time.Time // said first, and last
}

// say takes the last word.
func (t *told) say(what string, by wire.Source, at time.Time) (news bool) {
	if news = t.at.IsZero() || t.what != what; news {
		t.since, t.was = at, t.what
	}
	t.what, t.by, t.at, t.inferred = what, by, at, false
	return news
}

// sought is an address whose hardware address a phone asked for.
type sought struct {
	n           int
	first, last time.Time
}

// file is what became of one file in a boot.
type file struct {
	name    string
	at      time.Time // asked
	served  time.Time // zero: not yet
	missing bool      // the answer was: no such file
	nobody  string    // who else was asked, and none has it
	maybe   string    // who else was asked, and not all of them could say
	nearest string
	route   string // where the box had it from
	signed  bool
	unsure  bool // its last block was never acknowledged
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
	block     int // size it asked for by TFTP
}

func (r *record) now() *boot {
	if len(r.boots) == 0 {
		return nil
	}
	return r.boots[len(r.boots)-1]
}

// begin begins a new boot and keeps what the one before proved.
func (r *record) begin(at time.Time) *boot {
	n := 1
	if b := r.now(); b != nil {
		n = b.number + 1
		r.conclude(b, at)
	}
	b := &boot{number: n, start: at}
	r.boots = append(r.boots, b)
	if len(r.boots) > maxBoots {
		r.boots[1].inherit(r.boots[0])
		r.boots = append([]*boot(nil), r.boots[1:]...)
	}
	return b
}

// inherit keeps the failed transfers of a boot that is forgotten.
func (b *boot) inherit(old *boot) {
	for name, x := range old.restarts {
		if !slices.ContainsFunc(b.files(name), func(f *file) bool { return !f.served.IsZero() }) {
			y := b.restart(name)
			y.n, y.silent, y.bytes = y.n+x.n, y.silent+x.silent, max(y.bytes, x.bytes)
			y.size, y.block, y.transport = max(y.size, x.size), max(y.block, x.block), x.transport
		}
	}
}

// conclude is the end of a boot.
func (r *record) conclude(b *boot, at time.Time) {
	config, configured := r.hasConfig(b)
	switch {
	case b.load == nil && configured && r.fetched != "":
		r.runs = r.fetched // it was back and did not ask for it again
	case b.load != nil:
		if r.fetched = ""; b.fetchedAll() && !b.next.After(b.load.served) {
			r.fetched = loadName(b.load.name)
		} else if len(b.parts) > 0 {
			r.runs = ""
		}
	}
	// A boot that fetched firmware, from here or from a peer, ends soon because
	// it is to.
	if configured && b.load == nil && b.shared.IsZero() && !r.part.at.After(b.start) && !b.fell() {
		lasted := at.Sub(config)
		r.loops, r.lasted, r.longest = r.loops+1, lasted, max(r.longest, lasted)
		if lasted >= loopMost {
			r.loops, r.longest = 0, 0
		}
	} else {
		r.loops, r.longest = 0, 0
	}
	if !b.acked.IsZero() && b.firstFile.IsZero() {
		r.mute++
	} else {
		r.mute = 0
	}
}

// loopMost is the longest boot that counts as one of a loop.
const loopMost = 5 * time.Minute

// fetchedAll: components were asked for, and each was sent.
func (b *boot) fetchedAll() bool {
	if b.load == nil || b.load.served.IsZero() || len(b.parts) == 0 && !alone(b.load.name) {
		return false
	}
	for _, f := range b.parts {
		if f.served.IsZero() {
			return false
		}
	}
	return true
}

// byHand: its file is one that lies in flash:.
func (b *boot) byHand() bool {
	f := b.own
	return f != nil && !f.served.IsZero() && isSEP(f.name) && f.route != "" && f.route != fileserver.RouteGenerated
}

// fell: it was given its file and asked for the default one then.
func (b *boot) fell() bool {
	own, def := b.own, b.def
	return own != nil && !own.served.IsZero() && isSEP(own.name) && def != nil && isXMLDefault(def.name) && def.at.After(own.served)
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
	if f := before.load; fetched.IsZero() && f != nil && alone(f.name) {
		fetched = f.served // one image is the whole load
	}
	return !fetched.IsZero() && b.start.Sub(fetched) < flashing
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
