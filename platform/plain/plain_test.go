package plain

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestShown(t *testing.T) {
	for in, want := range map[string]string{
		"SEP001E7A000001.cnf.xml": "SEP001E7A000001.cnf.xml",
		"a b\\c":                  "a b\\c",
		"Büro 3, 電話":              "Büro 3, 電話",
		"a\x1b[2J":                `a\x1b[2J`,
		"a\nb\tc\x7f":             `a\x0ab\x09c\x7f`,
		"a\u0085b\u009bc":         `a\u0085b\u009bc`,
		"exe.\u202efdp":           `exe.\u202efdp`,
		"\u2066a\u2069\u200f":     `\u2066a\u2069\u200f`,
		"a\u200bb\ufeff":          `a\u200bb\ufeff`,
		"\xff\x9b":                `\xff\x9b`,
		"\U000e0041":              `\U000e0041`,
		"a\u2028b":                `a\u2028b`,
		"a\u00a0b":                `a\u00a0b`,
		"":                        "",
	} {
		if got := Shown(in, 0); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for _, c := range []struct {
		in   string
		most int
		want string
	}{{"abcdef", 3, "abc"}, {"ab\x1b", 5, "ab"}, {"ab\x1b", 6, `ab\x1b`}, {"aé", 2, "a"}, {"é\xff", 3, "é"}} {
		if got := Shown(c.in, c.most); got != c.want {
			t.Errorf("%q at %d: %q, want %q", c.in, c.most, got, c.want)
		}
	}
	if got := Text("a\n\tb\x1b\r\n"); got != "a\n\tb\\x1b\\x0d\n" {
		t.Errorf("%q", got)
	}
}

func TestTyped(t *testing.T) {
	for in, want := range map[string]int{
		"": -1, "hostname X": -1, "a\tb": -1, "description Büro 電話 😀": -1, "می\u200cخواهم": -1, "B\xfcro": -1,
		"a\x1b": 1, "a\x00": 1, "a\x7f": 1, "é\u009b": 2, "\x9b": 0, "ab\u202e": 2, "\u2066": 0, "\u200e": 0, "x\u061c": 1, "a\u2028": 1, "a\u200b": 1, "a\ufeff": 1,
	} {
		if got := Typed(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func FuzzShown(f *testing.F) {
	for _, s := range []string{"a\x1b[2J", "exe.\u202efdp", "\xff", "\\x1b", strings.Repeat("\U000e0041", 9)} {
		f.Add(s, 20)
	}
	f.Fuzz(func(t *testing.T, s string, most int) {
		got := Shown(s, most)
		if most > 0 && len(got) > most || !utf8.ValidString(got) {
			t.Errorf("%q at %d: %q", s, most, got)
		}
		if again := Shown(got, most); again != got {
			t.Errorf("%q is shown as %q, and that as %q", s, got, again)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) || Typed(got) >= 0 {
			t.Errorf("%q", got)
		}
		if x := Text(s); strings.ContainsFunc(x, func(r rune) bool {
			return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r)
		}) {
			t.Errorf("%q", x)
		}
		if i := Typed(s); i >= len(s) {
			t.Errorf("%q: %d", s, i)
		}
	})
}
