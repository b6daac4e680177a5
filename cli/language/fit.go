package language

import (
	"strings"

	"option150/cli/grammar"
	"option150/platform/config"
)

// how well a section takes a line, from worst to best.
type how int

const (
	unknown      how = iota
	knows            // a command of it whose arguments do not fit, or that is not finished
	abbreviates      // a command of it, its keywords shortened
	inVocabulary     // words that IOS has there, in full
	takes            // a command of it, its keywords in full
)

// fit is what a section makes of a line.
type fit struct {
	how    how
	result grammar.Result
	form   grammar.Form // of a line of the vocabulary
	found  found
	row    *row
	header bool // of knows: it heads a section
}

func (f *fit) action() bool {
	d, ok := f.result.Action.(*Declaration)
	return ok && f.how >= abbreviates && f.row == nil && d.Run != nil
}

// heads reports that the line is the header of a section.
func (f *fit) heads() bool {
	if f.row != nil {
		return f.row.Enters != ""
	}
	d, ok := f.result.Action.(*Declaration)
	return ok && f.how >= abbreviates && d.Enters != "" && f.result.Form == grammar.Plain
}

// fit asks a section what it makes of a line.
func (c *Cursor) fit(o *open, text string) fit {
	f := fit{}
	g := c.graph(o.Mode)
	if g == nil {
		return f
	}
	f.result = g.Match(text, c.level)
	r := &f.result
	c.undefined(r, text)
	switch {
	case r.Kind == grammar.OK && r.Full:
		f.how = takes
		return f
	case r.Kind == grammar.OK:
		f.how = abbreviates
	case r.Full && r.Depth > 0 && (r.Kind == grammar.Incomplete || r.Kind == grammar.Invalid && !r.Keyword):
		f.how = knows
		d := c.l.header(o.Mode, text)
		f.header = d != nil && r.Depth >= len(d.keywords())
	}
	form, rest := formOf(text)
	v := c.l.vocab.find(o.Mode, rest)
	if v.row == nil && r.Kind == grammar.Invalid && !r.Keyword && r.Depth > 0 {
		// `int vlan 10`: the keyword is one of ours, the argument is not
		if full := c.l.unabbreviated(o.Mode, rest); full != rest {
			v = c.l.vocab.find(o.Mode, full)
		}
	}
	switch {
	case v.row != nil && (f.how != knows || v.words > r.Depth) && c.level >= ModeLevel:
		f.how, f.form, f.found, f.row = inVocabulary, form, v, v.row
		f.result.Action = nil
	case f.how == unknown && r.Kind == grammar.Invalid:
		c.caret(&f, text, v)
	}
	return f
}

// undefined makes a line bad whose argument is the name of something that is not
// defined, with the caret under it.
func (c *Cursor) undefined(r *grammar.Result, text string) {
	d, ok := r.Action.(*Declaration)
	if !ok || d.Knows == nil || r.Kind != grammar.OK || r.Form != grammar.Plain {
		return
	}
	if word := d.Knows(c.cfg, r.Args); word != "" {
		r.Kind, r.Action, r.Keyword, r.Depth = grammar.Invalid, nil, false, len(d.keywords())
		r.Offset = strings.Index(text, " "+word) + 1
	}
}

// caret moves the caret behind the words that the vocabulary knows, and says
// that a line of its words is not finished.
func (c *Cursor) caret(f *fit, text string, v found) {
	if v.short {
		f.result.Kind, f.result.Offset = grammar.Incomplete, len(text)
		return
	}
	skip := v.at
	if form, _ := formOf(text); form != grammar.Plain {
		skip++
	}
	at := 0
	for ; skip > 0; skip-- {
		for at < len(text) && text[at] == ' ' {
			at++
		}
		for at < len(text) && text[at] != ' ' {
			at++
		}
	}
	for at < len(text) && text[at] == ' ' {
		at++
	}
	if at < len(text) {
		f.result.Offset = max(f.result.Offset, at)
	}
}

// unabbreviated writes the first word out if it is the beginning of a header's
// keyword that is in the vocabulary too: `int vlan 10`, `line aux 0`.
func (l *Language) unabbreviated(mode, text string) string {
	word, rest, _ := strings.Cut(text, " ")
	for _, d := range l.decls[mode] {
		if d.Enters == "" || d.syntax == nil {
			continue
		}
		if first := d.syntax.FirstWord(); len(first) > len(word) && foldPrefix(first, word) && l.vocab[mode][first] != nil {
			return first + " " + rest
		}
	}
	return text
}

// choose finds the section of a line: the words first, then the indentation.
func (c *Cursor) choose(cfg *config.Config, text string, indent int) (int, fit) {
	n := len(c.open) - 1
	in := &c.open[n]
	f := c.fit(in, text)
	if n == 0 || leaves(&f) {
		return n, f
	}
	around := c.around(text)
	switch child := indent > in.at; {
	case child && (in.lost || len(in.Path) > 0):
		return around.below(in, f)
	case child:
		return around.indented(f)
	case in.kids || c.apart:
		return around.ended(f, c.hinted(indent))
	case in.lost || len(in.Path) > 0:
		return around.flatKept(in, f)
	}
	return around.flat(f)
}

// leaves reports that the line is `exit`: it is of the section that is open,
// however it is indented.
func leaves(f *fit) bool {
	d, ok := f.result.Action.(*Declaration)
	return ok && f.how >= abbreviates && isExit(d)
}

// hinted is the section that a line is in by its indentation.
func (c *Cursor) hinted(indent int) int {
	for i := len(c.open) - 1; i > 0; i-- {
		if o := &c.open[i]; indent > o.at {
			return i
		}
	}
	return 0
}

// surroundings is what the sections around the innermost one make of a line.
type surroundings struct {
	c    *Cursor
	fits []fit
}

func (c *Cursor) around(text string) surroundings {
	s := surroundings{c: c}
	for i := range len(c.open) - 1 {
		s.fits = append(s.fits, c.fit(&c.open[i], text))
	}
	return s
}

// outer is the innermost section around that takes the line at least so well,
// -1 if there is none.
func (s *surroundings) outer(least how, ok func(*fit) bool) int {
	for i := len(s.fits) - 1; i >= 0; i-- {
		if f := &s.fits[i]; !s.c.open[i].lost && f.how >= least && (ok == nil || ok(f)) {
			return i
		}
	}
	return -1
}

func (s *surroundings) inner() int { return len(s.fits) }

// flat: nothing but the words, as when somebody types.
func (s *surroundings) flat(f fit) (int, fit) {
	if f.how == takes {
		return s.inner(), f
	}
	if i := s.outer(inVocabulary, nil); i >= 0 && (f.how < inVocabulary || f.row != nil && s.longer(i, f)) {
		return i, s.fits[i]
	}
	if i := s.badHeader(); i >= 0 && f.how <= abbreviates {
		return i, s.fits[i]
	}
	if f.how >= knows {
		return s.inner(), f
	}
	if i := s.outer(abbreviates, nil); i >= 0 {
		return i, s.fits[i]
	}
	return s.nobody(f, s.inner())
}

// badHeader is the section around in which the line heads a section whose
// arguments do not fit: `ephone 99999` is no abbreviation of ephone-template.
func (s *surroundings) badHeader() int {
	return s.outer(knows, func(f *fit) bool { return f.header })
}

// longer reports that the section around knows more words of the line.
func (s *surroundings) longer(i int, f fit) bool {
	g := &s.fits[i]
	if g.row == nil {
		return false
	}
	a, b := len(strings.Fields(g.row.fixed)), len(strings.Fields(f.row.fixed))
	return a > b || a == b && g.found.words > f.found.words
}

// indented: the line stands below the header of its section. What is no
// command in full elsewhere stays there.
func (s *surroundings) indented(f fit) (int, fit) {
	if f.how >= inVocabulary {
		return s.inner(), f
	}
	if i := s.outer(takes, nil); i >= 0 && (f.how < knows || f.how == abbreviates || s.fits[i].heads()) {
		return i, s.fits[i]
	}
	if i := s.outer(inVocabulary, (*fit).heads); i >= 0 && f.how < knows {
		return i, s.fits[i]
	}
	if i := s.badHeader(); i >= 0 && (f.how < knows || f.how == abbreviates) {
		return i, s.fits[i]
	}
	return s.nobody(f, s.inner())
}

// below: the line stands below the header of a section that is kept or was
// refused. It belongs there, whatever it would be elsewhere, but for the header
// of another section of the phones' configuration, or one of the same kind.
func (s *surroundings) below(in *open, f fit) (int, fit) {
	if f.how >= knows {
		return s.inner(), f
	}
	i := s.outer(inVocabulary, func(g *fit) bool {
		p := Placement{row: g.row}
		p.head, _ = g.result.Action.(*Declaration)
		return g.heads() && (p.kind() == in.head || g.how == takes && !p.head.AtMargin)
	})
	if i >= 0 {
		return i, s.fits[i]
	}
	return s.inner(), f
}

// ended: by its indentation the line is of a section around, or a mark came.
// What would be no more than an abbreviation in the section that ended is none.
func (s *surroundings) ended(f fit, hinted int) (int, fit) {
	if i := s.outer(inVocabulary, nil); i >= 0 {
		return i, s.fits[i]
	}
	if f.how >= inVocabulary {
		return s.inner(), f
	}
	if i := s.outer(abbreviates, nil); i >= 0 {
		return i, s.fits[i]
	}
	if i := s.badHeader(); i >= 0 {
		return i, s.fits[i]
	}
	if i := s.outer(knows, nil); i >= 0 {
		return i, s.fits[i]
	}
	if f.how == knows {
		return s.inner(), f
	}
	return s.nobody(f, hinted)
}

// flatKept: no indentation tells, and the section is kept or was refused.
func (s *surroundings) flatKept(in *open, f fit) (int, fit) {
	i := s.outer(inVocabulary, nil)
	if f.how == takes || f.how == inVocabulary && (i < 0 || !s.longer(i, f)) {
		return s.inner(), f
	}
	if b := s.badHeader(); i < 0 && b >= 0 && f.how <= abbreviates {
		i = b
	}
	if in.lost && i < 0 && f.how == unknown {
		i = s.outer(knows, nil) // refused all the same; it says where it is wrong
	}
	if f.how >= knows && i < 0 {
		return s.inner(), f
	}
	if i < 0 {
		i = s.outer(abbreviates, (*fit).heads)
	}
	if i >= 0 {
		return i, s.fits[i]
	}
	return s.inner(), f
}

// nobody: no section knows the line. It stays where indentation says, and the
// answer is that of the mode that understood most of it.
func (s *surroundings) nobody(f fit, at int) (int, fit) {
	chosen := f
	if at < s.inner() {
		chosen = s.fits[at]
	}
	best := chosen.result
	for i := len(s.fits) - 1; i >= 0; i-- {
		g := &s.fits[i]
		if !s.c.open[i].lost && g.how < abbreviates && (chosen.how < g.how || chosen.how == unknown && better(g.result, best)) {
			best = g.result
		}
	}
	if at < s.inner() && f.how < abbreviates && better(f.result, best) {
		best = f.result
	}
	chosen.result = best
	return at, chosen
}

func better(a, b grammar.Result) bool {
	return a.Kind != grammar.Invalid && b.Kind == grammar.Invalid || a.Kind == b.Kind && a.Offset > b.Offset
}
