package grammar

import (
	"fmt"
	"slices"
	"strings"
)

// Kind is the outcome of a line.
type Kind int

// The outcomes.
const (
	OK         Kind = iota
	Empty           // nothing on the line, or a comment
	Invalid         // % Invalid input detected at '^' marker.
	Ambiguous       // % Ambiguous command:  "sh i"
	Incomplete      // % Incomplete command.
)

func (k Kind) String() string {
	switch k {
	case OK:
		return "ok"
	case Empty:
		return "empty"
	case Invalid:
		return "invalid"
	case Ambiguous:
		return "ambiguous"
	case Incomplete:
		return "incomplete"
	}
	return fmt.Sprintf("Kind(%d)", int(k))
}

// Result is what a line means.
type Result struct {
	Kind Kind
	Form Form // for OK

	// Offset is where the caret goes: for Invalid the byte offset in the line
	// of the first offending character, for Ambiguous the start of the word.
	Offset int

	Action any     // for OK, as are the following
	Syntax *Syntax //
	Args   Args    // the caller's; not nil

	// Typed is, of a Verbatim command, the line without `no` or `default`, its
	// keywords written out and all else, blanks too, as it was typed.
	Typed string

	// Keyword says, for Invalid, that only keywords could stand there and that
	// the command was not whole: the line is of no command known here, while a
	// false one has a bad argument or a surplus word.
	Keyword bool

	// Full says that every keyword so far was written out. In files a line may
	// fall through to the parent mode only if it is full there.
	Full bool

	// Depth is the number of words of the command that matched before the
	// error; a leading `no` or `default` is not counted. 0: not even the first
	// word is of this mode, so the parent mode may be tried.
	Depth int
}

// Match finds the command a line means for an operator of a privilege level.
func (g *Graph) Match(line string, level int) Result {
	w := g.walk(line, level)
	defer w.done()
	switch {
	case len(w.tokens) > 0 && line[w.tokens[0].from] == '!':
		return Result{Kind: Empty}
	case len(w.tokens) == 0 && w.over < 0:
		return Result{Kind: Empty}
	}
	o, at := w.run(len(w.tokens))
	r := Result{Full: w.full, Depth: w.depth}
	switch o {
	case ambiguous:
		r.Kind, r.Offset = Ambiguous, w.tokens[at].from
		return r
	case none:
		r.Kind, r.Offset = Invalid, w.caret(at)
		r.Keyword = len(w.state.args) == 0 && len(w.state.words) > 0 && w.end() < 0
		return r
	}
	if w.over >= 0 {
		r.Kind, r.Offset = Invalid, w.over
		return r
	}
	end := w.end()
	if end < 0 {
		r.Kind, r.Offset = Incomplete, len(line)
		return r
	}
	e := g.entries[w.state.places[end].entry]
	c := &g.commands[e.command]
	r.Kind, r.Form, r.Action, r.Syntax = OK, e.form, c.Action, c.Syntax
	r.Args = w.args(end)
	if c.Options.Verbatim {
		r.Typed = w.typed(end, e.form)
	}
	return r
}

// typed writes the line anew from the words that led to a place.
func (w *walk) typed(at int, f Form) string {
	words := make([]string, len(w.steps))
	for i := len(w.steps) - 1; i >= 0; i-- {
		b := w.steps[i].edge.back[at]
		at = int(b.from)
		if words[i] = w.text(w.steps[i].at, w.steps[i].n); b.leaf.typ == nil {
			words[i] = b.leaf.word
		}
	}
	first := 0
	if f != Plain {
		first = 1
	}
	var out strings.Builder
	for i := first; i < len(words); i++ {
		if s := w.steps[i]; i > first {
			before := w.tokens[s.at-1].to
			out.WriteString(w.line[before:w.tokens[s.at].from])
		}
		out.WriteString(words[i])
	}
	return strings.ReplaceAll(out.String(), "\t", " ")
}

// end returns the place of the state where a command is complete for the
// operator, -1 if there is none.
func (w *walk) end() int {
	for _, i := range w.state.ends {
		if w.g.commands[w.g.entries[w.state.places[i].entry].command].Options.Level <= w.level {
			return int(i)
		}
	}
	return -1
}

// args goes back from a place of the last state to the first word and collects
// what the leaves on the way store.
func (w *walk) args(at int) Args {
	a := Args{}
	for i := len(w.steps) - 1; i >= 0; i-- {
		s := &w.steps[i]
		b := s.edge.back[at]
		at = int(b.from)
		l := b.leaf
		switch {
		case l.name == "":
			continue
		case l.typ == nil:
			a[l.name] = l.word
			continue
		case s.joint: // each type has a value of its own; it did fit
			s.value, _ = l.typ.Parse(w.text(s.at, s.n))
		}
		if l.repeat == 0 {
			a[l.name] = s.value
			continue
		}
		list, _ := a[l.name].([]any)
		a[l.name] = append(list, s.value)
	}
	for _, v := range a {
		if list, ok := v.([]any); ok {
			slices.Reverse(list)
		}
	}
	return a
}
