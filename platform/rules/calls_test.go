package rules

import (
	"go/ast"
	"testing"
)

// unwanted are functions and variables of other packages that nobody uses
// outside of the packages named.
var unwanted = []struct {
	pkg     string
	names   []string
	allowed []string
	why     string
}{
	{"os", []string{"Exit"}, []string{"cmd/...", "platform/netns"},
		"a library that ends the process takes every phone's transfer with it: return an error (netns ends a process that never became ours)"},
	{"log", []string{"Fatal", "Fatalf", "Fatalln", "Print", "Printf", "Println"}, []string{"cmd/..."},
		"what the operator is to read is a message of platform/message, recorded in the journal"},
	{"net/http", []string{"DefaultClient", "DefaultServeMux", "DefaultTransport", "Get", "Post", "Head", "Handle", "HandleFunc", "ListenAndServe"}, nil,
		"the defaults of net/http have no limits and are shared by the whole process: make a Client, ServeMux or Server with limits"},
	{"flag", []string{"Parse", "String", "Bool", "Int", "Duration", "CommandLine"}, []string{"cmd/...", "platform/testkit/golden"},
		"flags are read in main: take a value"},
	{"runtime", []string{"LockOSThread"}, []string{"platform/netns", "cmd/bench", "cmd/option150"},
		"locked threads are slow and leak namespaces; platform/netns does it where it is needed, and cmd/option150 before it becomes another user"},
	{"slices", []string{"SortFunc", "SortStableFunc"}, nil,
		"the compiler makes 14 kB of code for each type of element: platform/sorted does the same without"},
	{"io/ioutil", []string{"ReadAll", "ReadFile", "WriteFile", "TempDir", "TempFile", "ReadDir"}, nil, "use io and os"},
}

func TestUnwantedCalls(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, u := range unwanted {
			if matchesAny(u.allowed, s.dir) {
				continue
			}
			for _, c := range callsOf(s, u.pkg, u.names) {
				t.Errorf("%s uses %s\n\tbecause not: %s", s.at(c.pos), c.name, u.why)
			}
		}
	}
}

// Lists are values in one file (message.All, command.All): who is in them can
// be read there, and tests can make their own.
func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: func init\n\tbecause not: what registers itself cannot be left out by a test\n\tinstead: name it in the list or constructor that wants it", s.at(f.Pos()))
			}
		}
	}
}
