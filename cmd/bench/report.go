package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// report is all figures of a run; its JSON is what -json writes.
type report struct {
	Version string   `json:"version"` // what the box says about itself
	Machine string   `json:"machine"`
	Rounds  int      `json:"rounds"`
	Seconds float64  `json:"seconds"` // how long the run took
	Tables  []*table `json:"tables"`
}

// table is one section.
type table struct {
	Title   string            `json:"title"`
	Servers []string          `json:"servers"` // the box first
	Absent  map[string]string `json:"absent,omitempty"`
	Rows    []*row            `json:"rows"`
	Notes   []string          `json:"notes,omitempty"`
	about   string            // the load the next rows belong to
}

// row is one figure of every server.
type row struct {
	Load   string             `json:"load,omitempty"`
	Name   string             `json:"name"`
	Unit   string             `json:"unit,omitempty"`
	Better string             `json:"better"` // "more", "less"
	Values map[string]float64 `json:"values"`
	Ratios map[string]float64 `json:"ratios,omitempty"` // the box divided by the peer
	Aim    float64            `json:"aim,omitempty"`    // at most so much, at least if more is better
	digits int
}

func (r *report) machine(rounds int) {
	var u unix.Utsname
	kernel := "Linux"
	if unix.Uname(&u) == nil {
		kernel += " " + unix.ByteSliceToString(u.Release[:])
	}
	r.Machine = fmt.Sprintf("%s %s, %d processors", kernel, runtime.GOARCH, runtime.NumCPU())
	r.Rounds = rounds
}

func (r *report) table(title string, servers []string, absent map[string]string) *table {
	t := &table{Title: title, Servers: servers, Absent: absent}
	r.Tables = append(r.Tables, t)
	return t
}

func (t *table) heading(about string) { t.about = about }

func (t *table) note(text string) { t.Notes = append(t.Notes, text) }

func (t *table) row(f figure) *row {
	better := "less"
	if f.higher {
		better = "more"
	}
	r := &row{Load: t.about, Name: f.name, Unit: f.unit, Better: better, Values: map[string]float64{}, digits: f.digits}
	t.Rows = append(t.Rows, r)
	return r
}

// aim is a figure of the box that is to be at most so much.
func (t *table) aim(name, unit string, value, most float64) {
	r := t.row(figure{name: name, unit: unit, digits: 1})
	r.Aim = most
	r.set(t.Servers[0], value)
}

// goal is an aim of either kind.
func (t *table) goal(f figure, value, aim float64) {
	r := t.row(f)
	r.Aim = aim
	r.set(t.Servers[0], value)
}

// met reports whether an aim is.
func (r *row) met(value float64) bool {
	if r.Better == "more" {
		return value >= r.Aim
	}
	return value <= r.Aim
}

func (r *row) set(server string, value float64) { r.Values[server] = value }

// ratios divides the value of the box by each peer's. Nothing divided by
// nothing is 1, something by nothing has no ratio.
func (r *row) ratios(box string) {
	own, ok := r.Values[box]
	if !ok {
		return
	}
	r.Ratios = map[string]float64{}
	for peer, v := range r.Values {
		switch {
		case peer == box:
		case math.Abs(v) >= math.Pow10(-r.digits)/2: // what is printed as 0 is no measure
			r.Ratios[peer] = own / v
		case own == 0:
			r.Ratios[peer] = 1
		}
	}
}

// unserved is the share of failures that makes other figures incomparable: who
// turns clients away is quick with the rest.
const unserved = 0.01

// incomparable takes the ratios of the last load away where the box or the peer
// left clients unserved, and says so; that of the failures themselves stays.
func (t *table) incomparable(box string, samples map[string][]sample) {
	var left []string
	for _, name := range t.Servers {
		done, failed := 0, 0
		for _, x := range samples[name] {
			done, failed = done+x.Done, failed+x.Failed
		}
		if float64(failed) > unserved*float64(done+failed) {
			left = append(left, name)
			t.note(fmt.Sprintf("%s, %s: %d of %d were not served; the other figures are those of the rest and are not compared", name, t.about, failed, done+failed))
		}
	}
	for _, r := range t.Rows {
		if r.Load != t.about || r.Name == failed.name {
			continue
		}
		for peer := range r.Ratios {
			if slices.Contains(left, peer) || slices.Contains(left, box) {
				delete(r.Ratios, peer)
			}
		}
	}
}

// problems notes the first failure each server's clients met.
func (t *table) problems(samples map[string][]sample) {
	for _, name := range t.Servers {
		i := slices.IndexFunc(samples[name], func(x sample) bool { return x.Problem != "" })
		if i >= 0 {
			t.note(fmt.Sprintf("%s, %s: %s", name, t.about, samples[name][i].Problem))
		}
	}
}

func (r *report) write(file string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// print writes the tables for people.
func (r *report) print(w io.Writer) {
	fmt.Fprintf(w, "%s\n%s; median of %d round(s), %.0f s in all.\n", r.Version, r.Machine, r.Rounds, r.Seconds)
	fmt.Fprint(w, "x is the box divided by its neighbour on the left; (+) more is better, (-) less is better.\n")
	for _, t := range r.Tables {
		t.print(w)
	}
}

const nameWidth = 58

func (t *table) print(w io.Writer) {
	fmt.Fprintf(w, "\n%-*s", nameWidth, t.Title)
	for i, s := range t.Servers {
		fmt.Fprintf(w, "%12s", s)
		if i > 0 {
			fmt.Fprintf(w, "%8s", "x")
		}
	}
	if len(t.Servers) == 1 {
		fmt.Fprintf(w, "%12s", "aim")
	}
	fmt.Fprintf(w, "\n%s\n", strings.Repeat("-", nameWidth+12+20*(len(t.Servers)-1)+12*b2i(len(t.Servers) == 1)))
	about := ""
	for _, r := range t.Rows {
		if r.Load != about {
			about = r.Load
			fmt.Fprintf(w, "%s\n", about)
		}
		r.print(w, t.Servers)
	}
	for _, s := range t.Servers {
		if why, ok := t.Absent[s]; ok {
			fmt.Fprintf(w, "  %s was not measured: %s\n", s, why)
		}
	}
	for _, n := range t.Notes {
		fmt.Fprintf(w, "  note: %s\n", n)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (r *row) print(w io.Writer, servers []string) {
	sign := "(-)"
	if r.Better == "more" {
		sign = "(+)"
	}
	name := r.Name
	if r.Unit != "" {
		name += ", " + r.Unit
	}
	if r.Aim > 0 {
		fmt.Fprintf(w, "  %-*s", nameWidth-2, name)
	} else {
		fmt.Fprintf(w, "  %-*s %s", nameWidth-6, name, sign)
	}
	for i, s := range servers {
		v, ok := r.Values[s]
		if !ok {
			fmt.Fprintf(w, "%12s", "-")
		} else {
			fmt.Fprintf(w, "%12s", number(v, r.digits))
		}
		if i == 0 {
			continue
		}
		if x, ok := r.Ratios[s]; ok {
			fmt.Fprintf(w, "%8s", number(x, 2))
		} else {
			fmt.Fprintf(w, "%8s", "-")
		}
	}
	if r.Aim > 0 {
		verdict := "  met"
		if !r.met(r.Values[servers[0]]) {
			verdict = "  MISSED"
		}
		fmt.Fprintf(w, "%12s%s", strings.TrimSuffix(number(r.Aim, 2), ".00"), verdict)
	}
	fmt.Fprintln(w)
}

// number prints with so many digits and with blanks between thousands.
func number(v float64, digits int) string {
	text := fmt.Sprintf("%.*f", digits, math.Abs(v))
	whole, fraction, dot := strings.Cut(text, ".")
	var out []byte
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			out = append(out, ' ')
		}
		out = append(out, whole[i])
	}
	text = string(out)
	if v < 0 {
		text = "-" + text
	}
	if dot {
		text += "." + fraction
	}
	return text
}
