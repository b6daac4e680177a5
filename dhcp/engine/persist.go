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
func (e *Engine) Load(now time.Time, records []Record) {
	for _, r := range records {
		switch r.Kind {
		case RecordBinding:
			b := &binding{Record: r, index: -1}
			if r.Start > now.Unix() && r.Expiry != Forever {
				// The clock is behind (no battery): nobody has more than the
				// lease that was granted.
				b.Start, b.Expiry = now.Unix(), now.Unix()+int64(r.Lease)
			}
			b.State = 0
			e.adopt(b)
			if r.State == StateLeased && b.Expiry > now.Unix() {
				b.leased, b.durable = true, b.Expiry
				e.count(b, +1)
				if b.Expiry != Forever {
					heap.Push(&e.expiries, b)
				}
			} else if b.sub != nil {
				b.freed = b.sub.freed.PushBack(b)
			}
		case RecordConflict:
			e.conflicts[r.Addr] = &conflict{addr: r.Addr, method: r.Method, since: time.Unix(r.Start, 0)}
		}
	}
}

// Dump is the whole state as records.
func (e *Engine) Dump() []Record {
	var all []Record
	for _, b := range e.bindings {
		r := b.Record
		if r.State = StateFree; b.leased {
			r.State = StateLeased
		}
		all = append(all, r)
	}
	for _, c := range e.conflicts {
		all = append(all, c.record())
	}
	return all
}

// Committed tells that the records of outcome seq and before are on disk.
func (e *Engine) Committed(seq uint64) {
	n := 0
	for ; n < len(e.pending) && e.pending[n].seq <= seq; n++ {
		u := e.pending[n]
		u.b.durable = u.expiry
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
		if b.durable == 0 {
			e.forget(b)
			continue
		}
		if b.Expiry != Forever || b.durable != Forever {
			b.Expiry = b.durable
			e.start(b)
		}
	}
	e.pending = e.pending[:0]
}

// DiskWorks tells that the whole state has been written.
func (e *Engine) DiskWorks() {
	e.DiskBad = false
	for _, b := range e.bindings {
		if b.leased {
			b.durable = b.Expiry
		}
	}
}

// Shift moves every point in time by d after the clock of the box was set: a
// lease of ten minutes stays one. [check "clock step backwards"]
func (e *Engine) Shift(d time.Duration) {
	sec := int64(d / time.Second)
	for _, b := range e.bindings {
		b.Start += sec
		if b.Expiry != Forever {
			b.Expiry += sec
		}
		if b.durable != Forever && b.durable != 0 {
			b.durable += sec
		}
		e.save(b)
	}
	for i := range e.pending {
		if e.pending[i].expiry != Forever {
			e.pending[i].expiry += sec
		}
	}
	for el := e.offerQueue.Front(); el != nil; el = el.Next() {
		o := el.Value.(*offer)
		o.until = o.until.Add(d)
	}
	for _, c := range e.conflicts {
		c.since = c.since.Add(d)
		e.Write(c.record(), nil)
	}
	for _, s := range e.t.subnets {
		s.demand = s.demand.Add(d)
		for i := range s.ready {
			s.ready[i].probed = s.ready[i].probed.Add(d)
		}
		for _, p := range s.probes {
			p.due = p.due.Add(d)
		}
	}
	for _, w := range e.watch {
		w.next, w.until = w.next.Add(d), w.until.Add(d)
	}
	for _, b := range e.buckets {
		b.at = b.at.Add(d)
	}
	for a, h := range e.heard {
		h.at = h.at.Add(d)
		e.heard[a] = h
	}
	for _, f := range e.foreign {
		f.First, f.Last = f.First.Add(d), f.Last.Add(d)
	}
}
