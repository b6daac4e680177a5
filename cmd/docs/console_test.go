package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/cli/command"
	"option150/cli/grammar"
	"option150/cli/language"
	"option150/cli/session"
	"option150/cmd/option150/lab"
	"option150/platform/netns"
	"option150/platform/testkit"
	"option150/platform/testkit/golden"
	"option150/telephony/audit"
	"option150/telephony/simphone"
)

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

// A block fenced as console shows a session: lines that begin with a prompt
// were typed, everything else is what the box answered.
var (
	fence      = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")
	promptLine = regexp.MustCompile(`^([A-Za-z][\w-]*)(?:\(([\w-]+)\))?([>#])(.*)$`)
)

// typed is one line that was typed, with what was answered.
type typed struct {
	prompt string // "Branch(config)#"
	mode   string // of the language
	level  int
	line   string
	answer []string
}

func sessionOf(block string) (steps []typed) {
	for _, l := range strings.Split(strings.TrimSuffix(block, "\n"), "\n") {
		m := promptLine.FindStringSubmatch(l)
		if m == nil {
			if n := len(steps); n > 0 {
				steps[n-1].answer = append(steps[n-1].answer, l)
			}
			continue
		}
		s := typed{prompt: strings.TrimSuffix(l, m[4]), mode: language.Exec, level: 1, line: strings.TrimSpace(m[4])}
		if strings.HasSuffix(m[4], " ?") {
			s.line = strings.TrimLeft(m[4], " ")
		}
		if m[3] == "#" {
			s.level = 15
		}
		if m[2] != "" {
			s.mode = m[2]
		}
		steps = append(steps, s)
	}
	return steps
}

// TestTypedLinesAreCommands: every line typed in the manual is one the box
// takes in that mode, unless the answer shown is that it does not.
func TestTypedLinesAreCommands(t *testing.T) {
	b, err := box()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for name, text := range manual(t) {
		for _, m := range fence.FindAllStringSubmatch(text, -1) {
			for _, s := range sessionOf(m[1]) {
				n++
				if s.line == "" || slices.ContainsFunc(s.answer, func(a string) bool { return strings.HasPrefix(a, "% Invalid input") }) {
					continue
				}
				if why := understood(b, s); why != "" {
					t.Errorf("%s: %s%s: %s", name, s.prompt, s.line, why)
				}
			}
		}
	}
	if n < 10 {
		t.Errorf("only %d typed lines in the manual: the sessions are not recognised", n)
	}
}

func understood(b *command.Box, s typed) string {
	mode, line := s.mode, s.line
	if rest, ok := strings.CutPrefix(line, "do "); ok && mode != language.Exec {
		mode, line = language.Exec, rest
	}
	if b.Language.Graph(mode) == nil {
		return "no such mode"
	}
	if text, ok := strings.CutSuffix(line, "?"); ok {
		if k := b.Language.Graph(mode).Help(text, s.level).Kind; k != grammar.OK {
			return "help is " + k.String()
		}
		return ""
	}
	if mode == language.Exec {
		line, _, _ = strings.Cut(line, " |")
	}
	for {
		r := b.Language.Graph(mode).Match(line, s.level)
		parent := b.Language.Mode(mode).Parent
		if r.Kind == grammar.OK {
			return ""
		}
		if r.Kind != grammar.Invalid || parent == "" {
			return r.Kind.String()
		}
		mode = parent
	}
}

// Configurations shown, fenced as ios, are taken without a rejected line.
func TestConfigurationsLoad(t *testing.T) {
	b, err := box()
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?ms)^```ios\n(.*?)^```$")
	for name, text := range manual(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			rep, err := b.Language.Load(m[1], b.Store.Current(), nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			for _, e := range rep.Rejected {
				t.Errorf("%s: a configuration it shows: %v", name, e)
			}
		}
	}
}

var makeTarget = regexp.MustCompile(`(?m)^([a-z0-9%-]+):.*## `)

// Commands of a shell, fenced as sh, exist: subcommands of option150, targets
// of make, packages of go run.
func TestShellCommandsExist(t *testing.T) {
	mk, err := os.ReadFile(filepath.Join(top, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := map[string]bool{}
	for _, m := range makeTarget.FindAllStringSubmatch(string(mk), -1) {
		targets[m[1]] = true
	}
	subcommands := map[string]bool{"lab": true, "run": true, "check": true, "pfs": true, "version": true, "help": true}
	block := regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	for name, text := range manual(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			for _, l := range strings.Split(m[1], "\n") {
				w := strings.Fields(l)
				for len(w) > 0 && (w[0] == "sudo" || w[0] == "|") {
					w = w[1:]
				}
				switch {
				case len(w) < 2:
				case filepath.Base(w[0]) == "option150" && !subcommands[w[1]]:
					t.Errorf("%s: option150 has no %s", name, w[1])
				case w[0] == "make" && !strings.Contains(w[1], "=") && !targets[w[1]]:
					t.Errorf("%s: make has no %s", name, w[1])
				case w[0] == "go" && w[1] == "run" && len(w) > 2:
					if _, err := os.Stat(filepath.Join(top, w[2])); err != nil {
						t.Errorf("%s: %s: %v", name, l, err)
					}
				}
			}
		}
	}
}

// TestReadmeSessions runs what the README shows in a lab of its own and
// compares. Times, addresses and sizes may differ, nothing else. A line of
// three dots stands for lines left out.
func TestReadmeSessions(t *testing.T) {
	// The phones on the stepping stone have their verdict seconds after they are up.
	runSessions(t, "README.md", lab.Options{Phones: simphone.Catalogue()}, "show phones", regexp.MustCompile("3 with R32"), varies)
}

// TestSharingSessions does the same for the page about firmware sharing, in the
// lab of `option150 lab --pfs --mirror`. Which phone becomes root, and who is
// whose child, differs from one lab to the next.
func TestSharingSessions(t *testing.T) {
	o := lab.Sharers()
	o.Mirror = true
	runSessions(t, "docs/pfs.md", o, "show pfs verify", regexp.MustCompile(`(?s) works +9 .* works +6 .* works +3 `), variesShared)
}

// variesShared are names, addresses, places in the tree, times and counts.
var variesShared = regexp.MustCompile(`SEP[0-9A-F]{12}|10\.150\.\d+\.\d+|\b[0-9A-F]{8}\b|\d\d:\d\d:\d\d(\.\d+)?|\d+(\.\d+)?`)

// runSessions runs the sessions a page shows in a lab of its own, from when
// a line says what the page begins with; forms are compared without what varies.
func runSessions(t *testing.T, page string, o lab.Options, line string, begins, varies *regexp.Regexp) {
	testkit.NeedNamespaces(t)
	file := filepath.Join(top, page)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	o.Root, o.Version, o.Commit, o.SSH = t.TempDir(), "1.0.0", "readme", "127.0.0.1:0"
	o.Machine = &audit.Machine{} // the page shows no disk
	testkit.Neighbours(t, len(o.Phones)+len(o.Far))
	l, err := lab.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !l.Settle(t.Context(), 90*time.Second) {
		t.Fatal("not all phones of the lab came up")
	}
	time.Sleep(300 * time.Millisecond) // the last files of the last phones: tones, jars
	b := l.Box.Box()
	var out bytes.Buffer
	s := session.New(session.Options{Language: b.Language, Store: b.Store, Recorder: b.Journal, Out: &out, Line: "con0", From: "console", Privilege: 15})
	for until := time.Now().Add(time.Minute); !begins.MatchString(out.String()); time.Sleep(100 * time.Millisecond) {
		said := out.String()
		if out.Reset(); time.Now().After(until) {
			t.Fatalf("%s never says %q:\n%s", line, begins, said)
		}
		s.Line(t.Context(), line)
	}
	found := fence.ReplaceAllFunc(text, func(block []byte) []byte {
		body := fence.FindSubmatch(block)[1]
		if !bytes.HasPrefix(body, []byte("Branch")) || bytes.Contains(body, []byte("#reload\n")) {
			return block // of another box, or of one that starts anew in between
		}
		var w strings.Builder
		for _, step := range sessionOf(string(body)) {
			if at := s.Prompt(); at != step.prompt {
				t.Errorf("%s: %s%s: the prompt is %s", page, step.prompt, step.line, at)
			}
			fmt.Fprintf(&w, "%s%s\n", step.prompt, step.line)
			out.Reset()
			if q, ok := strings.CutSuffix(step.line, "?"); ok {
				out.WriteString(s.Help(q))
			} else {
				s.Line(t.Context(), step.line)
			}
			got := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
			if diff := unlike(step.answer, got, varies); diff != "" {
				if !golden.Update() {
					t.Errorf("%s: %s%s: %s", page, step.prompt, step.line, diff)
				}
				step.answer = trimmed(got)
			}
			for _, a := range step.answer {
				w.WriteString(a + "\n")
			}
		}
		return []byte("```console\n" + w.String() + "```")
	})
	if golden.Update() {
		if err := os.WriteFile(file, found, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// varies is what differs from one lab to the next.
var varies = regexp.MustCompile(`10\.150\.0\.\d+|\d\d:\d\d:\d\d(\.\d+)?|\+?\d+\.\d{3}\b|\d+(\.\d+)? m?s\b|[\d,]+ B\b|<1 ms|[A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d [AP]M`)

func sameForm(lines []string, varies *regexp.Regexp) (out []string) {
	for _, l := range trimmed(lines) {
		if l = strings.Join(strings.Fields(varies.ReplaceAllString(l, "~")), " "); l != "" {
			out = append(out, l)
		}
	}
	return out
}

func trimmed(lines []string) (out []string) {
	for _, l := range lines {
		if l = strings.TrimRight(l, " \r"); l != "" || len(out) > 0 {
			out = append(out, l)
		}
	}
	return out
}

// unlike compares what the README has with what was found, "" if alike.
func unlike(want, got []string, varies *regexp.Regexp) string {
	w, g := sameForm(want, varies), sameForm(got, varies)
	for i, j := 0, 0; ; {
		switch {
		case i == len(w) && j == len(g):
			return ""
		case i == len(w):
			return fmt.Sprintf("surplus line %q", g[j])
		case w[i] == "...":
			if i+1 == len(w) {
				return ""
			}
			next := slices.Index(g[j:], w[i+1])
			if next < 0 {
				return fmt.Sprintf("no line %q behind the dots", w[i+1])
			}
			i, j = i+1, j+next
		case j == len(g):
			return fmt.Sprintf("line %q is not there", w[i])
		case w[i] != g[j]:
			return fmt.Sprintf("the page has %q, the box says %q", w[i], g[j])
		default:
			i, j = i+1, j+1
		}
	}
}

func TestUnlike(t *testing.T) {
	for _, c := range []struct {
		want, got string
		same      bool
	}{
		{"a\nb", "a\nb", true},
		{"a\n...\nd", "a\nb\nc\nd", true},
		{"a\n...", "a\nb\nc", true},
		{"a\n...\nx", "a\nb", false},
		{"a 12 ms at 10.150.0.10", "a  3 ms at 10.150.0.23", true},
		{"200 1,748 B <1 ms", "200 1,749 B 2 ms", true},
		{"200", "404", false},
		{"a", "a\nb", false},
		{"a\nb", "a", false},
	} {
		if diff := unlike(strings.Split(c.want, "\n"), strings.Split(c.got, "\n"), varies); (diff == "") != c.same {
			t.Errorf("%q and %q: %q", c.want, c.got, diff)
		}
	}
}

// The modes of the language are what prompts show, so that a prompt in the
// manual names its mode.
func TestPromptsNameModes(t *testing.T) {
	modes := map[string]bool{}
	for _, m := range command.Modes() {
		modes[m.Name] = true
	}
	for _, s := range sessionOf("Branch#show clock\nx\nBranch(config-telephony)#hfs ?\nBranch>enable\n") {
		if !modes[s.mode] {
			t.Errorf("%q is no mode of %v", s.mode, slices.Sorted(maps.Keys(modes)))
		}
	}
}
