package language

import (
	"option150/cli/grammar"
	"option150/platform/config"
)

// Candidate reads a whole configuration text on top of base. If the result
// does not validate as a whole, the lines are tried one by one to find, report
// and leave out the offenders.
func (l *Language) Candidate(text string, base *config.Config, valid func(*config.Config) error) (*Report, error) {
	rep, err := l.Load(text, base, nil)
	if err == nil && valid(rep.Config) != nil {
		rep, err = l.Load(text, base, valid)
	}
	return rep, err
}

// Canonical is a matched line as the running-config would write it (one that is
// carried, as it came), with the word `no` or `default` where it was typed; ok
// is false if it cannot be said.
func (l *Language) Canonical(r grammar.Result) (line string, ok bool) {
	d, is := r.Action.(*Declaration)
	if !is || d.syntax == nil {
		return "", false
	}
	if r.Form == grammar.Plain {
		line, err := d.kept(r)
		return line, err == nil
	}
	line, err := d.syntax.RenderForm(r.Form, r.Args)
	return line, err == nil
}
