package terminal

import "unicode"

// change carries out an editing key on a line that it may overwrite. false is
// the bell. Killed text can be yanked; the line never passes MaxLine.
func (e *editor) change(line []rune, pos int, key rune) ([]rune, int, bool) {
	switch key {
	case keyDelete:
		if pos == len(line) {
			return line, pos, false
		}
		return append(line[:pos], line[pos+1:]...), pos, true
	case keyTranspose:
		return transpose(line, pos)
	case keyKillEnd:
		return e.cut(line, pos, len(line), pos)
	case keyKillStart:
		return e.cut(line, 0, pos, pos)
	case keyEraseWord:
		return e.cut(line, wordStart(line, pos, notBlank), pos, pos)
	case keyEraseLetter:
		return e.cut(line, wordStart(line, pos, letter), pos, pos)
	case keyKillWord:
		return e.cut(line, pos, wordEnd(line, pos), pos)
	case keyYank:
		return e.yank(line, pos)
	case keyYankPop:
		return e.yankPop(line, pos)
	case keyCapital, keyUpper, keyLower:
		end := wordEnd(line, pos)
		recase(line[pos:end], key)
		return line, end, true
	}
	return line, pos, false
}

// cut removes line[from:to] and keeps it for ^Y.
func (e *editor) cut(line []rune, from, to, pos int) ([]rune, int, bool) {
	if from >= to {
		return line, pos, true
	}
	e.kills = append(e.kills, append([]rune(nil), line[from:to]...))
	if len(e.kills) > maxKills {
		e.kills = append(e.kills[:0], e.kills[1:]...)
	}
	return append(line[:from], line[to:]...), from, true
}

// yank inserts what was cut last.
func (e *editor) yank(line []rune, pos int) ([]rune, int, bool) {
	e.kill, e.yanked = len(e.kills)-1, 0
	if e.kill < 0 {
		return line, pos, true
	}
	return e.insertKill(line, pos)
}

// yankPop replaces what ^Y just inserted by what was cut before it.
func (e *editor) yankPop(line []rune, pos int) ([]rune, int, bool) {
	if len(e.kills) == 0 || e.last != keyYank && e.last != keyYankPop {
		return line, pos, false
	}
	from := pos - e.yanked
	line = append(line[:from], line[pos:]...)
	e.kill = (e.kill + len(e.kills) - 1) % len(e.kills)
	return e.insertKill(line, from)
}

// insertKill refuses what would make the line too long.
func (e *editor) insertKill(line []rune, pos int) ([]rune, int, bool) {
	piece := e.kills[e.kill]
	e.yanked = 0
	if len(line)+len(piece) > MaxLine {
		return line, pos, false
	}
	e.yanked = len(piece)
	out := make([]rune, 0, len(line)+len(piece))
	out = append(append(append(out, line[:pos]...), piece...), line[pos:]...)
	return out, pos + len(piece), true
}

// transpose swaps the characters around the cursor; at the end the last two.
func transpose(line []rune, pos int) ([]rune, int, bool) {
	if len(line) < 2 || pos == 0 {
		return line, pos, false
	}
	if pos == len(line) {
		pos--
	}
	line[pos-1], line[pos] = line[pos], line[pos-1]
	return line, pos + 1, true
}

func notBlank(r rune) bool { return r != ' ' }

func letter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// wordStart is where the word left of pos begins, with what separates it.
func wordStart(line []rune, pos int, in func(rune) bool) int {
	for pos > 0 && !in(line[pos-1]) {
		pos--
	}
	for pos > 0 && in(line[pos-1]) {
		pos--
	}
	return pos
}

// wordEnd is where the word right of pos ends.
func wordEnd(line []rune, pos int) int {
	for pos < len(line) && !letter(line[pos]) {
		pos++
	}
	for pos < len(line) && letter(line[pos]) {
		pos++
	}
	return pos
}

// recase changes the case of a word, rune by rune, so its length stays.
func recase(word []rune, key rune) {
	first := true
	for i, r := range word {
		switch {
		case key == keyUpper, key == keyCapital && first && letter(r):
			word[i] = unicode.ToUpper(r)
		default:
			word[i] = unicode.ToLower(r)
		}
		first = first && !letter(r)
	}
}
