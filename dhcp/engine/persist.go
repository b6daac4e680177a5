package engine

import (
	"container/heap"
	"slices"
	"time"
)

// What the engine keeps over a restart, and what it does when the disk or the
// clock lets it down.

// Load takes over what the store had. Leases that ended meanwhile are free for
// others and remembered for their owner.
func (e *Engine) Load(now Instant, records []Record) {
	for _, r := range records {
		switch r.Kind {
		case RecordBinding:
			b := &binding{Record: r, index: -1}
			b.granted, b.until = e.instant(r.Start), e.instant(r.Expiry)
			if b.granted > now && b.until != never {
				// The clock is behind (no battery): nobody has more than the
				// lease that was granted.
				b.granted, b.until, b.guess = now, now+time.Duration(r.Lease)*time.Second, true
				b.dated = true
			}
			b.State = 0
			e.adopt(b)
			if r.State == StateLeased && b.until > now {
				b.leased, b.since, b.durable, b.written = true, b.granted, b.until, true
				e.count(b, +1)
				if b.until != never {
					heap.Push(&e.expiries, b)
				}
				continue
			}
			b.ended, b.back = r.State == StateLeased, r.State == StateFree
			if b.sub != nil {
				b.freed = b.sub.freed.PushBack(b)
			}
		case RecordConflict:
			e.conflicts[r.Addr] = &conflict{addr: r.Addr, method: r.Method, since: min(e.instant(r.Start), now)}
		}
	}
}

// Dump is the whole state as records.
func (e *Engine) Dump() []Record {
	var all []Record
	for _, b := range e.bindings {
		all = append(all, e.record(b))
	}
	for _, c := range e.conflicts {
		all = append(all, e.conflictRecord(c))
	}
	return all
}

// Behind reports that so much is on its way to the disk that packets had better
// wait: where they wait the ones that matter go first, here all would be dropped.
func (e *Engine) Behind() bool { return len(e.pending)+len(e.fresh) > MaxPending/2 }

// Committed tells that the records of outcome seq and before are on disk.
func (e *Engine) Committed(seq uint64) {
	n := 0
	for ; n < len(e.pending) && e.pending[n].seq <= seq; n++ {
		u := e.pending[n]
		u.b.since, u.b.durable, u.b.written = u.from, u.until, true
		if u.acked {
			u.b.told = span{u.from, u.until}
		}
	}
	e.pending = slices.Delete(e.pending, 0, n)
}

// DiskFailed takes back every lease that was not written: nobody was told of
// them.
func (e *Engine) DiskFailed() {
	e.DiskBad = true
	for _, u := range e.pending {
		b := u.b
		if e.bindings[b.Addr] != b || !b.leased {
			continue
		}
		if !b.written {
			e.forget(b)
			continue
		}
		b.until = b.durable
		e.start(b)
	}
	e.pending = e.pending[:0]
}

// DiskWorks tells that the whole state has been written.
func (e *Engine) DiskWorks() {
	e.DiskBad = false
	for _, b := range e.bindings {
		if b.leased {
			b.since, b.durable, b.written = b.granted, b.until, true
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
