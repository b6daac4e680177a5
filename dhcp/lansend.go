package dhcp

import (
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
)

// postman sends replies, those of one interface that go by the UDP socket with
// one system call. It is for one goroutine.
type postman struct {
	r     *running
	at    *lan // of msgs
	frame []byte
	wait  []*engine.Reply // the replies in msgs
	msgs  []ipv4.Message
	addrs []net.UDPAddr
	ips   [][4]byte
	bufs  [][1][]byte
}

func newPostman(r *running) *postman {
	return &postman{r: r, msgs: make([]ipv4.Message, 0, drainMost), addrs: make([]net.UDPAddr, drainMost),
		ips: make([][4]byte, drainMost), bufs: make([][1][]byte, drainMost)}
}

// send lets replies go, in order as far as they are for one interface.
func (p *postman) send(rs []engine.Reply) {
	p.add(rs)
	p.flush()
}

// add takes replies, which go when there are enough of them, or with flush.
func (p *postman) add(rs []engine.Reply) {
	if len(rs) == 0 {
		return
	}
	lans := p.r.lans.Now()
	for i := range rs {
		r := &rs[i]
		l := lans[r.Interface]
		if l == nil {
			p.r.sendFailed.Add(1)
			continue
		}
		if r.Delivery == engine.UnicastRaw && l.Raw != nil {
			p.frame = wire.AppendUDP(p.frame[:0], r.MAC, l.MAC, netip.AddrPortFrom(r.From, wire.PortServer), r.To, r.Payload)
			if err := l.Raw.Send(p.frame); err != nil {
				p.r.sendFailed.Add(1)
			}
			continue
		}
		if p.at != l || len(p.msgs) == cap(p.msgs) {
			p.flush()
			p.at = l
		}
		p.put(r)
	}
}

// put puts a reply to those that are sent next.
func (p *postman) put(r *engine.Reply) {
	n := len(p.msgs)
	to := r.To
	if r.Delivery == engine.UnicastRaw {
		// RFC 2131 4.1 allows to broadcast when unicast is impossible.
		to = netip.AddrPortFrom(wire.LimitedBroadcast, to.Port())
	}
	p.ips[n] = to.Addr().Unmap().As4()
	p.addrs[n] = net.UDPAddr{IP: p.ips[n][:], Port: int(to.Port())}
	p.bufs[n][0] = r.Payload
	p.msgs = append(p.msgs, ipv4.Message{Buffers: p.bufs[n][:], Addr: &p.addrs[n]})
	p.wait = append(p.wait, r)
}

// flush sends what waits. One that cannot be sent does not keep the others.
func (p *postman) flush() {
	l := p.at
	for done := 0; done < len(p.msgs); {
		n, err := l.batch.WriteBatch(p.msgs[done:], 0)
		if n > 0 {
			done += n
			continue
		}
		if r := p.wait[done]; err != nil && r.Fallback.IsValid() {
			_, err = l.UDP.WriteToUDPAddrPort(r.Payload, r.Fallback)
		}
		if err != nil {
			p.r.sendFailed.Add(1)
		}
		done++
	}
	clear(p.bufs[:len(p.msgs)])
	p.msgs, p.wait = p.msgs[:0], p.wait[:0]
}
