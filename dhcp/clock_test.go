package dhcp

import (
	"testing"
	"time"
)

// A step of the box's clock is told once.
func TestClockFollowsSteps(t *testing.T) {
	var offset time.Duration
	c := newClock(func() time.Time { return time.Now().Add(offset) })
	before := c.epoch
	if c.stepped() {
		t.Error("a step without a step")
	}
	offset = time.Hour
	if !c.stepped() || c.epoch.Sub(before).Round(time.Minute) != time.Hour {
		t.Errorf("epoch moved by %s", c.epoch.Sub(before))
	}
	if c.stepped() {
		t.Error("told twice")
	}
}
