package engine

import (
	"net/netip"
	"slices"
	"time"

	"option150/dhcp/share"
	"option150/dhcp/wire"
)

// request answers a DHCPREQUEST. Which of its four forms it is, its fields
// tell. [RFC 2131 4.3.2; the table in facts/dhcp.md 3]
func (e *Engine) request(c *call) {
	p := c.p
	asked := p.Wanted
	if !asked.IsValid() {
		asked = p.CIAddr
	}
	if !c.resumed {
		e.Stats.Received.Request++
		e.Event(Requested{
			MAC: p.MAC, ClientID: c.client, Hostname: p.Host, VendorClass: p.Vendor, Addr: asked,
			Server: p.Server, Foreign: p.Server.IsValid() && !e.ours(c, p.Server), Reboot: !p.Server.IsValid() && p.Wanted.IsValid(), Interface: c.in.Interface, Relay: p.GIAddr,
		})
	}
	if c.known && (!p.Server.IsValid() || e.ours(c, p.Server)) && e.hostOf(c) == nil && !e.known(c, asked) && len(e.admitted(c)) == 0 {
		e.noLease(c, reasonClass) // for phones only: others hear nothing, no NAK either
		return
	}
	switch {
	case p.Server.IsValid():
		e.selecting(c)
	case p.Wanted.IsValid():
		e.rebooting(c)
	case p.CIAddr.IsValid():
		if !c.resumed {
			e.Stats.Renew++
		}
		e.renewing(c)
	default:
		e.Stats.Extra.Incomplete++ // asks for nothing: nothing to say
	}
}

// selecting: the client chose a server. If that is not us our offer is free
// again, and nothing is said: a NAK would hit another server's client.
func (e *Engine) selecting(c *call) {
	p := c.p
	if !e.ours(c, p.Server) {
		if o := e.offersOf[string(c.key)]; o != nil {
			e.drop(o)
		}
		e.Stats.Extra.OtherServer++
		if !e.peer(p.Server) {
			e.inquire(c)
		}
		return
	}
	a := p.Wanted
	if !a.IsValid() {
		a = p.CIAddr // some clients renew this way
	}
	switch s, h := e.mayHave(c, a); {
	case !c.known && h == nil:
		e.noLease(c, reasonNoPool)
	case !a.IsValid():
		e.nak(c, a, "no address requested")
	case h != nil || s != nil:
		if e.holding(c) && !e.known(c, a) {
			e.Stats.Extra.Held++
			return
		}
		if h == nil && e.unproven(c, s, a) {
			e.park(c, s, a)
			return
		}
		e.grant(c, a, s, h, e.known(c, a))
	case e.holding(c):
		e.Stats.Extra.Held++
	default:
		e.nak(c, a, "address not available")
	}
}

// unproven reports whether an address that was offered unprobed is still being
// asked for, in a network of which nothing is known yet or where addresses are
// in use without a lease of ours: there the ACK waits for the answer.
func (e *Engine) unproven(c *call, s *subnet, a netip.Addr) bool {
	if c.resumed || s.proven && s.aside == 0 || e.known(c, a) {
		return false
	}
	p := s.probes[a]
	return p != nil && p.sent && !p.list && !p.hint
}

// rebooting: the client had an address and asks whether it still holds.
// Without a record there is silence, unless the client itself was heard there:
// the address may be another server's.
func (e *Engine) rebooting(c *call) {
	a := c.p.Wanted
	if e.placed(c, a) {
		return
	}
	s, h := e.mayHave(c, a)
	allowed := (s != nil || h != nil) && !e.blocked(c, s, h, a)
	u := e.users[a]
	switch {
	case allowed && (h != nil || e.known(c, a)):
		e.grant(c, a, s, h, true)
	case e.refused(c, a):
	case u != nil && u.other(c):
		e.contested(c, u.sub, a)
	case allowed && u != nil && u.mine(c) && !c.p.GIAddr.IsValid():
		e.grant(c, a, s, nil, true)
	case !e.t.Spec.Authoritative, e.unsure(c.now):
		// Perhaps another server's client: the RFC asks for silence.
		e.Stats.Extra.UnknownClient++
	case allowed:
		e.grant(c, a, s, h, false)
	default:
		e.nak(c, a, "address not available")
	}
}

// renewing: RENEWING or REBINDING, ciaddr is in use. A client without a record
// gets one: the lease is one this server has lost, or had from its predecessor.
func (e *Engine) renewing(c *call) {
	a := c.p.CIAddr
	if e.placed(c, a) {
		return
	}
	s, h := e.mayHave(c, a)
	allowed := (s != nil || h != nil) && !e.blocked(c, s, h, a)
	switch {
	case allowed && (h != nil || e.known(c, a)):
		e.grant(c, a, s, h, true)
	case e.refused(c, a):
	default:
		e.reclaim(c, a)
	}
}

// reclaim makes a lease of an address that its client is using. Unless the
// client itself was heard there the address is asked for first: two may use it.
func (e *Engine) reclaim(c *call, a netip.Addr) {
	s := e.t.subnetOf(a)
	if s == nil || e.shareRefuses(c, a) || s.reserved(a) || !slices.Contains(c.subnets, s) || e.blocked(c, s, nil, a) || !claimsItself(c) && !e.Test {
		e.Stats.Extra.UnknownClient++
		return
	}
	u := e.users[a]
	switch {
	case u != nil && u.other(c):
		e.contested(c, s, a)
	case u != nil && u.mine(c), c.resumed, !e.probing(s):
		e.grant(c, a, s, nil, true)
	default:
		e.park(c, s, a)
	}
}

// placed deals with what is not about the address itself: another server
// answers, there is no pool, the client has moved to another network, or a
// manual binding was made for it meanwhile.
func (e *Engine) placed(c *call, a netip.Addr) bool {
	h := e.hostOf(c)
	mine := h != nil && h.addr == a
	switch {
	case e.holding(c) && !e.known(c, a):
		e.Stats.Extra.Held++
	case !c.known && !mine:
		e.noLease(c, reasonNoPool)
	case !c.onLink(a) && !mine:
		e.nak(c, a, "wrong network")
	case h != nil && !mine && e.hostFree(c, h):
		e.nak(c, a, "client has a manual binding")
	default:
		return false
	}
	return true
}

// refused says no to a client that asks for what is on record as somebody
// else's, or has another address on record itself.
func (e *Engine) refused(c *call, a netip.Addr) bool {
	switch {
	case e.unsure(c.now) && (e.taken(c, a) || e.elsewhere(c, a)):
		e.Stats.Extra.UnknownClient++
	case e.taken(c, a):
		e.nak(c, a, "address belongs to another client")
	case e.elsewhere(c, a):
		e.nak(c, a, "client has another address")
	default:
		return false
	}
	return true
}

// mayHave returns the network or the manual binding by which the client may
// have the address; both nil if it may not.
func (e *Engine) mayHave(c *call, a netip.Addr) (*subnet, *host) {
	if !a.IsValid() {
		return nil, nil
	}
	if h := e.hostOf(c); h != nil && h.addr == a {
		if e.hostFree(c, h) {
			return e.t.subnetOf(a), h
		}
		return nil, nil
	}
	for _, s := range c.subnets {
		if e.available(c, s, a) && !e.blocked(c, s, nil, a) {
			return s, nil
		}
	}
	return nil, nil
}

// blocked applies the lines that restrict a pool: whom they do not let in gets
// nothing new from it. A phone may leave its class out of a renewal.
func (e *Engine) blocked(c *call, s *subnet, h *host, a netip.Addr) bool {
	if h != nil || s == nil || e.inClass(c, s, a) {
		return false
	}
	b := e.bindings[a]
	return b == nil || !b.leased || !e.owns(c, b) || s.pool.conf.ClassLock && !wire.CiscoPhone(b.Vendor)
}

// known reports whether the client has, or had last, the address.
func (e *Engine) known(c *call, a netip.Addr) bool {
	b := e.bindings[a]
	return b != nil && e.owns(c, b)
}

// owns reports whether a binding is the client's. A manual binding by hardware
// address is of every identity with that address: a boot loader and the system
// it loads, with an identifier and without.
func (e *Engine) owns(c *call, b *binding) bool {
	if b.Key == string(c.key) {
		return true
	}
	if b.Imported && b.Key[0] == 'h' && b.MAC == c.p.MAC {
		return true // its list did not have the identifier
	}
	h := e.t.byAddr[b.Addr]
	return b.Manual && h != nil && len(h.id) == 0 && e.hostOf(c) == h
}

// isMyHost reports whether a is the client's manual binding here.
func (e *Engine) isMyHost(c *call, a netip.Addr) bool {
	h := e.hostOf(c)
	return h != nil && h.addr == a
}

// taken reports whether a is on record as somebody else's: leased, a manual
// binding, or an address of the box.
func (e *Engine) taken(c *call, a netip.Addr) bool {
	if b := e.bindings[a]; b != nil && b.leased && !e.owns(c, b) {
		return true
	}
	return e.t.own[a] || e.t.byAddr[a] != nil && !e.isMyHost(c, a)
}

// elsewhere reports whether the client has another address on this link.
func (e *Engine) elsewhere(c *call, a netip.Addr) bool {
	for _, b := range e.clients[string(c.key)] {
		if b.leased && b.Addr != a && c.onLink(b.Addr) {
			return true
		}
	}
	return false
}

// grant leases the address and acknowledges it once the record is on disk.
// While the disk does not work a client gets no more time than what is on it.
func (e *Engine) grant(c *call, a netip.Addr, s *subnet, h *host, renewal bool) {
	p := c.p
	d := e.leaseFor(c, h, s)
	var claim *share.Grant
	if e.share.Domain != nil && h == nil {
		end := shareEnd
		if d != Infinite {
			end = e.stamp(c.now + d)
		}
		until, grant, err := e.shared(c, a, end)
		if err != nil {
			e.Stats.Shared.Refused++
			return
		}
		if until < end {
			d = time.Duration(until-e.stamp(c.now)) * time.Second
		}
		claim = grant
	}
	replies, then := &e.out.Acks, &e.out.Acked
	if e.DiskBad {
		replies, then = &e.out.Replies, &e.out.Then
		b := e.bindings[a]
		if b == nil || !b.leased || !e.owns(c, b) || !b.written || b.durable <= c.now {
			e.Stats.Extra.DiskRefused++
			return
		}
		if b.durable != never {
			d = min(d, b.durable-c.now)
		}
	} else {
		e.bind(c.now, c, a, h, d)
		e.fresh[len(e.fresh)-1].acked = true
		e.claim(claim)
	}
	pool, opts := poolOf(h, s), e.optsOf(c, h, s)
	e.Stats.Sent.Ack++
	m := e.lease(c, wire.MsgAck, a, pool, opts, d)
	r := e.deliver(c, a, m.payload)
	*replies = append(*replies, r)
	*then = append(*then, Ack{
		MAC: p.MAC, ClientID: c.client, Hostname: p.Host, VendorClass: p.Vendor, Addr: a,
		Pool: pool.conf.Name, Interface: c.in.Interface, Relay: p.GIAddr, Option66: m.name, Option150: m.tftp,
		Lease: d, Manual: h != nil, Renewal: renewal, Mask: maskText(opts), Router: routerOf(opts), OnlyRequested: p.Params != nil, Delivery: r.Delivery.String(),
	})
}
