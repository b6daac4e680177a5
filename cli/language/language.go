// Package language is the configuration language: it puts declarations, one
// per command, into a grammar per mode and gets everything else from them:
// applying a line to a configuration, `no`, the running-config, loading a
// whole file, help, completion and the command reference.
//
// A Declaration says its mode, syntax, what Set and Unset do to a candidate
// configuration, and what Get finds in a configuration to print. A line is
// shown if and only if Get yields it, that is, if it differs from the default.
// Order of output is the order of the declarations.
//
// Follows DESIGN 5 and facts/ios-cli.md 1.10, 6; facts/cme.md 10.4 for
// loading files. Everything here works on values: the package opens nothing.
// Failure: errors of Set, a *config.Refused, or a line report. Testing: laws
// L1 to L5 hold for every declaration (see laws_test.go of cli/command).
package language

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"

	"option150/cli/grammar"
	"option150/platform/columns"
	"option150/platform/config"
)

// Mode is one mode of the CLI.
type Mode struct {
	Name   string // "config-telephony"; also what the prompt shows in parentheses
	Parent string // where a line is tried that nothing here matches; "" = nowhere
	Title  string // first line of the `?` list, "Configure commands:"
	Takes  bool   // takes every line that nothing matches: the section is carried
	Like   string // its commands are those of that mode: sub-interfaces
	Quiet  bool   // of the vocabulary: not in the pages of commands
}

// The modes that are not sections.
const (
	Exec   = "exec"   // user and privileged exec; privilege decides what is seen
	Global = "config" // configure terminal
)

// Declaration is one command.
type Declaration struct {
	Mode   string
	Syntax string // see package grammar; help stands beside each token

	Set    func(*Context) error       // the plain form, on a candidate
	Unset  func(*Context) error       // the `no` form; nil = there is none
	Reset  func(*Context) error       // the `default` form; nil = Unset
	Get    func(*View) []grammar.Args // what to print, in order; nil = nothing
	Enters string                     // mode the command enters
	Keys   []string                   // arguments that tell one section from another; nil = all
	After  func(*Invocation) error    // runs once a typed line has taken effect: `create cnf-files`
	Run    func(*Invocation) error    // an action: exec commands, `create cnf-files`
	Undo   func(*Invocation) error    // the `no` form of an action, `no debug ...`
	Text   func(*View) []string       // raw lines to print here: banners
	Format func(line string) string   // last word on the printed line: IOS's double blanks

	Level    int      // privilege needed, 0 = that of the mode
	Group    string   // lines of one group are printed without `!` between them
	Carry    bool     // known by name, kept and printed back, never acted on
	KeepNo   bool     // where a line of it is carried, so is its `no` form, with whatever arguments
	Idle     string   // why a line that is checked and kept has no effect here: it counts as carried
	Partly   Partly   // the same of a part of it
	Carries  []string // a place in the order: carried lines that begin so are printed here; "" = all others
	AtMargin bool     // never the header of a section when it is indented below one that is kept or was refused
	Clash    string   // what is answered when a port it asks for is taken
	Hidden   bool     // matched, but not in help
	Single   bool     // a line of it takes the place of another, also where they are kept
	Free     bool     // in a configuration mode: for whoever got there, `exit`
	Collects string   // text follows, up to `exit` or an empty line, typed at a prompt of this name; it is Args[TextArg]
	Doc      string   // the document it follows

	Tables []*columns.Layout // of a show: the tables it may print, which `| json` gives

	Knows func(*config.Config, grammar.Args) string // an argument that is good only if the configuration defines it: the one it does not, "" = all are good

	Ends func(line string) bool // what ends the text that Collects, nil = EndsText

	syntax   *grammar.Syntax
	identity []string // the arguments that tell one section from another
}

// Partly says what of a line has no effect here and why, "" if all of it has. It
// is given the keys of the section and the arguments of the line.
type Partly func(keys, args grammar.Args) string

// Usage is the syntax without help texts, "ip http port <1-65535>".
func (d *Declaration) Usage() string { return d.syntax.String() }

// Context is what Set and Unset get.
type Context struct {
	Config *config.Config // the candidate; change it
	Args   grammar.Args   // of this line
	Keys   grammar.Args   // of the sections it stands in: {"tag": 1}
	Header string         // canonical header of the section, "" at top level
	Line   string         // as typed, without `no`
}

// View is what Get gets.
type View struct {
	Config *config.Config
	Keys   grammar.Args
	All    bool // `show running-config all`: print defaults too

	sought grammar.Args // of the one section that is looked for; nil = all
}

// Skips reports that the section with this value of an argument is not asked
// for. A Get that would list hundreds may leave such sections out.
func (v *View) Skips(name string, value any) bool {
	return v.sought != nil && v.sought[name] != value
}

// Language is the compiled set of declarations.
type Language struct {
	modes  map[string]Mode
	decls  map[string][]*Declaration
	graphs map[string]*grammar.Graph
	levels atomic.Pointer[relevelled]
	places []place // of carried lines, in the order of the declarations
	vocab  vocabulary
}

// New compiles. rows are what IOS has and this box does not do. The error names
// every declaration that is no syntax or is of an unknown mode; Check tells the
// rest.
func New(types grammar.Types, modes []Mode, decls []Declaration, rows []Row) (*Language, error) {
	l := &Language{modes: map[string]Mode{}, decls: map[string][]*Declaration{}, graphs: map[string]*grammar.Graph{}, vocab: vocabulary{}}
	for _, m := range modes {
		l.modes[m.Name] = m
		l.graphs[m.Name] = grammar.NewGraph()
	}
	var wrong []error
	for i := range decls {
		if err := l.add(&decls[i], types); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %q: %w", decls[i].Mode, decls[i].Syntax, err))
		}
	}
	for _, r := range rows {
		if _, ok := l.modes[r.Mode]; !ok {
			wrong = append(wrong, fmt.Errorf("vocabulary: %q: unknown mode %q", r.Words, r.Mode))
		}
		if _, ok := l.modes[r.Enters]; !ok && r.Enters != "" {
			wrong = append(wrong, fmt.Errorf("vocabulary: %q enters the unknown mode %q", r.Words, r.Enters))
		}
		if err := l.vocab.add(r, types); err != nil {
			wrong = append(wrong, err)
		}
	}
	for _, m := range modes {
		if m.Like != "" {
			l.graphs[m.Name], l.decls[m.Name], l.vocab[m.Name] = l.graphs[m.Like], l.decls[m.Like], l.vocab[m.Like]
		}
	}
	return l, errors.Join(wrong...)
}

func (l *Language) add(d *Declaration, types grammar.Types) error {
	g, ok := l.graphs[d.Mode]
	if !ok {
		return fmt.Errorf("unknown mode %q", d.Mode)
	}
	if _, ok := l.modes[d.Enters]; !ok && d.Enters != "" {
		return fmt.Errorf("enters the unknown mode %q", d.Enters)
	}
	if d.Carries != nil {
		l.placed(d)
	}
	l.decls[d.Mode] = append(l.decls[d.Mode], d)
	if d.Syntax == "" {
		return nil // a place for carried lines or banners
	}
	s, err := grammar.Parse(d.Syntax, types)
	if err != nil {
		return err
	}
	d.syntax = s
	if d.identity = d.Keys; d.Enters != "" && d.Keys == nil {
		for _, t := range s.Tokens() {
			if t.Name != "" {
				d.identity = append(d.identity, t.Name)
			}
		}
	}
	level := d.Level
	if d.Mode != Exec && !d.Free && level == 0 {
		level = ModeLevel
	}
	g.Add(s, d, grammar.Options{Negatable: d.Unset != nil || d.Undo != nil || d.Carry, Hidden: d.Hidden, Verbatim: d.verbatim(), Level: level})
	return nil
}

// Check tells which commands break the laws of grammar.Graph.Check. It is for
// tests: what it says changes with the program only.
func (l *Language) Check() error {
	var wrong []error
	for _, m := range l.Modes() {
		if m.Like != "" {
			continue // its graph is another mode's
		}
		if err := l.graphs[m.Name].Check(); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", m.Name, err))
		}
	}
	return errors.Join(wrong...)
}

// Mode returns the mode of that name.
func (l *Language) Mode(name string) Mode { return l.modes[name] }

// Graph returns the grammar of a mode.
func (l *Language) Graph(mode string) *grammar.Graph { return l.graphs[mode] }

// Modes lists the modes in alphabetical order.
func (l *Language) Modes() []Mode {
	return slices.SortedFunc(maps.Values(l.modes), func(a, b Mode) int { return strings.Compare(a.Name, b.Name) })
}

// Declarations lists the commands of a mode in their order.
func (l *Language) Declarations(mode string) []*Declaration { return l.decls[mode] }

// Section is a place in the configuration: the mode and the keys that lead to
// it. It holds keys and never pointers: another operator may delete the object.
type Section struct {
	Mode   string
	Keys   grammar.Args
	Header string // canonical, "ephone  1"
	There  bool   // it was there when the operator last looked; see Find

	In   string   // of a section that is kept: the section of ours it stands in, "" = top level
	Path []string // of a section that is kept: the lines that lead to it

	Members []Section // of a section that stands for several: `interface range`
}

// Kept reports that the section is kept as a whole and never acted on.
func (s Section) Kept() bool { return len(s.Path) > 0 }

// Top is global configuration mode.
var top = Section{Mode: Global}

// ErrUnchanged is returned by Set functions that answer by themselves and do
// not want to be told of a change.
var ErrUnchanged = errors.New("nothing to change")

// Apply runs a matched line on a candidate configuration.
func (l *Language) Apply(c *config.Config, in Section, r grammar.Result, line string) error {
	d := r.Action.(*Declaration)
	if d.Carry || in.Kept() {
		p := Placement{What: Keep, In: in, Line: line, Result: r, head: d}
		l.declared(&p)
		l.keep(c, p)
		return nil
	}
	ctx := &Context{Config: c, Args: r.Args, Keys: in.Keys, Header: in.Header, Line: bare(line, r.Form)}
	f := d.Set
	switch r.Form {
	case grammar.No:
		f = d.Unset
	case grammar.Default:
		if f = d.Reset; f == nil {
			f = d.Unset
		}
	}
	if f == nil {
		return nil
	}
	return f(ctx)
}

// bare cuts the word `no` or `default`, and surplus blanks, off a line.
func bare(line string, f grammar.Form) string {
	w := strings.Fields(line)
	if f != grammar.Plain && len(w) > 0 {
		w = w[1:]
	}
	return strings.Join(w, " ")
}

// Enter gives the section that a matched header line leads to.
func (l *Language) Enter(in Section, r grammar.Result) (Section, error) {
	d := r.Action.(*Declaration)
	header, err := d.render(r.Args)
	if err != nil {
		return Section{}, err
	}
	keys := grammar.Args{}
	maps.Copy(keys, in.Keys)
	maps.Copy(keys, r.Args)
	return Section{Mode: d.Enters, Keys: keys, Header: header}, nil
}

// verbatim: a line that is carried is printed as it came, but for words that
// were abbreviated. The header of a section is what its lines are found by, and
// a command with a format of its own has none but that.
func (d *Declaration) verbatim() bool { return d.Carry && d.Enters == "" && d.Format == nil }

// kept is the text by which a line is carried, or the canonical one.
func (d *Declaration) kept(r grammar.Result) (string, error) {
	if d.verbatim() && r.Typed != "" {
		return r.Typed, nil
	}
	return d.render(r.Args)
}

func (d *Declaration) render(a grammar.Args) (string, error) {
	line, err := d.syntax.Render(a)
	if err != nil {
		return "", err
	}
	if d.Format != nil {
		line = d.Format(line)
	}
	return line, nil
}

// Answer is an error whose text is printed as it stands: the fixed answers of
// IOS.
type Answer string

func (a Answer) Error() string { return string(a) }

// ErrGone answers a line typed in a section that another operator removed. The
// line is not carried out: it would go nowhere, or make the object again
// without what it held.
const ErrGone = Answer("% This section was removed by another session")
