package command

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"option150/cli/grammar"
	"option150/cli/language"
)

// banned are the phrases programs that drive routers read as failure, and
// which no text of the box may hold by accident. [facts/ios-cli.md 3.2]
var banned = []*regexp.Regexp{
	regexp.MustCompile(`% ?Error`),
	regexp.MustCompile(`(?i)ERROR:`),
	regexp.MustCompile(`% ?Bad secret`),
	regexp.MustCompile(`[\r\n%] Bad passwords`),
	regexp.MustCompile(`(?i)invalid input`),
	regexp.MustCompile(`(?i)(?:incomplete|ambiguous) command`),
	regexp.MustCompile(`(?i)connection timed out`),
	regexp.MustCompile(`[^\r\n]+ not found`),
	regexp.MustCompile(`'[^']' +returned error code: ?\d+`),
	regexp.MustCompile(`Command authorization failed`),
	regexp.MustCompile(`Command Rejected`),
	regexp.MustCompile(`(?i)authorization failed`),
	regexp.MustCompile(`% Unknown command`),
	regexp.MustCompile(`^Error:`),
	regexp.MustCompile(`No such device`),
}

func phrase(s string) string {
	for _, b := range banned {
		if m := b.FindString(s); m != "" {
			return m
		}
	}
	return ""
}

// TestDeclarations is the part of law L4 that is about texts: every token has
// help that fits on a line, mode names fit in a prompt, and every declaration
// says which document it follows.
func TestDeclarations(t *testing.T) {
	b, _ := testBox(t)
	for _, m := range b.Language.Modes() {
		if len(m.Name) > 32 || strings.ContainsAny(m.Name, " ()#>") {
			t.Errorf("mode %q does not fit in a prompt", m.Name)
		}
		if m.Title == "" || phrase(m.Title) != "" {
			t.Errorf("mode %s: title %q", m.Name, m.Title)
		}
		help := map[string]bool{} // keyword given help in this mode
		for _, d := range b.Language.Declarations(m.Name) {
			if d.Syntax == "" {
				continue
			}
			if d.Doc == "" {
				t.Errorf("%s: %s: follows no document", m.Name, d.Usage())
			}
			s := b.syntax(t, m.Name, d)
			for _, tok := range s.Tokens() {
				what := fmt.Sprintf("%s: %s: help of %s%s", m.Name, d.Usage(), tok.Word, tok.Name)
				switch {
				case tok.Help == "":
					if tok.Word == "" || !help[strings.ToLower(tok.Word)] {
						t.Errorf("%s is missing", what)
					}
				case len(tok.Help) > 60:
					t.Errorf("%s has %d characters, at most 60 fit: %q", what, len(tok.Help), tok.Help)
				case phrase(tok.Help) != "":
					t.Errorf("%s holds %q", what, phrase(tok.Help))
				case strings.HasSuffix(tok.Help, " ") || strings.Contains(tok.Help, "\n"):
					t.Errorf("%s is not one line: %q", what, tok.Help)
				}
				if tok.Word != "" {
					help[strings.ToLower(tok.Word)] = true
				}
				if len(tok.Word) > 32 {
					t.Errorf("%s: %s: the word %q is longer than 32 characters", m.Name, d.Usage(), tok.Word)
				}
			}
			if d.Get == nil && d.Set != nil && d.Unset == nil && d.Enters == "" && d.Run == nil && !d.Carry && d.After == nil && d.Collects == "" {
				t.Errorf("%s: %s: sets something that is never printed", m.Name, d.Usage())
			}
		}
	}
}

// syntax parses a declaration again: the compiled one is the language's own.
func (b *Box) syntax(t *testing.T, mode string, d *language.Declaration) *grammar.Syntax {
	t.Helper()
	s, err := grammar.Parse(d.Syntax, Types(b))
	if err != nil {
		t.Fatalf("%s: %s: %v", mode, d.Syntax, err)
	}
	return s
}

// TestCheck is the part of L4 that is about lines: each is one command's, and read
// in one way. That a language is checked at all is seen at one with a command of
// the box's in it twice.
func TestCheck(t *testing.T) {
	b, _ := testBox(t)
	if err := b.Language.Check(); err != nil {
		t.Error(err)
	}
	for _, mode := range []string{language.Exec, language.Global, modeTelephony} {
		var again language.Declaration
		for _, d := range All(b) {
			if d.Mode == mode && d.Syntax != "" {
				again = d
			}
		}
		l, err := language.New(Types(b), append(Modes(), keptModes()...), append(All(b), again), Vocabulary())
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Check(); err == nil || !strings.Contains(err.Error(), mode+": ") || !strings.Contains(err.Error(), "both match") {
			t.Errorf("%q twice in mode %s: %v", again.Syntax, mode, err)
		}
	}
}

// TestPrefixes is the other part of L4: a first word may be shortened to every
// unambiguous beginning, and means the same command then.
func TestPrefixes(t *testing.T) {
	b, _ := testBox(t)
	for _, m := range b.Language.Modes() {
		g := b.Language.Graph(m.Name)
		words := map[string]bool{}
		for _, i := range g.Help("", 15).Items {
			words[strings.ToLower(i.Name)] = true
		}
		for w := range words {
			full := g.Match(w, 15)
			for n := 1; n < len(w); n++ {
				prefix, fits := w[:n], 0
				for o := range words {
					if strings.HasPrefix(o, prefix) {
						fits++
					}
				}
				r := g.Match(prefix, 15)
				switch {
				case words[prefix]: // a word of its own
				case fits > 1 && r.Kind != grammar.Ambiguous:
					t.Errorf("%s: %q could be %d words and is %v", m.Name, prefix, fits, r.Kind)
				case fits == 1 && (r.Kind != full.Kind || r.Action != full.Action):
					t.Errorf("%s: %q is %v, but %q is %v", m.Name, prefix, r.Kind, w, full.Kind)
				}
				up := g.Match(strings.ToUpper(w), 15)
				if up.Kind != full.Kind || up.Action != full.Action {
					t.Errorf("%s: %q is not %q", m.Name, strings.ToUpper(w), w)
				}
			}
		}
	}
}

// TestEveryHelpList walks the help of every mode three words deep, as an
// engineer does, and reads it as programs do.
func TestEveryHelpList(t *testing.T) {
	b, _ := testBox(t)
	lists := 0
	var walk func(g *grammar.Graph, mode, line string, depth int)
	walk = func(g *grammar.Graph, mode, line string, depth int) {
		h := g.Help(line, 15)
		if h.Kind != grammar.OK {
			t.Errorf("%s: %q?: %v", mode, line, h.Kind)
			return
		}
		lists++
		for _, l := range h.Lines(80) {
			if p := phrase(l); p != "" || len(l) > 80 {
				t.Errorf("%s: %q?: %q", mode, line, l)
			}
		}
		if depth == 0 {
			return
		}
		for _, i := range h.Items {
			if i.Name != grammar.Enter && !strings.ContainsAny(i.Name, "<./: ") && i.Name == strings.ToLower(i.Name) {
				walk(g, mode, line+i.Name+" ", depth-1)
			}
		}
	}
	for _, m := range b.Language.Modes() {
		walk(b.Language.Graph(m.Name), m.Name, "", 3)
	}
	if lists < 500 {
		t.Errorf("only %d lists", lists)
	}
}
