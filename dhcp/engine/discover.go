package engine

import (
	"net/netip"
	"slices"
	"time"

	"option150/dhcp/wire"
)

// discover answers a DHCPDISCOVER: with an offer, held for a minute, or with
// silence. The candidates are, in order: a manual binding, what was offered a
// moment ago, the address the client has or had, the one it asks for, and the
// next that is free. [facts/dhcp.md 3]
func (e *Engine) discover(c *call) {
	p := c.p
	e.Stats.Received.Discover++
	e.Event(Discover{
		MAC: p.MAC, ClientID: c.client, Hostname: p.Host, VendorClass: p.Vendor,
		Requested: codesText(p.Params), Interface: c.in.Interface, Relay: p.GIAddr, Link: c.link,
		RemoteID: hexText(p.Remote), CircuitID: hexText(p.Circuit), HType: p.HType,
	})
	if e.holding(c) {
		e.Stats.Extra.Held++
		return
	}
	if !c.known {
		e.noLease(c, reasonNoPool)
		return
	}
	if e.limited(c) {
		e.overLimit(c)
		return
	}
	addr, s, h, why := e.candidate(c)
	e.tellClass(c, s, h, why)
	if !addr.IsValid() {
		e.noLease(c, why)
		return
	}
	if p.Rapid && poolOf(h, s).conf.RapidCommit {
		e.grant(c, addr, s, h, false)
		return
	}
	o := e.offers[addr]
	if o == nil && len(e.offers) >= maxOffers {
		e.Stats.Extra.RateLimited++
		return
	}
	if o != nil {
		o.until = c.now + offerHold
		e.offerQueue.MoveToBack(o.place)
	} else {
		if last := e.offersOf[string(c.key)]; last != nil {
			e.drop(last)
		}
		o = &offer{addr: addr, key: string(c.key), mac: p.MAC, sub: s, host: h, iface: c.in.Interface, lender: c.lender()}
		e.hold(c.now, o)
	}
	e.Stats.Sent.Offer++
	pool, opts := poolOf(h, s), e.optsOf(c, h, s)
	m := e.lease(c, wire.MsgOffer, addr, pool, opts, e.leaseFor(c, h, s))
	r := e.deliver(c, addr, m.payload)
	e.out.Replies = append(e.out.Replies, r)
	e.out.Then = append(e.out.Then, Offer{
		MAC: p.MAC, ClientID: c.client, Addr: addr, Pool: pool.conf.Name, Interface: c.in.Interface,
		Relay: p.GIAddr, Option66: m.name, Option150: m.tftp, OnlyRequested: p.Params != nil, Delivery: r.Delivery.String(),
	})
}

// Why there was no lease; the words of %DHCPD-7-NO_LEASE.
const (
	reasonNoPool    = "NO POOL"
	reasonExhausted = "POOL EXHAUSTED"
	reasonClass     = "CLASS MISMATCH"
	reasonShared    = "SHARED BINDINGS: " // and which rule is against it
)

func (e *Engine) noLease(c *call, why string) {
	if why == reasonNoPool {
		e.Stats.Extra.NoPool++
	} else {
		e.Stats.Extra.NoLease++
	}
	e.Event(NoLease{MAC: c.p.MAC, ClientID: c.client, Interface: c.in.Interface, Relay: c.p.GIAddr, Link: c.link, Why: why})
}

// candidate chooses the address to offer. s may be nil for a manual binding.
func (e *Engine) candidate(c *call) (addr netip.Addr, s *subnet, h *host, why string) {
	p := c.p
	if h := e.hostOf(c); h != nil && e.hostFree(c, h) {
		return h.addr, e.t.subnetOf(h.addr), h, ""
	}
	subnets := e.admitted(c)
	if len(subnets) == 0 {
		return netip.Addr{}, nil, nil, reasonClass
	}
	for _, s := range subnets {
		s.demand = c.now
	}
	if o := e.offersOf[string(c.key)]; o != nil && o.sub != nil && o.host == nil && slices.Contains(subnets, o.sub) && e.available(c, o.sub, o.addr) {
		return o.addr, o.sub, nil, ""
	}
	if b := e.former(c, subnets); b != nil {
		e.parallel(c.now, b.sub, b.Addr, b)
		return b.Addr, b.sub, nil, ""
	}
	if u, ok := e.heardAt(c, subnets); ok {
		return u.addr, u.sub, nil, ""
	}
	if why := e.nobodyNew(c.now); why != "" {
		return netip.Addr{}, nil, nil, why
	}
	if p.Wanted.IsValid() {
		for _, s := range subnets {
			if s.holds(p.Wanted) && e.available(c, s, p.Wanted) && e.spare(c, s) {
				e.parallel(c.now, s, p.Wanted, nil)
				return p.Wanted, s, nil, ""
			}
		}
	}
	for _, s := range subnets {
		if !e.spare(c, s) {
			continue
		}
		if a, ok := e.next(c, s); ok {
			e.passedOver(s, a)
			return a, s, nil, ""
		}
	}
	e.runDry(c.now, subnets)
	return netip.Addr{}, nil, nil, reasonExhausted
}

// admitted leaves out the networks of pools that are not for the client.
func (e *Engine) admitted(c *call) []*subnet {
	all := true
	for _, s := range c.subnets {
		if _, ok := e.admitting(c, s.pool); !ok {
			all = false
		}
	}
	if all {
		return c.subnets
	}
	var out []*subnet
	for _, s := range c.subnets {
		if _, ok := e.admitting(c, s.pool); ok {
			out = append(out, s)
		}
	}
	return out
}

// spare reports whether the client may take one of the last addresses.
func (e *Engine) spare(c *call, s *subnet) bool {
	return c.p.Cisco || s.pool.conf.ReservePhones == 0 || s.free() > s.pool.conf.ReservePhones
}

// hostOf finds the manual binding of the client that fits where it is. A
// hardware-address matches clients without identifier, and also the identifier
// 01 followed by that address, which is what phones send: on IOS that never
// matches, the commonest mistake in host pools. [facts/dhcp.md 3]
func (e *Engine) hostOf(c *call) *host {
	p := c.p
	fits := func(h *host) bool { return c.onLink(h.addr) || c.link.IsValid() && h.prefix.Contains(c.link) }
	var one [7]byte
	id := p.ID
	if id == nil {
		one[0] = 1
		copy(one[1:], p.MAC[:])
		id = one[:]
	}
	for _, h := range e.t.byID[string(id)] {
		if fits(h) {
			return h
		}
	}
	for _, h := range e.t.byMAC[p.MAC] {
		if fits(h) && (h.htype == 1 || p.HType == h.htype) {
			return h
		}
	}
	return nil
}

// hostFree reports whether nobody else has the address of a manual binding.
func (e *Engine) hostFree(c *call, h *host) bool {
	if e.conflicts[h.addr] != nil || e.othersHave(c, h.addr) {
		return false
	}
	if o := e.offers[h.addr]; o != nil && o.key != string(c.key) {
		return false
	}
	b := e.bindings[h.addr]
	return b == nil || !b.leased || e.owns(c, b)
}

// former returns the address the client has, or had last, on this link.
func (e *Engine) former(c *call, subnets []*subnet) *binding {
	var best *binding
	for _, b := range append(e.importedFor(c), e.clients[string(c.key)]...) {
		if b.sub == nil || !slices.Contains(subnets, b.sub) || !e.available(c, b.sub, b.Addr) {
			continue
		}
		if best == nil || b.leased && !best.leased || b.leased == best.leased && b.granted > best.granted {
			best = b
		}
	}
	return best
}

// available reports whether the client may have the address: it is leasable
// and nobody else has it, is offered it or was heard using it.
func (e *Engine) available(c *call, s *subnet, a netip.Addr) bool {
	if !s.holds(a) || e.conflicts[a] != nil || e.peer(a) || e.shareRefuses(c, a) {
		return false
	}
	b := e.bindings[a]
	mine := b != nil && b.leased && e.owns(c, b)
	if s.reserved(a) && !(mine && !b.Manual && e.t.byAddr[a] == nil && !e.t.own[a]) {
		// An address excluded after it was leased stays with its client.
		return false
	}
	if b != nil && b.leased && !mine {
		return false
	}
	if o := e.offers[a]; o != nil && o.key != string(c.key) {
		return false
	}
	if mine {
		return true
	}
	if p := s.probes[a]; p != nil && p.hint || s.ownRelay(a) || !e.inClass(c, s, a) {
		return false
	}
	u := e.users[a]
	// Behind a relay an echo does not tell who answered: the last owner may.
	return u == nil || u.mine(c) || len(u.macs) == 0 && b != nil && b.Key == string(c.key)
}

// next allocates, upwards from the index that moves and round once: first what
// has no history, the lowest address of a new pool first of all, then what was
// freed, the longest ago first. An address that answers a probe, is heard or in
// conflict is passed over; nothing depends on who asks or on chance. Addresses
// are taken in this order whether their probe is over (ready), is out (asking)
// or was never sent. It never waits for a probe.
// [facts/dhcp.md 2, Current index, and 3]
func (e *Engine) next(c *call, s *subnet) (netip.Addr, bool) {
	defer func() { e.refill(c.now, s) }()
	if class, _ := e.admitting(c, s.pool); class != nil && len(class.Ranges) > 0 {
		return e.nextOf(c, s, class)
	}
	for len(s.ready) > 0 {
		r := s.ready[0]
		s.ready = s.ready[1:]
		s.taken++
		if e.available(c, s, r.addr) {
			if e.bindings[r.addr] == nil {
				s.advance(r.addr)
			}
			if c.now-r.probed > readyFor {
				e.parallel(c.now, s, r.addr, nil)
			}
			return r.addr, true
		}
		e.release(s, r.addr)
	}
	e.short(c.now, s)
	if a, ok := e.unfinished(c, s); ok {
		s.advance(a)
		return a, true
	}
	for range 1024 { // addresses skipped because somebody was heard there
		a, ok := s.fresh()
		if !ok {
			break
		}
		s.advance(a)
		if e.available(c, s, a) {
			e.parallel(c.now, s, a, nil)
			return a, true
		}
	}
	for el := s.freed.Front(); el != nil; el = el.Next() {
		b := el.Value.(*binding)
		if e.available(c, s, b.Addr) {
			e.parallel(c.now, s, b.Addr, nil)
			return b.Addr, true
		}
	}
	return netip.Addr{}, false
}

// leaseFor is the time the client gets: the pool's, or less if it asks for
// less, but not under two minutes.
func (e *Engine) leaseFor(c *call, h *host, s *subnet) time.Duration {
	d := DefaultLease
	switch {
	case h != nil:
		d = h.lease
	case s != nil && s.pool.conf.Lease != 0:
		d = s.pool.conf.Lease
	}
	if c.p.Lease != 0 && c.p.Lease != 0xffffffff {
		if want := time.Duration(c.p.Lease) * time.Second; want < d {
			d = max(want, min(minLease, d))
		}
	}
	return d
}

func poolOf(h *host, s *subnet) *pool {
	if h != nil {
		return h.pool
	}
	return s.pool
}

func (e *Engine) optsOf(c *call, h *host, s *subnet) *rendered {
	if h != nil {
		return h.options().turn(c.p.MAC)
	}
	class, _ := e.admitting(c, s.pool)
	return s.classed(class).turn(c.p.MAC)
}
