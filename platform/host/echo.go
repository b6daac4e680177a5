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
	Expired     // a machine on the way: the packet may go no further
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
	a, _, took := p.ask(ctx, to, size, timeout)
	return a, took
}

// Trace is Ping with a packet that goes through so many machines at most; who is
// the one that answered.
func (p *Pinger) Trace(ctx context.Context, to netip.Addr, hops int, timeout time.Duration) (a Answer, who netip.Addr, took time.Duration) {
	if err := p.conn.IPv4PacketConn().SetTTL(hops); err != nil {
		return NoAnswer, netip.Addr{}, 0
	}
	return p.ask(ctx, to, ipHeader+echoHeader, timeout)
}

func (p *Pinger) ask(ctx context.Context, to netip.Addr, size int, timeout time.Duration) (Answer, netip.Addr, time.Duration) {
	p.seq = (p.seq + 1) & 0xffff
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: p.id, Seq: p.seq, Data: make([]byte, max(0, size-ipHeader-echoHeader))}}
	b, err := m.Marshal(nil)
	if err != nil {
		return NoAnswer, netip.Addr{}, 0
	}
	stop := context.AfterFunc(ctx, func() { _ = p.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	sent := time.Now()
	_ = p.conn.SetReadDeadline(sent.Add(timeout))
	if ctx.Err() != nil {
		return NoAnswer, netip.Addr{}, 0
	}
	if _, err := p.conn.WriteTo(b, &net.IPAddr{IP: to.AsSlice()}); err != nil {
		return NoAnswer, netip.Addr{}, 0 // no route, or nobody of that address on the wire
	}
	buf := make([]byte, 1<<16)
	for {
		n, from, err := p.conn.ReadFrom(buf)
		if err != nil {
			return NoAnswer, netip.Addr{}, 0
		}
		if a := p.judge(buf[:n], from, to); a != NoAnswer {
			return a, addressOf(from), time.Since(sent)
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
		if m.Type == ipv4.ICMPTypeEchoReply && body.ID == p.id && body.Seq == p.seq && addressOf(from) == to {
			return Replied
		}
	case *icmp.DstUnreach:
		if p.about(body.Data) {
			return Unreachable
		}
	case *icmp.TimeExceeded:
		if p.about(body.Data) {
			return Expired
		}
	}
	return NoAnswer
}

// about reports that a message is about the last request: it holds the beginning
// of what could not be brought.
func (p *Pinger) about(d []byte) bool {
	if len(d) == 0 {
		return false
	}
	h := int(d[0]&0x0f) * 4
	return h >= ipHeader && len(d) >= h+echoHeader &&
		int(binary.BigEndian.Uint16(d[h+4:])) == p.id && int(binary.BigEndian.Uint16(d[h+6:])) == p.seq
}

func addressOf(a net.Addr) netip.Addr {
	ip, ok := a.(*net.IPAddr)
	if !ok {
		return netip.Addr{}
	}
	addr, _ := netip.AddrFromSlice(ip.IP.To4())
	return addr
}
