package rules

import (
	"go/ast"
	"strings"
	"testing"
)

// catalogue are the failures that happened to other daemons and that each have a
// test of ours. A failure is added with its test.
var catalogue = []struct{ test, failure string }{
	{"TestRefusedChangeLeavesTheOldPortAnswering", "the old listener is closed, the new one cannot be opened: the service is lost though the change was refused"},
	{"TestOneOfSeveralFails", "one of several new sockets fails: the others stay bound for ever"},
	{"TestRefusedThenGood", "a refused edit stays in the candidate: every later edit fails"},
	{"TestModeAfterError", "a mode is entered although its command failed"},
	{"TestPrintedConfigurationPastesBack", "the printed configuration is not the typed one, or cannot be pasted back"},
	{"TestHalfWay", "applying fails half-way and is reported as success"},
	{"TestReaderThatNeverReads", "a reader of events that blocks also blocks who records them"},
	{"TestManyClientsSmallPool", "addresses are used up by clients that only asked"},
	{"TestStopWithStalledClient", "stopping a service hangs the operator's prompt"},
	{"TestSocketClosedBehindItsBack", "a serving loop spins after its socket died"},
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
		if tests[c.test] == "" {
			t.Errorf("there is no %s: %s", c.test, c.failure)
		}
	}
}
