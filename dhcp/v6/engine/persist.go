package engine

import (
	"slices"
	"time"

	v4 "option150/dhcp/engine"
)

// What the engine keeps over a restart, and what it does when the disk or the
// clock lets it down: as the server of IPv4 does.

// at is an instant in wall time.
func (e *Engine) at(i Instant) time.Time { return e.epoch.Add(i) }

func (e *Engine) stamp(i Instant) int64 { return v4.Stamp(e.epoch, i) }

func (e *Engine) instant(stamp int64) Instant { return v4.InstantOf(e.epoch, stamp) }

// Load takes over what the store had. Leases that ended meanwhile are free for
// others and remembered for their owner.
func (e *Engine) Load(now Instant, records []v4.Record) {
	for _, r := range records {
		switch r.Kind {
		case v4.RecordBinding:
			if !r.Addr.Is6() {
				continue
			}
			b := &binding{Record: r, index: -1}
			b.granted, b.until = e.instant(r.Start), e.instant(r.Expiry)
			if b.granted > now && b.until != never {
				// The clock is behind: nobody has more than what was granted.
				b.granted, b.until = now, now+time.Duration(r.Lease)*time.Second
			}
			b.State = 0
			e.adopt(b)
			if r.State == v4.StateLeased && b.until > now {
				b.durable, b.written, b.source = b.until, true, r.MAC
				e.start(b)
				continue
			}
			b.ended = r.State == v4.StateLeased
			b.freed = e.freed.PushBack(b)
		case v4.RecordConflict:
			e.conflicts[r.Addr] = &conflict{addr: r.Addr, since: min(e.instant(r.Start), now)}
		}
	}
}

// Dump is the whole state as records.
func (e *Engine) Dump() []v4.Record {
	var all []v4.Record
	for _, b := range e.bindings {
		all = append(all, e.record(b))
	}
	for _, x := range e.conflicts {
		all = append(all, e.conflictRecord(x))
	}
	return all
}

// Committed tells that the records of outcome seq and before are on disk.
func (e *Engine) Committed(seq uint64) {
	n := 0
	for ; n < len(e.pending) && e.pending[n].seq <= seq; n++ {
		u := e.pending[n]
		u.b.durable, u.b.written = u.until, true
	}
	e.pending = slices.Delete(e.pending, 0, n)
}

// DiskFailed takes back every lease that was not written: nobody was told.
func (e *Engine) DiskFailed() {
	e.DiskBad = true
	for _, u := range e.pending {
		b := u.b
		if e.bindings[b.Addr] != b || !b.leased {
			continue
		}
		if !b.written {
			e.remove(b)
			continue
		}
		e.unlendAgain(b)
		b.until = b.durable
		e.start(b)
	}
	e.pending = e.pending[:0]
}

// unlendAgain keeps the account of a source right when start is called for a
// lease that runs.
func (e *Engine) unlendAgain(b *binding) { e.lend(b.source, -1) }

// DiskWorks tells that the whole state has been written.
func (e *Engine) DiskWorks() {
	e.DiskBad = false
	for _, b := range e.bindings {
		if b.leased {
			b.durable, b.written = b.until, true
		}
	}
}

// Rewrite has the whole state written: what happened while the disk failed is
// on none.
func (e *Engine) Rewrite() {
	for _, r := range e.Dump() {
		e.write(r, nil)
	}
}

// SetClock tells that the clock of the box was set: leases go on as they were,
// and one that had ended by a clock that was ahead runs on.
func (e *Engine) SetClock(now Instant, epoch time.Time) {
	e.epoch = epoch
	for _, b := range e.bindings {
		if until := e.instant(b.Expiry); b.ended && !b.leased && until > now && e.offers[b.Addr] == nil {
			b.granted, b.until, b.ended, b.durable, b.written, b.source = e.instant(b.Start), until, false, until, true, b.MAC
			e.start(b)
		}
		e.save(b)
	}
	for _, x := range e.conflicts {
		e.write(e.conflictRecord(x), nil)
	}
}

// Apply puts new tables into force. Bindings and conflicts stay; offers stay
// where their address still can be given.
func (e *Engine) Apply(t *Tables) {
	e.t = t
	for _, b := range e.bindings {
		if b.leased {
			e.count(b, +1)
		}
	}
	for a := range e.conflicts {
		if p := t.of(a); p != nil {
			p.conflicts++
		}
	}
	for el := e.offerQueue.Front(); el != nil; {
		o := el.Value.(*offer)
		el = el.Next()
		if p := t.of(o.addr); p == nil || t.own[o.addr] {
			e.drop(o)
		}
	}
	e.parked = nil
	clear(e.asked)
}
