package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/share/history"
	"option150/platform/ether"
	"option150/platform/netns"
)

// callers asks the boxes for many clients, as a relay with all of them as its helpers does,
// and keeps the history of the ACKs.
type callers struct {
	t    *testing.T
	conn *net.UDPConn

	history history.History

	mu    sync.Mutex
	boxes []netip.AddrPort
	wait  map[ether.MAC]chan dhcptest.Reply
	asked map[ether.MAC]time.Time // when the exchange began: a client counts from there [RFC 2131 4.4.1]
	naks  []string                // to clients whose lease ran
}

const callersAt = "10.150.0.5"

func newCallers(t *testing.T, h *netns.Host) *callers {
	r := &callers{t: t, wait: map[ether.MAC]chan dhcptest.Reply{}, asked: map[ether.MAC]time.Time{}}
	if err := h.Do(func() (err error) {
		r.conn, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(callersAt), Port: 67})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	_ = r.conn.SetReadBuffer(1 << 20)
	t.Cleanup(func() { _ = r.conn.Close() })
	go func() {
		b := make([]byte, 2048)
		for {
			n, from, err := r.conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			p, err := dhcptest.Parse(b[:n])
			if err != nil {
				continue
			}
			r.hear(p, ether.MAC(b[28:34]), from.Addr().String())
		}
	}()
	return r
}

// hear takes an answer down before whoever waits for it has it.
func (r *callers) hear(p dhcptest.Reply, m ether.MAC, box string) {
	now := time.Now()
	r.mu.Lock()
	asked := r.asked[m]
	r.mu.Unlock()
	switch p.Type {
	case 5:
		r.history.Add(history.Ack{At: now, Until: asked.Add(leaseOf(p)), Addr: p.YIAddr, Client: m.String(), Box: box})
	case 6:
		if x, ok := r.history.Last(m.String()); ok && x.Until.After(now) {
			r.mu.Lock()
			r.naks = append(r.naks, fmt.Sprintf("%s says no to %v", box, x))
			r.mu.Unlock()
		}
	}
	r.mu.Lock()
	c := r.wait[m]
	r.mu.Unlock()
	if c != nil {
		select {
		case c <- p:
		default:
		}
	}
}

// helpers are the boxes the relay asks from now on.
func (r *callers) helpers(boxes ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.boxes = nil
	for _, b := range boxes {
		r.boxes = append(r.boxes, netip.AddrPortFrom(netip.MustParseAddr(b), 67))
	}
}

// leaseOf is for how long an ACK says that the address is the client's.
func leaseOf(p dhcptest.Reply) time.Duration {
	o := p.Opts[51]
	if len(o) != 4 {
		return 0
	}
	return time.Duration(uint32(o[0])<<24|uint32(o[1])<<16|uint32(o[2])<<8|uint32(o[3])) * time.Second
}

// clientOf is the hardware address of the client of an ACK.
func clientOf(x history.Ack) ether.MAC {
	m, err := ether.ParseMAC(x.Client)
	if err != nil {
		panic(err) // it was printed by one
	}
	return m
}

// send sends a request to a box, "" = to all.
func (r *callers) send(q dhcptest.Request, box string) {
	q.GIAddr = callersAt
	q.XID = uint32(q.MAC[4])<<8 | uint32(q.MAC[5])
	r.mu.Lock()
	to := slices.Clone(r.boxes)
	r.mu.Unlock()
	for _, b := range to {
		if box == "" || b.Addr().String() == box {
			_, _ = r.conn.WriteToUDPAddrPort(q.Bytes(), b)
		}
	}
}

// answer sends a request, again while nobody answers, and returns the first answer of a
// type; one of NAK ends it.
func (r *callers) answer(q dhcptest.Request, typ byte, box string, times int) (p dhcptest.Reply, ok bool) {
	c := make(chan dhcptest.Reply, 16)
	r.mu.Lock()
	r.wait[q.MAC], r.asked[q.MAC] = c, time.Now()
	r.mu.Unlock()
	for range times {
		r.send(q, box)
		limit := time.After(time.Second)
		for again := false; !again; {
			select {
			case p = <-c:
				if p.Type == typ {
					return p, true
				}
				if p.Type == 6 {
					return p, false
				}
			case <-limit:
				again = true
			}
		}
	}
	return p, false
}

// take leases an address for a client, from the beginning as often as it takes.
func (r *callers) take(m ether.MAC) {
	for range 20 {
		o, ok := r.answer(dhcptest.Phone(m, 1), 2, "", 3)
		if !ok {
			continue
		}
		a := o.YIAddr.As4()
		if _, ok := r.answer(dhcptest.Phone(m, 3, dhcptest.NewOption(50, a[:]), dhcptest.NewOption(54, o.Opts[54])), 5, "", 3); ok {
			return
		}
	}
	r.t.Errorf("%s was not served", m)
}

// serve leases addresses for new clients, many at a time.
func (r *callers) serve(from, to int) {
	var all sync.WaitGroup
	slots := make(chan struct{}, 48)
	for n := from; n < to; n++ {
		slots <- struct{}{}
		all.Go(func() { r.take(dhcptest.MAC(byte(n>>8), byte(n))); <-slots })
	}
	all.Wait()
}

// again has a client ask for what it has, once for each second: RENEW to the box that gave
// it, or REBIND to all.
func (r *callers) again(x history.Ack, rebind bool, seconds int) (dhcptest.Reply, bool) {
	q := dhcptest.Phone(clientOf(x), 3)
	q.CIAddr = x.Addr.String()
	box := x.Box
	if rebind {
		box = ""
	}
	return r.answer(q, 5, box, seconds)
}

// some are newest leases of that many clients.
func (r *callers) some(rnd *rand.Rand, n int) []history.Ack {
	list := r.history.Running(time.Now(), time.Second)
	rnd.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
	return list[:min(n, len(list))]
}

// keep has clients ask again for what they have while something is wrong: no answer is as may
// be, no is not.
func (r *callers) keep(list []history.Ack) {
	var all sync.WaitGroup
	for i, x := range list {
		all.Go(func() { r.again(x, i%2 == 0, 2) })
	}
	all.Wait()
}

// kept has all of them be answered, with what they have.
func (r *callers) kept(list []history.Ack, what string) {
	r.t.Helper()
	var all sync.WaitGroup
	for _, x := range list {
		all.Go(func() {
			if p, ok := r.again(x, true, 20); !ok || p.YIAddr != x.Addr {
				r.t.Errorf("%s: %v was not renewed: type %d, %s", what, x, p.Type, p.YIAddr)
			}
		})
	}
	all.Wait()
}
