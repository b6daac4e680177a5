package language

import (
	"errors"
	"fmt"
	"strings"

	"option150/cli/grammar"
	"option150/platform/config"
)

// Report is what became of the lines of a file.
type Report struct {
	Config      *config.Config // the candidate after all accepted lines
	Implemented int
	Carried     int
	Rejected    []LineError
	CarriedText []string // the carried lines, for `option150 check`
	Partly      []Idle   // lines a part of which has no effect here
}

// Lines is the number of lines that say something.
func (r *Report) Lines() int { return r.Implemented + r.Carried + len(r.Rejected) }

// LineError is a line that was not accepted.
type LineError struct {
	Number int // 1 is the first line of the file
	Line   string
	Err    error
}

func (e LineError) Error() string {
	why := strings.TrimPrefix(strings.TrimSpace(e.Err.Error()), "% ")
	return fmt.Sprintf("line %d: %s: %s", e.Number, strings.TrimSpace(e.Line), why)
}

var errSection = errors.New("the section it stands in was refused")

// Bounds of a file that is read. A large real configuration has 10,000 lines.
const (
	MaxFileBytes = 4 << 20
	MaxFileLines = 30_000
)

// ErrTooLarge says that a configuration text is beyond the bounds.
var ErrTooLarge = fmt.Errorf("configuration is larger than %d bytes or %d lines", MaxFileBytes, MaxFileLines)

// Load reads a whole configuration text into a copy of base: one candidate,
// no transaction. Lines end in one of three classes: implemented, carried
// (nothing here knows them: kept and printed back) and rejected (a known
// command with bad arguments). [facts/cme.md 10.4]
//
// valid, if not nil, is asked after each implemented line and can refuse it:
// it is used to find the offending lines when the whole does not validate.
func (l *Language) Load(text string, base *config.Config, valid func(*config.Config) error) (*Report, error) {
	if len(text) > MaxFileBytes || strings.Count(text, "\n") > MaxFileLines {
		return nil, ErrTooLarge
	}
	ld := &loader{l: l, rep: &Report{Config: base.Clone()}, valid: valid, lines: fileLines(text)}
	ld.margin, ld.indented = layout(ld.lines)
	ld.known = map[string]bool{}
	for _, k := range base.Carried {
		ld.know(k.Line)
	}
	for i := skipPreamble(ld.lines); i < len(ld.lines); i++ {
		i += ld.line(i)
	}
	ld.flush()
	return ld.rep, nil
}

type loader struct {
	l        *Language
	rep      *Report
	valid    func(*config.Config) error
	lines    []string
	margin   int  // blanks before every line of the file
	indented bool // lines of sections are indented

	stack []Section       // sections entered below global mode
	at    []int           // indentation of their headers
	apart bool            // flat file: a `!` came since the section was entered
	block *config.Carried // carried line whose children may follow
	in    int             // its indentation
	lost  string          // flat file: mode of the block, a section this box does not have
	known map[string]bool // lines that may be carried somewhere

	text int // lines of text after the last command, which go with it

	refused   bool // the last line was rejected; lines below it go with it
	refusedAt int
	orphans   bool // flat file: the rejected line headed a section

	ended bool
}

// leave goes back to the first depth sections.
func (ld *loader) leave(depth int) { ld.stack, ld.at = ld.stack[:depth], ld.at[:depth] }

func (ld *loader) section() Section {
	if n := len(ld.stack); n > 0 {
		return ld.stack[n-1]
	}
	return top
}

// line handles a line and returns how many further lines it consumed.
func (ld *loader) line(i int) int {
	raw := cutMargin(strings.ReplaceAll(ld.lines[i], "\t", " "), ld.margin)
	text := strings.TrimSpace(raw)
	indent := len(raw) - len(strings.TrimLeft(raw, " "))
	if ld.ended || text == "" {
		return 0
	}
	if text[0] == '!' {
		if indent == 0 {
			ld.flush()
			ld.apart, ld.orphans = true, false
		}
		return 0
	}
	if ld.block != nil && indent > ld.in {
		ld.child(strings.TrimRight(raw[ld.in:], " "))
		return 0
	}
	if indent == 0 {
		if text = unprompted(text); text == "" {
			return 0
		}
	}
	if ld.block != nil && ld.lost != "" && ld.below(text) {
		ld.child(" " + text)
		return 0
	}
	ld.flush()
	if ld.refused && (indent > ld.refusedAt || ld.orphans && !ld.heads(text)) {
		ld.rep.Rejected = append(ld.rep.Rejected, LineError{i + 1, text, errSection})
		return 0
	}
	ld.refused, ld.orphans = false, false
	for n := len(ld.stack); ld.indented && n > 0 && indent <= ld.at[n-1]; n-- {
		ld.leave(n - 1)
	}
	if text == "end" {
		ld.ended = true
		return 0
	}
	if kind, rest, ok := BannerLine(text); ok {
		return ld.banner(i, kind, rest)
	}
	ld.text = 0
	ld.command(i+1, text, indent)
	return ld.text
}

func (ld *loader) child(text string) {
	ld.block.Children = append(ld.block.Children, text)
	ld.rep.Carried++
}

// banner sets a banner, or carries it with its text if it is of a kind that is
// not shown here.
func (ld *loader) banner(i int, kind, rest string) int {
	ld.leave(0)
	text, more := bannerText(rest, ld.lines[i+1:])
	if shownBanner(kind) {
		if kind == unseenBanner {
			ld.rep.Carried++
			ld.rep.CarriedText = append(ld.rep.CarriedText, "banner "+kind)
		} else {
			ld.rep.Implemented++
		}
		ld.rep.Config.SetBanner(kind, text)
		return more
	}
	ld.rep.Carried += 1 + more
	lines := RenderBanner(kind, text) // closed, whatever becomes of the text behind it
	k := ld.l.Carried("", lines[0])
	k.Children = lines[1:]
	ld.rep.CarriedText = append(ld.rep.CarriedText, k.Line)
	ld.keep(k)
	return more
}

// flush ends a carried block.
func (ld *loader) flush() {
	if b := ld.block; b != nil {
		ld.block, ld.lost = nil, ""
		ld.keep(*b)
	}
}

// keep carries a line. A large file is mostly lines seen once: the search for
// another of their kind is left out.
func (ld *loader) keep(k config.Carried) {
	word := strings.Fields(k.Line)[0]
	if ld.known[k.Line] || ld.known["no "+word] {
		ld.rep.Config.Carry(k)
	} else {
		ld.rep.Config.CarryNew(k)
	}
	ld.know(k.Line)
}

// know notes a line that is carried, and of a negation what it is about.
func (ld *loader) know(line string) {
	ld.known[line] = true
	if w := strings.Fields(line); len(w) > 1 && w[0] == "no" {
		ld.known["no "+w[1]] = true
	}
}

func (ld *loader) command(number int, text string, indent int) {
	if text == "exit" {
		if n := len(ld.stack); n > 0 {
			ld.leave(n - 1)
		}
		return
	}
	sec, r := ld.match(text, indent)
	switch {
	case r.Kind == grammar.OK:
		ld.apply(number, text, indent, sec, r)
	case unknown(r):
		ld.carry(text, indent)
	default:
		if d := ld.l.carriesBad(text); d != nil && sec.Mode == Global {
			ld.carry(text, indent)
			if !ld.indented {
				ld.lost = d.Enters
			}
			return
		}
		ld.reject(number, text, indent, matchError(r, text))
	}
}

// reject reports a line. The lines below it, if it heads a section, are
// refused with it: they must not land in another section.
func (ld *loader) reject(number int, text string, indent int, err error) {
	ld.rep.Rejected = append(ld.rep.Rejected, LineError{number, text, err})
	ld.refused, ld.refusedAt = true, indent
	if !ld.indented && ld.l.header(text) {
		ld.orphans = true
		ld.leave(0)
	}
}

// carriesBad is the command whose lines are kept even if they do not fit: an
// interface this box does not have is part of the owner's configuration.
func (l *Language) carriesBad(text string) *Declaration {
	word, _, _ := strings.Cut(text, " ")
	for _, d := range l.decls[Global] {
		if d.CarryBad && d.syntax != nil && strings.EqualFold(d.syntax.FirstWord(), word) {
			return d
		}
	}
	return nil
}

// header reports that a line begins with the words of a section's header.
func (l *Language) header(text string) bool {
	words := strings.Fields(text)
	for _, d := range l.decls[Global] {
		if d.Enters == "" || d.syntax == nil {
			continue
		}
		n := 0
		for _, t := range d.syntax.Tokens() {
			if t.Word == "" || n >= len(words) || !strings.EqualFold(t.Word, words[n]) {
				break
			}
			n++
		}
		if toks := d.syntax.Tokens(); n > 0 && (n == len(toks) || toks[n].Word == "") {
			return true
		}
	}
	return false
}

// match tries the section and then global mode; outside the section a file
// must write its keywords in full, or the first words of one command would be
// read as an abbreviation of another. [facts/ios-cli.md 6, FRR #7326]
// What an indented file has indented belongs to its section. In a flat file a
// line that only the top level knows leaves the section.
func (ld *loader) match(text string, indent int) (Section, grammar.Result) {
	sec := ld.section()
	r := ld.l.graphs[sec.Mode].Match(text, maxLevel)
	if sec.Mode == Global || r.Kind == grammar.OK && r.Full || ld.indented && indent > 0 {
		return sec, r
	}
	g := ld.l.graphs[Global].Match(text, maxLevel)
	if complete(g) || r.Kind != grammar.OK && r.Depth == 0 && (ld.apart || ld.topLevel(text, g)) || ld.l.Means(sec.Mode, Global, text) {
		ld.leave(0)
		return top, g
	}
	return sec, r
}

// complete reports a whole command with its keywords written in full.
func complete(r grammar.Result) bool { return r.Kind == grammar.OK && r.Full }

// topLevel reports that a line that fits nowhere begins like one of the top
// level.
func (ld *loader) topLevel(text string, g grammar.Result) bool {
	return g.Depth > 0 && g.Full || ld.l.AtTop(text) || ld.l.carriesBad(text) != nil
}

// below reports that a line of a flat file belongs to the block it follows, a
// section this box does not have.
func (ld *loader) below(text string) bool {
	if _, _, banner := BannerLine(text); banner || text == "exit" || text == "end" {
		return false
	}
	g := ld.l.graphs[Global].Match(text, maxLevel)
	if complete(g) {
		return false
	}
	r := ld.l.graphs[ld.lost].Match(text, maxLevel)
	return r.Kind == grammar.OK || r.Depth > 0 || !ld.topLevel(text, g)
}

// heads reports that a line of a flat file is none of the refused section.
func (ld *loader) heads(text string) bool {
	g := ld.l.graphs[Global].Match(text, maxLevel)
	return text == "end" || text == "exit" || complete(g) || ld.topLevel(text, g)
}

const maxLevel = 15

// unknown reports that no command of ours begins like this line: it is carried
// and not rejected. A line that only shares its first words with a command
// ("ip nat inside ...") is unknown; one that fails at an argument is known.
func unknown(r grammar.Result) bool {
	return r.Kind == grammar.Invalid && r.Keyword || r.Kind == grammar.Ambiguous
}

func matchError(r grammar.Result, text string) error {
	switch r.Kind {
	case grammar.Incomplete:
		return errors.New("incomplete command")
	case grammar.Ambiguous:
		return errors.New("ambiguous command")
	}
	at := text[min(r.Offset, len(text)):]
	if at == "" {
		return errors.New("not understood")
	}
	word, _, _ := strings.Cut(at, " ")
	return fmt.Errorf("not understood at %q", word)
}

func (ld *loader) apply(number int, text string, indent int, sec Section, r grammar.Result) {
	d := r.Action.(*Declaration)
	if Collecting(r) != nil {
		r.Args[TextArg], ld.text = ld.collect(number)
	}
	before := ld.rep.Config
	cand := before
	if ld.valid != nil && !d.Carry {
		cand = before.Clone()
	}
	var err error
	if line, ok := ld.l.Canonical(r); ok && d.Carry && r.Form == grammar.Plain {
		ld.keep(ld.l.Carried(sec.Header, line))
	} else {
		err = ld.l.Apply(cand, sec, r, text)
		if line, ok := ld.l.Canonical(r); ok && d.Carry {
			ld.know(line) // `no vad` may be carried itself
		}
	}
	if err == nil && ld.valid != nil && !d.Carry {
		err = ld.valid(cand)
	}
	if err != nil && !errors.Is(err, ErrUnchanged) {
		ld.reject(number, text, indent, err)
		return
	}
	ld.rep.Config = cand
	if r.Form == grammar.Plain && !d.Carry && (d.Idle != "" || d.Partly != nil) {
		if line, ok := ld.l.Canonical(r); ok {
			text = line // as it is printed back
		}
	}
	if d.Carry || d.Idle != "" && r.Form == grammar.Plain {
		ld.rep.Carried++
		ld.rep.CarriedText = append(ld.rep.CarriedText, text)
	} else {
		ld.rep.Implemented++
	}
	if d.Partly != nil && r.Form != grammar.Default {
		if r.Form == grammar.No {
			r.Args = grammar.Args{Negated: true}
		}
		if why := d.Partly(sec.Keys, r.Args); why != "" {
			ld.rep.Partly = append(ld.rep.Partly, Idle{Section: sec.Header, Line: text, Why: why, Partly: true, decl: d})
		}
	}
	if d.Enters != "" && r.Form == grammar.Plain {
		if in, err := ld.l.Enter(sec, r); err == nil {
			depth := sectionDepth(ld.stack, sec)
			ld.stack, ld.at = append(ld.stack[:depth], in), append(ld.at[:depth], indent)
			ld.apart = false
		}
	}
}

func sectionDepth(stack []Section, sec Section) int {
	for i := range stack {
		if stack[i].Header == sec.Header && stack[i].Mode == sec.Mode {
			return i + 1
		}
	}
	return 0
}

// carry keeps an unknown line where it stands. At the margin of an indented
// file the lines below it are its children.
func (ld *loader) carry(text string, indent int) {
	sec := ld.section()
	ld.rep.Carried++
	ld.rep.CarriedText = append(ld.rep.CarriedText, text)
	if rest, ok := strings.CutPrefix(text, "no "); ok && ld.rep.Config.DropCarried(sec.Header, rest) {
		return
	}
	k := ld.l.Carried(sec.Header, text)
	ld.block, ld.in = &k, indent
}
