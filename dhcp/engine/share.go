package engine

import (
	"fmt"
	"net/netip"

	"option150/dhcp/share"
	"option150/dhcp/wire"
)

// Several boxes give out the addresses of the same pools: what the rules of
// dhcp/share mean for a request. Manual bindings are not shared, each box is
// configured with them, and neither are conflicts.

// sharing is what the engine keeps of it. Its zero value is a box alone.
type sharing struct {
	*share.Domain
	given string                // the shares that the tables give out
	aside map[netip.Addr]Bound  // on record for addresses of no pool here
	after map[netip.Addr]Bound  // on record for addresses that are being claimed
	told  map[netip.Addr]string // clashes
	peers map[netip.Addr]string // addresses of the other boxes, and which of them has it
}

// rev is the revision of an address at the engine of the fleet, 0 = it has none.
func (s *sharing) rev(a netip.Addr) int64 {
	if s.Domain == nil {
		return 0
	}
	return s.At[a].Mod
}

// Bound is a lease as the engine of the fleet has it.
type Bound struct {
	Record
	Mod int64 // revision, 0 = it has none
}

// Claim is a lease to be claimed before anybody is told of it.
type Claim struct {
	Record int // which of Outcome.Records
	Ack    int // which of Outcome.Acks
	Grant  share.Grant
}

// Claimed is what came of a claim.
type Claimed struct {
	Addr  netip.Addr
	Key   string // of the client that asked
	Seq   uint64 // of the outcome
	What  ClaimEnd
	Bound Bound // what is on record now, if that is known
	Other bool  // granted by another box, who was first with the same client
}

// ClaimEnd is how a claim ended.
type ClaimEnd byte

// The ends of claims.
const (
	ClaimUnanswered ClaimEnd = iota // it may have been carried out, or may yet be
	ClaimGranted
	ClaimRefused
)

// shareEnd is the end of a lease without one, as the rules count.
const shareEnd = int64(1) << 60

func shareLease(r Record) share.Lease {
	return share.Lease{Client: r.Key, Start: r.Start, Expiry: min(r.Expiry, shareEnd)}
}

// SetShare has the box give out addresses as one of a domain, nil: as it likes.
func (e *Engine) SetShare(now Instant, d *share.Domain) {
	e.share = sharing{Domain: d}
	if d != nil {
		e.share.aside, e.share.after, e.share.told, e.share.peers = map[netip.Addr]Bound{}, map[netip.Addr]Bound{}, map[netip.Addr]string{}, map[netip.Addr]string{}
	}
	e.again(now)
}

// Share is the domain, nil = none.
func (e *Engine) Share() *share.Domain { return e.share.Domain }

// again applies the tables anew: the shares that are given out have changed.
func (e *Engine) again(now Instant) {
	e.share.given = e.shares(now)
	tab, err := Compile(e.t.Spec)
	if err != nil {
		return // it was compiled before
	}
	e.Apply(now, tab)
}

// shares tells one state of the shares that are given out from another.
func (e *Engine) shares(now Instant) string {
	if e.share.Domain == nil {
		return ""
	}
	return fmt.Sprint(e.share.Given(e.stamp(now)))
}

// tickShare looks whether a share has come to this box, or left it.
func (e *Engine) tickShare(now Instant) {
	if e.share.Domain != nil && e.shares(now) != e.share.given {
		e.again(now)
	}
}

// mask marks the addresses of a network that other boxes give out.
func (e *Engine) mask(now Instant, s *subnet) {
	s.others = make([]uint64, len(s.base))
	given := e.share.Given(e.stamp(now))
	for n := uint64(s.first); n <= uint64(s.last); n++ {
		if len(given) == 0 || !given[n%uint64(len(given))] {
			w, m := s.bit(wire.FromU32(uint32(n)))
			s.others[w] |= m
			s.used[w] |= m
		}
	}
}

// other reports whether another box gives the address out.
func (s *subnet) other(a netip.Addr) bool {
	if s.others == nil || !s.holds(a) {
		return false
	}
	w, m := s.bit(a)
	return s.others[w]&m != 0
}

// onRecord is the lease of an address that this box knows of, and the name by which
// the client of c is asked for.
func (e *Engine) onRecord(c *call, a netip.Addr) (string, share.Lease) {
	b := e.bindings[a]
	if b == nil || b.Manual {
		return string(c.key), share.Lease{}
	}
	l := shareLease(e.record(b))
	if e.owns(c, b) {
		return b.Key, l // also one that was taken over under another name
	}
	return string(c.key), l
}

// shared asks the rules for an address: up to when the client may have it, shareEnd
// = as long as the pool says, and what is to be claimed before, nil = nothing.
func (e *Engine) shared(c *call, a netip.Addr, want int64) (int64, *share.Grant, error) {
	now := e.stamp(c.now)
	key, local := e.onRecord(c, a)
	if e.share.Connected {
		g, err := e.share.Decide(now, a, key, local)
		return e.share.Until(now, shareEnd), &g, err
	}
	if b := e.bindings[a]; b != nil && b.guess { // by a clock that is behind it is not granted yet: it may be over
		return 0, nil, share.ClockUntried
	}
	until, err := e.share.Alone(now, a, key, local, want)
	if err == nil && until <= now {
		err = share.Isolated
	}
	return until, nil, err
}

// shareRefuses reports whether the rules are against the client having the address.
func (e *Engine) shareRefuses(c *call, a netip.Addr) bool {
	if e.share.Domain == nil {
		return false
	}
	_, _, err := e.shared(c, a, shareEnd)
	return err != nil
}

// othersHave reports whether another client has a lease of the address at the engine of the
// fleet: a box that does not have the manual binding may have granted it.
func (e *Engine) othersHave(c *call, a netip.Addr) bool {
	if e.share.Domain == nil {
		return false
	}
	x := e.share.At[a]
	return x.Client != "" && x.Client != string(c.key) && x.Expiry > e.stamp(c.now)
}

// nobodyNew says why no client that is not known gets anything now, "" = it may.
func (e *Engine) nobodyNew(now Instant) string {
	if e.share.Domain == nil {
		return ""
	}
	if err := e.share.New(e.stamp(now)); err != nil {
		return reasonShared + err.Error()
	}
	return ""
}

// SharedFault is what keeps this box from giving out addresses of shared pools, "" = nothing
// does.
func (e *Engine) SharedFault(now Instant) string {
	d := e.share.Domain
	if d == nil {
		return ""
	}
	none := ""
	if err := d.New(e.stamp(now)); err != nil {
		none = err.Error()
	}
	switch {
	case !d.Connected:
		return "isolated from the boxes that share its pools: " + share.Serves(none)
	case none != "":
		return "known clients are renewed, new ones get nothing: " + none
	}
	return ""
}

// unsure reports whether what is on record here may be otherwise elsewhere: then nobody
// is told that an address is not his.
func (e *Engine) unsure(now Instant) bool {
	return e.share.Domain != nil && !e.share.Sure(e.stamp(now))
}

// Peer reports whether a DHCP server is another box of the domain.
func (e *Engine) peer(a netip.Addr) bool { return e.share.peers != nil && e.share.peers[a] != "" }

// Peers says which addresses a box of the domain has as a server.
func (e *Engine) Peers(box string, addrs []netip.Addr) {
	if e.share.Domain == nil || box == e.share.Box {
		return
	}
	for a, b := range e.share.peers {
		if b == box {
			delete(e.share.peers, a)
		}
	}
	for _, a := range addrs[:min(len(addrs), maxPeerAddrs)] {
		e.share.peers[a] = box
		for k := range e.foreign {
			if k.server == a {
				delete(e.foreign, k)
			}
		}
	}
}

const maxPeerAddrs = 32

// Own are the addresses of this box as a server.
func (e *Engine) Own() (all []netip.Addr) {
	for a := range e.t.own {
		all = append(all, a)
	}
	sortAddrs(all)
	return all[:min(len(all), maxPeerAddrs)]
}
