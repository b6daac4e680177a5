// Package columns writes the tables of show commands: columns stand under their
// headings however long a value is, which with addresses of IPv6 is often.
//
// A heading is given as for fmt.Printf, with the width a column has at least; so
// a table whose values fit looks the same every time, and scripts that go by
// columns find them where they were. The tables of IOS itself are not written so:
// they are as IOS has them.
//
// Pure values; one goroutine fills a table. Nothing fails. Testing: by its text.
package columns

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Table is a heading with rows.
type Table struct {
	columns []column
	rows    [][]string
}

type column struct {
	before string // what stands between it and the column before
	width  int
	right  bool
}

// New begins a table. format has a %s for each column, with the least width and,
// of one that stands at the left, a minus sign: "%-16s  %6s %s".
func New(format string, heads ...any) *Table {
	t := &Table{}
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
		t.columns = append(t.columns, c)
		format = format[j+1:]
	}
	t.Row(heads...)
	return t
}

// Row adds a row, a value for each column.
func (t *Table) Row(values ...any) {
	row := make([]string, len(t.columns))
	for i := range row {
		if i < len(values) {
			row[i] = fmt.Sprint(values[i])
		}
		t.columns[i].width = max(t.columns[i].width, utf8.RuneCountInString(row[i]))
	}
	t.rows = append(t.rows, row)
}

// String is the table, a line for each row, without blanks at its end.
func (t *Table) String() string {
	var out, line strings.Builder
	for _, row := range t.rows {
		line.Reset()
		for i, c := range t.columns {
			line.WriteString(c.before)
			pad := strings.Repeat(" ", max(0, c.width-utf8.RuneCountInString(row[i])))
			if c.right {
				line.WriteString(pad + row[i])
			} else {
				line.WriteString(row[i] + pad)
			}
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return out.String()
}
