package grammar

import (
	"errors"
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
	commands []command
	entries  []entry
	cache    atomic.Pointer[cache]
	walks    sync.Pool // of *walk
}

// command is a command and what the checks of later ones need.
type command struct {
	Command
	plain, neg *positions // neg nil if the command is not negatable
}

// entry is a command in one form: a place where matching can begin.
type entry struct {
	command int // index in Graph.commands
	form    Form
	tree    *node
}

// NewGraph returns an empty graph.
func NewGraph() *Graph { return &Graph{} }

// Add puts a command in; Match returns action with it. It is refused, and the
// graph left as it was, if a word has no help text, if a word it shares with an
// earlier command has another one there, if it can match the same line as an
// earlier command, or if it begins with `no` or `default`, which are generated.
//
// Add must not run at the same time as other methods.
func (g *Graph) Add(s *Syntax, action any, o Options) error {
	if s == nil {
		return errors.New("grammar: no syntax")
	}
	c := command{Command: Command{s, action, o}, plain: positionsOf(s.plain)}
	for _, i := range c.plain.first {
		if f := c.plain.leaves[i].fold; f == wordNo || f == wordDefault {
			return fmt.Errorf("command %q: the form %q is generated, see Options.Negatable", s.text, f)
		}
	}
	if o.Negatable {
		c.neg = positionsOf(s.neg)
	}
	known := map[*leaf]bool{} // leaves whose help an earlier command gives
	for i := range g.commands {
		earlier := &g.commands[i]
		if err := clash(c.plain, earlier.plain, known); err != nil {
			return fmt.Errorf("command %q and %q: %w", s.text, earlier.Syntax.text, err)
		}
		if c.neg == nil || earlier.neg == nil {
			continue
		}
		if err := clash(c.neg, earlier.neg, known); err != nil {
			return fmt.Errorf("forms no of %q and %q: %w", s.text, earlier.Syntax.text, err)
		}
	}
	for _, l := range s.leaves {
		if l.help == "" && !known[l] {
			return fmt.Errorf("command %q: no help for %q", s.text, l.shown())
		}
	}
	at := len(g.commands)
	g.commands = append(g.commands, c)
	g.entries = append(g.entries, entry{at, Plain, s.plain})
	if o.Negatable {
		g.entries = append(g.entries, entry{at, No, s.neg})
		if !o.NoDefault {
			g.entries = append(g.entries, entry{at, Default, s.neg})
		}
	}
	g.cache.Store(nil)
	return nil
}

// clash walks the words that two commands share. It refuses help texts that
// disagree and lines that both match, and notes help that p gets from q.
func clash(p, q *positions, known map[*leaf]bool) error {
	return pairs(p, q, func(i, j int, way string) (bool, error) {
		a, b := p.leaves[i], q.leaves[j]
		if err := disagree(a, b, way); err != nil {
			return false, err
		}
		if p.last[i] && q.last[j] {
			return false, fmt.Errorf("both match %q", way)
		}
		if sameSymbol(a, b) {
			known[a] = true // b has help, or it would not have been added
		}
		return true, nil
	})
}
