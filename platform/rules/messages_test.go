package rules

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"option150/platform/message"
)

// banned are the phrases by which network automation decides that a command
// has failed. [facts/ios-cli.md; DESIGN 6] The answers that say so on
// purpose are constants of platform/message, and IOS's "%Error opening flash:/x".
var banned = regexp.MustCompile(`(?i:\bnot found\b|connection timed out|invalid input)|\bERROR:|% Error\b`)

// onPurpose are the answers that are to be read as a failed command.
var onPurpose = []string{message.InvalidInput, message.MergedInPart, message.MergedNot}

func TestMessages(t *testing.T) {
	var (
		facility = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
		mnemonic = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)
		seen     = map[string]bool{}
	)
	for _, e := range message.All() {
		tag := e.Tag()
		if seen[tag] {
			t.Errorf("%%%s is in the catalogue twice", tag)
		}
		seen[tag] = true
		if !facility.MatchString(e.Facility) || !mnemonic.MatchString(e.Mnemonic) || e.Severity < 0 || e.Severity > 7 {
			t.Errorf("%%%s is not %%FACILITY-SEVERITY-MNEMONIC with a severity of 0 to 7", tag)
		}
		for _, field := range []struct{ name, text string }{{"explanation", e.Explanation}, {"action", e.Action}} {
			if len(field.text) < 15 || !strings.HasSuffix(field.text, ".") {
				t.Errorf("%%%s: its %s is %q: whole sentences that help whoever reads it at night", tag, field.name, field.text)
			}
		}
		for _, text := range []string{e.Text, e.Explanation, e.Action} {
			if m := banned.FindString(text); m != "" {
				t.Errorf("%%%s contains %q, which network automation reads as a failed command: word it differently", tag, m)
			}
		}
		if strings.Contains(e.Text, "%v") || strings.Contains(e.Text, "%+v") {
			t.Errorf("%%%s: %q prints a Go value; give the verb of a text or number", tag, e.Text)
		}
	}
}

// Every entry declared in the package is in All, so it is in docs/messages.md.
func TestMessagesComplete(t *testing.T) {
	declared := 0
	for _, s := range sources(t) {
		if s.test || s.dir != "platform/message" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok {
				if id, ok := lit.Type.(*ast.Ident); ok && id.Name == "Entry" {
					declared++
				}
			}
			return true
		})
	}
	if got := len(message.All()); got != declared {
		t.Errorf("message.All has %d entries, %d are declared: add the new one to the list of its file", got, declared)
	}
}

// Texts that operators read are free of the phrases, wherever they are made.
func TestNoPhraseAutomationReadsAsFailure(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || strings.HasPrefix(s.dir, "cmd/bench") || strings.HasPrefix(s.dir, "telephony/simphone") {
			continue
		}
		for _, lit := range literals(s, token.STRING) {
			m := banned.FindString(lit.text)
			if m == "" || slices.ContainsFunc(onPurpose, func(w string) bool { return strings.Contains(lit.text, w) }) {
				continue
			}
			t.Errorf("%s: the text %.60q contains %q, which network automation reads as a failed command\n\tinstead: \"no such ...\", \"... is not here\", \"... did not answer in time\"",
				s.at(lit.pos), lit.text, m)
		}
	}
}

type literal struct {
	text string
	pos  token.Pos
}

// literals are the constants of a kind in a file, without import paths and
// struct tags.
func literals(s *source, kind token.Token) []literal {
	var out []literal
	ast.Inspect(s.file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			if n.Tag != nil {
				return false
			}
		case *ast.BasicLit:
			if n.Kind == kind {
				if text, err := strconv.Unquote(n.Value); err == nil {
					out = append(out, literal{text, n.Pos()})
				}
			}
		}
		return true
	})
	return out
}
