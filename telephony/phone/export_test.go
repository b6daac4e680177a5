package phone

import (
	"slices"
)

// ByClass finds the model a vendor class identifier names.
func ByClass(vendorClass string) (Model, bool) {
	c := ParseClass(vendorClass)
	return c.Model, c.Known
}

// Keywords returns every keyword of `type` and `load`, in table order.
func Keywords() []string {
	var out []string
	for _, m := range table() {
		for _, k := range []string{m.Keyword, m.LoadKey} {
			if !slices.Contains(out, k) {
				out = append(out, k)
			}
		}
	}
	return out
}
