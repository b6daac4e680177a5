package command

import (
	"slices"
	"testing"

	"option150/cli/language"
)

// TestLevelZero: who has no level has the five commands of a router.
func TestLevelZero(t *testing.T) {
	b, _ := testBox(t)
	h := b.Language.Graph(language.Exec).Help("", 0)
	var got []string
	for _, i := range h.Items {
		got = append(got, i.Name)
	}
	got = slices.DeleteFunc(got, func(s string) bool { return s == "no" || s == "default" })
	if want := []string{"disable", "enable", "exit", "help", "logout"}; !slices.Equal(got, want) {
		t.Errorf("level 0 has %q, want %q", got, want)
	}
}
