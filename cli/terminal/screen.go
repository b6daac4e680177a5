package terminal

import (
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"option150/platform/plain"
)

const (
	screenBuffer = 4096                   // bytes held before they are written
	flushDelay   = 10 * time.Millisecond  // how long output of a command may be held
	bellInterval = 100 * time.Millisecond // one bell at most in this time
)

// screen is the output side: text, and the row being edited. Its lock is held
// while the stream is written, so a peer that does not read stops whoever
// writes to this screen and nobody else.
type screen struct {
	mu     sync.Mutex
	w      io.Writer
	buf    []byte
	err    error // the first write that failed; everything later is discarded
	closed bool
	timer  *time.Timer // flushes what a running command printed
	armed  bool
	crlf   bool // LF becomes CR LF
	echo   bool // prompts and typed text are drawn
	size   func() (width, height int)
	rec    recorder

	x      int    // column of the cursor, in runes since the last CR or LF
	lastCR bool   // the last byte of text was CR
	held   []byte // the first bytes of a rune
	bell   time.Time

	row row
}

func newScreen(w io.Writer, echo, crlf bool, size func() (int, int)) *screen {
	return &screen{w: w, echo: echo, crlf: crlf || echo, size: size, buf: make([]byte, 0, screenBuffer)}
}

// Write prints text: LF becomes CR LF here and nowhere else. It returns the
// error of a stream that failed earlier.
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text(string(b))
	s.later()
	if s.err != nil {
		return 0, s.err
	}
	return len(b), nil
}

// text prints and records. Control characters other than BEL, BS, TAB, LF and CR,
// and marks that turn the direction of writing, become dots: no text can drive
// the operator's terminal or his eyes.
func (s *screen) text(t string) {
	s.rec.text(t)
	for i := 0; i < len(t); i++ {
		c := t[i]
		if len(s.held) > 0 && s.more(c) {
			continue
		}
		switch {
		case c == '\n':
			if s.crlf && !s.lastCR {
				s.put('\r')
			}
			s.put('\n')
		case c >= 0xC2 && c <= 0xF4:
			s.held = append(s.held, c)
		case c < 0x20 && c != '\r' && c != '\t' && c != '\a' && c != '\b', c == 0x7F, c >= 0x80 && c < 0xA0:
			s.put('.')
		default:
			s.put(c)
		}
		s.lastCR = c == '\r'
	}
}

// more takes a byte that goes on with the rune that was begun, and prints it once
// it is whole. It reports false, with what was begun printed, if c does not.
func (s *screen) more(c byte) bool {
	goes := c&0xC0 == 0x80
	if goes {
		s.held = append(s.held, c)
	}
	if goes && !utf8.FullRune(s.held) {
		return true
	}
	whole := utf8.Valid(s.held)
	if whole && plain.Typed(string(s.held)) >= 0 {
		s.put('.')
		s.held = s.held[:0]
	}
	for _, b := range s.held {
		if !whole && b < 0xA0 {
			b = '.'
		}
		s.put(b)
	}
	s.held = s.held[:0]
	return goes
}

// raw prints bytes of our own making, unrecorded.
func (s *screen) raw(t string) {
	s.held = s.held[:0]
	for i := 0; i < len(t); i++ {
		s.put(t[i])
	}
	if t != "" {
		s.lastCR = t[len(t)-1] == '\r'
	}
}

// put appends one byte and follows the cursor.
func (s *screen) put(c byte) {
	switch {
	case c == '\n', c == '\r':
		s.x = 0
	case c == '\b':
		s.x = max(s.x-1, 0)
	case c == '\t':
		s.x = s.x/8*8 + 8
	case c >= 0x20 && c&0xC0 != 0x80:
		s.x++
	}
	if s.err != nil || s.closed {
		return
	}
	if s.buf = append(s.buf, c); len(s.buf) >= screenBuffer {
		s.write()
	}
}

func (s *screen) newline() {
	if s.crlf {
		s.raw("\r\n")
	} else {
		s.raw("\n")
	}
}

// freshLine starts a new row unless the cursor is at the beginning of one.
func (s *screen) freshLine() {
	if s.x != 0 {
		s.newline()
		s.rec.freshLine()
	}
}

// write empties the buffer into the stream, with the lock held.
func (s *screen) write() {
	if len(s.buf) == 0 {
		return
	}
	if s.err == nil {
		s.err = s.send()
	}
	s.buf = s.buf[:0]
}

// send contains a stream that panics: half of the callers are the engine's
// goroutine or a timer.
func (s *screen) send() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = errStream
		}
	}()
	n, err := s.w.Write(s.buf)
	if err == nil && n < len(s.buf) {
		err = io.ErrShortWrite
	}
	return err
}

func (s *screen) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write()
}

// later has the buffer written soon, with the lock held: a command's output and
// the prompt behind it mostly leave in one piece, and a slow command is seen.
func (s *screen) later() {
	if s.armed || s.closed || len(s.buf) == 0 {
		return
	}
	s.armed = true
	if s.timer == nil {
		s.timer = time.AfterFunc(flushDelay, s.tick)
	} else {
		s.timer.Reset(flushDelay)
	}
}

func (s *screen) tick() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.armed = false
	s.write()
}

// ring sounds the bell, not more often than bellInterval. It is not flushed by
// itself: a pasted line that is too long rings once, not a thousand times.
func (s *screen) ring() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.Sub(s.bell) >= bellInterval {
		s.bell = now
		s.put('\a')
	}
}

// async prints a message that has nothing to do with what is going on.
func (s *screen) async(text string, redraw bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.freshLine()
	s.text(strings.TrimSuffix(text, "\n") + "\n")
	if redraw && s.row.editing {
		s.drawRow()
	}
	s.write()
}

// close lets the rest out and refuses everything later.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write()
	s.closed = true
	if s.err == nil {
		s.err = io.ErrClosedPipe
	}
	if s.timer != nil {
		s.timer.Stop()
	}
}
