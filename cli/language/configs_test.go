package language_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"option150/platform/config"
	"option150/platform/netif"
)

const configs = "../../testdata/configs"

// TestRouterConfigurations: whole configurations of routers. Every line ends in
// one of the three classes, what is printed loads as the same value, and what
// is printed of that is the same text.
func TestRouterConfigurations(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(configs, "*.txt"))
	if len(files) < 4 {
		t.Fatalf("only %d configurations in %s", len(files), configs)
	}
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			text := string(raw)
			b := newBoxOf(t, text)
			rep, err := b.Candidate(text, b.factory, b.refuse)
			if err != nil {
				t.Fatal(err)
			}
			if n := counted(text); rep.Lines() != n && !debris(f) {
				t.Errorf("%d lines are accounted for, the file has %d", rep.Lines(), n)
			}
			b.stable(t, rep)
			if lost := missing(rep.CarriedText, b.Render(rep.Config, false)); lost != nil && !debris(f) {
				t.Errorf("carried, but not printed back:\n%s", strings.Join(lost, "\n"))
			}
			whole := b.RenderText(rep.Config)
			for name, change := range map[string]func(string) string{
				"crlf":     func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") },
				"indented": func(s string) string { return "  " + strings.ReplaceAll(s, "\n", "\n  ") },
				"tabs":     func(s string) string { return strings.ReplaceAll(s, "\n ", "\n\t") },
			} {
				if strings.Contains(whole, "banner") && name != "crlf" {
					continue // the text of a banner would be another
				}
				again := b.load(t, change(whole))
				if d := cmp.Diff(whole, b.RenderText(again.Config)); d != "" {
					t.Errorf("%s:\n%s", name, d)
				}
			}
			prefixes(t, b, whole)
		})
	}
}

// TestFilesOfOtherMachines: how an editor, a terminal or a download wrote a file
// is nothing that the configuration says.
func TestFilesOfOtherMachines(t *testing.T) {
	wide := func(mark string, order binary.AppendByteOrder) func(string) string {
		return func(s string) string {
			out := []byte(mark)
			for _, u := range utf16.Encode([]rune(s)) {
				out = order.AppendUint16(out, u)
			}
			return string(out)
		}
	}
	page := func(wiped string) func(string) string {
		return func(s string) string {
			lines := strings.Split(s, "\n")
			for i := 22; i < len(lines); i += 23 {
				lines[i] = " --More-- " + wiped + lines[i]
			}
			return strings.Join(lines, "\n")
		}
	}
	forms := map[string]func(string) string{
		"a byte order mark":                func(s string) string { return "\ufeff" + s },
		"a mark and a script":              func(s string) string { return "\ufeffconf t\n" + s },
		"marks pasted before each line":    func(s string) string { return "\u200b" + strings.ReplaceAll(s, "\n", "\n\u200b") },
		"UTF-16, little end first":         wide("\xff\xfe", binary.LittleEndian),
		"UTF-16, big end first":            wide("\xfe\xff", binary.BigEndian),
		"carriage returns alone":           func(s string) string { return strings.ReplaceAll(s, "\n", "\r") },
		"line ends translated twice":       func(s string) string { return strings.ReplaceAll(s, "\n", "\r\r\n") },
		"a pager that wipes by backspaces": page("\b\b\b\b\b\b\b\b\b\b          \b\b\b\b\b\b\b\b\b\b"),
		"a pager that wipes by a return":   page("\r          \r"),
		"a terminal that colours":          func(s string) string { return strings.ReplaceAll(s, "\n", "\x1b[0m\x1b[K\n\x1b[1;32m") },
	}
	files, _ := filepath.Glob(filepath.Join(configs, "*.txt"))
	for i, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b := newBoxOf(t, string(raw))
		plain := b.RenderText(b.load(t, string(raw)).Config)
		for name, form := range forms {
			if strings.Contains(plain, "banner") && strings.Contains(name, "before each") {
				continue // the text of a banner would be another
			}
			if len(raw) > 20_000 && i%4 > 0 {
				continue
			}
			if d := cmp.Diff(plain, b.RenderText(b.load(t, form(plain)).Config)); d != "" {
				t.Errorf("%s: %s:\n%s", filepath.Base(f), name, d)
			}
		}
	}
}

// TestBelowNobody: what is above a phone, and how far the phone is indented, does
// not take it away.
func TestBelowNobody(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(configs, "*.txt"))
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b := newBoxOf(t, string(raw))
		plain := b.load(t, string(raw)).Config
		text := b.RenderText(plain)
		if strings.Contains(text, "banner") {
			continue
		}
		got := b.load(t, "frobnicate the lot\n "+strings.ReplaceAll(text, "\n", "\n ")).Config
		if d := cmp.Diff(plain.Telephony.Ephones, got.Telephony.Ephones); d != "" {
			t.Errorf("%s: %s", filepath.Base(f), d)
		}
		if d := cmp.Diff(plain.Telephony.Pools, got.Telephony.Pools); d != "" {
			t.Errorf("%s: %s", filepath.Base(f), d)
		}
	}
}

// prefixes is law L5 for whole configurations: a file that was cut anywhere
// still validates.
func prefixes(t *testing.T, b *box, text string) {
	t.Helper()
	lines := strings.SplitAfter(text, "\n")
	for n := 0; n < len(lines); n += 7 {
		if err := b.refuse(b.load(t, strings.Join(lines[:n], "")).Config); err != nil {
			t.Errorf("the first %d lines do not validate: %v", n, err)
		}
	}
}

// newBoxOf is a box with the interfaces the text names.
func newBoxOf(t testing.TB, text string) *box {
	t.Helper()
	b := newBox(t)
	b.facts.Interfaces = nil
	for line := range strings.Lines(text) {
		if name, ok := strings.CutPrefix(line, "interface "); ok {
			if n, ok := netif.ParseName(strings.TrimSpace(name)); ok {
				b.facts.Interfaces = append(b.facts.Interfaces, config.InterfaceFact{Mapping: netif.Mapping{Name: n, Device: n, Managed: true}, Up: true})
			}
		}
	}
	return newBoxWith(t, b.facts)
}

// counted is the number of lines of a configuration that say something. A
// banner counts as one.
func counted(text string) int {
	n, from := 0, 0
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if t := strings.TrimSpace(l); t == "!" || strings.HasPrefix(t, "version 1") {
			from = i
			break
		}
	}
	until := ""
	for _, l := range lines[from:] {
		t := strings.TrimSpace(l)
		switch {
		case until != "":
			if strings.HasPrefix(t, until) {
				until = ""
			}
		case t == "end":
			return n
		case t == "" || t[0] == '!':
		case strings.HasPrefix(t, "banner "):
			if until = strings.Fields(t)[2]; strings.Count(t, until) > 1 {
				until = "" // all of it on one line
			}
			n++
		default:
			n++
		}
	}
	return n
}

// missing are the lines that are not printed, whatever their blanks. Banners are
// printed with their text, and `no` of what is not there says nothing.
func missing(lines, printed []string) []string {
	have := map[string]bool{}
	for _, l := range printed {
		have[strings.Join(strings.Fields(l), " ")] = true
	}
	var out []string
	for _, l := range lines {
		if !have[strings.Join(strings.Fields(l), " ")] && !strings.HasPrefix(l, "banner ") && !strings.HasPrefix(l, "no ") {
			out = append(out, l)
		}
	}
	return out
}
