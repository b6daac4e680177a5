package durable

import (
	"time"

	"option150/dhcp/engine"
)

// Clock is the engine's time: carried on by the monotonic clock alone, so that
// a step of the box's clock neither ends nor prolongs a lease. The step is
// noticed and told, for what is written and shown.
type Clock struct {
	start time.Time        // with monotonic reading
	wall  func() time.Time // the clock of the box
	Epoch time.Time        // wall time at start, as it was last told
}

// NewClock starts at instant 0. wall is the clock of the box, nil = time.Now.
func NewClock(wall func() time.Time) *Clock {
	if wall == nil {
		wall = time.Now
	}
	c := &Clock{start: time.Now(), wall: wall}
	c.Epoch = c.look()
	return c
}

// Now is how long it has run.
func (c *Clock) Now() engine.Instant { return time.Since(c.start) }

// look is the wall time at start by what the clock says now.
func (c *Clock) look() time.Time {
	now := c.Now()
	return c.wall().Round(0).Add(-now)
}

// maxDrift is the difference that counts as a step of the clock; an hour's
// slewing by a time server is one too in the end.
const maxDrift = 2 * time.Second

// Stepped reports whether the clock was set since the last call that did, and
// follows it.
func (c *Clock) Stepped() bool {
	epoch := c.look()
	if epoch.Sub(c.Epoch).Abs() < maxDrift {
		return false
	}
	c.Epoch = epoch
	return true
}
