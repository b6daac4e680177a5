package transcript

import (
	"fmt"
	"regexp"
	"strings"
)

// compare reports the first difference between what a transcript has and what
// was printed.
func compare(want, got []string) error {
	if match(want, got) {
		return nil
	}
	return fmt.Errorf("expected:\n%s\nfound:\n%s", indent(want), indent(got))
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

// merge keeps the wildcards of a transcript that is updated where they still
// match.
func merge(want, got []string) []string {
	if match(want, got) {
		return want
	}
	for i := range got {
		got[i] = strings.TrimRight(got[i], " ")
	}
	return got
}

func indent(lines []string) string {
	return "    " + strings.Join(lines, "\n    ")
}
