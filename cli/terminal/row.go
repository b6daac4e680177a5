package terminal

import (
	"strings"

	"option150/platform/plain"
)

// row is the row being edited: a prompt and a line of which a part is shown.
type row struct {
	editing bool
	prompt  string // its last line, if it had several
	at      int    // column at which the text begins
	line    []rune
	cur     int

	shown  []rune // what stands behind the prompt
	col    int    // cursor, counted from the prompt
	offset int    // first rune of line that is shown
}

const (
	scrollStep = 10 // runes a long line moves by
	scrollRoom = 12 // below this room nothing scrolls
)

// begin draws a prompt, which may have several lines, and starts a row.
func (s *screen) begin(prompt string, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if fresh {
		s.freshLine()
	}
	if i := strings.LastIndexByte(prompt, '\n'); i >= 0 {
		s.text(prompt[:i+1])
		prompt = prompt[i+1:]
	}
	s.row = row{prompt: prompt, editing: true}
	s.drawRow()
}

// drawRow draws prompt and line from where the cursor is.
func (s *screen) drawRow() {
	r := &s.row
	if s.echo {
		s.raw(plain.Shown(r.prompt, 0))
	}
	r.at, r.shown, r.col = s.x, r.shown[:0], 0
	s.drawLine()
}

// paint makes the row show line with the cursor at cur.
func (s *screen) paint(line []rune, cur int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.row.line, s.row.cur = append(s.row.line[:0], line...), cur
	s.drawLine()
}

// drawLine draws the difference between what is shown and what should be.
func (s *screen) drawLine() {
	r := &s.row
	if !s.echo {
		return
	}
	next, col := s.view()
	same := 0
	for same < len(next) && same < len(r.shown) && next[same] == r.shown[same] {
		same++
	}
	if same < len(next) || same < len(r.shown) {
		s.move(same)
		s.raw(string(next[same:]))
		if less := len(r.shown) - len(next); less > 0 {
			s.raw(strings.Repeat(" ", less))
			s.raw(strings.Repeat("\b", less))
		}
		r.shown = append(r.shown[:0], next...)
		r.col = len(next)
	}
	s.move(col)
}

// view is the part of the line that fits, with $ where it is cut. One column
// stays free, so that the terminal itself never wraps.
func (s *screen) view() ([]rune, int) {
	r := &s.row
	width, _ := s.size()
	room := width - r.at - 1
	if width <= 0 || room < scrollRoom || len(r.line) <= room {
		r.offset = 0
		return r.line, r.cur
	}
	if r.cur < r.offset+1 {
		r.offset = max(r.cur-scrollStep, 0)
	}
	if r.cur-r.offset > room-1 {
		r.offset = r.cur - room + scrollStep
	}
	end := min(r.offset+room, len(r.line))
	part := append([]rune(nil), r.line[r.offset:end]...)
	if r.offset > 0 {
		part[0] = '$'
	}
	if end < len(r.line) {
		part[len(part)-1] = '$'
	}
	return part, r.cur - r.offset
}

// move brings the cursor to a column of the shown text: to the left with
// backspaces, to the right by printing what is there.
func (s *screen) move(col int) {
	r := &s.row
	if col < r.col {
		s.raw(strings.Repeat("\b", r.col-col))
	} else {
		s.raw(string(r.shown[r.col:col]))
	}
	r.col = col
}

// leave brings the cursor behind the text, prints a mark such as ^Z or ? and
// ends the row. The row can be drawn again.
func (s *screen) leave(mark, record string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.echo {
		s.move(len(s.row.shown))
		s.raw(mark)
		s.newline()
	}
	s.row.editing = false
	s.rec.input(s.row.prompt + record)
}

// again draws prompt and line on a new row; other rows, such as --More--, may
// have been drawn in between.
func (s *screen) again(prompt string, line []rune, cur int, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	prompt = prompt[strings.LastIndexByte(prompt, '\n')+1:]
	s.row = row{prompt: prompt, editing: true, line: append([]rune(nil), line...), cur: cur}
	if fresh {
		s.freshLine()
	} else {
		s.newline()
	}
	s.drawRow()
}

// wipe ends the row by printing a mark, without a new line.
func (s *screen) wipe(mark, record string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.echo {
		s.raw(mark)
	}
	s.row.editing = false
	if record != "" {
		s.rec.input(s.row.prompt + record)
	}
}

// resized draws the row anew for another width.
func (s *screen) resized() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.row.editing {
		s.drawLine()
		s.write()
	}
}
