package engine

import (
	"encoding/binary"
	"net/netip"
	"time"

	"option150/dhcp/v6/wire"
)

// status is what a whole reply says.
type status struct {
	code uint16
	text string
}

// maxReply is what a reply may be for a client on the link: one packet of an
// Ethernet. Options of the pool that do not fit are left out whole; what the
// client's addresses are about never is.
const maxReply = 1452

// answer writes a reply and addresses it. What it tells of the options is what
// went out.
func (e *Engine) answer(c *call, typ byte, all []got, st *status) {
	p := c.p
	b := append(make([]byte, 0, 512), typ, p.XID[0], p.XID[1], p.XID[2])
	if p.Client != nil {
		b = wire.AppendOption(b, wire.OptClientID, p.Client)
	}
	b = wire.AppendOption(b, wire.OptServerID, e.duid)
	if typ == wire.Advertise && c.link.conf.Preference > 0 {
		b = wire.AppendOption(b, wire.OptPreference, []byte{byte(c.link.conf.Preference)})
	}
	if typ == wire.Reply && p.Type == wire.Solicit {
		b = wire.AppendOption(b, wire.OptRapidCommit, nil)
	}
	for i := range all {
		b = appendIA(b, &all[i])
	}
	if st != nil {
		b = wire.AppendStatus(b, st.code, st.text)
	}
	ev := Sent{Type: TypeName(typ), To: TypeName(p.Type), MAC: c.mac, DUID: c.client, From: c.peer, Interface: c.in.Interface, Relay: c.relay, Class: p.Class, Phone: p.Phone()}
	if c.pool != nil && p.Type != wire.Release && p.Type != wire.Decline && p.Type != wire.Confirm && (st == nil || st.code == wire.Success) {
		ev.Pool = c.pool.conf.Name
		b = e.config(c, b, &ev)
	}
	if st != nil && st.code != wire.Success {
		ev.Status = st.text
	}
	for i := range all {
		g := &all[i]
		switch {
		case g.addr.IsValid() && !ev.Addr.IsValid():
			ev.Addr, ev.Preferred, ev.Valid, ev.Renewal = g.addr, g.pref, g.valid, g.again
			ev.IAID = g.ia.ID
		case g.addr.IsValid():
			ev.Also = append(ev.Also, g.addr)
		case g.status != wire.Success && ev.Status == "":
			ev.Status = g.text
		}
	}
	out, ok := wire.AppendReply(make([]byte, 0, len(b)+256), p.Relays, b)
	if !ok {
		e.Stats.NotSent++
		return
	}
	r := Answer{Interface: c.in.Interface, Payload: out, To: netip.AddrPortFrom(c.in.From.Addr(), wire.PortClient)}
	if n := len(p.Relays); n > 0 {
		r.To = netip.AddrPortFrom(c.in.From.Addr(), wire.PortServer)
		if p.Relays[0].Port != nil {
			r.To = c.in.From
		}
		e.Stats.Sent[wire.RelayReply]++
	}
	if e.Test {
		r.To = c.in.From
	}
	e.Stats.Sent[typ]++
	ev.packet = string(out)
	e.out.Replies = append(e.out.Replies, r)
	e.out.Then = append(e.out.Then, ev)
}

// appendIA writes one association with what became of it. [RFC 8415 21.4, 21.5,
// 21.21]
func appendIA(b []byte, g *got) []byte {
	b, at := wire.Begin(b, g.ia.Kind)
	b = binary.BigEndian.AppendUint32(b, g.ia.ID)
	if g.ia.Kind != wire.OptIATA {
		t1, t2 := renewals(g.pref)
		if !g.addr.IsValid() {
			t1, t2 = 0, 0
		}
		b = binary.BigEndian.AppendUint32(b, t1)
		b = binary.BigEndian.AppendUint32(b, t2)
	}
	if g.addr.IsValid() {
		b = wire.AppendAddress(b, g.addr, seconds(g.pref), seconds(g.valid))
	}
	for _, a := range g.gone {
		b = wire.AppendAddress(b, a, 0, 0)
	}
	if g.status != wire.Success {
		b = wire.AppendStatus(b, g.status, g.text)
	}
	wire.End(b, at) // a few addresses: it fits
	return b
}

// renewals are T1 and T2, 0.5 and 0.8 of the preferred lifetime. [RFC 8415 21.4]
func renewals(preferred time.Duration) (t1, t2 uint32) {
	s := seconds(preferred)
	if s == 0xffffffff {
		return s, s
	}
	return s / 2, uint32(uint64(s) * 4 / 5)
}

// config adds what the pool says, as far as the client asks for it. To what
// looks like a phone the vendor options are sent in any case: phones do not ask.
func (e *Engine) config(c *call, b []byte, ev *Sent) []byte {
	p := c.p
	for i := range c.pool.opts {
		o := &c.pool.opts[i]
		switch {
		case o.code == wire.OptVendorOpts && (p.Phone() || p.Wants(o.code)):
		case o.code == wire.OptInfoRefresh && p.Type != wire.InformationRequest:
			continue // [RFC 8415 21.23]
		case !p.Wants(o.code):
			continue
		}
		if len(b)+4+len(o.val) > maxReply {
			e.Stats.LeftOut++
			continue
		}
		b = wire.AppendOption(b, o.code, o.val)
		if o.code == wire.OptVendorOpts {
			ev.vendor(o, c.pool.conf)
		}
	}
	return b
}

// vendor notes the vendor options that were sent.
func (s *Sent) vendor(o *option, p *Pool) {
	if o.enterprise != wire.EnterpriseCisco {
		s.Others = append(s.Others, o.enterprise)
		return
	}
	v := p.Vendor(o.enterprise)
	if x := v.Suboption(wire.SubTFTPAddresses); x != nil {
		s.TFTP = x.Addrs
		s.Odd = x.Kind != Address
	}
	if x := v.Suboption(wire.SubTFTPService); x != nil {
		s.Service = x.Text
		if x.Kind == Address && len(x.Addrs) > 0 {
			s.Service = x.Addrs[0].String()
		}
	}
	s.Vendor = true
}
