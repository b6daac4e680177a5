package audit

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"option150/platform/config"
	"option150/telephony/advice"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
	"option150/telephony/firmware/intake"
	"option150/telephony/phone"
)

// loadLine is one `load` line.
type loadLine struct {
	section string
	cnf.LoadEntry
}

func (a *around) loadLines() (out []loadLine) {
	t := &a.c.Telephony
	for _, l := range t.Service.Loads {
		out = append(out, loadLine{"telephony-service", l})
	}
	for _, l := range t.Global.Loads {
		out = append(out, loadLine{"voice register global", l})
	}
	return out
}

// loads looks for every load and its components, and for the files of
// tftp-server lines.
func (a *around) loads() {
	if a.w.Flash == nil {
		return
	}
	here := map[string]bool{} // loads that some phone fetches here
	for _, t := range LoadServers(&a.c.Telephony) {
		here[t.Load] = here[t.Load] || slices.Contains(a.own, t.Addr)
	}
	server := cnf.ValuesOf(&a.c.Telephony, cnf.LoadServer).All.Value
	for _, l := range a.loadLines() {
		if x, _ := netip.ParseAddr(server); server == "" || slices.Contains(a.own, x) || here[l.File] {
			a.load(l)
		}
	}
	for _, b := range a.c.Files.Bindings {
		_, file, _ := strings.Cut(b.File, ":")
		file = strings.Trim(file, "/")
		if i := slices.IndexFunc(a.w.Flash.Files, func(f File) bool { return f.Path == file }); i < 0 {
			a.add(config.Warning, "A02", "", "tftp-server %s: the file is not there", b.File)
		} else if a.w.Flash.Files[i].Size == 0 {
			a.add(config.Warning, "A02", "", "tftp-server %s: the file is empty, which phones take for absent", b.File)
		}
	}
	a.packed()
	a.noRecovery()
	a.disagree()
}

// packed finds packages that lie in flash: as they came: nothing of them is
// served.
func (a *around) packed() {
	for _, f := range a.w.Flash.Files {
		if !intake.IsPackage(f.Path) {
			continue
		}
		into := strings.TrimPrefix(a.w.Flash.Home+"/"+intake.Directory+"/"+intake.PackageName(f.Path)+"/", "/")
		if slices.ContainsFunc(a.w.Flash.Files, func(g File) bool { return strings.HasPrefix(g.Path, into) }) {
			continue
		}
		x := a.add(config.Note, "A01", "", "flash:%s is a package that nobody unpacked: phones get nothing of it", f.Path)
		if strings.EqualFold(path.Ext(f.Path), ".exe") {
			x.fix(advice.Tell("A router cannot run it: take the .zip or .tar of the same release."))
		} else {
			x.fix(advice.Do("archive import flash:/" + f.Path))
		}
	}
}

// load looks for one load.
func (a *around) load(l loadLine) {
	s := firmware.Examine(a.w.Flash.Find, phone.Load(l.File), false)
	var bad []string
	for _, m := range s.Missing {
		if m.Fatal() {
			bad = append(bad, m.String()+a.elsewhere(m))
		}
	}
	switch {
	case len(bad) == 0:
	case a.c.Upstream.Abroad() && !slices.ContainsFunc(s.Missing, here):
		a.loadAbroad(l, s, bad)
	case s.Set == nil && s.Missing[0].Kind == firmware.Absent:
		x := a.add(config.Warning, "A01", l.section, "load %s %s: %s", l.Type, l.File, bad[0])
		if near := a.nearLoad(l); near != "" {
			x.Text += ", " + near + " is there"
			x.fix(advice.In(l.section, fmt.Sprintf("load %s %s", l.Type, near)))
			return
		}
		x.fix(advice.Tell("Put " + s.First + " and the files named in it on flash:."))
	case s.Set == nil:
		a.add(config.Warning, "A01", l.section, "load %s %s: %s", l.Type, l.File, strings.Join(bad, "; "))
	default:
		a.add(config.Warning, "A02", l.section, "load %s %s is not whole: %s", l.Type, l.File, enumerate(bad)).
			seen("%s names %d files, %d are here and whole", s.First, s.Total, s.Present).
			fix(advice.Tell("Put the files of the load on flash: again, as they came in one package."))
	}
}

// elsewhere says that a file that is absent to phones lies outside the home
// path.
func (a *around) elsewhere(m firmware.Missing) string {
	if m.Kind != firmware.Absent {
		return ""
	}
	for _, f := range a.w.Flash.Files {
		if strings.EqualFold(path.Base(f.Path), m.File) && a.w.Flash.Home != "" && !strings.HasPrefix(f.Path, a.w.Flash.Home+"/") {
			return fmt.Sprintf(" below flash:%s (it is at flash:%s)", a.w.Flash.Home, f.Path)
		}
	}
	return ""
}

// nearLoad is the only whole load on flash: of the line's model and protocol
// whose name is a slip away from the one of the line.
func (a *around) nearLoad(l loadLine) string {
	want := phone.Load(l.File)
	var near []string
	for _, f := range a.w.Flash.Files {
		have := phone.Load(path.Base(f.Path))
		if !strings.EqualFold(have.Suffix(), ".loads") || !strings.EqualFold(have.Family(), want.Family()) || have.Protocol() != want.Protocol() || have.Equal(want) ||
			distance(strings.ToLower(have.Canonical()), strings.ToLower(want.Canonical())) > 2 {
			continue
		}
		if firmware.Examine(a.w.Flash.Find, have, false).Complete() && !slices.Contains(near, have.Canonical()) {
			near = append(near, have.Canonical())
		}
	}
	if len(near) != 1 {
		return ""
	}
	return near[0]
}

// distance is the number of insertions, deletions and replacements between two
// short texts.
func distance(s, t string) int {
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(s) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(t) {
			cost := diagonal
			if s[i] != t[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(t)]
}

// disagree finds loads that name one component in two sizes, and names several
// files of flash: have: a phone asks for the bare name, and of several the box
// cannot tell which is meant.
func (a *around) disagree() {
	type named struct {
		load string
		size int64
	}
	first := map[string]named{}
	for _, f := range a.w.Flash.Files {
		if !strings.EqualFold(path.Ext(f.Path), ".loads") {
			continue
		}
		s := firmware.Examine(a.w.Flash.Find, phone.Load(path.Base(f.Path)), false)
		if s.Set == nil {
			continue
		}
		for _, c := range s.Set.Components {
			had, again := first[c.Name]
			switch {
			case c.Size < 0:
			case !again:
				first[c.Name] = named{path.Base(f.Path), c.Size}
			case had.size != c.Size && had.load != path.Base(f.Path):
				a.add(config.Warning, "A03", "", "%s and %s name %s with %d and %d bytes: one of them does not get its own", had.load, path.Base(f.Path), c.Name, had.size, c.Size)
			}
		}
	}
	places := map[string][]string{}
	for _, f := range a.w.Flash.Files {
		if in, ok := a.below(f.Path); ok {
			places[path.Base(in)] = append(places[path.Base(in)], in)
		}
	}
	for _, f := range a.w.Flash.Files {
		base := path.Base(f.Path)
		_, served := a.w.Flash.Find(base) // copies of one content are one file
		if p := places[base]; !served && len(p) > 1 && !slices.Contains(p, base) && phoneFile(base) && !intake.DefaultLoad(base) && !intake.LanguageFile(base) {
			a.add(config.Warning, "A03", "", "%s is in %d places and phones ask for the bare name: none of them is served", base, len(p)).
				seen("%s", enumerate(p))
			delete(places, base)
		}
	}
}

// below is a path of flash: as it is below the home path.
func (a *around) below(p string) (string, bool) {
	if a.w.Flash.Home == "" {
		return p, true
	}
	return strings.CutPrefix(p, a.w.Flash.Home+"/")
}

// phoneFile is whether phones ask for such a name without a directory.
func phoneFile(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".loads", ".sbn", ".sgn", ".sebn", ".bin", ".sbin", ".zup", ".cnf", ".xml", ".txt":
		return true
	}
	return false
}

// steps looks whether a configured load, or the one a factory reset brings, is
// a step too far for a phone that was seen.
func (a *around) steps() {
	if a.w.Phones == nil {
		return
	}
	for _, l := range a.loadLines() {
		var who []string
		var from phone.Load
		var step firmware.Step
		for _, p := range a.w.Phones.Seen {
			runs := phone.Load(p.Runs)
			if p.Runs == "" || !loadIsFor(l, p.Model) {
				continue
			}
			if s := firmware.Steps(runs, phone.Load(l.File)); len(s) > 0 {
				who, step = append(who, p.Device), s[0]
				if v := from.Version(); !v.Known || runs.Version().Compare(v) < 0 {
					from = runs
				}
			}
		}
		if len(who) == 0 {
			continue
		}
		x := a.add(config.Warning, "A27", l.section, "load %s %s is a step too far for %s, which runs %s: it has to run %s first", l.Type, l.File, enumerate(who), from.Canonical(), step.Release).
			seen("%s", step.Why)
		if b := a.bridge(l, step); b != "" {
			x.fix(advice.In(l.section, fmt.Sprintf("load %s %s", l.Type, b)))
		} else {
			x.fix(advice.Tell("Put the load " + step.Release + " of that family on flash: and name it in the load line first."))
		}
	}
	var kept []string
	for _, p := range a.w.Phones.Seen {
		if p.Kept {
			kept = append(kept, p.Device)
		}
	}
	if len(kept) > 0 {
		takes := "keeps its image: what it runs"
		if len(kept) > 1 {
			takes = "keep their images: what they run"
		}
		a.add(config.Note, "A27", "", "%s %s is not known, and the load of the line may be a step too far", enumerate(kept), takes).
			fix(advice.Tell("`show firmware phones` says why; `phone-poll` reads it of their pages, `upgrade unknown` says what to give them all the same."))
	}
	a.recovery()
}

func loadIsFor(l loadLine, model string) bool {
	return slices.ContainsFunc(phone.ByLoadKey(l.Type), func(m phone.Model) bool { return strings.EqualFold(m.Keyword, model) })
}

// bridge is a whole load on flash: of the release of a step, in the family and
// protocol of the line.
func (a *around) bridge(l loadLine, step firmware.Step) string {
	if a.w.Flash == nil {
		return ""
	}
	want := phone.Load(l.File)
	for _, f := range a.w.Flash.Files {
		have := phone.Load(path.Base(f.Path))
		if strings.EqualFold(have.Suffix(), ".loads") && strings.EqualFold(have.Family(), want.Family()) && have.Protocol() == want.Protocol() &&
			have.Version().String() == step.Release && firmware.Examine(a.w.Flash.Find, have, false).Complete() {
			return have.Canonical()
		}
	}
	return ""
}

// noRecovery finds models whose load is configured and whose default load came
// with no package here: it is signed by its maker, so none is made, and a phone
// asks for it in vain after a factory reset.
func (a *around) noRecovery() {
	here := map[string]bool{}
	for _, f := range a.w.Flash.Files {
		if _, below := a.below(f.Path); below && f.Size > 0 {
			here[strings.ToLower(path.Base(f.Path))] = true
		}
	}
	var absent []string
	for _, l := range a.loadLines() {
		if !firmware.Examine(a.w.Flash.Find, phone.Load(l.File), false).Complete() {
			continue // that is said first
		}
		for _, m := range phone.ByLoadKey(l.Type) {
			if m.DefaultLoad == "" || here[strings.ToLower(m.DefaultLoad)] || slices.Contains(absent, m.DefaultLoad) {
				continue
			}
			if _, ok := a.kept(m.DefaultLoad); !ok {
				absent = append(absent, m.DefaultLoad)
			}
		}
	}
	if len(absent) > 0 {
		vain := "a phone asks for it in vain after a factory reset"
		if a.c.Upstream.Abroad() {
			vain += ", unless an alternate file server has it"
		}
		a.add(config.Note, "A04", "", "%s came with no package here: %s", enumerate(absent), vain).
			fix(advice.Tell("Import the package of the load as it is shipped: it has the list, which is signed and cannot be made."))
	}
}

// recovery looks at the lists a phone asks for after a factory reset. They say
// in the names of their components of which release they are.
func (a *around) recovery() {
	if a.w.Flash == nil {
		return
	}
	for _, m := range phone.Models() {
		if m.DefaultLoad == "" || m.Images == "" {
			continue
		}
		s := firmware.Examine(a.w.Flash.Find, phone.Load(m.DefaultLoad), false)
		if s.Set == nil {
			continue
		}
		to := releaseOf(s.Set, m.Images)
		for _, p := range a.w.Phones.Seen {
			if strings.EqualFold(p.Model, m.Keyword) && p.Runs != "" && len(firmware.Steps(phone.Load(p.Runs), to)) > 0 {
				a.add(config.Warning, "A04", "", "%s brings %s, a step too far for %s that runs %s: a factory reset would not end", m.DefaultLoad, to.Version(), phone.Named(m.Keyword), phone.Load(p.Runs).Canonical()).
					seen("%s, %s", p.Device, enumerate(s.Set.Names()))
				break
			}
		}
	}
}

// releaseOf makes the name of a load of the release that the components of a
// list are of: jar41sccp.9-4-2ES26.sbn is of 9.4(2).
func releaseOf(s *firmware.LoadSet, family string) phone.Load {
	for _, c := range s.Names() {
		_, rest, ok := strings.Cut(c, ".")
		if l := phone.Load("SCCP" + family + "." + rest); ok && l.Version().Known {
			return l
		}
	}
	return ""
}
