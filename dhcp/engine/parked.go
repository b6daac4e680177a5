package engine

import (
	"net/netip"

	"option150/dhcp/wire"
	"option150/platform/sorted"
)

// claimsItself reports whether a renewal comes from the address it is about.
func claimsItself(c *call) bool {
	return c.in.Broadcast || c.p.GIAddr.IsValid() || c.in.From.Addr() == c.p.CIAddr
}

// parked is a request that waits for a probe.
type parked struct {
	in  Inbound
	p   *wire.Packet
	key string
}

// maxParked is more than the phones of a branch that begins: all of them may
// choose an address before the first probe is over.
const maxParked = 4096

// park lets a request wait until the probe of its address is over. It reports
// false when there is no room: the client will ask again.
func (e *Engine) park(c *call, s *subnet, a netip.Addr) bool {
	if e.waiting >= maxParked {
		e.Stats.Extra.Overload++
		return false
	}
	q := s.probes[a]
	if q == nil {
		q = &probe{tries: maxTries, due: c.now + arpWindow}
		s.probes[a] = q
		s.set(a)
		if s.link != "" {
			q.sent = true
			e.out.Probes = append(e.out.Probes, Probe{Interface: s.link, Addr: a})
		}
	}
	for _, w := range q.parked {
		if w.key == string(c.key) {
			return true // asked again meanwhile
		}
	}
	in := *c.in
	in.Data = nil
	q.parked = append(q.parked, parked{in, c.p, string(c.key)})
	e.waiting++
	e.soon(q.due)
	return true
}

// resume goes on with what waited for the probe of an address.
func (e *Engine) resume(now Instant, s *subnet, a netip.Addr, list []parked) {
	e.waiting -= len(list)
	claims := 0
	for _, w := range list {
		if !w.p.Server.IsValid() && w.p.CIAddr == a {
			claims++
		}
	}
	// Who uses the address before who only chose it.
	sorted.Stable(list, func(x, y parked) int {
		switch {
		case x.p.Server.IsValid() == y.p.Server.IsValid():
			return 0
		case y.p.Server.IsValid():
			return -1
		}
		return 1
	})
	for i, w := range list {
		c := e.call(now, &list[i].in, w.p, []byte(w.key))
		c.resumed = true
		if claims > 1 && !w.p.Server.IsValid() {
			e.contested(c, s, a, list[(i+1)%claims].p.MAC)
			continue
		}
		e.request(c)
	}
}

// soon has Tick called at an instant or before.
func (e *Engine) soon(at Instant) { e.due = min(e.due, at) }

// Due is when Tick is to be called because of what was handled since.
func (e *Engine) Due() Instant { return e.due }
