package language

import (
	"option150/cli/grammar"
	"option150/platform/config"
	"reflect"
)

// Find looks a section up again: another operator may have removed it, or
// changed its header (`ephone-dn 1` became `ephone-dn 1 dual-line`). It returns
// the section as it is called now, and whether it is there. A section that is
// printed only once it holds something is not there before.
func (l *Language) Find(c *config.Config, parent, sec Section) (Section, bool) {
	if sec.Kept() {
		return sec, c.HasKept(sec.Spot())
	}
	v := View{Config: c, Keys: parent.Keys, sought: sec.Keys}
	for _, d := range l.decls[parent.Mode] {
		if d.Enters != sec.Mode {
			continue
		}
		if d.Get == nil || d.syntax == nil {
			continue
		}
		for _, a := range d.Get(&v) {
			if a.Has(Negated) || !d.same(a, sec.Keys) {
				continue // only the one that is meant is written out: a paste asks for every line
			}
			if text, err := d.render(a); err == nil {
				sec.Header = text
				return sec, true
			}
		}
	}
	return sec, false
}

// same reports that two argument sets are of one section.
func (d *Declaration) same(a, b grammar.Args) bool {
	for _, k := range d.identity {
		x, y := a[k], b[k]
		if n, ok := x.(int); ok { // nearly all: a tag
			if y != n {
				return false
			}
		} else if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}

// keywords are the words before the first argument.
func (d *Declaration) keywords() []string { return d.syntax.Keywords() }
