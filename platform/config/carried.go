package config

import (
	"slices"
	"strings"
)

// Carried is a line (with the lines below it) that the appliance does not
// implement: kept, printed back, counted, never acted on.
type Carried struct {
	In       string   // header of the section it stands in, "" = top level
	Line     string   // without indentation
	Children []string // the lines below it with their indentation relative to Line
}

// Carry keeps a line. Carrying the same line again changes nothing; a block
// carried again gets the lines it lacks, or, if it is nested, the new form.
func (c *Config) Carry(in, line string, children []string) {
	for i := range c.Carried {
		k := &c.Carried[i]
		if k.In != in || k.Line != line {
			continue
		}
		if slices.Equal(k.Children, children) || len(children) == 0 {
			return
		}
		if nested(children) || nested(k.Children) {
			k.Children = slices.Clone(children)
			return
		}
		for _, l := range children {
			if !slices.Contains(k.Children, l) {
				k.Children = append(k.Children, l)
			}
		}
		return
	}
	k := Carried{In: in, Line: line, Children: slices.Clone(children)}
	at, _ := slices.BinarySearchFunc(c.Carried, k, func(e, t Carried) int {
		if carriedOrder(e, t) <= 0 {
			return -1 // behind all that belong before it or beside it
		}
		return 1
	})
	c.Carried = slices.Insert(c.Carried, at, k)
}

// carriedOrder keeps what stands together together, whatever the order of
// typing, so that a printed configuration loads as the same value: section by
// section, and at top level by the first two words, which decide the place.
func carriedOrder(a, b Carried) int {
	if n := strings.Compare(a.In, b.In); n != 0 || a.In != "" {
		return n
	}
	return strings.Compare(twoWords(a.Line), twoWords(b.Line))
}

func twoWords(line string) string {
	line = strings.TrimPrefix(line, "no ")
	first, rest, _ := strings.Cut(line, " ")
	second, _, _ := strings.Cut(rest, " ")
	return first + " " + second
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
