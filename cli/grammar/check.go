package grammar

import (
	"errors"
	"fmt"
	"slices"
)

// Check tells which commands break the laws: a word without a help text, or with
// another one than an earlier command gives it; a line that an earlier command
// matches as well, or that one command reads in two ways; a command that is
// optional as a whole, goes on after a LINE, uses a name twice on one way, or
// begins with `no` or `default`, which are generated. The program's own commands
// are checked by a test.
func (g *Graph) Check() error {
	var wrong []error
	var earlier []shape
	for i := range g.commands {
		c := shapeOf(&g.commands[i])
		if err := c.check(earlier); err != nil {
			wrong = append(wrong, err)
			continue
		}
		earlier = append(earlier, c)
	}
	return errors.Join(wrong...)
}

// shape is a command and what the checks of later ones need.
type shape struct {
	*Command
	plain, neg *positions // neg nil if the command is not negatable
}

func shapeOf(c *Command) shape {
	s := shape{Command: c, plain: positionsOf(c.Syntax.plain)}
	if c.Options.Negatable {
		s.neg = positionsOf(c.Syntax.neg)
	}
	return s
}

// check looks at a command beside those that were found to be right.
func (c *shape) check(earlier []shape) error {
	s := c.Syntax
	if err := s.laws(); err != nil {
		return fmt.Errorf("syntax %q: %w", s.text, err)
	}
	for _, i := range c.plain.first {
		if f := c.plain.leaves[i].fold; f == wordNo || f == wordDefault {
			return fmt.Errorf("command %q: the form %q is generated, see Options.Negatable", s.text, f)
		}
	}
	known := map[*leaf]bool{} // leaves whose help an earlier command gives
	for _, e := range earlier {
		if err := clash(c.plain, e.plain, known); err != nil {
			return fmt.Errorf("command %q and %q: %w", s.text, e.Syntax.text, err)
		}
		if c.neg == nil || e.neg == nil {
			continue
		}
		if err := clash(c.neg, e.neg, known); err != nil {
			return fmt.Errorf("forms no of %q and %q: %w", s.text, e.Syntax.text, err)
		}
	}
	for _, l := range s.leaves {
		if l.help == "" && !known[l] {
			return fmt.Errorf("command %q: no help for %q", s.text, l.shown())
		}
	}
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
			known[a] = true // b has help, or it would not be among the earlier
		}
		return true, nil
	})
}

// laws are those of a syntax by itself.
func (s *Syntax) laws() error {
	for _, n := range []*node{s.plain, s.neg} {
		if _, err := n.names(); err != nil {
			return err
		}
		if err := positionsOf(n).laws(); err != nil {
			return err
		}
	}
	return nil
}

// disagree is the law that a word at one place has one help text.
func disagree(a, b *leaf, way string) error {
	if sameSymbol(a, b) && a.help != "" && b.help != "" && a.help != b.help {
		return fmt.Errorf("help of the last word of %q is %q here and %q there", way, a.help, b.help)
	}
	return nil
}

// laws refuses positions of syntaxes that are empty, that go on after a LINE, or
// that read one line in two ways.
func (p *positions) laws() error {
	if p.nullable {
		return errors.New("the whole command is optional")
	}
	for i, l := range p.leaves {
		if l.rank == RankLine && (len(p.follow[i]) > 0 || l.repeat > 0) {
			return fmt.Errorf("nothing can follow %s, it takes the rest of the line", l.label)
		}
	}
	return pairs(p, p, func(i, j int, way string) (bool, error) {
		if i == j {
			return true, nil
		}
		if err := disagree(p.leaves[i], p.leaves[j], way); err != nil {
			return false, err
		}
		if p.last[i] && p.last[j] {
			return false, fmt.Errorf("%q can be read in two ways", way)
		}
		for _, k := range p.follow[i] {
			if slices.Contains(p.follow[j], k) {
				return false, fmt.Errorf("%q can be read in two ways", way+" "+p.leaves[k].shown())
			}
		}
		return true, nil
	})
}

// names collects the keys of Args. One name may stand in several alternatives
// of a choice, of which a line takes one, but not twice on one way.
func (n *node) names() (map[string]int, error) {
	out := map[string]int{} // to the repetition: one name is either a value or a list
	if n.leaf != nil {
		if n.leaf.name != "" {
			out[n.leaf.name] = n.leaf.repeat
		}
		return out, nil
	}
	for _, c := range n.list {
		m, err := c.names()
		if err != nil {
			return nil, err
		}
		for name, repeat := range m {
			had, twice := out[name]
			switch {
			case twice && n.kind != kindOne:
				return nil, fmt.Errorf("the name %q is used twice on one way", name)
			case twice && (had > 0) != (repeat > 0):
				return nil, fmt.Errorf("the name %q is a value and a list", name)
			}
			out[name] = repeat
		}
	}
	return out, nil
}
