package grammar

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Bounds of a syntax string. They only stop nonsense: the longest command of
// IOS is far below.
const (
	maxSyntax       = 16 << 10 // bytes
	maxNesting      = 32       // groups in groups
	maxLeaves       = 512      // keywords and arguments
	maxAlternatives = 32       // in { }: a bit each
	maxRepeat       = MaxTokens
)

// Parse reads a syntax string; types nil means Builtin. The errors say where
// and what: they are for whoever declares commands. Whether the syntax keeps the
// laws is what Graph.Check tells.
func Parse(text string, types Types) (*Syntax, error) {
	if types == nil {
		types = Builtin()
	}
	s, err := parse(text, types)
	if err != nil {
		return nil, fmt.Errorf("syntax %q: %w", text, err)
	}
	return s, nil
}

// MustParse is Parse for strings that are part of the program: it panics.
func MustParse(text string, types Types) *Syntax {
	s, err := Parse(text, types)
	if err != nil {
		panic("grammar: " + err.Error())
	}
	return s
}

func parse(text string, types Types) (*Syntax, error) {
	if len(text) > maxSyntax {
		return nil, fmt.Errorf("longer than %d bytes", maxSyntax)
	}
	p := &parser{text: text, types: types}
	tree, err := p.alternatives(0, 0)
	if err != nil {
		return nil, err
	}
	if tree.kind == kindOne {
		return nil, errors.New("alternatives need ( )")
	}
	var b strings.Builder
	tree.text(&b)
	return &Syntax{text: b.String(), plain: tree.form(false), neg: tree.form(true), leaves: p.leaves}, nil
}

// parser reads the notation.
type parser struct {
	text   string
	at     int
	types  Types
	leaves []*leaf
}

func (p *parser) errorf(format string, a ...any) error {
	return fmt.Errorf("at byte %d: %s", p.at, fmt.Sprintf(format, a...))
}

// peek is the next byte that is no blank, 0 at the end.
func (p *parser) peek() byte {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
	return p.here()
}

// here is the byte at the cursor, 0 at the end.
func (p *parser) here() byte {
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// alternatives reads a | b | c up to the byte end, which it consumes. One
// alternative is returned as it is.
func (p *parser) alternatives(end byte, depth int) (*node, error) {
	if depth > maxNesting {
		return nil, p.errorf("more than %d groups in each other", maxNesting)
	}
	var list []*node
	for {
		n, err := p.sequence(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if p.peek() != '|' {
			break
		}
		p.at++
	}
	if c := p.peek(); c != end || c == 0 && p.at < len(p.text) {
		if c == 0 && p.at == len(p.text) {
			return nil, p.errorf("%q is missing", end)
		}
		return nil, p.errorf("unexpected %q", c)
	}
	if end != 0 {
		p.at++
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return &node{kind: kindOne, list: list}, nil
}

func (p *parser) sequence(depth int) (*node, error) {
	var list []*node
	for {
		var n *node
		var err error
		switch c := p.peek(); c {
		case 0, '|', ']', ')', '}':
			switch len(list) {
			case 0:
				return nil, p.errorf("nothing here")
			case 1:
				return list[0], nil
			}
			return &node{kind: kindSeq, list: list}, nil
		case '[', '(', '{', '!':
			n, err = p.group(c, depth+1)
		case '<':
			n, err = p.argument()
		default:
			n, err = p.keyword(c)
		}
		if err != nil {
			return nil, err
		}
		if n.kind == kindSeq {
			list = append(list, n.list...)
		} else {
			list = append(list, n)
		}
	}
}

func (p *parser) group(open byte, depth int) (*node, error) {
	p.at++
	switch open {
	case '(':
		return p.alternatives(')', depth)
	case '!':
		if p.here() != '[' {
			return nil, p.errorf("[ must follow !")
		}
		p.at++
		n, err := p.alternatives(']', depth)
		if err != nil {
			return nil, err
		}
		return &node{kind: kindNoOnly, list: []*node{n}}, nil
	case '[':
		n, err := p.alternatives(']', depth)
		if err != nil {
			return nil, err
		}
		return &node{kind: kindOpt, list: []*node{n}}, nil
	}
	n, err := p.alternatives('}', depth)
	if err != nil {
		return nil, err
	}
	list := []*node{n}
	if n.kind == kindOne {
		list = n.list
	}
	if len(list) > maxAlternatives {
		return nil, p.errorf("more than %d alternatives in { }", maxAlternatives)
	}
	for _, a := range list {
		if positionsOf(a.form(true)).nullable {
			return nil, p.errorf("an alternative of { } that may be empty")
		}
	}
	return &node{kind: kindAny, list: list}, nil
}

func (p *parser) keyword(c byte) (*node, error) {
	l := &leaf{}
	if c == '`' {
		end := strings.IndexByte(p.text[p.at+1:], '`')
		if end < 0 {
			return nil, p.errorf("` is missing")
		}
		l.word = p.text[p.at+1 : p.at+1+end]
		p.at += end + 2
	} else {
		from := p.at
		for p.at < len(p.text) && strings.IndexByte(" \t\r\n()[]{}<>|\"$!`~", p.text[p.at]) < 0 {
			p.at++
		}
		l.word = p.text[from:p.at]
	}
	if l.word == "" {
		return nil, p.errorf("unexpected %q", c)
	}
	for i := 0; i < len(l.word); i++ {
		if l.word[i] <= ' ' || l.word[i] > '~' {
			return nil, p.errorf("keyword %q: only printable ASCII", l.word)
		}
	}
	if l.word[0] == '!' {
		return nil, p.errorf("keyword %q: lines that begin with ! are comments", l.word)
	}
	l.fold = strings.ToLower(l.word)
	if p.here() == '~' {
		p.at++
		l.short = true
	}
	if p.here() == '$' {
		p.at++
		if l.name = p.name(); l.name == "" {
			return nil, p.errorf("a name must follow $")
		}
	}
	return p.leaf(kindWord, l)
}

func (p *parser) argument() (*node, error) {
	p.at++
	l := &leaf{}
	if l.name = p.name(); l.name == "" || p.here() != ':' {
		return nil, p.errorf("an argument is written <name:TYPE>")
	}
	p.at++
	end := strings.IndexByte(p.text[p.at:], '>')
	if end < 0 {
		return nil, p.errorf("> is missing")
	}
	l.typeName = p.text[p.at : p.at+end]
	if t, ok := p.types[l.typeName]; ok && t != nil {
		l.typ = t
	} else if t, ok := ParseRange(l.typeName); ok {
		l.typ = t
	} else {
		return nil, p.errorf("no type %q", l.typeName)
	}
	p.at += end + 1
	l.label, l.rank = l.typ.Label(), l.typ.Rank()
	l.span, _ = l.typ.(Spanning)
	if l.rank < RankNumber || l.rank > RankLine || l.label == "" {
		return nil, p.errorf("type %q needs a label and a rank of %d to %d", l.typeName, RankNumber, RankLine)
	}
	return p.leaf(kindArg, l)
}

// name reads a key of Args.
func (p *parser) name() string {
	from := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
			break
		}
		p.at++
	}
	return p.text[from:p.at]
}

// leaf reads what follows a keyword or an argument: help and repetition.
func (p *parser) leaf(k kind, l *leaf) (*node, error) {
	if strings.HasPrefix(p.text[p.at:], `("`) {
		p.at++
		q, err := strconv.QuotedPrefix(p.text[p.at:])
		if err != nil {
			return nil, p.errorf("help text: %v", err)
		}
		p.at += len(q)
		l.help, err = strconv.Unquote(q)
		if err != nil || strings.TrimSpace(l.help) == "" || !printable(l.help) {
			return nil, p.errorf("help text %s: must be printable and not empty", q)
		}
		if p.here() != ')' {
			return nil, p.errorf(") must follow the help text")
		}
		p.at++
	}
	if k == kindArg && p.here() == '+' {
		p.at++
		digits := p.name()
		n, err := strconv.Atoi(digits)
		if err != nil || n < 1 || n > maxRepeat {
			return nil, p.errorf("repetition must be +1 to +%d", maxRepeat)
		}
		l.repeat = n
	}
	if c := p.here(); c != 0 && strings.IndexByte(" \t\r\n)]}|", c) < 0 {
		return nil, p.errorf("a blank is missing before %q", c)
	}
	if p.leaves = append(p.leaves, l); len(p.leaves) > maxLeaves {
		return nil, p.errorf("more than %d tokens", maxLeaves)
	}
	return &node{kind: k, leaf: l}, nil
}
