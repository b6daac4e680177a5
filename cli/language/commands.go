package language

import (
	"strings"

	"option150/cli/grammar"
	"option150/platform/config"
)

// maxJudged bounds the lines of which is found out whether `no` or `default`
// takes them away: each costs two copies of the configuration.
const maxJudged = 1000

// Commands turns a difference from a configuration into the commands that lead
// to the second: `no` before what goes away, or `default` where `no` would be
// a state of its own, and nothing for the lines below a section that goes away.
func (l *Language) Commands(from *config.Config, diff []Difference) []string {
	u := undoer{l: l, from: from, at: []Section{top}}
	var out []string
	gone := -1 // depth of a line that goes away with all below it
	for _, d := range diff {
		if gone >= 0 && d.Deep > gone && d.Sign == '-' {
			continue
		}
		gone = -1
		if d.Sign != '-' {
			u.enter(d)
			out = append(out, d.Line)
			continue
		}
		gone = d.Deep
		t := strings.TrimLeft(d.Line, " ")
		out = append(out, d.Line[:len(d.Line)-len(t)]+u.undo(d.Deep, t))
	}
	return out
}

// undoer finds the command that takes a line away.
type undoer struct {
	l      *Language
	from   *config.Config
	at     []Section // the sections the lines stand in, by depth
	judged int
}

// enter follows a header into its section.
func (u *undoer) enter(d Difference) {
	if d.Deep >= len(u.at) {
		return
	}
	u.at = u.at[:d.Deep+1]
	sec := u.at[d.Deep]
	r := u.l.graphs[sec.Mode].Match(d.Line, maxLevel)
	if r.Kind != grammar.OK || r.Action.(*Declaration).Enters == "" {
		return
	}
	if in, err := u.l.Enter(sec, r); err == nil {
		u.at = append(u.at, in)
	}
}

func (u *undoer) undo(deep int, t string) string {
	if bare, ok := strings.CutPrefix(t, "no "); ok {
		return "default " + bare
	}
	if strings.HasPrefix(t, "banner ") {
		w := strings.Fields(t)
		t = strings.Join(w[:min(len(w), 2)], " ")
	}
	if deep < len(u.at) && u.judged < maxJudged && u.own(u.at[deep], t) {
		return "default " + t
	}
	return "no " + t
}

// own reports that `no` of a line is a state of its own, and not the absence
// of the line, which `default` gives.
func (u *undoer) own(sec Section, t string) bool {
	g := u.l.graphs[sec.Mode]
	no, def := g.Match("no "+t, maxLevel), g.Match("default "+t, maxLevel)
	if no.Kind != grammar.OK || def.Kind != grammar.OK || def.Action.(*Declaration).Reset == nil {
		return false
	}
	u.judged++
	a, b := u.from.Clone(), u.from.Clone()
	if u.l.Apply(a, sec, no, "no "+t) != nil || u.l.Apply(b, sec, def, "default "+t) != nil {
		return false
	}
	return !a.Equal(b)
}
