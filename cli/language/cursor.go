package language

import (
	"strings"
	"unicode"

	"option150/cli/grammar"
	"option150/platform/config"
	"option150/platform/plain"
)

// Cursor is where the next line of a configuration goes: the stack of sections
// that are open. It is the only code that decides which section a line belongs
// to, for a line that is typed as for a line of a file:
//
//	p := cur.Place(c, line)    // what the line is, and of which section
//	err := l.Perform(c, p)     // on a candidate
//	cur.Took(p) or cur.Refused(p)
//
// Words decide, indentation is a hint. A line belongs to the innermost section
// that takes it; what the sections around it take in full goes to them, as on
// IOS, where a global command typed in a section leaves it. Indentation is
// asked where words leave it open: when a line fits in two places, or nowhere.
//
// A section that is kept or was refused is a section all the same. What follows
// belongs to it, and to nothing else, until `end`, its own `exit`, or a line
// that its mode does not take and one around it takes in full.
type Cursor struct {
	l     *Language
	graph func(mode string) *grammar.Graph
	level int
	cfg   *config.Config // what the line is placed in

	open  []open // open[0] is the top level
	tail  *open  // the last line, nobody's command: what is indented below it goes with it
	body  *body  // a text is being read
	apart bool   // a `!` came since the last line
}

// open is a section that is open.
type open struct {
	Section
	at    int    // indentation of its header, -1 of the top level
	kids  bool   // lines of it were indented more than that
	lost  bool   // its header was refused
	blind bool   // its header is no command known here: it has what is indented below it
	head  string // what its header is of, for a header of the same kind that stands below it
	exit  string // the line that ends it, "exit-address-family"
}

// body is a text that is being read.
type body struct {
	spot  config.Spot
	until string // a word alone on its line, or the delimiter
	quit  bool   // the former
	lines int
}

// What a line is.
type What int

// The kinds of lines.
const (
	Nothing What = iota // blank, or a comment
	Command             // of a declaration
	Action              // of one that runs: exit, end, create cnf-files
	Banner              // `banner KIND text`
	Keep                // IOS has it and this box does not: it is kept, or taken away
	Unknown             // no command known here. A file keeps it, a prompt refuses it
	Text                // of a text, a certificate
	Leave               // ends a section that is kept or was refused
	Lost                // of a section whose header was refused
	Bad                 // a command whose arguments do not fit, or that is not finished
)

// Placement is what a line is and where it goes.
type Placement struct {
	What   What
	In     Section        // the section it belongs to
	Depth  int            // sections that stay open if it is taken, that one included
	Line   string         // without indentation and surplus blanks behind it
	Form   grammar.Form   // of a line that is kept
	Result grammar.Result // of Command and Action; of Bad and Unknown why it is none

	indent int
	row    *row   // of Keep
	key    string // of Keep: the words that tell it from others, "" = all
	kept   string // of Keep: how it is printed
	head   *Declaration
	heads  []Section // of Keep: the sections that a range stands for
	blind  bool      // of Keep: no command known here, which may have lines below it
	lost   string    // of Bad: the mode of the section it would have been the header of
}

// NewCursor is a cursor at the top level. graph gives the grammar of a mode,
// level is the privilege of who types.
func (l *Language) NewCursor(level int, graph func(mode string) *grammar.Graph) *Cursor {
	return &Cursor{l: l, graph: graph, level: level, open: []open{{Section: top, at: -1}}}
}

// Section is the innermost section that is open and was not refused: the one
// the prompt shows.
func (c *Cursor) Section() Section {
	for i := len(c.open) - 1; ; i-- {
		if o := &c.open[i]; !o.lost && !o.blind {
			return o.Section
		}
	}
}

// Sections are the sections that are open, outermost first, without those that
// were refused.
func (c *Cursor) Sections() []Section { return c.Within(len(c.open)) }

// Within is Sections of the depth outermost ones.
func (c *Cursor) Within(depth int) []Section {
	var out []Section
	for i := range min(depth, len(c.open)) {
		if o := &c.open[i]; !o.lost && !o.blind {
			out = append(out, o.Section)
		}
	}
	return out
}

// Each calls f with each section below the top level and the one around it; f
// gives it as it is now, or false to close it with all inside.
func (c *Cursor) Each(f func(around, sec Section) (Section, bool)) {
	for i := 1; i < len(c.open); i++ {
		o := &c.open[i]
		if o.lost || o.blind {
			continue
		}
		sec, ok := f(c.open[i-1].Section, o.Section)
		if !ok {
			c.cut(i)
			return
		}
		o.Section = sec
	}
}

// Up leaves the innermost section. It reports false at the top level.
func (c *Cursor) Up() bool {
	n := len(c.open)
	c.tail, c.body = nil, nil
	if n == 1 {
		return false
	}
	c.cut(n - 1)
	return true
}

// Top leaves all sections.
func (c *Cursor) Top() { c.tail, c.body = nil, nil; c.cut(1) }

func (c *Cursor) cut(n int) { c.open, c.apart = c.open[:n], false }

// Took tells that a placed line took effect: a header opens its section.
func (c *Cursor) Took(p Placement) {
	if p.What == Nothing || p.What == Text {
		return
	}
	c.stand(p)
	if p.What == Leave {
		c.Up()
		return
	}
	switch {
	case p.Form == grammar.Plain && (p.What == Unknown || p.blind):
		path := append(p.In.Path[:len(p.In.Path):len(p.In.Path)], p.Line)
		c.tail = &open{Section: Section{Mode: "", Header: p.Line, In: p.In.holder(), Path: path}, at: p.indent, blind: true}
	case p.What == Keep && p.Form == grammar.Plain && p.row != nil && p.row.Until != "":
		c.read(p)
	case p.heads != nil:
		c.open = append(c.open, open{Section: Section{Mode: p.row.Enters, Header: p.kept, There: true, Members: p.heads}, at: p.indent, head: p.kind()})
	case p.What == Keep && p.Form == grammar.Plain && p.enters() != "":
		path := append(p.In.Path[:len(p.In.Path):len(p.In.Path)], p.kept)
		o := open{Section: Section{Mode: p.enters(), Keys: p.In.Keys, Header: p.kept, In: p.In.holder(), Path: path, There: true}, at: p.indent, head: p.kind()}
		if p.row != nil {
			o.exit = p.row.Exit
		}
		c.open = append(c.open, o)
	case p.What == Command && p.Result.Form == grammar.Plain && p.head.Enters != "":
		if sec, err := c.l.Enter(p.In, p.Result); err == nil {
			c.open = append(c.open, open{Section: sec, at: p.indent, head: p.kind()})
		}
	}
}

// Refused tells that a placed line was refused. If it heads a section, what
// follows belongs to that and to nothing else.
func (c *Cursor) Refused(p Placement) {
	switch p.What {
	case Unknown:
		c.stranger(p, p.Form == grammar.Plain)
	case Bad:
		if p.lost != "" {
			c.lose(p, p.lost)
		} else if p.blind {
			c.stranger(p, true)
		}
	case Command:
		if p.Result.Form == grammar.Plain && p.head.Enters != "" {
			c.lose(p, p.head.Enters)
		}
	}
}

// stranger notes a refused line that is no command known here: what is indented
// below it, if something may be, goes with it.
func (c *Cursor) stranger(p Placement, heads bool) {
	if c.stand(p); heads {
		c.tail = &open{Section: p.In, at: p.indent, lost: true, blind: true}
	}
}

// lose opens a section whose header was refused.
func (c *Cursor) lose(p Placement, mode string) {
	c.stand(p)
	c.open = append(c.open, open{Section: Section{Mode: mode, Header: p.Line}, at: p.indent, lost: true, head: p.kind()})
}

// stand closes the sections that the line is not in, and notes how the one it
// is in is indented.
func (c *Cursor) stand(p Placement) {
	if p.Depth < len(c.open) {
		c.open = c.open[:p.Depth]
	}
	if o := &c.open[len(c.open)-1]; p.indent > o.at && len(c.open) > 1 {
		o.kids = true
	}
	c.tail, c.apart = nil, false
}

// enters is the mode that a line which is kept enters.
func (p *Placement) enters() string {
	switch {
	case p.row != nil:
		return p.row.Enters
	case p.head != nil:
		return p.head.Enters
	}
	return ""
}

// kind is what a header is of: its words before the first argument.
func (p *Placement) kind() string {
	switch {
	case p.row != nil:
		return p.row.fixed
	case p.head != nil && p.head.syntax != nil:
		return strings.Join(p.head.keywords(), " ")
	}
	return ""
}

// Place says what a line is and which section it belongs to. Nothing changes
// but what blank lines, comments and indentation tell. A line that holds a
// control character, or a mark that makes it read as another, is Bad there.
func (c *Cursor) Place(cfg *config.Config, raw string) Placement {
	p := c.place(cfg, raw)
	if p.What == Nothing || p.What == Lost || p.What == Banner {
		return p
	}
	at := plain.Typed(p.Line)
	if at < 0 || p.What == Bad && p.Result.Offset <= at {
		return p
	}
	switch p.What {
	case Command, Keep:
		p.lost = p.enters()
	case Unknown:
		p.blind = true
	}
	p.blind = p.blind && p.Form == grammar.Plain
	p.What, p.Result = Bad, grammar.Result{Kind: grammar.Invalid, Offset: at}
	return p
}

func (c *Cursor) place(cfg *config.Config, raw string) Placement {
	c.cfg = cfg
	raw = strings.TrimRight(Blanks(raw), " ")
	text := strings.TrimLeft(raw, " ")
	p := Placement{Line: text, indent: len(raw) - len(text), Depth: len(c.open), In: c.open[len(c.open)-1].Section}
	if c.body != nil {
		if q, ok := c.reading(p, raw); ok {
			return q
		}
	}
	if text == "" {
		return p
	}
	if text[0] == '!' {
		if in := &c.open[len(c.open)-1]; p.indent <= max(in.at, 0) {
			c.apart, c.tail = true, nil
		}
		return p
	}
	c.below(p.indent)
	if o := &c.open[len(c.open)-1]; o.blind {
		s := c.around(text)
		if i, f := s.below(o, fit{}); i < s.inner() {
			return c.placed(cfg, p, i, f) // whatever stands above it, and however it is indented
		}
		p.In, p.Depth = o.Section, len(c.open)
		if o.lost {
			p.What = Lost
			return p
		}
		return c.inside(p, fit{})
	}
	if kind, _, ok := BannerLine(text); ok && kind != "" && !c.kept(p.indent) {
		p.What, p.In, p.Depth = Banner, top, 1
		p.Result = c.graph(Global).Match(text, c.level)
		return p
	}
	for i := len(c.open) - 1; i > 0; i-- {
		if o := &c.open[i]; o.exit != "" && strings.EqualFold(config.Collapse(text), o.exit) {
			p.What, p.In, p.Depth = Leave, o.Section, i+1
			return p
		}
	}
	i, f := c.choose(cfg, text, p.indent)
	return c.placed(cfg, p, i, f)
}

// Blanks makes one blank of every kind of blank there is: a line that was pasted
// may hold some that look like one and are none to the grammar or to a file. In
// front of a line it also takes away what has no width: a file from another
// machine begins with a byte order mark.
func Blanks(line string) string {
	line = strings.TrimLeftFunc(line, weightless)
	if strings.IndexFunc(line, func(r rune) bool { return r != ' ' && unicode.IsSpace(r) }) < 0 {
		return line
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, line)
}

// weightless reports marks that show nothing and say nothing of a command.
func weightless(r rune) bool {
	return r == '\ufeff' || r >= '\u200b' && r <= '\u200f' || r == '\u2060'
}

// kept reports that a line with this indentation stands below a section that
// is kept or was refused.
func (c *Cursor) kept(indent int) bool {
	o := &c.open[len(c.open)-1]
	return (o.lost || len(o.Path) > 0) && indent > o.at
}

// below opens what is indented below a line that is nobody's command, and
// closes such sections when the indentation ends.
func (c *Cursor) below(indent int) {
	if c.tail != nil && indent > c.tail.at {
		c.open = append(c.open, *c.tail)
	}
	c.tail = nil
	for n := len(c.open); n > 1 && c.open[n-1].blind && indent <= c.open[n-1].at; n-- {
		c.open = c.open[:n-1]
	}
}

// placed makes the placement of a line in the section that was chosen.
func (c *Cursor) placed(cfg *config.Config, p Placement, i int, f fit) Placement {
	o := &c.open[i]
	p.In, p.Depth, p.Result, p.row = o.Section, i+1, f.result, f.row
	if d, ok := f.result.Action.(*Declaration); ok {
		p.head = d
	}
	if o.lost {
		o.kids = o.kids || p.indent > o.at
		if p.What = Lost; f.action() && isExit(p.head) {
			p.What = Leave
		}
		if f.action() && !isExit(p.head) {
			p.What = Action
		}
		return p
	}
	switch {
	case f.action():
		p.What = Action
	case f.how == inVocabulary:
		p.What, p.Form, p.kept, p.key = Keep, f.form, f.found.line, f.found.key
		if p.head = nil; f.row.Spread {
			return c.spread(p, i, f)
		}
	case len(o.Path) > 0: // a section that is kept takes every line
		return c.inside(p, f)
	case f.how >= abbreviates && p.head.Carry:
		p.What = Keep
		c.l.declared(&p)
	case f.how >= abbreviates:
		p.What = Command
	case c.drops(cfg, p):
		rest := bare(p.Line, grammar.No)
		p.What, p.Form, p.kept, p.key = Keep, grammar.No, rest, rest
	case f.how == knows:
		p.What = Bad
		if d := c.l.header(o.Mode, p.Line); d != nil {
			p.head, p.lost = d, d.Enters
		}
	default:
		p.What = Unknown
		if p.Form, _ = formOf(p.Line); p.Form == grammar.Default {
			p.Form = grammar.Plain // nobody knows what it would set
		}
	}
	return p
}

// declared fills in how a line that is declared is kept: as it came if its
// words were written out, for blanks and quotes are the owner's.
func (l *Language) declared(p *Placement) {
	p.Form, p.kept = p.Result.Form, bare(p.Line, p.Result.Form)
	if p.Form == grammar.Plain {
		p.kept = p.Line
	}
	if !p.Result.Full || p.head.Enters != "" || p.head.Format != nil {
		if text, err := p.head.kept(p.Result); err == nil {
			p.kept = text
		}
	}
	l.rival(p)
}

// rival says which line a declared one takes the place of where both are kept:
// the vocabulary knows, and what a declaration says of itself. Else none: a
// line too much can be taken away, one that is lost is lost.
func (l *Language) rival(p *Placement) {
	if p.head.Enters != "" {
		return
	}
	v := l.vocab.find(p.In.Mode, p.kept)
	switch {
	case v.row != nil && v.row.Enters == "" && v.row.Until == "":
		p.row, p.key = v.row, v.key
	case p.head.Single:
		p.key = strings.Join(p.head.keywords(), " ")
	}
}

// inside places a line in a section that is kept. What its mode knows is
// written out; anything else is kept as it came.
func (c *Cursor) inside(p Placement, f fit) Placement {
	p.What, p.kept = Keep, p.Line
	p.Form, _ = formOf(p.Line)
	if f.how >= abbreviates {
		c.l.declared(&p)
	} else if p.Form != grammar.Plain {
		p.kept = bare(p.kept, p.Form)
	}
	p.blind = f.how < abbreviates
	return p
}

// drops reports that the line is `no` before something that is kept here. A
// text that means several lines is no command: `no ip route` must not take all
// routes away.
func (c *Cursor) drops(cfg *config.Config, p Placement) bool {
	form, rest := formOf(p.Line)
	return form == grammar.No && cfg.CountKept(p.In.Spot(), rest) == 1
}

// formOf is the form of a line that no grammar knows, and the line without the
// word for it.
func formOf(text string) (grammar.Form, string) {
	word, rest, _ := strings.Cut(text, " ")
	switch {
	case strings.EqualFold(word, "no") && strings.TrimSpace(rest) != "":
		return grammar.No, strings.TrimLeft(rest, " ")
	case strings.EqualFold(word, "default") && strings.TrimSpace(rest) != "":
		return grammar.Default, strings.TrimLeft(rest, " ")
	}
	return grammar.Plain, text
}

// Mode is what the prompt shows.
func (c *Cursor) Mode() string {
	if c.body != nil && c.body.quit {
		return modeOfText
	}
	return c.Section().Mode
}

// Blind reports that nobody knows the line: it is kept with the section that it
// stands in, and what is indented below it goes with it.
func (p *Placement) Blind() bool { return p.blind }
