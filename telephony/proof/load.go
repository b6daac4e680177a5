package proof

import (
	"fmt"
	"slices"
	"strings"

	"option150/telephony/advice"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// firmware looks at the load the phone is to run: whether it is whole, and
// whether this phone would get every file of it.
func (w *walker) firmware(s *station, m phone.Model, known bool, t told) (verdict, bool) {
	if t.opaque {
		return verdict{}, true
	}
	lines := w.Telephony.Service.Loads
	if s.sip {
		lines = w.Telephony.Global.Loads
	}
	if t.load == "" {
		l, ok := cnf.LoadOf(lines, s.typ)
		if !known || !ok || s.runs(l.File) || !slices.Contains(w.Firmware.Withheld, l.File) {
			return verdict{}, true
		}
		v, ok := w.whole(l.File)
		if ok {
			return verdict{}, true // what it runs is not known: it keeps that
		}
		v.text += "; no file names it until it is, and the phone keeps what it runs"
		return v, false
	}
	if s.runs(t.load) {
		return verdict{}, true
	}
	if t.server != "" && w.Away(t.server) {
		return verdict{Unsure, "R36", fmt.Sprintf("its load %s comes from %s, which is not this box: it is not walked", t.load, t.server), nil}, false
	}
	if v, ok := w.whole(t.load); !ok {
		if w.Abroad && !slices.ContainsFunc(w.state(t.load).Missing, wrong) {
			v = verdict{Unsure, v.code, "its load is not whole in flash:, and an alternate file server may have the rest: " + w.state(t.load).String(),
				advice.Steps{advice.Do("hfs prefetch load " + phone.Load(t.load).Canonical())}}
		}
		return v, false
	}
	if m.Images != "" && phone.Load(t.load).Family() != "" && !strings.EqualFold(m.Images, phone.Load(t.load).Family()) {
		return verdict{Not, "R15", fmt.Sprintf("load %s is one of the %s family, and a %s runs those of the %s family", t.load, phone.Load(t.load).Family(), m.Keyword, m.Images),
			advice.Steps{advice.Do("show firmware")}}, false
	}
	if p := phone.Load(t.load).Protocol(); p != "" && m.SCCP && m.SIP && (p == "SIP") != s.sip {
		return verdict{Not, "R21", fmt.Sprintf("load %s speaks %s, and %s is for the other protocol", t.load, p, s.Section), advice.Steps{advice.Do("show firmware")}}, false
	}
	return w.parts(s, m, t.load)
}

// runs reports that the phone was observed to run a load.
func (s *station) runs(load string) bool {
	return s.seen.Runs != "" && phone.Load(s.seen.Runs).Equal(phone.Load(load))
}

// state is a look at a load, one for all phones.
func (w *walker) state(load string) firmware.State {
	st, ok := w.loads[load]
	if !ok {
		st = w.Whole(load)
		w.loads[load] = st
	}
	return st
}

func (w *walker) whole(load string) (verdict, bool) {
	st := w.state(load)
	if st.Complete() {
		return verdict{}, true
	}
	code := "R08"
	if st.Set == nil {
		code = "R07"
	}
	return verdict{Not, code, "its load is not whole: " + st.String(), advice.Steps{advice.Do("show firmware")}}, false
}

// wrong reports a file that is there and spoilt: it is served as it is, and no
// other server is asked.
func wrong(m firmware.Missing) bool {
	return m.Fatal() && m.Kind != firmware.Absent && m.Kind != firmware.Empty
}

// parts asks for every file of a load: what access rules keep from a phone is
// not there for it.
func (w *walker) parts(s *station, m phone.Model, load string) (verdict, bool) {
	st := w.state(load)
	names := []string{st.First}
	if st.Set != nil {
		platform := ""
		for _, c := range st.Set.Components {
			if platform == "" {
				platform = c.Platform
			}
			if !c.Optional && c.Name != st.First {
				names = append(names, c.Name)
			}
		}
	}
	for _, n := range names {
		g := w.fetch(s, m, n, false)
		switch {
		case g.ok || n == "":
		case g.why != "":
			return verdict{Not, "R35", fmt.Sprintf("it is refused %s of its load: %s", n, g.why), advice.Steps{advice.Do("show access-lists")}}, false
		default:
			return verdict{Not, "R08", fmt.Sprintf("%s of its load %s is here and is not served under that name", n, load), advice.Steps{advice.Do("show firmware")}}, false
		}
	}
	return verdict{}, true
}
