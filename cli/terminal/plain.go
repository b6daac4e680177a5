package terminal

import (
	"errors"
	"io"
	"strings"

	"option150/platform/plain"
)

// plainLine reads one line of a script. The last line counts without its end
// when the stream ends in good order; a stream that breaks takes it along. ^Z
// ends a line as it does for an operator, ^C is a byte like any other. Control
// bytes are dropped, except that tabs stay (as blanks, unless literal).
func (t *Terminal) plainLine(keepTabs bool) (string, End, error) {
	if t.dead {
		return "", Enter, io.EOF
	}
	var line []byte
	long := false
	for {
		part, err := t.in.takeLine(MaxPlainLine + 2)
		if err != nil {
			if errors.Is(err, ErrIdle) || errors.Is(err, ErrHangup) {
				return "", Enter, err
			}
			t.dead = true
			if len(line) == 0 || !t.in.ended() {
				return "", Enter, io.EOF
			}
			part = []byte{'\n'}
		}
		last := part[len(part)-1]
		full := endOfLine(last)
		if full {
			part = part[:len(part)-1]
		}
		if len(line)+len(part) > MaxPlainLine {
			long, line = true, line[:0]
		}
		if !long {
			line = append(line, part...)
		}
		if !full {
			continue
		}
		switch {
		case long:
			return "", Enter, ErrTooLong
		case rune(last) == keyCtrlZ:
			return plainText(line, keepTabs), CtrlZ, nil
		}
		return plainText(line, keepTabs), Enter, nil
	}
}

// plainCommand reads a command of a script. Where scripts are shown, a line that
// ends in `?` is a question and no command: nothing of it is kept.
func (t *Terminal) plainCommand(prompt string) (string, End, error) {
	for {
		line, end, err := t.plainLine(false)
		if err != nil {
			return "", end, err
		}
		left, asked := strings.CutSuffix(line, "?")
		if !t.cfg.Shown || t.cfg.Help == nil || end != Enter || !asked {
			t.screen.script(t.cfg.Shown, prompt, line+strings.Trim(mark(end), "<>"), line+mark(end))
			return line, end, nil
		}
		t.screen.script(true, prompt, line, left+"<?>")
		if _, err := io.WriteString(t.screen, t.cfg.Help(left)); err != nil {
			return "", Enter, err
		}
	}
}

// script records a line of a script and shows it on a row of its own.
func (s *screen) script(shown bool, prompt, line, record string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if shown {
		s.freshLine()
		s.raw(plain.Shown(prompt, 0) + plain.Shown(line, 0))
		s.newline()
		s.later()
	}
	s.rec.input(prompt + record)
}

// ended reports whether the stream ended in good order, with nothing left.
func (in *input) ended() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.eof && !in.closed && errors.Is(in.err, io.EOF)
}

// plainText keeps what an operator could have typed.
func plainText(b []byte, keepTabs bool) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t' && keepTabs, r == keyInterrupt:
			return r
		case r == '\t':
			return ' '
		case r < 0x20, r >= 0x7F && !typeable(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(string(b), ""))
}

// plainAnswer prints the question, which is output, and takes a line.
func (t *Terminal) plainAnswer(question string, secret bool) (string, error) {
	t.screen.ask(question)
	line, end, err := t.plainLine(false)
	t.screen.answered(line, secret, err == nil, t.cfg.Shown)
	if err == nil && end != Enter {
		return "", ErrInterrupt
	}
	return line, err
}

// ask prints a question without recording its last line, which is input.
func (s *screen) ask(question string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := strings.LastIndexByte(question, '\n'); i >= 0 {
		s.text(question[:i+1])
		question = question[i+1:]
	}
	s.row = row{prompt: question}
	s.raw(plain.Shown(question, 0))
	s.later()
}

// answered ends the row of a question. The answer is echoed where scripts are
// shown, unless it is secret.
func (s *screen) answered(answer string, secret, ok, shown bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok && shown && !secret {
		s.raw(plain.Shown(answer, 0))
	}
	s.newline()
	s.later()
	if secret {
		answer = hidden
	}
	if ok {
		s.rec.input(s.row.prompt + answer)
	}
}

// recordInput and recordKey record what no row of the screen shows.
func (s *screen) recordInput(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rec.input(line)
}

func (s *screen) recordKey(typed string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rec.input(s.row.prompt + typed)
}
