package inventory

import (
	"strings"
	"testing"
	"time"

	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// TestLoadOfAlternates: a load of which nothing, or not all, lies here, beside
// other file servers. What the phone was sent was there; what all of them were
// asked for in vain is nowhere; of the rest it is said that it is not known.
func TestLoadOfAlternates(t *testing.T) {
	list := "/" + load9 + ".loads"
	absent := func(w *world) *world {
		w.stock[load9] = firmware.State{Load: phone.Load(load9), First: load9 + ".loads", Missing: []firmware.Missing{{File: load9 + ".loads", Kind: firmware.Absent}}}
		return w
	}
	part := func(w *world, kind firmware.Kind) *world {
		return w.spoil(firmware.Missing{File: parts9[2], Kind: kind})
	}
	no := func(names ...string) []string { return names }
	for _, c := range []struct {
		name      string
		alone     bool // no alternate is configured
		code      string
		state     State
		says, fix string
		not       []string
		do        func(w *world)
	}{
		{"nothing lies here, all was sent", false, Open, Loading, "every file", "", no("missing", "R08"), func(w *world) {
			absent(w).config()
			w.route = upstreamRoute
			w.chain()
		}},
		{"and it is back", false, OK, Provisioned, "fetched here", "", no("missing"), func(w *world) {
			absent(w).config()
			w.route = upstreamRoute
			w.chain().wait(time.Minute)
			w.route = ""
			w.config().wait(quiet)
		}},
		{"the list alone so far", false, Open, Loading, "It fetches its load", "", no("missing", "incomplete"), func(w *world) {
			absent(w).config()
			w.route = upstreamRoute
			w.get(list, 655)
		}},
		{"the list lies here, one file of an alternate", false, Open, Loading, "every file", "", no("missing"), func(w *world) {
			part(w, firmware.Absent).config().chain()
		}},
		{"an empty file here, and that of an alternate", false, Open, Loading, "every file", "", no("empty"), func(w *world) {
			part(w, firmware.Empty).config().chain()
		}},
		{"not asked for yet", false, Open, Loading, "not here, and an alternate file server may have: " + parts9[2], "", no("incomplete"), func(w *world) {
			part(w, firmware.Absent).config().get(list, 655).get("/"+parts9[0], 1000)
		}},
		{"not asked for yet, and no alternate", true, "R08", Stuck, "1 of 5 component files is missing here.", "Copy " + parts9[2], no("alternate"), func(w *world) {
			part(w, firmware.Absent).config().get(list, 655).get("/"+parts9[0], 1000)
		}},
		{"sent by the line, which is gone since", true, Open, Loading, "every file", "", no("missing"), func(w *world) {
			absent(w).config().chain()
		}},
		{"nobody has one", false, "R08", Stuck, "missing here. The alternate file servers do not have it either: 10.9.0.1 404.", "Copy " + parts9[2] + " to flash:", no("is empty"), func(w *world) {
			absent(w).config().get(list, 655).get("/"+parts9[0], 1000).nowhere("/"+parts9[2], "10.9.0.1 404", false)
		}},
		{"one could not say", false, "R08", Stuck, "Whether an alternate file server has " + parts9[2] + " is not known: 10.9.0.1 does not answer.", "show file-server alternate", no("either"), func(w *world) {
			part(w, firmware.Absent).config().get(list, 655).get("/"+parts9[0], 1000).nowhere("/"+parts9[2], "10.9.0.1 does not answer", true)
		}},
		{"asked in vain, and sent then", false, Open, Loading, "every file", "", no("missing"), func(w *world) {
			part(w, firmware.Absent).config().nowhere("/"+parts9[2], "10.9.0.1 does not answer", true).chain()
		}},
		{"asked before there was an alternate", false, "R08", Stuck, "The alternate file servers were not asked; one may have it.", "Copy " + parts9[2], no("either"), func(w *world) {
			part(w, firmware.Absent).config().get(list, 655).miss("/" + parts9[2])
		}},
		{"damaged here, whoever else has it", false, "R08", Stuck, "is not whole", "again", nil, func(w *world) {
			part(w, firmware.Damaged).config().chain()
		}},
		{"the load is nowhere", false, "R07", Stuck, "not here: " + load9 + ".loads. The alternate file servers do not have it either: 10.9.0.1 404, 10.9.0.2 404.", "Copy " + load9 + ".loads", no("is not known"), func(w *world) {
			absent(w).config().nowhere(list, "10.9.0.1 404, 10.9.0.2 404", false)
		}},
		{"whether the load is anywhere is not known", false, "R07", Stuck, "has " + load9 + ".loads is not known: 10.9.0.1 does not answer", "show file-server alternate", no("either"), func(w *world) {
			absent(w).config().nowhere(list, "10.9.0.1 does not answer", true)
		}},
		{"the load is not here, and no alternate", true, "R07", Stuck, "not here: " + load9 + ".loads.", "Copy " + load9 + ".loads", no("alternate"), func(w *world) {
			absent(w).config().miss(list)
		}},
		{"a default load that is nowhere", false, "R14", Stuck, "which is not here. The alternate file servers do not have it either: 10.9.0.1 404.", "Copy term61.default.loads", nil, func(w *world) {
			w.lease(class61).trust().nowhere("/term61.default.loads", "10.9.0.1 404", false)
		}},
		{"an image of an alternate that it refuses", false, "R15", Stuck, "it refuses the image", "8.5(2)", no("missing"), func(w *world) {
			absent(w)
			w.http = false
			w.config()
			w.route = upstreamRoute
			w.get(load9+".loads", 655).get(parts9[0], 1000).wait(time.Minute)
			w.route = ""
			w.config()
			w.route = upstreamRoute
			w.get(load9+".loads", 655)
		}},
		{"the alternate had it at the second question, over TFTP", false, Open, Addressed, "", "", no("fault of this box"), func(w *world) {
			w.lease(class61).nowhere("/Ringlist.xml", "10.9.0.1 does not answer", true)
			w.http, w.route = false, upstreamRoute
			w.get("/Ringlist.xml", 10)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(parts9...)
			w.box.Alternates = !c.alone
			w.setup(Setup{Load: load9, Type: "7961"})
			c.do(w)
			p := w.look(t)
			all := p.Verdict.Code + " " + p.Verdict.Text
			for _, v := range p.Others {
				all += "\n" + v.Code + " " + v.Text
			}
			if p.Verdict.Code != c.code || p.State != c.state || !strings.Contains(p.Verdict.Text, c.says) || !strings.Contains(p.Verdict.Fix.String(), c.fix) {
				t.Errorf("%s, %s, FIX: %s", p.State, all, p.Verdict.Fix)
			}
			for _, n := range c.not {
				if strings.Contains(all, n) {
					t.Errorf("it says %q: %s", n, all)
				}
			}
		})
	}
}
