package share

import (
	"net/netip"
	"slices"
	"testing"
)

// Neighbours are dealt out in turn; an IPv6 address, and one of a domain of nobody, is in no share.
func TestOwner(t *testing.T) {
	r := Rules{Box: "A", Boxes: []string{"A", "B", "C"}}
	for i := range 9 {
		if got := r.Owner(addr(i)); got != r.Boxes[(0x0a000000+i)%3] {
			t.Errorf("%s is of %s", addr(i), got)
		}
	}
	if got := r.Owner(netip.MustParseAddr("fd00::1")); got != "" {
		t.Errorf("an IPv6 address is of %s", got)
	}
	nobody := Rules{}
	if nobody.mine(addr(1)) || nobody.Joins() {
		t.Error("who has no name has a share")
	}
}

func TestNewer(t *testing.T) {
	for _, c := range []struct {
		l, m Lease
		want bool
	}{
		{Lease{"c1", 10, 50}, Lease{"c1", 20, 40}, true},
		{Lease{"c1", 10, 50}, Lease{"c1", 10, 50}, false},
		{Lease{"c1", 20, 40}, Lease{"c1", 10, 50}, false},
		{Lease{"c1", 20, 40}, Lease{"c2", 10, 50}, true},
		{Lease{"c1", 10, 50}, Lease{"c2", 20, 40}, false},
		{Lease{"c1", 10, 50}, Lease{"c2", 10, 40}, true},
		{Lease{"c1", 10, 40}, Lease{"c2", 10, 40}, false},
	} {
		if got := c.l.Newer(c.m); got != c.want {
			t.Errorf("%v newer than %v: %v", c.l, c.m, got)
		}
	}
	over, runs := Lease{"c1", 30, 40}, Lease{"c2", 20, 41}
	if over.Prevails(runs, 40) || !runs.Prevails(over, 40) {
		t.Error("a lease that is over prevails over one that runs")
	}
	if !over.Prevails(runs, 39) || !over.Prevails(runs, 41) {
		t.Error("where both run, or are over, the later does not prevail")
	}
	if !(Lease{"c1", 10, 45}).Prevails(Lease{"c1", 20, 30}, 40) || (Lease{"c1", 20, 30}).Prevails(Lease{"c1", 10, 35}, 40) {
		t.Error("of one client the longer does not prevail")
	}
}

// A sign of life says the generation and the lead time, and others may take the box as there for
// a while from then on, whatever its clock says later.
func TestBeat(t *testing.T) {
	d := two(at)
	if b := d.Beat(at); b != (Beat{Stamp: at, Gen: 1, Lead: lead}) || d.Published != at+ThereFor {
		t.Errorf("%+v, published %d", b, d.Published)
	}
	if d.Beat(at - 500); d.Published != at+ThereFor {
		t.Errorf("published %d", d.Published)
	}
}

// A clock that is set moves all that was measured by it, and nothing else.
func TestSteppedMoves(t *testing.T) {
	d := two(at)
	d.Published = at + 3
	d.Unanswered(at, addr(0), "c1")
	d.Stepped(100)
	if d.Last != at+100 || d.Started != at-1000+100 || d.Published != at+103 || d.unsure[addr(0)].until != at+unsureFor+100 {
		t.Errorf("%+v", d)
	}
	if d.Connected || d.Untried != TriedAfter || !d.Unheard || !d.Doubtful() || !d.ClockOff() || !d.Unproven() {
		t.Errorf("it counts as compared: %+v", d)
	}
	if d.Tried(-1); d.Untried != 0 || d.Doubtful() || d.ClockOff() || !d.Unproven() {
		t.Errorf("after it was tried: %+v", d)
	}
	d = New(Rules{Box: "A", Boxes: []string{"A"}})
	d.Last = 7000 // of a run before, by the clock of then
	if d.Stepped(100); d.Last != 7000 {
		t.Errorf("connected until %d", d.Last)
	}
	d.Tried(1)
	if !d.Doubtful() || d.Untried != 1 {
		t.Error("one sign of life is to come")
	}
}

// Whoever has nobody to compare its clock with needs not to.
func TestOnly(t *testing.T) {
	d := two(at)
	if d.Unheard = true; d.Only() || !d.Unproven() {
		t.Error("B is not down")
	}
	if d.Until(at, at+5000) != at+lead || d.Until(at, at+5) != at+5 {
		t.Error("granted for longer than the lead time")
	}
	d.Downs["B"] = Down{Since: at, Gen: 0}
	if d.Only() {
		t.Error("the word is of another generation")
	}
	d.Downs["B"] = Down{Since: at, Gen: 1}
	if !d.Only() || d.Unproven() || d.Until(at, at+5000) != at+5000 {
		t.Error("there is nobody else")
	}
	if d.Off = true; !d.Unproven() || !d.Doubtful() {
		t.Error("off")
	}
}

// Only where all is known may a client be told that an address is not his.
func TestSure(t *testing.T) {
	for what, set := range map[string]func(*Domain){
		"": func(*Domain) {}, "isolated": isolatedBox, "another's clock differs": func(d *Domain) { d.Differs = true }, "off": offBox, "untried": untriedBox, "a twin": twinBox,
		"B is absent": beatOfB(-500, 1), "B has not entered": beatOfB(0, 0), "B was declared down a moment ago": downOfB(-rest, 1),
	} {
		d := two(at)
		if set(d); d.Sure(at) != (what == "") {
			t.Errorf("%q: %v", what, d.Sure(at))
		}
	}
}

// The lead time that counts is the longest of those on the list, and has a bound.
func TestLongestIsBounded(t *testing.T) {
	d := two(at)
	d.Beats["B"] = Beat{Lead: 1 << 50}
	d.Beats["Z"] = Beat{Lead: 1 << 50} // of nobody on the list
	if got := d.longest(); got != leadMost {
		t.Errorf("%d", got)
	}
	if d.Beats["B"] = (Beat{Lead: 5}); d.longest() != lead {
		t.Errorf("%d", d.longest())
	}
}

// A box that may not know what others did ends that when all of them have said what they know.
func TestSettle(t *testing.T) {
	for what, set := range map[string]func(*Domain){
		"": func(*Domain) {}, "isolated": isolatedBox, "off": offBox, "untried": untriedBox, "a twin": twinBox,
		"B is absent": beatOfB(-500, 1), "B has not entered": beatOfB(0, 0),
		"it lost its disk a moment ago": func(d *Domain) { d.Last, d.Started = 0, at-rest },
	} {
		d := two(at)
		d.Blank, d.Last = true, at-700
		set(d)
		was := d.Last
		if d.Settle(at); d.Blank != (what != "") || d.Blank && d.Last != was || !d.Blank && d.Last != at {
			t.Errorf("%q: blank %v, connected until %d", what, d.Blank, d.Last)
		}
	}
	d := two(at)
	d.Blank, d.Last, d.Started = true, 0, at-rest-1
	if d.Settle(at); d.Blank {
		t.Error("all it may have granted is over")
	}
	d.Last = at - 50
	if d.Settle(at); d.Last != at-50 {
		t.Error("who knew all does not settle")
	}
	d.Blank = true
	if d.Seen(at); d.Last != at-50 {
		t.Error("a blank box does not come nearer to what it missed")
	}
	d.Blank = false
	if d.Seen(at); d.Last != at {
		t.Error("it is not seen")
	}
}

// Once all is read a box knows for how long it was away, and which claims may yet arrive.
func TestWhole(t *testing.T) {
	for _, c := range []struct {
		what  string
		last  int64
		blank bool
	}{
		{"a moment ago", at, false},
		{"as long as the lead time", at - lead, false},
		{"longer", at - lead - 1, true},
		{"by a clock that was ahead as clocks are", at + skew, false},
		{"by a clock that was ahead", at + skew + 1, true},
		{"never", 0, true},
	} {
		d := New(Rules{Box: "A", Boxes: []string{"A"}, Lead: lead, Skew: skew})
		d.Last = c.last
		d.Whole(at)
		if !d.Connected || !d.Joined || d.Blank != c.blank || d.Blank && d.Last != c.last || !d.Blank && d.Last != at {
			t.Errorf("%s: %+v", c.what, d)
		}
	}
	d := two(at)
	d.Unanswered(at, addr(0), "c1")
	d.Unanswered(at-1, addr(1), "c1")
	if d.Whole(at + unsureFor); len(d.unsure) != 1 || d.unsure[addr(0)].client != "c1" {
		t.Errorf("%v", d.unsure)
	}
	if d.Came(at + unsureFor); len(d.unsure) != 1 {
		t.Error("a claim that may yet arrive is forgotten")
	}
	if d.Came(at + unsureFor + 1); len(d.unsure) != 0 {
		t.Error("what had no answer counts for ever where nothing is read again")
	}
}

// Why nobody new gets an address, each alone, and of several the first.
func TestNew(t *testing.T) {
	for _, c := range []struct {
		what string
		set  func(*Domain)
		want error
	}{
		{"nothing", func(*Domain) {}, nil},
		{"not of the domain", both(strangerBox, twinBox), NotJoined},
		{"a twin", both(twinBox, isolatedBox), SameName},
		{"isolated, own share", isolatedBox, nil},
		{"isolated, no own share", both(isolatedBox, blankBox, func(d *Domain) { d.OwnShare = false }), Isolated},
		{"isolated, never connected", both(isolatedBox, func(d *Domain) { d.Joined = false }), Isolated},
		{"isolated, unheard of", both(isolatedBox, func(d *Domain) { d.Heard = false }), Isolated},
		{"connected, and not heard of yet", func(d *Domain) { d.Heard, d.OwnShare = false, false }, nil},
		{"blank", both(blankBox, offBox), Entering},
		{"off", both(offBox, untriedBox), ClockOff},
		{"untried", both(untriedBox, beatOfB(0, 0)), ClockUntried},
		{"B has not entered", beatOfB(0, 0), Entering},
		{"B is absent", beatOfB(-500, 1), nil},
	} {
		d := two(at)
		if c.set(d); d.New(at) != c.want {
			t.Errorf("%s: %v", c.what, d.New(at))
		}
	}
}

// Which shares a box gives out is its own, and as the heir those that are long down.
func TestGiven(t *testing.T) {
	for since, want := range map[int64][]bool{-rest: {true, false}, -rest - 1: {true, true}} {
		d := two(at)
		downOfB(since, 1)(d)
		if got := d.Given(at); !slices.Equal(got, want) {
			t.Errorf("%d s after the word: %v", -since, got)
		}
	}
	d := two(at)
	if got := d.Given(at); !slices.Equal(got, []bool{true, false}) {
		t.Errorf("no word: %v", got)
	}
}
