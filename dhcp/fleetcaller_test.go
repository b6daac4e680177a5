package dhcp

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing/synctest"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/engine"
	"option150/dhcp/share/history"
	"option150/dhcp/wire"
	"option150/platform/ether"
)

const fleetCallers = 10

// caller is a client: it hears the ACKs of what it asked for last, and counts its lease
// from when it asked. [RFC 2131 4.4.1]
type caller struct {
	w     *fleetWorld
	mac   ether.MAC
	relay bool // it is behind one

	mu     sync.Mutex
	life   byte // of its identifier
	xid    uint32
	asked  time.Time
	at     map[string]netip.Addr // offers, by box
	lease  history.Ack           // what it has; Client "" = nothing
	served int
}

func newCaller(w *fleetWorld, n byte) *caller {
	return &caller{w: w, mac: mac(2, n), relay: n%3 == 0, at: map[string]netip.Addr{}}
}

// name is by which identifier it asks.
func (c *caller) name() string { return fmt.Sprint(c.mac, "/", c.life) }

// packet is a request of it. It is a new exchange.
func (c *caller) packet(typ byte, opts ...dhcptest.Option) testRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.xid++
	c.asked = time.Now()
	q := phoneRequest(c.mac, typ, opts...)
	q.XID = c.xid
	if c.life > 0 {
		q.Opts[1].Val = append(q.Opts[1].Val, c.life)
	}
	return q
}

// send brings a packet to a box: by broadcast, by its relay, or by unicast if it has an
// address.
func (c *caller) send(b *fleetBox, q testRequest, direct bool) {
	in := engine.Inbound{Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true, Source: c.mac}
	switch {
	case direct:
		in.From, in.Broadcast = netip.AddrPortFrom(ip(q.CIAddr), 68), false
	case c.relay:
		q.GIAddr = "10.77.0.10"
		in.From, in.Broadcast, in.Source = netip.MustParseAddrPort("10.77.0.10:67"), false, mac(0xee, 0xee)
	}
	in.Data = q.Bytes()
	b.run.do(func(e *engine.Engine, now engine.Instant) { e.Packet(now, &in) })
}

func (c *caller) offered(b *fleetBox, a netip.Addr) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at[b.name] = a
}

// heard is an ACK on the wire.
func (w *fleetWorld) heard(b *fleetBox, p []byte) {
	r, err := dhcptest.Parse(p)
	if err != nil || r.Type != wire.MsgAck || len(r.Opts[51]) != 4 {
		w.wrong("%s: no ACK: %v %v", b.name, r, err)
		return
	}
	c := w.caller(ether.MAC(p[28:34]))
	c.mu.Lock()
	defer c.mu.Unlock()
	if binary.BigEndian.Uint32(p[4:]) != c.xid {
		return // of what it has given up
	}
	x := history.Ack{At: time.Now(), Until: c.asked.Add(time.Duration(binary.BigEndian.Uint32(r.Opts[51])) * time.Second), Addr: r.YIAddr, Client: c.name(), Box: b.name}
	w.history.End(x.At, x.Addr, x.Client) // it was heard: what was before may have been longer, and does not count
	w.history.Add(x)
	c.lease = x
	c.served++
	w.mu.Lock()
	delete(w.gone, x.Client)
	w.mu.Unlock()
}

// refused is a NAK: whose lease runs has lost it.
func (c *caller) refused(b *fleetBox, e engine.Nak) {
	c.mu.Lock()
	x := c.lease
	runs := x.Client != "" && x.Addr == e.Addr && time.Until(x.Until) > 0
	if runs {
		c.lease = history.Ack{}
	}
	c.mu.Unlock()
	c.w.mu.Lock()
	gone := c.w.gone[x.Client]
	c.w.mu.Unlock()
	if runs && !gone && time.Since(c.w.clocks()) > 10*time.Second { // that a clock is off takes a while to be seen
		c.w.wrong("%s: NAK (%s) for %v", b.name, e.Why, x)
		c.w.history.End(time.Now(), x.Addr, x.Client)
	}
}

// has is its lease.
func (c *caller) has() history.Ack {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lease
}

// leave has it forget its lease; over says that it told so.
func (c *caller) leave(over bool) {
	c.mu.Lock()
	x := c.lease
	c.lease = history.Ack{}
	c.xid++ // it hears no more of what it asked for
	c.mu.Unlock()
	if over {
		c.w.history.End(time.Now(), x.Addr, x.Client)
	}
}

// step is what it does next.
func (c *caller) step(rnd *rand.Rand, up []*fleetBox) {
	x := c.has()
	left := time.Until(x.Until)
	of := func(box string) *fleetBox {
		for _, b := range up {
			if b.name == box {
				return b
			}
		}
		return nil
	}
	total := x.Until.Sub(x.At)
	switch n := rnd.IntN(40); {
	case x.Client == "" || left <= 0:
		c.discover(rnd, up)
	case n == 0:
		c.leave(false) // goes without a word
	case n == 1:
		if b := of(x.Box); b != nil {
			c.leave(true)
			q := c.packet(wire.MsgRelease, opt(54, ipb(b.self)))
			q.CIAddr = x.Addr.String()
			c.send(b, q, true)
		}
	case n == 2:
		c.mu.Lock()
		c.life = (c.life + 1) % 3
		c.lease = history.Ack{}
		c.mu.Unlock()
		c.discover(rnd, up)
	case n == 3:
		q := c.packet(wire.MsgInform)
		q.CIAddr = x.Addr.String()
		for _, b := range up {
			c.send(b, q, true)
		}
	case n < 6: // starts anew
		q := c.packet(wire.MsgRequest, opt(50, ipb(x.Addr.String())))
		for _, b := range up {
			c.send(b, q, false)
		}
	case left <= total/8: // REBIND: all of them hear it
		q := c.packet(wire.MsgRequest)
		q.CIAddr = x.Addr.String()
		for _, b := range up {
			c.send(b, q, false)
		}
	case left < total/2: // RENEW
		if b := of(x.Box); b != nil {
			q := c.packet(wire.MsgRequest)
			q.CIAddr = x.Addr.String()
			c.send(b, q, true)
		}
	}
}

// discover asks all boxes, and takes one of the offers.
func (c *caller) discover(rnd *rand.Rand, up []*fleetBox) {
	c.mu.Lock()
	clear(c.at)
	c.lease = history.Ack{}
	c.mu.Unlock()
	q := c.packet(wire.MsgDiscover)
	for _, b := range up {
		c.send(b, q, false)
	}
	synctest.Wait()
	var from []*fleetBox
	c.mu.Lock()
	for _, b := range up {
		if c.at[b.name].IsValid() {
			from = append(from, b)
		}
	}
	if len(from) == 0 {
		c.mu.Unlock()
		return
	}
	b := from[rnd.IntN(len(from))]
	a := c.at[b.name]
	c.mu.Unlock()
	q = c.packet(wire.MsgRequest, opt(50, ipb(a.String())), opt(54, ipb(b.self)))
	for _, b := range up {
		c.send(b, q, false)
	}
}
