package dhcp

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/netip"
	"time"
)

// answer is a reply ready to be addressed, and what events tell of it.
type answer struct {
	payload []byte
	name    string       // option 66 sent
	tftp    []netip.Addr // option 150 sent
}

// lease writes an OFFER or an ACK.
func (e *engine) lease(c *call, typ byte, a netip.Addr, pool *pool, r *rendered, d time.Duration) answer {
	sec := wireSeconds(d)
	t1, t2 := sec/2, uint32(uint64(sec)*7/8)
	if sec == math.MaxUint32 {
		t1, t2 = sec, sec
	}
	items := e.begin(c, typ)
	items = append(items,
		item{optLease, binary.BigEndian.AppendUint32(nil, sec)},
		item{optT1, binary.BigEndian.AppendUint32(nil, t1)},
		item{optT2, binary.BigEndian.AppendUint32(nil, t2)})
	h := header{req: c.p, flags: c.p.flags, yiaddr: a}
	if typ == msgAck {
		h.ciaddr = c.p.ciaddr
	}
	return e.finish(c, h, items, pool, r, typ == msgAck && c.p.typ == msgDiscover)
}

// begin starts the options of a reply: 53 and 54 come first.
func (e *engine) begin(c *call, typ byte) []item {
	items := append(e.itemBuf[:0], item{optMessageType, []byte{typ}})
	if c.server.IsValid() {
		items = append(items, item{optServerID, u32bytes(c.server)})
	}
	return items
}

// finish adds what the pool says and what is echoed, 82 last.
func (e *engine) finish(c *call, h header, items []item, pool *pool, r *rendered, rapid bool) answer {
	p := c.p
	if m := r.vals[optMask]; m != nil {
		items = append(items, item{optMask, m})
	}
	items = r.choose(items, p)
	if d := pool.conf.V6Only; d > 0 && p.asked(optV6Only) {
		items = append(items, item{optV6Only, binary.BigEndian.AppendUint32(nil, wireSeconds(d))})
	}
	if rapid {
		items = append(items, item{optRapidCommit, nil})
	}
	if p.subnet.IsValid() && c.link == p.subnet {
		items = append(items, item{optSubnetSel, u32bytes(p.subnet)})
	}
	items = e.echo(c, items)
	h.siaddr = nextServer(pool, r, c.key)
	h.file = pool.conf.Bootfile
	if h.file == "" {
		h.file = string(bytes.TrimRight(r.vals[optBootfile], "\x00"))
	}
	ans := answer{payload: marshal(h, items, p.maxSize)}
	for _, i := range items {
		switch i.code {
		case optTFTPName:
			ans.name = printable(string(i.val))
		case optTFTPAddrs:
			for v := i.val; len(v) >= 4; v = v[4:] {
				ans.tftp = append(ans.tftp, addrOf(v[:4]))
			}
		}
	}
	e.itemBuf = items[:0]
	return ans
}

// echo adds the client identifier (RFC 6842) and, as the last option, the
// relay's information (RFC 3046).
func (e *engine) echo(c *call, items []item) []item {
	if c.p.id != nil {
		items = append(items, item{optClientID, c.p.id})
	}
	if c.p.relay != nil {
		items = append(items, item{optRelayInfo, c.p.relay})
	}
	return items
}

// nextServer is siaddr: the configured next-server, one of them per client in
// turn, or the first address of option 150, so that a phone that looks only
// here finds the same server. The turn is taken from the client so that OFFER
// and ACK agree.
func nextServer(p *pool, r *rendered, key []byte) netip.Addr {
	if n := p.conf.NextServers; len(n) > 0 {
		var sum uint32
		for _, b := range key {
			sum = sum*31 + uint32(b)
		}
		return n[int(sum%uint32(len(n)))]
	}
	if v := r.vals[optTFTPAddrs]; len(v) >= 4 {
		return addrOf(v[:4])
	}
	return netip.Addr{}
}

// nak refuses. It carries nothing but 53, 54, 56, 61 (and 82). [RFC 2131 4.3.2]
func (e *engine) nak(c *call, a netip.Addr, why string) {
	p := c.p
	if o := e.offersOf[string(c.key)]; o != nil {
		e.drop(o)
	}
	items := append(e.begin(c, msgNak), item{optMessage, []byte(why)})
	h := header{req: p, flags: p.flags}
	if p.giaddr.IsValid() {
		h.flags |= flagBcast // the relay must broadcast it: the client's address is wrong
	}
	payload := marshal(h, e.echo(c, items), p.maxSize)
	r := reply{iface: c.in.iface, how: broadcast, to: netip.AddrPortFrom(limitedBroadcast, portClient), payload: payload}
	if p.giaddr.IsValid() || e.test {
		r = e.deliver(c, netip.Addr{}, payload)
	}
	e.stats.Sent.Nak++
	e.out.replies = append(e.out.replies, r)
	e.out.then = append(e.out.then, Nak{
		MAC: p.mac, ClientID: c.client, Addr: a, Interface: c.in.iface, Relay: p.giaddr, Why: why, Delivery: r.how.String(),
	})
}

// deliver addresses a reply to a client that is to have address a. [RFC 2131
// 4.1, RFC 8357 for the relay's port]
func (e *engine) deliver(c *call, a netip.Addr, payload []byte) reply {
	p := c.p
	r := reply{iface: c.in.iface, how: byRoute, from: c.server, payload: payload}
	switch {
	case p.giaddr.IsValid():
		port := uint16(portServer)
		if p.port || e.test {
			port = c.in.from.Port()
		}
		r.to = netip.AddrPortFrom(p.giaddr, port)
	case e.test:
		r.to = c.in.from
	case p.ciaddr.IsValid():
		r.to = netip.AddrPortFrom(p.ciaddr, portClient)
	case p.flags&flagBcast != 0 || !a.IsValid():
		r.how, r.to = broadcast, netip.AddrPortFrom(limitedBroadcast, portClient)
	default:
		r.how, r.to, r.mac = unicastRaw, netip.AddrPortFrom(a, portClient), p.mac
	}
	// A raw frame leaves with an address of the interface: 82.11 is for
	// option 54 alone.
	if r.how == unicastRaw && !e.t.own[r.from] {
		if l := e.t.links[c.in.iface]; l != nil && len(l.Addrs) > 0 {
			r.from = l.Addrs[0].Addr()
		}
	}
	return r
}

// String is the word of the debug output.
func (d delivery) String() string {
	if d == broadcast {
		return "broadcasting"
	}
	return "unicasting"
}
