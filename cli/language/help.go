package language

import (
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/platform/sorted"
)

// WithVocabulary adds to the help of a mode the words that IOS has there and
// that are kept. Words of ours stand first where both have one.
func (l *Language) WithVocabulary(h grammar.Help, mode, text string) grammar.Help {
	if h.Kind == grammar.Ambiguous {
		return h
	}
	before, word := text, ""
	if at := strings.LastIndexByte(text, ' '); h.Word || text != "" && !strings.HasSuffix(text, " ") {
		before, word = text[:at+1], text[at+1:]
		h.Word = true
	}
	if form, rest := formOf(strings.TrimLeft(before, " ")); form != grammar.Plain {
		before = rest
	}
	have := map[string]bool{}
	for _, i := range h.Items {
		have[strings.ToLower(i.Name)] = true
	}
	for _, w := range h.Words {
		have[strings.ToLower(w)] = true
	}
	added := false
	for _, i := range l.vocab.next(mode, before) {
		argument := i.Name != strings.ToLower(i.Name) || i.Name[0] == '<'
		if have[strings.ToLower(i.Name)] || h.Word && (argument || !foldPrefix(i.Name, word)) {
			continue
		}
		have[strings.ToLower(i.Name)], added = true, true
		if h.Word {
			h.Words = append(h.Words, i.Name)
		} else {
			h.Items = append(h.Items, i)
		}
	}
	if !added {
		return h
	}
	h.Kind = grammar.OK
	slices.Sort(h.Words)
	sorted.Stable(h.Items, func(a, b grammar.HelpItem) int {
		return strings.Compare(rank(a.Name), rank(b.Name))
	})
	return h
}

// rank orders help as IOS does: ASCII, with <cr> last.
func rank(name string) string {
	if name == grammar.Enter {
		return "\x7f"
	}
	return name
}
