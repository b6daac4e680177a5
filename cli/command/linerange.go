package command

import (
	"strings"

	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/sorted"
)

func setLine(c *language.Context) error {
	kind, first := c.Args.String("kind"), c.Args.Int("first")
	if kind == "console" {
		kind = "con"
		c.Args["kind"] = kind // the section is printed and entered by its short name
	}
	last := first
	if c.Args.Has("last") {
		if last = c.Args.Int("last"); last < first {
			return language.Answer("% Last line number must not be less than the first")
		}
	}
	for _, l := range c.Config.Lines {
		if l.Kind == kind && l.First == first {
			if c.Args.Has("last") && l.Last != last {
				return widen(c.Config, kind, first, last)
			}
			if kind == "vty" {
				c.Args["last"] = l.Last // the section is entered by its full header
			}
			return nil
		}
	}
	if kind == "vty" {
		c.Args["last"] = last
	}
	return widen(c.Config, kind, first, last)
}

// widen makes a range of lines exist as one section. A range that begins with
// the same line is resized; others give up what the new one takes.
func widen(c *config.Config, kind string, first, last int) error {
	n := config.DefaultLine(kind, first, last)
	var keep []config.Line
	resize := func(l config.Line, f, t int) config.Line {
		from := lineHeader(l)
		l.First, l.Last = f, t
		c.RenameSection(from, lineHeader(l))
		return l
	}
	for _, l := range c.Lines {
		switch {
		case l.Kind != kind || l.Last < first || l.First > last:
			keep = append(keep, l)
		case l.First == first:
			if tail := l; tail.Last > last {
				tail.First = last + 1
				keep = append(keep, tail)
			}
			n = resize(l, first, last)
		case l.First < first:
			tail := l
			keep = append(keep, resize(l, l.First, first-1))
			if tail.Last > last {
				tail.First = last + 1
				keep = append(keep, tail)
			}
		case l.Last > last:
			keep = append(keep, resize(l, last+1, l.Last))
		default:
			c.DropSection(lineHeader(l))
		}
	}
	c.Lines = append(keep, n)
	sorted.By(c.Lines, func(a, b config.Line) int {
		if a.Kind != b.Kind {
			return strings.Compare(a.Kind, b.Kind)
		}
		return a.First - b.First
	})
	return nil
}

func lineHeader(l config.Line) string {
	h := "line " + l.Kind + " " + itoa(l.First)
	if l.Kind == "vty" {
		h += " " + itoa(l.Last)
	}
	return h
}

// factoryVTYs is the last vty line of a box as it comes.
const factoryVTYs = 4

// unsetLine: the lines of the factory go back to their defaults, others go.
// Neighbours that are at their defaults become one range again.
func unsetLine(c *language.Context) error {
	kind, first := c.Args.String("kind"), c.Args.Int("first")
	if kind == "console" {
		kind = "con"
	}
	var keep []config.Line
	for _, l := range c.Config.Lines {
		if l.Kind != kind || l.First != first {
			keep = append(keep, l)
			continue
		}
		c.Config.DropSection(lineHeader(l))
		if kind == "con" || first <= factoryVTYs {
			keep = append(keep, config.DefaultLine(kind, first, lastFactory(kind, l.Last)))
		}
	}
	c.Config.Lines = joinDefaults(c.Config, keep)
	return nil
}

func lastFactory(kind string, last int) int {
	if kind == "con" {
		return 0
	}
	return min(last, factoryVTYs)
}

func joinDefaults(c *config.Config, lines []config.Line) []config.Line {
	plain := func(l config.Line) bool {
		return l == config.DefaultLine(l.Kind, l.First, l.Last) && !c.Carries(lineHeader(l))
	}
	var out []config.Line
	for _, l := range lines {
		if n := len(out); n > 0 && out[n-1].Kind == l.Kind && out[n-1].Last+1 == l.First && plain(out[n-1]) && plain(l) {
			out[n-1].Last = l.Last
			continue
		}
		out = append(out, l)
	}
	return out
}
