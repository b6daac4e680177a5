package durable

import (
	"testing"
	"time"
)

// A step of the box's clock is told once.
func TestClockFollowsSteps(t *testing.T) {
	var offset time.Duration
	c := NewClock(func() time.Time { return time.Now().Add(offset) })
	before := c.Epoch
	if c.Stepped() {
		t.Error("a step without a step")
	}
	offset = time.Hour
	if !c.Stepped() || c.Epoch.Sub(before).Round(time.Minute) != time.Hour {
		t.Errorf("epoch moved by %s", c.Epoch.Sub(before))
	}
	if c.Stepped() {
		t.Error("told twice")
	}
}
