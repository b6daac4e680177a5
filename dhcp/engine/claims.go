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
	if i < 0 || e.stamp(e.pending[i].until) == x.Bound.Expiry {
		return
	}
	from, until := e.instant(x.Bound.Start), e.instant(x.Bound.Expiry)
	u := &e.pending[i]
	if u.b.until == u.until && u.b.leased {
		u.b.granted, u.b.until = from, until
		e.start(u.b)
	}
	u.from, u.until = from, until
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
	later := slices.ContainsFunc(e.pending, func(u uncommitted) bool { return u.b == b })
	switch {
	case e.bindings[b.Addr] != b || !b.leased || later:
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
	r.State, r.Start, r.Expiry = StateLeased, e.stamp(from), e.stamp(until)
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
		if other := at[a]; clash && other.Key != r.Key && e.share.told[a] != other.Key+r.Key {
			e.share.told[a] = other.Key + r.Key
			e.Stats.Shared.Clashes++
			ours, theirs := clientText([]byte(r.Key)), clientText([]byte(other.Key))
			if !put {
				ours, theirs = theirs, ours
			}
			e.Event(SharedClash{Addr: a, Kept: ours, Other: theirs})
		}
		if put {
			puts = append(puts, Bound{Record: r, Mod: at[a].Mod})
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

// Learn takes over changes.
func (e *Engine) Learn(now Instant, list []Bound) {
	if e.share.Domain == nil {
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
		case same && mine.Start == x.Start && (mine.Expiry == x.Expiry || b.back && !b.leased),
			!same && !shareLease(x.Record).Newer(shareLease(mine)),
			same && b.leased && e.underway(b):
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
			e.end(other)
			other.back = true
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
	b.granted, b.until, b.Lease, b.ended, b.back = e.instant(x.Start), e.instant(x.Expiry), x.Lease, false, false
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
