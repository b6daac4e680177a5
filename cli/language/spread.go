package language

import (
	"option150/cli/grammar"
	"option150/platform/config"
)

// spread places the header of a section that stands for several: each of them
// is one of ours or one that is kept.
func (c *Cursor) spread(p Placement, i int, f fit) Placement {
	if p.Form != grammar.Plain {
		p.What, p.Result = Bad, grammar.Result{Kind: grammar.Invalid}
		return p
	}
	for _, header := range f.found.heads {
		m := c.fit(&c.open[i], header)
		switch {
		case m.how == takes && m.heads():
			if sec, err := c.l.Enter(p.In, m.result); err == nil {
				p.heads = append(p.heads, sec)
			}
		case m.how == inVocabulary && m.heads():
			p.heads = append(p.heads, Section{Mode: m.row.Enters, Header: m.found.line, In: p.In.holder(), Path: []string{m.found.line}, There: true})
		}
	}
	if len(p.heads) == 0 {
		p.What, p.Result = Bad, grammar.Result{Kind: grammar.Invalid}
	}
	return p
}

// performEach carries a line out in every section a range stands for.
func (l *Language) performEach(c *config.Config, p Placement) error {
	for _, m := range p.In.Members {
		q := p
		if q.In = m; m.Kept() && p.What == Command {
			q.What = Keep
			l.declared(&q)
		}
		if err := l.Perform(c, q); err != nil {
			return err
		}
	}
	return nil
}
