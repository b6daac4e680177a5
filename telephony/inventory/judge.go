package inventory

import (
	"slices"
	"strings"
	"time"
)

// evidence is what the rules look at: one phone at one time.
type evidence struct {
	r      *record
	b      *boot
	before *boot    // the boot before, nil if none is known
	parts  []string // components of the load, nil = not known
	now    time.Time
	setup  Setup
	box    Box
	state  State // how far it came, before any verdict
}

// judge fills in state and verdict.
func (e *evidence) judge(p *Phone) {
	e.state = e.progress()
	p.State = e.state
	p.Fallback = e.fallback()
	for _, rule := range rules() {
		v, ok := rule.check(e)
		if !ok {
			continue
		}
		v.Code = rule.code
		if len(v.Fix) == 0 {
			v.Fix = rule.fix
		}
		// A phone that came up did not mind.
		v.Blocking = rule.blocks && (e.state != Provisioned || rule.always)
		p.Others = append(p.Others, v)
	}
	// The first broken link comes first; a finding that does not block waits
	// behind one that does.
	slices.SortStableFunc(p.Others, func(a, b Verdict) int {
		switch {
		case a.Blocking == b.Blocking:
			return 0
		case a.Blocking:
			return -1
		}
		return 1
	})
	switch {
	case len(p.Others) > 0 && (p.Others[0].Blocking || e.state != Provisioned):
		p.Verdict, p.Others = p.Others[0], p.Others[1:]
	case e.state == Provisioned:
		p.Verdict = e.fine()
	default:
		p.Verdict = Verdict{Code: "-", Text: e.way()}
	}
	if p.Verdict.Blocking {
		p.State = Stuck
	}
	if p.State == Provisioned && !e.b.ready.IsZero() {
		p.Took = e.b.ready.Sub(e.b.start)
	}
}

// fine is the verdict of a phone that came up.
func (e *evidence) fine() Verdict {
	text := "It has its configuration; it runs its load."
	if e.b.load != nil {
		text = "It has its configuration and its load " + loadName(e.b.load.name) + "."
	}
	return Verdict{Code: "ok", Text: text}
}

// way is what a phone that is still coming up does.
func (e *evidence) way() string {
	switch e.state {
	case Seen:
		return "It asks for an address."
	case Addressed:
		return "It has an address and asks for its files."
	case Configured:
		return "It has its configuration."
	}
	return "It fetches its load."
}

// progress is how far the phone came in this boot. See the package comment.
func (e *evidence) progress() State {
	b := e.b
	config, configured := e.r.hasConfig(b)
	switch {
	case b.load != nil && !e.loadDone():
		return Loading
	case b.load != nil && !configured:
		// A recovery load, or one named by the default file: the phone will
		// boot again for its configuration.
		return Loading
	case configured && e.settled(config):
		return Provisioned
	case configured:
		return Configured
	case !b.firstFile.IsZero() || !b.acked.IsZero():
		return Addressed
	}
	return Seen
}

// settled: nothing is under way and nothing failed a moment ago.
func (e *evidence) settled(config time.Time) bool {
	b := e.b
	if b.waiting(e.now) > 0 || !b.lastFail.IsZero() && e.now.Sub(b.lastFail) < FailQuiet {
		return false
	}
	return b.load != nil || b.next || e.now.Sub(config) >= ConfigQuiet
}

// loadDone: the load asked for in this boot is here, as far as one can tell.
func (e *evidence) loadDone() bool {
	b := e.b
	if b.load.served.IsZero() {
		return false
	}
	asked := map[string]bool{}
	for _, f := range b.parts {
		if f.served.IsZero() {
			return false
		}
		asked[strings.ToLower(lastPart(f.name))] = true
	}
	missing := 0
	for _, name := range e.parts {
		if !asked[strings.ToLower(name)] {
			missing++
		}
	}
	if len(e.parts) > 0 && missing == 0 || b.next {
		return true
	}
	if kindOf(b.load.name) == kindComponent {
		return true // one image is the whole load
	}
	last := b.lastPart
	quiet := PartQuiet
	if last.IsZero() {
		last = b.load.served
	} else if len(e.parts) == 0 {
		quiet = LoadQuiet
	}
	return b.waiting(e.now) == 0 && e.now.Sub(last) >= quiet
}

// missing are the components that failed, and how many there are in all.
func (e *evidence) missing() (names []string, all int) {
	for _, f := range e.b.parts {
		if f.missing {
			names = append(names, lastPart(f.name))
		}
	}
	return names, max(len(e.b.parts), len(e.parts))
}

// fallback: TFTP although the model asks HTTP first. A loader without image
// knows TFTP only. [facts/phones.md 1.5]
func (e *evidence) fallback() Basis {
	b := e.b
	switch {
	case b.tftp == 0:
		return ""
	case b.refused:
		return Observed
	case b.http > 0 || !e.r.known || e.r.model.HTTP == "no" || e.r.model.HTTP == "":
		return ""
	case b.load != nil && recovery(b.load.name):
		return ""
	}
	return Inferred
}
