package grammar

import (
	"fmt"
	"strings"

	"option150/platform/plain"
)

// printable refuses control characters: a value must never be able to put a
// line of its own into a configuration.
func printable(s string) bool { return plain.Typed(s) < 0 }

// word is one word, kept as typed.
type word struct{}

func (word) Label() string         { return "WORD" }
func (word) Rank() int             { return RankWord }
func (word) Format(v any) string   { return fmt.Sprint(v) }
func (word) Partial(s string) bool { return printable(s) }

func (word) Parse(s string) (any, error) {
	if s == "" || !printable(s) || strings.ContainsAny(s, blanks) {
		return nil, errFit
	}
	return s, nil
}

// line is the rest of the line, with the blanks between its words.
type line struct{}

func (line) Label() string            { return "LINE" }
func (line) Rank() int                { return RankLine }
func (line) Format(v any) string      { return fmt.Sprint(v) }
func (line) Partial(s string) bool    { return printable(s) }
func (line) Span(tokens []string) int { return len(tokens) }

func (line) Parse(s string) (any, error) {
	if s == "" || !printable(s) {
		return nil, errFit
	}
	return s, nil
}

// quoted is a word, or any text in double quotes. There is no way to write a
// quote inside quotes, as in IOS.
type quoted struct{}

func (quoted) Label() string         { return "WORD" }
func (quoted) Rank() int             { return RankWord }
func (quoted) Partial(s string) bool { return printable(s) }

func (quoted) Format(v any) string {
	s := fmt.Sprint(v)
	if s == "" || s[0] == '"' || strings.ContainsAny(s, blanks) {
		return `"` + s + `"`
	}
	return s
}

func (quoted) Span(tokens []string) int {
	if tokens[0][0] != '"' {
		return 1
	}
	for i, t := range tokens {
		if t[len(t)-1] == '"' && (i > 0 || len(t) > 1) {
			return i + 1
		}
	}
	return len(tokens) // never closed: Parse refuses it
}

func (quoted) Parse(s string) (any, error) {
	if s == "" || !printable(s) {
		return nil, errFit
	}
	if s[0] != '"' {
		if strings.ContainsAny(s, blanks) {
			return nil, errFit
		}
		return s, nil
	}
	if len(s) < 2 || strings.IndexByte(s[1:], '"') != len(s)-2 {
		return nil, errFit
	}
	return s[1 : len(s)-1], nil
}
