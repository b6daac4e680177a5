package inventory

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/pfs"
	"option150/platform/wire"
)

// stand is how far a phone came in this boot, before any verdict, and how that
// is known.
type stand struct {
	state    State
	basis    Basis
	waits    string // while it is under way: what is waited for
	evidence string
}

// progress follows the order of evidence. The traffic between phone and call
// control is not seen on a switched LAN, so what tells that a phone came up is,
// from the surest to the least sure: its own page, or its registration where a
// mirror port shows it; its load fetched whole and the phone back;
// a file of the next phase asked for after its configuration; one request for
// the hardware address of its call control; and silence, which is inferred and
// counts only where nothing else explains it.
func (e *evidence) progress() stand {
	b := e.b
	config, configured := e.r.hasConfig(b)
	switch {
	case !b.left.IsZero() && !b.left.Before(b.acked) && !b.lastFile.After(b.left):
		return stand{Seen, Observed, "It is away, or without an address: " + b.leftWhy + ".", b.leftWhy + " " + e.at(b.left)}
	case e.elsewhere() && (b.load != nil || !b.acked.IsZero() && e.now.Sub(b.acked) >= e.waits.NoFile):
		return e.firmwareOnly()
	case configured && e.unsigned():
		return e.arriving(config)
	case b.load != nil && b.load.served.IsZero():
		return stand{Loading, Observed, "It asks for its load " + loadName(b.load.name) + ".", lastPart(b.load.name) + " asked " + e.at(b.load.at)}
	case b.load != nil: // whoever has it restarts, and then does not ask again
		return e.loading()
	case configured && b.fell():
		return stand{Configured, Observed, "It asked for the default file after its own.", lastPart(b.def.name) + " asked " + e.at(b.def.at)}
	case configured:
		return e.arriving(config)
	case b.gateway != nil && !b.gateway.served.IsZero():
		return stand{Configured, Observed, "It was sent " + lastPart(b.gateway.name) + "; whether it took it is not seen from here.", "sent " + e.at(b.gateway.served)}
	case b.own != nil && b.own.missing && e.setup.Built && e.setup.Changed.After(b.own.at):
		return stand{Addressed, Observed, "It is configured since it asked for its file; it asks again when it restarts.", lastPart(b.own.name) + " asked " + e.at(b.own.at)}
	case !b.firstFile.IsZero() || !b.acked.IsZero():
		return stand{Addressed, Observed, "It has an address and asks for its files.", "address " + dash(addrText(cmp.Or(e.r.addr, e.r.addr6)))}
	case !b.six.replied.IsZero():
		return stand{Addressed, Observed, "It was answered over IPv6 and is to ask for its files.", "answered " + e.at(b.six.replied)}
	case b.discovers == 0 && b.six.solicits > 0:
		return stand{Seen, Observed, "It asks for an IPv6 address.", fmt.Sprintf("%d SOLICIT", b.six.solicits)}
	}
	return stand{Seen, Observed, "It asks for an address.", fmt.Sprintf("%d DISCOVER", max(b.discovers, 1))}
}

// loading is a phone that fetches or installs firmware.
func (e *evidence) loading() stand {
	b, name := e.b, loadName(e.b.load.name)
	got := 0
	for _, f := range b.parts {
		if !f.served.IsZero() {
			got++
		}
	}
	ev := fmt.Sprintf("%d of %d files of it sent", got, max(len(b.parts), len(e.parts())))
	if b.next.After(b.load.served) {
		return stand{Loading, Observed, "It was sent its load " + name + " and goes on; it runs it when it is back from a restart.", fmt.Sprintf("%s, and %s asked %s", ev, lastPart(b.nextName), e.at(b.next))}
	}
	if e.loadWhole() {
		return stand{Loading, Observed, "It has every file of its load " + name + ", installs it and is to restart.", ev}
	}
	if e.shares(pfs.Root, name) {
		return stand{Loading, Observed, "It fetches its load " + name + " and is its root: its peers have it from this phone.", ev}
	}
	if k := e.lacks(); len(k.unasked) > 0 {
		return stand{Loading, Observed, "It fetches its load " + name + "; not here, and an alternate file server may have: " + list(k.unasked) + ".", ev}
	}
	return stand{Loading, Observed, "It fetches its load " + name + ".", ev}
}

// loadWhole: every file of the load that is needed was sent. Of a load whose
// files are not known here, every one that was asked for.
func (e *evidence) loadWhole() bool {
	b := e.b
	if b.load == nil || b.load.served.IsZero() {
		return false
	}
	asked := map[string]bool{}
	for _, f := range b.parts {
		if f.served.IsZero() {
			return false
		}
		asked[strings.ToLower(lastPart(f.name))] = true
	}
	if alone(b.load.name) {
		return true
	}
	for _, name := range e.parts() {
		if !asked[strings.ToLower(name)] {
			return false
		}
	}
	return len(b.parts) > 0
}

// elsewhere: firmware was asked for and nothing of a configuration, in any boot
// that is remembered: this box is the load server of a phone that is configured
// elsewhere. [source 001, load server]
func (e *evidence) elsewhere() bool {
	if e.setup.Section != "" {
		return false
	}
	load := false
	for _, b := range e.r.boots {
		if b.own != nil || b.ownOther != nil || b.def != nil || b.signed != nil || b.trust > 0 || b.load != nil && recovery(b.load.name) {
			return false
		}
		load = load || b.load != nil
	}
	return load
}

// firmwareOnly is such a phone.
func (e *evidence) firmwareOnly() stand {
	b := e.b
	switch {
	case b.load != nil:
	case e.r.fetched == "":
		return stand{Addressed, Observed, "It asked for load " + e.r.load + " in a boot before and was not sent all of it; its configuration comes from elsewhere.", "nothing was asked for in this boot"}
	default:
		return stand{Provisioned, Inferred, "", "it is back and asks for nothing here since it was sent all of " + e.r.fetched}
	}
	s := stand{Loading, Observed, "It fetches load " + loadName(b.load.name) + "; its configuration comes from elsewhere.", "nothing of a configuration was asked for here"}
	if e.loadWhole() && b.waiting(e.now) == 0 && e.now.Sub(e.active()) >= e.waits.Quiet {
		s.state, s.basis = Provisioned, Inferred
	}
	return s
}

// arriving is a phone that has its configuration and asked for no load.
func (e *evidence) arriving(config time.Time) stand {
	b := e.b
	s := stand{state: Configured, basis: Observed, evidence: "its configuration was sent " + e.at(config)}
	if b.waiting(e.now) > 0 {
		s.waits = "It has its configuration; a request of it has no answer yet."
		return s
	}
	if !b.lastFail.IsZero() && e.now.Sub(b.lastFail) < e.waits.Fail {
		s.waits = "It has its configuration; a request of it failed a moment ago."
		return s
	}
	peers, shares := e.waitsForPeer(config)
	a, n := e.seeks()
	switch {
	case b.active.what != "" && !b.active.at.Before(config):
		s.state, s.evidence = Provisioned, e.registeredAt()
		if b.active.inferred {
			s.basis = Inferred
		}
		return s
	case e.denied():
		s.waits, s.evidence = fmt.Sprintf("It has its configuration, and its call control %s does not register it: %s.", b.turned.what, b.turnedWhy), "a mirror port shows the answer "+e.at(b.turned.at)
		return s
	case e.nowhere() && b.active.by == wire.Mirror:
		s.waits, s.evidence = "It has its configuration, and its "+e.registration()+" has ended.", "a mirror port shows the end "+e.at(b.active.since)
		return s
	case e.nowhere():
		s.waits, s.evidence = "It has its configuration, and its own page names no call control that it is registered at.", "its page read "+e.at(b.active.at)
		return s
	case n >= soughtOften:
		s.waits = fmt.Sprintf("It has its configuration and asks for the hardware address of %s again and again.", a)
		return s
	case e.r.loops > 0 && e.now.Sub(config) < e.r.longest+max(e.waits.Quiet, e.r.longest/2):
		s.waits = fmt.Sprintf("It has its configuration; the boot before ended %s after its own, and it has to outlast that.", took(e.r.lasted))
		return s
	case shares && (b.next.IsZero() || b.shared.After(b.next) || !e.goesOn()):
		return peers
	case !b.next.IsZero():
		s.state, s.evidence = Provisioned, fmt.Sprintf("it asked for %s %s, after its configuration", lastPart(b.nextName), e.at(b.next))
		return s
	}
	why := e.notBySilence()
	if sure, at := e.found(config); why == "" && sure.IsValid() && e.now.Sub(at) >= e.waits.Sought {
		s.state, s.evidence = Provisioned, fmt.Sprintf("it asked once for the hardware address of its call control %s %s", sure, e.at(at))
		return s
	}
	if why != "" {
		s.waits = "It has its configuration. " + why
		return s
	}
	quiet := e.waits.Quiet
	if silent := e.now.Sub(e.active()); silent < quiet {
		s.waits = fmt.Sprintf("It has its configuration; %s of silence are waited for.", took(quiet))
		return s
	}
	s.state, s.basis = Provisioned, Inferred
	s.evidence = fmt.Sprintf("nothing more was asked for in %s after its configuration", took(e.now.Sub(e.active())))
	return s
}

// registeredAt is how it is known where it is registered.
func (e *evidence) registeredAt() string {
	a := e.b.active
	switch {
	case a.by != wire.Mirror:
		return "its own page says that it is registered at " + a.what
	case a.inferred:
		return "a mirror port shows an encrypted connection with " + a.what + " that carries data both ways"
	}
	return "a mirror port shows that " + a.what + " registered it " + e.at(a.since)
}

// registration is the one that has ended.
func (e *evidence) registration() string {
	if e.b.active.was == "" {
		return "registration"
	}
	return "registration at " + e.b.active.was
}

// denied: since its configuration call control refused to register it.
func (e *evidence) denied() bool {
	config, ok := e.r.hasConfig(e.b)
	return ok && e.b.turned.what != "" && !e.b.turned.at.Before(config)
}

// idle: its page, read after it had its configuration, names call control and
// none that it is registered at.
func (e *evidence) idle() bool {
	config, ok := e.r.hasConfig(e.b)
	return ok && e.b.active.what == "" && !e.b.active.at.IsZero() && !e.b.active.at.Before(config)
}

// hop is whose hardware address is asked for on the way to an address: its own,
// or that of the router of the lease.
func (e *evidence) hop(a netip.Addr) netip.Addr {
	if b := e.b; b.leased.IsValid() && b.router.IsValid() && a.Is4() && !b.leased.Contains(a) {
		return b.router
	}
	return a
}

// found is the call control whose hardware address the phone asked for once
// since its configuration: it answered. One that is the router too may have been
// meant as that.
func (e *evidence) found(config time.Time) (netip.Addr, time.Time) {
	for _, c := range e.setup.Control {
		s := e.b.sought[c.Addr()]
		if s != nil && s.n == 1 && !s.last.Before(config) && !e.ours(c.Addr()) && !e.b.acked.IsZero() && c.Addr() != e.b.router {
			return c.Addr(), s.last
		}
	}
	return netip.Addr{}, time.Time{}
}

// seeks is the call control whose hardware address, or whose router's, the
// phone asked for since its configuration, and how often.
func (e *evidence) seeks() (a netip.Addr, n int) {
	config, _ := e.r.hasConfig(e.b)
	for _, c := range e.setup.Control {
		hop := e.hop(c.Addr())
		if s := e.b.sought[hop]; s != nil && !s.last.Before(config) && s.n > n && !e.ours(hop) && (hop != c.Addr() || !e.box.Control[c].OK) {
			a, n = hop, s.n
		}
	}
	return a, n
}

// notBySilence says why silence proves nothing: something else explains it.
func (e *evidence) notBySilence() string {
	wanted, signed := e.wanted(), e.b.signed
	switch {
	case e.r.crowded(e.b):
		return "Several phones ask from its address, and what carries no name may be anyone's of them."
	case e.idle():
		if e.b.active.by == wire.Mirror {
			return "Its " + e.registration() + " has ended."
		}
		return "Its own page names call control and does not say that it is registered there."
	case e.b.own != nil && e.b.own.unsure:
		return "It did not acknowledge the last block of that."
	case signed != nil && signed.missing:
		return "It asked for the signed file first, so it has a trust list, and may not take one that is not signed."
	case e.secure() && e.b.secure.After(e.b.lastFile):
		return "It asks for more by HTTPS, which this box does not offer."
	case e.has(wanted):
		return ""
	case e.changed:
		return e.untold()
	case e.serverElsewhere():
		return fmt.Sprintf("Its firmware comes from the load server %s and cannot be seen from here.", e.setup.Server)
	case e.setup.Sharing && wanted != "" && !e.shares(pfs.Child, wanted):
		return "It may wait for a peer's copy of " + wanted + ": Peer Firmware Sharing is on."
	case e.older():
		return "It asked by TFTP only: its firmware is older than " + wanted + ", and it did not ask for that."
	case wanted != "" && e.b.load == nil && e.r.fetched != "":
		return "It fetched " + e.r.fetched + " and did not ask for " + wanted + "."
	case wanted != "" && e.b.load == nil && e.r.runs != "":
		return "It ran " + e.r.runs + " and did not ask for " + wanted + "."
	}
	return ""
}

// untold says why it is not known what its file tells the phone.
func (e *evidence) untold() string {
	own := e.b.own
	switch {
	case own != nil && own.route == upstreamRoute:
		return "Its file came from an alternate file server: what that tells the phone is not known here."
	case e.b.byHand():
		return "Its file is one that lies in flash: and cannot be read as a phone file: what it tells the phone is not known."
	}
	return "Its file has changed since it fetched it, and what it was told is not known: it is when the phone has read it again."
}

// serverElsewhere reports that the load server is not this box.
func (e *evidence) serverElsewhere() bool {
	a, err := netip.ParseAddr(e.setup.Server)
	return e.setup.Server != "" && (err != nil || !e.ours(a))
}

// doubt says why a phone that came up is not called ok: it says something else
// itself, or which load it runs cannot be told although one is wanted.
func (e *evidence) doubt() string {
	b, wanted := e.b, e.wanted()
	switch {
	case b.active.what != "" && !e.named(b.active.what):
		if b.active.by == wire.Mirror {
			return "It is registered at " + b.active.what + ", which its file does not name."
		}
		return "Its own page says that it is registered at " + b.active.what + ", which its file does not name."
	case wanted != "" && b.told.what != "" && !strings.EqualFold(b.told.what, wanted) && !e.changed:
		return "It says itself that it runs " + b.told.what + "; it is to run " + wanted + "."
	case wanted == "" || e.elsewhere() || b.told.what != "" || e.has(wanted):
		return ""
	case e.setup.Sharing && !b.next.IsZero() && !e.serverElsewhere():
		return "" // it went on: it does not wait for a peer
	case e.changed && !b.next.IsZero():
		return "" // it went on with what it was told then
	}
	return e.notBySilence()
}

// named reports that the phone's file names this call control; of a name, and
// of a phone whose file is not known, that cannot be told.
func (e *evidence) named(control string) bool {
	a, err := netip.ParseAddr(control)
	return err != nil || e.changed || len(e.setup.Control) == 0 || slices.ContainsFunc(e.setup.Control, func(c netip.AddrPort) bool { return c.Addr() == a.Unmap() })
}
