package inventory

import (
	"fmt"
	"time"

	"option150/pfs"
	"option150/telephony/advice"
	"option150/telephony/phone"
)

// What Peer Firmware Sharing says about a phone: package pfs joins the evidence,
// here is what it means for the phone. [sources/002]

// part is the part a phone has in the distribution of its load.
type part struct {
	pfs.Roles
	at time.Time
}

// took notes the part a phone takes. Its line tells what changed.
func (v *Inventory) took(at time.Time, x pfs.Roles) {
	r := v.phones[x.MAC]
	if r == nil || r.now() == nil {
		return
	}
	if r.part.Text() != x.Text() || r.part.Basis != x.Basis {
		remark := string(x.Basis)
		if x.Outside {
			remark += ", its peers share"
		}
		r.now().say(Line{At: at, Transport: "PFS", What: "role", Name: keep(x.Text()), Bytes: -1, Remark: remark})
	}
	r.part = part{x, at}
}

// shares: the phone has a part in the distribution of a load.
func (e *evidence) shares(role pfs.Role, load string) bool {
	p := e.r.part
	return p.Role == role && load != "" && phone.Load(p.Load).Equal(phone.Load(load))
}

// waitsForPeer: since its configuration it was seen, or is thought, to wait for
// a peer's copy of the load it is to run.
func (e *evidence) waitsForPeer(config time.Time) (stand, bool) {
	b, p := e.b, e.r.part
	s := stand{state: Configured, basis: Observed, waits: "It has its configuration and waits for a peer's copy of " + dash(e.wanted()) + "."}
	switch {
	case b.shared.After(config):
		s.state = Loading
		s.evidence = "it looked for phones that share firmware " + e.at(b.shared)
	case e.shares(pfs.Waiting, e.wanted()) && p.at.After(config):
		s.evidence = fmt.Sprintf("%s (%s)", p.Text(), p.Basis)
	default:
		return stand{}, false
	}
	if p.Why != "" && e.shares(pfs.Waiting, e.wanted()) {
		s.waits = "It has its configuration and has not got " + dash(e.wanted()) + ": " + p.Why + "."
	}
	return s, true
}

// peer is whom the phone had its load from, "" = nobody knows that it had it
// from a peer.
func (e *evidence) peer(load string) string {
	switch {
	case !e.shares(pfs.Child, load):
		return ""
	case e.r.part.Parent.IsZero():
		return "a peer"
	}
	return "its peer " + e.r.part.Parent.Device()
}

// outsider: others of its family on its subnet pass the load on, and this phone
// fetches it here. What package pfs says comes first; before it can say
// anything, that the others asked for peers and this one did not.
func outsider(e *evidence) (Verdict, bool) {
	b, p := e.b, e.r.part
	load := e.wanted()
	if p.Outside && e.shares(pfs.Self, load) && (b.load != nil || e.before != nil && e.before.load != nil) {
		v, _ := found(p.Text(), "It fetched %s from here while phones of its family on its subnet share it.", load)
		if p.Why != "" {
			v.Text = fmt.Sprintf("It fetched %s from here while phones of its family on its subnet share it: %s.", load, p.Why)
		}
		if v.Basis = Observed; p.Basis != pfs.Observed {
			v.Basis = Inferred
		}
		v.Fix = advice.Steps{advice.Do("show pfs phone " + e.r.mac.Device())}
		if !e.setup.Sharing && e.setup.Section != "" {
			v.Fix = append(v.Fix, advice.In(e.setup.Section, "service phone peerFirmwareSharing 1"), advice.Tell("restart the phone: it reads its file when it boots."))
		}
		return v, true
	}
	if !e.setup.Sharing || b.load == nil || b.load.served.IsZero() || len(b.parts) == 0 || !b.shared.IsZero() || e.r.part.at.After(b.load.at) {
		return none()
	}
	others := 0
	for _, s := range e.w.shared[e.r.num] {
		if s.mac != e.r.mac && s.at.After(b.load.at.Add(-bootQuiet)) {
			others++
		}
	}
	if others == 0 {
		return none()
	}
	return guessed(count(others, "phone", "phones")+" of its model looked for peers, it did not", "It fetches %s from here while phones of its model share it: Peer Firmware Sharing does not work on it.", loadName(b.load.name))
}
