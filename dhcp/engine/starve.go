package engine

import (
	"time"

	"option150/platform/ether"
)

// A station that asks in many names drains a pool in seconds (dhcpstarv). What
// tells it is its frames: they come from one Ethernet address, whatever chaddr
// and client identifier they carry. Bridges that speak for the stations behind
// them do the same, so one source may have a quarter of a network, eight
// addresses at least and 64 at most; who has an address keeps it. `ip dhcp verify
// mac-address` is stricter, and breaks bridges.
const (
	minBorrowed = 8
	maxBorrowed = 64
)

// starving reports whether the client would be one too many of its source.
func (e *Engine) starving(c *call) bool {
	src := c.lender()
	if src.IsZero() {
		return false
	}
	had := e.borrowed[src]
	return had >= minBorrowed && had >= c.borrowable() && e.holdsNothing(c)
}

// borrowable is how many addresses a source may have where the client is.
func (c *call) borrowable() int {
	n := 0
	for _, s := range c.subnets {
		n += s.size()
	}
	return min(maxBorrowed, max(minBorrowed, n/4))
}

// holdsNothing reports whether the client has no lease, no offer and no manual
// binding.
func (e *Engine) holdsNothing(c *call) bool {
	if e.offersOf[string(c.key)] != nil || e.hostOf(c) != nil {
		return false
	}
	for _, b := range append(e.importedFor(c), e.clients[string(c.key)]...) {
		if b.leased {
			return false
		}
	}
	return true
}

// starved says that a client got nothing because of its source.
func (e *Engine) starved(c *call) {
	e.Stats.Extra.Starved++
	src := c.in.Source
	at, ok := e.starveAt[src]
	if ok && c.now-at < time.Minute {
		return
	}
	if len(e.starveAt) >= maxProxies {
		clear(e.starveAt)
	}
	e.starveAt[src] = c.now
	e.Event(Starving{Source: src, Interface: c.in.Interface, Addresses: e.borrowed[src]})
}

// borrow counts what a source has.
func (e *Engine) borrow(src ether.MAC, n int) {
	if src.IsZero() {
		return
	}
	if e.borrowed[src] += n; e.borrowed[src] <= 0 {
		delete(e.borrowed, src)
	}
}

// lender is the source that is counted for the client; who comes by a relay, or
// renews from another network by way of a router, has none.
func (c *call) lender() ether.MAC {
	if c.p.GIAddr.IsValid() || len(c.subnets) == 0 || c.subnets[0].link != c.in.Interface {
		return ether.MAC{}
	}
	return c.in.Source
}
