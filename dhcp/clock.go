package dhcp

import "time"

// clock is the engine's time: wall time at first, then carried on by the
// monotonic clock, so that a step of the box's clock neither ends nor prolongs
// a lease. The step is noticed and everything is moved by it at once.
type clock struct {
	base  time.Time     // with monotonic reading
	moved time.Duration // steps since
}

func newClock() clock { return clock{base: time.Now()} }

func (c *clock) now() time.Time {
	return c.base.Round(0).Add(time.Since(c.base) + c.moved)
}

// maxDrift is the difference that counts as a step of the clock.
const maxDrift = 2 * time.Second

// step returns by how much the box's clock was set since the last call, 0 if
// it was not, and follows it.
func (c *clock) step() time.Duration {
	d := time.Now().Round(0).Sub(c.now()).Round(time.Second)
	if d.Abs() < maxDrift {
		return 0
	}
	c.moved += d
	return d
}
