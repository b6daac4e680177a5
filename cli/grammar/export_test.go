package grammar

import "slices"

// MustAdd parses and adds a command that is part of the program: it panics on
// errors, which are mistakes in the declaration.
func (g *Graph) MustAdd(text string, types Types, action any, o Options) *Syntax {
	s := MustParse(text, types)
	if err := g.Try(s, action, o); err != nil {
		panic("grammar: " + err.Error())
	}
	return s
}

// Try adds a command that keeps the laws beside those that are there; one that
// does not is not added.
func (g *Graph) Try(s *Syntax, action any, o Options) error {
	var earlier []shape
	for i := range g.commands {
		earlier = append(earlier, shapeOf(&g.commands[i]))
	}
	c := shapeOf(&Command{s, action, o})
	err := c.check(earlier)
	if err == nil {
		g.Add(s, action, o)
	}
	return err
}

// Lawful parses a syntax that keeps the laws by itself.
func Lawful(text string, types Types) (*Syntax, error) {
	s, err := Parse(text, types)
	if err == nil {
		err = s.laws()
	}
	return s, err
}

// Commands lists all commands in the order they were added.
func (g *Graph) Commands() []Command {
	return slices.Clone(g.commands)
}
