package language

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/platform/config"
)

// Idle is a line that has no effect here, in whole or in part.
type Idle struct {
	Section string // header of the section it stands in, "" = top level
	Line    string // as printed
	Why     string // "" = nobody here knows the line
	Partly  bool   // the rest of the line has its effect
	More    int    // further lines of this command with the same reason, see Gather

	decl *Declaration
}

// String is one line of the audit.
func (i Idle) String() string {
	s := i.Line
	if i.Section != "" {
		s += " (" + i.Section + ")"
	}
	if i.More > 0 {
		s += fmt.Sprintf(" and %d more", i.More)
	}
	if i.Why != "" {
		s += ": " + i.Why
	}
	return s
}

// Class is the word the audit puts before the line: all of it is carried, or
// a part of it has no effect.
func (i Idle) Class() string {
	if i.Partly {
		return "partly"
	}
	return "carried"
}

// Idle are the lines of a configuration without effect, in the order of the
// declarations, and behind them what is carried because nobody here knows it.
func (l *Language) Idle(c *config.Config) []Idle {
	var out []Idle
	r := renderer{l: l, v: View{Config: c}}
	var walk func(mode, header string, keys grammar.Args)
	walk = func(mode, header string, keys grammar.Args) {
		for _, d := range l.decls[mode] {
			if d.Idle == "" && d.Partly == nil && d.Enters == "" {
				continue
			}
			for _, line := range r.lines(d, keys) {
				i := Idle{Section: header, Line: line.text, Why: d.Idle, decl: d}
				if d.Partly != nil {
					a := line.args
					if a == nil {
						a = grammar.Args{Negated: true}
					}
					i.Why, i.Partly = d.Partly(keys, a), true
				}
				if i.Why != "" {
					out = append(out, i)
				}
				if d.Enters != "" && line.args != nil {
					inner := maps.Clone(line.args)
					maps.Copy(inner, keys)
					walk(d.Enters, line.text, inner)
				}
			}
		}
	}
	walk(Global, "", nil)
	if c.Banner(unseenBanner) != "" {
		out = append(out, Idle{Line: "banner " + unseenBanner, Why: "nobody comes in by a line that dials out"})
	}
	modes := map[string]string{"": Global} // of the sections lines are carried in
	for _, k := range c.Carried {
		i := Idle{Section: k.In, Line: k.Line}
		if i.decl = l.carriedBy(modes, k); i.decl != nil {
			i.Why = i.decl.Idle
		}
		out = append(out, i)
	}
	return out
}

// carriedBy is the command of a line that is carried with a reason, nil if it
// has none.
func (l *Language) carriedBy(modes map[string]string, k config.Carried) *Declaration {
	mode, ok := modes[k.In]
	if !ok {
		if r := l.graphs[Global].Match(k.In, ModeLevel); r.Kind == grammar.OK {
			mode = r.Action.(*Declaration).Enters
		}
		modes[k.In] = mode
	}
	g := l.graphs[mode]
	if g == nil {
		return nil
	}
	r := g.Match(strings.TrimPrefix(k.Line, "no "), ModeLevel)
	if d, ok := r.Action.(*Declaration); ok && r.Kind == grammar.OK && d.Carry && d.Idle != "" {
		return d
	}
	return nil
}

// Gather says once what is the same of many lines of one command.
func Gather(all []Idle) []Idle {
	type about struct {
		d   *Declaration
		why string
	}
	var out []Idle
	at := map[about]int{}
	for _, i := range all {
		k := about{i.decl, i.Why}
		if n, ok := at[k]; ok && i.decl != nil {
			out[n].More++
			continue
		}
		at[k] = len(out)
		out = append(out, i)
	}
	return out
}

// Reason is why lines have no effect here, with the commands they are of.
type Reason struct {
	Why      string   // "" = nobody here knows them
	Commands []string // the words of each once, in order; of unknown lines the lines
	Lines    int
}

// Reasons gathers lines by what is to be said of them.
func Reasons(all []Idle) []Reason {
	var out []Reason
	at := map[string]int{}
	for _, i := range all {
		n, ok := at[i.Why]
		if !ok {
			n = len(out)
			at[i.Why] = n
			out = append(out, Reason{Why: i.Why})
		}
		r := &out[n]
		r.Lines++
		name := i.Line
		if i.decl != nil {
			name = strings.Join(i.decl.keywords(), " ")
		}
		if !slices.Contains(r.Commands, name) {
			r.Commands = append(r.Commands, name)
		}
	}
	return out
}
