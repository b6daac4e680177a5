package flash

import "testing"

// TestWatch: said once when little is left, not again while it goes up and down
// around that, and again after there was room.
func TestWatch(t *testing.T) {
	const mb = 1 << 20
	var w Watch
	for i, c := range []struct {
		total, free uint64
		say         bool
	}{
		{1000 * mb, 500 * mb, false}, {1000 * mb, 99 * mb, true}, {1000 * mb, 50 * mb, false}, {1000 * mb, 120 * mb, false}, {1000 * mb, 90 * mb, false},
		{1000 * mb, 300 * mb, false}, {1000 * mb, 90 * mb, true}, {100_000 * mb, 600 * mb, false}, {100_000 * mb, 255 * mb, true}, {0, 0, false},
	} {
		if got := w.Look(c.total, c.free); got != c.say {
			t.Errorf("%d: %v", i, got)
		}
	}
}
