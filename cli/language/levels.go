package language

import (
	"cmp"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/platform/config"
	"option150/platform/sorted"
)

// ModeLevel is what a command of a configuration mode needs, unless its
// declaration or a `privilege` line says otherwise: whoever was let into
// configuration mode below it may do there only what was opened for him.
const ModeLevel = maxLevel

// relevelled is the grammars of one set of `privilege` lines.
type relevelled struct {
	lines  []config.Privilege
	graphs map[string]*grammar.Graph
}

// GraphFor is the grammar of a mode as the `privilege` lines of a configuration
// have it. The last set is kept: sessions ask for every line that is typed.
func (l *Language) GraphFor(c *config.Config, mode string) *grammar.Graph {
	if len(c.Privileges) == 0 {
		return l.graphs[mode]
	}
	r := l.levels.Load()
	if r == nil || !slices.Equal(r.lines, c.Privileges) {
		r = &relevelled{lines: slices.Clone(c.Privileges), graphs: map[string]*grammar.Graph{}}
		for _, p := range r.lines {
			if l.graphs[p.Mode] != nil && r.graphs[p.Mode] == nil {
				r.graphs[p.Mode] = l.relevel(p.Mode, r.lines)
			}
		}
		l.levels.Store(r)
	}
	if g := r.graphs[mode]; g != nil {
		return g
	}
	return l.graphs[mode]
}

// relevel applies the lines of one mode, the more special one last. A command
// that is named as a whole gets the level. For what only begins with the words,
// the level stands at the words: commands that need no more than the words did
// follow them down or up, those that need more by themselves (`show
// running-config` below `show`) stay where they are, unless `all` is given.
func (l *Language) relevel(mode string, lines []config.Privilege) *grammar.Graph {
	g := l.graphs[mode]
	lines = slices.DeleteFunc(slices.Clone(lines), func(p config.Privilege) bool { return p.Mode != mode })
	sorted.Stable(lines, func(a, b config.Privilege) int {
		return cmp.Compare(len(strings.Fields(a.Command)), len(strings.Fields(b.Command)))
	})
	levels := map[any]int{}
	for _, p := range lines {
		_, all, ok := g.Reach(p.Command)
		if !ok {
			continue
		}
		base := maxLevel
		for _, r := range all {
			base = min(base, r.Level)
		}
		for _, r := range all {
			switch {
			case p.All, r.Complete, r.Level <= base:
				levels[r.Action] = p.Level
			default:
				levels[r.Action] = max(r.Level, p.Level)
			}
		}
	}
	return g.Relevel(func(action any, level int) int {
		if n, ok := levels[action]; ok {
			return n
		}
		return level
	})
}
