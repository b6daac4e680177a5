package config

import (
	"cmp"
	"slices"
	"strings"
)

// Carried is a line (with the lines below it) that the appliance does not
// implement: kept, printed back, counted, never acted on.
type Carried struct {
	In       string   // header of the section it stands in, "" = top level
	Place    int      // of a top-level line: its place among the commands, by the language
	Line     string   // without indentation, otherwise as it came
	Children []string // the lines below it with their indentation relative to Line
}

// Carry keeps a line. Carrying the same line again changes nothing; a block
// carried again gets the lines it lacks, or, if it is nested, the new form. A
// line takes the place of its negation: `no X` and `X Y` are never there both.
func (c *Config) Carry(n Carried) {
	negated := false
	for i := range c.Carried {
		k := &c.Carried[i]
		if k.In != n.In {
			continue
		}
		if same(k.Line, n.Line) {
			k.Line = n.Line // the blanks of the last
			k.merge(n.Children)
			return
		}
		negated = negated || k.negates(n.Line)
	}
	if negated {
		c.Carried = slices.DeleteFunc(c.Carried, func(k Carried) bool { return k.In == n.In && k.negates(n.Line) })
	}
	c.CarryNew(n)
}

// negates reports that a carried line is `no` before the first words of line.
func (k *Carried) negates(line string) bool {
	rest, ok := strings.CutPrefix(k.Line, "no ")
	return ok && begins(line, rest)
}

// begins reports that a line begins with these words, whatever the blanks
// between them.
func begins(line, words string) bool {
	_, ok := behind(line, words)
	return ok
}

// same reports that two lines have the same words: lines are kept with the
// blanks they came with, and mean the same without them.
func same(a, b string) bool {
	if a == b {
		return true
	}
	rest, ok := behind(a, b)
	return ok && rest == ""
}

// behind is what a line has behind these words.
func behind(line, words string) (rest string, ok bool) {
	for words != "" {
		var w, l string
		w, words = word(words)
		if l, line = word(line); w != l {
			return "", false
		}
	}
	return line, true
}

// word cuts off the first word and the blanks behind it.
func word(s string) (first, rest string) {
	first, rest, _ = strings.Cut(s, " ")
	return first, strings.TrimLeft(rest, " ")
}

// CarryNew is Carry for a line that is known not to be carried, neither as it
// is nor by a negation. It does not look at the others.
func (c *Config) CarryNew(n Carried) {
	n.Children = slices.Clone(n.Children)
	at, _ := slices.BinarySearchFunc(c.Carried, n, func(e, t Carried) int {
		if carriedOrder(e, t) <= 0 {
			return -1 // behind all that belong before it or beside it
		}
		return 1
	})
	c.Carried = slices.Insert(c.Carried, at, n)
}

// merge adds the lines below a block that is carried again.
func (k *Carried) merge(children []string) {
	if slices.Equal(k.Children, children) || len(children) == 0 {
		return
	}
	if nested(children) || nested(k.Children) {
		k.Children = slices.Clone(children)
		return
	}
	has := func(l string) bool { return slices.Contains(k.Children, l) }
	if len(children) > 64 {
		set := make(map[string]bool, len(k.Children))
		for _, l := range k.Children {
			set[l] = true
		}
		has = func(l string) bool { was := set[l]; set[l] = true; return was }
	}
	for _, l := range children {
		if !has(l) {
			k.Children = append(k.Children, l)
		}
	}
}

// carriedOrder keeps what is printed together together, so that a printed
// configuration loads as the same value: section by section, and at top level
// by place. Within a place lines stay in the order they came: `aaa new-model`
// must not slip behind what needs it.
func carriedOrder(a, b Carried) int {
	if n := strings.Compare(a.In, b.In); n != 0 || a.In != "" {
		return n
	}
	return cmp.Compare(a.Place, b.Place)
}

// DropCarried removes a carried line and reports whether anything was there. A
// shorter text removes every line of the section that begins with its words, as
// `no X` does on IOS.
func (c *Config) DropCarried(in, line string) bool {
	drop := c.carriedAs(in, line)
	n := len(c.Carried)
	c.Carried = slices.DeleteFunc(c.Carried, drop)
	return len(c.Carried) < n
}

// CountCarried is how many lines DropCarried would remove.
func (c *Config) CountCarried(in, line string) int {
	n, drop := 0, c.carriedAs(in, line)
	for _, k := range c.Carried {
		if drop(k) {
			n++
		}
	}
	return n
}

func (c *Config) carriedAs(in, line string) func(Carried) bool {
	exact := func(k Carried) bool { return k.In == in && same(k.Line, line) }
	if line == "no" || strings.HasPrefix(line, "no ") || slices.ContainsFunc(c.Carried, exact) {
		return exact // `no no X` is no command
	}
	return func(k Carried) bool { return k.In == in && begins(k.Line, line) }
}

// DropSection removes what is carried in a section that goes away.
func (c *Config) DropSection(header string) {
	c.Carried = slices.DeleteFunc(c.Carried, func(k Carried) bool { return k.In == header })
}

// Carries reports whether anything is carried in a section.
func (c *Config) Carries(header string) bool {
	return slices.ContainsFunc(c.Carried, func(k Carried) bool { return k.In == header })
}

// RenameSection moves what is carried in a section whose header changed.
func (c *Config) RenameSection(from, to string) {
	if from == to {
		return
	}
	for i := range c.Carried {
		if c.Carried[i].In == from {
			c.Carried[i].In = to
		}
	}
	slices.SortStableFunc(c.Carried, carriedOrder)
}

func nested(lines []string) bool {
	for _, l := range lines {
		if strings.HasPrefix(l, "  ") {
			return true
		}
	}
	return false
}
