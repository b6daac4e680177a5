package grammar

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"option150/platform/sorted"
)

// Help is the answer to `?`.
type Help struct {
	Kind  Kind       // OK, Invalid (% Unrecognized command) or Ambiguous
	Word  bool       // `co?`: Words is the answer, else (`show ?`) Items
	Words []string   // in order
	Items []HelpItem // in order
}

// HelpItem is one thing that may follow.
type HelpItem struct {
	Name string // a keyword, the label of an argument, or Enter
	Text string
}

// Enter is the name of the item that says the command is complete.
const Enter = "<cr>"

// Help answers `?` with line being the text left of the cursor. After a blank
// it lists what may follow, else the words that the last one may become; where
// only an argument can stand, its label. Order is that of ASCII, as IOS has it
// (<1-9>, A.B.C.D, WORD, keywords), with `|` and <cr> last.
func (g *Graph) Help(line string, level int) Help {
	w := g.walk(line, level)
	defer w.done()
	h := Help{Word: line != "" && !isBlank(rune(line[len(line)-1]))}
	limit := len(w.tokens)
	if h.Word {
		limit--
	}
	if w.over >= 0 || limit < 0 {
		return Help{Kind: Invalid}
	}
	o, at := w.run(limit)
	switch {
	case o == ambiguous:
		return Help{Kind: Ambiguous}
	case o == none || o == inside:
		for _, a := range w.within(at) {
			h.Items = append(h.Items, HelpItem{a.leaf.label, a.help})
		}
	case h.Word:
		h.Words = w.candidates(w.text(limit, 1))
	default:
		h.Items = w.items()
	}
	if h.Word && len(h.Items) > 0 {
		for _, i := range h.Items {
			h.Words = append(h.Words, i.Name)
		}
		h.Items = nil
	}
	if len(h.Items)+len(h.Words) == 0 {
		return Help{Kind: Invalid}
	}
	return h
}

// within returns the arguments that a cursor at the end of the line would be
// within if they begin at word at: `interface gi ` is not an interface as yet.
func (w *walk) within(at int) []argEdge {
	var out []argEdge
	for _, a := range w.state.args {
		if a.shows(w.level) && a.leaf.span != nil && at+w.span(a.leaf, at) == len(w.tokens) && w.may(a.leaf, w.text(at, len(w.tokens)-at)) {
			out = append(out, a)
		}
	}
	return out
}

// may reports whether text may become a value by typing on.
func (w *walk) may(l *leaf, text string) bool {
	p, ok := l.typ.(Partial)
	return !ok || p.Partial(text)
}

// items lists all that may follow.
func (w *walk) items() []HelpItem {
	var out []HelpItem
	for _, e := range w.state.words {
		if e.shows(w.level) {
			out = append(out, HelpItem{e.word, e.help})
		}
	}
	for _, a := range w.state.args {
		if a.shows(w.level) {
			out = append(out, a.items()...)
		}
	}
	if n := len(w.steps); n > 0 { // a LINE goes on after a blank
		if s := w.steps[n-1]; s.edge.back[0].leaf.rank == RankLine && s.edge.shows(w.level) {
			out = append(out, HelpItem{s.edge.back[0].leaf.label, s.edge.help})
		}
	}
	sorted.Stable(out, func(a, b HelpItem) int {
		return cmp.Or(cmp.Compare(late(a.Name), late(b.Name)), natural(a.Name, b.Name))
	})
	out = slices.Compact(out)
	if w.end() >= 0 {
		out = append(out, HelpItem{Name: Enter})
	}
	return out
}

// items are the values of an argument, or its label.
func (a argEdge) items() []HelpItem {
	if l, ok := a.leaf.typ.(Lister); ok {
		if list := l.List(); len(list) > 0 {
			return list
		}
	}
	return []HelpItem{{a.leaf.label, a.help}}
}

// natural is the order of ASCII, but for numbers, which come by their value.
func natural(a, b string) int {
	x, err1 := strconv.Atoi(a)
	y, err2 := strconv.Atoi(b)
	if err1 == nil && err2 == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}

// late sorts the output modifiers behind everything else.
func late(name string) int {
	if name == "|" {
		return 1
	}
	return 0
}

// candidates lists what the word under the cursor may become: keywords and
// existing values that begin with it and, where there are none, the labels of
// the arguments it may grow into.
func (w *walk) candidates(word string) []string {
	out, values := w.completions(word)
	out = append(out, values...)
	if len(out) == 0 {
		for _, a := range w.state.args {
			if a.shows(w.level) && w.may(a.leaf, word) {
				out = append(out, a.leaf.label)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// completions lists the keywords and the known values that begin with word.
func (w *walk) completions(word string) (keywords, values []string) {
	s := w.state
	for i := s.search(word); i < len(s.words) && hasPrefixFold(s.words[i].fold, word); i++ {
		if e := &s.words[i]; e.shows(w.level) {
			keywords = append(keywords, e.word)
		}
	}
	for _, a := range s.args {
		c, ok := a.leaf.typ.(Completer)
		if !ok || !a.shows(w.level) {
			continue
		}
		for _, v := range c.Complete(word) {
			if strings.HasPrefix(v, word) && printable(v) && !strings.ContainsAny(v, blanks) {
				values = append(values, v)
			}
		}
	}
	return keywords, values
}

// Complete is Tab: if the last word of line (the text left of the cursor) is
// the beginning of just one keyword or known value, or is a keyword, rest is
// what to append: the remaining characters and a blank. Values that end in a
// colon or slash get no blank: more is to come.
func (g *Graph) Complete(line string, level int) (rest string, ok bool) {
	if line == "" || isBlank(rune(line[len(line)-1])) {
		return "", false
	}
	w := g.walk(line, level)
	defer w.done()
	last := len(w.tokens) - 1
	if w.over >= 0 || last < 0 {
		return "", false
	}
	if o, _ := w.run(last); o != taken {
		return "", false
	}
	word := w.text(last, 1)
	keywords, values := w.completions(word)
	for _, k := range keywords {
		if len(k) == len(word) {
			return " ", true
		}
	}
	slices.Sort(values)
	values = slices.Compact(values)
	switch {
	case len(keywords) == 1 && (len(values) == 0 || len(values) == 1 && values[0] == keywords[0]):
		return keywords[0][len(word):] + " ", true
	case len(keywords) == 0 && len(values) == 1:
		rest = values[0][len(word):]
		if last := values[0][len(values[0])-1]; last != ':' && last != '/' {
			rest += " "
		}
		return rest, rest != ""
	}
	return "", false
}
