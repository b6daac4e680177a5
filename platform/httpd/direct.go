package httpd

import (
	"bytes"
	"context"
	"io"
	"net/netip"
	"time"
)

// Direct is a Module that answers the requests of phones without net/http, see
// docs/adr/0015-the-requests-phones-make.md. Whatever is not a Question comes
// to its ServeHTTP, and the two must answer the same.
type Direct interface {
	Module
	// Answer fills in a. ctx is done when the client has gone; then, and when it
	// returns false, the connection is closed without an answer.
	Answer(ctx context.Context, q *Question, a *Answer) bool
}

// Question is a request as phones make it: GET or HEAD of a path that means
// what it says, HTTP/1.0 or 1.1, without a body, a range or a condition.
type Question struct {
	Head   bool
	Path   string // begins with a slash, has nothing to decode
	Agent  string // the User-Agent
	Client netip.AddrPort
	Local  netip.AddrPort
	Asked  time.Time // by when it had been asked; zero = not known

	old   bool // HTTP/1.0
	close bool // the client says that it will not ask again
	keep  bool // HTTP/1.0: it may
}

// Answer is what is sent. Body or Content is what is sent of it, Content from
// where it stands.
type Answer struct {
	Status  int
	Fields  []Field // but for Content-Length, Date and Connection
	Size    int64
	Body    []byte
	Content io.Reader // *os.File is sent by the kernel

	Progress func(sent int64)            // told now and then how much the client's TCP was given, and when that is all; may be nil
	Done     func(sent int64, err error) // told at the end, exactly once: ErrNotTaken, it was not acknowledged; may be nil
}

// Field is a line of the header of an answer.
type Field struct{ Name, Value string }

// Field adds a line of the header. They are to come in the order of their
// names, Content-Length among them.
func (a *Answer) Field(name, value string) { a.Fields = append(a.Fields, Field{name, value}) }

// form is what the bytes that have come are.
type form int

const (
	partOf   form = iota // the beginning of a Question, as far as can be seen
	question             // a Question
	other                // something else: for net/http to say what
)

// maxHead is the longest head of a Question.
const maxHead = 2048

// parse reads the head of a request in b and tells how long it is. It knows a
// Question when it sees one and nothing else: what has one odd octet in it is
// other.
func (q *Question) parse(b []byte) (form, int) {
	*q = Question{Client: q.Client, Local: q.Local, Asked: q.Asked}
	line, at, f := nextLine(b, 0)
	switch {
	case has(line, "GET /"):
		line = line[4:]
	case has(line, "HEAD /"):
		q.Head, line = true, line[5:]
	case f == partOf && (begins("GET /", line) || begins("HEAD /", line)):
		return partOf, 0
	default:
		return other, 0
	}
	n := 1
	for n < len(line) && plainPath[line[n]] {
		n++
	}
	path, version := line[:n], line[n:]
	if f == partOf {
		if begins(" HTTP/1.1", version) || begins(" HTTP/1.0", version) {
			return partOf, 0
		}
		return other, 0
	}
	switch {
	case f == other, len(path) > 1 && path[1] == '/':
		return other, 0
	case string(version) == " HTTP/1.1":
	case string(version) == " HTTP/1.0":
		q.old = true
	default:
		return other, 0
	}
	var agent []byte
	hosts, connections := 0, 0
	for {
		line, at, f = nextLine(b, at)
		if f != question {
			return f, 0
		}
		if len(line) == 0 {
			break
		}
		name, value, ok := field(line)
		if !ok {
			return other, 0
		}
		switch {
		case same(name, "host"):
			if hosts++; hosts > 1 || len(value) == 0 || !all(value, plainHost) {
				return other, 0
			}
		case same(name, "connection"):
			connections++
			switch {
			case connections > 1:
				return other, 0
			case same(value, "close"):
				q.close = true
			case same(value, "keep-alive"):
				q.keep = true
			default:
				return other, 0
			}
		case same(name, "user-agent"):
			if agent != nil || len(value) == 0 {
				return other, 0
			}
			agent = value
		case same(name, "accept"), same(name, "accept-language"), same(name, "accept-charset"), same(name, "accept-encoding"),
			same(name, "cache-control"), same(name, "pragma"):
		default:
			return other, 0
		}
	}
	if hosts == 0 && !q.old {
		return other, 0
	}
	q.Path, q.Agent = string(path), string(agent)
	return question, at
}

// nextLine is the line that begins at, without its CR LF. partOf: its end has
// not come; other: it has an octet that no Question has.
func nextLine(b []byte, at int) (line []byte, next int, f form) {
	i := bytes.IndexByte(b[at:], '\n')
	end := b[at:]
	if i >= 0 {
		end = b[at : at+i]
		if i == 0 || end[i-1] != '\r' {
			return nil, 0, other
		}
		end = end[:i-1]
	} else if n := len(end); n > 0 && end[n-1] == '\r' {
		end = end[:n-1]
	}
	for _, c := range end {
		if c < ' ' || c > '~' {
			return nil, 0, other
		}
	}
	if i < 0 {
		return end, 0, partOf
	}
	return end, at + i + 1, question
}

// field cuts a line of the header. A value has no blanks around it.
func field(line []byte) (name, value []byte, ok bool) {
	i := bytes.IndexByte(line, ':')
	if i <= 0 {
		return nil, nil, false
	}
	return line[:i], bytes.Trim(line[i+1:], " "), true
}

// plainPath are the octets that mean themselves in a path, plainHost those of
// an address and of a name.
var plainPath, plainHost = octets("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-~+,=@"),
	octets("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:[]")

func octets(s string) *[256]bool {
	var t [256]bool
	for i := range len(s) {
		t[s[i]] = true
	}
	return &t
}

func all(b []byte, of *[256]bool) bool {
	for _, c := range b {
		if !of[c] {
			return false
		}
	}
	return true
}

func has(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// begins reports that b is a beginning of s.
func begins(s string, b []byte) bool { return len(b) <= len(s) && s[:len(b)] == string(b) }

// same compares without case; lower is in lower case.
func same(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
