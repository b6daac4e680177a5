package language

import (
	"fmt"
	"strings"

	"option150/cli/grammar"
)

// Row is a command that IOS has and this box does not do: its lines are kept
// in their place, at the prompt as in a file.
type Row struct {
	Mode  string // where it stands
	Words string // its words; `*` is one argument, <TYPE> one of a type, what follows is free

	Many   bool   // each line is one of its own; else one that begins with the same words takes the place of the other
	No     bool   // `no` of it, where nothing is there, is printed by IOS and so kept
	Enters string // the mode it enters
	Exit   string // the line that IOS prints where that section ends, "exit-address-family"
	Spread bool   // its last argument is a list of headers, a []string: the section stands for them all
	Until  string // text follows, up to this word: "quit", or Delimited
	Source string // the document that has it
}

// Delimited is the Until of a text between two delimiting characters: a banner.
const Delimited = "delimiter"

// row is a compiled Row.
type row struct {
	Row
	words []rowWord
	fixed string // the words before the first argument: what a warning may say
}

type rowWord struct {
	text string       // in lower case; "" = an argument
	typ  grammar.Type // nil = any word
}

// vocabulary finds rows by mode and first word.
type vocabulary map[string]map[string][]*row

func (v vocabulary) add(r Row, types grammar.Types) error {
	c := &row{Row: r}
	for _, w := range strings.Fields(r.Words) {
		switch {
		case w == "*":
			c.words = append(c.words, rowWord{})
			continue
		case w[0] == '<':
			name := strings.Trim(w, "<>")
			t, ok := types[name]
			if !ok {
				if t, ok = grammar.ParseRange(name); !ok {
					return fmt.Errorf("vocabulary: %q: unknown type %q", r.Words, name)
				}
			}
			c.words = append(c.words, rowWord{typ: t})
			continue
		}
		c.words = append(c.words, rowWord{text: strings.ToLower(w)})
	}
	if len(c.words) == 0 || c.words[0].text == "" {
		return fmt.Errorf("vocabulary: %q begins with no word", r.Words)
	}
	for _, w := range c.words {
		if w.text == "" {
			break
		}
		c.fixed = strings.TrimLeft(c.fixed+" "+w.text, " ")
	}
	if v[r.Mode] == nil {
		v[r.Mode] = map[string][]*row{}
	}
	first := c.words[0].text
	for _, other := range v[r.Mode][first] {
		if strings.EqualFold(other.Words, r.Words) {
			return fmt.Errorf("vocabulary: %s: %q is there twice", r.Mode, r.Words)
		}
	}
	v[r.Mode][first] = append(v[r.Mode][first], c)
	return nil
}

// found is what the vocabulary says of a line.
type found struct {
	row   *row
	words int      // words of the row
	line  string   // canonical: names of interfaces written out
	key   string   // the words that tell the line from others
	short bool     // the words of a row end before the row does: incomplete
	at    int      // words that stand in some row, for the caret
	heads []string // of a row that spreads
}

// find looks the words of a line up, without `no` before it. The row with most
// words wins.
func (v vocabulary) find(mode, text string) found {
	var best found
	words := strings.Fields(text)
	if len(words) == 0 {
		return best
	}
	for _, r := range v[mode][strings.ToLower(words[0])] {
		n, canon, whole := r.match(words)
		switch {
		case whole && (best.row == nil || len(r.words) > best.words):
			best.row, best.words, best.short = r, len(r.words), false
			best.line, best.key = text, strings.Join(words[:n], " ")
			if canon != nil {
				best.key = strings.Join(canon, " ")
				best.line = strings.Join(append(canon, words[n:]...), " ")
			}
			if best.heads = nil; r.Spread {
				last := len(r.words) - 1
				value, _ := r.words[last].typ.Parse(strings.Join(words[last:n], " "))
				best.heads, _ = value.([]string)
			}
		case !whole && n == len(words) && best.row == nil:
			best.short = true
		}
		best.at = max(best.at, min(n, len(words)))
	}
	return best
}

// match compares words with the row: n words of the line fit; canon is what
// they are where a type says so.
func (r *row) match(words []string) (n int, canon []string, whole bool) {
	own := false
	for _, w := range r.words {
		if n == len(words) {
			return n, nil, false
		}
		switch {
		case w.text != "":
			if !strings.EqualFold(w.text, words[n]) {
				return n, nil, false
			}
			canon = append(canon, w.text)
			n++
		case w.typ == nil:
			canon = append(canon, words[n])
			n++
		default:
			span := 1
			if s, ok := w.typ.(grammar.Spanning); ok {
				span = min(max(1, s.Span(words[n:])), len(words)-n)
			}
			value, err := w.typ.Parse(strings.Join(words[n:n+span], " "))
			if err != nil {
				return n, nil, false
			}
			text := w.typ.Format(value)
			own = own || text != strings.Join(words[n:n+span], " ")
			canon = append(canon, text)
			n += span
		}
	}
	if !own {
		canon = nil
	}
	return n, canon, true
}

// next lists the words that may follow in the rows of a mode, for help. text is
// what stands before; its words are full.
func (v vocabulary) next(mode, text string) []grammar.HelpItem {
	words := strings.Fields(text)
	var out []grammar.HelpItem
	add := func(r *row, n int) {
		item := grammar.HelpItem{Name: grammar.Enter, Text: ""}
		if n < len(r.words) {
			switch w := r.words[n]; {
			case w.text != "":
				item = grammar.HelpItem{Name: w.text, Text: KeptHelp}
			case w.typ != nil:
				item = grammar.HelpItem{Name: w.typ.Label(), Text: KeptHelp}
			default:
				item = grammar.HelpItem{Name: "WORD", Text: KeptHelp}
			}
		}
		out = append(out, item)
	}
	if len(words) == 0 {
		for _, rows := range v[mode] {
			add(rows[0], 0)
		}
		return out
	}
	for _, r := range v[mode][strings.ToLower(words[0])] {
		n, _, whole := r.match(words)
		switch {
		case whole && n == len(words):
			add(r, len(r.words))
			if r.Enters == "" && r.Until == "" {
				out = append(out, grammar.HelpItem{Name: "LINE", Text: KeptHelp})
			}
		case !whole && n == len(words):
			add(r, min(len(words), len(r.words)))
		}
	}
	return out
}

// KeptHelp is what `?` says of words whose lines are kept.
const KeptHelp = "Kept and printed back, not acted on"
