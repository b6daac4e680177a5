package inventory

import (
	"time"

	"option150/platform/fileserver"
	"option150/telephony/advice"
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
