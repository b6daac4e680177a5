package session

import (
	"errors"
	"fmt"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/cli/terminal"
	"option150/platform/config"
	"option150/platform/sorted"
)

// Aliases are those of exec mode: the box's own and those of `alias exec`,
// which may redefine them, in alphabetical order.
func Aliases(c *config.Config) []config.Alias {
	all := map[string]string{}
	for name, line := range aliases {
		all[name] = line
	}
	for _, a := range c.Aliases {
		if a.Mode == language.Exec {
			all[a.Name] = a.Line
		}
	}
	var out []config.Alias
	for name, line := range all {
		out = append(out, config.Alias{Mode: language.Exec, Name: name, Line: line})
	}
	sorted.By(out, func(a, b config.Alias) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// alias is the line an alias stands for.
func (s *Session) alias(name string) (string, bool) {
	for _, a := range s.opt.Store.Current().Aliases {
		if a.Mode == language.Exec && a.Name == name {
			return a.Line, true
		}
	}
	line, ok := aliases[name]
	return line, ok
}

// collect reads the text that follows a command into its arguments. It reports
// whether there is one: ^C and ^Z leave without it, as everywhere.
func (s *Session) collect(d *language.Declaration, r grammar.Result) bool {
	if s.term == nil {
		fmt.Fprintln(s.out(), "% The text of this command is read from a terminal only")
		return false
	}
	prompt := s.opt.Store.Current().Hostname + "(" + d.Collects + ")#"
	ends := language.EndsText
	if d.Ends != nil {
		ends = d.Ends
		fmt.Fprintln(s.out(), `End with the word "exit" on a line by itself.`)
	}
	lines, err := s.term.ReadText(prompt, ends)
	switch {
	case errors.Is(err, terminal.ErrTooLong):
		fmt.Fprintln(s.out(), "% The text is too long")
		return false
	case err != nil:
		s.leaveConfig()
		return false
	}
	r.Args[language.TextArg] = strings.Join(lines[:max(0, len(lines)-1)], "\n")
	return true
}
