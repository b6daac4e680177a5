package dhcp

import (
	"testing"
	"time"
)

// A step of the box's clock is told once.
func TestClockFollowsSteps(t *testing.T) {
	c := newClock()
	if d := c.step(); d != 0 {
		t.Errorf("step of %s without a step", d)
	}
	c.moved -= time.Hour // as if the box's clock had been set forward by one
	if d := c.step(); d != time.Hour {
		t.Errorf("step %s", d)
	}
	if d := c.step(); d != 0 {
		t.Errorf("told twice: %s", d)
	}
}
