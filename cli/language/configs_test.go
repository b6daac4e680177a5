package language_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

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
