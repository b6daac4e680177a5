// Package columns writes the tables of show commands, as text and as JSON.
//
// A Layout declares a table once: what its columns are called, and how it stands
// as text. A Page is what a show prints, text with tables of declared layouts in
// it. Who reads a terminal gets Page.String; `| json` gets the rows of its tables
// as objects (see JSON). Both come of the same values, so neither is read out of
// the other: a value that is cut for its column, wrapped over lines or left out
// because it stands in the row above is whole in each object.
//
//	var Phones = columns.New("%-16s %s", "Device", "Address")
//
//	p := &columns.Page{}
//	t := p.Table(Phones)
//	t.Row("SEP001E7A000001", addr)
//
// There are two kinds of layout. New makes the tables of this box: columns stand
// under their headings however long a value is, which with addresses of IPv6 is
// often. Form makes those of IOS: they stand as IOS has them, byte for byte.
//
// Pure values; one goroutine fills a page. Nothing fails. Testing: by its text;
// that each show declares the tables it prints is a law of cli/command.
package columns

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Layout declares a table. It does not change once it is made.
type Layout struct {
	keys    []string // of all columns; those of With first
	given   int      // how many of them With named
	top     string   // Form: what stands above the rows
	row     string   // Form: the format of a row
	heads   []string // New
	columns []column // New
	dash    bool     // an empty value stands as a dash
}

type column struct {
	before string // what stands between it and the column before
	width  int
	right  bool
}

// New declares a table whose columns grow with their values. format has a %s for
// each column, with the least width and, of one that stands at the left, a minus
// sign: "%-16s  %6s %s".
func New(format string, heads ...string) *Layout {
	l := &Layout{heads: heads}
	for format != "" {
		i := strings.IndexByte(format, '%')
		j := strings.IndexByte(format, 's')
		if i < 0 || j < i {
			break
		}
		c := column{before: format[:i], right: j > i+1}
		for _, r := range format[i+1 : j] {
			if r == '-' {
				c.right = false
			} else {
				c.width = 10*c.width + int(r-'0')
			}
		}
		l.columns = append(l.columns, c)
		format = format[j+1:]
	}
	for _, h := range heads {
		l.keys = append(l.keys, Snake(h))
	}
	return l
}

// Dashed declares a table whose columns stand two blanks apart, as wide as they
// are, and in which a value that is not there is a dash: a column can be found by
// its place and by its number.
func Dashed(heads ...string) *Layout {
	l := New(strings.Repeat("%-s  ", len(heads)), heads...)
	l.dash = true
	return l
}

// Form declares a table that stands as IOS has it: top is printed as it is, row
// is the format of fmt for a row, and keys are the names of its columns in snake
// case with blanks between them. A row without a line feed at its end gets one,
// and loses its blanks there.
func Form(top, row, keys string) *Layout {
	return &Layout{top: top, row: row, keys: strings.Fields(keys)}
}

// With adds columns that are the same in each row and stand above the table in
// its text, in snake case with blanks between them. Table.Given gives them their
// values.
func (l *Layout) With(keys string) *Layout {
	out := *l
	add := strings.Fields(keys)
	out.keys, out.given = append(add, l.keys...), len(add)+l.given
	return &out
}

// Keys are the names of the columns in JSON, in their order.
func (l *Layout) Keys() []string { return l.keys }

// Columns is how many values a row has by the format of its text. It is
// len(Keys()) less what With added; a law of cli/command looks.
func (l *Layout) Columns() (text, keys int) {
	if l.columns != nil {
		return len(l.columns), len(l.keys) - l.given
	}
	return len(verbs(l.row)), len(l.keys) - l.given
}

// Table is a layout with rows.
type Table struct {
	layout *Layout
	given  []string
	rows   []row
	width  []int
	heads  []string
}

// row is a line of text and the object it is. Either may be missing.
type row struct {
	text   string // of Form, Line and Note
	cells  []string
	object []string // nil: cells
	note   bool
}

// Given are the values of the columns that With named.
func (t *Table) Given(values ...any) *Table {
	t.given = texts(values)
	return t
}

// Head changes what stands above the last columns of a table of New, for one
// whose heading is left out where no row has a value.
func (t *Table) Head(i int, head string) { t.heads[i] = head }

// Row adds a row, a value for each column.
func (t *Table) Row(values ...any) {
	r := row{}
	if t.layout.columns == nil {
		r.text = line(t.layout.row, values)
		r.cells = cells(t.layout.row, values)
	} else {
		r.cells = make([]string, len(t.layout.columns))
		copy(r.cells, texts(values))
		for i, c := range r.cells {
			if c == "" && t.layout.dash {
				r.cells[i] = "-"
			}
		}
		t.grow(r.cells)
	}
	t.rows = append(t.rows, r)
}

// Object is Row for a row whose text does not say all, as where a value stands
// in the row above or is cut: object is what JSON has instead of values, nil for a
// line that only goes on with the row above.
func (t *Table) Object(object []any, values ...any) {
	t.Row(values...)
	r := &t.rows[len(t.rows)-1]
	if r.object = texts(object); object == nil {
		r.note = true
	}
}

// Line is a row whose text does not follow the format of the others.
func (t *Table) Line(text string, values ...any) {
	t.rows = append(t.rows, row{text: text, cells: texts(values)})
}

// Note is text between rows that is no row.
func (t *Table) Note(text string) { t.rows = append(t.rows, row{text: text, note: true}) }

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

func (t *Table) grow(cells []string) {
	for i, c := range cells {
		t.width[i] = max(t.width[i], utf8.RuneCountInString(c))
	}
}

// String is the table, without blanks at the end of lines in those of New.
func (t *Table) String() string {
	var out strings.Builder
	l := t.layout
	if l.columns == nil {
		out.WriteString(l.top)
	} else {
		t.grow(t.heads)
		t.write(&out, t.heads)
	}
	for i := range t.rows {
		if r := &t.rows[i]; l.columns == nil || r.text != "" {
			out.WriteString(r.text)
		} else {
			t.write(&out, r.cells)
		}
	}
	return out.String()
}

func (t *Table) write(out *strings.Builder, cells []string) {
	var b strings.Builder
	for i, c := range t.layout.columns {
		b.WriteString(c.before)
		text := ""
		if i < len(cells) {
			text = cells[i]
		}
		pad := strings.Repeat(" ", max(0, max(c.width, t.width[i])-utf8.RuneCountInString(text)))
		if c.right {
			b.WriteString(pad + text)
		} else {
			b.WriteString(text + pad)
		}
	}
	out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
}

// Page is what a show prints. The zero value is empty; it is written to as a
// strings.Builder is.
type Page struct {
	parts []part
	empty bool // text stands for a table without rows
}

type part struct {
	text  []byte
	table *Table
}

// Empty is the page of a table without rows, where a sentence says so in its place.
func Empty(s string) *Page {
	p := Text(s)
	p.empty = true
	return p
}

// Text is a page without a table.
func Text(s string) *Page {
	p := &Page{}
	p.WriteString(s)
	return p
}

// Table begins a table at the end of the page.
func (p *Page) Table(l *Layout) *Table {
	t := &Table{layout: l, width: make([]int, len(l.columns)), heads: append([]string(nil), l.heads...)}
	p.parts = append(p.parts, part{table: t})
	return t
}

// Add puts another page at the end of this one.
func (p *Page) Add(o *Page) {
	p.empty = p.empty || o.empty
	for i := range o.parts {
		if t := o.parts[i].table; t != nil {
			p.parts = append(p.parts, part{table: t})
		} else {
			p.WriteString(string(o.parts[i].text))
		}
	}
}

// Write implements io.Writer: text behind what is there. It does not fail.
func (p *Page) Write(b []byte) (int, error) { return p.WriteString(string(b)) }

// WriteString is Write of a string.
func (p *Page) WriteString(s string) (int, error) {
	if n := len(p.parts); n == 0 || p.parts[n-1].table != nil {
		p.parts = append(p.parts, part{})
	}
	last := &p.parts[len(p.parts)-1]
	last.text = append(last.text, s...)
	return len(s), nil
}

// Tabled reports that the page is a table, with rows or without.
func (p *Page) Tabled() bool { return p.empty || len(p.Tables()) > 0 }

// Tables are the tables of the page that have a heading at least.
func (p *Page) Tables() (out []*Table) {
	for i := range p.parts {
		if t := p.parts[i].table; t != nil {
			out = append(out, t)
		}
	}
	return out
}

// Layout is what the table was declared as.
func (t *Table) Layout() *Layout { return t.layout }

// String is the page as text.
func (p *Page) String() string {
	var out strings.Builder
	for i := range p.parts {
		if t := p.parts[i].table; t != nil {
			out.WriteString(t.String())
		} else {
			out.Write(p.parts[i].text)
		}
	}
	return out.String()
}

// Taker is a writer that takes pages as they are, as `| json` does.
type Taker interface {
	Take(*Page) error
}

// Print writes a page: whole to a Taker, as text to others.
func Print(w io.Writer, p *Page) error {
	if t, ok := w.(Taker); ok {
		return t.Take(p)
	}
	_, err := io.WriteString(w, p.String())
	return err
}

// line is a row of Form.
func line(format string, values []any) string {
	s := fmt.Sprintf(format, values...)
	if !strings.HasSuffix(format, "\n") {
		s = strings.TrimRight(s, " ") + "\n"
	}
	return s
}
