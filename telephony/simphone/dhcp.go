package simphone

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"github.com/mdlayher/packet"
	"golang.org/x/net/bpf"
)

// Lease is what the phone got by DHCP.
type Lease struct {
	Addr     netip.Prefix
	Router   netip.Addr // invalid = none
	Server   netip.Addr // option 54
	DNS      []netip.Addr
	Duration time.Duration
	Renew    time.Duration // T1: option 58, else half the duration
	answer   reply
}

// link is the packet socket of a phone without an address.
type link struct {
	c   *packet.Conn
	buf []byte
}

func (p *Phone) openLink() (*link, error) {
	// UDP to port 68 in IPv4 without options: what servers send.
	prog, err := bpf.Assemble([]bpf.Instruction{
		bpf.LoadAbsolute{Off: etherSize + 9, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoUDP, SkipFalse: 3},
		bpf.LoadMemShift{Off: etherSize},
		bpf.LoadIndirect{Off: etherSize + 2, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: portClient, SkipTrue: 1},
		bpf.RetConstant{Val: 0},
		bpf.RetConstant{Val: 1 << 16},
	})
	if err != nil {
		return nil, err
	}
	l := &link{buf: make([]byte, 4096)}
	err = p.o.In(func() error {
		ifi, err := net.InterfaceByName(p.o.Interface)
		if err != nil {
			return err
		}
		l.c, err = packet.Listen(ifi, packet.Raw, etherIPv4, &packet.Config{Filter: prog})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("simulated phone %s: DHCP on %s: %w", p.spec.MAC, p.o.Interface, err)
	}
	return l, nil
}

func (l *link) send(frame []byte) error {
	_, err := l.c.WriteTo(frame, &packet.Addr{HardwareAddr: frame[:6]})
	return err
}

// await reads until a reply passes the check or the time is over; then the
// error is os.ErrDeadlineExceeded.
func (l *link) await(ctx context.Context, d time.Duration, read func(from netip.Addr, payload []byte) bool) error {
	end := time.Now().Add(d)
	stop := context.AfterFunc(ctx, func() { l.c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	for {
		if err := l.c.SetReadDeadline(end); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		n, _, err := l.c.ReadFrom(l.buf)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return err
		}
		if from, payload, ok := udpPayload(l.buf[:n]); ok && read(from, payload) {
			return nil
		}
	}
}

// secs is the field of that name: seconds since the phone began.
func (p *Phone) secs() uint16 { return uint16(min(time.Since(p.powered)/time.Second, 0xffff)) }

// newXID is small, as those of real phones are: no server may use it as a key
// alone. [facts/dhcp.md 2]
func newXID() uint32 { return 1 + rand.Uint32N(0x7fff) }

// dhcp gets an address: DISCOVER, OFFER, REQUEST, ACK. ok is false when no
// server gave one.
func (p *Phone) dhcp(ctx context.Context) (lease Lease, ok bool, err error) {
	if a := p.spec.Faults.Static; a.IsValid() {
		return Lease{Addr: a}, true, nil
	}
	l, err := p.openLink()
	if err != nil {
		return Lease{}, false, err
	}
	defer l.c.Close()
	xid := newXID()
	wait := p.o.Timers.DHCP
	for range p.o.Timers.DHCPTries {
		offer, err := p.discover(ctx, l, xid, wait)
		if err == nil {
			lease, ok, err = p.selecting(ctx, l, xid, offer, wait)
		}
		switch {
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return Lease{}, false, p.failed("DHCP", err)
		case ok:
			return lease, true, nil
		case err != nil:
			wait *= 2 // silence; after a NAK at once, with a new transaction
		default:
			xid = newXID()
		}
	}
	return Lease{}, false, nil
}

func (p *Phone) failed(what string, err error) error {
	if ctxErr(err) {
		return err
	}
	return fmt.Errorf("simulated phone %s: %s on %s: %w", p.spec.MAC, what, p.o.Interface, err)
}

func ctxErr(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func (p *Phone) discover(ctx context.Context, l *link, xid uint32, wait time.Duration) (reply, error) {
	q := query{kind: msgDiscover, xid: xid, secs: p.secs(), bcast: !p.spec.Faults.Unicast, addr: p.last}
	if err := l.send(broadcastFrame(p.spec.MAC, p.packet(q))); err != nil {
		return reply{}, err
	}
	p.log(Step{Kind: Discover, Result: addrText(p.last)})
	var offer reply
	err := l.await(ctx, wait, func(from netip.Addr, b []byte) bool {
		r, err := parseReply(b, xid, p.spec.MAC)
		if err != nil || r.kind != msgOffer {
			return false
		}
		// Without a server and an address there is nothing to ask for.
		if !r.server.IsValid() || r.addr.IsUnspecified() {
			p.log(Step{Kind: Offer, Server: from, Result: Malformed})
			return false
		}
		offer = r
		p.log(Step{Kind: Offer, Server: r.server, Result: r.addr.String()})
		return true
	})
	return offer, err
}

func (p *Phone) selecting(ctx context.Context, l *link, xid uint32, offer reply, wait time.Duration) (Lease, bool, error) {
	q := query{kind: msgRequest, xid: xid, secs: p.secs(), bcast: !p.spec.Faults.Unicast, addr: offer.addr, server: offer.server}
	if err := l.send(broadcastFrame(p.spec.MAC, p.packet(q))); err != nil {
		return Lease{}, false, err
	}
	p.log(Step{Kind: Request, Server: offer.server, Result: offer.addr.String()})
	var lease Lease
	var acked bool
	err := l.await(ctx, wait, func(from netip.Addr, b []byte) bool {
		r, err := parseReply(b, xid, p.spec.MAC)
		if err != nil || (r.kind != msgAck && r.kind != msgNak) {
			return false
		}
		if r.kind == msgNak {
			p.log(Step{Kind: Nak, Server: from})
			p.last = netip.Addr{}
			return true
		}
		lease, acked = p.acked(r)
		return acked
	})
	return lease, acked, err
}

// acked makes a lease of an ACK.
func (p *Phone) acked(r reply) (Lease, bool) {
	bits := 32
	if r.mask.IsValid() {
		bits, _ = net.IPMask(r.mask.AsSlice()).Size()
	}
	if !r.server.IsValid() || r.addr.IsUnspecified() || bits == 0 {
		p.log(Step{Kind: Ack, Server: r.server, Result: Malformed})
		return Lease{}, false
	}
	l := Lease{Addr: netip.PrefixFrom(r.addr, bits), Server: r.server, DNS: r.dns, Duration: r.lease, Renew: r.renew, answer: r}
	if len(r.routers) > 0 {
		l.Router = r.routers[0]
	}
	if l.Renew <= 0 || l.Renew > l.Duration {
		l.Renew = l.Duration / 2 // [phones: half the lease, facts/dhcp.md 2]
	}
	p.log(Step{Kind: Ack, Server: l.Server, Result: fmt.Sprintf("%s router %s lease %s", l.Addr, addrText(l.Router), l.Duration)})
	return l, true
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return "none"
	}
	return a.String()
}

// Renewal asks for the lease again, as at T1: unicast from the address itself.
// It reports whether the server agreed.
func (p *Phone) Renewal(ctx context.Context) (bool, error) {
	c, err := p.unicast()
	if err != nil {
		return false, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	xid, buf := newXID(), make([]byte, 4096)
	for wait, n := p.o.Timers.DHCP, p.o.Timers.DHCPTries; n > 0 && ctx.Err() == nil; wait, n = 2*wait, n-1 {
		q := query{kind: msgRequest, xid: xid, secs: p.secs(), client: p.lease.Addr.Addr()}
		// A send that fails (no route, the link is down) is silence.
		_, _ = c.Write(p.packet(q))
		if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return false, p.failed("renewal", err)
		}
		for {
			if ctx.Err() != nil {
				return false, ctx.Err()
			}
			k, err := c.Read(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil { // an ICMP error of a former send
				if err := sleep(ctx, time.Millisecond); err != nil {
					return false, err
				}
				continue
			}
			r, err := parseReply(buf[:k], xid, p.spec.MAC)
			if err != nil {
				continue
			}
			if r.kind == msgNak {
				p.log(Step{Kind: Renew, Server: p.lease.Server, Result: string(Nak)})
				return false, nil
			}
			if l, ok := p.acked(r); ok && r.kind == msgAck && l.Addr.Addr() == p.lease.Addr.Addr() {
				p.lease = l
				p.log(Step{Kind: Renew, Server: l.Server, Result: "renewed"})
				return true, nil
			}
		}
	}
	p.log(Step{Kind: Renew, Server: p.lease.Server, Result: NoAnswer})
	return false, ctx.Err()
}

// Release gives the address back and takes it off the interface.
func (p *Phone) Release() error {
	c, err := p.unicast()
	if err != nil {
		return err
	}
	defer c.Close()
	q := query{kind: msgRelease, xid: newXID(), client: p.lease.Addr.Addr(), server: p.lease.Server}
	if _, err := c.Write(p.packet(q)); err != nil {
		return p.failed("release", err)
	}
	p.lease = Lease{}
	return p.unconfigure()
}

// errNoLease is the error of Renewal and Release without a lease.
var errNoLease = errors.New("no lease")

// unicast is a kernel socket from our address, port 68, to the server.
func (p *Phone) unicast() (c *net.UDPConn, err error) {
	if !p.lease.Addr.IsValid() {
		return nil, p.failed("DHCP", errNoLease)
	}
	err = p.o.In(func() (e error) {
		c, e = net.DialUDP("udp4",
			net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.lease.Addr.Addr(), portClient)),
			net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.lease.Server, portServer)))
		return e
	})
	if err != nil {
		return nil, p.failed("DHCP", err)
	}
	return c, nil
}
