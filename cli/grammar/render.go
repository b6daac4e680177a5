package grammar

import (
	"errors"
	"fmt"
	"strings"
)

// Render writes the command for the arguments in its canonical form: keywords
// in full, values as their types print them. An optional group is written iff
// one of its arguments or $name keywords is present, of alternatives the one
// whose arguments are present, the elements of { } in the order declared.
// Optional keywords without a name are left out.
//
// A nil value, an empty slice and a text "" (unless the type can write it, as
// STRING can) count as absent; a repeated argument may be any slice. Render fails if the syntax has no place for an
// argument, if one is missing, or if a value does not survive being written and
// read again: a line that is printed means what it was made from.
func (s *Syntax) Render(a Args) (string, error) { return s.RenderForm(Plain, a) }

// RenderForm is Render for the forms `no X` and `default X`, where ![x] is
// written iff one of its arguments is present.
func (s *Syntax) RenderForm(f Form, a Args) (string, error) {
	tree := s.plain
	if f != Plain {
		tree = s.neg
	}
	r := renderer{args: a}
	out, ok := r.fill(tree)
	if !ok {
		return "", fmt.Errorf("render %q: %w", s.text, r.reason)
	}
	placed := map[string]bool{}
	for _, name := range out.names {
		placed[name] = true
	}
	for name, v := range a {
		if !placed[name] && !absent(v) {
			if !s.names(name) {
				return "", fmt.Errorf("render %q: it has no argument %q", s.text, name)
			}
			if r.culprit == name {
				return "", fmt.Errorf("render %q: %w", s.text, r.reason)
			}
			return "", fmt.Errorf("render %q: no place for %s %v beside the other arguments", s.text, name, v)
		}
	}
	words := out.words
	switch f {
	case No:
		words = append([]string{wordNo}, words...)
	case Default:
		words = append([]string{wordDefault}, words...)
	}
	return strings.Join(words, " "), nil
}

// absent reports whether a value says "not given".
func absent(v any) bool {
	switch l := v.(type) {
	case nil:
		return true
	case string:
		return l == ""
	}
	return isEmptySlice(v)
}

// filled is a piece of a line and the arguments it used up.
type filled struct {
	words []string
	names []string
}

// renderer fills one syntax tree.
type renderer struct {
	args    Args
	reason  error  // why a piece did not fit
	culprit string // the argument whose value is at fault; "" if one is missing
}

// reject notes why a piece does not fit. A bad value says more than a missing
// one, which may only mean that another alternative is wanted.
func (r *renderer) reject(name string, err error) (filled, bool) {
	bad := !errors.Is(err, errMissing)
	if r.reason == nil || r.culprit == "" && bad {
		r.reason = fmt.Errorf("%s: %w", name, err)
		if bad {
			r.culprit = name
		}
	}
	return filled{}, false
}

// fill writes n, or reports that an argument it needs is missing or does not
// fit. Greed is enough: on one way no name occurs twice, so pieces do not
// compete for arguments, and of alternatives the one that uses most is meant.
func (r *renderer) fill(n *node) (filled, bool) {
	var out filled
	add := func(f filled) {
		out.words = append(out.words, f.words...)
		out.names = append(out.names, f.names...)
	}
	switch n.kind {
	case kindWord:
		l := n.leaf
		out.words = []string{l.word}
		if l.name != "" {
			if v, ok := r.args[l.name].(string); !ok || v != l.word {
				return r.reject(l.name, fmt.Errorf("%s %w", l.word, errMissing))
			}
			out.names = []string{l.name}
		}
	case kindArg:
		words, err := n.leaf.write(r.args[n.leaf.name])
		if err != nil {
			return r.reject(n.leaf.name, err)
		}
		return filled{words, []string{n.leaf.name}}, true
	case kindSeq:
		for _, c := range n.list {
			f, ok := r.fill(c)
			if !ok {
				return filled{}, false
			}
			add(f)
		}
	case kindOne:
		found := false
		for _, c := range n.list {
			if f, ok := r.fill(c); ok && (!found || len(f.names) > len(out.names)) {
				out, found = f, true
			}
		}
		return out, found
	default: // kindOpt, kindAny, kindNoOnly: whatever is present
		for _, c := range n.list {
			if f, ok := r.fill(c); ok && len(f.names) > 0 {
				add(f)
			}
		}
	}
	return out, true
}

var errMissing = errors.New("is missing")

// write returns the words of a value, or of the values of a list.
func (l *leaf) write(v any) ([]string, error) {
	if v == nil || l.repeat > 0 && isEmptySlice(v) {
		return nil, errMissing
	}
	if l.repeat == 0 {
		s, err := l.writeOne(v)
		return []string{s}, err
	}
	list := elements(v)
	if len(list) > l.repeat {
		return nil, fmt.Errorf("%d values, at most %d", len(list), l.repeat)
	}
	words := make([]string, len(list))
	for i, e := range list {
		s, err := l.writeOne(e)
		if err != nil {
			return nil, err
		}
		words[i] = s
	}
	return words, nil
}

// writeOne formats a value and reads it back.
func (l *leaf) writeOne(v any) (s string, err error) {
	defer func() {
		if p := recover(); p != nil { // a type that was handed a value of another
			s, err = "", fmt.Errorf("%v is no %s: %v", v, l.label, p)
		}
	}()
	s = l.typ.Format(v)
	tokens := strings.FieldsFunc(s, isBlank)
	n := 1
	if l.span != nil && len(tokens) > 0 {
		n = max(1, l.span.Span(tokens))
	}
	if len(tokens) == 0 || n != len(tokens) || isBlank(rune(s[0])) || isBlank(rune(s[len(s)-1])) || !printable(s) {
		return "", fmt.Errorf("%q is no %s", s, l.label)
	}
	back, err := l.typ.Parse(s)
	if err != nil || l.typ.Format(back) != s {
		return "", fmt.Errorf("%q is no %s", s, l.label)
	}
	return s, nil
}
