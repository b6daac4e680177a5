package main

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"
)

// gaps is the load of "gap": phones of a LAN with two servers, one beginning every
// Every. It is a relay with both servers as helpers, as a branch's router is. What
// counts is how long no phone gets an address, the longest time between two ACKs, and
// how long the one waits that waits longest.
//
// Known phones have leases of both before. They ask for them again (INIT-REBOOT, RFC
// 2131 3.2), which is what phones do that restart, or at T2 (REBINDING, 4.4.5); others
// are new. Each says in secs for how long it has been asking: servers that stand by go
// by that.
type gaps struct {
	j       job
	conn    *net.UDPConn
	buf     [512]byte
	targets []netip.AddrPort
	known   []lease
}

type lease struct {
	mac  [6]byte
	addr netip.Addr
}

const (
	gapEvery  = 20 * time.Millisecond // between two phones
	gapRepeat = 250 * time.Millisecond
	gapKnown  = 200
	gapWait   = 30 * time.Second // for the leases of known phones
	gapLate   = 2 * time.Second  // after the end, for the last phones
)

// asked is one phone that waits.
type asked struct {
	lease
	server             netip.Addr
	first, begun, sent time.Time // began, anew, asked
}

// gap sends, and gives the longest time without an ACK. ready gets a line when phones
// have their leases and the time begins.
func (j job) gap(ready func()) (result, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(clientAddr, 67)))
	if err != nil {
		return result{}, err
	}
	defer conn.Close()
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		return result{}, err
	}
	g := &gaps{j: j, conn: conn, targets: append([]netip.AddrPort{j.Target}, j.Others...)}
	base := uint32(time.Now().UnixNano()) &^ 0xfffff
	if j.Count > 0 {
		if err := g.learn(base, j.Count); err != nil {
			return result{}, err
		}
	}
	ready()
	return g.run(base + 1<<19)
}

// learn gets leases for the phones that are to be known.
func (g *gaps) learn(first uint32, count int) error {
	open := map[uint32]*asked{}
	for i := range count {
		a := &asked{first: time.Now(), begun: time.Now()}
		a.mac = macOf(first + uint32(i))
		open[first+uint32(i)] = a
	}
	for end := time.Now().Add(gapWait); len(open) > 0; {
		if time.Now().After(end) {
			return errors.New("not all phones got a first lease")
		}
		if err := g.turn(open, func(_ uint32, a *asked) { g.known = append(g.known, a.lease) }); err != nil {
			return err
		}
	}
	return nil
}

// run has a phone begin every gapEvery until the time is over.
func (g *gaps) run(first uint32) (result, error) {
	var t tally
	start := time.Now()
	last, next, n := start, start, uint32(0)
	open := map[uint32]*asked{}
	for end := start.Add(g.j.For); time.Now().Before(end) || len(open) > 0 && time.Since(end) < gapLate; {
		if now := time.Now(); now.Before(end) && !now.Before(next) {
			a := &asked{first: now, begun: now}
			if len(g.known) > 0 {
				a.lease = g.known[int(n)%len(g.known)]
			} else {
				a.mac = macOf(first + n)
			}
			open[first+n] = a
			n++
			next = next.Add(gapEvery)
		}
		if err := g.turn(open, func(_ uint32, a *asked) {
			now := time.Now()
			t.Done++
			t.times = append(t.times, now.Sub(a.first))
			t.Waited = max(t.Waited, now.Sub(a.first))
			t.Longest = max(t.Longest, now.Sub(last))
			last = now
		}); err != nil {
			return result{}, err
		}
	}
	t.Longest = max(t.Longest, start.Add(g.j.For).Sub(last))
	for _, a := range open {
		t.Waited = max(t.Waited, time.Since(a.first))
	}
	t.Failed = len(open)
	return t.finish(time.Since(start)), nil
}

// turn sends what is due and takes what comes within a moment.
func (g *gaps) turn(open map[uint32]*asked, done func(uint32, *asked)) error {
	now := time.Now()
	for xid, a := range open {
		if now.Sub(a.sent) >= gapRepeat {
			g.send(xid, a)
		}
	}
	buf := make([]byte, 2048)
	if err := g.conn.SetReadDeadline(now.Add(5 * time.Millisecond)); err != nil {
		return err
	}
	for {
		n, err := g.conn.Read(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
		p, ok := parseDHCP(buf[:n])
		a := open[p.xid]
		if !ok || a == nil {
			continue
		}
		switch {
		case p.kind == dhcpOffer && !a.server.IsValid() && !a.addr.IsValid():
			a.addr, a.server = p.addr, p.server
			g.send(p.xid, a)
		case p.kind == dhcpAck && p.addr == a.addr:
			delete(open, p.xid)
			done(p.xid, a)
		case p.kind == dhcpNak: // it begins anew, as a phone does
			a.addr, a.server = netip.Addr{}, netip.Addr{}
		}
	}
}

// send sends to both servers what is due: a REQUEST of what was offered goes to both
// too, since it is broadcast. What was offered and is not confirmed is given up after
// a while.
func (g *gaps) send(xid uint32, a *asked) {
	if a.server.IsValid() && !a.sent.IsZero() && time.Since(a.begun) > time.Second && time.Since(a.sent) >= gapRepeat {
		a.addr, a.server, a.begun = netip.Addr{}, netip.Addr{}, time.Now()
	}
	b := phoneMessage(g.buf[:], clientAddr, xid, a.mac, a.addr, a.server)
	if g.j.Rebind && a.addr.IsValid() && !a.server.IsValid() {
		b = rebindMessage(g.buf[:], clientAddr, xid, a.mac, a.addr)
	}
	binary.BigEndian.PutUint16(b[8:], uint16(time.Since(a.first)/time.Second))
	a.sent = time.Now()
	for _, to := range g.targets {
		_, _ = g.conn.WriteToUDPAddrPort(b, to) // of a server that is dead its host says so
	}
}

func macOf(n uint32) (mac [6]byte) {
	mac[0], mac[1] = 0x02, 0x15
	binary.BigEndian.PutUint32(mac[2:], n)
	return mac
}
