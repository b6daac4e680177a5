package grammar

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
)

// Ranks say who wins when a word fits several arguments of one place: the lower.
const (
	RankNumber  = 1
	RankAddress = 2
	RankHost    = 3
	RankWord    = 4
	RankLine    = 5 // takes the rest of the line: nothing can follow
)

// Type is a kind of argument. Types must be usable by several goroutines.
type Type interface {
	// Label stands for the argument in help: "<1-65535>", "A.B.C.D", "WORD".
	Label() string
	// Parse reads one word (several, for a Spanning type). An error says that
	// it does not fit; the operator sees a caret, not the text of the error.
	Parse(token string) (any, error)
	// Format is the canonical text; Parse(Format(v)) must mean v again.
	Format(v any) string
	// Rank is one of the constants above.
	Rank() int
}

// Completer is a Type that knows the values that exist, such as the names of
// pools. They are offered for `VO?` and Tab.
type Completer interface {
	// Complete lists values that begin with prefix. Others are ignored.
	Complete(prefix string) []string
}

// Spanning is a Type that may consist of several words: `gi 0/0` is one
// interface name, a LINE is all that is left.
type Spanning interface {
	// Span is given the words from the place of the argument to the end of the
	// line, at least one, and returns how many of them belong to it; less than
	// one means one. Parse then gets the text from the first to the last of
	// them with the blanks between. The slice must not be kept.
	Span(tokens []string) int
}

// Lister is a type of few values: help shows them, or what they begin with, in
// place of the label.
type Lister interface {
	List() []HelpItem
}

// Partial is a Type that can tell whether a word may still become a value. It
// decides whether `10.1?` is answered with the label. Types without it: always.
type Partial interface {
	Partial(prefix string) bool
}

// Types maps the names used in syntax strings to types. Within one graph a name
// stands for one type. Ranges such as 1-65535 need no entry.
type Types map[string]Type

// With returns a copy of the table with more types in it.
func (t Types) With(more Types) Types {
	out := maps.Clone(t)
	if out == nil {
		out = Types{}
	}
	maps.Copy(out, more)
	return out
}

// Builtin returns a new table of the types the engine itself has:
//
//	WORD     string without blanks
//	LINE     string, the rest of the line; inner blanks are kept
//	STRING   string: a word, or text with blanks in double quotes
//	A.B.C.D  netip.Addr, IPv4
//	MASK     netip.Addr, IPv4, ones then zeros
func Builtin() Types {
	return Types{
		"WORD":    word{},
		"LINE":    line{},
		"STRING":  quoted{},
		"A.B.C.D": address{},
		"MASK":    mask{},
	}
}

var errFit = errors.New("does not fit")

// number is the type of <lo-hi>.
type number struct{ lo, hi int64 }

// Number is the type of the numbers lo to hi, written <lo-hi> in a syntax. Its
// values are int, or int64 if lo or hi does not fit 32 bits: the same on every
// platform.
func Number(lo, hi int64) Type { return number{lo, hi} }

// ParseRange is the type of the numbers that a text names: "1-65535", "-5-5".
func ParseRange(s string) (Type, bool) {
	at := strings.IndexByte(s[min(1, len(s)):], '-') + 1
	if at < 1 {
		return nil, false
	}
	lo, err := strconv.ParseInt(s[:at], 10, 64)
	if err != nil || strings.HasPrefix(s, "+") {
		return nil, false
	}
	hi, err := strconv.ParseInt(s[at+1:], 10, 64)
	if err != nil || strings.HasPrefix(s[at+1:], "+") || hi < lo {
		return nil, false
	}
	return number{lo, hi}, true
}

func (n number) Label() string { return fmt.Sprintf("<%d-%d>", n.lo, n.hi) }
func (number) Rank() int       { return RankNumber }

func (n number) Parse(s string) (any, error) {
	if s == "" || s[0] == '+' {
		return nil, errFit
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < n.lo || v > n.hi {
		return nil, errFit
	}
	if n.lo < math.MinInt32 || n.hi > math.MaxInt32 {
		return v, nil
	}
	return int(v), nil
}

func (number) Format(v any) string {
	switch r := reflect.ValueOf(v); {
	case !r.IsValid():
		return ""
	case r.CanInt():
		return strconv.FormatInt(r.Int(), 10)
	case r.CanUint():
		return strconv.FormatUint(r.Uint(), 10)
	}
	return fmt.Sprint(v)
}

// Partial is true for digits: the number may be too large or too small as yet,
// but one that has too many digits never fits.
func (n number) Partial(s string) bool {
	if n.lo < 0 && s == "-" {
		return true
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || s[0] == '+' {
		return false
	}
	if v < 0 || s[0] == '-' {
		return n.lo < 0 && v >= n.lo
	}
	return v <= n.hi
}

// address is an IPv4 address.
type address struct{}

func (address) Label() string       { return "A.B.C.D" }
func (address) Rank() int           { return RankAddress }
func (address) Format(v any) string { return fmt.Sprint(v) }

func (address) Parse(s string) (any, error) {
	a, err := parse4(s)
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (address) Partial(s string) bool { return partial4(s) }

func parse4(s string) (netip.Addr, error) {
	a, err := netip.ParseAddr(s)
	if err != nil || !a.Is4() {
		return netip.Addr{}, errFit
	}
	return a, nil
}

// partial4 reports whether s may become an IPv4 address by typing on.
func partial4(s string) bool {
	fields := strings.Split(s, ".")
	if len(fields) > 4 {
		return false
	}
	for i, f := range fields {
		if f == "" && i == len(fields)-1 {
			return true
		}
		if n, err := strconv.ParseUint(f, 10, 8); err != nil || strconv.FormatUint(n, 10) != f {
			return false
		}
	}
	return true
}

// mask is an IPv4 network mask: ones, then zeros.
type mask struct{ address }

func (mask) Parse(s string) (any, error) {
	a, err := parse4(s)
	if err != nil {
		return nil, err
	}
	b := a.As4()
	host := ^(uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3]))
	if host&(host+1) != 0 {
		return nil, errFit
	}
	return a, nil
}
