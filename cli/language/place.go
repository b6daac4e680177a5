package language

import "strings"

// Unplaced is the place of lines that no command and no row of the vocabulary
// begins like: before all sections, so that none of them takes them in when the
// configuration is read again.
const Unplaced = "\x00"

// place is where carried lines of a beginning are printed.
type place struct {
	prefix string
	decl   *Declaration
}

func (l *Language) placed(d *Declaration) {
	for _, p := range d.Carries {
		l.places = append(l.places, place{p, d})
	}
}

// place finds where a carried line stands in the order: the longest beginning
// wins, so that the same line always comes back to the same place. Its number
// grows with the order of the declarations, and lines of one declaration share
// one number: they stay in the order they came.
func (l *Language) place(line string) int {
	line = strings.TrimPrefix(line, "no ")
	best, length := -1, -1
	for i, p := range l.places {
		if len(p.prefix) > length && strings.HasPrefix(line, p.prefix) {
			best, length = i, len(p.prefix)
		}
	}
	for best > 0 && l.places[best-1].decl == l.places[best].decl {
		best--
	}
	return best
}
