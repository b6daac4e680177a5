package terminal

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/chzyer/readline"
)

const (
	// MaxLine is the number of characters one edited line holds; more ring the bell.
	MaxLine = 1000
	// MaxPlainLine is the number of bytes of one line in plain mode.
	MaxPlainLine = 64 << 10
	// MaxText is the number of bytes ReadText collects.
	MaxText = 64 << 10
	// DefaultQueue is the number of bytes typed ahead that are held.
	DefaultQueue = 64 << 10
)

// closeGrace is how long Close waits for a peer that does not read.
const closeGrace = 2 * time.Second

var (
	// ErrInterrupt: the operator broke a question, a text or a command off (^C;
	// ^Z for questions and texts). It is also the cause of the context of Run.
	ErrInterrupt = errors.New("terminal: interrupted")
	// ErrTooLong: a plain line or a text passed its bound; it was read to its
	// end and thrown away.
	ErrTooLong = errors.New("terminal: too long")
)

// Config is what a terminal needs to know.
type Config struct {
	// Stream is the byte stream. The caller closes it, after Close.
	Stream io.ReadWriter
	// Width and Height in characters: 0 is no limit and no paging.
	Width, Height int
	// Echo false is plain mode, for a pipe or an exec channel: lines are read as
	// they come, and no prompt, no echo and no --More-- is written.
	Echo bool
	// Shown has the lines of plain mode written as they are carried out, behind
	// the prompt of each, and one that ends in `?` answered with Help: what a
	// script was told can be told apart.
	Shown bool
	// CRLF turns LF into CR LF in plain mode as well; with Echo it always is.
	CRLF bool
	// Help is the text for `?`, lines ended by \n; line is the text left of the
	// cursor. It runs while ReadLine waits.
	Help func(line string) string
	// Complete is TAB: what is missing of the last word of line, if that is
	// certain. A blank is added.
	Complete func(line string) (rest string, ok bool)
	// Filter compiles an expression typed at --More--; nil is Go's syntax with
	// IOS's underscore.
	Filter func(expr string) (match func(line string) bool, err error)
	// QueueSize is the number of bytes typed ahead that are held: DefaultQueue if
	// 0. A console without flow control needs a whole paste, such as 1 MiB.
	QueueSize int
}

// End is how a line ended.
type End int

// The ways a line ends. The line of a ^Z is to be run before configuration mode
// is left; the line of a ^C is gone.
const (
	Enter End = iota
	CtrlZ
	CtrlC
)

func (e End) String() string {
	switch e {
	case CtrlZ:
		return "^Z"
	case CtrlC:
		return "^C"
	}
	return "Enter"
}

// Terminal is the terminal of one operator.
type Terminal struct {
	cfg    Config
	in     *input
	screen *screen
	size   size
	pager  *Pager

	reading sync.Mutex // one reading call at a time
	dead    bool       // the input has ended; guarded by reading
	edit    editor

	mu     sync.Mutex // guards what follows
	engine *readline.Instance
	closed bool
	done   chan struct{}
}

// New starts a terminal: one goroutine that reads the stream, and three of the
// engine from the first edited line on.
func New(c Config) *Terminal {
	if c.QueueSize <= 0 {
		c.QueueSize = DefaultQueue
	}
	t := &Terminal{cfg: c, done: make(chan struct{})}
	t.size.setWidth, t.size.setHeight = -1, -1
	t.size.window(c.Width, c.Height)
	t.screen = newScreen(c.Stream, c.Echo, c.CRLF, t.size.get)
	t.in = newInput(c.QueueSize, !c.Echo, t.screen.flush)
	t.pager = &Pager{t: t}
	t.edit.t = t
	go t.in.pump(c.Stream)
	return t
}

// Writer is where output goes that is never paged. LF becomes CR LF here. A
// write returns the error of a stream that has failed.
func (t *Terminal) Writer() io.Writer { return t.screen }

// FlushWithin lets the output out before something that ends the stream. A peer
// that does not read holds it up for no longer than that.
func (t *Terminal) FlushWithin(most time.Duration) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		t.screen.flush()
	}()
	select {
	case <-done:
	case <-time.After(most):
	}
}

// Async prints lines that have nothing to do with the command at work, such as
// log messages; with redraw (`logging synchronous`) the prompt and what has
// been typed are drawn again below them, once. It waits for the peer to read:
// call it from a goroutine of this session, never from the one that logs.
func (t *Terminal) Async(text string, redraw bool) { t.screen.async(text, redraw) }

// Close lets the output out and ends every goroutine of the engine; pending and
// later reads return io.EOF, later writes fail. When the peer does not read it
// waits two seconds at most and the rest ends with the stream, which the caller
// closes next.
func (t *Terminal) Close() {
	t.mu.Lock()
	first := !t.closed
	t.closed = true
	engine := t.engine
	t.mu.Unlock()
	if first {
		t.in.close()
		go func() {
			defer close(t.done)
			t.size.stop()
			t.screen.close()
			if engine != nil {
				// Instance.Close would hang; this ends all of its goroutines.
				_ = engine.Terminal.Close()
			}
		}()
	}
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-t.done:
	case <-grace.C:
	}
}
