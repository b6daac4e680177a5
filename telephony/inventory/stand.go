package inventory

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"option150/pfs"
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
// from the surest to the least sure: its load fetched whole and the phone back;
// a file of the next phase asked for after its configuration; one request for
// the hardware address of its call control; and silence, which is inferred and
// counts only where nothing else explains it.
func (e *evidence) progress() stand {
	b := e.b
	config, configured := e.r.hasConfig(b)
	switch {
	case e.elsewhere() && (b.load != nil || !b.acked.IsZero() && e.now.Sub(b.acked) >= e.waits.NoFile):
		return e.firmwareOnly()
	case b.load != nil && b.load.served.IsZero():
		return stand{Loading, Observed, "It asks for its load " + loadName(b.load.name) + ".", lastPart(b.load.name) + " asked " + e.at(b.load.at)}
	case b.load != nil: // whoever has it restarts, and then does not ask again
		return e.loading()
	case configured && b.fell():
		return stand{Configured, Observed, "It asked for the default file after its own.", lastPart(b.def.name) + " asked " + e.at(b.def.at)}
	case configured:
		return e.arriving(config)
	case b.own != nil && b.own.missing && e.setup.Built && e.setup.Changed.After(b.own.at):
		return stand{Addressed, Observed, "It is configured since it asked for its file; it asks again when it restarts.", lastPart(b.own.name) + " asked " + e.at(b.own.at)}
	case !b.firstFile.IsZero() || !b.acked.IsZero():
		return stand{Addressed, Observed, "It has an address and asks for its files.", "address " + dash(addrText(e.r.addr))}
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
	if kindOf(b.load.name) == kindComponent {
		return true // one image is the whole load
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
	if e.loadWhole() {
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
	switch a, n := e.seeks(); {
	case n >= soughtOften:
		s.waits = fmt.Sprintf("It has its configuration and asks for the hardware address of %s again and again.", a)
		return s
	case e.r.loops > 0 && e.now.Sub(config) < e.r.lasted+e.waits.Quiet:
		s.waits = fmt.Sprintf("It has its configuration; the boot before ended %s after its own, and it has to outlast that.", took(e.r.lasted))
		return s
	case !b.next.IsZero():
		s.state, s.evidence = Provisioned, fmt.Sprintf("it asked for %s %s, after its configuration", lastPart(b.nextName), e.at(b.next))
		return s
	case shares:
		return peers
	case n > 0 && e.now.Sub(b.sought[a].last) >= e.waits.Sought && e.notBySilence() == "":
		s.state, s.evidence = Provisioned, fmt.Sprintf("it asked once for the hardware address of its call control %s %s", a, e.at(b.sought[a].last))
		return s
	}
	if why := e.notBySilence(); why != "" {
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

// seeks is the call control whose hardware address the phone asked for since
// its configuration, and how often; one that was asked for too often first.
func (e *evidence) seeks() (a netip.Addr, n int) {
	config, _ := e.r.hasConfig(e.b)
	for _, c := range e.setup.Control {
		if s := e.b.sought[c.Addr()]; s != nil && !s.last.Before(config) && s.n > n && !e.ours(c.Addr()) && !e.box.Control[c].OK {
			a, n = c.Addr(), s.n
		}
	}
	return a, n
}

// notBySilence says why silence proves nothing: something else explains it.
func (e *evidence) notBySilence() string {
	wanted := e.wanted()
	switch {
	case e.setup.Server != "" && e.serverElsewhere():
		return fmt.Sprintf("Its firmware comes from the load server %s and cannot be seen from here.", e.setup.Server)
	case e.setup.Sharing && wanted != "" && e.r.fetched != wanted && e.r.runs != wanted && !e.shares(pfs.Child, wanted):
		return "It may wait for a peer's copy of " + wanted + ": Peer Firmware Sharing is on."
	case e.older():
		return "It asked by TFTP only: its firmware is older than " + wanted + ", and it did not ask for that."
	case e.r.runs != "" && wanted != "" && e.b.load == nil && !strings.EqualFold(e.r.runs, wanted) && e.setup.Changed.Before(e.b.start):
		return "It ran " + e.r.runs + " and did not ask for " + wanted + "."
	}
	return ""
}

// serverElsewhere reports that the load server is not this box.
func (e *evidence) serverElsewhere() bool {
	a, err := netip.ParseAddr(e.setup.Server)
	return err != nil || !e.ours(a)
}

// doubt says why a phone that came up is not called ok: which load it runs
// cannot be told although one is wanted.
func (e *evidence) doubt() string {
	wanted := e.wanted()
	if wanted == "" || e.elsewhere() || e.r.fetched == wanted || e.r.runs == wanted {
		return ""
	}
	if e.setup.Sharing && !e.b.next.IsZero() {
		return "" // it went on: it does not wait for a peer
	}
	return e.notBySilence()
}
