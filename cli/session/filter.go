package session

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/cli/terminal"
	"option150/platform/columns"
	"option150/platform/message"
)

// splitFilter cuts `| include re` off a command. The first bar begins the
// filter, with a blank before it or not (`sh run|i http`); bars inside the
// expression belong to it.
func splitFilter(line string) (command, filter string, ok bool) {
	i := strings.IndexByte(line, '|')
	if i < 0 {
		return line, "", false
	}
	return line[:i], line[i+1:], true
}

// trimCommand cuts the blanks at the end of a line, unless they end the
// expression of a filter.
func trimCommand(line string) string {
	if _, _, filtered := splitFilter(line); filtered {
		return line
	}
	return strings.TrimRight(line, " ")
}

// modifiers are the output filters, in the order of `| ?`.
var modifiers = []modifierHelp{
	{"append", "Append redirected output to URL (URLs supporting append operation only)"},
	{"begin", "Begin with the line that matches"},
	{"count", "Count number of lines which match regexp"},
	{"exclude", "Exclude lines that match"},
	{"include", "Include lines that match"},
	{"json", "Tables as a JSON array of objects"},
	{"redirect", "Redirect output to URL"},
	{"section", "Filter a section of output"},
	{"tee", "Copy output to URL"},
}

type modifierHelp struct{ name, help string }

// writes reports a modifier that makes a file. They are for privileged
// operators: others may look and not write.
func (m modifierHelp) writes() bool {
	return m.name == "append" || m.name == "redirect" || m.name == "tee"
}

// modifiers are those this operator may use.
func (s *Session) modifiers() []modifierHelp {
	if s.priv >= filesLevel && s.opt.Files != nil {
		return modifiers
	}
	return slices.DeleteFunc(slices.Clone(modifiers), modifierHelp.writes)
}

// filterErr says where a filter went wrong, counted from after the bar.
type filterErr struct {
	kind   grammar.Kind
	offset int
	text   string // an answer of its own
}

func (e *filterErr) Error() string { return e.text }

// filter lets lines through. One filter a command; the rest of the line is
// the expression, with its blanks. [facts/ios-cli.md 1.8]
type filter struct {
	next    io.Writer
	kind    string
	match   func(line string) bool
	exclude bool // section exclude

	buf   []byte
	url   string // where output goes: redirect, append, tee
	more  bool   // is added to what is there
	begun bool
	count int
	child int // indentation of the section being printed, -1 = none

	pages []*columns.Page // json: what the command printed
	then  *filter         // json: the filter behind it
}

func (s *Session) newFilter(text string) (*filter, error) {
	t := strings.TrimLeft(text, " ")
	at := len(text) - len(t)
	word, expr, more := strings.Cut(t, " ")
	if w, _, ok := strings.Cut(word, "|"); ok && w != "" && strings.HasPrefix("json", w) {
		word = w // `|json|include`, as a bar stands behind a command
	}
	if word == "" {
		return nil, &filterErr{kind: grammar.Incomplete}
	}
	kind, err := modifier(s.modifiers(), word, at)
	if err != nil {
		return nil, err
	}
	f := &filter{kind: kind, child: -1}
	if (modifierHelp{name: kind}).writes() {
		return f, f.target(expr, at+len(word)+1)
	}
	if kind == "json" {
		return f, s.behindJSON(f, text[at+len(word):], at+len(word))
	}
	if kind == "section" {
		switch w, rest, ok := strings.Cut(strings.TrimLeft(expr, " "), " "); {
		case ok && w == "include":
			expr = rest
		case ok && w == "exclude":
			f.exclude, expr = true, rest
		}
	}
	expr = strings.TrimLeft(expr, " ")
	if !more || expr == "" {
		return nil, &filterErr{kind: grammar.Incomplete}
	}
	if f.match, err = compileFilter(expr); err != nil {
		return nil, &filterErr{text: "% Failed to compile regular expression."}
	}
	return f, nil
}

// compileFilter reads an expression as the terminal does at --More--, with one
// addition: blanks match any run of blanks, because IOS prints two in
// `ephone  1` and nobody types them. [facts/cme.md 9]
func compileFilter(expr string) (func(string) bool, error) {
	blanks := strings.Join(strings.Fields(expr), " ")
	if strings.HasSuffix(expr, " ") {
		blanks += " " // a blank at the end is part of the expression
	}
	match, err := terminal.CompileFilter(blanks)
	if err != nil {
		return nil, err
	}
	exact, err := terminal.CompileFilter(expr)
	if err != nil {
		return nil, err
	}
	return func(line string) bool {
		return exact(line) || match(indentOf(line)+strings.Join(strings.Fields(line), " "))
	}, nil
}

func indentOf(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " "))]
}

func modifier(modifiers []modifierHelp, word string, at int) (string, error) {
	var hits []string
	longest := 0
	for _, m := range modifiers {
		n := 0
		for n < len(word) && n < len(m.name) && word[n] == m.name[n] {
			n++
		}
		longest = max(longest, n)
		if n == len(word) {
			hits = append(hits, m.name)
		}
	}
	switch {
	case len(hits) == 1:
		return hits[0], nil
	case len(hits) > 1:
		return "", &filterErr{kind: grammar.Ambiguous}
	}
	return "", &filterErr{kind: grammar.Invalid, offset: at + longest}
}

// Write implements io.Writer over whole lines. What stands around tables is not
// in their JSON.
func (f *filter) Write(p []byte) (int, error) {
	if f.kind == "json" {
		return len(p), nil
	}
	f.buf = append(f.buf, p...)
	for {
		i := bytes.IndexByte(f.buf, '\n')
		if i < 0 {
			return len(p), nil
		}
		line := string(f.buf[:i])
		f.buf = f.buf[i+1:]
		if f.pass(line) {
			if _, err := io.WriteString(f.next, line+"\n"); err != nil {
				return 0, err
			}
		}
	}
}

func (f *filter) pass(line string) bool {
	hit := f.match(line)
	switch f.kind {
	case "include":
		return hit
	case "exclude":
		return !hit
	case "begin":
		f.begun = f.begun || hit
		return f.begun
	case "count":
		if hit {
			f.count++
		}
		return false
	}
	// section: each matching line with what is indented more below it
	indent := len(line) - len(strings.TrimLeft(line, " "))
	in := f.child >= 0 && indent > f.child && strings.TrimSpace(line) != ""
	if !in {
		f.child = -1
		if hit {
			f.child, in = indent, true
		}
	}
	return in != f.exclude
}

// finish prints what is left when the command has ended.
func (f *filter) finish() {
	if len(f.buf) > 0 && f.pass(string(f.buf)) {
		fmt.Fprintf(f.next, "%s\n", f.buf)
	}
	if f.kind == "count" {
		fmt.Fprintf(f.next, "Number of lines which match regexp = %d\n", f.count)
	}
}

func (s *Session) filterError(err error, text string, column, commandLen int) {
	fe, ok := err.(*filterErr)
	if !ok || fe.text != "" {
		fmt.Fprintf(s.out(), "%s\n", err)
		return
	}
	r := grammar.Result{Kind: fe.kind, Offset: commandLen + 1 + fe.offset}
	s.refuse(r, text, column)
}

// filterHelp is the list after `| ?` of a command.
func (s *Session) filterHelp(d *language.Declaration, text string, width int) string {
	t := strings.TrimLeft(text, " ")
	word, rest, typed := strings.Cut(t, " ")
	if typed {
		switch k, err := modifier(s.modifiers(), word, 0); {
		case err == nil && (modifierHelp{name: k}).writes():
			return joinLines(targetHelp(k).Lines(width))
		case err == nil && k == "json":
			if behind, ok := strings.CutPrefix(strings.TrimLeft(rest, " "), "|"); ok {
				return s.filterHelp(nil, behind, width)
			}
			return joinLines(grammar.Help{Items: insertBar([]grammar.HelpItem{{Name: "<cr>"}})}.Lines(width))
		}
		h := grammar.Help{Items: []grammar.HelpItem{{Name: "LINE", Text: "Regular Expression"}}}
		return joinLines(h.Lines(width))
	}
	h := grammar.Help{Word: word != ""}
	for _, m := range s.modifiers() {
		if strings.HasPrefix(m.name, word) && (m.name != "json" || d != nil && len(d.Tables) > 0) {
			h.Words = append(h.Words, m.name)
			h.Items = append(h.Items, grammar.HelpItem{Name: m.name, Text: m.help})
		}
	}
	if len(h.Items) == 0 {
		return message.Unrecognized + "\n"
	}
	return joinLines(h.Lines(width))
}

// pipes reports whether output of the command can be filtered: exec commands
// that are complete.
func (s *Session) pipes(r grammar.Result) bool {
	d, ok := r.Action.(*language.Declaration)
	return r.Kind == grammar.OK && ok && d.Mode == language.Exec && strings.HasPrefix(d.Syntax, "show")
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
