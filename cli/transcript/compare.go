package transcript

import (
	"fmt"
	"regexp"
	"strings"
)

// compare reports the difference between what a transcript has and what was
// printed, with the first line that differs marked.
func compare(want, got []string) error {
	if match(want, got) {
		return nil
	}
	n := 0
	for n < len(want) && n < len(got) && matchLine(want[n], got[n]) {
		n++
	}
	return fmt.Errorf("differs at line %d below it\nexpected:\n%s\nfound:\n%s", n+1, indent(want), indent(got))
}

func match(want, got []string) bool {
	for len(want) > 0 {
		if strings.TrimSpace(want[0]) == "..." {
			for n := 0; n <= len(got); n++ {
				if match(want[1:], got[n:]) {
					return true
				}
			}
			return false
		}
		if len(got) == 0 || !matchLine(want[0], got[0]) {
			return false
		}
		want, got = want[1:], got[1:]
	}
	return len(got) == 0
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
