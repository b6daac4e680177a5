package rules

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

// catalogue are the failures that happened to others and that each have a test
// of ours, found by its name: TestF1_PortHeld, TestF12StopWithStalledClient.
// [reference/exemplars.md 4.3] A failure is added with its test.
var catalogue = []struct{ id, failure string }{
	{"F1", "the old listener is closed, the new one cannot be opened: the service is lost though the change was refused"},
	{"F2", "one of several new sockets fails: the others stay bound for ever"},
	{"F3", "a refused edit stays in the candidate: every later edit fails"},
	{"F4", "a mode is entered although its command failed"},
	{"F5", "the printed configuration is not the typed one, or cannot be pasted back"},
	{"F6", "applying fails half-way and is reported as success"},
	{"F7", "a reader of events that blocks also blocks who records them"},
	{"F10", "addresses are used up by clients that only asked"},
	{"F12", "stopping a service hangs the operator's prompt"},
	{"F13", "a serving loop spins after its socket died"},
}

func TestFailureCatalogue(t *testing.T) {
	tests := map[string]string{}
	for _, s := range sources(t) {
		if !s.test || s.dir == "platform/rules" {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				tests[f.Name.Name] = s.at(f.Pos())
			}
		}
	}
	for _, c := range catalogue {
		name := catalogueName(c.id)
		found := false
		for test := range tests {
			found = found || name.MatchString(test)
		}
		if !found {
			t.Errorf("no test is named after %s (Test%s...): %s", c.id, c.id, c.failure)
		}
	}
}

// catalogueName matches the tests of one failure: F1 is not F12.
func catalogueName(id string) *regexp.Regexp {
	return regexp.MustCompile(`^Test(?:.*[_a-z])?` + id + `(?:[^0-9]|$)`)
}

func TestCatalogueName(t *testing.T) {
	for name, want := range map[string]bool{
		"TestF1": true, "TestF1_PortHeld": true, "TestF1PortHeld": true, "TestMoveF1": true, "TestStore_F1": true,
		"TestF12Stop": false, "TestF10": false, "TestPDF1": false,
	} {
		if got := catalogueName("F1").MatchString(name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
