package cnf

import (
	"bytes"
	"encoding/xml"
	"strconv"
)

// tree writes XML, one element a line. Texts and attribute values go through
// encoding/xml, which replaces what XML cannot hold; element names are
// constants of this package or were checked with validName.
type tree struct {
	b     bytes.Buffer
	gap   string // before an attribute: IOS prints two blanks in SCCP files
	stack []string

	latin1 bool // texts are ISO-8859-1; what that has not is a reference
}

// header is written in front of SIP files only, as IOS does for SCCP none.
const header = `<?xml version="1.0" encoding="UTF-8"?>`

// headerLatin1 is that of files for types that the owner says do not read UTF-8.
const headerLatin1 = `<?xml version="1.0" encoding="ISO-8859-1"?>`

func (t *tree) start(name string, attrs []string) {
	t.b.WriteByte('<')
	t.b.WriteString(name)
	for i := 0; i+1 < len(attrs); i += 2 {
		t.b.WriteString(t.gap)
		t.b.WriteString(attrs[i])
		t.b.WriteString(`="`)
		t.text(attrs[i+1])
		t.b.WriteByte('"')
	}
	t.b.WriteByte('>')
}

func (t *tree) text(s string) {
	// EscapeText cannot fail on a bytes.Buffer.
	if !t.latin1 {
		_ = xml.EscapeText(&t.b, []byte(s))
		return
	}
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(s))
	for _, r := range b.String() {
		switch {
		case r < 0x80 || r >= 0xa0 && r <= 0xff:
			t.b.WriteByte(byte(r))
		default:
			t.b.WriteString("&#" + strconv.Itoa(int(r)) + ";")
		}
	}
}

// open starts an element with children; attrs are pairs of name and value.
func (t *tree) open(name string, attrs ...string) {
	t.start(name, attrs)
	t.b.WriteByte('\n')
	t.stack = append(t.stack, name)
}

// close ends the n innermost open elements.
func (t *tree) close(n int) {
	for ; n > 0; n-- {
		last := len(t.stack) - 1
		t.b.WriteString("</" + t.stack[last] + ">\n")
		t.stack = t.stack[:last]
	}
}

// leaf writes an element with text.
func (t *tree) leaf(name, text string, attrs ...string) {
	t.start(name, attrs)
	t.text(text)
	t.b.WriteString("</" + name + ">\n")
}

func (t *tree) number(name string, n int) { t.leaf(name, strconv.Itoa(n)) }

func (t *tree) flag(name string, on bool) { t.leaf(name, strconv.FormatBool(on)) }

func (t *tree) bytes() []byte {
	t.close(len(t.stack))
	return t.b.Bytes()
}

// validName reports whether s can be the name of an XML element. ASCII only:
// no phone knows others.
func validName(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.') {
			return false
		}
	}
	// Names that begin with xml in any case are reserved.
	return len(s) < 3 || !bytes.EqualFold([]byte(s[:3]), []byte("xml"))
}
