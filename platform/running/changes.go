package running

import (
	"slices"
	"time"

	"option150/platform/config"
)

// Change is what one operator did in one go: a paste, or lines typed one after
// the other.
type Change struct {
	Number        int // of the version it ended in
	Who           Who
	From, To      time.Time      // of its first and its last line
	Before, After *config.Config // must not be changed
}

// Bounds of what is remembered.
const (
	// ChangesKept is how many changes are. Their configurations share the lists
	// that did not change: a change takes what its lines changed.
	ChangesKept = 20
	// pause is how long an operator thinks between two lines of one change.
	pause = 2 * time.Minute
)

// remember makes a new version part of a change.
func (s *Store) remember(before *Version, now *Version) {
	s.seen.Lock()
	defer s.seen.Unlock()
	if n := len(s.changes); n > 0 {
		if c := &s.changes[n-1]; c.Who == now.Who && now.Time.Sub(c.To) < pause {
			c.Number, c.To, c.After = now.Number, now.Time, now.Config
			return
		}
	}
	s.changes = append(s.changes, Change{Number: now.Number, Who: now.Who, From: now.Time, To: now.Time, Before: before.Config, After: now.Config})
	if n := len(s.changes) - ChangesKept; n > 0 {
		s.changes = slices.Clone(s.changes[n:])
	}
}

// Changes are the last ones, the oldest first.
func (s *Store) Changes() []Change {
	s.seen.Lock()
	defer s.seen.Unlock()
	return slices.Clone(s.changes)
}
