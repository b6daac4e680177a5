package tftp

import (
	"bytes"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	pin "github.com/pin/tftp/v3"
)

// lossy is a UDP proxy that loses, repeats and swaps packets. The client sees
// one address for everything, as behind a NAT.
type lossy struct {
	front  *net.UDPConn
	server netip.AddrPort
	mu     sync.Mutex
	rnd    *rand.Rand
	backs  map[netip.AddrPort]*back
	wg     sync.WaitGroup
	loss   float64
}

type back struct {
	conn *net.UDPConn
	tid  atomic.Pointer[netip.AddrPort]
	held [2][]byte
}

func newLossy(t *testing.T, server netip.AddrPort, loss float64) *lossy {
	front, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	l := &lossy{front: front, server: server, rnd: rand.New(rand.NewPCG(1, 50)), backs: map[netip.AddrPort]*back{}, loss: loss}
	l.wg.Go(l.fromClients)
	t.Cleanup(func() {
		front.Close()
		l.mu.Lock()
		for _, b := range l.backs {
			b.conn.Close()
		}
		l.mu.Unlock()
		l.wg.Wait()
	})
	return l
}

func (l *lossy) at() netip.AddrPort { return l.front.LocalAddr().(*net.UDPAddr).AddrPort() }

func (l *lossy) fromClients() {
	buf := make([]byte, 66000)
	for {
		n, client, err := l.front.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		l.mu.Lock()
		b := l.backs[client]
		if b == nil {
			conn, err := net.ListenUDP("udp4", nil)
			if err != nil {
				l.mu.Unlock()
				return
			}
			b = &back{conn: conn}
			b.tid.Store(&l.server)
			l.backs[client] = b
			l.wg.Go(func() { l.fromServer(b, client) })
		}
		l.mu.Unlock()
		to := *b.tid.Load()
		if op := opcode(buf[:n]); op == opRRQ {
			to = l.server
		}
		l.pass(&b.held[0], buf[:n], func(p []byte) { _, _ = b.conn.WriteToUDPAddrPort(p, to) })
	}
}

func (l *lossy) fromServer(b *back, client netip.AddrPort) {
	buf := make([]byte, 66000)
	for {
		n, from, err := b.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		b.tid.Store(&from)
		l.pass(&b.held[1], buf[:n], func(p []byte) { _, _ = l.front.WriteToUDPAddrPort(p, client) })
	}
}

// pass does to a packet what a bad network does.
func (l *lossy) pass(held *[]byte, p []byte, send func([]byte)) {
	l.mu.Lock()
	x := l.rnd.Float64()
	l.mu.Unlock()
	switch {
	case x < l.loss:
		return
	case x < 1.3*l.loss:
		send(p)
	case x < 1.6*l.loss && *held == nil:
		*held = bytes.Clone(p)
		return
	}
	send(p)
	if *held != nil {
		send(*held)
		*held = nil
	}
}

// On the wire: every packet may be lost, doubled or swapped, on both ways.
func TestLoss(t *testing.T) {
	content := fileOf(100_000)
	fast := testSet{settings: settings{RTOInitial: 20 * time.Millisecond, RTOMin: 2 * time.Millisecond, RTOMax: 20 * time.Millisecond, GiveUp: 3 * time.Second}}
	w := serve(t, fast, map[string][]byte{"a": content})
	l := newLossy(t, w.at, 0.05)
	for _, options := range [][]string{nil, {"blksize=1428"}, {"blksize=512", "windowsize=8"}, {"blksize=1428", "windowsize=64"}} {
		for range 2 {
			again(t, func() ([]byte, error) {
				p := w.probe()
				p.at, p.wait = l.at(), 100*time.Millisecond
				return p.get("a", "octet", options...)
			}, content)
		}
	}
	client, err := pin.NewClient(l.at().String())
	if err != nil {
		t.Fatal(err)
	}
	client.SetTimeout(50 * time.Millisecond)
	client.SetRetries(20)
	client.SetBackoff(func(int) time.Duration { return 0 })
	again(t, func() ([]byte, error) {
		r, err := client.Receive("a", "octet")
		if err != nil {
			return nil, err
		}
		var got bytes.Buffer
		_, err = r.WriteTo(&got)
		return got.Bytes(), err
	}, content)
	c := w.Counters()
	if c.Retransmits > 3*c.SegmentsAcknowledged {
		t.Errorf("a storm: %+v", c)
	}
	if c.Retransmits == 0 || c.DuplicateAcks == 0 {
		t.Errorf("the network was too good: %+v", c)
	}
	t.Logf("%d segments, %d retransmitted, %d repeated acknowledgements", c.SegmentsSent, c.Retransmits, c.DuplicateAcks)
}

// again fetches until it works: on such a network all of the three packets may
// be lost that one gets who was never heard of, then a client begins anew. What
// arrives must be the file whenever it arrives.
func again(t *testing.T, fetch func() ([]byte, error), want []byte) {
	t.Helper()
	var err error
	for range 5 {
		var got []byte
		if got, err = fetch(); err == nil {
			if !bytes.Equal(got, want) {
				t.Errorf("%d octets of %d", len(got), len(want))
			}
			return
		}
	}
	t.Error(err)
}
