package engine

import (
	"cmp"
	"slices"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
)

// A station that asks in many names drains a pool in seconds (dhcpstarv). What
// tells it is its frames: they come from one Ethernet address, whatever chaddr
// and client identifier they carry. Bridges that speak for the stations behind
// them do the same. What tells them apart is that the stations behind a bridge
// answer at the addresses they were given: only those at which nobody answers
// count. Of them one source may have a quarter of a network, eight at least and
// 64 at most; who has an address keeps it. `ip dhcp verify mac-address` is
// stricter, and breaks bridges.
const (
	minBorrowed = 8
	maxBorrowed = 64
	doubtFor    = time.Minute     // the leases of a source are asked for after it was last near its bound
	doubtEvery  = time.Second     // so often, readyWant at a time
	doubtAgain  = 2 * time.Second // the same one
	proofFor    = time.Second     // an answer is one to the question before
)

// starving reports whether the client would be one too many of its source.
func (e *Engine) starving(c *call) bool {
	src := c.lender()
	if src.IsZero() || e.borrowed[src] < c.borrowable() || !e.holdsNothing(c) {
		return false
	}
	// Who was heard at the address it asks for is no name that was made up.
	a := c.p.Wanted
	if !a.IsValid() {
		a = c.p.CIAddr
	}
	if u := e.users[a]; u != nil && u.mine(c) {
		return false
	}
	_, heard := e.heardAt(c, c.subnets)
	return !heard
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
	e.doubt(c.now, src)
	if s := e.t.subnetOf(c.p.CIAddr); s != nil && slices.Contains(c.subnets, s) && !s.reserved(c.p.CIAddr) {
		e.parallel(c.now, s, c.p.CIAddr, nil) // is it there? then it has it when it asks again
	}
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

// doubt has the leases of a source asked for.
func (e *Engine) doubt(now Instant, src ether.MAC) {
	if _, ok := e.doubted[src]; !ok {
		if len(e.doubted) >= maxProxies {
			clear(e.doubted)
		}
		e.soon(now)
	}
	e.doubted[src] = now
}

// nearBound begins to ask before a source has as much as it may, so that who is
// behind a bridge and comes last does not have to wait.
func (e *Engine) nearBound(c *call) {
	if src := c.lender(); !src.IsZero() && e.borrowed[src] >= c.borrowable()/2 {
		e.doubt(c.now, src)
	}
}

// tickDoubts asks for the leases of sources in doubt at which nobody answered,
// those asked for the longest ago first.
func (e *Engine) tickDoubts(now Instant) {
	if len(e.doubted) == 0 || now < e.doubtAt {
		return
	}
	e.doubtAt = now + doubtEvery
	for src, at := range e.doubted {
		if now-at > doubtFor {
			delete(e.doubted, src)
		}
	}
	if !e.CanProbe {
		return
	}
	var ask []*binding
	for _, b := range e.bindings {
		if _, ok := e.doubted[b.source]; ok && b.leased && !b.proven && b.sub != nil && b.sub.link != "" && (b.asked == 0 || now-b.asked >= doubtAgain) {
			ask = append(ask, b)
		}
	}
	sorted.By(ask, func(x, y *binding) int { return cmp.Or(cmp.Compare(x.asked, y.asked), x.Addr.Compare(y.Addr)) })
	for _, b := range ask[:min(len(ask), readyWant)] {
		b.asked = now
		e.out.Probes = append(e.out.Probes, Probe{Interface: b.sub.link, Addr: b.Addr})
	}
}

// answeredLease takes note of an answer at a leased address: by its client, or by
// the bridge that spoke for it.
func (e *Engine) answeredLease(now Instant, b *binding, x Sighting) {
	if !b.proven && x.Reply && b.asked > 0 && now-b.asked < proofFor && !x.MAC.IsZero() && (x.MAC == b.MAC || x.MAC == b.source) {
		e.prove(b)
	}
}

// prove has a lease no longer count for its source.
func (e *Engine) prove(b *binding) {
	e.lend(b, -1)
	b.proven = true
}

// lend counts a lease for its source.
func (e *Engine) lend(b *binding, n int) {
	if !b.proven {
		e.borrow(b.source, n)
	}
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
