package session

import (
	"io"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/columns"
)

// errNoTable is what `| json` says behind a command, or a form of one, that prints
// no table: an empty array would say that there is nothing.
const errNoTable = language.Answer("% The output of this command is no table")

// behindJSON reads what stands behind `| json`: nothing, or one filter more, which
// gets the lines of the array. text begins at position at of the filter.
func (s *Session) behindJSON(f *filter, text string, at int) error {
	rest := strings.TrimLeft(text, " ")
	at += len(text) - len(rest)
	if rest == "" {
		return nil
	}
	if rest[0] != '|' {
		return &filterErr{kind: grammar.Invalid, offset: at}
	}
	then, err := s.newFilter(rest[1:])
	if fe, ok := err.(*filterErr); ok {
		fe.offset += at + 1
	}
	if err != nil {
		return err
	}
	if then.kind == "json" {
		return &filterErr{kind: grammar.Invalid, offset: at + len(rest) - len(strings.TrimLeft(rest[1:], " "))}
	}
	f.then = then
	return nil
}

// Take implements columns.Taker.
func (f *filter) Take(p *columns.Page) error {
	if f.kind == "json" {
		f.pages = append(f.pages, p)
		return nil
	}
	_, err := io.WriteString(f, p.String())
	return err
}

// last is the filter whose output is the operator's.
func (f *filter) last() *filter {
	if f.then != nil {
		return f.then
	}
	return f
}

// before is what stands before a filter that writes a file; nil if nothing does.
func (f *filter) before() *filter {
	if f.then == nil {
		return nil
	}
	f.then = nil
	return f
}

// array writes the tables of the command.
func (f *filter) array() error {
	tabled := false
	for _, p := range f.pages {
		tabled = tabled || p.Tabled()
	}
	if !tabled {
		return errNoTable
	}
	if _, err := io.WriteString(f.next, columns.JSON(f.pages...)); err != nil {
		return err
	}
	if f.then != nil {
		f.then.finish()
	}
	return nil
}
