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
	return fmt.Sprintf("line %d: %s: %v", e.Number, strings.TrimSpace(e.Line), e.Err)
}

var errSection = errors.New("the section it stands in was refused")

// Bounds of a file that is read. A large real configuration has 10,000 lines.
const (
	MaxFileBytes = 4 << 20
	MaxFileLines = 100_000
)

// ErrTooLarge says that a configuration text is beyond the bounds.
var ErrTooLarge = fmt.Errorf("configuration is larger than %d bytes or %d lines", MaxFileBytes, MaxFileLines)

// Load reads a whole configuration text into a copy of base: one candidate,
// no transaction. Lines end in one of three classes: implemented, carried
// (nothing here knows them: kept and printed back) and rejected (a known
// command with bad arguments). [reference/cme.md 10.4]
//
// valid, if not nil, is asked after each implemented line and can refuse it:
// it is used to find the offending lines when the whole does not validate.
func (l *Language) Load(text string, base *config.Config, valid func(*config.Config) error) (*Report, error) {
	if len(text) > MaxFileBytes || strings.Count(text, "\n") > MaxFileLines {
		return nil, ErrTooLarge
	}
	ld := &loader{l: l, rep: &Report{Config: base.Clone()}, valid: valid}
	lines := strings.Split(strings.ReplaceAll(text, "\r", ""), "\n")
	ld.indented = usesIndentation(lines)
	for i := skipPreamble(lines); i < len(lines); i++ {
		i += ld.line(i, lines)
	}
	ld.flush()
	return ld.rep, nil
}

// skipPreamble finds where the configuration begins: text before the first
// `!` or `version` is login noise, the answer to a show command, or a prompt.
func skipPreamble(lines []string) int {
	for i, s := range lines {
		t := strings.TrimSpace(s)
		if t == "!" || strings.HasPrefix(t, "! ") || strings.HasPrefix(t, "version ") {
			for _, before := range lines[:i] {
				b := strings.TrimSpace(before)
				if strings.HasPrefix(b, "Current configuration") || strings.HasPrefix(b, "Building configuration") || strings.HasPrefix(b, "Using ") || strings.ContainsAny(b, "#>") {
					return i
				}
			}
			return 0
		}
	}
	return 0
}

// usesIndentation: in an indented file a line at the margin is a top-level
// line; in a flat one it belongs to the section before it if it fits there.
func usesIndentation(lines []string) bool {
	for _, s := range lines {
		if len(s) > 1 && (s[0] == ' ' || s[0] == '\t') && strings.TrimSpace(s) != "" {
			return true
		}
	}
	return false
}

type loader struct {
	l        *Language
	rep      *Report
	valid    func(*config.Config) error
	indented bool

	stack []Section       // sections entered below global mode
	block *config.Carried // carried line whose children may follow
	in    int             // its indentation

	refused   bool // the last line was rejected; lines below it go with it
	refusedAt int

	ended bool
}

func (ld *loader) section() Section {
	if n := len(ld.stack); n > 0 {
		return ld.stack[n-1]
	}
	return top
}

// line handles lines[i] and returns how many further lines it consumed.
func (ld *loader) line(i int, lines []string) int {
	raw := strings.ReplaceAll(lines[i], "\t", " ")
	text := strings.TrimSpace(raw)
	indent := len(raw) - len(strings.TrimLeft(raw, " "))
	if ld.ended || text == "" {
		return 0
	}
	if text[0] == '!' {
		if indent == 0 {
			ld.flush()
		}
		return 0
	}
	if ld.block != nil && indent > ld.in {
		ld.block.Children = append(ld.block.Children, strings.TrimRight(raw[ld.in:], " "))
		ld.rep.Carried++
		return 0
	}
	ld.flush()
	if ld.refused && indent > ld.refusedAt {
		ld.rep.Rejected = append(ld.rep.Rejected, LineError{i + 1, text, errSection})
		return 0
	}
	ld.refused = false
	if indent == 0 && ld.indented {
		ld.stack = nil
	}
	if text == "end" {
		ld.ended = true
		return 0
	}
	if kind, text, more, ok := banner(i, lines); ok {
		ld.rep.Implemented++
		ld.rep.Config.SetBanner(kind, text)
		return more
	}
	ld.command(i+1, text, indent)
	return 0
}

// flush ends a carried block.
func (ld *loader) flush() {
	if b := ld.block; b != nil {
		ld.block = nil
		ld.rep.Config.Carry(b.In, b.Line, b.Children)
	}
}

func (ld *loader) command(number int, text string, indent int) {
	if text == "exit" {
		if n := len(ld.stack); n > 0 {
			ld.stack = ld.stack[:n-1]
		}
		return
	}
	sec, r := ld.match(text, indent)
	switch {
	case r.Kind == grammar.OK:
		ld.apply(number, text, indent, sec, r)
	case unknown(r):
		ld.carry(text, indent)
	case ld.l.carriesBad(text):
		ld.carry(text, indent)
	default:
		ld.reject(number, text, indent, matchError(r, text))
	}
}

// reject reports a line. The lines below it, if it heads a section, are
// refused with it: they must not land in another section.
func (ld *loader) reject(number int, text string, indent int, err error) {
	ld.rep.Rejected = append(ld.rep.Rejected, LineError{number, text, err})
	ld.refused, ld.refusedAt = true, indent
}

// carriesBad reports that lines of this command which do not fit are kept: an
// interface this box does not have is part of the owner's configuration.
func (l *Language) carriesBad(text string) bool {
	word, _, _ := strings.Cut(text, " ")
	for _, d := range l.decls[Global] {
		if d.CarryBad && d.syntax != nil && d.syntax.FirstWord() == word {
			return true
		}
	}
	return false
}

// match tries the section and then global mode; outside the section a file
// must write its keywords in full, or the first words of one command would be
// read as an abbreviation of another. [reference/ios-cli.md 6, FRR #7326]
// What an indented file has indented belongs to its section.
func (ld *loader) match(text string, indent int) (Section, grammar.Result) {
	sec := ld.section()
	r := ld.l.graphs[sec.Mode].Match(text, maxLevel)
	if sec.Mode == Global || r.Kind == grammar.OK && r.Full || ld.indented && indent > 0 {
		return sec, r
	}
	g := ld.l.graphs[Global].Match(text, maxLevel)
	if g.Kind == grammar.OK && g.Full && (r.Kind != grammar.OK || !r.Full) {
		ld.stack = nil
		return top, g
	}
	return sec, r
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
	before := ld.rep.Config
	cand := before
	if ld.valid != nil {
		cand = before.Clone()
	}
	err := ld.l.Apply(cand, sec, r, text)
	if err == nil && ld.valid != nil {
		err = ld.valid(cand)
	}
	if err != nil && !errors.Is(err, ErrUnchanged) {
		ld.reject(number, text, indent, err)
		return
	}
	ld.rep.Config = cand
	if d.Carry {
		ld.rep.Carried++
		ld.rep.CarriedText = append(ld.rep.CarriedText, text)
	} else {
		ld.rep.Implemented++
	}
	if d.Enters != "" && r.Form == grammar.Plain {
		if in, err := ld.l.Enter(sec, r); err == nil {
			ld.stack = append(ld.stack[:sectionDepth(ld.stack, sec)], in)
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
	ld.block, ld.in = &config.Carried{In: sec.Header, Line: text}, indent
}
