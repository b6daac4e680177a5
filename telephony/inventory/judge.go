package inventory

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/platform/sorted"
	"option150/platform/wire"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// evidence is what the rules look at: one phone at one time.
type evidence struct {
	r      *record
	b      *boot
	before *boot // the boot before, nil if none is known
	now    time.Time
	waits  Waits
	setup  Setup
	box    Box
	w      outlook

	model      phone.Model // it told, else of its configured type
	modelKnown bool
	stand      stand
	today      Setup // what is configured now; setup has what its file told the phone
	changed    bool  // what its file told it is not known: it has changed since
}

// read takes what the file told the phone, for what is configured now may be
// something else: a fix is of no use to a phone that has not read it.
func (e *evidence) read() {
	e.today = e.setup
	own := e.b.own
	if own == nil || own.served.IsZero() || !isSEP(own.name) {
		return
	}
	g := e.setup.Given
	switch {
	case own.route == upstreamRoute:
		g = &Given{}
	case e.b.byHand():
		p := e.w.placed[own.name]
		g = &p
	case g == nil || !g.At.Equal(own.served):
		e.changed = e.setup.Changed.After(own.at) && e.setup.Section != ""
		return
	}
	e.changed = !g.Known
	e.setup.Load, e.setup.Server, e.setup.Sharing, e.setup.Control = g.Load, g.Server, g.Sharing, g.Control
}

// judge fills in state, load and verdict.
func (e *evidence) judge(p *Phone) {
	if e.r.known {
		e.model, e.modelKnown = e.r.model, true
	}
	e.stand = e.progress()
	p.State, p.Basis = e.stand.state, e.stand.basis
	p.Fallback = e.fallback()
	p.Quiet = e.now.Sub(e.active()) >= e.waits.Quiet && e.b.waiting(e.now) == 0
	p.Wanted, p.Elsewhere = e.wanted(), e.elsewhere()
	if p.Elsewhere {
		p.Wanted = cmp.Or(p.Wanted, e.r.fetched)
	}
	p.Load, p.LoadBasis = e.runs()
	for _, rule := range rules() {
		if rule.check == nil {
			continue
		}
		v, ok := rule.check(e)
		if !ok {
			continue
		}
		v.Code = rule.Code
		if len(v.Fix) == 0 {
			v.Fix = rule.Fix
		}
		if v.Basis == "" {
			v.Basis = Observed
		}
		v.Blocking = rule.weight == stops
		p.Others = append(p.Others, v)
	}
	// The first broken link comes first: of those that stop it, of those that
	// speak against its being up, then what else was found.
	sorted.Stable(p.Others, func(a, b Verdict) int { return int(weightOf(b.Code)) - int(weightOf(a.Code)) })
	up := e.stand.state == Provisioned
	control, asking := e.asking()
	switch {
	case len(p.Others) > 0 && (!up || weightOf(p.Others[0].Code) > beside):
		p.Verdict, p.Others = p.Others[0], p.Others[1:]
		p.Verdict.Up = up && !asking && e.doubt() == "" && weightOf(p.Verdict.Code) == stays
	case up && asking:
		p.Verdict = Verdict{Code: Open, Text: fmt.Sprintf("It has all it asked for; its call control %s is being asked whether it is there.", control), Evidence: e.stand.evidence, Basis: e.stand.basis}
	case up && e.doubt() == "":
		p.Verdict = e.fine(p)
	case up:
		p.Verdict = Verdict{Code: Open, Text: "It has its configuration. " + e.doubt(), Evidence: e.stand.evidence, Basis: e.stand.basis}
	default:
		p.Verdict = Verdict{Code: Open, Text: e.stand.waits, Evidence: e.stand.evidence, Basis: e.stand.basis}
	}
	p.Against = e.nowhere() && e.b.active.by != wire.Mirror || up && !asking && e.doubt() != ""
	if p.Verdict.Blocking {
		p.State, p.Basis = Stuck, p.Verdict.Basis
	}
	if p.State == Provisioned && !e.b.ready.IsZero() {
		p.Took = e.b.ready.Sub(e.b.start)
	}
}

// fine is the verdict of a phone that came up.
func (e *evidence) fine(p *Phone) Verdict {
	v := Verdict{Code: OK, Evidence: e.stand.evidence, Basis: e.stand.basis}
	switch {
	case e.elsewhere():
		v.Text = "It fetched its load " + p.Wanted + " here; its configuration comes from elsewhere."
	case p.Load == "" && p.Wanted == "" && !e.changed && e.today.Load != "":
		v.Text = "It has its configuration. Its file names no load, though " + phone.Load(e.today.Load).Canonical() + " is configured: it keeps its image, and show firmware phones tells why."
	case p.Load == "" && p.Wanted == "" && !e.changed:
		v.Text = "It has its configuration. No load is named for it."
	case p.Load == "":
		v.Text = "It has its configuration; which load it runs is not known."
	case e.peer(p.Load) != "":
		runs := map[bool]string{true: "runs", false: "says that it runs"}[e.b.told.what == ""]
		v.Text = "It has its configuration and " + runs + " its load " + p.Load + ", which it had from " + e.peer(p.Load) + "."
	case e.b.told.what != "":
		v.Text = "It has its configuration and runs " + p.Load + ", as it says itself."
	case p.LoadBasis == Observed:
		v.Text = "It has its configuration and runs its load " + p.Load + ", which it fetched here."
	default:
		v.Text = "It has its configuration and did not ask for its load " + p.Load + ": it runs it."
	}
	return v
}

// wanted is the load the phone is to run.
func (e *evidence) wanted() string {
	if l := e.b.load; l != nil && !recovery(l.name) {
		return loadName(l.name)
	}
	return phone.Load(e.setup.Load).Canonical()
}

// runs is the load the phone runs and how that is known; "" = it is not.
func (e *evidence) runs() (string, Basis) {
	r, b := e.r, e.b
	switch wanted := e.wanted(); {
	case b.told.what != "":
		return b.told.what, Observed // it says so
	case b.load != nil:
		return r.runs, basisOf(r.runs) // until it is back
	case e.stand.state == Provisioned && e.has(wanted):
		return wanted, Observed // fetched whole, and back without asking again
	case e.stand.state == Provisioned && wanted == "" && r.fetched != "" && e.setup.Section == "":
		return r.fetched, Observed
	case e.stand.state == Provisioned && !e.changed && e.doubt() == "":
		return wanted, Inferred // it did not ask for another
	}
	return "", ""
}

// has reports that the phone fetched a load whole and was back without asking
// for it. The load of a factory reset is another by name and may be the same
// files.
func (e *evidence) has(wanted string) bool {
	r := e.r
	switch {
	case wanted == "" || e.changed:
		return false
	case strings.EqualFold(r.fetched, wanted) || strings.EqualFold(r.runs, wanted):
		return true
	case !recovery(r.fetched + ".loads"):
		return false
	}
	a, b := e.w.loads[r.fetched].Set, e.w.loads[wanted].Set
	if a == nil || b == nil {
		return false
	}
	x, y := slices.Sorted(slices.Values(a.Names())), slices.Sorted(slices.Values(b.Names()))
	return len(x) > 0 && slices.EqualFunc(x, y, strings.EqualFold)
}

func basisOf(load string) Basis {
	if load == "" {
		return ""
	}
	return Observed
}

// stock is what is here of the load the phone asked for or is to run.
func (e *evidence) stock() (string, firmware.State) {
	load := e.wanted()
	if l := e.b.load; l != nil {
		load = loadName(l.name)
	}
	return load, e.w.loads[load]
}

// parts are the components of the load asked for, nil = not known.
func (e *evidence) parts() []string {
	if _, st := e.stock(); e.b.load != nil && st.Set != nil {
		return st.Set.Names()
	}
	return nil
}

// active is when something happened last that a phone does while it boots. A
// renewal of its lease is none of it.
func (e *evidence) active() time.Time {
	b, last := e.b, e.b.start
	config, configured := e.r.hasConfig(b)
	for _, t := range []time.Time{b.discovered, b.requested, b.acked, b.six.solicited, b.six.replied} {
		if t.After(last) && !(configured && t.After(config)) {
			last = t
		}
	}
	for _, t := range []time.Time{b.lastFile, b.lastEnd, b.shared, b.refused, b.secure} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// at is a moment of this boot as the timeline prints it.
func (e *evidence) at(t time.Time) string {
	return fmt.Sprintf("at %+.3f", max(t.Sub(e.b.start), 0).Seconds())
}

// fallback: TFTP although the model asks HTTP first. A loader without image
// knows TFTP only, and firmware older than 9.3 does; where the port is known to
// be open that is the explanation. [source 000; wazo-provd-plugins, PR 12]
func (e *evidence) fallback() Basis {
	b := e.b
	switch {
	case b.tftp == 0:
		return ""
	case e.refused():
		return Observed
	case b.http > 0 || !e.r.known || e.r.model.HTTP == "no" || e.r.model.HTTP == "":
		return ""
	case b.load != nil && recovery(b.load.name):
		return ""
	case e.box.HTTP && e.r.model.HTTP == "9.3":
		return ""
	}
	return Inferred
}

// refused: its connection to this box was, and not one to another server that a
// mirror port shows.
func (e *evidence) refused() bool { return !e.b.refused.IsZero() && e.here(e.b.refusedAt) }

// secure: it wants HTTPS of this box.
func (e *evidence) secure() bool { return !e.b.secure.IsZero() && e.here(e.b.secureAt) }

// here reports that nothing says that a server is another than this box.
func (e *evidence) here(a netip.Addr) bool { return !a.IsValid() || len(e.box.Own) == 0 || e.ours(a) }

// older: it asked by TFTP only while the HTTP port is open, so its firmware
// does not know HTTP, and the load it is to run does.
func (e *evidence) older() bool {
	b := e.b
	if e.has(e.wanted()) || b.tftp == 0 || b.http > 0 || e.refused() || !e.box.HTTP || !e.r.known || e.r.model.HTTP != "9.3" {
		return false
	}
	load := phone.Load(e.wanted())
	v, since := load.Version(), phone.Version{Major: 9, Minor: 3}
	if load.Protocol() == "SIP" {
		since.Minor = 0
	}
	return v.Known && v.Compare(since) >= 0
}

// ours reports that an address is one of this box.
func (e *evidence) ours(a netip.Addr) bool { return slices.Contains(e.box.Own, a.Unmap()) }

func list(names []string) string {
	switch n := len(names); n {
	case 0:
		return ""
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}
