package main

import "fmt"

// wish is what a figure of a contest is to be: the box's itself, or the box's
// divided by a peer's.
type wish struct {
	f    figure
	peer string // "" = the box's itself
	aim  float64
}

// wishes makes a table of what became of the wishes of contests.
func (b *bench) wishes(t *table, contests []contest, all []map[string][]sample) {
	g := b.report.table(t.Title+": goals", t.Servers[:1], nil)
	for i, c := range contests {
		g.heading(c.about)
		for _, w := range c.wishes {
			own, theirs := all[i][t.Servers[0]], all[i][w.peer]
			switch {
			case len(own) == 0:
			case w.peer == "":
				g.goal(w.f, middle(own, w.f.of), w.aim)
			case len(theirs) == 0:
				g.note(fmt.Sprintf("%s, %s: %s was not measured", c.about, w.f.name, w.peer))
			default:
				v := middle(theirs, w.f.of)
				if v == 0 {
					g.note(fmt.Sprintf("%s, %s: %s has none", c.about, w.f.name, w.peer))
					continue
				}
				g.goal(figure{name: w.f.name + ", that of " + w.peer, unit: "x", higher: w.f.higher, digits: 2}, middle(own, w.f.of)/v, w.aim)
			}
		}
	}
}

// none is how an aim of nothing is written: half of one.
const none = 0.5
