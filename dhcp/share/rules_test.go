package share

import (
	"errors"
	"testing"
)

// two is a domain of A and B at a moment, as A knows it.
func two(now int64) *Domain {
	d := New(Rules{Box: "A", Boxes: []string{"A", "B"}, Lead: 60, Skew: 4, OwnShare: true})
	d.Started, d.Gen = now-1000, 1
	d.Founded(now)
	d.Whole(now)
	d.Beats["B"] = Beat{Stamp: now, Gen: 1, Lead: 60}
	d.Heard = true
	return d
}

// mineOf is an address of A's share.
func mineOf(d *Domain) int {
	for i := range addresses {
		if d.mine(addr(i)) {
			return i
		}
	}
	panic("it has none")
}

// Boxes with different lead times: what counts is the longest, for an isolated one may
// have renewed by its own.
func TestLongestLead(t *testing.T) {
	const now = 10_000
	d := two(now)
	a := addr(mineOf(d))
	d.At[a] = Entry{Lease{"c1", now - 200, now - 100}, 1}
	if _, err := d.Decide(now, a, "c2", Lease{}); err != nil {
		t.Fatal(err)
	}
	d.Beats["B"] = Beat{Stamp: now, Gen: 1, Lead: 3600}
	if _, err := d.Decide(now, a, "c2", Lease{}); !errors.Is(err, Resting) {
		t.Errorf("given again %v", err)
	}
	d.At[a] = Entry{Lease{"c1", now - 9000, now - 8000}, 1}
	d.Downs["B"] = Down{Since: now - 100, Gen: 1, Mod: 2}
	if _, err := d.Decide(now, a, "c2", Lease{}); !errors.Is(err, Absent) {
		t.Errorf("a box that was declared down may have renewed an hour: %v", err)
	}
	if d.Given(now)[1] {
		t.Error("its share is given out before its lead time is over")
	}
}

// A lease that is over does not push out one that runs, whatever came later: two boxes that
// shared nothing before become one domain.
func TestRunningPrevails(t *testing.T) {
	const now = 10_000
	d := two(now)
	a := addr(0)
	d.At[a] = Entry{Lease{"c2", now - 3000, now + 3000}, 1}
	if put, keep, clash := d.Enter(now, a, Lease{"c1", now - 2000, now - 1900}); put || keep || !clash {
		t.Errorf("put %v, keep %v, clash %v", put, keep, clash)
	}
	d.At[a] = Entry{Lease{"c2", now - 3000, now - 2900}, 1}
	if put, keep, _ := d.Enter(now, a, Lease{"c1", now - 5000, now + 100}); !put || !keep {
		t.Error("a lease that runs is not entered")
	}
}

// A clock that is not compared, or is off: nothing new, and renewals that are over when
// others may think so.
func TestDoubtfulClock(t *testing.T) {
	const now = 10_000
	for _, set := range []func(*Domain){func(d *Domain) { d.Off = true }, func(d *Domain) { d.Stepped(0); d.Connected = true }} {
		d := two(now)
		set(d)
		a := addr(mineOf(d))
		if _, err := d.Decide(now, a, "c1", Lease{}); err == nil {
			t.Error("a new client")
		}
		if d.New(now) == nil || d.MayBeat(now) {
			t.Error("it counts as there")
		}
		if got := d.Until(now, now+5000); got != now+60 {
			t.Errorf("renewed for %d s", got-now)
		}
		d.Connected = false
		if got, err := d.Alone(now, a, "c1", Lease{"c1", now - 10, now + 90_000}, now+100_000); err != nil || got != now+60 {
			t.Errorf("isolated: renewed for %d s, %v", got-now, err)
		}
		if _, err := d.Alone(now, a, "c2", Lease{}, now+100); err == nil {
			t.Error("isolated: a new client")
		}
	}
}

// A set clock does not shorten what this box waits for.
func TestStepped(t *testing.T) {
	const now = 10_000
	d := New(Rules{Box: "A", Boxes: []string{"A"}, Lead: 60, Skew: 4})
	d.Started = now // it has lost its disk
	d.Whole(now)
	d.Stepped(1_000_000)
	d.Tried(0)
	d.Whole(now + 1_000_000)
	if d.MayBeat(now + 1_000_000) {
		t.Error("at once")
	}
	if !d.MayBeat(now + 1_000_065) {
		t.Error("never")
	}
	d.Last = now + 5_000_000 // by a clock that was right, and this one is behind
	d.noted, d.Blank = false, false
	if d.Whole(now + 1_000_100); !d.Blank {
		t.Error("for how long it was away is not known")
	}
}

// A stamp from a moment to come is by a clock that is not this one: it is no sign of life to
// rely on.
func TestStampToCome(t *testing.T) {
	const now = 10_000
	d := two(now)
	a := addr(mineOf(d))
	d.At[a] = Entry{Lease{"c1", now - 2000, now - 1000}, 1}
	d.Beats["B"] = Beat{Stamp: now + 3600, Gen: 1}
	if _, err := d.Decide(now, a, "c2", Lease{}); !errors.Is(err, Absent) {
		t.Errorf("given again: %v", err)
	}
}

// By a clock that is behind a lease may be over, and an engine that was set back not know
// who has the address since.
func TestBlankByAClockBehind(t *testing.T) {
	const now = 10_000
	d := two(now)
	a := addr(mineOf(d))
	d.At[a] = Entry{Lease{"c1", now + 500, now + 600}, 1}
	if _, err := d.Decide(now, a, "c1", Lease{}); err != nil {
		t.Error(err)
	}
	d.Blank = true
	if _, err := d.Decide(now, a, "c1", Lease{}); !errors.Is(err, ClockUntried) {
		t.Error(err)
	}
}

// An isolated box gives addresses of its share to new clients only where others have read
// that it is there: else one that joins may have been given them.
func TestOwnShareNeedsToBeHeard(t *testing.T) {
	const now = 10_000
	d := two(now)
	d.Connected, d.Heard = false, false
	a := addr(mineOf(d))
	if _, err := d.Alone(now, a, "c1", Lease{}, now+100); err == nil {
		t.Error("nobody has heard of it")
	}
	d.Heard = true
	if _, err := d.Alone(now, a, "c1", Lease{}, now+100); err != nil {
		t.Error(err)
	}
}

// What is told about new clients of an isolated box is what happens to them.
func TestNewIsWhatAloneDoes(t *testing.T) {
	const now = 10_000
	for bits := range 1 << 8 {
		on := func(n int) bool { return bits>>n&1 == 1 }
		d := two(now)
		d.Connected, d.OwnShare, d.Joined, d.Heard, d.Blank, d.Off = false, on(0), on(1), on(2), on(3), on(4)
		if on(5) {
			d.Untried = 1
		}
		if on(6) {
			d.Twin = 1
		}
		if on(7) { // the other box has not entered what it knows
			for name, beat := range d.Beats {
				beat.Gen--
				d.Beats[name] = beat
			}
		}
		told := d.New(now)
		_, err := d.Alone(now, addr(mineOf(d)), "c1", Lease{}, now+100)
		if (told == nil) != (err == nil) {
			t.Errorf("%08b: told %v, done %v", bits, told, err)
		}
	}
}

// Another box has the name of this one: nothing new and no word that it is there, renewals of
// what is on record, and isolated none beyond what every other box waits for, in its own
// share neither.
func TestSameName(t *testing.T) {
	const now = 10_000
	d := two(now)
	d.Twin = TwinFor
	a := addr(mineOf(d))
	if _, err := d.Decide(now, a, "c1", Lease{}); err != SameName {
		t.Errorf("a new client: %v", err)
	}
	d.At[a] = Entry{Lease{"c1", now - 100, now + 10}, 1}
	if _, err := d.Decide(now, a, "c1", Lease{}); err != nil {
		t.Errorf("its client: %v", err)
	}
	if d.New(now) != SameName || d.MayBeat(now) || d.Sure(now) {
		t.Errorf("new %v, there %v, sure %v", d.New(now), d.MayBeat(now), d.Sure(now))
	}
	d.Connected = false
	if d.New(now) != SameName {
		t.Errorf("isolated: %v", d.New(now))
	}
	has := Lease{"c1", now - 100, now + 10}
	for range 3 { // it renews as often as it likes
		until, err := d.Alone(now, a, "c1", has, now+1000)
		if err != nil || until > now+10+d.Lead || until < has.Expiry {
			t.Fatalf("until %d, %v", until-now, err)
		}
		has.Expiry = until
	}
	d.Off = true // its own clock does not tell when that is
	if until, err := d.Alone(now, a, "c1", Lease{"c1", now - 100, now + 20}, now+1000); until != now+20 || err != nil {
		t.Errorf("a clock that is off: until %d, %v", until-now, err)
	}
	d.Off = false
	delete(d.At, a)
	if until, err := d.Alone(now, a, "c1", Lease{"c1", now - 100, now + 20}, now+1000); until != now+20 || err != nil {
		t.Errorf("not on record: until %d, %v", until-now, err)
	}
	if _, err := d.Alone(now, a, "c2", Lease{}, now+1000); err != SameName {
		t.Errorf("never used, isolated: %v", err)
	}
	d.Twin = 0
	if _, err := d.Alone(now, a, "c2", Lease{}, now+1000); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Nor does one that joins, or hears of one that does, before all others have entered what they know:
// they may be isolated, and give out by the list that was.
func TestOwnShareOfAnOlderList(t *testing.T) {
	const now = 10_000
	d := two(now)
	a := addr(mineOf(d))
	d.Connected, d.Gen = false, 2
	if until, err := d.Alone(now, a, "c1", Lease{}, now+100); !errors.Is(err, Entering) || !errors.Is(d.New(now), Entering) {
		t.Errorf("until %d, %v, %v", until, err, d.New(now))
	}
	if until, err := d.Alone(now, a, "c1", Lease{"c1", now - 10, now + 10}, now+40); err != nil || until != now+40 {
		t.Errorf("its client: until %d, %v", until, err)
	}
	d.Downs["B"] = Down{Since: now - 100, Gen: 2, Mod: 2}
	if _, err := d.Alone(now, a, "c1", Lease{}, now+100); err != nil {
		t.Errorf("it is down, and what it granted over: %v", err)
	}
	delete(d.Downs, "B")
	d.Beats["B"] = Beat{Stamp: now - 500, Gen: 2}
	if _, err := d.Alone(now, a, "c1", Lease{}, now+100); err != nil || d.New(now) != nil {
		t.Errorf("all have entered: %v, %v", err, d.New(now))
	}
}

// A box that was not connected since it started may have been declared down while it was off: no
// client gets more than it has.
func TestNotJoined(t *testing.T) {
	const now = 10_000
	d := New(Rules{Box: "A", Boxes: []string{"A", "B"}, Lead: 60, Skew: 4, OwnShare: true})
	d.Started, d.Last = now, now-30
	d.Untried = TriedAfter
	for _, c := range []struct{ has, want int64 }{{now + 20, now + 20}, {now + 90_000, now + 60}} {
		if until, err := d.Alone(now, addr(0), "c1", Lease{"c1", now - 10, c.has}, now+100); err != nil || until != c.want {
			t.Errorf("it has %d s: %d s more, %v", c.has-now, until-now, err)
		}
	}
}
