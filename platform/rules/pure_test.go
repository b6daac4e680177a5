package rules

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// pure are the packages that compute and do nothing else: the same input gives
// the same output on every machine, so that they can be tested exhaustively
// and fuzzed. [DESIGN 3]
var pure = []string{"platform/config", "telephony/cnf", "cli/grammar", "pfs", "dhcp/engine", "dhcp/wire", "dhcp/v6/engine", "dhcp/v6/wire"}

// impure is what they do not import themselves. net/netip is fine: addresses
// are values.
var impure = []string{"os", "os/...", "net", "net/http/...", "io/ioutil", "syscall", "golang.org/x/sys/...", "math/rand/...", "crypto/rand", "testing"}

// clock are the functions of package time that look at or wait for the clock.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "NewTimer", "NewTicker", "Tick"}

const whyPure = "\tbecause: the package is pure, the same input gives the same output\n\tinstead: let the caller read the file, the socket or the clock and pass the value in"

func TestPureImports(t *testing.T) {
	for _, p := range packages(t) {
		if !matchesAny(pure, p.short()) {
			continue
		}
		for _, i := range p.Imports {
			if matchesAny(impure, i) {
				t.Errorf("%s imports %s\n%s", p.short(), i, whyPure)
			}
		}
	}
}

func TestPureClock(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !matchesAny(pure, s.dir) {
			continue
		}
		for _, c := range callsOf(s, "time", clock) {
			t.Errorf("%s looks at the clock (%s)\n%s", s.at(c.pos), c.name, whyPure)
		}
	}
}

// use is one mention of a function of another package.
type use struct {
	name string // "time.Now"
	pos  token.Pos
}

// callsOf finds where a file mentions functions of a package, under whatever
// name it imports it.
func callsOf(s *source, pkg string, names []string) []use {
	local := ""
	for _, i := range s.file.Imports {
		path, err := strconv.Unquote(i.Path.Value)
		if err != nil || path != pkg {
			continue
		}
		local = pkg[strings.LastIndex(pkg, "/")+1:]
		if i.Name != nil {
			local = i.Name.Name
		}
	}
	if local == "" {
		return nil
	}
	var found []use
	ast.Inspect(s.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == local && slices.Contains(names, sel.Sel.Name) {
			found = append(found, use{pkg + "." + sel.Sel.Name, sel.Pos()})
		}
		return true
	})
	return found
}

func TestClockIsSeen(t *testing.T) {
	s, err := parse("x.go", []byte("package x\nimport clock \"time\"\nvar t = clock.Now()\nvar d = clock.Second\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := callsOf(s, "time", clock); len(got) != 1 || got[0].name != "time.Now" {
		t.Errorf("got %v", got)
	}
}
