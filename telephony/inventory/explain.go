package inventory

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Explain tells what a code means, or which codes a text on the screen of a
// phone leads to; "" if neither is known. Texts are compared by their words, as
// people write them down: "auth fail", "Auth Fail".
func Explain(what string) string {
	var hits []Rule
	for _, r := range rules() {
		if strings.EqualFold(r.Code, what) {
			hits = []Rule{r}
			break
		}
		if slices.ContainsFunc(r.Screens, func(s string) bool { return alike(s, what) }) {
			hits = append(hits, r)
		}
	}
	for _, code := range []string{OK, Open} {
		if strings.EqualFold(code, what) {
			return fmt.Sprintf("%-3s  %s\n", code, Says(code))
		}
	}
	var b strings.Builder
	for _, r := range hits {
		fmt.Fprintf(&b, "%s  %s\n", r.Code, r.Says)
		switch r.weight {
		case stops:
			b.WriteString("     the phone is stuck\n")
		case spoils:
			b.WriteString("     the phone has all it asked for and does not count as up\n")
		case stays:
			b.WriteString("     the phone works and counts as up\n")
		default:
			b.WriteString("     worth knowing; a phone may come up all the same\n")
		}
		if len(r.Fix) > 0 {
			fmt.Fprintf(&b, "     FIX  %s\n", r.Fix)
		} else {
			b.WriteString("     FIX  depends on the phone: show phone with its name\n")
		}
	}
	return b.String()
}

// Screens are the texts Explain knows, each once.
func Screens() []string {
	var out []string
	for _, r := range rules() {
		for _, s := range r.Screens {
			if !slices.Contains(out, s) {
				out = append(out, s)
			}
		}
	}
	slices.Sort(out)
	return out
}

// alike reports that the words of one text stand in the other, one after the
// other; a single word has to be all there is.
func alike(a, b string) bool {
	x, y := words(a), words(b)
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(x) < 2 {
		return len(x) > 0 && slices.Equal(x, y)
	}
	for i := range len(y) - len(x) + 1 {
		if slices.Equal(x, y[i:i+len(x)]) {
			return true
		}
	}
	return false
}

func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}
