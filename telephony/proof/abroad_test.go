package proof

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLoadOfAlternates: a load that its files name and that is not whole here is
// not known to be missing where other file servers are asked; what is spoilt
// here is.
func TestLoadOfAlternates(t *testing.T) {
	for name, c := range map[string]struct {
		abroad, force, cut bool
		drop               string
		outcome            Outcome
		code, says, fix    string
	}{
		"a component":              {true, true, false, "cnu41", Unsure, "R08", "an alternate file server may have the rest", "hfs prefetch load " + sccpLoad},
		"the list":                 {true, true, false, sccpLoad, Unsure, "R07", "an alternate file server may have the rest", "hfs prefetch load " + sccpLoad},
		"no alternate":             {false, true, false, "cnu41", Not, "R08", "its load is not whole", "show firmware"},
		"in no file, for all that": {true, false, false, "cnu41", Not, "R08", "no file names it", "show firmware"},
		"one is spoilt here":       {true, true, true, "cnu41", Not, "R08", "its load is not whole", "show firmware"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGround(t)
			g.abroad = c.abroad
			g.tel.Service.Loads[0].Force = c.force
			if c.cut {
				b, err := os.ReadFile(filepath.Join(g.flash, "cnu41.9-4-2ES26.sbn"))
				if err != nil {
					t.Fatal(err)
				}
				g.put("cnu41.9-4-2ES26.sbn", b[:100])
			} else {
				g.drop(c.drop, false)
			}
			p := g.walk().of(mac(1))
			if p.Outcome != c.outcome || p.Code != c.code || !strings.Contains(p.Text, c.says) || !strings.Contains(p.Fix.String(), c.fix) {
				t.Errorf("%v %s %s, FIX: %s", p.Outcome, p.Code, p.Text, p.Fix)
			}
		})
	}
}
