package config

import (
	"cmp"
	"slices"
	"strings"

	"option150/platform/sorted"
)

// Kept is a line that the appliance does not implement, with the lines below
// it: kept, printed back, counted, never acted on.
type Kept struct {
	Line  string // without indentation, else as it came
	Text  bool   // part of a text that is no command: a line of a certificate
	Below []Kept
}

// Carried is a line that is kept at the top level or in a section the appliance
// implements.
type Carried struct {
	In    string // header of that section, "" = top level
	Place int    // of a top-level line: its place among the commands, by the language
	Kept
}

// Spot is where a line is kept.
type Spot struct {
	In    string   // header of a section the appliance implements, "" = top level
	Path  []string // kept lines that lead to it, outermost first
	Place int      // of a line of the top level
}

// Keep keeps a line. The first line for which same holds is the one it
// replaces; without one it comes last. What is gone with it is dropped, as a
// line takes the place of its negation, see Negation. It reports whether the
// line is new: neither there before nor in the place of another.
func (c *Config) Keep(at Spot, line string, same, gone func(old string) bool) (fresh bool) {
	if len(at.Path) > 0 {
		list := c.below(at)
		if list == nil {
			return false
		}
		for i := range *list {
			if k := &(*list)[i]; !k.Text && same(k.Line) {
				k.become(line)
				return false
			}
		}
		*list = append(slices.DeleteFunc(*list, func(k Kept) bool { return !k.Text && gone(k.Line) }), Kept{Line: line})
		return true
	}
	negated := false
	for i := range c.Carried {
		k := &c.Carried[i]
		if k.In != at.In {
			continue
		}
		if same(k.Line) {
			k.become(line)
			return false
		}
		negated = negated || gone(k.Line)
	}
	if negated {
		c.Carried = slices.DeleteFunc(c.Carried, func(k Carried) bool { return k.In == at.In && gone(k.Line) })
	}
	c.KeepNew(at, line)
	return true
}

// become puts another line in the place of one. What stood below that goes.
func (k *Kept) become(line string) {
	if !sameWords(k.Line, line) {
		k.Below = nil
	}
	k.Line = line
}

// KeepNew is Keep for a line of a section or the top level that is known not to
// be there, neither as it is nor by a negation. It does not look at the others.
func (c *Config) KeepNew(at Spot, line string) {
	n := Carried{In: at.In, Place: at.Place, Kept: Kept{Line: line}}
	i, _ := slices.BinarySearchFunc(c.Carried, n, func(e, t Carried) int {
		if carriedOrder(e, t) <= 0 {
			return -1 // behind all that belong before it or beside it
		}
		return 1
	})
	c.Carried = slices.Insert(c.Carried, i, n)
}

// KeepText appends a line of a text to the kept line that the path leads to.
func (c *Config) KeepText(at Spot, line string) {
	if list := c.below(at); list != nil {
		*list = append(*list, Kept{Line: line, Text: true})
	}
}

// ClearText takes away the text below a kept line, which comes anew.
func (c *Config) ClearText(at Spot) {
	if list := c.below(at); list != nil {
		*list = slices.DeleteFunc(*list, func(k Kept) bool { return k.Text })
	}
}

// Unkeep removes the kept lines that begin with these words, or only the one
// that is these words if there is one, as `no X` does on IOS. It returns how
// many were there.
func (c *Config) Unkeep(at Spot, words string) int {
	begin := c.named(at, words)
	if len(at.Path) > 0 {
		list := c.below(at)
		if list == nil {
			return 0
		}
		n := len(*list)
		*list = slices.DeleteFunc(*list, func(k Kept) bool { return !k.Text && begin(k.Line) })
		return n - len(*list)
	}
	n := len(c.Carried)
	c.Carried = slices.DeleteFunc(c.Carried, func(k Carried) bool { return k.In == at.In && begin(k.Line) })
	return n - len(c.Carried)
}

// CountKept is how many lines Unkeep would remove.
func (c *Config) CountKept(at Spot, words string) int {
	n, begin := 0, c.named(at, words)
	for line := range c.keptAt(at) {
		if begin(line) {
			n++
		}
	}
	return n
}

// HasKept reports that the kept section a path leads to is there.
func (c *Config) HasKept(at Spot) bool { return c.below(at) != nil }

// named is which lines a text stands for. `no no X` is no command.
func (c *Config) named(at Spot, words string) func(string) bool {
	words = Collapse(words)
	exact := func(line string) bool { return Collapse(line) == words }
	if words == "no" || strings.HasPrefix(words, "no ") {
		return exact
	}
	for line := range c.keptAt(at) {
		if exact(line) {
			return exact
		}
	}
	return func(line string) bool { return begins(Collapse(line), words) }
}

// keptAt lists the lines that are kept at a spot.
func (c *Config) keptAt(at Spot) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		if len(at.Path) > 0 {
			if list := c.below(at); list != nil {
				for _, k := range *list {
					if !k.Text && !yield(k.Line) {
						return
					}
				}
			}
			return
		}
		for _, k := range c.Carried {
			if k.In == at.In && !yield(k.Line) {
				return
			}
		}
	}
}

// below is the list of lines a path leads to, nil if it leads nowhere.
func (c *Config) below(at Spot) *[]Kept {
	if len(at.Path) == 0 {
		return nil
	}
	i := slices.IndexFunc(c.Carried, func(k Carried) bool { return k.In == at.In && sameWords(k.Line, at.Path[0]) })
	if i < 0 {
		return nil
	}
	list := &c.Carried[i].Below
	for _, line := range at.Path[1:] {
		i := slices.IndexFunc(*list, func(k Kept) bool { return !k.Text && sameWords(k.Line, line) })
		if i < 0 {
			return nil
		}
		list = &(*list)[i].Below
	}
	return list
}

// Negation tells which kept lines a line takes away: `no` before its own first
// words. `no X` and `X Y` are not there both.
func Negation(line string) func(old string) bool {
	return func(old string) bool {
		rest, ok := strings.CutPrefix(old, "no ")
		return ok && begins(line, rest)
	}
}

// begins reports that a line begins with these words.
func begins(line, words string) bool {
	return strings.HasPrefix(line, words) && (len(line) == len(words) || line[len(words)] == ' ')
}

// Collapse makes one blank of each gap between words: what lines are compared
// by.
func Collapse(s string) string {
	if !strings.Contains(s, "  ") && !strings.ContainsAny(s, "\t") {
		return s
	}
	return strings.Join(strings.Fields(s), " ")
}

func sameWords(a, b string) bool { return a == b || Collapse(a) == Collapse(b) }

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

// DropSection removes what is kept in a section that goes away.
func (c *Config) DropSection(header string) {
	c.Carried = slices.DeleteFunc(c.Carried, func(k Carried) bool { return k.In == header })
}

// Carries reports whether anything is kept in a section.
func (c *Config) Carries(header string) bool {
	return slices.ContainsFunc(c.Carried, func(k Carried) bool { return k.In == header })
}

// RenameSection moves what is kept in a section whose header changed.
func (c *Config) RenameSection(from, to string) {
	if from == to {
		return
	}
	for i := range c.Carried {
		if c.Carried[i].In == from {
			c.Carried[i].In = to
		}
	}
	sorted.Stable(c.Carried, carriedOrder)
}

func cloneKept(list []Kept) []Kept {
	list = slices.Clone(list)
	for i := range list {
		list[i].Below = cloneKept(list[i].Below)
	}
	return list
}
