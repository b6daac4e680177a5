package sorted

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAsSlices: the same lists come out, equal elements included.
func TestAsSlices(t *testing.T) {
	type item struct{ key, n int }
	compare := func(a, b item) int { return a.key - b.key }
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 300 {
		list := make([]item, n)
		for i := range list {
			list[i] = item{r.IntN(1 + n/2), i}
		}
		for name, f := range map[string][2]func([]item, func(a, b item) int){
			"By": {By[item], slices.SortFunc[[]item, item]}, "Stable": {Stable[item], slices.SortStableFunc[[]item, item]},
		} {
			got, want := slices.Clone(list), slices.Clone(list)
			f[0](got, compare)
			f[1](want, compare)
			if !slices.Equal(got, want) {
				t.Fatalf("%s of %v: %v, slices has %v", name, list, got, want)
			}
		}
	}
}
