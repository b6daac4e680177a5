package inventory

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"option150/platform/fileserver"
	"option150/telephony/advice"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// What other file servers did to the files of a phone. [source 004, "Centralized
// TFTP in a multiple cluster environment"]

// upstreamRoute is how files that came from another server are marked.
const upstreamRoute = "upstream"

// elsewhere is a request that could not be answered because of another server.
func (v *Inventory) elsewhere(at time.Time, x fileserver.Busy) {
	if b := v.again(at, x); b != nil {
		b.elsewhere = keep(x.Why)
	}
}

// again is a request that was told to come again.
func (v *Inventory) again(at time.Time, x fileserver.Busy) *boot {
	r, b, l, _ := v.answer(at, x.Transport, x.Client, x.Name)
	if r == nil {
		return nil
	}
	l.Remark, l.Result = keep(x.Why), "error 3"
	if x.Transport == fileserver.HTTP {
		l.Result = "503"
	}
	b.lastFail = at
	return b
}

// looped is a question about a phone that came back.
func (v *Inventory) looped(x fileserver.Looped) {
	mac, ok := phone.MACOfFile(x.Name)
	if r := v.phones[mac]; ok && r != nil && r.now() != nil {
		r.now().looped = x.From
	}
}

// nobodyKnows: this box and every alternate said that they have no file for it.
func nobodyKnows(e *evidence) (Verdict, bool) {
	own := e.b.own
	if own == nil || !own.missing || own.nobody == "" || e.setup.Section != "" {
		return none()
	}
	v, _ := found(lastPart(own.name)+" asked "+e.at(own.at)+": "+own.nobody, "No file server knows this phone, neither this one nor its alternates: %s.", own.nobody)
	v.Fix = append(advice.Steps{advice.Tell("Configure the phone at the call manager it belongs to, or here:")}, e.configure()...)
	return v, true
}

// turnsInCircles: an alternate asks this box for what this box asked it for.
func turnsInCircles(e *evidence) (Verdict, bool) {
	if !e.b.looped.IsValid() {
		return none()
	}
	return found(e.b.looped.String()+" asked here for its file, with the mark of this box", "The alternate file server %s asks this box for what this box asks it for: each is an alternate of the other.", e.b.looped)
}

// lack is what a phone does not get of a load.
type lack struct {
	gone    []string // it was told that there is no such file, or would be
	files   []*file  // those of them it asked for
	bad     []string // here, and not what the load says
	unasked []string // not here, and an alternate may have it: nobody was asked yet
}

// lacks is what is missing of the load this phone asked for. What it was sent in
// this boot was there, wherever it came from; beside alternates a file that is
// not here is absent only when they were asked for it.
func (e *evidence) lacks() (k lack) {
	if e.b.load == nil {
		return k
	}
	_, st := e.stock()
	asked := map[string]*file{strings.ToLower(lastPart(e.b.load.name)): e.b.load}
	for _, f := range e.b.parts {
		n := lastPart(f.name)
		asked[strings.ToLower(n)] = f
		if f.missing {
			k.gone, k.files = append(k.gone, n), append(k.files, f)
		}
	}
	for _, m := range st.Missing {
		f := asked[strings.ToLower(m.File)]
		absent := m.Kind == firmware.Absent || m.Kind == firmware.Empty
		switch {
		case !m.Fatal(), absent && f != nil && !f.served.IsZero(), m.Kind == firmware.Absent && f != nil && f.missing:
		case absent && e.box.Alternates && (f == nil || !f.missing):
			k.unasked = append(k.unasked, m.File)
		case m.Kind == firmware.Absent:
			k.gone = append(k.gone, m.File)
		default:
			k.bad = append(k.bad, m.String())
			k.gone = slices.DeleteFunc(k.gone, func(n string) bool { return strings.EqualFold(n, m.File) })
		}
	}
	return k
}

// beyond is a sentence about files the phone was not given: what is known of
// the alternates. "" where there are none.
func (e *evidence) beyond(files ...*file) string {
	nobody, unasked := "", false
	for _, f := range files {
		if f.maybe != "" {
			return " Whether an alternate file server has " + lastPart(f.name) + " is not known: " + f.maybe + "."
		}
		nobody, unasked = cmp.Or(nobody, f.nobody), unasked || f.nobody == ""
	}
	switch {
	case unasked && e.box.Alternates:
		return " The alternate file servers were not asked; one may have it."
	case nobody != "":
		return " The alternate file servers do not have it either: " + nobody + "."
	}
	return ""
}

// askAgain adds where to look first while it is not known what an alternate has.
func (e *evidence) askAgain(steps advice.Steps, files ...*file) advice.Steps {
	if slices.ContainsFunc(files, func(f *file) bool { return f.maybe != "" }) {
		return append(advice.Steps{advice.Do("show file-server alternate"), advice.Tell("when it answers, restart the phone; or:")}, steps...)
	}
	return steps
}
