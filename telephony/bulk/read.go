// Package bulk reads and writes phones as tables: comma separated values with the
// column names of the exports of CUCM (Bulk Administration Tool) and of FreePBX
// (endpoint manager, bulk extensions), or of this box.
//
//	file --Read--> rows with their lines --Apply--> configuration
//	configuration --CSV--> file
//
// A file is taken as a whole or not at all: every row that cannot be a phone is
// named with its line and the reason. Taking the same file again changes nothing.
//
// Pure: text in, a changed configuration out. Everything in a file is somebody
// else's: it is bounded, and a text that no line of the configuration could hold
// is refused. Testing: tables of headers, a round trip, a fuzz target.
package bulk

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"option150/platform/ether"
	"option150/platform/plain"
	"option150/platform/sorted"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// Bounds of a file.
const (
	MaxBytes = 2 << 20
	MaxRows  = 5000
	maxLines = 60 // of one phone
)

// Row is one phone of a file.
type Row struct {
	Line        int // of the file, from 1
	MAC         ether.MAC
	Model       phone.Model
	Protocol    string // cnf.SCCP, cnf.SIP or ""
	Description string
	Username    string
	Password    string
	Lines       []Line // by position; a Number of "" is a button without line
}

// Line is one line of a phone.
type Line struct{ Number, Name, Label string }

// Refusal is a row that is no phone, and why.
type Refusal struct {
	Line int
	Why  string
}

func (r Refusal) String() string { return fmt.Sprintf("line %d: %s", r.Line, r.Why) }

// Table is what a file says.
type Table struct {
	Rows    []Row
	Refused []Refusal
	Ignored []string // columns nothing is made of
}

// ErrNoTable says that a file has no header with a hardware address.
var ErrNoTable = errors.New("the first line names no column for the hardware address, such as MAC Address, mac or Device Name")

// field is what a column holds.
type field struct {
	kind string // "mac", "model", "protocol", "description", "user", "password", "position", "number", "name", "label"
	line int    // of number, name and label: which line of the phone, from 1
	rank int    // of two columns for one thing the lower one counts
}

// The names of columns, with all but letters and digits taken away.
var (
	simple = map[string]field{
		"mac": {kind: "mac"}, "macaddress": {kind: "mac"}, "macaddr": {kind: "mac"}, "macid": {kind: "mac"}, "hardwareaddress": {kind: "mac"}, "ethernetaddress": {kind: "mac"}, "phonemac": {kind: "mac"},
		"devicename": {kind: "mac", rank: 1}, "device": {kind: "mac", rank: 2},
		"model": {kind: "model"}, "phonemodel": {kind: "model"}, "devicemodel": {kind: "model"}, "modelnumber": {kind: "model"}, "phonetype": {kind: "model"}, "devicetype": {kind: "model", rank: 1}, "producttype": {kind: "model", rank: 1}, "type": {kind: "model", rank: 2}, "product": {kind: "model", rank: 2},
		"protocol": {kind: "protocol"}, "deviceprotocol": {kind: "protocol"}, "tech": {kind: "protocol"}, "technology": {kind: "protocol"},
		"description": {kind: "description"}, "devicedescription": {kind: "description"}, "desc": {kind: "description"},
		"username": {kind: "user"}, "userid": {kind: "user", rank: 1}, "userid1": {kind: "user", rank: 1}, "digestuser": {kind: "user"}, "authname": {kind: "user"}, "authid": {kind: "user"}, "sipusername": {kind: "user"},
		"password": {kind: "password", rank: 1}, "secret": {kind: "password"}, "devinfosecret": {kind: "password"}, "sippassword": {kind: "password"}, "authpassword": {kind: "password"}, "digestcredentials": {kind: "password"},
		"lineindex": {kind: "position"}, "lineposition": {kind: "position"},
		"account": {kind: "number", line: 1, rank: 3},
	}
	ofLine = regexp.MustCompile(`^(directorynumber|extension|ext|number|dn|phonenumber|line)(\d{0,2})(?:number|extension)?$`)
	ofName = regexp.MustCompile(`^(displayname|display|name|fullname|callerid|calleridname|alertingname)(\d{0,2})$`)
	ofText = regexp.MustCompile(`^(linetextlabel|linelabel|label)(\d{0,2})$`)
)

// columnOf tells what a column is by its name.
func columnOf(name string) (field, bool) {
	key := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
	if f, ok := simple[key]; ok {
		return f, true
	}
	for _, x := range []struct {
		kind string
		re   *regexp.Regexp
		low  string // the name that counts least
	}{{"number", ofLine, "line"}, {"name", ofName, "alertingname"}, {"label", ofText, ""}} {
		if g := x.re.FindStringSubmatch(key); g != nil {
			n, err := strconv.Atoi(g[2])
			if err != nil {
				n = 1
			}
			f := field{kind: x.kind, line: n}
			if g[1] == x.low {
				f.rank = 2
			}
			if n < 1 || n > maxLines {
				return field{}, false
			}
			return f, true
		}
	}
	return field{}, false
}

// Read reads a table. The separator is a comma, a semicolon or a tab, whichever
// the header has most of.
func Read(text []byte) (*Table, error) {
	if len(text) > MaxBytes {
		return nil, fmt.Errorf("it has more than %d bytes", MaxBytes)
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8")
	}
	head, _, _ := bytes.Cut(bytes.TrimLeft(text, "\r\n"), []byte("\n"))
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace, r.ReuseRecord = -1, true, false
	for _, c := range ";\t" {
		if bytes.Count(head, []byte(string(c))) > bytes.Count(head, []byte(string(r.Comma))) {
			r.Comma = c
		}
	}
	names, err := r.Read()
	if err != nil {
		return nil, ErrNoTable
	}
	t := &Table{}
	columns := t.header(names)
	if !slices.ContainsFunc(columns, func(f field) bool { return f.kind == "mac" }) {
		return nil, ErrNoTable
	}
	for n := 0; ; n++ {
		rec, err := r.Read()
		line := 0
		if len(rec) > 0 {
			line, _ = r.FieldPos(0)
		}
		var bad *csv.ParseError
		switch {
		case err == io.EOF:
			t.merge()
			return t, nil
		case errors.As(err, &bad):
			t.Refused = append(t.Refused, Refusal{bad.StartLine, "a quote is open or in the middle of a field"})
			t.merge()
			return t, nil // where the next row begins is not known
		case err != nil:
			return nil, err
		case n >= MaxRows:
			return nil, fmt.Errorf("it has more than %d rows", MaxRows)
		}
		t.row(line, columns, rec)
	}
}

// header tells what each column is; of several for one thing the best counts.
func (t *Table) header(names []string) []field {
	out := make([]field, len(names))
	best := map[field]int{}
	numbers := 0
	for i, n := range names {
		f, ok := columnOf(n)
		if !ok {
			continue
		}
		if f.kind == "number" {
			numbers++
		}
		out[i] = f
	}
	for i, n := range names {
		// The column `line` beside one of numbers says which line of the phone it is.
		if f := out[i]; f.kind == "number" && f.rank == 2 && f.line == 1 && numbers > 1 && strings.EqualFold(strings.TrimSpace(n), "line") {
			out[i] = field{kind: "position"}
		}
	}
	for i, f := range out {
		if f.kind == "" {
			continue
		}
		key := field{kind: f.kind, line: f.line}
		if at, had := best[key]; had {
			if out[at].rank <= f.rank {
				out[i] = field{}
				continue
			}
			out[at] = field{}
		}
		best[key] = i
	}
	for i, f := range out {
		if n := strings.TrimSpace(names[i]); f.kind == "" && n != "" {
			t.Ignored = append(t.Ignored, cut(n, 40))
		}
	}
	return out
}

// row reads one row.
func (t *Table) row(line int, columns []field, rec []string) {
	refuse := func(format string, args ...any) {
		t.Refused = append(t.Refused, Refusal{line, fmt.Sprintf(format, args...)})
	}
	x := Row{Line: line}
	position, model, empty := 0, "", true
	for i, v := range rec {
		v = strings.TrimSpace(v)
		if v != "" {
			empty = false
		}
		if i >= len(columns) || v == "" {
			continue
		}
		if why := unfit(v); why != "" {
			refuse("%s", why)
			return
		}
		f := columns[i]
		switch f.kind {
		case "mac":
			m, err := ParseMAC(v)
			if err != nil {
				refuse("%v", err)
				return
			}
			x.MAC = m
		case "model":
			model = v
		case "protocol":
			switch p := strings.ToUpper(v); {
			case strings.Contains(p, "SIP"):
				x.Protocol = cnf.SIP
			case p == "SCCP" || p == "SKINNY":
				x.Protocol = cnf.SCCP
			default:
				refuse("protocol %q is neither SCCP nor SIP", cut(v, 20))
				return
			}
		case "description":
			x.Description = v
		case "user":
			x.Username = v
		case "password":
			x.Password = v
		case "position":
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 || n > maxLines {
				refuse("line %q is not a number from 1 to %d", cut(v, 20), maxLines)
				return
			}
			position = n
		case "number", "name", "label":
			for len(x.Lines) < f.line {
				x.Lines = append(x.Lines, Line{})
			}
			l := &x.Lines[f.line-1]
			*map[string]*string{"number": &l.Number, "name": &l.Name, "label": &l.Label}[f.kind] = v
		}
	}
	switch m, ok := ModelOf(model); {
	case empty:
		return
	case x.MAC.IsZero():
		refuse("it has no hardware address")
		return
	case model == "":
		refuse("it has no model")
		return
	case !ok:
		refuse("model %q is not in the model table", cut(model, 40))
		return
	default:
		x.Model = m
	}
	for len(x.Lines) > 0 && x.Lines[len(x.Lines)-1].Number == "" {
		x.Lines = x.Lines[:len(x.Lines)-1]
	}
	if position > 1 && len(x.Lines) == 1 {
		x.Lines = append(make([]Line, position-1), x.Lines[0])
	}
	for _, l := range x.Lines {
		if l.Number != "" && !dialable(l.Number) {
			refuse("number %q is not up to 27 digits, letters and the characters + * #", cut(l.Number, 40))
			return
		}
	}
	t.Rows = append(t.Rows, x)
}

// merge puts the rows of one phone together where each has another line of it,
// and refuses a phone or a number that is there twice.
func (t *Table) merge() {
	var out []Row
	at := map[ether.MAC]int{}
	for _, r := range t.Rows {
		i, had := at[r.MAC]
		if !had {
			at[r.MAC] = len(out)
			out = append(out, r)
			continue
		}
		first := &out[i]
		if len(r.Lines) <= len(first.Lines) && !onlyIn(r.Lines, first.Lines) || len(r.Lines) == 0 || r.Model.Keyword != first.Model.Keyword {
			t.Refused = append(t.Refused, Refusal{r.Line, fmt.Sprintf("%s is in line %d already", r.MAC.CME(), first.Line)})
			continue
		}
		for n, l := range r.Lines {
			if n >= len(first.Lines) {
				first.Lines = append(first.Lines, Line{})
			}
			if l.Number != "" {
				first.Lines[n] = l
			}
		}
	}
	numbers := map[string]int{}
	t.Rows = out[:0]
	for _, r := range out {
		twice := ""
		for _, l := range r.Lines {
			if was, had := numbers[l.Number]; had && l.Number != "" {
				twice = fmt.Sprintf("number %s is in line %d already", l.Number, was)
			}
		}
		if twice != "" {
			t.Refused = append(t.Refused, Refusal{r.Line, twice})
			continue
		}
		for _, l := range r.Lines {
			numbers[l.Number] = r.Line
		}
		t.Rows = append(t.Rows, r)
	}
	sorted.Stable(t.Refused, func(a, b Refusal) int { return a.Line - b.Line })
}

// onlyIn reports that what one list has, the other has not.
func onlyIn(a, b []Line) bool {
	for i, l := range a {
		if l.Number != "" && i < len(b) && b[i].Number != "" {
			return false
		}
	}
	return true
}

// ParseMAC reads a hardware address in any spelling: with or without SEP, with
// colons, dashes, dots, blanks or nothing between its digits.
func ParseMAC(s string) (m ether.MAC, err error) {
	bad := fmt.Errorf("%q is not a hardware address", cut(s, 40))
	t := strings.ToLower(strings.TrimSpace(s))
	t = strings.TrimPrefix(t, "sep")
	n := 0
	for _, r := range t {
		var d byte
		switch {
		case r >= '0' && r <= '9':
			d = byte(r - '0')
		case r >= 'a' && r <= 'f':
			d = byte(r-'a') + 10
		case strings.ContainsRune(":-._ ", r) && n > 0:
			continue
		default:
			return m, bad
		}
		if n >= 12 {
			return ether.MAC{}, bad
		}
		m[n/2] = m[n/2]<<4 | d
		n++
	}
	if n != 12 || m.IsZero() || m[0]&1 != 0 {
		return ether.MAC{}, bad
	}
	return m, nil
}

// modelWords are the words around the number of a model in exports.
var modelWords = []string{"cisco", "unified", "ip", "phone", "systems", "inc", "series", "sip", "sccp"}

// ModelOf finds a model by what exports call it: "Cisco 7961", "CP-7961G",
// "Cisco Unified IP Phone 7961G-GE".
func ModelOf(s string) (phone.Model, bool) {
	words := slices.DeleteFunc(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",()", r) }),
		func(w string) bool { return slices.Contains(modelWords, strings.ToLower(w)) })
	for _, t := range []string{strings.TrimSpace(s), strings.Join(words, " ")} {
		if m, ok := phone.Lookup(t); ok {
			return m, !m.Addon
		}
	}
	return phone.Model{}, false
}

// unfit says why a text cannot stand in a line of the configuration.
func unfit(v string) string {
	switch {
	case len(v) > 255:
		return "a field is longer than 255 bytes"
	case strings.Contains(v, "\t") || plain.Typed(v) >= 0:
		return "a field holds a line end or another control character"
	case strings.Contains(v, `"`):
		return "a field holds a quote"
	}
	return ""
}

func dialable(s string) bool {
	return len(s) > 0 && len(s) <= 27 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && !strings.ContainsRune("+*#.", r)
	})
}

// cut shortens a text for a message.
func cut(s string, n int) string {
	r := []rune(s)
	if len(r) > n {
		return string(r[:n]) + "..."
	}
	return s
}
