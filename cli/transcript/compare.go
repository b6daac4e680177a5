package transcript

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// compare reports the difference between what a transcript has (-) and what was
// printed (+), without the lines before and after it that agree.
func compare(want, got []string) error {
	if match(want, got) {
		return nil
	}
	n := 0
	for n < len(want) && n < len(got) && matchLine(want[n], got[n]) {
		n++
	}
	w, g := want[n:], got[n:]
	for len(w) > 0 && len(g) > 0 && matchLine(w[len(w)-1], g[len(g)-1]) {
		w, g = w[:len(w)-1], g[:len(g)-1]
	}
	var t strings.Builder
	fmt.Fprintf(&t, "the output differs from its line %d on", n+1)
	for _, l := range want[max(0, n-2):n] {
		t.WriteString("\n     " + l)
	}
	for _, l := range w {
		t.WriteString("\n    -" + l)
	}
	for _, l := range g {
		t.WriteString("\n    +" + l)
	}
	return errors.New(t.String())
}

// match is that of a glob over lines: it goes back to the last line of dots
// only, which is enough, so that no transcript takes for ever.
func match(want, got []string) bool {
	w, g := 0, 0
	dots, from := -1, 0
	for g < len(got) {
		switch {
		case w < len(want) && strings.TrimSpace(want[w]) == "...":
			dots, from = w, g
			w++
		case w < len(want) && matchLine(want[w], got[g]):
			w, g = w+1, g+1
		case dots >= 0:
			from++
			w, g = dots+1, from
		default:
			return false
		}
	}
	for w < len(want) && strings.TrimSpace(want[w]) == "..." {
		w++
	}
	return w == len(want)
}

func matchLine(want, got string) bool {
	want, got = strings.TrimRight(want, " "), strings.TrimRight(got, " ")
	if !strings.Contains(want, "<*>") {
		return want == got
	}
	var parts []string
	for _, p := range strings.Split(want, "<*>") {
		parts = append(parts, regexp.QuoteMeta(p))
	}
	ok, _ := regexp.MatchString("^"+strings.Join(parts, ".*")+"$", got)
	return ok
}

// merge is what a transcript that is updated gets: what was there if it still
// matches, else what was printed, with the wildcards of lines that match.
func merge(want, got []string) []string {
	if match(want, got) {
		return want
	}
	out := make([]string, len(got))
	next := 0
	for i, g := range got {
		out[i] = strings.TrimRight(g, " ")
		for j := next; j < len(want); j++ {
			if strings.Contains(want[j], "<*>") && matchLine(want[j], g) || want[j] == g {
				out[i], next = want[j], j+1
				break
			}
		}
	}
	return out
}

// escape marks output that would be read as input, comment or wildcard.
func escape(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		if strings.HasPrefix(l, "#") || strings.HasPrefix(l, `\`) || strings.TrimSpace(l) == "..." || promptLine.MatchString(l) {
			l = `\` + l
		}
		out[i] = l
	}
	return out
}

func unescape(line string) string { return strings.TrimPrefix(line, `\`) }

func indent(lines []string) string {
	return "    " + strings.Join(lines, "\n    ")
}
