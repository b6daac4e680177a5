package aaa

import (
	"sync"
	"time"
)

// Block is `login block-for SECONDS attempts N within SECONDS`: so many wrong
// logins in a window shut the door over the network for a while. Zero = off.
// Source: facts/diagnosis.md 19.
type Block struct {
	For      int // seconds
	Attempts int
	Within   int // seconds
}

// On reports that it is configured.
func (b Block) On() bool { return b.For > 0 && b.Attempts > 0 && b.Within > 0 }

// Guard counts failed logins and keeps the quiet mode. Use NewGuard.
type Guard struct {
	block func() Block
	off   func() // told once when the quiet mode has run out

	mu    sync.Mutex
	fails []time.Time // of the current window, oldest first
	until time.Time   // end of the quiet mode
	timer *time.Timer
	done  bool
}

// NewGuard returns a guard. block is asked at every step for what is
// configured; off, which may be nil, is called when quiet mode times out.
func NewGuard(block func() Block, off func()) *Guard {
	if off == nil {
		off = func() {}
	}
	return &Guard{block: block, off: off}
}

// Failed counts a wrong login. It reports whether quiet mode began with it and
// how many seconds of the window were left.
func (g *Guard) Failed() (began bool, left int) {
	b, now := g.block(), time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if !b.On() || g.done || now.Before(g.until) {
		return false, 0
	}
	g.expire(b, now)
	g.fails = append(g.fails, now)
	if len(g.fails) < b.Attempts {
		return false, 0
	}
	left = int(g.fails[0].Add(seconds(b.Within)).Sub(now) / time.Second)
	g.fails, g.until = nil, now.Add(seconds(b.For))
	g.timer = time.AfterFunc(seconds(b.For), g.ended)
	return true, left
}

// expire forgets failures that are out of the window.
func (g *Guard) expire(b Block, now time.Time) {
	n := 0
	for n < len(g.fails) && now.Sub(g.fails[n]) >= seconds(b.Within) {
		n++
	}
	g.fails = append([]time.Time(nil), g.fails[n:]...)
}

func (g *Guard) ended() {
	g.mu.Lock()
	tell := !g.done && !g.until.IsZero()
	g.until = time.Time{}
	g.mu.Unlock()
	if tell {
		g.off()
	}
}

// Quiet reports that logins are refused now.
func (g *Guard) Quiet() bool { return g.Status().Quiet > 0 }

// GuardStatus is where a guard stands.
type GuardStatus struct {
	Block  Block
	Fails  int           // in the window
	Window time.Duration // left of it; 0 without failures
	Quiet  time.Duration // left of quiet mode; 0 = normal
}

// Status tells where the guard stands. Switching block-for off ends quiet mode.
func (g *Guard) Status() GuardStatus {
	b, now := g.block(), time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	st := GuardStatus{Block: b}
	if !b.On() {
		g.fails, g.until = nil, time.Time{}
		return st
	}
	g.expire(b, now)
	if st.Fails = len(g.fails); st.Fails > 0 {
		st.Window = g.fails[0].Add(seconds(b.Within)).Sub(now)
	}
	st.Quiet = max(0, g.until.Sub(now))
	return st
}

// Close ends the guard's timer.
func (g *Guard) Close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done = true
	if g.timer != nil {
		g.timer.Stop()
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
