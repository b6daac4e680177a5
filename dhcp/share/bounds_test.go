package share

import (
	"errors"
	"testing"
)

// theirs is an address of B's share.
func theirs(d *Domain) int {
	for i := range addresses {
		if d.Owner(addr(i)) == "B" {
			return i
		}
	}
	panic("it has none")
}

// An isolated box renews for the shortest of the lease, the lead time and an hour, and never
// less than its client has. An address of another box's share it renews, while it
// counts as there for that box, no further than that one waits.
func TestIsolatedRenewsForAWhile(t *testing.T) {
	const now = 10_000
	for _, c := range []struct {
		what             string
		mine             bool
		lead, want, have int64
		record           Lease // at the engine
		published        int64
		until            int64
	}{
		{"the lead time", true, 60, now + 90_000, now + 5, Lease{}, 0, now + 60},
		{"an hour", true, 7200, now + 90_000, now + 5, Lease{}, 0, now + IsolatedMost},
		{"the lease of the pool", true, 7200, now + 100, now + 5, Lease{}, 0, now + 100},
		{"no less than it has", true, 60, now + 90_000, now + 500, Lease{}, 0, now + 500},
		{"another's share, and it does not count as there", false, 60, now + 90_000, now + 5, Lease{}, now - 1, now + 60},
		{"another's share, and it counts as there", false, 60, now + 90_000, now + 5, Lease{}, now + 10, now + 5},
		{"the same, with a record", false, 60, now + 90_000, now + 5, Lease{"c1", now - 95, now - 20}, now + 10, now + 40},
	} {
		d := two(now)
		d.Rules.Lead, d.Connected, d.Joined, d.Published = c.lead, false, true, c.published
		a := addr(theirs(d))
		if c.mine {
			a = addr(mineOf(d))
		}
		if c.record.Client != "" {
			d.At[a] = Entry{c.record, 1}
		}
		if got, err := d.Alone(now, a, "c1", Lease{"c1", now - 95, c.have}, c.want); err != nil || got != c.until {
			t.Errorf("%s: renewed for %d s, not %d; %v", c.what, got-now, c.until-now, err)
		}
	}
}

// The share of a box that is declared down is given out when all that it may have granted is
// over, and not before.
func TestShareOfABoxThatIsDown(t *testing.T) {
	const now = 10_000
	d := two(now)
	a := addr(theirs(d))
	d.Downs["B"] = Down{Since: now, Gen: 1, Mod: 2}
	for at := int64(now); at <= now+d.Lead+d.Skew; at += d.Skew {
		if _, err := d.Decide(at, a, "c1", Lease{}); !errors.Is(err, OtherBox) {
			t.Fatalf("%d s after it: %v", at-now, err)
		}
	}
	g, err := d.Decide(now+d.Lead+d.Skew+1, a, "c1", Lease{})
	if err != nil || g.Downs["B"] != 2 {
		t.Errorf("never: %v, relying on %v", err, g.Downs)
	}
}
