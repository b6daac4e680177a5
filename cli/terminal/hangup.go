package terminal

import "errors"

// ErrHangup is returned by a reading call when somebody else ended the session.
// The terminal itself goes on working: the next operator sits down at it.
var ErrHangup = errors.New("terminal: hung up")

// Hangup ends the session of the operator from any goroutine and leaves the
// terminal: what he typed ahead is gone, what he types is dropped, pending and
// later reads return ErrHangup until Resume. It waits for nobody; a write that
// the peer does not take goes on waiting.
func (t *Terminal) Hangup() { t.in.hangup(true) }

// Resume ends what Hangup began: whoever types now is somebody else.
func (t *Terminal) Resume() { t.in.hangup(false) }

func (in *input) hangup(on bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.hung = on
	in.queue, in.head, in.dec = in.queue[:0], 0, decoder{}
	in.cond.Broadcast()
}
