package share

import (
	"errors"
	"maps"
	"testing"
)

// at is when the cases of this file are, by the clock of A.
const at = 10_000

// asked is one question about an address: of A's share, or of B's.
type asked struct {
	what   string
	theirs bool // of B's share
	engine Lease
	local  Lease
	set    func(d *Domain) // what is otherwise
	want   error
}

func (c *asked) domain() (*Domain, int) {
	d := two(at)
	d.ListMod, d.GenMod = 6, 5
	i := mineOf(d)
	if c.theirs {
		i = theirs(d)
	}
	if c.engine.Client != "" {
		d.At[addr(i)] = Entry{c.engine, 3}
	}
	if c.set != nil {
		c.set(d)
	}
	return d, i
}

func ofC1(until int64) Lease { return Lease{"c1", at - 5000, at + until} }
func ofC2(until int64) Lease { return Lease{"c2", at - 4000, at + until} }

// rest is how long after its end a lease rests.
const rest = lead + skew

func beatOfB(stamp int64, gen uint64) func(*Domain) {
	return func(d *Domain) { d.Beats["B"] = Beat{Stamp: at + stamp, Gen: gen, Lead: lead} }
}

func downOfB(since int64, gen uint64) func(*Domain) {
	return func(d *Domain) { d.Downs["B"] = Down{Since: at + since, Gen: gen, Mod: 9} }
}

func both(list ...func(*Domain)) func(*Domain) {
	return func(d *Domain) {
		for _, f := range list {
			f(d)
		}
	}
}

func isolatedBox(d *Domain) { d.Connected = false }
func twinBox(d *Domain)     { d.Twin = TwinFor }
func blankBox(d *Domain)    { d.Blank = true }
func offBox(d *Domain)      { d.Off = true }
func untriedBox(d *Domain)  { d.Untried = 1 }
func strangerBox(d *Domain) { d.Boxes = []string{"B"} }

// C1 asks a connected box: each rule by the last moment at which it says no, and the first
// at which it does not.
func TestDecide(t *testing.T) {
	for _, c := range []asked{
		{what: "nobody's"},
		{what: "nobody's, of B's share", theirs: true, want: OtherBox},
		{what: "nobody's, and A is not one of the domain", set: strangerBox, want: NotJoined},
		{what: "its own, and A is not one of the domain", engine: ofC1(50), set: strangerBox, want: NotJoined},
		{what: "isolated", engine: ofC1(50), set: isolatedBox, want: Isolated},
		{what: "nobody's, by a clock that is off", set: offBox, want: ClockOff},
		{what: "nobody's, by a clock that is not compared", set: untriedBox, want: ClockUntried},
		{what: "nobody's, and there is a twin", set: twinBox, want: SameName},
		{what: "nobody's, and A may not know", set: blankBox, want: Entering},
		{what: "nobody's, and B was never heard of", set: func(d *Domain) { clear(d.Beats) }},
		{what: "nobody's, and B is absent", set: beatOfB(-500, 1)},
		{what: "nobody's, and B has not entered what it knows", set: beatOfB(0, 0), want: Entering},
		{what: "nobody's, and B is declared down, and has entered", set: downOfB(0, 1)},
		{what: "nobody's, and B was declared down in another generation", set: both(beatOfB(0, 0), downOfB(-500, 0)), want: Entering},
		{what: "nobody's, and B is declared down and has not entered", set: both(beatOfB(0, 0), downOfB(-rest, 1)), want: Absent},
		{what: "the same, and all it granted is over", set: both(beatOfB(0, 0), downOfB(-rest-1, 1))},
		{what: "a claim of it by another client had no answer", set: func(d *Domain) { d.Unanswered(at, addr(mineOf(d)), "c2") }, want: Taken},
		{what: "a claim of its own had none", set: func(d *Domain) { d.Unanswered(at, addr(mineOf(d)), "c1") }},

		{what: "its own", theirs: true, engine: ofC1(50)},
		{what: "its own, by a clock that is off", theirs: true, engine: ofC1(50), set: offBox},
		{what: "its own, and there is a twin", theirs: true, engine: ofC1(50), set: twinBox},
		{what: "its own, and A may not know", theirs: true, engine: ofC1(50), set: blankBox},
		{what: "its own for the lead time", theirs: true, engine: ofC1(-lead + 1)},
		{what: "not for longer", theirs: true, engine: ofC1(-lead), want: OtherBox},
		{what: "but in the share of A", engine: ofC1(-lead)},
		{what: "not where there is a twin", engine: ofC1(-lead), set: twinBox, want: SameName},
		{what: "not where A may not know", engine: ofC1(-lead), set: blankBox, want: Entering},
		{what: "not where B has not entered", engine: ofC1(-lead), set: beatOfB(0, 0), want: Entering},
		{what: "B may be absent", engine: ofC1(-lead), set: beatOfB(-500, 1)},
		{what: "and where A has it on record alone", theirs: true, local: ofC1(50)},
		{what: "it begins later than clocks differ, and A may not know", engine: Lease{"c1", at + skew + 1, at + 50}, set: blankBox, want: ClockUntried},
		{what: "it begins as clocks differ, and A may not know", engine: Lease{"c1", at + skew, at + 50}, set: blankBox},

		{what: "A granted it, and the engine has one whose lease is over", theirs: true, engine: ofC2(-1), local: ofC1(50)},
		{what: "A granted it later, and the engine has one whose lease runs", theirs: true, engine: ofC2(50), local: Lease{"c1", at - 10, at + 50}, want: Taken},
		{what: "A granted it to another, and the engine has an older one", engine: ofC1(-500), local: ofC2(50), want: Taken},
		{what: "A granted it to another, and the engine has the later one", engine: Lease{"c1", at - 10, at + 50}, local: ofC2(50)},

		{what: "another's", engine: ofC2(50), want: Taken},
		{what: "another's, up to this second", engine: ofC2(0), want: Taken},
		{what: "another had it", engine: ofC2(-1), want: Resting},
		{what: "another had it, and it rests", engine: ofC2(-rest), want: Resting},
		{what: "another had it", engine: ofC2(-rest - 1)},
		{what: "another had it, of B's share", theirs: true, engine: ofC2(-500), want: OtherBox},
		{what: "another had it, by a clock that is off", engine: ofC2(-500), set: offBox, want: ClockOff},
		{what: "another had it, and B was never heard of", engine: ofC2(-500), set: func(d *Domain) { clear(d.Beats) }, want: Absent},
		{what: "another had it, and B is as late as may be", engine: ofC2(-500), set: beatOfB(-ThereFor+skew+1, 1)},
		{what: "another had it, and B is late", engine: ofC2(-500), set: beatOfB(-ThereFor+skew, 1), want: Absent},
		{what: "another had it, and B is ahead", engine: ofC2(-500), set: beatOfB(skew, 1)},
		{what: "another had it, and B is ahead of all bounds", engine: ofC2(-500), set: beatOfB(skew+1, 1), want: Absent},
		{what: "another had it, and B has not entered", engine: ofC2(-500), set: beatOfB(0, 0), want: Entering},
		{what: "another had it, and B is declared down", engine: ofC2(-500), set: downOfB(-rest, 1), want: Absent},
		{what: "another had it, and all that B granted is over", engine: ofC2(-500), set: downOfB(-rest-1, 1)},
		{what: "the word is of another generation", engine: ofC2(-500), set: both(beatOfB(-500, 1), downOfB(-500, 0)), want: Absent},

		{what: "the share of B, declared down", theirs: true, set: downOfB(-rest, 1), want: OtherBox},
		{what: "the share of B, and all it granted is over", theirs: true, set: downOfB(-rest-1, 1)},
		{what: "its own long ago, in the share of B, declared down", theirs: true, engine: ofC1(-500), set: downOfB(-rest-1, 1)},
	} {
		d, i := c.domain()
		g, err := d.Decide(at, addr(i), "c1", c.local)
		if !errors.Is(err, c.want) || err != nil && c.want == nil {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
			continue
		}
		if err != nil {
			continue
		}
		downs := map[string]int64{}
		for b, x := range d.Downs {
			if g.List != 0 {
				downs[b] = x.Mod
			}
		}
		if g.Gen != 5 || g.Mod != d.At[addr(i)].Mod || !maps.Equal(g.Downs, downs) {
			t.Errorf("%s: it relies on %+v", c.what, g)
		}
		kept := c.engine.Client == "c1" && c.engine.Expiry+lead > at || c.local.Client == "c1"
		if kept != (g.List == 0) {
			t.Errorf("%s: the list it relies on: %+v", c.what, g)
		}
	}
}

// Of several boxes the first that is not declared down gives out the shares of those that are.
func TestHeir(t *testing.T) {
	for _, c := range []struct {
		box   string
		downs map[string]uint64 // generation in which it was said
		want  error
	}{
		{"A", map[string]uint64{"C": 1}, nil},
		{"B", map[string]uint64{"C": 1}, OtherBox},
		{"B", map[string]uint64{"A": 1, "C": 1}, nil},
		{"B", map[string]uint64{"A": 0, "C": 1}, OtherBox},
		{"A", map[string]uint64{"C": 0}, OtherBox},
	} {
		d := New(Rules{Box: c.box, Boxes: []string{"A", "B", "C"}, Lead: lead, Skew: skew})
		d.Gen = 1
		d.Founded(at)
		d.Whole(at)
		for _, b := range d.Boxes {
			d.Beats[b] = Beat{Stamp: at, Gen: 1}
		}
		for b, gen := range c.downs {
			d.Downs[b] = Down{Since: at - 500, Gen: gen, Mod: 4}
		}
		i := 0
		for d.Owner(addr(i)) != "C" {
			i++
		}
		if _, err := d.Decide(at, addr(i), "c1", Lease{}); !errors.Is(err, c.want) || err != nil && c.want == nil {
			t.Errorf("%s, down %v: %v", c.box, c.downs, err)
		}
		if got := d.Given(at)[2]; got != (c.want == nil) {
			t.Errorf("%s, down %v: it gives the share out: %v", c.box, c.downs, got)
		}
	}
}
