package host

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

// Answer is what became of an echo request.
type Answer int

// The answers a ping tells apart.
const (
	NoAnswer Answer = iota
	Replied
	Unreachable // a machine on the way said so
)

// ipHeader and echoHeader are part of the size of a ping as IOS counts it.
const (
	ipHeader   = 20
	echoHeader = 8
)

// Pinger sends ICMP echo requests and waits for the answers. Use NewPinger and
// Close. It is for one goroutine.
type Pinger struct {
	conn *icmp.PacketConn
	id   int
	seq  int
}

// NewPinger needs CAP_NET_RAW. An invalid source is any.
func NewPinger(source netip.Addr) (*Pinger, error) {
	from := "0.0.0.0"
	if source.IsValid() {
		from = source.String()
	}
	c, err := icmp.ListenPacket("ip4:icmp", from)
	if err != nil {
		return nil, err
	}
	return &Pinger{conn: c, id: rand.IntN(1 << 16)}, nil
}

// Close ends it.
func (p *Pinger) Close() { _ = p.conn.Close() }

// Ping sends one request of a size and waits for its answer, at most as long as
// timeout or the context says.
func (p *Pinger) Ping(ctx context.Context, to netip.Addr, size int, timeout time.Duration) (Answer, time.Duration) {
	p.seq = (p.seq + 1) & 0xffff
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: p.id, Seq: p.seq, Data: make([]byte, max(0, size-ipHeader-echoHeader))}}
	b, err := m.Marshal(nil)
	if err != nil {
		return NoAnswer, 0
	}
	stop := context.AfterFunc(ctx, func() { _ = p.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	sent := time.Now()
	_ = p.conn.SetReadDeadline(sent.Add(timeout))
	if ctx.Err() != nil {
		return NoAnswer, 0
	}
	if _, err := p.conn.WriteTo(b, &net.IPAddr{IP: to.AsSlice()}); err != nil {
		return NoAnswer, 0 // no route, or nobody of that address on the wire
	}
	buf := make([]byte, 1<<16)
	for {
		n, from, err := p.conn.ReadFrom(buf)
		if err != nil {
			return NoAnswer, 0
		}
		if a := p.judge(buf[:n], from, to); a != NoAnswer {
			return a, time.Since(sent)
		}
	}
}

// judge tells whether a packet is the answer to the last request.
func (p *Pinger) judge(b []byte, from net.Addr, to netip.Addr) Answer {
	m, err := icmp.ParseMessage(1, b)
	if err != nil {
		return NoAnswer
	}
	switch body := m.Body.(type) {
	case *icmp.Echo:
		if ipa, ok := from.(*net.IPAddr); ok && m.Type == ipv4.ICMPTypeEchoReply && body.ID == p.id && body.Seq == p.seq {
			if a, ok := netip.AddrFromSlice(ipa.IP.To4()); ok && a == to {
				return Replied
			}
		}
	case *icmp.DstUnreach: // holds the beginning of what could not be brought
		if d := body.Data; len(d) > 0 {
			if h := int(d[0]&0x0f) * 4; len(d) >= h+echoHeader && h >= ipHeader &&
				int(binary.BigEndian.Uint16(d[h+4:])) == p.id && int(binary.BigEndian.Uint16(d[h+6:])) == p.seq {
				return Unreachable
			}
		}
	}
	return NoAnswer
}
