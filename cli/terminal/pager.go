package terminal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// ErrStopped is returned by the Pager when the operator wants no more output.
// When that is because nobody typed or the peer is gone, the error is ErrIdle
// or io.EOF as well.
var ErrStopped = errors.New("terminal: output stopped")

const (
	morePrompt = " --More-- "
	// moreErase takes the prompt away: 9 backspaces, 8 blanks, 9 backspaces, as
	// recorded from routers.
	moreErase = "\b\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\b\b"
	// maxHeld bounds an unfinished line that waits for the filter.
	maxHeld = 64 << 10
)

// Pager writes with --More--: space is a page, Enter a line, /re goes on at the
// first line that matches, +re shows only lines that match, -re only those that
// do not, ? explains the keys, and any other key ends the output. It belongs to
// the goroutine that runs commands. ReadLine and every question start a page
// anew; Close belongs at the end of a command that may end within a line.
type Pager struct {
	t       *Terminal
	ctx     context.Context // of the command at work
	rows    int             // rows since the last stop
	col     int             // columns in the current row
	stopped error
	match   func(string) bool // nil: everything
	search  bool              // match only until the first hit
	held    []byte            // an unfinished line while match is set
}

// Pager returns the one pager of the terminal.
func (t *Terminal) Pager() *Pager { return t.pager }

// Reset begins a command: a new page, no filter, not stopped.
func (p *Pager) Reset() { *p = Pager{t: p.t, ctx: p.ctx} }

// Close prints what a filter held back of a last line and resets the pager.
func (p *Pager) Close() error {
	if p.stopped == nil && len(p.held) > 0 {
		p.piece("\n")
	}
	err := p.stopped
	p.Reset()
	return err
}

// Write prints, and waits for a key when the screen is full. Once stopped it
// fails until Reset or the next prompt. The command's context stops it too.
func (p *Pager) Write(b []byte) (int, error) {
	n := 0
	for n < len(b) && p.stopped == nil {
		if p.ctx != nil && p.ctx.Err() != nil {
			p.stopped = ErrStopped
			break
		}
		piece := b[n:]
		if i := bytes.IndexByte(piece, '\n'); i >= 0 {
			piece = piece[:i+1]
		}
		n += len(piece)
		p.piece(string(piece))
	}
	return n, p.stopped
}

// piece takes a line, or a part of one. While there is a filter, parts wait
// until their line is whole.
func (p *Pager) piece(s string) {
	if len(p.held) > 0 {
		s = string(append(p.held, s...))
		p.held = nil
	}
	for p.stopped == nil {
		if p.match != nil {
			if !strings.HasSuffix(s, "\n") && len(s) < maxHeld {
				p.held = []byte(s)
				return
			}
			if !p.match(strings.TrimRight(s, "\r\n")) {
				return
			}
		}
		if p.col == 0 && p.full() {
			p.more() // which may set another filter
			continue
		}
		if p.search {
			p.match, p.search = nil, false
		}
		p.print(s)
		return
	}
}

// print writes and counts rows, those that the terminal wraps included.
func (p *Pager) print(s string) {
	if _, err := p.t.screen.Write([]byte(s)); err != nil {
		p.stop(err)
		return
	}
	width, _ := p.t.Size()
	p.col += utf8.RuneCountInString(strings.TrimRight(s, "\r\n"))
	if width > 0 && p.col > width {
		p.rows += (p.col - 1) / width
		p.col = (p.col-1)%width + 1
	}
	if strings.HasSuffix(s, "\n") {
		p.rows++
		p.col = 0
	}
}

func (p *Pager) full() bool {
	_, height := p.t.Size()
	return p.t.cfg.Echo && height > 0 && p.rows >= max(height-1, 1)
}

// stop remembers why there is no more output.
func (p *Pager) stop(err error) {
	switch {
	case err == nil:
		p.stopped = ErrStopped
	case errors.Is(err, ErrIdle):
		p.t.in.markIdle()
		fallthrough
	default:
		p.stopped = fmt.Errorf("%w: %w", ErrStopped, err)
	}
}

// more shows the prompt and obeys one key.
func (p *Pager) more() {
	s := p.t.screen
	s.begin(morePrompt, true)
	key, err := p.t.in.nextKey()
	s.wipe(moreErase, "")
	if err != nil {
		p.stop(err)
		return
	}
	_, height := p.t.Size()
	switch key {
	case ' ':
		p.rows = 0
	case keyCR, keyLF:
		p.rows = max(height-2, 0)
	case '/', '+', '-':
		p.filter(byte(key))
	case keyHelp:
		s.raws(moreHelp)
	default:
		p.stop(nil)
	}
}

const moreHelp = "  <space>  next page\n" +
	"  <cr>     next line\n" +
	"  /WORD    go on at the first line that matches\n" +
	"  +WORD    only lines that match\n" +
	"  -WORD    only lines that do not match\n" +
	"  other    end the output\n"

// filter reads the expression behind /, + or - and sets it.
func (p *Pager) filter(kind byte) {
	expr, err := p.expression(string(kind))
	if err != nil && !errors.Is(err, ErrInterrupt) {
		p.stop(err)
		return
	}
	if expr == "" {
		return // --More-- comes again
	}
	compile := p.t.cfg.Filter
	if compile == nil {
		compile = CompileFilter
	}
	match, err := compile(expr)
	if err != nil {
		p.t.screen.raws("% Failed to compile regular expression.\n")
		return
	}
	p.rows, p.search = 1, kind == '/'
	p.match = match
	if kind == '-' {
		p.match = func(line string) bool { return !match(line) }
	}
	p.t.screen.raws("filtering...\n")
}

// expression reads a line without the engine, which may be at work: help is
// paged too.
func (p *Pager) expression(kind string) (string, error) {
	s := p.t.screen
	s.begin(kind, true)
	var line []rune
	for {
		key, err := p.t.in.nextKey()
		if err != nil {
			return "", err
		}
		switch key {
		case keyCR, keyLF:
			s.end()
			return string(line), nil
		case keyInterrupt, keyCtrlZ, keyBreak:
			s.end()
			return "", ErrInterrupt
		case keyErase, keyEraseH:
			line = line[:max(len(line)-1, 0)]
		case keyKillStart:
			line = line[:0]
		default:
			if r := text(key); r != 0 && len(line) < maxPassword {
				line = append(line, r)
			}
		}
		s.paint(line, len(line))
		p.t.settle()
	}
}

// raws prints text that is no output of the command and leaves no record.
func (s *screen) raws(t string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range strings.SplitAfter(t, "\n") {
		s.raw(strings.TrimSuffix(line, "\n"))
		if strings.HasSuffix(line, "\n") {
			s.newline()
		}
	}
}

// end ends a row that leaves no record.
func (s *screen) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.move(len(s.row.shown))
	s.newline()
	s.row.editing = false
}

var _ io.WriteCloser = (*Pager)(nil)
