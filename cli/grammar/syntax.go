package grammar

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// kind is a form of a syntax node.
type kind uint8

const (
	kindWord   kind = iota // a keyword
	kindArg                // an argument, perhaps repeated
	kindSeq                // one after the other
	kindOpt                // [ x ]
	kindOne                // ( a | b )
	kindAny                // { a | b }
	kindNoOnly             // ![ x ], before a form is chosen
)

// node is a piece of a syntax. Nodes are never changed once parsed.
type node struct {
	kind kind
	leaf *leaf   // kindWord, kindArg
	list []*node // the others: children or alternatives; kindOpt and kindNoOnly have one
}

// leaf is a keyword or an argument at its place in one syntax.
type leaf struct {
	word, fold string // a keyword as declared and in lower case
	short      bool   // a keyword that abbreviations mean rather than its longer forms
	name       string // key in Args; "" for a keyword that is not stored
	help       string // "" if the graph has to know it
	repeat     int    // 0: a single value; n: a list of 1 to n

	typ      Type // nil for a keyword
	typeName string
	label    string
	rank     int
	span     Spanning // the same type, if it is one
}

// shown is what help and documents call the token.
func (l *leaf) shown() string {
	if l.typ == nil {
		return l.word
	}
	return l.label
}

// sameType reports whether two arguments are of one type, so that a value of
// one is a value of the other.
func sameType(a, b *leaf) bool {
	if a.typ == nil || b.typ == nil || a.typeName != b.typeName || a.label != b.label {
		return false
	}
	x, y := reflect.ValueOf(a.typ), reflect.ValueOf(b.typ)
	if x.Type() != y.Type() {
		return false
	}
	return !x.Comparable() || a.typ == b.typ
}

// sameSymbol reports whether the graph has one edge for both.
func sameSymbol(a, b *leaf) bool {
	if a.typ == nil && b.typ == nil {
		return a.fold == b.fold
	}
	return sameType(a, b)
}

// Syntax is one parsed syntax string. It is immutable and may be shared.
type Syntax struct {
	text   string
	plain  *node // ![x] is x
	neg    *node // ![x] is [x]; == plain if there is none
	leaves []*leaf
}

// String is the syntax, normalised, without help, as documents print it:
// `ip http port <1-65535>`.
func (s *Syntax) String() string { return s.text }

// FirstWord is the keyword the command begins with, as declared; of several,
// the first; "" if it begins with an argument.
func (s *Syntax) FirstWord() string { return s.leaves[0].word }

// names reports whether a token of the syntax is kept under this key of Args.
func (s *Syntax) names(key string) bool {
	return key != "" && slices.ContainsFunc(s.leaves, func(l *leaf) bool { return l.name == key })
}

// Keywords are the words a command begins with, before its first argument or
// choice.
func (s *Syntax) Keywords() []string {
	list := []*node{s.plain}
	if s.plain.kind == kindSeq {
		list = s.plain.list
	}
	var out []string
	for _, n := range list {
		if n.kind != kindWord {
			break
		}
		out = append(out, n.leaf.word)
	}
	return out
}

// Token is a keyword or an argument of a syntax, for documents and for tests
// over all commands.
type Token struct {
	Word   string // a keyword; "" for an argument
	Name   string // key in Args, "" if not stored
	Type   Type   // nil for a keyword
	Help   string // "" if the graph has to know it
	Repeat int    // 0: one value; n: a list of up to n
}

// Tokens lists keywords and arguments in the order they are written.
func (s *Syntax) Tokens() []Token {
	out := make([]Token, len(s.leaves))
	for i, l := range s.leaves {
		out[i] = Token{Word: l.word, Name: l.name, Type: l.typ, Help: l.help, Repeat: l.repeat}
	}
	return out
}

// text writes a node in the notation, without help and names.
func (n *node) text(b *strings.Builder) {
	between := func(open, sep, close string) {
		b.WriteString(open)
		for i, c := range n.list {
			if i > 0 {
				b.WriteString(sep)
			}
			c.text(b)
		}
		b.WriteString(close)
	}
	switch n.kind {
	case kindWord:
		b.WriteString(n.leaf.word)
	case kindArg:
		b.WriteString(n.leaf.label)
		if n.leaf.repeat > 0 {
			fmt.Fprintf(b, "+%d", n.leaf.repeat)
		}
	case kindSeq:
		between("", " ", "")
	case kindOne:
		between("(", " | ", ")")
	case kindAny:
		between("{", " | ", "}")
	case kindOpt, kindNoOnly:
		open := "["
		if n.kind == kindNoOnly {
			open = "!["
		}
		if c := n.list[0]; c.kind == kindOne {
			b.WriteString(open)
			inner := &node{kind: kindSeq}
			for i, a := range c.list {
				if i > 0 {
					b.WriteString(" | ")
				}
				inner.list = []*node{a}
				inner.text(b)
			}
			b.WriteString("]")
		} else {
			between(open, "", "]")
		}
	}
}

// form returns the syntax of a form: with ![x] as [x] if negative, else as x.
func (n *node) form(negative bool) *node {
	if n.leaf != nil {
		return n
	}
	list, changed := make([]*node, len(n.list)), n.kind == kindNoOnly
	for i, c := range n.list {
		list[i] = c.form(negative)
		changed = changed || list[i] != c
	}
	switch {
	case !changed:
		return n
	case n.kind != kindNoOnly:
		return &node{kind: n.kind, list: list}
	case negative:
		return &node{kind: kindOpt, list: list}
	}
	return list[0]
}
