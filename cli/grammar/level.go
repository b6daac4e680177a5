package grammar

import (
	"math"
	"slices"
	"strings"
)

// Reached is a command that a beginning of a line leads to.
type Reached struct {
	Action   any
	Level    int
	Complete bool // the words are the whole command already
}

// Reach lists the commands whose plain form begins with the words of line, and
// the words written out: `sh log` is "show logging". ok is false if no command
// begins so, or if a word is ambiguous.
func (g *Graph) Reach(line string) (words string, all []Reached, ok bool) {
	w := g.walk(line, math.MaxInt)
	defer w.done()
	if len(w.tokens) == 0 || w.over >= 0 {
		return "", nil, false
	}
	if o, _ := w.run(len(w.tokens)); o != taken {
		return "", nil, false
	}
	var full []string
	for _, s := range w.steps {
		l := s.edge.back[0].leaf
		if l.typ == nil {
			full = append(full, l.word)
			continue
		}
		full = append(full, w.text(s.at, s.n))
	}
	seen := map[int]int{} // command: index in all
	for i, p := range w.state.places {
		e := g.entries[p.entry]
		if e.form != Plain {
			continue
		}
		at, there := seen[e.command]
		if !there {
			at = len(all)
			seen[e.command] = at
			c := &g.commands[e.command]
			all = append(all, Reached{Action: c.Action, Level: c.Options.Level})
		}
		if slices.Contains(w.state.ends, int32(i)) {
			all[at].Complete = true
		}
	}
	return strings.Join(full, " "), all, len(all) > 0
}

// Relevel returns a graph of the same commands with other privilege levels.
// The two share what never changes.
func (g *Graph) Relevel(level func(action any, level int) int) *Graph {
	n := &Graph{commands: slices.Clone(g.commands), entries: g.entries}
	for i := range n.commands {
		c := &n.commands[i]
		c.Options.Level = level(c.Action, c.Options.Level)
	}
	return n
}
