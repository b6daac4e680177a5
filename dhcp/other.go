package dhcp

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"option150/platform/ether"
)

// decline: the client found somebody else on its address. Only its owner may
// say so (ISC believes anybody: the victim's next renewal gets no answer). The
// address is kept away until `clear ip dhcp conflict` or ConflictTimeout.
func (e *engine) decline(c *call) {
	p := c.p
	e.stats.Received.Decline++
	a := p.wanted
	if !a.IsValid() || !p.server.IsValid() || !e.ours(c, p.server) {
		e.stats.Extra.Incomplete++
		return
	}
	b, o := e.bindings[a], e.offers[a]
	leased := b != nil && b.leased && b.Key == string(c.key)
	offered := o != nil && o.key == string(c.key)
	if !leased && !offered {
		e.stats.Extra.ForeignDecline++
		return
	}
	if offered {
		e.drop(o)
	}
	if leased {
		e.end(b)
		e.save(b)
	}
	e.clash(c.now, a, methodARP, p.mac, c.client)
}

// clash makes an address one that is in use by somebody else.
func (e *engine) clash(now time.Time, a netip.Addr, method string, mac ether.MAC, client string) {
	if e.conflicts[a] != nil {
		return
	}
	x := &conflict{addr: a, method: method, since: now}
	e.conflicts[a] = x
	if s := e.t.subnetOf(a); s != nil {
		s.set(a)
	}
	e.write(x.record(), nil)
	e.event(Conflict{Addr: a, Method: method, MAC: mac, Client: client, Logged: e.t.spec.ConflictLogging})
}

func (x *conflict) record() record {
	return record{Kind: recordConflict, Addr: x.addr, Method: x.method, Start: x.since.Unix()}
}

// resolve ends a conflict.
func (e *engine) resolve(a netip.Addr) bool {
	if e.conflicts[a] == nil {
		return false
	}
	delete(e.conflicts, a)
	delete(e.heard, a)
	e.write(record{Kind: recordResolved, Addr: a}, nil)
	if b := e.bindings[a]; b != nil && !b.leased && b.freed == nil && b.sub != nil {
		b.freed = b.sub.freed.PushBack(b)
	}
	e.release(e.t.subnetOf(a), a)
	return true
}

// releaseMsg: the owner gives its address back. It stays on record as the last
// owner. There is no reply. [RFC 2131 4.3.4]
func (e *engine) releaseMsg(c *call) {
	p := c.p
	e.stats.Received.Release++
	b := e.bindings[p.ciaddr]
	if b == nil || !b.leased || b.Key != string(c.key) || p.server.IsValid() && !e.ours(c, p.server) {
		e.stats.Extra.ForeignRelease++
		return
	}
	e.end(b)
	b.Expiry = c.now.Unix() // so that it is put behind those freed earlier
	e.save(b)
	e.event(Release{MAC: p.mac, ClientID: c.client, Addr: p.ciaddr, Pool: b.Pool})
}

// inform: the client has an address and wants to know the rest. It is answered
// at that address without a lease. [RFC 2131 4.3.5]
func (e *engine) inform(c *call) {
	p := c.p
	e.stats.Received.Inform++
	if e.t.spec.DropInform {
		return
	}
	if !p.ciaddr.IsValid() {
		a := c.in.from.Addr()
		if !a.Is4() || a.IsUnspecified() || p.giaddr.IsValid() {
			e.stats.Extra.Incomplete++
			return
		}
		p.ciaddr = a
	}
	if near := e.t.around(p.ciaddr); len(near) > 0 {
		c.subnets, c.known = near, true
	}
	subnets := e.admitted(c)
	switch {
	case !c.known:
		e.noLease(c, reasonNoPool)
		return
	case len(subnets) == 0:
		e.noLease(c, reasonClass)
		return
	case e.holding(c):
		e.stats.Extra.Held++
		return
	}
	s := subnets[0]
	h := e.hostOf(c)
	pool, opts := poolOf(h, s), optsOf(h, s)
	m := e.finish(c, header{req: p, flags: p.flags, ciaddr: p.ciaddr}, e.begin(c, msgAck), pool, opts, false)
	r := reply{iface: c.in.iface, how: byRoute, to: netip.AddrPortFrom(p.ciaddr, portClient), payload: m.payload}
	switch {
	case e.test:
		r = e.deliver(c, p.ciaddr, m.payload)
	case p.giaddr.IsValid():
		r.fallback = netip.AddrPortFrom(p.giaddr, portServer)
	}
	e.stats.Sent.Ack++
	e.out.replies = append(e.out.replies, r)
	e.out.then = append(e.out.then, Inform{
		MAC: p.mac, ClientID: c.client, Addr: p.ciaddr, Pool: pool.conf.Name, Interface: c.in.iface,
		Relay: p.giaddr, Option66: m.name, Option150: m.tftp, OnlyRequested: p.params != nil,
	})
}

// bootp answers a BOOTP request, from manual bindings only: a BOOTP client
// keeps its address for ever. [RFC 951, RFC 1534]
func (e *engine) bootp(c *call) {
	if e.t.spec.BootpIgnore || e.holding(c) {
		return
	}
	h := e.hostOf(c)
	if h == nil || !e.hostFree(c, h) {
		return
	}
	p := c.p
	hd := header{req: p, flags: p.flags, yiaddr: h.addr, ciaddr: p.ciaddr}
	m := e.finish(c, hd, e.itemBuf[:0], h.pool, h.options(), false)
	e.stats.Sent.BootReply++
	r := e.deliver(c, h.addr, m.payload)
	e.out.replies = append(e.out.replies, r)
	e.out.then = append(e.out.then, Bootp{MAC: p.mac, Addr: h.addr, Pool: h.pool.conf.Name, Interface: c.in.iface, Relay: p.giaddr, Delivery: r.how.String()})
}

// leaseQuery tells a relay what is known of an address or a client. [RFC 4388]
func (e *engine) leaseQuery(c *call) {
	p := c.p
	e.stats.Received.LeaseQuery++
	if !p.giaddr.IsValid() { // only relays ask
		e.stats.Extra.Incomplete++
		return
	}
	var b *binding
	switch {
	case p.ciaddr.IsValid():
		b = e.bindings[p.ciaddr]
	case p.id != nil:
		b = newest(e.clients[string(c.key)])
	case !p.mac.IsZero():
		for _, x := range e.bindings { // rare, and bounded by the pools
			if x.MAC == p.mac && x.leased {
				b = newest([]*binding{x, b})
			}
		}
	}
	typ := byte(msgLeaseUnknown)
	hd := header{req: p, flags: p.flags, ciaddr: p.ciaddr}
	items := e.begin(c, 0)
	if b != nil && b.leased {
		typ, hd.ciaddr = msgLeaseActive, b.Addr
		p.raw = [16]byte{}
		copy(p.raw[:], b.MAC[:])
		sec := uint32(0xffffffff)
		if b.Expiry != forever {
			sec = uint32(max(b.Expiry-c.now.Unix(), 0))
		}
		items = append(items, item{optLease, binary.BigEndian.AppendUint32(nil, sec)},
			item{optLastTransact, binary.BigEndian.AppendUint32(nil, uint32(max(c.now.Unix()-b.Start, 0)))})
		if id := idOf(b.Key); id != nil {
			p.id = id
		}
	} else if p.ciaddr.IsValid() && e.t.subnetOf(p.ciaddr) != nil {
		typ = msgLeaseUnassigned
	}
	items[0].val = []byte{typ}
	payload := marshal(hd, e.echo(c, items), p.maxSize)
	e.itemBuf = items[:0]
	e.stats.Sent.LeaseReply++
	e.out.replies = append(e.out.replies, e.deliver(c, netip.Addr{}, payload))
}

// newest is the binding granted last, leased ones first.
func newest(bs []*binding) *binding {
	bs = slices.DeleteFunc(slices.Clone(bs), func(b *binding) bool { return b == nil })
	if len(bs) == 0 {
		return nil
	}
	return slices.MaxFunc(bs, func(x, y *binding) int {
		if x.leased != y.leased {
			if x.leased {
				return 1
			}
			return -1
		}
		return compare(x.Start, y.Start)
	})
}

// idOf is the client identifier in a key, nil if the client sent none.
func idOf(key string) []byte {
	if len(key) > 1 && key[0] == 'i' {
		return []byte(key[1:])
	}
	return nil
}
