package inventory

import (
	"fmt"
	"net/netip"

	"option150/platform/wire"
	"option150/telephony/advice"
)

// The rules about what comes after the files.

// deadControl: none of the call control its file names answers.
func deadControl(e *evidence) (Verdict, bool) {
	if e.b.active.what != "" || e.denied() || e.stand.state != Provisioned && !e.knocks() && !e.nowhere() || len(e.setup.Control) == 0 {
		return none()
	}
	where, why, basis := "", "", Observed
	for _, c := range e.setup.Control {
		a, asked := e.box.Control[c]
		asked = asked && !a.Asking
		s := e.b.sought[c.Addr()]
		unanswered := s != nil && s.n >= soughtOften && !e.ours(c.Addr())
		switch {
		case asked && a.OK || !asked && !unanswered:
			return e.unregistered() // one answers, or nobody knows
		case unanswered:
			where, why = c.String(), fmt.Sprintf("the phone asked for the hardware address of %s %d times", c.Addr(), s.n)
		default:
			where, why, basis = c.String(), a.Why, a.Basis
		}
	}
	first := e.setup.Control[0]
	if e.ours(first.Addr()) {
		v, _ := found(why, "It has all it asked for, and its file names %s as call control: that is this very box, which is no call control.", first)
		v.Basis = basis
		v.Fix = tell("Name the address of the call control in " + e.source() + ".")
		return v, true
	}
	v, _ := found(why, "It has all it asked for, and its call control %s does not answer.", where)
	v.Basis = basis
	v.Fix = advice.Steps{advice.Do("ping " + first.Addr().String()), advice.Tell("start the call control there, or name another in " + e.source() + ".")}
	return v, true
}

// asking reports that nobody can say yet whether its call control is there: it
// is being asked, and none of it has answered.
func (e *evidence) asking() (c netip.AddrPort, asking bool) {
	if e.b.active.what != "" {
		return c, false
	}
	for _, x := range e.setup.Control {
		a, ok := e.box.Control[x]
		switch {
		case !ok || a.OK:
			return c, false
		case a.Asking && !asking:
			c, asking = x, true
		}
	}
	return c, asking
}

// nowhere: what did tell where it is registered says nowhere.
func (e *evidence) nowhere() bool {
	return e.idle() && (e.r.spoke || e.b.active.by == wire.Mirror)
}

// unregistered is a phone that says so itself for longer than it takes.
func (e *evidence) unregistered() (Verdict, bool) {
	if !e.nowhere() || e.denied() || e.now.Sub(e.b.active.since) < e.waits.NoFile {
		return none()
	}
	first := e.setup.Control[0]
	if e.b.active.by == wire.Mirror {
		v, _ := found("a mirror port shows the end "+e.at(e.b.active.since), "It has all it asked for, and its %s has ended; it has not registered again.", e.registration())
		v.Fix = advice.Steps{advice.Do("ping " + first.Addr().String()), advice.Tell("look at the call control there, and at the phone: it may be switched off.")}
		return v, true
	}
	v, _ := found("its page read "+e.at(e.b.active.at)+" names no call control as active", "It has all it asked for, and says itself that no call control has it registered; its file names %s.", first)
	v.Fix = advice.Steps{advice.Do("ping " + first.Addr().String()), advice.Tell("look at the call control there: it rejects the registration, or does not know the device.")}
	return v, true
}

// knocks: it has its configuration and asks for its call control in vain.
func (e *evidence) knocks() bool {
	if e.stand.state != Configured {
		return false
	}
	_, n := e.seeks()
	return n >= soughtOften
}

func (e *evidence) source() string {
	if e.setup.SIP {
		return "source-address of voice register global"
	}
	return "ip source-address of telephony-service"
}

// restarting: boots in a row that end soon after the configuration.
func restarting(e *evidence) (Verdict, bool) {
	if e.denied() {
		return found("a mirror port shows the answer "+e.at(e.b.turned.at), "It has all it asked for, and its call control %s does not register it: %s.", e.b.turned.what, e.b.turnedWhy)
	}
	const boots = 6
	if e.r.loops < boots-1 {
		return none()
	}
	if _, ok := e.r.hasConfig(e.b); !ok {
		return none()
	}
	if e.stand.state == Provisioned && e.now.Sub(e.active()) >= e.waits.Loop {
		return none() // it has stayed up
	}
	return found(fmt.Sprintf("%d boots in a row, the last one %s after its configuration", e.r.loops+1, took(e.r.lasted)),
		"It has all it asked for and starts again and again, %d times so far: its call control rejects it.", e.r.loops+1)
}

// staleFile: its file changed since it was sent.
func staleFile(e *evidence) (Verdict, bool) {
	own := e.b.own
	if own == nil || own.served.IsZero() || !isSEP(own.name) || e.setup.Changed.IsZero() || !e.setup.Changed.After(own.served) || e.now.Sub(e.setup.Changed) < e.waits.Stale {
		return none()
	}
	return found(fmt.Sprintf("its file was sent %s ago and changed %s ago", took(e.now.Sub(own.served)), took(e.now.Sub(e.setup.Changed))),
		"Its file has changed since it fetched it: it runs with the one before.")
}

// scanVerdict is R33.
func scanVerdict(s Scan) Verdict {
	v, _ := found(fmt.Sprintf("%d requests for files of phones in %s", s.Asked, took(s.Last.Sub(s.First))),
		"%s asks for the files of many phones; %d were sent to it.", s.Addr, s.Given)
	v.Code = "R33"
	v.Fix = fixOf(v.Code)
	return v
}

// fixOf is the advice of a rule that is not about one phone's events.
func fixOf(code string) advice.Steps {
	for _, r := range rules() {
		if r.Code == code {
			return r.Fix
		}
	}
	return nil
}
