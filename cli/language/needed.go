package language

import (
	"slices"
	"strings"
)

// Needed leaves out of a difference the lines that go away by themselves once
// the lines that come are typed, as a value does when another takes its place.
// left is the difference that typing only the lines that come would leave.
func Needed(diff, left []Difference) []Difference {
	still := map[string]bool{}
	paths(left, func(d Difference, path string) {
		if d.Sign == '-' {
			still[path] = true
		}
	})
	var kept []Difference
	paths(diff, func(d Difference, path string) {
		if d.Sign != '-' || still[path] {
			kept = append(kept, d)
		}
	})
	return withContent(kept)
}

// Coming is the part of a difference that comes.
func Coming(diff []Difference) []Difference {
	var out []Difference
	for _, d := range diff {
		if d.Sign != '-' {
			out = append(out, d)
		}
	}
	return withContent(out)
}

// paths calls f with every line and the lines it stands below.
func paths(diff []Difference, f func(d Difference, path string)) {
	var at []string
	for _, d := range diff {
		at = append(at[:min(d.Deep, len(at))], d.Line)
		f(d, strings.Join(at, "\n"))
	}
}

// withContent leaves out headers below which nothing differs any more.
func withContent(diff []Difference) []Difference {
	var back []Difference
	below := -1 // depth of the line that was kept last
	for i := len(diff) - 1; i >= 0; i-- {
		if d := diff[i]; d.Sign != ' ' || below > d.Deep {
			back, below = append(back, d), d.Deep
		}
	}
	slices.Reverse(back)
	return back
}
