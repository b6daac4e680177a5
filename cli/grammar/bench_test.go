package grammar

import (
	"fmt"
	"testing"
)

// large is a mode of 300 commands, about what a router has.
func large(b *testing.B) *Graph {
	g := NewGraph()
	for i := range 30 {
		head := fmt.Sprintf(`feature%02d("Feature") `, i)
		for j := range 9 {
			g.MustAdd(fmt.Sprintf(`%sentry%d("Entry") value("Value") <value:1-65535>("Number") [name("Name") <name:WORD>("Name")]`, head, j),
				nil, j, Options{Negatable: true})
		}
		g.MustAdd(head+`servers("Servers") <ip:A.B.C.D>("Server")+8`, nil, 9, Options{Negatable: true})
	}
	return g
}

func BenchmarkMatch(b *testing.B) {
	g := large(b)
	for line, want := range map[string]Kind{
		"feature17 entry4 value 6970 name Branch": OK,
		" no feature17 entry4 v 6970":             OK,
		"feature29 servers 10.0.0.1 10.0.0.2":     OK,
		"feature17 entry4 valve 6970":             Invalid,
	} {
		b.Run(line, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r := g.Match(line, 15); r.Kind != want {
					b.Fatal(r.Kind)
				}
			}
		})
	}
}

func BenchmarkHelp(b *testing.B) {
	g := large(b)
	b.ReportAllocs()
	for b.Loop() {
		g.Help("feature17 ", 15)
	}
}

// BenchmarkBuild is the price of a mode at start: all commands and the checks.
func BenchmarkBuild(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		large(b).Match("feature17 servers 10.0.0.1", 15)
	}
}

func BenchmarkRender(b *testing.B) {
	g := large(b)
	s := g.Commands()[40].Syntax
	a := Args{"value": 6970, "name": "Branch"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Render(a); err != nil {
			b.Fatal(err)
		}
	}
}
