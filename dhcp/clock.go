package dhcp

import (
	"time"

	"option150/dhcp/engine"
)

// clock is the engine's time: carried on by the monotonic clock alone, so that
// a step of the box's clock neither ends nor prolongs a lease. The step is
// noticed and told, for what is written and shown.
type clock struct {
	start time.Time        // with monotonic reading
	wall  func() time.Time // the clock of the box
	epoch time.Time        // wall time at start, as it was last told
}

func newClock(wall func() time.Time) *clock {
	if wall == nil {
		wall = time.Now
	}
	c := &clock{start: time.Now(), wall: wall}
	c.epoch = c.look()
	return c
}

func (c *clock) now() engine.Instant { return time.Since(c.start) }

// look is the wall time at start by what the clock says now.
func (c *clock) look() time.Time {
	now := c.now()
	return c.wall().Round(0).Add(-now)
}

// maxDrift is the difference that counts as a step of the clock; an hour's
// slewing by a time server is one too in the end.
const maxDrift = 2 * time.Second

// stepped reports whether the clock was set since the last call that did, and
// follows it.
func (c *clock) stepped() bool {
	epoch := c.look()
	if epoch.Sub(c.epoch).Abs() < maxDrift {
		return false
	}
	c.epoch = epoch
	return true
}
