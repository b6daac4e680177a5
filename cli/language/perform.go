package language

import (
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/platform/config"
)

// Perform carries a placed line out on a candidate.
func (l *Language) Perform(c *config.Config, p Placement) error {
	if len(p.In.Members) > 0 {
		return l.performEach(c, p)
	}
	switch p.What {
	case Command:
		return l.Apply(c, p.In, p.Result, p.Line)
	case Keep:
		l.keep(c, p)
	case Unknown:
		if _, rest := formOf(p.Line); p.Form == grammar.No && c.Unkeep(p.In.Spot(), rest) > 0 {
			return nil
		}
		at := p.In.Spot()
		if at.In == "" && len(at.Path) == 0 {
			at.Place = l.place(Unplaced)
		}
		c.Keep(at, p.Line, sameLine(p.Line), config.Negation(p.Line))
	case Text:
		c.KeepText(config.Spot{In: p.In.In, Path: p.In.Path}, p.Line)
	}
	return nil
}

// keep keeps a line, or takes it away. `no` of something that is not there is
// itself something to keep only where IOS prints it.
func (l *Language) keep(c *config.Config, p Placement) {
	if p.heads != nil {
		for _, m := range p.heads {
			if m.Kept() {
				c.Keep(l.spot(p.In, m.Header), m.Header, sameLine(m.Header), config.Negation(m.Header))
			}
		}
		return
	}
	at := l.spot(p.In, p.kept)
	if p.Form == grammar.No && c.CountKept(at, "no "+p.kept) > 0 {
		return // it says so already: what may stand beside it stays where it is
	}
	if p.Form != grammar.Plain {
		gone := 0
		if !l.standsBeside(c, at, p) {
			gone = c.Unkeep(at, p.kept)
		}
		if gone == 0 && p.key != "" && (p.row == nil || !p.row.Many) {
			gone = c.Unkeep(at, p.key) // `no description old` where there is another one
		}
		if len(p.In.Path) == 0 {
			c.DropSection(p.kept)
		}
		if p.Form == grammar.Default {
			c.Unkeep(at, "no "+p.kept)
		} else if gone == 0 && l.printsNo(p) {
			line := "no " + p.kept
			c.Keep(l.spot(p.In, line), line, sameLine(line), config.Negation(line))
		}
		return
	}
	same := sameLine(p.kept)
	if p.key != "" && p.enters() == "" && (p.row == nil || !p.row.Many) {
		same = l.sameKey(p)
	}
	c.Keep(at, p.kept, same, l.negation(p))
	if p.row != nil && p.row.Until != "" {
		at.Path = append(at.Path[:len(at.Path):len(at.Path)], p.kept)
		c.ClearText(at)
	}
}

// standsBeside reports that all that begins so is of another command: `no
// huntstop` leaves `huntstop channel 6` alone.
func (l *Language) standsBeside(c *config.Config, at config.Spot, p Placement) bool {
	g := l.graphs[p.In.Mode]
	if p.head == nil || !p.head.KeepNo || g == nil || len(at.Path) > 0 {
		return false
	}
	words, others := config.Collapse(p.kept), false
	for _, k := range c.Carried {
		line := config.Collapse(k.Line)
		if k.In != at.In || line != words && !strings.HasPrefix(line, words+" ") {
			continue
		}
		r := g.Match(line, ModeLevel)
		if d, ok := r.Action.(*Declaration); !ok || r.Kind != grammar.OK || d == p.head {
			return false
		}
		others = true
	}
	return others
}

// printsNo reports that IOS prints `no` of a line that is not there.
func (l *Language) printsNo(p Placement) bool {
	row := p.row
	if row == nil {
		row = l.vocab.find(p.In.Mode, p.kept).row
	}
	switch {
	case row != nil && row.No:
		return true
	case p.head != nil: // `no vad` says something itself
		return p.head.KeepNo || p.head.Carry && p.head.Enters == "" && len(p.Result.Args) == 0
	}
	return row == nil && p.blind
}

// sameKey finds the line that another one takes the place of: of the same row
// and the same key, `router-id 1.1.1.1` and `router-id 2.2.2.2`.
func (l *Language) sameKey(p Placement) func(string) bool {
	key := strings.ToLower(config.Collapse(p.key))
	return func(old string) bool {
		old = strings.ToLower(config.Collapse(old))
		if !strings.HasPrefix(old, key) || len(old) > len(key) && old[len(key)] != ' ' {
			return false
		}
		return p.row == nil || l.vocab.find(p.row.Mode, old).row == p.row
	}
}

// negation is config.Negation, but that `no X` stays beside `X Y` where these are
// two commands: `no huntstop` and `huntstop channel 6`.
func (l *Language) negation(p Placement) func(string) bool {
	takes := config.Negation(p.kept)
	return func(old string) bool {
		if !takes(old) {
			return false
		}
		if g := l.graphs[p.In.Mode]; p.head != nil && g != nil {
			r := g.Match(strings.TrimPrefix(old, "no "), ModeLevel)
			d, ok := r.Action.(*Declaration)
			return r.Kind != grammar.OK || !ok || d == p.head
		}
		return true
	}
}

func sameLine(line string) func(string) bool {
	line = config.Collapse(line)
	return func(old string) bool { return old == line || config.Collapse(old) == line }
}

// Spot is where lines of a section are kept.
func (s Section) Spot() config.Spot { return config.Spot{In: s.holder(), Path: s.Path} }

// holder is the header of the section of ours that holds what is kept here.
func (s Section) holder() string {
	if len(s.Path) > 0 {
		return s.In
	}
	return s.Header
}

// spot is the same with the place of a line of the top level.
func (l *Language) spot(in Section, line string) config.Spot {
	at := in.Spot()
	if at.In == "" && len(at.Path) == 0 {
		at.Place = l.place(line)
	}
	return at
}

// header is the declaration whose section a line begins, whatever its arguments
// are: a phone of a number that is not allowed.
func (l *Language) header(mode, text string) *Declaration {
	words := strings.Fields(text)
	var best *Declaration
	most := 0
	for _, d := range l.decls[mode] {
		if d.Enters == "" || d.syntax == nil {
			continue
		}
		n, exact := 0, 0
		keys := d.keywords()
		for n < len(keys) && n < len(words) && foldPrefix(keys[n], words[n]) {
			if len(keys[n]) == len(words[n]) {
				exact++
			}
			n++
		}
		if n == len(keys) && n > 0 && 2*n+exact > most && !l.plainly(mode, keys) {
			best, most = d, 2*n+exact
		}
	}
	return best
}

// plainly reports that the same words begin a line that heads no section:
// `network A M` beside `network A M secondary`.
func (l *Language) plainly(mode string, keys []string) bool {
	return slices.ContainsFunc(l.decls[mode], func(d *Declaration) bool {
		return d.Enters == "" && d.syntax != nil && slices.Equal(d.keywords(), keys)
	})
}

func isExit(d *Declaration) bool {
	return d != nil && d.syntax != nil && d.Free && d.syntax.FirstWord() == "exit"
}

// After is what runs once a typed line has taken effect, nil if nothing does.
func (l *Language) After(p Placement) func(*Invocation) error {
	if p.head == nil || p.What != Command && p.What != Keep || p.Result.Form != grammar.Plain || p.In.Kept() {
		return nil
	}
	return p.head.After
}

// Unacted is the words of a line that was kept and is not acted on, "" if it
// acts. Arguments are left out.
func (l *Language) Unacted(p Placement) string {
	switch {
	case p.What != Keep || p.Form != grammar.Plain:
		return ""
	case p.In.Kept():
		return "" // its section was told
	case p.heads != nil && !slices.ContainsFunc(p.heads, Section.Kept):
		return "" // all of them are here
	case p.head != nil && p.head.After != nil:
		return "" // it says so in its own words
	case p.head != nil:
		return strings.Join(p.head.keywords(), " ")
	case p.row != nil:
		return p.row.fixed
	}
	return ""
}
