package language

import "strings"

// read begins to read the text that follows a line which is kept.
func (c *Cursor) read(p Placement) {
	spot := p.In.Spot()
	spot.Path = append(spot.Path[:len(spot.Path):len(spot.Path)], p.kept)
	until := p.row.Until
	if until == Delimited {
		words := strings.Fields(p.Line)
		n := len(p.row.words)
		if len(words) <= n {
			return
		}
		delim, rest := Delimiter(strings.Join(words[n:], " "))
		if strings.Contains(rest, delim) {
			return
		}
		until = delim
	}
	c.body = &body{spot: spot, until: until, quit: p.row.Until != Delimited}
}

// Reading reports that a text is being read.
func (c *Cursor) Reading() bool { return c.body != nil }

// reading takes a line of a text. A text without its end does not swallow what
// follows: only digits of a certificate are one.
func (c *Cursor) reading(p Placement, raw string) (Placement, bool) {
	b := c.body
	p.What, p.In = Text, Section{In: b.spot.In, Path: b.spot.Path, Header: p.In.Header}
	if b.quit {
		switch {
		case strings.EqualFold(p.Line, b.until):
			c.body = nil
		case p.Line == "":
			return Placement{Depth: p.Depth, In: c.open[len(c.open)-1].Section}, true
		case strings.Trim(p.Line, "0123456789abcdefABCDEF ") != "":
			c.body = nil
			return p, false
		}
		return p, true
	}
	p.Line = raw // blanks are part of a banner
	b.lines++
	if strings.Contains(p.Line, b.until) || b.lines > maxBanner {
		c.body = nil
	}
	return p, true
}

// modeOfText is what the prompt shows while a text is read.
const modeOfText = "config-pubkey"
