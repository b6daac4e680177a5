package capture

import (
	"testing"
	"time"
)

// TestPace: whatever comes, no more frames than the most are looked at in a
// second, and what comes slower is not held back.
func TestPace(t *testing.T) {
	const most = 250_000
	for _, rate := range []int{1000, most / 2, most - 1, most + 1, 2 * most, 20 * most} {
		p := Pace{Most: most, frames: int(float64(rate) * slice.Seconds())}
		wait := p.hold(slice)
		looked := float64(p.frames) / (slice + wait).Seconds()
		if looked > most*1.001 || rate < most && wait != 0 || rate > most+most/100 && wait == 0 {
			t.Errorf("%d frames a second: held back for %s, %.0f a second are looked at", rate, wait, looked)
		}
	}
	p := Pace{Most: most, frames: 100_000_000}
	if w := p.hold(slice); w != time.Second {
		t.Errorf("blind for %s", w)
	}
	// A flood is held back, and the count begins anew.
	p = Pace{Most: 1000, frames: 100, began: time.Now().Add(-slice)}
	if p.Rest(time.Now()); p.Held != 1 || p.frames != 0 {
		t.Errorf("%+v", p)
	}
	p.Frame()
	if p.Rest(p.began.Add(slice)); p.Held != 1 || p.frames != 0 {
		t.Errorf("%+v", p)
	}
}
