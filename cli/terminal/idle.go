package terminal

import (
	"errors"
	"time"
)

// ErrIdle is returned by a reading call when nobody typed for the time given to
// Idle. It ends the line typed so far; the terminal itself goes on working.
var ErrIdle = errors.New("terminal: idle")

// Idle is exec-timeout: a reading call returns ErrIdle when no key arrives for
// d. 0 is never. The time does not run while a command works, and typing ahead
// counts. At --More-- the command is stopped and the next reading call returns
// ErrIdle.
func (t *Terminal) Idle(d time.Duration) {
	in := t.in
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.idleArmed && d != in.idle && in.timer.Stop() {
		in.idleArmed = false // it runs for another time, perhaps a longer one
	}
	in.idle, in.idled, in.lastKey = d, false, time.Now()
	if in.mode != modeRun {
		in.watchIdle()
	}
}

// armIdle starts the time for a reader that begins to wait. The lock is held.
func (in *input) armIdle() {
	if in.idle <= 0 {
		return
	}
	in.lastKey = time.Now()
	in.watchIdle()
}

// watchIdle has one timer running at a time; it looks at lastKey when it ends,
// so a key costs no timer operation.
func (in *input) watchIdle() {
	if in.idleArmed || in.idle <= 0 || in.closed {
		return
	}
	in.idleArmed = true
	wait := max(in.idle-time.Since(in.lastKey), time.Millisecond)
	if in.timer == nil {
		in.timer = time.AfterFunc(wait, in.idleOver)
	} else {
		in.timer.Reset(wait)
	}
}

func (in *input) idleOver() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.idleArmed = false
	if in.idle <= 0 || in.closed || in.mode == modeRun {
		return // the next reader arms it again
	}
	if time.Since(in.lastKey) < in.idle {
		in.watchIdle()
		return
	}
	in.idled = true
	in.cond.Broadcast()
}
