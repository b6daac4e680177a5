package command

import (
	"bytes"
	"strings"
	"testing"

	"option150/cli/grammar"
	"option150/cli/language"
)

// TestExplain: codes and texts of screens, in quotes or without.
func TestExplain(t *testing.T) {
	b, _ := testBox(t)
	for _, c := range []struct{ line, want string }{
		{"explain R15", "R15  it fetched the load"},
		{`explain "Auth Fail"`, "R15  it fetched the load"},
		{"explain auth fail", "R12  it trusts"},
		{"explain File Not " + "Found: CTLFile.tlv", "R20  a 7940"},
		{"explain nonsense", "% No verdict"},
	} {
		r := b.Language.Graph(language.Exec).Match(c.line, 1)
		if r.Kind != grammar.OK {
			t.Errorf("%s: %s", c.line, r.Kind)
			continue
		}
		var out bytes.Buffer
		if err := r.Action.(*language.Declaration).Run(&language.Invocation{Args: r.Args, Line: c.line, Out: &out}); err != nil {
			out.WriteString(err.Error())
		}
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s: %q", c.line, out.String())
		}
	}
}
