package rules

import (
	"go/ast"
	"go/token"
	"regexp"
	"strings"
	"testing"
)

// padded is a verb with a width: two of them in one format are columns.
var padded = regexp.MustCompile(`%-?[1-9*][0-9]*(\.[0-9]+)?[svdqxX]`)

// byHand are the files that write columns themselves, and why.
var byHand = map[string]string{
	"cli/command/file.go":            "dir is no show, and its lines are those of IOS",
	"cli/command/show_host.go":       "the summary above show processes memory",
	"cli/command/show_system.go":     "a line that nobody uses, in show users all",
	"dhcp/leasefile/ios.go":          "a file of bindings, as IOS writes it",
	"platform/fileserver/listing.go": "a file that file servers of phones have",
	"platform/fleet/show.go":         "the line of a box that publishes no phones",
	"platform/flash/render.go":       "dir, as above",
	"telephony/inventory/show.go":    "the timeline of a boot",
	"telephony/upgrade/plan.go":      "a heading with the number of phones in it",
}

// TestTablesAreDeclared: columns are written by platform/columns, so that each
// table of a show is there as JSON too.
func TestTablesAreDeclared(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		name := s.name
		if strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "cmd/bench/") || strings.HasPrefix(name, "platform/columns/") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			fun, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !strings.HasSuffix(fun.Sel.Name, "rintf") {
				return true
			}
			for _, a := range call.Args {
				lit, ok := a.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING || len(padded.FindAllString(lit.Value, -1)) < 2 {
					continue
				}
				if used[name] = true; byHand[name] == "" {
					t.Errorf("%s writes columns by hand: declare a columns.Layout, or say in byHand why not", s.at(lit.Pos()))
				}
			}
			return true
		})
	}
	for file := range byHand {
		if !used[file] {
			t.Errorf("byHand has %s, which writes no columns", file)
		}
	}
}
