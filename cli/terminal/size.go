package terminal

import (
	"sync"
	"time"
)

// redrawDelay gathers the changes of size while a window is dragged.
const redrawDelay = 20 * time.Millisecond

// size holds what the window says and what the operator set on top of it. Its
// lock is never held while anything else is waited for.
type size struct {
	mu            sync.Mutex
	width, height int // of the window
	setWidth      int // `terminal width`, -1 = as the window
	setHeight     int // `terminal length`, likewise
	timer         *time.Timer
	armed         bool
	stopped       bool
}

func (z *size) window(width, height int) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.width, z.height = max(width, 0), max(height, 0)
}

func (z *size) get() (width, height int) {
	z.mu.Lock()
	defer z.mu.Unlock()
	width, height = z.width, z.height
	if z.setWidth >= 0 {
		width = z.setWidth
	}
	if z.setHeight >= 0 {
		height = z.setHeight
	}
	return width, height
}

// after has f run once, soon.
func (z *size) after(f func()) {
	z.mu.Lock()
	defer z.mu.Unlock()
	if z.armed || z.stopped {
		return
	}
	z.armed = true
	z.timer = time.AfterFunc(redrawDelay, func() {
		z.mu.Lock()
		z.armed = false
		stopped := z.stopped
		z.mu.Unlock()
		if !stopped {
			f()
		}
	})
}

func (z *size) stop() {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.stopped = true
	if z.timer != nil {
		z.timer.Stop()
	}
}

// Size is the width and height in force; 0 is no limit and no paging.
func (t *Terminal) Size() (width, height int) { return t.size.get() }

// Resize tells a change of the window. It counts until the operator sets a
// width or height of his own, and never waits for the peer.
func (t *Terminal) Resize(width, height int) {
	t.size.window(width, height)
	if t.cfg.Echo {
		t.size.after(t.screen.resized)
	}
}

// SetWidth is `terminal width`: 0 is no limit, a negative number takes the
// width of the window again.
func (t *Terminal) SetWidth(n int) {
	t.size.mu.Lock()
	defer t.size.mu.Unlock()
	t.size.setWidth = max(n, -1)
}

// SetHeight is `terminal length`: 0 is no paging, a negative number takes the
// height of the window again.
func (t *Terminal) SetHeight(n int) {
	t.size.mu.Lock()
	defer t.size.mu.Unlock()
	t.size.setHeight = max(n, -1)
}
