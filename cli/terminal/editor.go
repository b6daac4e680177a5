package terminal

import "strings"

// maxKills is the number of pieces of deleted text that Esc-Y walks through.
const maxKills = 10

// editor is our half of the line editor: the engine inserts, erases and moves,
// and calls OnChange behind every key; all keys with a private rune are carried
// out here. All of it runs in the engine's goroutine, except that line is set
// before the gate opens.
type editor struct {
	t    *Terminal
	line editing

	pending rune // the private key the engine knows as BEL
	last    rune // the private key before, for Esc-Y
	count   int  // runes in the line
	kills   [][]rune
	kill    int // entry of kills that was yanked last
	yanked  int // its length
}

// editing is what belongs to one line.
type editing struct {
	prompt  string
	kind    lineKind
	history []string
	at      int    // place in history; len(history) is the new line
	draft   []rune // the new line while another one is shown
}

// filter sees every key before the engine does. It never drops one: a dropped
// key makes the engine read ahead. What the engine must not know becomes BEL,
// which it ignores but reports to OnChange.
func (e *editor) filter(r rune) (rune, bool) {
	e.pending = 0
	switch {
	case r == 0, r == keyCR, r == keyInterrupt:
		e.count, e.last = 0, 0
	case privateUse(r):
		e.pending = r
		return keyBell, true
	case r >= 0x20 && r != keyErase && e.count >= MaxLine:
		e.pending = keyTooLong
		return keyBell, true
	}
	return r, true
}

// OnChange is the engine's listener. Behind Enter it runs when ReadLine may
// have returned, so there it touches nothing.
func (e *editor) OnChange(line []rune, pos int, key rune) (out []rune, cur int, changed bool) {
	if key == 0 || key == keyCR || key == keyLF || key == keyInterrupt {
		return nil, 0, false
	}
	defer func() {
		if p := recover(); p != nil { // help or completion failed: an empty line
			e.count, e.last = 0, 0
			out, cur, changed = nil, 0, true
			e.t.screen.again(e.line.prompt, nil, 0, true)
			e.t.in.resumeEdit()
			e.t.settle()
		}
	}()
	if key != keyBell {
		e.last = 0
		e.show(line, pos)
		return nil, 0, false
	}
	k := e.pending
	e.pending = 0
	switch k {
	case 0, keyEscape:
		return nil, 0, false
	case keyHelp:
		e.help(line, pos)
	case keyTab:
		line, pos = e.complete(line, pos)
	case keyRedraw:
		e.t.screen.again(e.line.prompt, line, pos, false)
	case keyTooLong:
		e.t.screen.ring()
	case keyPrev, keyNext:
		line, pos = e.recall(line, pos, k)
	default:
		var ok bool
		if line, pos, ok = e.change(line, pos, k); !ok {
			e.t.screen.ring()
		}
	}
	e.last = k
	e.show(line, pos)
	return line, pos, true
}

// show paints the line and lets it out unless more keys wait.
func (e *editor) show(line []rune, pos int) {
	e.count = len(line)
	e.t.screen.paint(line, pos)
	e.t.settle()
}

// settle writes the output now if nothing more is typed ahead, else soon.
func (t *Terminal) settle() {
	if t.in.empty() {
		t.screen.flush()
		return
	}
	t.screen.mu.Lock()
	t.screen.later()
	t.screen.mu.Unlock()
}

// help shows the text for `?`, paged like any output, and the line again. The
// gate is shut meanwhile.
func (e *editor) help(line []rune, pos int) {
	t := e.t
	defer t.in.resumeEdit()
	if t.cfg.Help == nil {
		t.screen.ring()
		return
	}
	left := string(line[:pos])
	text := t.cfg.Help(left)
	t.screen.leave("?", left+"<?>")
	p := Pager{t: t}
	if _, err := p.Write([]byte(text)); err == nil {
		_ = p.Close()
	}
	t.screen.again(e.line.prompt, line, pos, true)
}

// complete carries out TAB: what is certain is appended with a blank, and the
// line is shown again on a row of its own in any case.
func (e *editor) complete(line []rune, pos int) ([]rune, int) {
	t, done := e.t, false
	before := string(line)
	if pos == len(line) && t.cfg.Complete != nil {
		if rest, ok := t.cfg.Complete(before); ok {
			if !strings.HasSuffix(before+rest, ":") && !strings.HasSuffix(before+rest, "/") {
				rest += " " // what ends so goes on: flash:, flash:phones/
			}
			if add := []rune(rest); len(line)+len(add) <= MaxLine && printable(add) {
				line, done = append(line, add...), true
				pos = len(line)
			}
		}
	}
	if !done {
		t.screen.ring()
	}
	t.screen.recordKey(before + "<TAB>")
	t.screen.again(e.line.prompt, line, pos, false)
	return line, pos
}

func printable(rs []rune) bool {
	for _, r := range rs {
		if r < 0x20 || r >= 0x7F && !typeable(r) {
			return false
		}
	}
	return true
}

// recall walks the history. The line typed so far comes back below the newest.
func (e *editor) recall(line []rune, pos int, key rune) ([]rune, int) {
	l := &e.line
	switch {
	case key == keyPrev && l.at > 0:
		if l.at == len(l.history) {
			l.draft = append([]rune(nil), line...)
		}
		l.at--
	case key == keyNext && l.at < len(l.history):
		l.at++
	default:
		e.t.screen.ring()
		return line, pos
	}
	if l.at == len(l.history) {
		line = append([]rune(nil), l.draft...)
	} else {
		line = []rune(l.history[l.at])
		line = line[:min(len(line), MaxLine)]
	}
	return line, len(line)
}
