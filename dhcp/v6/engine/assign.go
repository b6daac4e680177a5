package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"

	v4 "option150/dhcp/engine"
	"option150/platform/ether"
)

// candidate is the address an association is to get: the one it has or had,
// what it was offered a moment ago, one it asks for if that is allowed, or the
// one that comes of the prefix and who it is. It is invalid if there is none.
func (e *Engine) candidate(c *call, k string, hints []netip.Addr, hinted bool) netip.Addr {
	if !c.pool.conf.Prefix.IsValid() || !e.room(c) && len(e.clients[k]) == 0 {
		return netip.Addr{}
	}
	if b := e.current(k, c.pool); b != nil && e.available(c, k, b.Addr) {
		return b.Addr
	}
	if o := e.offersOf[k]; o != nil && c.pool.conf.Prefix.Contains(o.addr) && e.available(c, k, o.addr) {
		return o.addr
	}
	if b := e.former(c, k); b != nil {
		return b.Addr
	}
	if hinted {
		for _, a := range hints {
			if c.pool.conf.Prefix.Contains(a) && e.available(c, k, a) {
				return a
			}
		}
	}
	return e.computed(c, k)
}

// room reports whether one more client can be remembered. The last places are
// for phones.
func (e *Engine) room(c *call) bool {
	n := len(e.bindings) - e.freed.Len()
	return n < maxBindings-forPhones || c.p.Phone() && n < maxBindings
}

// current is the binding the association has in a pool, nil if none.
func (e *Engine) current(k string, p *pool) *binding {
	for _, b := range e.clients[k] {
		if b.leased && p.conf.Prefix.IsValid() && p.conf.Prefix.Contains(b.Addr) {
			return b
		}
	}
	return nil
}

// former is the address it had last, if that can be had.
func (e *Engine) former(c *call, k string) *binding {
	var best *binding
	for _, b := range e.clients[k] {
		if c.pool.conf.Prefix.Contains(b.Addr) && e.available(c, k, b.Addr) && (best == nil || b.until > best.until) {
			best = b
		}
	}
	return best
}

// available reports whether a client may have an address of its pool: nobody
// else has it, is offered it, or was found to use it.
func (e *Engine) available(c *call, k string, a netip.Addr) bool {
	if !givable(c.pool.conf.Prefix, a) || e.t.own[a] || e.conflicts[a] != nil {
		return false
	}
	if b := e.bindings[a]; b != nil && b.leased && b.Key != k {
		return false
	}
	if o := e.offers[a]; o != nil && o.key != k {
		return false
	}
	return true
}

// givable leaves out what is never a host's: the address of the routers of the
// subnet (RFC 4291 2.6.1) and reserved interface identifiers (RFC 5453).
func givable(p netip.Prefix, a netip.Addr) bool {
	if a == p.Addr() && p.Bits() < 127 {
		return false
	}
	if p.Bits() > 64 {
		return true
	}
	v := a.As16()
	id := binary.BigEndian.Uint64(v[8:])
	switch {
	case id == 0,
		id >= 0x02005efffe000000 && id <= 0x02005efffe005212,
		id >= 0xfdffffffffffff80 && id <= 0xfdffffffffffffff:
		return false
	}
	return true
}

// tries is how many addresses of a large network are looked at; of a small one
// all are.
const (
	tries     = 64
	smallBits = 12
)

// computed is the address that comes of the prefix and who it is, or the next
// one after it that can be had.
func (e *Engine) computed(c *call, k string) netip.Addr {
	p := c.pool.conf.Prefix
	sum := sha256.Sum256(append([]byte(p.String()+"\x00"), k...))
	host := 128 - p.Bits()
	a := place(p, sum[:16])
	if host > smallBits {
		for n := range byte(tries) {
			if e.available(c, k, a) {
				return a
			}
			sum = sha256.Sum256(append(sum[:], n))
			a = place(p, sum[:16])
		}
		return netip.Addr{}
	}
	for range 1 << host {
		if e.available(c, k, a) && !e.remembered(a, k) {
			return a
		}
		a = following(p, a)
	}
	// Only addresses that others had are left: the one that is free the longest.
	for el := e.freed.Front(); el != nil; el = el.Next() {
		if b := el.Value.(*binding); p.Contains(b.Addr) && e.available(c, k, b.Addr) {
			return b.Addr
		}
	}
	return netip.Addr{}
}

// remembered reports whether somebody else had the address last.
func (e *Engine) remembered(a netip.Addr, k string) bool {
	b := e.bindings[a]
	return b != nil && b.Key != k
}

// place puts bits behind a prefix.
func place(p netip.Prefix, bits []byte) netip.Addr {
	v := p.Masked().Addr().As16()
	for i := range v {
		from := p.Bits() - 8*i // bits of this byte that are the prefix's
		switch {
		case from <= 0:
			v[i] = bits[i]
		case from < 8:
			v[i] |= bits[i] & (0xff >> from)
		}
	}
	return netip.AddrFrom16(v)
}

// following is the next address of a prefix, the first after the last.
func following(p netip.Prefix, a netip.Addr) netip.Addr {
	if n := a.Next(); p.Contains(n) {
		return n
	}
	return p.Masked().Addr()
}

// grant leases what the associations get. It reports false when nothing may be
// said: the disk does not work and the client has nothing on it.
func (e *Engine) grant(c *call, all []got) bool {
	for i := range all {
		g := &all[i]
		if !g.addr.IsValid() {
			continue
		}
		if !e.DiskBad {
			e.bind(c, g)
			e.out.Durable = true
			continue
		}
		b := e.bindings[g.addr]
		if b == nil || !b.leased || b.Key != key(c.p.Client, g.ia.ID) || !b.written || b.durable <= c.now {
			e.Stats.DiskRefused++
			e.discard(c, "bindings cannot be written")
			return false
		}
		if b.durable != never {
			g.valid = min(g.valid, b.durable-c.now)
			g.pref = min(g.pref, g.valid)
		}
	}
	return true
}

// bind makes the lease of an association and its record.
func (e *Engine) bind(c *call, g *got) {
	k := key(c.p.Client, g.ia.ID)
	if o := e.offersOf[k]; o != nil {
		e.drop(o)
	}
	b := e.bindings[g.addr]
	if b != nil && b.Key != k {
		e.remove(b)
		b = nil
	}
	for _, other := range slices.Clone(e.clients[k]) { // an association has one address of a link
		if of := e.t.of(other.Addr); other.Addr != g.addr && other.leased && (of == c.pool || of == nil) {
			e.end(c.now, other)
			e.save(other)
			e.Event(v4.Moved{MAC: other.MAC, From: other.Addr, To: g.addr, Pool: other.Pool})
		}
	}
	if b == nil {
		e.makeRoom()
		b = &binding{Record: v4.Record{Kind: v4.RecordBinding, Addr: g.addr, Key: k}, index: -1}
		e.adopt(b)
	}
	g.again = g.again || b.leased
	e.unlend(b)
	b.source = c.lender()
	b.MAC, b.HType, b.Pool, b.Interface, b.Relay, b.Peer = c.mac, 1, c.pool.conf.Name, c.in.Interface, c.relay, c.peer
	if c.p.Host != "" {
		b.Hostname = c.p.Host
	}
	if c.p.Class != "" {
		b.Vendor = c.p.Class
	}
	b.granted, b.ended, b.until = c.now, false, never
	b.Lease, b.Preferred = seconds(g.valid), seconds(g.pref)
	if g.valid != Infinite {
		b.until = c.now + g.valid
	}
	e.start(b)
	e.save(b)
}

// makeRoom forgets who left the longest ago.
func (e *Engine) makeRoom() {
	if len(e.bindings) < maxBindings {
		return
	}
	if el := e.freed.Front(); el != nil {
		b := el.Value.(*binding)
		e.write(v4.Record{Kind: v4.RecordForget, Addr: b.Addr}, nil)
		e.remove(b)
	}
}

// starving reports, and says, that a client would be one too many of its
// Ethernet source.
func (e *Engine) starving(c *call) bool {
	src := c.lender()
	if src.IsZero() || e.borrowed[src] < maxSource {
		return false
	}
	for _, ia := range c.p.IAs {
		for _, b := range e.clients[key(c.p.Client, ia.ID)] {
			if b.leased {
				return false
			}
		}
	}
	e.Stats.Starved++
	e.discard(c, "its station has as many addresses as one may have")
	if at, ok := e.starveAt[src]; !ok || c.now-at >= minute {
		if len(e.starveAt) >= maxParked {
			clear(e.starveAt)
		}
		e.starveAt[src] = c.now
		e.Event(v4.Starving{Source: src, Interface: c.in.Interface, Addresses: e.borrowed[src]})
	}
	return true
}

func (e *Engine) lend(mac ether.MAC, n int) {
	if mac.IsZero() {
		return
	}
	if e.borrowed[mac] += n; e.borrowed[mac] <= 0 {
		delete(e.borrowed, mac)
	}
}
