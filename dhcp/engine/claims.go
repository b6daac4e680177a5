package engine

import (
	"cmp"
	"net/netip"
	"slices"

	"option150/dhcp/share"
)

// Ask is a claim as it is carried out.
type Ask struct {
	Record Record
	Grant  share.Grant
	Seq    uint64 // of the outcome
}

// Wall is an instant as seconds since 1970, by the clock of the box.
func (e *Engine) Wall(now Instant) int64 { return e.stamp(now) }

// claim has the lease that was just bound claimed before its ACK goes.
func (e *Engine) claim(g *share.Grant) {
	if g == nil {
		return
	}
	e.out.Claims = append(e.out.Claims, Claim{Record: e.bound, Ack: len(e.out.Acks), Grant: *g})
	e.fresh[len(e.fresh)-1].claimed = true
}

// Claimed tells what came of claims. It has to be called before Committed is with
// the outcome they are of.
func (e *Engine) Claimed(now Instant, list []Claimed) {
	for i := range list {
		x := &list[i]
		d := e.share.Domain
		switch x.What {
		case ClaimGranted:
			e.Stats.Shared.Granted++
			e.granted(x)
		case ClaimRefused:
			e.Stats.Shared.Refused++
			e.Stats.Sent.Ack--
			e.takeBack(now, x)
			if d != nil && x.Bound.Mod != 0 {
				e.learn(now, &x.Bound)
			}
		default:
			e.Stats.Shared.Unanswered++
			e.Stats.Sent.Ack--
			e.takeBack(now, x)
			if d != nil {
				d.Unanswered(e.stamp(now), x.Addr, x.Key)
				d.Connected = false
			}
		}
		if y, ok := e.share.after[x.Addr]; ok && d != nil {
			delete(e.share.after, x.Addr)
			if y.Mod > x.Bound.Mod {
				e.learn(now, &y)
			}
		}
	}
}

// granted notes what is on record: another box may have been first with the same
// client, and then its times are those of the lease.
func (e *Engine) granted(x *Claimed) {
	if e.share.Domain == nil {
		return
	}
	if x.Bound.Mod >= e.share.At[x.Addr].Mod {
		e.share.At[x.Addr] = share.Entry{Lease: shareLease(x.Bound.Record), Mod: x.Bound.Mod}
	}
	i := e.pendingOf(x)
	if i < 0 {
		return
	}
	if b := e.pending[i].b; b.back { // before the answer came
		b.gave = x.Bound.Mod
	}
	e.pending[i].claimed = false
	if !x.Other {
		if e.stamp(e.pending[i].until) != x.Bound.Expiry { // the clock was set meanwhile
			e.share.Connected = false
		}
		return
	}
	if e.share.Unproven() {
		return // those times are by a clock that is not this one: its client was told by this one
	}
	from, until := e.instant(x.Bound.Start), e.instant(x.Bound.Expiry)
	u := &e.pending[i]
	if u.b.until == u.until && u.b.leased {
		e.date(u.b, &x.Bound)
		e.start(u.b)
	}
	u.from, u.until = from, until
}

// date gives a lease the times of a record of another box: they stay, whatever becomes
// of the clock of this one.
func (e *Engine) date(b *binding, x *Bound) {
	b.Start, b.Expiry, b.dated, b.guess = x.Start, x.Expiry, true, false
	b.granted, b.until = e.instant(x.Start), e.instant(x.Expiry)
}

// pendingOf is where the lease of a claim waits for the disk, -1 = it does not.
func (e *Engine) pendingOf(x *Claimed) int {
	i, _ := slices.BinarySearchFunc(e.pending, x.Seq, func(u uncommitted, seq uint64) int { return cmp.Compare(u.seq, seq) })
	for ; i < len(e.pending) && e.pending[i].seq == x.Seq; i++ {
		if b := e.pending[i].b; b.Addr == x.Addr && b.Key == x.Key {
			return i
		}
	}
	return -1
}

// takeBack ends a lease of which nobody was told.
func (e *Engine) takeBack(now Instant, x *Claimed) {
	i := e.pendingOf(x)
	if i < 0 {
		return // the disk failed meanwhile
	}
	b := e.pending[i].b
	e.pending = slices.Delete(e.pending, i, i+1)
	of := func(u uncommitted) bool { return u.b == b }
	var last *uncommitted // what is on record of it besides
	for i := range e.pending {
		if of(e.pending[i]) {
			last = &e.pending[i]
		}
	}
	switch {
	case e.bindings[b.Addr] != b || !b.leased || slices.ContainsFunc(e.fresh, of):
	case last != nil:
		b.granted, b.until = last.from, last.until
		e.start(b)
	case !b.written:
		e.forget(b)
	default:
		b.granted, b.until = b.since, b.durable
		e.start(b)
		if b.until <= now {
			e.end(b)
		}
	}
}

// entry is what the rules know of a lease. One that cannot be read is somebody's.
func entry(x *Bound) share.Entry {
	l := shareLease(x.Record)
	if x.Kind != RecordBinding {
		l = share.Lease{Client: "?", Expiry: shareEnd}
	}
	return share.Entry{Lease: l, Mod: x.Mod}
}

// kept is what of a binding has been told, or may have been: what is on disk, and
// what needed no claim.
func (e *Engine) kept(b *binding) (r Record, ok bool) {
	r = e.record(b)
	from, until := b.since, b.durable
	switch {
	case !b.leased && (!b.written || b.until > until):
		from, until = b.granted, b.until
	case b.leased && !b.written:
		from, until = past, past
	}
	if b.leased {
		for i := range e.pending {
			if u := &e.pending[i]; u.b == b && !u.claimed && u.until > until {
				from, until = u.from, u.until
			}
		}
	}
	if r.State = StateLeased; !b.dated {
		r.Start, r.Expiry = e.stamp(from), e.stamp(until)
	}
	return r, until != past && !b.Manual
}

// Enter compares what the engine of the fleet has with what this box knows, and
// returns what that one is to get, with the revisions that are to be compared.
func (e *Engine) Enter(now Instant, at map[netip.Addr]Bound) (puts []Bound) {
	d := e.share.Domain
	if d == nil {
		return nil
	}
	clear(d.At)
	for a, x := range at {
		d.At[a] = entry(&x)
	}
	for a, b := range e.bindings {
		r, ok := e.kept(b)
		if !ok {
			continue
		}
		put, _, clash := d.Enter(e.stamp(now), a, shareLease(r))
		other := at[a]
		if clash && other.Key != r.Key && e.share.told[a] != other.Key+r.Key {
			e.share.told[a] = other.Key + r.Key
			e.Stats.Shared.Clashes++
			ours, theirs := clientText([]byte(r.Key)), clientText([]byte(other.Key))
			if !put {
				ours, theirs = theirs, ours
			}
			e.Event(SharedClash{Addr: a, Kept: ours, Other: theirs})
		}
		if put && (b.leased || !b.back || other.Key != r.Key || other.Start < r.Start) { // else its client has it anew
			if other.Key == r.Key {
				r.Start, r.Expiry = max(r.Start, other.Start), max(r.Expiry, other.Expiry)
			}
			puts = append(puts, Bound{Record: r, Mod: other.Mod})
		}
	}
	return puts
}

// Whole takes over all that the engine of the fleet has; this box is connected then.
func (e *Engine) Whole(now Instant, at map[netip.Addr]Bound) {
	d := e.share.Domain
	if d == nil {
		return
	}
	clear(e.share.aside)
	for _, x := range at {
		e.learn(now, &x)
	}
	d.Whole(e.stamp(now))
	e.tickShare(now)
}

// Learn takes over changes. A box that is not connected has what it knows compared with
// all there is, before it takes anything over: what comes meanwhile may be its own
// claims, by a clock that has been set since.
func (e *Engine) Learn(now Instant, list []Bound) {
	if e.share.Domain == nil || !e.share.Connected {
		return
	}
	for i := range list {
		e.learn(now, &list[i])
	}
}

func (e *Engine) learn(now Instant, x *Bound) {
	d := e.share.Domain
	if was := d.At[x.Addr]; was.Mod > x.Mod {
		return // the answer to a claim came before
	}
	d.At[x.Addr] = entry(x)
	delete(e.share.aside, x.Addr)
	if x.Kind != RecordBinding {
		return
	}
	s := e.t.subnetOf(x.Addr)
	if s == nil {
		e.share.aside[x.Addr] = *x
		return
	}
	b := e.bindings[x.Addr]
	if e.t.own[x.Addr] || e.t.byAddr[x.Addr] != nil || b != nil && b.Manual {
		return
	}
	if b != nil {
		mine := e.record(b)
		same := mine.Key == x.Key
		switch {
		case same && !b.guess && mine.Expiry == x.Expiry && (b.leased || mine.Start == x.Start),
			// Its client gave that one back; in the same second it may have the address anew, which
			// shows by how long it was granted for where no revision is known.
			same && b.back && !b.leased && (b.gave == x.Mod || b.gave == 0 && mine.Start == x.Start && mine.Lease == x.Lease),
			// What this box told a client runs by no clock: a wrong one does not compare it.
			same && b.leased && !b.dated && e.share.Unproven(),
			!same && !shareLease(x.Record).Prevails(shareLease(mine), e.stamp(now)):
			return
		case same && b.leased && e.underway(b):
			e.share.after[x.Addr] = *x
			return
		}
		if !same {
			e.forget(b)
			b = nil
		}
	}
	e.put(now, x, b)
}

// underway reports whether a lease is being claimed: the answer says more.
func (e *Engine) underway(b *binding) bool {
	mine := func(u uncommitted) bool { return u.b == b && u.claimed }
	return slices.ContainsFunc(e.pending, mine) || slices.ContainsFunc(e.fresh, mine)
}

// put makes the binding of what another box granted.
func (e *Engine) put(now Instant, x *Bound, b *binding) {
	if o := e.offers[x.Addr]; o != nil && o.key != x.Key {
		e.drop(o)
	}
	for _, other := range slices.Clone(e.clients[x.Key]) { // the client has moved
		if other.Addr != x.Addr && other.leased && !other.Manual && other.sub == e.t.subnetOf(x.Addr) && e.stamp(other.granted) < x.Start {
			e.giveBack(other)
			e.save(other)
		}
	}
	if b == nil {
		b = &binding{Record: x.Record, index: -1}
		b.Kind, b.Manual, b.Imported, b.State = RecordBinding, false, false, 0
		e.adopt(b)
		b.Pool = b.sub.pool.conf.Name
		if !b.Relay.IsValid() {
			b.Interface = b.sub.link
		}
	}
	if b.back { // what its client gave back it does not have
		b.told = span{}
	}
	b.Lease, b.ended, b.back = x.Lease, false, false
	e.date(b, x)
	if b.until > now {
		e.start(b)
	} else {
		e.end(b)
	}
	e.save(b)
	if u := e.users[x.Addr]; u != nil {
		e.unuse(u)
	}
}

// learnAside takes over what is on record for addresses that are of a pool now.
func (e *Engine) learnAside(now Instant) {
	for a, x := range e.share.aside {
		if e.t.subnetOf(a) != nil {
			e.learn(now, &x)
		}
	}
}
