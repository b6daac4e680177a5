package terminal

import "unicode/utf8"

// Keys are runes. Printable keys are themselves, control keys their code, and
// everything with a meaning beyond one byte a private-use rune: the decoder
// drops U+E000..U+F8FF from the stream, so nobody can type one of these.
const (
	keyLineStart rune = 0x01 // ^A
	keyLeft      rune = 0x02 // ^B
	keyInterrupt rune = 0x03 // ^C
	keyLineEnd   rune = 0x05 // ^E
	keyRight     rune = 0x06 // ^F
	keyBell      rune = 0x07 // what the engine ignores
	keyEraseH    rune = 0x08 // ^H
	keyLF        rune = 0x0A
	keyCR        rune = 0x0D
	keyCtrlZ     rune = 0x1A // ^Z
	keyBreak     rune = 0x1E // ^^, Ctrl-Shift-6
	keyErase     rune = 0x7F // DEL
)

const (
	keyHelp rune = 0xE001 + iota
	keyTab
	keyPrev
	keyNext
	keyRedraw
	keyTranspose
	keyEraseWord // ^W: blanks, then non-blanks, left of the cursor
	keyDelete
	keyKillEnd   // ^K
	keyKillStart // ^U, ^X
	keyYank
	keyYankPop     // Esc-Y
	keyWordLeft    // Esc-B
	keyWordRight   // Esc-F
	keyKillWord    // Esc-D
	keyEraseLetter // Esc-DEL: back over one word of letters and digits
	keyCapital     // Esc-C
	keyUpper       // Esc-U
	keyLower       // Esc-L
	keyEscape      // a lone ESC where single keys are read
	keyTooLong     // the line is full
)

func privateUse(r rune) bool { return r >= 0xE000 && r <= 0xF8FF }

// decoder turns the byte stream into keys. It buffers no parameter of an escape
// sequence, and a byte below blank always ends a sequence and is a key of its
// own: no sequence can swallow an Enter.
type decoder struct {
	state decodeState
	first int // first parameter of ESC [, capped; -1 while there is none
	inOne bool
	utf   [utf8.UTFMax]byte
	have  int
	want  int
}

type decodeState uint8

const (
	ground decodeState = iota
	literal
	escape
	csi // after ESC [ or ESC O
	multi
)

// feed takes one byte and reports the key it completes, if any.
func (d *decoder) feed(b byte) (rune, bool) {
	switch d.state {
	case literal:
		d.state = ground
		if b >= 0x20 && b < 0x7F {
			return rune(b), true
		}
	case escape:
		if b < 0x20 && b != 0x08 { // Esc-^H is Esc-DEL
			d.state = ground
			break
		}
		return d.afterEscape(b)
	case csi:
		if b < 0x20 {
			d.state = ground
			break
		}
		return d.parameter(b)
	case multi:
		if b < 0x80 || b > 0xBF {
			d.state = ground
			break
		}
		return d.continuation(b)
	}
	return d.plain(b)
}

func (d *decoder) plain(b byte) (rune, bool) {
	switch {
	case b >= 0x80:
		d.lead(b)
		return 0, false
	case b == '?':
		return keyHelp, true
	case b >= 0x20:
		return rune(b), true
	}
	switch b {
	case 0x00:
		return 0, false
	case 0x04:
		return keyDelete, true
	case 0x09:
		return keyTab, true
	case 0x0B:
		return keyKillEnd, true
	case 0x0C, 0x12:
		return keyRedraw, true
	case 0x0E:
		return keyNext, true
	case 0x10:
		return keyPrev, true
	case 0x14:
		return keyTranspose, true
	case 0x15, 0x18:
		return keyKillStart, true
	case 0x16:
		d.state = literal
		return 0, false
	case 0x17:
		return keyEraseWord, true
	case 0x19:
		return keyYank, true
	case 0x1B:
		d.state = escape
		return 0, false
	}
	return rune(b), true
}

func (d *decoder) afterEscape(b byte) (rune, bool) {
	d.state = ground
	switch b {
	case '[', 'O':
		d.state, d.first, d.inOne = csi, -1, true
		return 0, false
	case 'b', 'B':
		return keyWordLeft, true
	case 'f', 'F':
		return keyWordRight, true
	case 'd', 'D':
		return keyKillWord, true
	case 'c', 'C':
		return keyCapital, true
	case 'u', 'U':
		return keyUpper, true
	case 'l', 'L':
		return keyLower, true
	case 'y', 'Y':
		return keyYankPop, true
	case 'q', 'Q':
		d.state = literal
	case 0x7F, 0x08:
		return keyEraseLetter, true
	}
	return 0, false
}

// parameter takes a byte inside ESC [ or ESC O: 20..3F are parameters, the
// first byte from 40 up is the final one. Only the whole first parameter counts,
// so that F5 (15~) is not Home (1~).
func (d *decoder) parameter(b byte) (rune, bool) {
	switch {
	case b >= '0' && b <= '9':
		if d.inOne && d.first < 1000 {
			d.first = max(d.first, 0)*10 + int(b-'0')
		}
		return 0, false
	case b < 0x40:
		d.inOne = false
		return 0, false
	}
	d.state = ground
	switch b {
	case 'A':
		return keyPrev, true
	case 'B':
		return keyNext, true
	case 'C':
		return keyRight, true
	case 'D':
		return keyLeft, true
	case 'H':
		return keyLineStart, true
	case 'F':
		return keyLineEnd, true
	case '~':
		switch d.first {
		case 1, 7:
			return keyLineStart, true
		case 4, 8:
			return keyLineEnd, true
		case 3:
			return keyDelete, true
		}
	}
	return 0, false
}

func (d *decoder) lead(b byte) {
	switch {
	case b >= 0xC2 && b <= 0xDF:
		d.want = 2
	case b >= 0xE0 && b <= 0xEF:
		d.want = 3
	case b >= 0xF0 && b <= 0xF4:
		d.want = 4
	default:
		return // a continuation byte alone, or never valid
	}
	d.state, d.utf[0], d.have = multi, b, 1
}

func (d *decoder) continuation(b byte) (rune, bool) {
	d.utf[d.have] = b
	d.have++
	if d.have < d.want {
		return 0, false
	}
	d.state = ground
	r, n := utf8.DecodeRune(d.utf[:d.have])
	if n != d.have || !typeable(r) {
		return 0, false
	}
	return r, true
}

// typeable says whether a rune beyond ASCII may stand in a line: no private
// rune (they are our keys) and no C1 control (terminals obey them).
func typeable(r rune) bool { return r >= 0xA0 && !privateUse(r) }

// text is the rune a key stands for where `?` and TAB mean nothing, or 0.
func text(key rune) rune {
	switch {
	case key == keyHelp:
		return '?'
	case key < 0x20, key == keyErase, privateUse(key):
		return 0
	}
	return key
}
