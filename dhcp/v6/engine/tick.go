package engine

import (
	"net/netip"
	"time"

	v4 "option150/dhcp/engine"
	"option150/dhcp/v6/wire"
	"option150/platform/ether"
)

// question is an address of which it is asked who has it.
type question struct {
	until Instant
	mac   ether.MAC // who answered
	other bool      // more than one did
}

// parked is a message that waits for the answers about its addresses.
type parked struct {
	in  Inbound
	due Instant
}

// ask has the LAN asked who has the addresses of a Renew or Rebind of which
// nothing is on record. It reports true when the message waits.
func (e *Engine) ask(c *call) bool {
	if !e.CanProbe || c.relay.IsValid() || len(c.p.Relays) > 0 {
		return false
	}
	waits := false
	for i := range c.p.IAs {
		ia := &c.p.IAs[i]
		k := key(c.p.Client, ia.ID)
		if ia.Kind != wire.OptIANA || e.current(k, c.pool) != nil {
			continue
		}
		for _, a := range ia.Addrs {
			if !c.pool.conf.Prefix.IsValid() || !c.pool.conf.Prefix.Contains(a) || !e.available(c, k, a) {
				continue
			}
			if q := e.asked[a]; q == nil || q.until <= c.now {
				e.asked[a] = &question{until: c.now + askWindow}
				e.out.Ask = append(e.out.Ask, Question{Interface: c.in.Interface, Addr: a})
			}
			waits = true
		}
	}
	if !waits {
		return false
	}
	if len(e.parked) >= maxParked {
		e.Stats.Overload++
		e.discard(c, "too many wait")
		return true
	}
	in := *c.in
	in.Data = append([]byte(nil), c.in.Data...)
	e.parked = append(e.parked, parked{in: in, due: c.now + askWindow})
	e.due = min(e.due, c.now+askWindow)
	return true
}

// Answered tells that a station says it has an address.
func (e *Engine) Answered(a netip.Addr, mac ether.MAC) {
	if q := e.asked[a]; q != nil {
		q.other = q.other || !q.mac.IsZero() && q.mac != mac
		q.mac = mac
	}
}

// contested reports whether somebody else was heard at an address. Then nobody
// is given it, and its client is not refused either: it is not known whose it is.
func (e *Engine) contested(c *call, a netip.Addr) bool {
	q := e.asked[a]
	if !c.resumed || q == nil || q.mac.IsZero() || q.mac == c.in.Source && !q.other {
		return false
	}
	e.Stats.Contested++
	name := ""
	if p := e.t.of(a); p != nil {
		name = p.conf.Name
	}
	e.Event(v4.Contested{Addr: a, Pool: name, Interface: c.in.Interface, MAC: c.in.Source, Other: q.mac})
	e.clash(c.now, a, c)
	return true
}

// Due is when Tick is to be called because of what was handled since.
func (e *Engine) Due() Instant { return e.due }

// Tick does what is due by time alone and returns when to be called again, at
// most a second later.
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
		e.end(now, b)
		e.Stats.Expired++
		e.Event(Expired{Addr: b.Addr, Pool: b.Pool})
	}
	for a, x := range e.conflicts {
		if now-x.since >= ConflictTimeout {
			e.resolve(a)
		}
	}
	e.due = never
	for len(e.parked) > 0 && e.parked[0].due <= now {
		w := e.parked[0]
		e.parked = e.parked[1:]
		if p, err := wire.Decode(w.in.Data); err == nil {
			c := e.call(now, &w.in, p)
			c.resumed = true
			e.handle(c)
		}
	}
	next := min(now+time.Second, e.tickRouters(now))
	if len(e.parked) > 0 {
		next = min(next, e.parked[0].due)
	}
	for a, q := range e.asked {
		if q.until <= now {
			delete(e.asked, a)
		}
	}
	return max(next, now+time.Millisecond)
}
