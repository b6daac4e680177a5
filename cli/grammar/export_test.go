package grammar

// MustAdd parses and adds a command that is part of the program: it panics on
// errors, which are mistakes in the declaration.
func (g *Graph) MustAdd(text string, types Types, action any, o Options) *Syntax {
	s := MustParse(text, types)
	if err := g.Add(s, action, o); err != nil {
		panic("grammar: " + err.Error())
	}
	return s
}

// Commands lists all commands in the order they were added.
func (g *Graph) Commands() []Command {
	out := make([]Command, len(g.commands))
	for i := range g.commands {
		out[i] = g.commands[i].Command
	}
	return out
}
