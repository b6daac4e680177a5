package pages

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
	"option150/telephony/phone"
)

// What the other views show.
type (
	firmwareJSON struct {
		Host     string        `json:"host"`
		Models   []modelJSON   `json:"models"`
		Upgrades []upgradeJSON `json:"upgrades"`
		Trees    []treeJSON    `json:"trees"`
	}
	// modelJSON is a row of the matrix: a model and the loads it has to do with.
	modelJSON struct {
		Model  string     `json:"model"` // "" = loads that no phone here has to do with
		Phones int        `json:"phones"`
		Loads  []loadJSON `json:"loads"`
	}
	loadJSON struct {
		Name       string   `json:"name"`
		Here       string   `json:"here"` // "whole", "missing", "absent"
		Present    int      `json:"present"`
		Total      int      `json:"total"`
		Missing    []string `json:"missing,omitempty"`
		Wanted     int      `json:"wanted"`   // phones of the model that are to run it
		Runs       int      `json:"runs"`     // that do
		Inferred   int      `json:"inferred"` // of those, known by inference
		Configured bool     `json:"configured"`
	}
	upgradeJSON struct {
		Name    string     `json:"name"`
		State   string     `json:"state"`
		Why     string     `json:"why,omitempty"`
		Type    string     `json:"type"`
		Load    string     `json:"load"`
		Wave    int        `json:"wave"`
		Started *time.Time `json:"started,omitempty"`
		Ended   *time.Time `json:"ended,omitempty"`
		Waves   []waveJSON `json:"waves"`
	}
	waveJSON struct {
		Number int     `json:"number"`
		Total  int     `json:"total"`
		States []Count `json:"states"`
	}
	treeJSON struct {
		Subnet   string     `json:"subnet"`
		Family   string     `json:"family"`
		Load     string     `json:"load"`
		Files    string     `json:"files"`
		Start    *time.Time `json:"start,omitempty"`
		End      *time.Time `json:"end,omitempty"`
		Hidden   string     `json:"hidden,omitempty"`
		Findings []string   `json:"findings,omitempty"`
		Nodes    []nodeJSON `json:"nodes"`
		More     int        `json:"more,omitempty"`
	}
	nodeJSON struct {
		Device  string  `json:"device"`
		Name    string  `json:"name,omitempty"`
		Parent  string  `json:"parent,omitempty"`
		Role    string  `json:"role"`
		Basis   string  `json:"basis"`
		Bytes   int64   `json:"bytes,omitempty"`
		Seconds float64 `json:"seconds,omitempty"`
		Why     string  `json:"why,omitempty"`
	}
	logJSON struct {
		Host  string   `json:"host"`
		Lines []string `json:"lines"`
	}
	changesJSON struct {
		Host    string       `json:"host"`
		Changes []changeJSON `json:"changes"`
	}
	changeJSON struct {
		Number int       `json:"number"`
		Who    string    `json:"who"`
		From   time.Time `json:"from"`
		To     time.Time `json:"to"`
		Lines  []string  `json:"lines"`
		More   int       `json:"more,omitempty"`
	}
)

// Bounds of what the views list.
const (
	maxTrees = 12
	maxNodes = 400 // of one tree
	maxLog   = 200
)

func (s *Sources) firmware(now time.Time) firmwareJSON {
	f := firmwareJSON{Host: s.hostname(), Models: s.matrix(now), Upgrades: []upgradeJSON{}, Trees: []treeJSON{}}
	for _, u := range list(s.Upgrades) {
		x := upgradeJSON{Name: u.Name, State: u.State, Why: u.Why, Type: u.Type, Load: u.Load, Wave: u.Wave, Started: when(u.Started), Ended: when(u.Ended), Waves: []waveJSON{}}
		for _, w := range u.Waves {
			x.Waves = append(x.Waves, waveJSON(w))
		}
		f.Upgrades = append(f.Upgrades, x)
	}
	names := map[string]string{}
	for _, e := range list(s.Expected) {
		names[e.MAC.Device()] = e.Name
	}
	trees := list(s.Sharing)
	sorted.Stable(trees, func(a, b Tree) int { return b.Start.Compare(a.Start) })
	for _, t := range trees[:min(len(trees), maxTrees)] {
		x := treeJSON{Subnet: t.Subnet, Family: t.Family, Load: t.Load, Files: t.Files, Start: when(t.Start), End: when(t.End), Hidden: t.Hidden, Findings: t.Findings, Nodes: []nodeJSON{}, More: max(0, len(t.Nodes)-maxNodes)}
		for _, n := range t.Nodes[:min(len(t.Nodes), maxNodes)] {
			y := nodeJSON{Device: n.MAC.Device(), Name: names[n.MAC.Device()], Role: n.Role, Basis: n.Basis, Bytes: n.Bytes, Seconds: n.Took.Seconds(), Why: n.Why}
			if !n.Parent.IsZero() {
				y.Parent = n.Parent.Device()
			}
			x.Nodes = append(x.Nodes, y)
		}
		f.Trees = append(f.Trees, x)
	}
	return f
}

// matrix is models by loads: what phones run and are to run, and whether it is
// here. A load that no phone has to do with stands below the types it is
// configured for, or below none.
func (s *Sources) matrix(now time.Time) []modelJSON {
	type cell struct{ model, load string }
	cells, phones := map[cell]*loadJSON{}, map[string]int{}
	known := map[string]Load{}
	touch := func(model, load string) *loadJSON {
		k := cell{model, strings.ToLower(canonical(load))}
		if cells[k] == nil {
			cells[k] = &loadJSON{Name: canonical(load), Here: "absent"}
		}
		return cells[k]
	}
	used := map[string]string{}
	heard := map[ether.MAC]bool{}
	if s.Phones != nil {
		for _, p := range s.Phones(now) {
			phones[p.Model]++
			heard[p.MAC] = true
			if p.Wanted != "" {
				touch(p.Model, p.Wanted).Wanted++
				used[strings.ToLower(canonical(p.Wanted))] = canonical(p.Wanted)
			}
			if p.Load != "" {
				l := touch(p.Model, p.Load)
				if l.Runs++; string(p.LoadBasis) == "inferred" {
					l.Inferred++
				}
				used[strings.ToLower(canonical(p.Load))] = canonical(p.Load)
			}
		}
	}
	var also []string
	for _, l := range used {
		also = append(also, l)
	}
	slices.Sort(also)
	var loads []Load
	if s.Firmware != nil {
		loads = s.Firmware(also)
	}
	for _, l := range loads {
		name := strings.ToLower(canonical(l.Name))
		known[name] = l
		for _, t := range l.Types {
			touch(t, l.Name).Configured = true
		}
		if len(l.Types) == 0 && used[name] == "" {
			touch("", l.Name)
		}
	}
	for _, e := range list(s.Expected) { // those that were not seen want what stands beside their type
		i := slices.IndexFunc(loads, func(l Load) bool { return slices.Contains(l.Types, e.Type) })
		if !heard[e.MAC] && i >= 0 {
			phones[e.Type]++
			touch(e.Type, loads[i].Name).Wanted++
		}
	}
	by := map[string][]loadJSON{}
	for m := range phones {
		by[m] = []loadJSON{}
	}
	for k, c := range cells {
		if l, ok := known[k.load]; ok {
			c.Present, c.Total, c.Missing = l.Present, l.Total, l.Missing
			switch {
			case l.Whole:
				c.Here = "whole"
			case l.Present > 0:
				c.Here = "missing"
			}
		}
		by[k.model] = append(by[k.model], *c)
	}
	out := []modelJSON{}
	for m, loads := range by {
		sorted.By(loads, func(a, b loadJSON) int {
			return cmp.Or(b.Wanted-a.Wanted, b.Runs-a.Runs, strings.Compare(a.Name, b.Name))
		})
		out = append(out, modelJSON{m, phones[m], loads})
	}
	sorted.By(out, func(a, b modelJSON) int { return cmp.Or(b.Phones-a.Phones, strings.Compare(a.Model, b.Model)) })
	return out
}

func canonical(load string) string { return phone.Load(load).Canonical() }

func (s *Sources) log() logJSON {
	l := logJSON{Host: s.hostname(), Lines: []string{}}
	if s.Log != nil {
		l.Lines = append(l.Lines, s.Log(maxLog)...)
	}
	return l
}

func (s *Sources) changes() changesJSON {
	c := changesJSON{Host: s.hostname(), Changes: []changeJSON{}}
	for _, x := range list(s.Changes) {
		c.Changes = append(c.Changes, changeJSON(x))
	}
	return c
}
