package cnf

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// oneLine makes a text fit for the line formats (SIP<MAC>.cnf, ld, gk): valid
// UTF-8 without control characters, so that no value can end its line.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return '?'
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return -1
		}
		return r
	}, s)
}

// quoted makes a text fit to stand between double quotes; the format knows no
// escape, so a quote becomes an apostrophe.
func quoted(s string) string { return strings.ReplaceAll(oneLine(s), `"`, "'") }

// atMost cuts a text to n bytes without cutting a character.
func atMost(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// lines writes `key: "value";` lines. [facts/cme.md 6.2]
type lines struct{ b bytes.Buffer }

func (l *lines) put(key, value string) {
	l.b.WriteString(key + `: "` + quoted(value) + "\";\n")
}
