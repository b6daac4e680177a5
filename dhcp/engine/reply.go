package engine

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/netip"
	"time"

	"option150/dhcp/wire"
)

// answer is a reply ready to be addressed, and what events tell of it.
type answer struct {
	payload []byte
	name    string       // option 66 sent
	tftp    []netip.Addr // option 150 sent
}

// lease writes an OFFER or an ACK.
func (e *Engine) lease(c *call, typ byte, a netip.Addr, pool *pool, r *rendered, d time.Duration) answer {
	sec := wire.Seconds(d)
	t1, t2 := sec/2, uint32(uint64(sec)*7/8)
	if sec == math.MaxUint32 {
		t1, t2 = sec, sec
	}
	items := e.begin(c, typ)
	items = append(items,
		wire.Item{Code: wire.OptLease, Val: binary.BigEndian.AppendUint32(nil, sec)},
		wire.Item{Code: wire.OptT1, Val: binary.BigEndian.AppendUint32(nil, t1)},
		wire.Item{Code: wire.OptT2, Val: binary.BigEndian.AppendUint32(nil, t2)})
	h := wire.Header{Request: c.p, Flags: c.p.Flags, YIAddr: a}
	if typ == wire.MsgAck {
		h.CIAddr = c.p.CIAddr
	}
	return e.finish(c, h, items, pool, r, typ == wire.MsgAck && c.p.Type == wire.MsgDiscover)
}

// begin starts the options of a reply: 53 and 54 come first.
func (e *Engine) begin(c *call, typ byte) []wire.Item {
	items := append(e.itemBuf[:0], wire.Item{Code: wire.OptMessageType, Val: []byte{typ}})
	if c.server.IsValid() {
		items = append(items, wire.Item{Code: wire.OptServerID, Val: wire.Bytes(c.server)})
	}
	return items
}

// finish adds what the pool says and what is echoed, 82 last.
func (e *Engine) finish(c *call, h wire.Header, items []wire.Item, pool *pool, r *rendered, rapid bool) answer {
	p := c.p
	if m := r.vals[wire.OptMask]; m != nil {
		items = append(items, wire.Item{Code: wire.OptMask, Val: m})
	}
	items = r.choose(items, p)
	if d := pool.conf.V6Only; d > 0 && p.Asked(wire.OptV6Only) {
		items = append(items, wire.Item{Code: wire.OptV6Only, Val: binary.BigEndian.AppendUint32(nil, wire.Seconds(d))})
	}
	if rapid {
		items = append(items, wire.Item{Code: wire.OptRapidCommit, Val: nil})
	}
	if p.Subnet.IsValid() && c.link == p.Subnet {
		items = append(items, wire.Item{Code: wire.OptSubnetSel, Val: wire.Bytes(p.Subnet)})
	}
	items = e.echo(c, items)
	h.SIAddr = nextServer(pool, r, c.key)
	h.File = pool.conf.Bootfile
	if h.File == "" {
		h.File = string(bytes.TrimRight(r.vals[wire.OptBootfile], "\x00"))
	}
	ans := answer{payload: wire.Marshal(h, items, p.MaxSize)}
	for _, i := range items {
		switch i.Code {
		case wire.OptTFTPName:
			ans.name = wire.Printable(string(i.Val))
		case wire.OptTFTPAddrs:
			for v := i.Val; len(v) >= 4; v = v[4:] {
				ans.tftp = append(ans.tftp, wire.AddrOf(v[:4]))
			}
		}
	}
	e.itemBuf = items[:0]
	return ans
}

// echo adds the client identifier (RFC 6842) and, as the last option, the
// relay's information (RFC 3046).
func (e *Engine) echo(c *call, items []wire.Item) []wire.Item {
	if c.p.ID != nil {
		items = append(items, wire.Item{Code: wire.OptClientID, Val: c.p.ID})
	}
	if c.p.Relay != nil {
		items = append(items, wire.Item{Code: wire.OptRelayInfo, Val: c.p.Relay})
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
	if v := r.vals[wire.OptTFTPAddrs]; len(v) >= 4 {
		return wire.AddrOf(v[:4])
	}
	return netip.Addr{}
}

// nak refuses. It carries nothing but 53, 54, 56, 61 (and 82). [RFC 2131 4.3.2]
func (e *Engine) nak(c *call, a netip.Addr, why string) {
	p := c.p
	if o := e.offersOf[string(c.key)]; o != nil {
		e.drop(o)
	}
	items := append(e.begin(c, wire.MsgNak), wire.Item{Code: wire.OptMessage, Val: []byte(why)})
	h := wire.Header{Request: p, Flags: p.Flags}
	if p.GIAddr.IsValid() {
		h.Flags |= wire.FlagBcast // the relay must broadcast it: the client's address is wrong
	}
	payload := wire.Marshal(h, e.echo(c, items), p.MaxSize)
	r := Reply{Interface: c.in.Interface, Delivery: Broadcast, To: netip.AddrPortFrom(wire.LimitedBroadcast, wire.PortClient), Payload: payload}
	if p.GIAddr.IsValid() || e.Test {
		r = e.deliver(c, netip.Addr{}, payload)
	}
	e.Stats.Sent.Nak++
	e.out.Replies = append(e.out.Replies, r)
	e.out.Then = append(e.out.Then, Nak{
		MAC: p.MAC, ClientID: c.client, Addr: a, Interface: c.in.Interface, Relay: p.GIAddr, Why: why, Delivery: r.Delivery.String(),
	})
}

// deliver addresses a reply to a client that is to have address a. [RFC 2131
// 4.1, RFC 8357 for the relay's port]
func (e *Engine) deliver(c *call, a netip.Addr, payload []byte) Reply {
	p := c.p
	r := Reply{Interface: c.in.Interface, Delivery: ByRoute, From: c.server, Payload: payload}
	switch {
	case p.GIAddr.IsValid():
		port := uint16(wire.PortServer)
		if p.RelayPort || e.Test {
			port = c.in.From.Port()
		}
		r.To = netip.AddrPortFrom(p.GIAddr, port)
	case e.Test:
		r.To = c.in.From
	case p.CIAddr.IsValid():
		r.To = netip.AddrPortFrom(p.CIAddr, wire.PortClient)
	case p.Flags&wire.FlagBcast != 0 || !a.IsValid():
		r.Delivery, r.To = Broadcast, netip.AddrPortFrom(wire.LimitedBroadcast, wire.PortClient)
	default:
		r.Delivery, r.To, r.MAC = UnicastRaw, netip.AddrPortFrom(a, wire.PortClient), p.MAC
	}
	// A raw frame leaves with an address of the interface: 82.11 is for
	// option 54 alone.
	if r.Delivery == UnicastRaw && !e.t.own[r.From] {
		if l := e.t.links[c.in.Interface]; l != nil && len(l.Addrs) > 0 {
			r.From = l.Addrs[0].Addr()
		}
	}
	return r
}

// String is the word of the debug output.
func (d Delivery) String() string {
	if d == Broadcast {
		return "broadcasting"
	}
	return "unicasting"
}
