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
	for i := range c.Carried {
		k := &c.Carried[i]
		if k.In != n.In || k.Line != n.Line {
			continue
		}
		if slices.Equal(k.Children, n.Children) || len(n.Children) == 0 {
			return
		}
		if nested(n.Children) || nested(k.Children) {
			k.Children = slices.Clone(n.Children)
			return
		}
		have := make(map[string]bool, len(k.Children))
		for _, l := range k.Children {
			have[l] = true
		}
		for _, l := range n.Children {
			if !have[l] {
				have[l] = true
				k.Children = append(k.Children, l)
			}
		}
		return
	}
	negation := "no " + n.Line
	c.Carried = slices.DeleteFunc(c.Carried, func(k Carried) bool { return k.In == n.In && k.Line == negation })
	n.Children = slices.Clone(n.Children)
	at, _ := slices.BinarySearchFunc(c.Carried, n, func(e, t Carried) int {
		if carriedOrder(e, t) <= 0 {
			return -1 // behind all that belong before it or beside it
		}
		return 1
	})
	c.Carried = slices.Insert(c.Carried, at, n)
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
