package terminal

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"time"
)

// mode says who may take bytes from the queue.
type mode uint8

const (
	modeRun   mode = iota // nobody: a command runs, what is typed waits
	modeEdit              // the engine, through the gate
	modeKey               // single keys: --More--, [confirm], passwords, plain lines
	modeRelay             // another machine the operator is connected with
)

// lineKind says what is being typed into the editor.
type lineKind uint8

const (
	commandLine lineKind = iota // `?` is help, TAB completes
	answerLine                  // `?` is text
	textLine                    // banner text: `?` is text, TAB a blank
)

// The stops of a line that no key ended: nobody typed, somebody else ended it.
const (
	stopIdle   rune = -1
	stopHangup rune = -2
)

// escapeDelay is how long a lone ESC waits for the rest of a sequence where
// single keys are read; terminals send a sequence in one piece.
const escapeDelay = 100 * time.Millisecond

// compactAt is the number of taken bytes worth moving the queue for.
const compactAt = 4096

// input is the queue of type-ahead and everything that decides who reads it.
// Its lock and the lock of the screen are never held together.
type input struct {
	mu   sync.Mutex
	cond *sync.Cond

	queue []byte
	head  int // bytes of queue already taken
	limit int // above this the pump waits

	mode    mode
	stop    rune // how the line being edited ended, 0 while it has not
	kind    lineKind
	plain   bool // no break keys: the stream is a script
	closed  bool
	hung    bool // the operator is to go: nothing is read any more
	eof     bool
	err     error // why the pump ended
	wasCR   bool
	onBreak func() // set while a command runs
	dec     decoder

	idle      time.Duration
	lastKey   time.Time
	idleArmed bool
	idled     bool // nobody typed for idle; the reader has yet to be told
	timer     *time.Timer
	lone      bool // a lone ESC has waited long enough
	relayOver bool // the machine of modeRelay is gone

	flush func() // called without the lock when a reader is about to sleep
}

func newInput(limit int, plain bool, flush func()) *input {
	in := &input{limit: limit, plain: plain, flush: flush}
	in.cond = sync.NewCond(&in.mu)
	return in
}

// pump carries bytes from the stream into the queue until the stream ends.
func (in *input) pump(r io.Reader) {
	var err error
	defer func() {
		if p := recover(); p != nil {
			err = errStream
		}
		in.mu.Lock()
		in.eof, in.err = true, err
		in.cond.Broadcast()
		in.mu.Unlock()
	}()
	buf := make([]byte, 4096)
	for empty := 0; ; {
		var n int
		n, err = r.Read(buf)
		if !in.push(buf[:n]) || err != nil {
			return
		}
		if n > 0 {
			empty = 0
		} else if empty++; empty > 100 { // a stream that spins is broken
			err = io.ErrNoProgress
			return
		}
	}
}

// push queues what was read and waits while the queue is too long, which is
// the back-pressure on the SSH window or the serial line.
func (in *input) push(b []byte) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	typed := false
	for _, c := range b {
		if c == 0 { // keep-alive, BREAK, telnet's CR NUL: never a key
			continue
		}
		if c == '\n' && in.wasCR {
			in.wasCR = false
			continue
		}
		in.wasCR = c == '\r'
		if rune(c) == keyInterrupt || rune(c) == keyBreak {
			if hook := in.onBreak; hook != nil && in.mode == modeRun && !in.plain {
				in.queue, in.head = in.queue[:0], 0
				in.mu.Unlock()
				hook()
				in.mu.Lock()
				continue
			}
		}
		if !in.closed && !in.hung {
			in.queue = append(in.queue, c)
		}
		typed = true
	}
	if typed {
		in.lastKey, in.idled = time.Now(), false
	}
	in.cond.Broadcast()
	for in.size() > in.limit && !in.closed {
		in.cond.Wait()
	}
	return !in.closed
}

func (in *input) size() int { return len(in.queue) - in.head }

// empty reports whether no type-ahead waits.
func (in *input) empty() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.size() == 0
}

// await waits, with the lock held, for a byte for the reader of mode m. Before
// it sleeps it lets the output out, once, and then tests everything again: what
// happened meanwhile has already been announced.
func (in *input) await(m mode) (byte, error) {
	for flushed := false; ; {
		switch mine := in.mode == m; {
		case in.closed:
			return 0, io.EOF
		case !mine:
		case in.hung:
			return 0, ErrHangup
		case m == modeRelay && in.relayOver:
			return 0, errRelayOver
		case in.size() > 0:
			return in.pop(), nil
		case in.eof:
			return 0, io.EOF
		case in.idled:
			in.idled = false
			return 0, ErrIdle
		case m == modeKey && in.lone:
			in.lone = false
			return 0, errLoneEscape
		case !flushed:
			flushed = true
			in.mu.Unlock()
			in.flush()
			in.mu.Lock()
			continue
		}
		in.cond.Wait()
	}
}

func (in *input) pop() byte {
	c := in.queue[in.head]
	in.head++
	switch {
	case in.head == len(in.queue):
		in.queue, in.head = in.queue[:0], 0
	case in.head >= compactAt && in.head*2 >= len(in.queue):
		in.queue = in.queue[:copy(in.queue, in.queue[in.head:])]
		in.head = 0
	}
	if in.size() == in.limit {
		in.cond.Broadcast() // the pump may go on
	}
	return c
}

// enter changes the mode and returns the old one.
func (in *input) enter(m mode) mode {
	old := in.mode
	in.mode = m
	if m != modeRun {
		in.armIdle()
	}
	in.cond.Broadcast()
	return old
}

// nextKey takes one key, whatever mode the input was in.
func (in *input) nextKey() (rune, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	old := in.enter(modeKey)
	defer func() { in.enter(old) }()
	for {
		var esc *time.Timer
		if in.dec.state == escape && in.size() == 0 {
			esc = time.AfterFunc(escapeDelay, in.loneEscape)
		}
		c, err := in.await(modeKey)
		if esc != nil {
			esc.Stop()
			in.lone = false
		}
		if errors.Is(err, errLoneEscape) {
			in.dec = decoder{}
			return keyEscape, nil
		}
		if err != nil {
			return 0, err
		}
		if key, ok := in.dec.feed(c); ok {
			return key, nil
		}
	}
}

func (in *input) loneEscape() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.dec.state == escape && in.size() == 0 {
		in.lone = true
		in.cond.Broadcast()
	}
}

// errStream is the end of a stream whose own code failed.
var errStream = errors.New("terminal: the stream panicked")

// errLoneEscape never leaves this file.
var errLoneEscape = errors.New("lone escape")

// startEdit lets the gate have the bytes; endEdit takes them away and tells how
// the line ended: 0 is a hang-up.
func (in *input) startEdit(kind lineKind) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.stop, in.kind = 0, kind
	in.enter(modeEdit)
}

func (in *input) endEdit() rune {
	in.mu.Lock()
	defer in.mu.Unlock()
	stop := in.stop
	in.stop = 0
	in.enter(modeRun)
	return stop
}

// resumeEdit ends the pause in which help is shown.
func (in *input) resumeEdit() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.mode != modeEdit && in.stop == 0 {
		in.enter(modeEdit)
	}
}

// setBreak installs what ^C and ^^ do while a command runs and returns what
// they did before.
func (in *input) setBreak(hook func()) func() {
	in.mu.Lock()
	defer in.mu.Unlock()
	old := in.onBreak
	in.onBreak = hook
	return old
}

// takeLine takes the queued bytes up to and with the next end of line, at most
// room of them, waiting for the first one: how plain lines are read without a
// lock for every byte.
func (in *input) takeLine(room int) ([]byte, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	old := in.enter(modeKey)
	defer func() { in.enter(old) }()
	c, err := in.await(modeKey)
	if err != nil {
		return nil, err
	}
	out := []byte{c}
	for !endOfLine(out[len(out)-1]) && in.size() > 0 && len(out) < room {
		rest := in.queue[in.head:]
		n := len(rest)
		if i := bytes.IndexAny(rest, "\r\n\x1a"); i >= 0 {
			n = i + 1
		}
		for n = min(n, room-len(out)); n > 0; n-- {
			out = append(out, in.pop())
		}
	}
	return out, nil
}

func endOfLine(c byte) bool { return c == '\r' || c == '\n' || rune(c) == keyCtrlZ }

// markIdle keeps an idle time that ended inside a command for the next reader.
func (in *input) markIdle() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.idled = in.idle > 0
}

func (in *input) close() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.closed, in.eof = true, true
	in.queue, in.head = nil, 0
	if in.timer != nil {
		in.timer.Stop()
	}
	in.cond.Broadcast()
}
