// Package plain keeps text from driving the terminal, the log or the eyes of
// whoever reads it. A name from outside (a host name of DHCP, a file a phone asks
// for, a user of SSH) is shown with what does not print written out; a line that
// is typed or pasted is refused if it holds any of that.
//
// What does not print are control characters of both ranges (ECMA-48), the marks
// that turn the direction of writing and make a name read as another (Unicode
// Standard Annex 9, "Trojan Source"), and other characters without a picture.
//
// Failure: there is none; text stays text. Testing: strings in, strings out.
package plain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// Shown is a name from outside as it is shown: of at most `most` bytes, 0 = all,
// and with \x1b or \u202e for what does not print. What is shown already is left
// as it is.
func Shown(s string, most int) string { return written(s, most, false) }

// Text is Shown of a text of several lines: line ends and tabs stay.
func Text(s string) string { return written(s, 0, true) }

func written(s string, most int, lines bool) string {
	if most <= 0 {
		most = len(s) * len(`\x00`) // no rune needs more for each of its bytes
	}
	if len(s) <= most && strings.IndexFunc(s, func(r rune) bool { return !stands(r, lines) || r == utf8.RuneError }) < 0 {
		return s
	}
	var b strings.Builder
	for i, n := 0, 0; i < len(s); i += n {
		var r rune
		r, n = utf8.DecodeRuneInString(s[i:])
		var next string
		switch {
		case r == utf8.RuneError && n == 1:
			next = escape('x', rune(s[i]), 2)
		case stands(r, lines):
			next = s[i : i+n]
		case r < utf8.RuneSelf:
			next = escape('x', r, 2)
		case r < 0x10000:
			next = escape('u', r, 4)
		default:
			next = escape('U', r, 8)
		}
		if b.Len()+len(next) > most {
			break
		}
		b.WriteString(next)
	}
	return b.String()
}

func stands(r rune, lines bool) bool {
	return r >= ' ' && r < 0x7f || lines && (r == '\n' || r == '\t') || r >= utf8.RuneSelf && unicode.IsPrint(r)
}

func escape(kind byte, r rune, digits int) string {
	b := []byte{'\\', kind}
	for i := digits - 1; i >= 0; i-- {
		b = append(b, hexDigits[r>>(4*i)&15])
	}
	return string(b)
}

// Typed finds what may not stand in a line that is typed: the offset of its
// first byte, -1 if the line is fit. Tabs may stand there, the two joiners that
// scripts are written with, and bytes that are no UTF-8 and no control
// character in any set of one byte.
func Typed(s string) int {
	for i, n := 0, 0; i < len(s); i += n {
		var r rune
		if r, n = rune(s[i]), 1; r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		switch {
		case r == utf8.RuneError && n == 1:
			if s[i] < 0xa0 {
				return i
			}
		case drives(r):
			return i
		}
	}
	return -1
}

// drives reports a character that does something to what stands around it.
func drives(r rune) bool {
	switch r {
	case '\t', '\u200c', '\u200d':
		return false
	case '\u2028', '\u2029':
		return true
	}
	return r < ' ' || r >= 0x7f && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}
