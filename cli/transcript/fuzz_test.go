package transcript

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What the box sends is drawn without a fault, whole or in two pieces.
func FuzzDraw(f *testing.F) {
	f.Add("Router#show clock\r\n*10:00\r\nRouter#", 7)
	f.Add(" --More-- \b\b\b\b\b\b\b\b\b        \b\b\b\b\b\b\b\b\bline\r\n", 12)
	f.Add("Z\xc3\xbcrich\r\n", 2)
	f.Fuzz(func(t *testing.T, text string, cut int) {
		one, two := screen{}, screen{}
		rest := one.draw([]byte(text))
		if len(rest) > 3 {
			t.Errorf("%d bytes wait for the end of a rune", len(rest))
		}
		if cut = max(0, min(cut, len(text))); !utf8.ValidString(text) {
			return
		}
		left := two.draw([]byte(text[:cut]))
		two.draw(append(left, text[cut:]...))
		if string(one.row) != string(two.row) || strings.Join(one.lines, "\n") != strings.Join(two.lines, "\n") {
			t.Errorf("cut at %d: %q %q and %q %q", cut, one.lines, string(one.row), two.lines, string(two.row))
		}
	})
}

// A transcript that was updated matches, whatever stood in it and whatever the
// box says.
func FuzzMerge(f *testing.F) {
	f.Add("a\n...\nb <*>", "a\nx\nb 1")
	f.Add("...\n...\n...", "# x\nRouter#y\n...\n\\z")
	f.Add("<*>\n<*>", "a\nb\nc")
	f.Fuzz(func(t *testing.T, want, got string) {
		g := escape(strings.Split(got, "\n"))
		if m := merge(strings.Split(want, "\n"), g); !match(m, g) {
			t.Errorf("%q does not match %q", m, g)
		}
	})
}

// Keys come from a file: none breaks anything.
func FuzzPress(f *testing.F) {
	f.Add("show ip <?>")
	f.Add("<^Z><NUL><x><^")
	f.Fuzz(func(t *testing.T, text string) {
		bytes, ends, err := press(text)
		if err == nil && ends == "?" && !strings.HasSuffix(bytes, "?") {
			t.Errorf("%q ends in %q but is %q", text, ends, bytes)
		}
	})
}
