package share

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// Rules are what all boxes of a domain have in common, and the name of this one.
// Times are seconds; those of day are seconds since 1970.
type Rules struct {
	Box      string
	Boxes    []string // of the domain, in the order that the engine has them in
	Lead     int64    // how much longer than on record a client may have its address
	Skew     int64    // the clocks of two boxes differ by no more
	OwnShare bool     // isolated, never used addresses of its share are given out
}

// Times of the rules, seconds.
const (
	ThereFor     = 10   // a box counts as there for so long after its last sign of life
	IsolatedMost = 3600 // an isolated box grants no more at a time
	TriedAfter   = 3    // signs of life, by which those of the others were heard too
	leadMost     = 86400
	unsureFor    = 60 // a claim without an answer may yet arrive
	TwinFor      = 5  // signs of life of its own, none of a namesake between them, after which that is gone
)

// Owner is the box whose share an IPv4 address is in. Neighbours are dealt out in
// turn, so that the shares of the smallest pool too are equal and disjoint.
func (r *Rules) Owner(a netip.Addr) string {
	if len(r.Boxes) == 0 || !a.Is4() {
		return ""
	}
	b := a.As4()
	return r.Boxes[binary.BigEndian.Uint32(b[:])%uint32(len(r.Boxes))]
}

// mine reports whether an address is in this box's share.
func (r *Rules) mine(a netip.Addr) bool { return r.Box != "" && r.Owner(a) == r.Box }

// Lease is who has an address, and until when.
type Lease struct {
	Client string // "" = nobody ever
	Start  int64
	Expiry int64
}

// Newer reports whether l says more of an address than m.
func (l Lease) Newer(m Lease) bool {
	if l.Client == m.Client || l.Start == m.Start {
		return l.Expiry > m.Expiry
	}
	return l.Start > m.Start
}

// Entry is the record of an address at the engine.
type Entry struct {
	Lease
	Mod int64 // revision of it, 0 = there is none
}

// Prevails reports whether l is who has an address of which m is told as well: who has it
// still comes before whose lease is over, whatever came later.
func (l Lease) Prevails(m Lease, now int64) bool {
	if (l.Expiry > now) != (m.Expiry > now) {
		return l.Expiry > now
	}
	return l.Newer(m)
}

// Beat is a sign of life of a box.
type Beat struct {
	Stamp int64  // by its own clock: it had seen all that there was then; 0 = it has taken it back
	Gen   uint64 // the generation in which it has entered what it knows
	Lead  int64  // its lead time: it may grant by that when it is isolated
}

// Down is the word of an operator that a box is off.
type Down struct {
	Since int64
	Gen   uint64 // when it was said; one of another generation counts for nothing, a backup may bring it back
	Mod   int64  // revision of it
}

// Domain is what one box knows of its domain.
type Domain struct {
	Rules
	Gen     uint64 // of the engine: goes up when somebody finds that it went back
	GenMod  int64  // revision of it
	ListMod int64  // revision of the list of boxes
	Beats   map[string]Beat
	Downs   map[string]Down
	At      map[netip.Addr]Entry

	Connected bool  // the view is whole, what this box knows is entered, the engine answers
	Joined    bool  // was so since this box started
	Blank     bool  // it may not know what others did in its place: see Settle
	Last      int64 // when it was connected last and not Blank, kept over a restart; 0 = it has lost what it had, or is new
	Started   int64 // when it did
	Off       bool  // its clock is not within Skew of the others'
	Differs   bool  // that of another box is not within Skew of its
	Untried   int   // signs of life to go until its clock counts as compared with theirs
	Twin      int   // another box gives signs of life under the name of this one, or may: own ones to go until it is gone
	Unheard   bool  // since it started or was set there was none of another box to compare it with
	Published int64 // the last moment up to which others may take it as there
	Heard     bool  // others have read that it is there, in this generation: they count with what it grants alone

	unsure map[netip.Addr]unsure
	noted  bool // Last is of this run, and by its clock
	set    bool // that was set since it was compared
}

// unsure is a claim that had no answer.
type unsure struct {
	client string
	until  int64
}

// New returns a domain of which nothing is known yet.
func New(r Rules) *Domain {
	return &Domain{Rules: r, Beats: map[string]Beat{}, Downs: map[string]Down{}, At: map[netip.Addr]Entry{}, unsure: map[netip.Addr]unsure{}}
}

// Joins reports whether this box is one of the domain.
func (r *Rules) Joins() bool { return slices.Contains(r.Boxes, r.Box) }

// Beat is the sign of life to be written at a moment. That others may rely on it
// holds from when it is sent on.
func (d *Domain) Beat(now int64) Beat {
	d.Published = max(d.Published, now+ThereFor)
	return Beat{Stamp: now, Gen: d.Gen, Lead: d.Lead}
}

// Stepped notes that the clock of this box was set, by so many seconds. What it has on
// record is to be entered by the clock that is, before anybody relies on that.
func (d *Domain) Stepped(by int64) {
	if d.noted {
		d.Last += by
	}
	d.Started += by
	d.Published += by
	for a, u := range d.unsure {
		u.until += by
		d.unsure[a] = u
	}
	d.Connected, d.Untried, d.Unheard, d.set = false, TriedAfter, true, true
}

// Until is up to when a client may have what Decide lets it have, want by the pool. A box
// whose clock may be off writes down times that are not those of the others, so that
// all it grants has to be over when they think that its lead time is.
func (d *Domain) Until(now, want int64) int64 {
	if d.Unproven() {
		return min(want, now+d.Lead)
	}
	return want
}

// Tried notes that signs of life of the others were waited for, or all of them seen.
func (d *Domain) Tried(left int) {
	if d.Untried = max(left, 0); d.Untried == 0 {
		d.set = false
	}
}

// Sure reports whether what is on record is all that the boxes told their clients, and the
// times on it are of one clock: only then may a client be told that an address is not his.
// A box that is absent may be isolated, and grant.
func (d *Domain) Sure(now int64) bool {
	return d.Connected && !d.Differs && !d.ClockOff() && d.Twin == 0 && d.settled(now, true, &Grant{}) == nil
}

// Only reports whether all other boxes are declared down, or there is none.
func (d *Domain) Only() bool {
	for _, b := range d.Boxes {
		if _, down := d.down(b); b != d.Box && !down {
			return false
		}
	}
	return true
}

// Doubtful reports whether what this box writes down may be by a clock that is off.
func (d *Domain) Doubtful() bool { return d.Off || d.set }

// ClockOff reports whether the clock of this box may not be that of the others.
func (d *Domain) ClockOff() bool { return d.Off || d.Untried > 0 }

// Unproven reports that as well where nobody said otherwise, for nobody was heard. Such a
// box serves everybody, but takes no time on record for better than what it told a client.
func (d *Domain) Unproven() bool { return d.ClockOff() || d.Unheard && !d.Only() }

// longest is the longest lead time of the domain.
func (d *Domain) longest() int64 {
	lead := d.Lead
	for _, b := range d.Boxes {
		lead = max(lead, min(d.Beats[b].Lead, leadMost))
	}
	return lead
}

// Settle ends the state of a box that may not know what others did in its place: all it
// may have granted while it was isolated is over, and all others have entered what
// they know.
func (d *Domain) Settle(now int64) {
	if d.Blank && d.MayBeat(now) && d.settled(now, true, &Grant{}) == nil {
		d.Blank, d.Last, d.noted = false, now, true
	}
}

// Seen notes that the engine answers still. A box that is Blank does not come nearer
// to what it missed by that, over a restart neither.
func (d *Domain) Seen(now int64) {
	if !d.Blank {
		d.Last, d.noted = now, true
	}
}

// MayBeat reports whether this box may say that it is there. One that lost what it
// had may have granted what nobody knows of, and so may another of its name.
func (d *Domain) MayBeat(now int64) bool {
	return d.Connected && !d.ClockOff() && d.Twin == 0 && (d.Last != 0 || now > d.Started+d.longest()+d.Skew)
}

// down is the word of an operator, if it counts.
func (d *Domain) down(box string) (Down, bool) {
	x, ok := d.Downs[box]
	return x, ok && x.Gen == d.Gen
}

// Unanswered notes a claim that may have been carried out or may yet be: the address
// counts as its client's.
func (d *Domain) Unanswered(now int64, a netip.Addr, client string) {
	d.unsure[a] = unsure{client, now + unsureFor}
}

// Came notes that all is known that the engine had at a moment: claims of which no answer
// came are in it, but for those that may yet arrive.
func (d *Domain) Came(at int64) {
	for x, u := range d.unsure {
		if u.until < at {
			delete(d.unsure, x)
		}
	}
}

// Whole notes that all that the engine has was read.
func (d *Domain) Whole(now int64) {
	d.Came(now)
	// An heir may have had its share, and the engine have forgotten it. A clock that is
	// behind what it was does not tell for how long this box was away.
	if d.Last == 0 || now > d.Last+d.Lead || now < d.Last-d.Skew {
		d.Blank = true
	}
	d.Connected, d.Joined = true, true
	d.Seen(now)
}

// Given are the places in the list of the boxes whose shares this box gives out: its
// own, and as the first that is not down those of the boxes that are long down. The
// address n is in the share of place n modulo their number.
func (d *Domain) Given(now int64) []bool {
	places := make([]bool, len(d.Boxes))
	for i, b := range d.Boxes {
		down, ok := d.down(b)
		places[i] = b == d.Box || ok && now > down.Since+d.longest()+d.Skew && d.heir() == d.Box
	}
	return places
}

// New says why nobody new gets an address of this box now, whatever the address; nil:
// it depends on that.
func (d *Domain) New(now int64) error {
	switch {
	case !d.Joins():
		return NotJoined
	case d.Twin > 0:
		return SameName
	case !d.Connected && (!d.OwnShare || !d.Joined || !d.Heard):
		return Isolated
	case d.Blank:
		return Entering
	case d.Off:
		return ClockOff
	case d.Untried > 0:
		return ClockUntried
	}
	return d.settled(now, false, &Grant{})
}

// Founded notes that this box has just become one of the domain: it cannot have
// granted by these rules before.
func (d *Domain) Founded(now int64) { d.Last, d.noted = now, true }
