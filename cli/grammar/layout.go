package grammar

import "strings"

// narrow is the least room for a description; with less, lines are not wrapped.
const narrow = 16

// Lines lays help out as IOS does, for a terminal of width columns (0: no end).
//
// Items: two blanks, the name padded to the longest one, two blanks, the
// description; what does not fit continues below the description. Words: on
// one line, two blanks after each; if that is too long, in equal columns.
func (h Help) Lines(width int) []string {
	switch {
	case h.Kind != OK:
		return nil
	case h.Word:
		return wordLines(h.Words, width)
	}
	column := 0
	for _, i := range h.Items {
		column = max(column, len(i.Name))
	}
	var out []string
	margin := column + 4
	for _, i := range h.Items {
		head := "  " + i.Name + strings.Repeat(" ", column-len(i.Name)) + "  "
		for _, part := range wrap(i.Text, width-margin) {
			out = append(out, strings.TrimRight(head+part, " "))
			head = strings.Repeat(" ", margin)
		}
	}
	return out
}

// wrap cuts a text at blanks into parts of at most room characters.
func wrap(text string, room int) []string {
	if room < narrow || len(text) <= room {
		return []string{text}
	}
	var out []string
	for len(text) > room {
		at := strings.LastIndexByte(text[:room+1], ' ')
		if at <= 0 {
			if at = strings.IndexByte(text, ' '); at <= 0 { // one long word
				break
			}
		}
		out = append(out, strings.TrimRight(text[:at], " "))
		text = strings.TrimLeft(text[at:], " ")
	}
	return append(out, text)
}

func wordLines(words []string, width int) []string {
	longest, total := 0, 0
	for _, w := range words {
		longest = max(longest, len(w)+2)
		total += len(w) + 2
	}
	var b strings.Builder
	if width <= 0 || total <= width {
		for _, w := range words {
			b.WriteString(w + "  ")
		}
		return []string{b.String()}
	}
	var out []string
	columns := max(1, width/longest)
	for len(words) > 0 {
		n := min(columns, len(words))
		b.Reset()
		for _, w := range words[:n] {
			b.WriteString(w + strings.Repeat(" ", longest-len(w)))
		}
		out = append(out, b.String())
		words = words[n:]
	}
	return out
}
