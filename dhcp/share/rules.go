package share

import "net/netip"

// Refusal is why a box may not give an address to a client. It is a value for
// messages and counters.
type Refusal string

// Error implements error.
func (r Refusal) Error() string { return string(r) }

// The refusals.
const (
	Taken    = Refusal("another client has it")
	Resting  = Refusal("another client had it, and it rests")
	Absent   = Refusal("another client had it, and a box that may have renewed it is absent")
	OtherBox = Refusal("it is in the share of another box")
	Entering = Refusal("the boxes have not entered what they know since the engine went back")
	Isolated = Refusal("the engine does not answer")
	ClockOff = Refusal("the clock of this box is not that of the others")
	// ClockUntried: it was started or set a moment ago.
	ClockUntried = Refusal("the clock of this box is not compared with those of the others yet")
	// SameName: what one of them grants alone the other does not know, and their share is one.
	SameName  = Refusal("another box has the name of this one, or had it until a moment ago: each needs one of its own, by `name` below `fleet`")
	NotJoined = Refusal("this box is not one of the domain")
)

// Serves says whom an isolated box serves; none is why nobody new gets an address, as New
// says, "" = somebody may.
func Serves(none string) string {
	const known = "known clients are renewed for a while, new ones get "
	switch none {
	case "":
		return known + "addresses of its own share"
	case string(SameName):
		return known + "nothing: " + none
	}
	return known + "nothing"
}

// Grant is what the engine is asked for: the address and the words of operators
// on which it relies have to be as they were.
type Grant struct {
	Mod   int64            // of the address, 0 = it is not there
	Downs map[string]int64 // of boxes that are declared down
	Gen   int64            // of the generation
	// List is that of the list of boxes, set when the address was nobody's or is another
	// client's now: it has to be the one by which it was decided.
	List int64
}

// Decide is what a connected box may do about an address for a client. local is what
// this box itself has on record. A refusal has no effect.
func (d *Domain) Decide(now int64, a netip.Addr, client string, local Lease) (Grant, error) {
	e := d.At[a]
	had := e.Lease
	if local.Client != "" && (had.Client == "" || local.Prevails(had, now)) {
		had = local
	}
	g := Grant{Mod: e.Mod, Gen: d.GenMod}
	switch {
	case !d.Joins():
		return g, NotJoined
	case !d.Connected:
		return g, Isolated
	case had.Client == client && e.Client != "" && e.Client != client && e.Expiry > now:
		return g, Taken // both are on record: the engine's has it
	case had.Client == client && d.Blank && had.Start > now+d.Skew:
		return g, ClockUntried // by a clock that is behind: it may be over, and given away
	case had.Client == client && had.Expiry+d.Lead > now:
		return g, nil
	case d.Twin > 0:
		return g, SameName
	case d.Blank:
		return g, Entering
	case had.Client == client: // who has the share may have given it away since, which an engine that went back does not know
		if err := d.holds(now, a, &g); err != nil {
			return g, err
		}
		return g, d.settled(now, false, &g)
	case d.Off:
		return g, ClockOff
	case d.Untried > 0:
		return g, ClockUntried
	}
	if u := d.unsure[a]; u.client != "" && u.client != client {
		return g, Taken
	}
	if had.Expiry >= now {
		return g, Taken
	}
	if err := d.settled(now, had.Client != "", &g); err != nil {
		return g, err
	}
	if had.Client != "" && now <= had.Expiry+d.longest()+d.Skew {
		return g, Resting
	}
	return g, d.holds(now, a, &g)
}

// holds reports whether this box gives out an address: one of its share, or of a box
// that is declared down for so long that all it may have granted is over.
func (d *Domain) holds(now int64, a netip.Addr, g *Grant) error {
	owner := d.Owner(a)
	g.List = d.ListMod
	if owner == d.Box {
		return nil
	}
	down, ok := d.down(owner)
	if !ok || now <= down.Since+d.longest()+d.Skew || d.heir() != d.Box {
		return OtherBox
	}
	return nil // settled relies on the word
}

// heir is the box that has the shares of those declared down: the first that is not.
func (d *Domain) heir() string {
	for _, b := range d.Boxes {
		if _, down := d.down(b); !down {
			return b
		}
	}
	return ""
}

func (g *Grant) rely(box string, d Down) {
	if g.Downs == nil {
		g.Downs = map[string]int64{}
	}
	g.Downs[box] = d.Mod
}

// settled reports whether the other boxes have said all that matters. For an address
// that somebody had they have to be there, or declared down for so long that all they may
// have granted is over. For one that nobody had it is enough that they have entered what
// they know.
func (d *Domain) settled(now int64, reuse bool, g *Grant) error {
	for _, b := range d.Boxes {
		if b == d.Box {
			continue
		}
		beat, known := d.Beats[b]
		if down, ok := d.down(b); ok {
			if (reuse || beat.Gen != d.Gen) && now <= down.Since+d.longest()+d.Skew {
				return Absent
			}
			g.rely(b, down)
			continue
		}
		// A stamp of a moment that is to come is by a clock that is not this one.
		there := known && beat.Gen == d.Gen && beat.Stamp+ThereFor > now+d.Skew && beat.Stamp <= now+d.Skew
		switch {
		case there:
		case known && beat.Gen != d.Gen:
			return Entering
		case reuse:
			return Absent
		}
	}
	return nil
}

// Alone is what an isolated box may do: up to when a client may have an address. want
// is when the lease of the pool would end.
func (d *Domain) Alone(now int64, a netip.Addr, client string, local Lease, want int64) (int64, error) {
	want = min(want, now+d.Lead, now+IsolatedMost)
	switch u := d.unsure[a]; {
	case !d.Joins():
		return 0, NotJoined
	case u.client != "" && u.client != client:
		return 0, Taken
	}
	e := d.At[a]
	if local.Client == client && local.Expiry > now {
		switch {
		case e.Client != "" && e.Client != client && e.Newer(local):
			return 0, Taken
		case d.Twin > 0 && (d.ClockOff() || e.Client != client):
			return local.Expiry, nil
		case !d.Joined: // no more than it has: the box may have been declared down while it was off
			return d.Until(now, local.Expiry), nil
		case d.ClockOff(): // its clock does not tell what the client has
			return now + min(d.Lead, IsolatedMost), nil
		case d.Twin > 0, // its share is the other's too, and so is the sign of life by which others wait for it
			!d.mine(a) && now <= d.Published && e.Client == client:
			want = min(want, e.Expiry+d.Lead)
		case !d.mine(a) && now <= d.Published:
			want = local.Expiry
		}
		return max(want, local.Expiry), nil
	}
	switch {
	case local.Client != "" || e.Client != "":
		if local.Client != client && e.Client != client {
			return 0, Taken
		}
		return 0, Isolated
	case !d.mine(a):
		return 0, OtherBox
	case d.Twin > 0:
		return 0, SameName
	case !d.OwnShare || !d.Joined || d.Blank || !d.Heard:
		return 0, Isolated
	case d.Off:
		return 0, ClockOff
	case d.Untried > 0:
		return 0, ClockUntried
	}
	// Who has not entered what it knows in this generation may give out by an older list of
	// the boxes, of other shares.
	return want, d.settled(now, false, &Grant{})
}

// Enter is what becomes of a lease on this box's record when it meets the engine:
// put says that the engine gets it, with the later of both times where it is its client's
// there too, keep that this box keeps it; clash that two
// clients had the address at a time, which no rule above lets happen.
func (d *Domain) Enter(now int64, a netip.Addr, local Lease) (put, keep, clash bool) {
	e := d.At[a]
	switch {
	case e.Client == "" || e.Client == local.Client:
		return local.Expiry > e.Expiry || local.Start > e.Start, true, false
	case local.Prevails(e.Lease, now):
		return true, true, e.Expiry > local.Start
	}
	return false, false, local.Expiry > e.Start
}
