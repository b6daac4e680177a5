package columns

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
)

// JSON is the tables of pages as an array of objects, an object a line: an object
// for each row, keys in the order of the columns, every value a string as the text
// has it, without the blanks around it. No row is an empty array.
func JSON(pages ...*Page) string {
	var out strings.Builder
	n := 0
	for _, p := range pages {
		for _, t := range p.Tables() {
			for i := range t.rows {
				if t.rows[i].note {
					continue
				}
				if n++; n > 1 {
					out.WriteString(",\n")
				}
				t.object(&out, &t.rows[i])
			}
		}
	}
	if n == 0 {
		return "[]\n"
	}
	return "[\n" + out.String() + "\n]\n"
}

func (t *Table) object(w *strings.Builder, r *row) {
	cells := r.cells
	if r.object != nil {
		cells = r.object
	}
	w.WriteString("  {")
	for i, k := range t.layout.keys {
		from, at := t.given, i
		if i >= t.layout.given {
			from, at = cells, i-t.layout.given
		}
		v := ""
		if at < len(from) {
			v = from[at]
		}
		if i > 0 {
			w.WriteString(", ")
		}
		w.Write(quote(k))
		w.WriteString(": ")
		w.Write(quote(strings.TrimSpace(v)))
	}
	w.WriteByte('}')
}

func quote(s string) []byte {
	b, _ := json.Marshal(s) // a string is always marshalled
	return b
}

// Snake is a head as a key: "IP-Address" is ip_address.
func Snake(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ReplaceAll(s, "%", " percent ") {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('_')
			gap = false
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func texts(values []any) []string {
	if values == nil {
		return nil
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fmt.Sprint(v)
	}
	return out
}

// cells are the values of a row of Form, each as its verb writes it, without a
// width; a text is whole, also where the verb cuts it.
func cells(format string, values []any) []string {
	out := texts(values)
	for i, v := range verbs(format) {
		if i >= len(values) {
			break
		}
		if last := v[len(v)-1]; last != 's' && last != 'v' {
			out[i] = strings.TrimSpace(fmt.Sprintf(v, values[i]))
		}
	}
	return out
}

// verbs are those of a format.
func verbs(format string) (out []string) {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		from := i
		for i++; i < len(format) && strings.IndexByte("-+ 0123456789.", format[i]) >= 0; i++ {
		}
		if i < len(format) && format[i] != '%' {
			out = append(out, format[from:i+1])
		}
	}
	return out
}
