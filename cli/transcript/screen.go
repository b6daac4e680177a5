package transcript

import (
	"io"
	"strings"
	"sync"
	"time"
)

// patience bounds the wait for a prompt.
const patience = 20 * time.Second

// quiet is how long nothing may come before a row counts as a question and not
// as the beginning of a line that is still being written.
const quiet = 40 * time.Millisecond

// screen is the far end of a terminal: it draws what it is sent and types.
type screen struct {
	rw   io.ReadWriteCloser
	wake chan struct{}

	mu    sync.Mutex
	lines []string // rows that are complete and were not taken yet
	row   []rune   // the row of the cursor
	col   int
	err   error // the stream has ended

	typed string // what stands behind the prompt after <?> or <TAB>
	tab   bool   // it was a <TAB>
}

func newScreen(rw io.ReadWriteCloser) *screen {
	s := &screen{rw: rw, wake: make(chan struct{}, 1)}
	go s.read()
	return s
}

func (s *screen) read() {
	b := make([]byte, 4096)
	var rest []byte // a rune cut in two
	for {
		n, err := s.rw.Read(b)
		s.mu.Lock()
		rest = s.draw(append(rest, b[:n]...))
		s.err = err
		s.mu.Unlock()
		select {
		case s.wake <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// draw does what a terminal does: the box sends printable characters, CR, LF,
// backspaces and bells, and nothing else.
func (s *screen) draw(b []byte) (rest []byte) {
	text := string(b)
	if i := incomplete(text); i >= 0 {
		text, rest = text[:i], []byte(text[i:])
	}
	for _, c := range text {
		switch c {
		case '\n':
			s.lines = append(s.lines, string(s.row))
			s.row, s.col = nil, 0
		case '\r':
			s.col = 0
		case '\b':
			s.col = max(0, s.col-1)
		case '\a':
		default:
			for len(s.row) <= s.col {
				s.row = append(s.row, ' ')
			}
			s.row[s.col] = c
			s.col++
		}
	}
	return rest
}

// incomplete is where the last rune begins if its end has not come, else -1.
func incomplete(s string) int {
	for i := len(s) - 1; i >= 0 && i >= len(s)-3; i-- {
		switch {
		case s[i] < 0x80:
			return -1
		case s[i] >= 0xC0:
			need := 2
			if s[i] >= 0xE0 {
				need++
			}
			if s[i] >= 0xF0 {
				need++
			}
			if len(s)-i < need {
				return i
			}
			return -1
		}
	}
	return -1
}

// look is what stands on the screen.
func (s *screen) look() (lines int, last, row string, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.lines); n > 0 {
		last = s.lines[n-1]
	}
	return len(s.lines), last, strings.TrimRight(string(s.row), " "), s.err != nil
}

// take takes the complete lines.
func (s *screen) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines
	s.lines = nil
	return l
}

// note puts a line of ours before what comes next.
func (s *screen) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, line)
}

// rewrite replaces line n, an answer that was not echoed.
func (s *screen) rewrite(n int, line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n < len(s.lines) {
		s.lines[n] = line
	}
}

func (s *screen) gone() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil
}

func (s *screen) write(text string) error {
	_, err := io.WriteString(s.rw, text)
	if err != nil && s.gone() {
		return nil // the box hung up: what it said is what counts
	}
	return err
}

// change waits until something comes and reports false after d.
func (s *screen) change(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-s.wake:
		return true
	case <-t.C:
		return false
	}
}
