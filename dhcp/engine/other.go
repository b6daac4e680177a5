package engine

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// decline: the client found somebody else on its address. Only its owner may
// say so (ISC believes anybody: the victim's next renewal gets no answer). The
// address is kept away until `clear ip dhcp conflict` or ConflictTimeout.
func (e *Engine) decline(c *call) {
	p := c.p
	e.Stats.Received.Decline++
	a := p.Wanted
	if !a.IsValid() || !p.Server.IsValid() || !e.ours(c, p.Server) {
		e.Stats.Extra.Incomplete++
		return
	}
	b, o := e.bindings[a], e.offers[a]
	leased := b != nil && b.leased && e.owns(c, b)
	offered := o != nil && o.key == string(c.key)
	if !leased && !offered {
		e.Stats.Extra.ForeignDecline++
		return
	}
	if offered {
		e.drop(o)
	}
	if leased {
		e.giveBack(b)
		e.save(b)
	}
	e.clash(c.now, a, MethodARP, p.MAC, c.client)
}

// clash makes an address one that is in use by somebody else.
func (e *Engine) clash(now Instant, a netip.Addr, method string, mac ether.MAC, client string) {
	if e.conflicts[a] != nil {
		return
	}
	x := &conflict{addr: a, method: method, since: now}
	e.conflicts[a] = x
	if s := e.t.subnetOf(a); s != nil {
		s.set(a)
	}
	e.write(e.conflictRecord(x), nil)
	e.Event(Conflict{Addr: a, Method: method, MAC: mac, Client: client, Logged: e.t.Spec.ConflictLogging})
	if s := e.t.subnetOf(a); s != nil && e.probing(s) && s.probes[a] == nil {
		e.ask(now, s, a, false) // who is it?
	}
}

func (e *Engine) conflictRecord(x *conflict) Record {
	return Record{Kind: RecordConflict, Addr: x.addr, Method: x.method, Start: e.stamp(x.since)}
}

// resolve ends a conflict.
func (e *Engine) resolve(a netip.Addr) bool {
	if e.conflicts[a] == nil {
		return false
	}
	delete(e.conflicts, a)
	e.write(Record{Kind: RecordResolved, Addr: a}, nil)
	if b := e.bindings[a]; b != nil && !b.leased && b.freed == nil && b.sub != nil {
		b.freed = b.sub.freed.PushBack(b)
	}
	e.release(e.t.subnetOf(a), a)
	return true
}

// releaseMsg: the owner gives its address back. It stays on record as the last
// owner. There is no reply. [RFC 2131 4.3.4]
func (e *Engine) releaseMsg(c *call) {
	p := c.p
	e.Stats.Received.Release++
	b := e.bindings[p.CIAddr]
	if b == nil || !b.leased || !e.owns(c, b) || p.Server.IsValid() && !e.ours(c, p.Server) {
		e.Stats.Extra.ForeignRelease++
		return
	}
	e.giveBack(b)
	b.until, b.dated = c.now, false // so that it is put behind those freed earlier
	e.save(b)
	e.Event(Release{MAC: p.MAC, ClientID: c.client, Addr: p.CIAddr, Pool: b.Pool})
}

// inform: the client has an address and wants to know the rest. It is answered
// at that address without a lease. [RFC 2131 4.3.5]
func (e *Engine) inform(c *call) {
	p := c.p
	e.Stats.Received.Inform++
	if e.t.Spec.DropInform {
		return
	}
	if !p.CIAddr.IsValid() {
		a := c.in.From.Addr()
		if !a.Is4() || a.IsUnspecified() || p.GIAddr.IsValid() {
			e.Stats.Extra.Incomplete++
			return
		}
		p.CIAddr = a
	}
	if near := e.t.around(p.CIAddr); len(near) > 0 {
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
		e.Stats.Extra.Held++
		return
	}
	s := subnets[0]
	h := e.hostOf(c)
	pool, opts := poolOf(h, s), e.optsOf(c, h, s)
	m := e.finish(c, wire.Header{Request: p, Flags: p.Flags, CIAddr: p.CIAddr}, e.begin(c, wire.MsgAck), pool, opts, false)
	r := Reply{Interface: c.in.Interface, Delivery: ByRoute, To: netip.AddrPortFrom(p.CIAddr, wire.PortClient), Payload: m.payload}
	switch {
	case e.Test:
		r = e.deliver(c, p.CIAddr, m.payload)
	case p.GIAddr.IsValid():
		r.Fallback = netip.AddrPortFrom(p.GIAddr, wire.PortServer)
	}
	e.Stats.Sent.Ack++
	e.out.Replies = append(e.out.Replies, r)
	e.out.Then = append(e.out.Then, Inform{
		MAC: p.MAC, ClientID: c.client, Addr: p.CIAddr, Pool: pool.conf.Name, Interface: c.in.Interface,
		Relay: p.GIAddr, Option66: m.name, Option150: m.tftp, OnlyRequested: p.Params != nil,
	})
}

// bootp answers a BOOTP request, from manual bindings only: a BOOTP client
// keeps its address for ever. [RFC 951, RFC 1534]
func (e *Engine) bootp(c *call) {
	if e.t.Spec.BootpIgnore || e.holding(c) {
		return
	}
	h := e.hostOf(c)
	if h == nil || !e.hostFree(c, h) {
		return
	}
	p := c.p
	hd := wire.Header{Request: p, Flags: p.Flags, YIAddr: h.addr, CIAddr: p.CIAddr}
	m := e.finish(c, hd, e.itemBuf[:0], h.pool, h.options().turn(p.MAC), false)
	e.Stats.Sent.BootReply++
	r := e.deliver(c, h.addr, m.payload)
	e.out.Replies = append(e.out.Replies, r)
	e.out.Then = append(e.out.Then, Bootp{MAC: p.MAC, Addr: h.addr, Pool: h.pool.conf.Name, Interface: c.in.Interface, Relay: p.GIAddr, Delivery: r.Delivery.String()})
}

// leaseQuery tells a relay what is known of an address or a client. [RFC 4388]
func (e *Engine) leaseQuery(c *call) {
	p := c.p
	e.Stats.Received.LeaseQuery++
	if !p.GIAddr.IsValid() { // only relays ask
		e.Stats.Extra.Incomplete++
		return
	}
	var b *binding
	switch {
	case p.CIAddr.IsValid():
		b = e.bindings[p.CIAddr]
	case p.ID != nil:
		b = newest(e.clients[string(c.key)])
	case !p.MAC.IsZero():
		for _, x := range e.bindings { // rare, and bounded by the pools
			if x.MAC == p.MAC && x.leased {
				b = newest([]*binding{x, b})
			}
		}
	}
	typ := byte(wire.MsgLeaseUnknown)
	hd := wire.Header{Request: p, Flags: p.Flags, CIAddr: p.CIAddr}
	items := e.begin(c, 0)
	if b != nil && b.leased {
		typ, hd.CIAddr = wire.MsgLeaseActive, b.Addr
		p.Raw = [16]byte{}
		copy(p.Raw[:], b.MAC[:])
		sec := uint32(0xffffffff)
		if b.until != never {
			sec = uint32(max(b.until-c.now, 0) / time.Second)
		}
		items = append(items, wire.Item{Code: wire.OptLease, Val: binary.BigEndian.AppendUint32(nil, sec)},
			wire.Item{Code: wire.OptLastTransact, Val: binary.BigEndian.AppendUint32(nil, uint32(max(c.now-b.granted, 0)/time.Second))})
		if id := idOf(b.Key); id != nil {
			p.ID = id
		}
	} else if p.CIAddr.IsValid() && e.t.subnetOf(p.CIAddr) != nil {
		typ = wire.MsgLeaseUnassigned
	}
	items[0].Val = []byte{typ}
	payload := wire.Marshal(hd, e.echo(c, items), p.MaxSize)
	e.itemBuf = items[:0]
	e.Stats.Sent.LeaseReply++
	e.out.Replies = append(e.out.Replies, e.deliver(c, netip.Addr{}, payload))
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
		return cmp.Compare(x.granted, y.granted)
	})
}

// idOf is the client identifier in a key, nil if the client sent none.
func idOf(key string) []byte {
	if len(key) > 1 && key[0] == 'i' {
		return []byte(key[1:])
	}
	return nil
}
