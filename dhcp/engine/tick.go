package engine

import (
	"net/netip"
	"time"

	"option150/platform/sorted"
)

// Tick does what is due by time alone and returns when to be called again, at
// most a second later. IOS sweeps every two minutes; this is the second.
func (e *Engine) Tick(now Instant) Instant {
	for el := e.offerQueue.Front(); el != nil; el = e.offerQueue.Front() {
		o := el.Value.(*offer)
		if now < o.until {
			break
		}
		e.drop(o)
	}
	for len(e.expiries) > 0 && e.expiries[0].until <= now {
		b := e.expiries[0]
		e.end(b)
		e.Stats.Expired++
		e.Event(Expired{Addr: b.Addr, Pool: b.Pool})
		if b.sub == nil {
			e.write(Record{Kind: RecordForget, Addr: b.Addr}, nil)
			e.forget(b)
		}
	}
	hold := e.t.Spec.ConflictTimeout
	if hold == 0 {
		hold = DefaultConflictTimeout
	}
	for a, x := range e.conflicts {
		if now-x.since >= hold {
			e.resolve(a)
		}
	}
	e.due = never
	e.tickShare(now)
	e.tickUsers(now)
	e.tickDoubts(now)
	e.tickRouters(now)
	next := now + time.Second
	for _, s := range e.t.subnets {
		if !e.probing(s) {
			s.stopProbing(e)
			continue
		}
		e.advanceProbes(now, s)
		e.calm(now, s)
		e.refill(now, s)
		for _, p := range s.probes {
			if p.due < next {
				next = p.due
			}
		}
	}
	if w := e.watching(now); w < next {
		next = w
	}
	// Probes that are due one after the other are looked at together.
	return max(next, now+10*time.Millisecond)
}

// stopProbing forgets the lists of a network that is no longer probed.
func (s *subnet) stopProbing(e *Engine) {
	if len(s.ready) == 0 && len(s.probes) == 0 {
		return
	}
	var all []netip.Addr
	for _, r := range s.ready {
		all = append(all, r.addr)
	}
	for a := range s.probes {
		all = append(all, a)
	}
	s.ready = nil
	e.dropParked(s)
	clear(s.probes)
	s.listing = 0
	for _, a := range all {
		e.release(s, a)
	}
}

// Settled reports whether the first probes of the networks on wires are
// through: until then no packet is answered.
func (e *Engine) Settled() bool {
	for _, s := range e.t.subnets {
		if s.link == "" {
			continue
		}
		for _, p := range s.probes {
			if p.list && len(s.ready) == 0 {
				return false
			}
		}
	}
	return true
}

// dropParked forgets the requests that wait for probes of a network; their
// clients ask again.
func (e *Engine) dropParked(s *subnet) {
	for _, p := range s.probes {
		e.waiting -= len(p.parked)
		p.parked = nil
	}
}

func sortAddrs(as []netip.Addr) { sorted.By(as, netip.Addr.Compare) }
