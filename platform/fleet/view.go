package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/sorted"
)

// State is how a box stands, as far as this one can tell.
type State string

// The states.
const (
	There   = State("there")
	Gone    = State("gone")
	Down    = State("down")    // gone, and an operator says that it is off
	Unknown = State("unknown") // the engine does not answer
)

// Box is one box of the fleet.
type Box struct {
	ID
	Self   bool
	State  State
	At     time.Time // since when, or longer: it was so when this box looked first
	About  About
	Known  bool // About was read
	Counts Counts
	Text   int // bytes of its configuration at the engine, packed; 0 = it is not published
}

// View is what is known of the fleet.
type View struct {
	Config
	On       bool
	Answers  bool
	Why      string    // it does not
	Shut     bool      // it answers, and lets this box do nothing
	Answer   time.Time // of the engine, the last one; zero = none
	Cluster  uint64
	Revision int64
	First    time.Duration // that it took to read all
	Boxes    []Box         // in the order of their names
	Double   bool          // another box has the name of this one
	Refused  string        // why the engine takes nothing of this box
	Writes   uint64        // transactions of this box, since it started
	Passed   int           // values that were not taken over
	Engine   etcd.Status   // of the member that is asked, half a minute old at most
	Files    Files         // of the section; only for who asked for them
}

// View is a copy of what is known now.
func (f *Fleet) View() View {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := &f.view
	out := View{Writes: f.writes}
	if f.run == nil {
		return out
	}
	out.Engine = v.engine
	out.Config, out.On, out.Answers, out.Why, out.Answer = f.run.config.Clone(), true, f.follows(), v.why, v.answer
	out.Shut, out.Cluster, out.Revision, out.First, out.Double, out.Refused, out.Passed = v.refused && v.whole.IsZero(), v.head.Cluster, v.head.Revision, v.first, v.double, f.run.own.refused, v.passed
	for id, b := range v.boxes {
		out.Boxes = append(out.Boxes, Box{ID: id, Self: id == out.ID(), State: f.state(id, b), At: b.at, About: b.about, Known: b.known, Counts: b.count(), Text: b.config})
	}
	sorted.By(out.Boxes, func(a, b Box) int { return compareID(a.ID, b.ID) })
	return out
}

func compareID(a, b ID) int {
	return cmp.Or(cmp.Compare(a.Domain, b.Domain), cmp.Compare(a.Name, b.Name))
}

// follows needs the lock. Boxes of which nobody has told for so long are not known.
func (f *Fleet) follows() bool {
	return !f.view.whole.IsZero() && time.Since(f.view.answer) <= f.lease
}

// state needs the lock.
func (f *Fleet) state(id ID, b *box) State {
	_, down := f.view.down[id]
	switch {
	case !f.follows():
		return Unknown
	case b.here != "":
		return There
	case down:
		return Down
	}
	return Gone
}

// PhoneOf is a phone and its box.
type PhoneOf struct {
	Box   ID
	State State // of the box
	Phone
}

// Phones are those of all boxes that a function wants; nil = all. They are as their
// boxes published them last.
func (f *Fleet) Phones(want func(*Phone) bool) []PhoneOf {
	type of struct {
		id    ID
		state State
		raw   string
	}
	f.mu.Lock()
	var all []of
	for id, b := range f.view.boxes {
		for _, c := range b.chunks {
			all = append(all, of{id, f.state(id, b), c.raw})
		}
	}
	f.mu.Unlock()
	var out []PhoneOf
	for _, c := range all {
		list, _ := readPhones(c.raw)
		for i := range list {
			if want == nil || want(&list[i]) {
				out = append(out, PhoneOf{c.id, c.state, list[i]})
			}
		}
	}
	sorted.By(out, func(a, b PhoneOf) int { return cmp.Or(compareID(a.Box, b.Box), cmp.Compare(a.Device, b.Device)) })
	return out
}

// Named reports whether a phone is meant by a device name, a MAC address in any of
// its spellings, or an address.
func Named(what string) func(*Phone) bool {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(".:-", r) {
			return -1
		}
		return r
	}, strings.ToUpper(what))
	return func(p *Phone) bool {
		d := strings.ToUpper(p.Device)
		return d == strings.ToUpper(what) || len(digits) == 12 && strings.HasSuffix(d, digits) || p.Address == what
	}
}

// IsStuck is for Phones.
func IsStuck(p *Phone) bool { return p.State == "stuck" }

// Named is the box that an operator means by NAME, of this box's domain, or DOMAIN/NAME.
func (v *View) Named(what string) (ID, bool) {
	domain, name, both := strings.Cut(what, "/")
	if !both {
		domain, name = v.Domain, what
	}
	return ID{domain, name}, ValidName(domain) && ValidName(name)
}

// Find is a box by its name, or DOMAIN/NAME; a name alone is looked for in the domain of
// this box first.
func (v *View) Find(what string) (Box, bool) {
	domain, name, both := strings.Cut(what, "/")
	if !both {
		domain, name = v.Domain, what
	}
	for _, b := range v.Boxes {
		if b.Domain == domain && b.Name == name {
			return b, true
		}
	}
	i := slices.IndexFunc(v.Boxes, func(b Box) bool { return !both && b.Name == name })
	if i < 0 {
		return Box{}, false
	}
	return v.Boxes[i], true
}
