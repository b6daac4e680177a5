package share

import (
	"errors"
	"testing"
)

// C1 asks an isolated box, whose pool would let it have the address for 50 seconds: up to when
// it may, each rule by what is the last that it lets have.
func TestAlone(t *testing.T) {
	const no = 0
	published := func(until int64) func(*Domain) { return func(d *Domain) { d.Published = at + until } }
	lead7200 := func(d *Domain) { d.Rules.Lead = 7200 }
	for _, c := range []struct {
		asked
		until int64 // after now
	}{
		{asked{what: "nobody's"}, 50},
		{asked{what: "nobody's, of B's share", theirs: true, want: OtherBox}, no},
		{asked{what: "nobody's, and A is not one of the domain", set: strangerBox, want: NotJoined}, no},
		{asked{what: "nobody's, and B has not entered", set: beatOfB(0, 0), want: Entering}, no},
		{asked{what: "another's claim had no answer", set: func(d *Domain) { d.Unanswered(at, addr(mineOf(d)), "c2") }, want: Taken}, no},
		{asked{what: "its own claim had none", set: func(d *Domain) { d.Unanswered(at, addr(mineOf(d)), "c1") }}, 50},
		{asked{what: "its own, and another's claim had no answer", local: ofC1(20), set: func(d *Domain) { d.Unanswered(at, addr(mineOf(d)), "c2") }, want: Taken}, no},
		{asked{what: "another's here", local: ofC2(20), want: Taken}, no},
		{asked{what: "another's at the engine", engine: ofC2(20), want: Taken}, no},
		{asked{what: "another had it", engine: ofC2(-500), want: Taken}, no},
		{asked{what: "another had it here, and it at the engine", engine: ofC1(-500), local: ofC2(-600), want: Isolated}, no},
		{asked{what: "it had it here", local: ofC1(-1), want: Isolated}, no},
		{asked{what: "it had it at the engine", engine: ofC1(-1), want: Isolated}, no},
		{asked{what: "it has it at the engine alone", engine: ofC1(20), want: Isolated}, no},

		{asked{what: "its own", engine: ofC1(20), local: ofC1(20)}, 50},
		{asked{what: "its own, of B's share", theirs: true, engine: ofC1(20), local: ofC1(20)}, 50},
		{asked{what: "its own, and A is not one of the domain", local: ofC1(20), set: strangerBox, want: NotJoined}, no},
		{asked{what: "its own, and the engine has a later one", engine: ofC2(20), local: ofC1(20), want: Taken}, no},
		{asked{what: "its own, and the engine has an older one", engine: Lease{"c2", at - 6000, at - 5000}, local: ofC1(20)}, 50},
		{asked{what: "its own, for longer", local: ofC1(70)}, 70},
		{asked{what: "its own, of B's share, that counts with A", theirs: true, local: ofC1(20), set: published(0)}, 20},
		{asked{what: "the same, with a record", theirs: true, engine: ofC1(-20), local: ofC1(20), set: published(0)}, lead - 20},
		{asked{what: "the same, a second later", theirs: true, engine: ofC1(-20), local: ofC1(20), set: published(-1)}, 50},
		{asked{what: "of A's share it does not matter", engine: ofC1(-20), local: ofC1(20), set: published(0)}, 50},

		{asked{what: "its own, by a clock that is off", local: ofC1(20), set: offBox}, lead},
		{asked{what: "the same, for longer", local: ofC1(7000), set: offBox}, lead},
		{asked{what: "an hour at most", local: ofC1(7000), set: both(offBox, lead7200)}, IsolatedMost},
		{asked{what: "by a clock that is not compared", local: ofC1(20), set: untriedBox}, lead},
		{asked{what: "A was not connected yet", local: ofC1(20), set: func(d *Domain) { d.Joined = false }}, 20},
		{asked{what: "A was not connected yet, by a clock that is off", local: ofC1(7000), set: both(offBox, func(d *Domain) { d.Joined = false })}, lead},

		{asked{what: "there is a twin", engine: ofC1(20), local: ofC1(20), set: twinBox}, 50},
		{asked{what: "there is a twin, of A's share", engine: ofC1(-20), local: ofC1(20), set: both(twinBox, published(-1))}, lead - 20},
		{asked{what: "there is a twin, and a record of another, who began before", engine: Lease{"c2", at - 6000, at - 20}, local: ofC1(20), set: twinBox}, 20},
		{asked{what: "there is a twin, and no record", local: ofC1(20), set: twinBox}, 20},
		{asked{what: "there is a twin, by a clock that is off", engine: ofC1(20), local: ofC1(20), set: both(twinBox, offBox)}, 20},
	} {
		d, i := c.domain()
		d.Connected = false
		until, err := d.Alone(at, addr(i), "c1", c.local, at+50)
		if !errors.Is(err, c.want) || err != nil && c.want == nil || err == nil && until != at+c.until {
			t.Errorf("%s: %d s, %v, want %d, %v", c.what, until-at, err, c.until, c.want)
		}
	}
}

// What is on record here meets what is at the engine.
func TestEnter(t *testing.T) {
	for _, c := range []struct {
		what             string
		engine, local    Lease
		put, keep, clash bool
	}{
		{"nobody's there", Lease{}, ofC1(50), true, true, false},
		{"the same", ofC1(50), ofC1(50), false, true, false},
		{"its end is later here", ofC1(50), ofC1(51), true, true, false},
		{"its end is earlier here", ofC1(51), ofC1(50), false, true, false},
		{"its beginning is later here", Lease{"c1", at - 6000, at + 51}, ofC1(50), true, true, false},
		{"another's, which was over when this one began", Lease{"c2", at - 6000, at - 5000}, ofC1(50), true, true, false},
		{"another's, which was not", Lease{"c2", at - 6000, at - 4999}, ofC1(50), true, true, true},
		{"another's, which began when this one was over", Lease{"c2", at - 60, at + 50}, ofC1(-60), false, false, false},
		{"another's, which began while this one ran", Lease{"c2", at - 60, at + 50}, ofC1(-59), false, false, true},
		{"another's, which runs, and began before", Lease{"c2", at - 6000, at + 50}, ofC1(-1), false, false, true},
		{"both run, and this is the later", Lease{"c2", at - 6000, at + 50}, ofC1(50), true, true, true},
		{"both are over, and this is the earlier", Lease{"c2", at - 3000, at - 2000}, ofC1(-1000), false, false, true},
	} {
		d := two(at)
		a := addr(0)
		if c.engine.Client != "" {
			d.At[a] = Entry{c.engine, 3}
		}
		if put, keep, clash := d.Enter(at, a, c.local); put != c.put || keep != c.keep || clash != c.clash {
			t.Errorf("%s: put %v, keep %v, clash %v", c.what, put, keep, clash)
		}
	}
}
