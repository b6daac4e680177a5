package testkit

import (
	"regexp"
	"strings"
	"unicode"
)

// Table is a table as somebody who reads a text finds it: its heads and what
// stands below each.
type Table struct {
	Heads []string
	Rows  [][]string
}

// Tables finds the tables of a text by how they stand: heads with room between
// them, aligned to the left and to the right, of several lines, with a rule below
// them. It judges what shows print against what they declare, and is wrong now and
// then: prose can look like a table.
func Tables(text string) (out []Table) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); {
		t, next := tableAt(lines, i)
		if t == nil {
			i++
			continue
		}
		out, i = append(out, *t), next
	}
	return out
}

// caption is a line above a table that says what it is about.
var caption = regexp.MustCompile(`^[A-Z][A-Za-z0-9 /-]{0,30}: \S`)

// column is a head and where it stands.
type column struct{ from, to int }

var (
	columnGap = regexp.MustCompile(`\s{2,}`)
	rule      = regexp.MustCompile(`^[\s=+-]*(?:--|==)[\s=+-]*$`)
)

// tableAt reads the table whose heads stand in line i; nil if none does. next
// is the line behind it.
func tableAt(lines []string, i int) (t *Table, next int) {
	head := strings.TrimRight(lines[i], " ")
	if !headLike(head) || i+1 >= len(lines) {
		return nil, 0
	}
	cols := placesOf(head)
	at := i + 1
	if rule.MatchString(lines[at]) && strings.TrimSpace(lines[at]) != "" {
		if c := placesOf(strings.TrimRight(lines[at], " ")); len(c) > 1 {
			cols = c
		}
		at++
	}
	if len(cols) < 2 {
		return nil, 0
	}
	heads := make([]string, len(cols))
	for k, c := range cols {
		to := len(head)
		if k+1 < len(cols) {
			to = cols[k+1].from
		}
		heads[k] = strings.TrimSpace(part(head, c.from, to))
	}
	// Heads of several lines: what stands below them, with nothing at the margin.
	for at < len(lines) && strings.HasPrefix(lines[at], " ") && below(lines[at], cols) && at+1 < len(lines) && strings.TrimSpace(lines[at+1]) != "" {
		for k, c := range cols {
			if s := strings.TrimSpace(part(lines[at], c.from, end(cols, k, len(lines[at])))); s != "" {
				heads[k] += " " + s
			}
		}
		at++
	}
	block := at
	for block < len(lines) && strings.TrimSpace(lines[block]) != "" {
		block++
	}
	cols, heads = divide(head, cols, heads, lines[at:block])
	t = &Table{Heads: heads}
	for ; at < block; at++ {
		row, ok := cells(lines[at], cols)
		if !ok || caption.MatchString(lines[at]) && strings.Join(row[1:], "") == "" {
			break
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return nil, 0
	}
	return t, at
}

// headLike: several words with room between them, none of which is a value.
func headLike(s string) bool {
	if strings.TrimSpace(s) == "" || strings.Contains(s, ": ") || rule.MatchString(s) {
		return false
	}
	for w := range strings.FieldsSeq(s) {
		r := rune(w[0])
		if !unicode.IsUpper(r) && r != '%' && r != '#' && !unicode.IsLower(r) && r != '(' && r != '/' {
			return false
		}
		if strings.IndexFunc(w, unicode.IsDigit) >= 0 {
			return false
		}
	}
	return len(columnGap.Split(strings.TrimSpace(s), -1)) > 1 || len(strings.Fields(s)) > 1
}

func placesOf(s string) (out []column) {
	at := 0
	for _, g := range append(columnGap.FindAllStringIndex(s, -1), []int{len(s), len(s)}) {
		if g[0] > at || g[0] == 0 && at == 0 && g[1] == len(s) {
			out = append(out, column{at, g[0]})
		}
		at = g[1]
	}
	return out
}

func end(cols []column, k, otherwise int) int {
	if k+1 < len(cols) {
		return cols[k+1].from
	}
	return otherwise
}

// part is a piece of a line; beyond its end there is nothing.
func part(s string, from, to int) string {
	from, to = min(from, len(s)), min(to, len(s))
	if from >= to {
		return ""
	}
	return s[from:to]
}

func blank(s string, i int) bool { return i >= len(s) || s[i] == ' ' }

// below: every word of a line stands below the beginning of a head.
func below(s string, cols []column) bool {
	for _, c := range placesOf(strings.TrimRight(s, " ")) {
		found := false
		for _, k := range cols {
			found = found || k.from == c.from && c.from > 0
		}
		if !found {
			return false
		}
	}
	return true
}

// divide finds heads that stand one blank apart: where every row has room
// before the second word and some row begins there.
func divide(head string, cols []column, heads []string, rows []string) ([]column, []string) {
	var outc []column
	var outh []string
	for k, c := range cols {
		from, last := c.from, c.from
		for p := c.from + 1; p < c.to; p++ {
			if head[p-1] != ' ' || head[p] == ' ' {
				continue
			}
			room, begins, before := true, false, false
			for _, r := range rows {
				room = room && blank(r, p-1)
				begins = begins || !blank(r, p) && blank(r, p-1)
				before = before || strings.TrimSpace(part(r, last, p)) != ""
			}
			if room && begins && before {
				outc = append(outc, column{from, p - 1})
				outh = append(outh, strings.TrimSpace(head[from:p]))
				from, last = p, p
			}
		}
		name := heads[k]
		if from != c.from {
			name = strings.TrimSpace(head[from:c.to])
		}
		outc, outh = append(outc, column{from, c.to}), append(outh, name)
	}
	return outc, outh
}

// cells cuts a row between the heads: at the last blank before each, which
// suits columns that are aligned to the left and to the right. A row that is
// shifted by a value too long for its column is cut at its wide gaps.
func cells(row string, cols []column) ([]string, bool) {
	cut := make([]int, len(cols)+1)
	fits := true
	for k := 1; k < len(cols) && fits; k++ {
		q := cols[k].from
		for q >= cols[k-1].to && !blank(row, q) {
			q--
		}
		if fits = q >= cols[k-1].to || blank(row, q) && q > cut[k-1]; fits {
			cut[k] = q
		}
	}
	if fits {
		cut[len(cols)] = len(row)
		out := make([]string, len(cols))
		for k := range cols {
			out[k] = strings.TrimSpace(part(row, cut[k], cut[k+1]))
		}
		return out, true
	}
	if w := columnGap.Split(strings.TrimSpace(row), -1); len(w) == len(cols) {
		return w, true
	}
	return nil, false
}
