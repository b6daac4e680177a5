package language_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/platform/config"
	"option150/platform/netif"
)

// TestConfigurationsSayTheSame: beside a configuration in testdata stands what
// must hold once it is read, in NAME.want:
//
//	box A B            the interfaces the box has; without it those the text names
//	SECTION | LINE     the line is printed in that section; no section is the top level
//	not | LINE         no line anywhere begins so
//	notin SECTION | L  nor in that section
//	debris             lines of a session stand among those of the configuration,
//	terminal           and words of a terminal: prompts, the pager
//
// Read again, what is printed says it as well.
func TestConfigurationsSayTheSame(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(configs, "*.want"))
	if len(files) < 40 {
		t.Fatalf("only %d configurations with facts", len(files))
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".want"), func(t *testing.T) {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(strings.TrimSuffix(f, ".want") + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			b := boxFor(t, string(want), string(text))
			rep, err := b.Candidate(string(text), b.factory, b.refuse)
			if err != nil {
				t.Fatal(err)
			}
			printed := b.RenderText(rep.Config)
			holds(t, string(want), printed)
			again := b.load(t, printed)
			if len(again.Rejected) > 0 || !again.Config.Equal(rep.Config) {
				t.Errorf("what is printed is not what was read: %v\n%s", again.Rejected, printed)
			}
			if t.Failed() {
				t.Logf("rejected %v\nprinted\n%s", rep.Rejected, printed)
			}
		})
	}
}

// boxFor is the box a configuration is for.
func boxFor(t *testing.T, want, text string) *box {
	t.Helper()
	first, _, _ := strings.Cut(want, "\n")
	names, ok := strings.CutPrefix(first, "box ")
	if !ok {
		return newBoxOf(t, text)
	}
	var f config.Facts
	for _, n := range strings.Fields(names) {
		f.Interfaces = append(f.Interfaces, config.InterfaceFact{Mapping: netif.Mapping{Name: n, Device: n, Managed: true}, Up: true})
	}
	return newBoxWith(t, f)
}

// debris reports that the file has more than lines of a configuration.
func debris(file string) bool {
	want, _ := os.ReadFile(strings.TrimSuffix(file, ".txt") + ".want")
	return strings.Contains("\n"+string(want), "\ndebris\n")
}

// holds checks the facts over a printed configuration.
func holds(t *testing.T, want, printed string) {
	t.Helper()
	for fact := range strings.Lines(want) {
		section, line, ok := strings.Cut(strings.TrimSuffix(fact, "\n"), "| ")
		if !ok {
			continue // box, debris, terminal
		}
		section = strings.TrimSpace(section)
		in, absent := strings.CutPrefix(section, "notin ")
		switch {
		case section == "not":
			for l := range strings.Lines(printed) {
				if strings.HasPrefix(strings.TrimLeft(l, " "), line) {
					t.Errorf("there is a line %q", strings.TrimSpace(l))
				}
			}
		case absent && within(printed, in, line):
			t.Errorf("%q is in %q", line, in)
		case !absent && !within(printed, section, line):
			t.Errorf("%q is not in %q", line, section)
		}
	}
}

// within reports that a section, "" is the top level, has a line.
func within(printed, section, line string) bool {
	var above []string // the headers a line stands below, by its depth
	for l := range strings.Lines(printed) {
		l = strings.TrimRight(l, "\n")
		text := strings.TrimLeft(l, " ")
		depth := len(l) - len(text)
		above = append(above[:min(depth, len(above))], text)
		if text != line {
			continue
		}
		if section == "" && depth == 0 {
			return true
		}
		for _, h := range above[:len(above)-1] {
			if h == section {
				return true
			}
		}
	}
	return false
}
