package terminal

import "io"

// ReadLine draws the prompt and lets the operator edit a line. Enter and ^Z
// return it and add it to h, which may be nil; ^C returns an empty line. A
// hang-up is io.EOF and throws away what was typed; ErrIdle ends a line too.
func (t *Terminal) ReadLine(prompt string, h *History) (line string, end End, err error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	t.pager.Reset()
	if !t.cfg.Echo {
		line, end, err = t.plainCommand(prompt)
	} else {
		line, end, err = t.editLine(prompt, true, editing{kind: commandLine, history: h.Lines()})
	}
	if err == nil && end != CtrlC && h != nil {
		h.Add(line)
	}
	return line, end, err
}

// ReadAnswer asks a question that is answered by a line: echoed, without
// history and help. ^C and ^Z are ErrInterrupt.
func (t *Terminal) ReadAnswer(question string) (string, error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	t.pager.Reset()
	if !t.cfg.Echo {
		return t.plainAnswer(question, false)
	}
	line, end, err := t.editLine(question, false, editing{kind: answerLine})
	if err == nil && end != Enter {
		return "", ErrInterrupt
	}
	return line, err
}

// ReadText collects lines as they are, `?` included, until stop says that a
// line is the last one, which is part of the result: the text of a banner (with
// an empty prompt) or a key-string. With a nil stop ^Z ends the text. ^C is
// ErrInterrupt, and so is ^Z otherwise; a text beyond MaxText bytes is read to
// its end and answered with ErrTooLong.
func (t *Terminal) ReadText(prompt string, stop func(line string) bool) ([]string, error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	t.pager.Reset()
	var lines []string
	size, long := 0, false
	for {
		var line string
		var end End
		var err error
		if t.cfg.Echo {
			line, end, err = t.editLine(prompt, true, editing{kind: textLine})
		} else if line, end, err = t.plainLine(true); err == nil {
			t.screen.recordInput(prompt + line + mark(end))
		}
		switch {
		case err == ErrTooLong:
			long = true
			continue
		case err != nil:
			return nil, err
		case end == CtrlC, end == CtrlZ && stop != nil:
			return nil, ErrInterrupt
		}
		if size += len(line) + 1; size > MaxText {
			lines, long = nil, true
		} else if !long {
			lines = append(lines, line)
		}
		if stop == nil && end == CtrlZ || stop != nil && stop(line) {
			if long {
				return nil, ErrTooLong
			}
			return lines, nil
		}
	}
}

// editLine has the engine edit one line.
func (t *Terminal) editLine(prompt string, fresh bool, e editing) (string, End, error) {
	engine := t.start()
	if engine == nil || t.dead {
		return "", Enter, io.EOF
	}
	e.prompt, e.at = prompt, len(e.history)
	t.edit.line = e
	t.screen.begin(prompt, fresh)
	t.settle()
	t.in.startEdit(e.kind)
	line, err := engine.Readline()
	switch t.in.endEdit() {
	case keyCR:
		t.screen.leave("", line)
	case keyCtrlZ:
		t.screen.leave("^Z", line+"<^Z>")
		t.settle()
		return line, CtrlZ, nil
	case keyInterrupt:
		t.screen.leave("^C", line+"<^C>")
		t.settle()
		return "", CtrlC, nil
	case stopIdle:
		t.screen.end()
		t.settle()
		return "", Enter, ErrIdle
	case stopHangup:
		t.screen.end()
		t.settle()
		return "", Enter, ErrHangup
	default: // the input ended: what is there was never entered
		t.dead = true
		return "", Enter, io.EOF
	}
	t.settle()
	if err != nil {
		return "", Enter, err
	}
	return line, Enter, nil
}

func mark(end End) string {
	if end == CtrlZ {
		return "<^Z>"
	}
	return ""
}
