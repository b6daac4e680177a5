package grammar

import "strings"

// Bounds of a line. The longest line a router takes is 254 characters, certificates
// and keys apart; clients send generated lines, so there is room.
const (
	MaxLine   = 4096 // bytes
	MaxTokens = 256  // words
)

const blanks = " \t"

func isBlank(r rune) bool { return r == ' ' || r == '\t' }

// token is a word of the line.
type token struct{ from, to int }

// walk follows one line through the states. Graphs keep used ones: a pasted
// configuration of 10,000 lines should not be work for the garbage collector.
type walk struct {
	g     *Graph
	cache *cache
	level int
	line  string
	over  int // offset of what is beyond the bounds, -1

	tokens []token
	words  []string // their text, filled when a type asks

	state *state
	steps []step
	full  bool
	depth int
}

// step is an edge that was taken.
type step struct {
	edge  *edge
	at, n int // words
	value any // of an argument
	joint bool
}

// outcome is what became of a word.
type outcome int

const (
	taken outcome = iota
	none
	ambiguous
	inside // the cursor is within an argument of several words (help only)
)

// walk returns a walk at the start of a line. Call done when finished.
func (g *Graph) walk(line string, level int) *walk {
	w, _ := g.walks.Get().(*walk)
	if w == nil {
		w = &walk{}
	}
	c := g.current()
	*w = walk{
		g: g, cache: c, level: level, line: line, state: c.root, full: true,
		tokens: w.tokens[:0], words: w.words[:0], steps: w.steps[:0],
	}
	w.split()
	return w
}

// done gives the walk back, without the operator's words in it.
func (w *walk) done() {
	g := w.g
	clear(w.words)
	clear(w.steps)
	*w = walk{tokens: w.tokens, words: w.words, steps: w.steps}
	g.walks.Put(w)
}

// split finds the words of the line, as far as the bounds go.
func (w *walk) split() {
	line := w.line
	w.over = -1
	if len(line) > MaxLine {
		line, w.over = line[:MaxLine], MaxLine
	}
	for i := 0; i < len(line); {
		if line[i] == ' ' || line[i] == '\t' {
			i++
			continue
		}
		if len(w.tokens) == MaxTokens {
			w.over = i
			break
		}
		from := i
		for i < len(line) && line[i] != ' ' && line[i] != '\t' {
			i++
		}
		w.tokens = append(w.tokens, token{from, i})
	}
}

// text is the line from word at on, n words, with the blanks between.
func (w *walk) text(at, n int) string {
	return w.line[w.tokens[at].from:w.tokens[at+n-1].to]
}

// run takes the words before limit. It returns the word it stopped at and why.
func (w *walk) run(limit int) (outcome, int) {
	for at := 0; at < limit; {
		s, o := w.find(at, limit)
		if o != taken {
			return o, at
		}
		w.steps = append(w.steps, s)
		w.state = w.cache.follow(s.edge)
		at += s.n
		w.depth += s.n
		if len(w.steps) == 1 && s.edge.back[0].leaf.generated() {
			w.depth = 0
		}
	}
	return taken, limit
}

// generated reports whether the leaf is the word of a form.
func (l *leaf) generated() bool { return l.fold == wordNo || l.fold == wordDefault }

// find decides one word by the rules of the package comment.
func (w *walk) find(at, limit int) (step, outcome) {
	s, word := w.state, w.text(at, 1)
	lo := s.search(word)
	listed, count := -1, 0  // the keywords it abbreviates; of a short one and its longer forms that
	hidden, secret := -1, 0 // the same, hidden ones
	for i := lo; i < len(s.words) && hasPrefixFold(s.words[i].fold, word); i++ {
		e := &s.words[i]
		switch {
		case !e.visible(w.level):
			continue
		case len(e.fold) == len(word):
			return step{edge: e.edge, at: at, n: 1}, taken
		case e.shows(w.level):
			if count == 1 && s.words[listed].short && strings.HasPrefix(e.fold, s.words[listed].fold) {
				continue // they sort behind it
			}
			listed, count = i, count+1
		default:
			hidden, secret = i, secret+1
		}
	}
	below := RankLine
	if count > 0 {
		below = RankAddress
	}
	if len(s.args) > 0 {
		if st, o := w.argument(at, limit, below); o != none {
			return st, o
		}
	}
	if count == 0 {
		listed, count = hidden, secret
	}
	switch count {
	case 0:
		return step{}, none
	case 1:
		w.full = false
		return step{edge: s.words[listed].edge, at: at, n: 1}, taken
	}
	return step{}, ambiguous
}

// argument tries the arguments of a place up to a rank.
func (w *walk) argument(at, limit, below int) (step, outcome) {
	s := w.state
	best, set, fits := step{}, uint64(0), 0
	for i := range s.args[:min(len(s.args), 64)] { // a set of them is a uint64
		a := &s.args[i]
		if a.leaf.rank > below {
			break
		}
		if i > 0 && fits > 0 && a.leaf.rank > s.args[i-1].leaf.rank {
			break
		}
		if !a.visible(w.level) {
			continue
		}
		n := 1
		if a.leaf.span != nil {
			n = w.span(a.leaf, at)
			if at+n > limit {
				return step{edge: a.edge, at: at, n: n}, inside
			}
		}
		v, err := a.leaf.typ.Parse(w.text(at, n))
		if err != nil || n < best.n {
			continue
		}
		if n > best.n {
			best, set, fits = step{edge: a.edge, at: at, n: n, value: v}, 0, 0
		}
		fits++
		set |= 1 << i
	}
	switch {
	case fits == 0:
		return best, none
	case fits > 1:
		best.edge, best.joint = w.cache.together(s, set), true
	}
	return best, taken
}

// span is the number of words an argument takes, counted over the whole line.
func (w *walk) span(l *leaf, at int) int {
	for i := len(w.words); i < len(w.tokens); i++ {
		w.words = append(w.words, w.text(i, 1))
	}
	return max(1, min(l.span.Span(w.words[at:len(w.words):len(w.words)]), len(w.tokens)-at))
}

// caret is the offset of the first character of a word that fits nothing here.
func (w *walk) caret(at int) int {
	word, longest := w.text(at, 1), 0
	for i := range w.state.words {
		if e := &w.state.words[i]; e.shows(w.level) {
			longest = max(longest, commonFold(e.fold, word))
		}
	}
	return w.tokens[at].from + longest
}

// search returns the first keyword that does not sort before word.
func (s *state) search(word string) int {
	lo, hi := 0, len(s.words)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if lessFold(s.words[mid].fold, word) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// lower folds ASCII: keywords have no other letters.
func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + ('a' - 'A')
	}
	return c
}

// lessFold reports fold < word without regard to case; fold is in lower case.
func lessFold(fold, word string) bool {
	n := commonFold(fold, word)
	switch {
	case n == len(word):
		return false
	case n == len(fold):
		return true
	}
	return fold[n] < lower(word[n])
}

func hasPrefixFold(fold, word string) bool {
	return len(word) <= len(fold) && commonFold(fold, word) == len(word)
}

// commonFold is the length of the longest common prefix.
func commonFold(fold, word string) int {
	n := min(len(fold), len(word))
	for i := 0; i < n; i++ {
		if fold[i] != lower(word[i]) {
			return i
		}
	}
	return n
}
