package engine

import (
	"net/netip"
	"slices"
	"time"

	"option150/dhcp/v6/wire"
)

// got is what became of one association.
type got struct {
	ia     *wire.IA
	addr   netip.Addr // given, invalid = none
	gone   []netip.Addr
	status uint16 // why not, Success = given or nothing to say
	text   string
	pref   time.Duration
	valid  time.Duration
	again  bool // the client had the address
}

// noPool says that a client got nothing because no pool is for its link.
func (e *Engine) noPool(c *call) {
	e.Stats.NoPool++
	e.Event(NoAddress{MAC: c.mac, DUID: c.client, Interface: c.in.Interface, Relay: c.relay, Why: "NO POOL"})
}

// solicit answers with an offer that is held for a minute, or at once with the
// address. An association for which there is none is told so. [RFC 8415 18.3.1,
// 18.3.9]
func (e *Engine) solicit(c *call) {
	if c.pool == nil {
		e.noPool(c)
		return
	}
	if e.starving(c) {
		return
	}
	if e.DiskBad && !e.known(c) {
		e.Stats.DiskRefused++ // another server may have an address for it
		e.discard(c, "bindings cannot be written")
		return
	}
	rapid := c.p.Rapid && c.link.conf.Rapid
	var all []got
	for i := range c.p.IAs {
		ia := &c.p.IAs[i]
		g := got{ia: ia}
		if !e.refused(&g) {
			g.addr = e.candidate(c, key(c.p.Client, ia.ID), ia.Addrs, c.link.conf.AllowHint)
			e.promise(c, &g, rapid)
		}
		all = append(all, g)
	}
	if rapid && slices.ContainsFunc(all, func(g got) bool { return g.addr.IsValid() }) {
		if !e.grant(c, all) {
			return
		}
		e.answer(c, wire.Reply, all, nil)
		return
	}
	e.answer(c, wire.Advertise, all, nil)
}

// known reports whether a client has an address on record.
func (e *Engine) known(c *call) bool {
	return slices.ContainsFunc(c.p.IAs, func(ia wire.IA) bool { return e.current(key(c.p.Client, ia.ID), c.pool) != nil })
}

// promise holds the address of an association, or says that there is none.
func (e *Engine) promise(c *call, g *got, rapid bool) {
	if !g.addr.IsValid() {
		g.status, g.text = wire.NoAddrsAvail, "no addresses are available"
		if e.Stats.NoAddress++; c.pool.conf.Prefix.IsValid() {
			e.Event(NoAddress{MAC: c.mac, DUID: c.client, Interface: c.in.Interface, Relay: c.relay, Pool: c.pool.conf.Name, Why: "POOL EXHAUSTED"})
		}
		return
	}
	g.pref, g.valid = c.pool.conf.Lifetimes()
	if rapid {
		return
	}
	e.hold(c.now, &offer{addr: g.addr, key: key(c.p.Client, g.ia.ID)})
}

// refused says no to what this server has not: temporary addresses and
// prefixes.
func (e *Engine) refused(g *got) bool {
	switch g.ia.Kind {
	case wire.OptIATA:
		g.status, g.text = wire.NoAddrsAvail, "temporary addresses are not given here"
	case wire.OptIAPD:
		g.status, g.text = wire.NoPrefixAvail, "prefixes are not given here"
	default:
		return false
	}
	return true
}

// request answers Request, Renew and Rebind. [RFC 8415 18.3.2, 18.3.4, 18.3.5]
func (e *Engine) request(c *call) {
	if c.pool == nil {
		e.noPool(c)
		return
	}
	if c.p.Type != wire.Request && !c.resumed && e.ask(c) {
		return // it is answered when it is known who has the address
	}
	if e.starving(c) {
		return
	}
	all := make([]got, 0, len(c.p.IAs))
	silent := true // nothing is known of any association
	for i := range c.p.IAs {
		g := got{ia: &c.p.IAs[i]}
		if e.refused(&g) {
			silent = silent && c.p.Type == wire.Rebind
			all = append(all, g)
			continue
		}
		var ok bool
		if c.p.Type == wire.Request {
			ok = e.choose(c, &g)
		} else {
			ok = e.extend(c, &g)
		}
		silent = silent && !ok
		all = append(all, g)
	}
	if silent && len(all) > 0 {
		e.Stats.Unknown++
		e.discard(c, "nothing is known of its addresses")
		return
	}
	if e.grant(c, all) {
		e.answer(c, wire.Reply, all, nil)
	}
}

// choose gives an association of a Request its address.
func (e *Engine) choose(c *call, g *got) bool {
	for _, a := range g.ia.Addrs {
		if on, known := c.onLink(a); known && !on {
			g.status, g.text = wire.NotOnLink, "the address is not of this link"
			return true
		}
	}
	g.addr = e.candidate(c, key(c.p.Client, g.ia.ID), g.ia.Addrs, c.link.conf.AllowHint)
	e.promise(c, g, true)
	return true
}

// extend prolongs an association of a Renew or Rebind. Without a record it is
// made again, if its address can be this client's: the record is one this server
// has lost, or had from its predecessor. It reports false when there is nothing
// to say.
func (e *Engine) extend(c *call, g *got) bool {
	k := key(c.p.Client, g.ia.ID)
	mine := e.current(k, c.pool)
	var unknown bool
	known := slices.ContainsFunc(e.clients[k], func(b *binding) bool { return b.leased })
	for _, a := range g.ia.Addrs {
		on, sure := c.onLink(a)
		switch {
		case mine != nil && a == mine.Addr:
		case mine != nil, sure && !on:
			g.gone = append(g.gone, a) // not to be used any more
		case g.addr.IsValid():
			g.gone = append(g.gone, a)
		case e.contested(c, a):
			return false
		case c.pool.conf.Prefix.IsValid() && c.pool.conf.Prefix.Contains(a) && e.available(c, k, a):
			g.addr = a
		case e.bindings[a] != nil && e.bindings[a].leased, e.conflicts[a] != nil, e.t.own[a], c.pool.conf.Prefix.IsValid() && c.pool.conf.Prefix.Contains(a):
			g.gone = append(g.gone, a)
		default:
			unknown = true // another server's, or of a prefix nobody here gives
		}
	}
	if mine != nil && e.available(c, k, mine.Addr) {
		g.addr, g.again = mine.Addr, true
	}
	if !g.addr.IsValid() && len(g.gone) > 0 && known {
		// What it had here is of a prefix that is gone: it gets one of those there
		// are, in the same answer. [RFC 8415 18.3.4]
		g.addr = e.candidate(c, k, nil, false)
	}
	switch {
	case g.addr.IsValid():
		g.pref, g.valid = c.pool.conf.Lifetimes()
	case unknown && c.p.Type == wire.Rebind:
		return false
	case len(g.gone) > 0:
	case c.p.Type == wire.Renew:
		g.status, g.text = wire.NoBinding, "there is no binding"
	default:
		return false
	}
	return true
}

// confirm says whether the addresses of a client are of its link. [RFC 8415
// 18.3.3]
func (e *Engine) confirm(c *call) {
	n := 0
	for _, ia := range c.p.IAs {
		for _, a := range ia.Addrs {
			n++
			on, known := c.onLink(a)
			switch {
			case !known:
				e.discard(c, "nothing is known of its link")
				return
			case !on:
				e.answer(c, wire.Reply, nil, &status{wire.NotOnLink, "an address is not of this link"})
				return
			}
		}
	}
	if n == 0 {
		e.discard(c, "it has no address")
		return
	}
	e.answer(c, wire.Reply, nil, &status{wire.Success, "all addresses are of this link"})
}

// giveBack is Release and Decline: only who has an address may say so. [RFC 8415
// 18.3.6, 18.3.7]
func (e *Engine) giveBack(c *call) {
	var all []got
	for i := range c.p.IAs {
		ia := &c.p.IAs[i]
		k := key(c.p.Client, ia.ID)
		// An association that has a binding is one, whatever addresses are given
		// back beside its own.
		found := ia.Kind == wire.OptIANA && slices.ContainsFunc(e.clients[k], func(b *binding) bool { return b.leased })
		for _, a := range ia.Addrs {
			b := e.bindings[a]
			if !found || b == nil || !b.leased || b.Key != k {
				e.Stats.Foreign++
				continue
			}
			e.out.Durable = e.out.Durable || !e.DiskBad
			pool := b.Pool
			e.end(c.now, b)
			e.save(b)
			if c.p.Type == wire.Decline {
				e.clash(c.now, a, c)
			} else {
				e.Event(Released{MAC: b.MAC, DUID: c.client, Addr: a, Pool: pool})
			}
		}
		if !found {
			all = append(all, got{ia: ia, status: wire.NoBinding, text: "there is no binding"})
		}
	}
	what := "released"
	if c.p.Type == wire.Decline {
		what = "declined"
	}
	e.answer(c, wire.Reply, all, &status{wire.Success, what})
}

// inform gives a client that has addresses already the rest. [RFC 8415 18.3.8]
func (e *Engine) inform(c *call) {
	if c.pool == nil {
		e.noPool(c)
		return
	}
	e.answer(c, wire.Reply, nil, nil)
}
