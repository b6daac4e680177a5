package terminal

import (
	"io"
	"unicode/utf8"
)

// maxPassword is the number of characters of a password.
const maxPassword = 256

// hidden stands for a password in a transcript.
const hidden = "<password>"

// ReadKey asks a question that is answered by one key, as [confirm] is: Enter
// is '\r', ^C is 3, and a key that is no ASCII character, such as an arrow, is
// ESC. A printable key is echoed and output goes on behind it; Enter ends the
// row. What was typed ahead answers too. In plain mode the answer is a line, of
// which the first character counts.
func (t *Terminal) ReadKey(question string) (byte, error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	t.pager.Reset()
	if !t.cfg.Echo {
		line, err := t.plainAnswer(question, false)
		switch {
		case err != nil:
			return 0, err
		case line == "":
			return '\r', nil
		case line[0] >= 0x7F:
			return 0x1B, nil
		}
		return line[0], nil
	}
	t.screen.begin(question, false)
	key, err := t.key()
	if err != nil {
		return 0, err
	}
	switch {
	case key == keyHelp:
		key = '?'
	case key == keyLF:
		key = keyCR
	case key >= 0x7F:
		key = 0x1B
	}
	if key >= 0x20 {
		t.screen.wipe(string(key), string(key))
	} else {
		t.screen.leave("", "")
	}
	t.settle()
	return byte(key), nil
}

// key takes one key from the queue.
func (t *Terminal) key() (rune, error) {
	if t.dead {
		return 0, io.EOF
	}
	return t.in.nextKey()
}

// ReadPassword asks for a line of which nothing is echoed: not a star, not a
// blank. DEL and ^H erase, ^U and ^X start over, ^C is ErrInterrupt; the answer
// goes into no history and no transcript.
func (t *Terminal) ReadPassword(question string) (string, error) {
	t.reading.Lock()
	defer t.reading.Unlock()
	t.pager.Reset()
	if !t.cfg.Echo {
		return t.plainAnswer(question, true)
	}
	t.screen.begin(question, false)
	var word []rune
	for {
		key, err := t.key()
		if err != nil {
			return "", err
		}
		switch key {
		case keyCR, keyLF:
			t.screen.leave("", hidden)
			t.settle()
			return string(word), nil
		case keyInterrupt:
			t.screen.leave("", "<^C>")
			t.settle()
			return "", ErrInterrupt
		case keyErase, keyEraseH:
			word = word[:max(len(word)-1, 0)]
		case keyKillStart:
			word = word[:0]
		default:
			if r := text(key); r != 0 && len(word) < maxPassword && utf8.ValidRune(r) {
				word = append(word, r)
			}
		}
	}
}
