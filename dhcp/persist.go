package dhcp

import (
	"container/heap"
	"slices"
	"time"
)

// What the engine keeps over a restart, and what it does when the disk or the
// clock lets it down.

// load takes over what the store had. Leases that ended meanwhile are free for
// others and remembered for their owner.
func (e *engine) load(now time.Time, records []record) {
	for _, r := range records {
		switch r.Kind {
		case recordBinding:
			b := &binding{record: r, index: -1}
			if r.Start > now.Unix() && r.Expiry != forever {
				// The clock is behind (no battery): nobody has more than the
				// lease that was granted.
				b.Start, b.Expiry = now.Unix(), now.Unix()+int64(r.Lease)
			}
			b.State = 0
			e.adopt(b)
			if r.State == stateLeased && b.Expiry > now.Unix() {
				b.leased, b.durable = true, b.Expiry
				e.count(b, +1)
				if b.Expiry != forever {
					heap.Push(&e.expiries, b)
				}
			} else if b.sub != nil {
				b.freed = b.sub.freed.PushBack(b)
			}
		case recordConflict:
			e.conflicts[r.Addr] = &conflict{addr: r.Addr, method: r.Method, since: time.Unix(r.Start, 0)}
		}
	}
}

// dump is the whole state as records.
func (e *engine) dump() []record {
	var all []record
	for _, b := range e.bindings {
		r := b.record
		if r.State = stateFree; b.leased {
			r.State = stateLeased
		}
		all = append(all, r)
	}
	for _, c := range e.conflicts {
		all = append(all, c.record())
	}
	return all
}

// committed tells that the records of outcome seq and before are on disk.
func (e *engine) committed(seq uint64) {
	n := 0
	for ; n < len(e.pending) && e.pending[n].seq <= seq; n++ {
		u := e.pending[n]
		u.b.durable = u.expiry
	}
	e.pending = slices.Delete(e.pending, 0, n)
}

// diskFailed takes back every lease that was not written: nobody was told of
// them.
func (e *engine) diskFailed() {
	e.diskBad = true
	for _, u := range e.pending {
		b := u.b
		if e.bindings[b.Addr] != b || !b.leased {
			continue
		}
		if b.durable == 0 {
			e.forget(b)
			continue
		}
		if b.Expiry != forever || b.durable != forever {
			b.Expiry = b.durable
			e.start(b)
		}
	}
	e.pending = e.pending[:0]
}

// diskWorks tells that the whole state has been written.
func (e *engine) diskWorks() {
	e.diskBad = false
	for _, b := range e.bindings {
		if b.leased {
			b.durable = b.Expiry
		}
	}
}

// shift moves every point in time by d after the clock of the box was set: a
// lease of ten minutes stays one. [check "clock step backwards"]
func (e *engine) shift(d time.Duration) {
	sec := int64(d / time.Second)
	for _, b := range e.bindings {
		b.Start += sec
		if b.Expiry != forever {
			b.Expiry += sec
		}
		if b.durable != forever && b.durable != 0 {
			b.durable += sec
		}
		e.save(b)
	}
	for i := range e.pending {
		if e.pending[i].expiry != forever {
			e.pending[i].expiry += sec
		}
	}
	for el := e.offerQueue.Front(); el != nil; el = el.Next() {
		o := el.Value.(*offer)
		o.until = o.until.Add(d)
	}
	for _, c := range e.conflicts {
		c.since = c.since.Add(d)
		e.write(c.record(), nil)
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
