package terminal

import (
	"io"
	"strings"

	"option150/platform/plain"
)

// Record writes what happens on this terminal from now on to w as a transcript:
// a line that begins with a prompt is input, every other line is output. Keys
// are written <?>, <TAB>, <^Z> and <^C> at the end of what had been typed; a
// line that ends in <?> or <TAB> was not entered, and what was entered in the
// end follows as a line of its own. A password is written <password>; the lines
// of a banner, which have no prompt, stand as they were typed; --More-- and its
// keys leave no trace. nil ends the recording, and so does a failing
// write; w is written with the terminal locked, so it should be a file or memory.
func (t *Terminal) Record(w io.Writer) {
	s := t.screen
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rec = recorder{w: w}
}

// recorder writes a transcript. It is guarded by the lock of its screen.
type recorder struct {
	w   io.Writer
	mid bool // the last line written is not ended
}

// text records output.
func (r *recorder) text(t string) {
	if r.w == nil || t == "" {
		return
	}
	t = strings.Map(func(c rune) rune {
		switch {
		case c == '\n', c == '\t':
			return c
		case c == '\r', c == '\a', c == '\b':
			return -1
		case plain.Typed(string(c)) >= 0:
			return '.'
		}
		return c
	}, t)
	r.write(t)
}

// input records a prompt and what was typed behind it.
func (r *recorder) input(line string) {
	if r.w == nil {
		return
	}
	r.freshLine()
	r.write(line + "\n")
}

func (r *recorder) freshLine() {
	if r.w != nil && r.mid {
		r.write("\n")
	}
}

func (r *recorder) write(t string) {
	if t == "" {
		return
	}
	if _, err := io.WriteString(r.w, t); err != nil {
		r.w = nil
		return
	}
	r.mid = t[len(t)-1] != '\n'
}
