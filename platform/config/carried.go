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
	Line     string   // without indentation
	Children []string // the lines below it with their indentation relative to Line
}

// Carry keeps a line. Carrying the same line again changes nothing; a block
// carried again gets the lines it lacks, or, if it is nested, the new form. A
// line takes the place of its negation.
func (c *Config) Carry(n Carried) {
	negation, opposite := "no "+n.Line, -1
	for i := range c.Carried {
		k := &c.Carried[i]
		if k.In != n.In {
			continue
		}
		if k.Line == n.Line {
			k.merge(n.Children)
			return
		}
		if k.Line == negation {
			opposite = i
		}
	}
	if opposite >= 0 {
		c.Carried = slices.Delete(c.Carried, opposite, opposite+1)
	}
	c.CarryNew(n)
}

// CarryNew is Carry for a line that is known not to be carried, neither as it
// is nor as its negation. It does not look at the others.
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

// DropCarried removes a carried line and reports whether it was there. A
// shorter text removes every line of the section that begins with its words,
// as `no X` does on IOS for single-valued commands, if exactly one does.
func (c *Config) DropCarried(in, line string) bool {
	match := -1
	for i, k := range c.Carried {
		if k.In != in {
			continue
		}
		if k.Line == line {
			match = i
			break
		}
		if strings.HasPrefix(k.Line, line+" ") {
			if match >= 0 {
				return false
			}
			match = i
		}
	}
	if match < 0 {
		return false
	}
	c.Carried = slices.Delete(c.Carried, match, match+1)
	return true
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
