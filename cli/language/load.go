package language

import (
	"errors"
	"fmt"
	"strings"

	"option150/cli/grammar"
	"option150/platform/config"
	"option150/platform/plain"
)

// Report is what became of the lines of a file.
type Report struct {
	Config      *config.Config // the candidate after all accepted lines
	Implemented int
	Carried     int
	Rejected    []LineError
	CarriedText []string // the carried lines, for `option150 check`
	Partly      []Idle   // lines a part of which has no effect here
	Noise       int      // lines of a session and no configuration: `enable`, `configure terminal`
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
	return fmt.Sprintf("line %d: %s: %s", e.Number, plain.Shown(strings.TrimSpace(e.Line), 0), why)
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
// (nothing here acts on them: kept and printed back) and rejected (a known
// command with bad arguments). Which section a line belongs to is the Cursor's
// to say. [facts/cme.md 10.4]
//
// valid, if not nil, is asked after each implemented line and can refuse it:
// it is used to find the offending lines when the whole does not validate.
func (l *Language) Load(text string, base *config.Config, valid func(*config.Config) error) (*Report, error) {
	if len(text) > MaxFileBytes {
		return nil, ErrTooLarge
	}
	ld := &loader{l: l, rep: &Report{Config: base.Clone()}, valid: valid, lines: fileLines(text)}
	if len(ld.lines) > MaxFileLines+1 {
		return nil, ErrTooLarge
	}
	ld.cur = l.NewCursor(maxLevel, func(mode string) *grammar.Graph { return l.graphs[mode] })
	for i := skipPreamble(ld.lines); i < len(ld.lines); i++ {
		i += ld.line(i)
	}
	return ld.rep, nil
}

type loader struct {
	l     *Language
	cur   *Cursor
	rep   *Report
	valid func(*config.Config) error
	lines []string
	ended bool // after `end` nothing counts until a script configures again
}

// line handles a line and returns how many further lines it consumed.
func (ld *loader) line(i int) int {
	raw := ld.lines[i]
	if !ld.cur.Reading() {
		text, from, say := unprompted(strings.TrimSpace(raw))
		switch {
		case say == noise:
			return 0
		case say == script && !ld.within(raw):
			ld.script(text)
			return 0
		case ld.ended:
			return 0
		case from == "config":
			ld.cur.Top()
		}
		if from != "" {
			raw = text
		}
	}
	p := ld.cur.Place(ld.rep.Config, raw)
	switch p.What {
	case Nothing:
	case Banner:
		return ld.banner(i, p)
	case Leave:
		if p.In.Kept() && !isExit(p.head) {
			ld.rep.Carried++ // `exit-address-family` is printed with its section
		}
		ld.cur.Took(p)
	case Lost:
		ld.rep.Rejected = append(ld.rep.Rejected, LineError{i + 1, p.Line, errSection})
	case Bad:
		ld.reject(i+1, p, matchError(p.Result, p.Line))
	case Action:
		return ld.action(p)
	default:
		return ld.apply(i+1, p)
	}
	return 0
}

// within reports that a line is indented below the header of a section: there
// `enable` is a word of that section and none of a script.
func (ld *loader) within(raw string) bool {
	return strings.HasPrefix(raw, " ") && len(ld.cur.open) > 1
}

// script is a line of the session around a configuration.
func (ld *loader) script(text string) {
	ld.rep.Noise++
	if strings.HasPrefix(strings.ToLower(text), "conf") {
		ld.ended = false
		ld.cur.Top()
	}
}

// action follows `exit` and `end`; other actions have nothing to act on here.
func (ld *loader) action(p Placement) int {
	ld.cur.Took(p)
	switch p.head.syntax.FirstWord() {
	case "exit":
		ld.cur.Up()
	case "end":
		ld.ended = true
		ld.cur.Top()
	case "do":
		ld.rep.Noise++
	default:
		ld.rep.Implemented++
	}
	return 0
}

// banner sets a banner, or carries it with its text if it is of a kind that is
// not shown here.
func (ld *loader) banner(i int, p Placement) int {
	kind, rest, _ := BannerLine(p.Line)
	ld.cur.Took(p)
	text, more := bannerText(rest, ld.lines[i+1:])
	if err := FitsBanner(text); err != nil {
		ld.rep.Rejected = append(ld.rep.Rejected, LineError{i + 1, "banner " + kind, err})
		return more
	}
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
	ld.rep.CarriedText = append(ld.rep.CarriedText, lines[0])
	ld.l.keepBanner(ld.rep.Config, kind, lines)
	return more
}

func (ld *loader) reject(number int, p Placement, err error) {
	ld.rep.Rejected = append(ld.rep.Rejected, LineError{number, p.Line, err})
	ld.cur.Refused(p)
}

func (ld *loader) apply(number int, p Placement) (more int) {
	var d *Declaration
	if p.What == Command {
		d = p.head
		if Collecting(p.Result) != nil {
			p.Result.Args[TextArg], more = ld.collect(number)
		}
	}
	cand := ld.rep.Config
	if ld.valid != nil && d != nil {
		cand = cand.Clone()
	}
	err := ld.l.Perform(cand, p)
	if err == nil && ld.valid != nil && d != nil {
		err = config.About(ld.valid(cand), p.In.Header)
	}
	if err != nil && !errors.Is(err, ErrUnchanged) {
		ld.reject(number, p, err)
		return more
	}
	ld.rep.Config = cand
	ld.cur.Took(p)
	ld.count(p, d)
	return more
}

// count puts a line into its class.
func (ld *loader) count(p Placement, d *Declaration) {
	text := p.Line
	if d == nil || d.Idle != "" && p.Result.Form == grammar.Plain {
		ld.rep.Carried++
		if d != nil {
			text = ld.asPrinted(p)
		}
		if m := ld.l.modes[p.In.Mode]; p.What != Text && (len(p.In.Path) == 0 || m.Takes && !m.Quiet) {
			ld.rep.CarriedText = append(ld.rep.CarriedText, text)
		}
	} else {
		ld.rep.Implemented++
	}
	if d == nil || d.Partly == nil || p.Result.Form == grammar.Default {
		return
	}
	args := p.Result.Args
	if p.Result.Form == grammar.No {
		args = grammar.Args{Negated: true}
	} else {
		text = ld.asPrinted(p)
	}
	if why := d.Partly(p.In.Keys, args); why != "" {
		ld.rep.Partly = append(ld.rep.Partly, Idle{Section: p.In.Header, Line: text, Why: why, Partly: true, decl: d})
	}
}

// asPrinted is a line as the running-config has it.
func (ld *loader) asPrinted(p Placement) string {
	if line, ok := ld.l.Canonical(p.Result); ok {
		return line
	}
	return p.Line
}

const maxLevel = 15

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
