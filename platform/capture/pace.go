package capture

import "time"

// slice is how often a Pace looks at the clock of its own accord.
const slice = 20 * time.Millisecond

// Pace bounds how many frames a second a reader looks at: the rest is left to
// the kernel, which drops and counts it for next to nothing. Whoever floods the
// LAN does not take the processor from the services. It is for one goroutine.
type Pace struct {
	Most int    // frames a second
	Held uint64 // times the reader was held back

	frames int // since began
	began  time.Time
}

// Frame counts a frame.
func (p *Pace) Frame() { p.frames++ }

// Rest is to be called now and then, also when there are no frames; it sleeps
// when there were too many.
func (p *Pace) Rest(now time.Time) {
	d := now.Sub(p.began)
	if d < slice {
		return
	}
	if wait := p.hold(d); wait > 0 {
		p.Held++
		time.Sleep(wait)
	}
	p.began, p.frames = time.Now(), 0
}

// hold is how long to look at nothing after the frames of a time: on the whole
// no more than Most are looked at, and never is the reader blind for longer than
// a second.
func (p *Pace) hold(in time.Duration) time.Duration {
	return max(0, min(time.Duration(p.frames)*time.Second/time.Duration(p.Most)-in, time.Second))
}
