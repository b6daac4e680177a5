package upgrade

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"option150/platform/columns"
	"option150/platform/sorted"
	"option150/telephony/phone"
)

func equalLoads(a, b string) bool { return phone.Load(a).Equal(phone.Load(b)) }

// counts are the phones of a wave, or of all (wave 0), by state.
func (p *Progress) counts(wave int) (n map[string]int, total int) {
	n = map[string]int{}
	for _, u := range p.Phones {
		if wave == 0 || u.Wave == wave {
			n[u.state(p)]++
			total++
		}
	}
	return n, total
}

// Stand is one state and how many phones are in it.
type Stand struct {
	State string
	N     int
}

// OfWave is how the phones of a wave stand, and how many they are.
func (p *Progress) OfWave(wave int) (out []Stand, total int) {
	n, total := p.counts(wave)
	for _, s := range []string{"done", "running", "not reset", "stuck", "not returned", "waiting"} {
		if n[s] > 0 {
			out = append(out, Stand{s, n[s]})
		}
	}
	return out, total
}

// NotReset are the phones that may begin and have not booted.
func (p *Progress) NotReset() (out []*Upgraded) {
	for _, u := range p.Phones {
		if u.state(p) == "not reset" {
			out = append(out, u)
		}
	}
	return out
}

// bar is a bar of twenty marks.
func bar(done, total int) string {
	k := 0
	if total > 0 {
		k = 20 * done / total
	}
	return "[" + strings.Repeat("#", k) + strings.Repeat(".", 20-k) + "]"
}

// The tables of the show commands.
var (
	RolloutsTable = columns.Form("", "%-16s %-11s %-32s %s %d of %d done, wave %d of %d, %d failed\n", "name state load progress done phones wave waves failed")
	RolloutTable  = columns.Form("Device           Section                Wave  State        From                         Because\n", "%-16s %-22s %4d  %-12s %-28s %s\n", "device section wave state from because")
)

// Summary is a line of `show upgrade`.
func (p *Progress) Summary(t *columns.Table) {
	n, total := p.counts(0)
	t.Row(p.Name, p.State, phone.Load(p.Load).Canonical(), bar(n["done"], total), n["done"], total, p.Wave, p.Waves, n["stuck"]+n["not returned"])
}

// Text is `show upgrade NAME`, and the report.
func (p *Progress) Text(now time.Time) *columns.Page {
	w := &columns.Page{}
	fmt.Fprintf(w, "Upgrade %s of %s to %s: %s", p.Name, p.Type, phone.Load(p.Load).Canonical(), p.State)
	if p.Why != "" {
		fmt.Fprintf(w, ", %s", p.Why)
	}
	fmt.Fprintf(w, "\nStarted %s", p.Started.Format(time.DateTime))
	if !p.Ended.IsZero() {
		fmt.Fprintf(w, ", ended %s", p.Ended.Format(time.DateTime))
	}
	fmt.Fprintf(w, "; gate %d percent within %d minutes", p.conf.Percent, p.conf.Minutes)
	if p.conf.Window.From != p.conf.Window.To {
		fmt.Fprintf(w, "; window %s", p.conf.Window)
		if p.State == Running && !p.conf.Window.Open(now) {
			w.WriteString(", closed now: no phone begins")
		}
	}
	w.WriteString("\n\n")
	for i := 1; i <= p.Waves; i++ {
		stand, total := p.OfWave(i)
		done := 0
		if len(stand) > 0 && stand[0].State == "done" {
			done, stand = stand[0].N, stand[1:]
		}
		fmt.Fprintf(w, "Wave %-3d %s %d of %d done", i, bar(done, total), done, total)
		for _, s := range stand {
			fmt.Fprintf(w, ", %d %s", s.N, s.State)
		}
		w.WriteString("\n")
	}
	if n, _ := p.counts(p.Wave); n["not reset"] > 0 && p.State == Running {
		w.WriteString("Nothing here can reset a phone: those not reset read their file when they boot next; `show provisioning audit` says what makes them (A32)\n")
	}
	w.WriteString("\n")
	t := w.Table(RolloutTable)
	for _, u := range p.sorted() {
		state := u.state(p)
		why := u.Verdict
		switch state {
		case "done":
			if why = u.How; u.Inferred {
				why += " (inferred)"
			}
		case "not returned":
			why = fmt.Sprintf("all files sent %s, silent since: do not power-cycle it. %s", u.Fetched.Format(time.TimeOnly), why)
		case "running":
			why = "since " + u.Began.Format(time.TimeOnly)
			if !u.Fetched.IsZero() {
				why += ", all files sent " + u.Fetched.Format(time.TimeOnly)
			}
		}
		t.Row(u.Device, u.Line, u.Wave, state, cmp.Or(u.From, "-"), strings.TrimSpace(why))
	}
	return w
}

// sorted: by wave, in it what needs somebody first.
func (p *Progress) sorted() []*Upgraded {
	rank := map[string]int{"stuck": 0, "not returned": 1, "running": 2, "not reset": 3, "done": 4, "waiting": 5}
	out := slices.Clone(p.Phones)
	sorted.Stable(out, func(a, b *Upgraded) int {
		return cmp.Or(cmp.Compare(a.Wave, b.Wave), cmp.Compare(rank[a.state(p)], rank[b.state(p)]), cmp.Compare(a.Device, b.Device))
	})
	return out
}

// JSON is the report for programs.
func (p *Progress) JSON() []byte {
	type row struct {
		*Upgraded
		State string `json:"state"`
	}
	out := struct {
		Progress
		Phones []row `json:"phones"`
	}{Progress: *p}
	for _, u := range p.sorted() {
		out.Phones = append(out.Phones, row{u, u.state(p)})
	}
	b, err := json.MarshalIndent(out, "", " ")
	if err != nil {
		return nil
	}
	return append(b, '\n')
}
