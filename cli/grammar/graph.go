package grammar

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// The words of the generated forms and their help.
const (
	wordNo      = "no"
	wordDefault = "default"

	helpNo      = "Negate a command or set its defaults"
	helpDefault = "Set a command to its defaults"
)

// Form is how a command was given.
type Form int

// The forms: `X`, `no X`, `default X`.
const (
	Plain Form = iota
	No
	Default
)

func (f Form) String() string {
	switch f {
	case Plain:
		return "plain"
	case No:
		return wordNo
	case Default:
		return wordDefault
	}
	return fmt.Sprintf("Form(%d)", int(f))
}

// Options of a command in a graph.
type Options struct {
	Negatable bool // the forms `no X` and `default X` exist
	NoDefault bool // of these only `no X` does: `no debug ...` in exec
	Hidden    bool // understood, but neither listed nor completed
	Verbatim  bool // Result.Typed is wanted
	Level     int  // privilege level needed
}

// Command is an entry of a graph.
type Command struct {
	Syntax  *Syntax
	Action  any
	Options Options
}

// Graph is the language of one mode. Fill it with Add, then use it from any
// number of goroutines. The zero value is an empty graph.
type Graph struct {
	commands []Command
	entries  []entry
	cache    atomic.Pointer[cache]
	walks    sync.Pool // of *walk
}

// entry is a command in one form: a place where matching can begin.
type entry struct {
	command int // index in Graph.commands
	form    Form
	tree    *node
}

// NewGraph returns an empty graph.
func NewGraph() *Graph { return &Graph{} }

// Add puts a command in; Match returns action with it. Whether the commands of a
// graph keep the laws is what Check tells: it takes longer than all the rest of
// a start, and always says the same of commands that are part of a program.
//
// Add must not run at the same time as other methods.
func (g *Graph) Add(s *Syntax, action any, o Options) {
	at := len(g.commands)
	g.commands = append(g.commands, Command{s, action, o})
	g.entries = append(g.entries, entry{at, Plain, s.plain})
	if o.Negatable {
		g.entries = append(g.entries, entry{at, No, s.neg})
		if !o.NoDefault {
			g.entries = append(g.entries, entry{at, Default, s.neg})
		}
	}
	g.cache.Store(nil)
}
