package simphone

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Facts of Peer Firmware Sharing as far as they can be seen from outside
// [phones.md 4.3]; what is in a frame is not public and made up here.
const (
	peerPort   = 4051
	peerAds    = 5
	peerPeriod = 250 * time.Millisecond
	peerJoin   = 10 * time.Second // from the confirmed root to its transfer
)

// Peers are the phones of one subnet that share firmware. One of those that
// want the same load, the root, asks the file server; the others get it from
// the root and ask nobody. The transfer between phones is not simulated (its
// protocol is not public): they wait until the root has it. Broadcasts are
// sent, for observers; their contents say that they are synthetic. Peers are
// for simulated phones in a private namespace only.
type Peers struct {
	mu    sync.Mutex
	trees map[string]*tree
}

type tree struct {
	done chan struct{} // closed when the root is through
	ok   bool          // the root has the load; read after done
}

// NewPeers returns a subnet without phones.
func NewPeers() *Peers { return &Peers{trees: make(map[string]*tree)} }

// shared runs a download, or has a peer run it.
func (p *Phone) shared(ctx context.Context, s Settings, download func() (*Outcome, bool, error)) (o *Outcome, missing bool, err error) {
	g := p.n.model.Generation
	if p.o.Peers == nil || !s.PeerSharing || g == "G2" {
		return download()
	}
	key := p.n.model.Images + " " + s.Load
	p.o.Peers.mu.Lock()
	t, child := p.o.Peers.trees[key]
	if !child {
		t = &tree{done: make(chan struct{})}
		p.o.Peers.trees[key] = t
	}
	p.o.Peers.mu.Unlock()
	if !child {
		defer func() {
			p.o.Peers.mu.Lock()
			delete(p.o.Peers.trees, key)
			t.ok = o == nil && !missing && err == nil
			p.o.Peers.mu.Unlock()
			close(t.done)
		}()
	}
	if err := p.advertise(ctx); err != nil {
		return nil, false, err
	}
	if !child {
		if err := p.pause(ctx, peerJoin); err != nil {
			return nil, false, err
		}
		return download()
	}
	select {
	case <-ctx.Done():
		return nil, false, ctx.Err()
	case <-t.done:
	}
	if !t.ok {
		return download() // failure: the normal way [phones.md 4.2]
	}
	p.log(Step{Kind: Install, Name: s.Load, Result: "from a peer"})
	return nil, false, nil
}

// advertise broadcasts five synthetic frames, a quarter of a second apart
// whatever the pace: the rhythm is what an observer knows them by.
func (p *Phone) advertise(ctx context.Context) error {
	var c *net.UDPConn
	err := p.o.In(func() (e error) {
		c, e = net.DialUDP("udp4", &net.UDPAddr{IP: p.lease.Addr.Addr().AsSlice(), Port: peerPort},
			&net.UDPAddr{IP: broadcastOf(p.lease.Addr).AsSlice(), Port: peerPort})
		return e
	})
	if err != nil {
		return p.failed("peer firmware sharing", err)
	}
	defer c.Close()
	for n := range peerAds {
		if n > 0 {
			if err := sleep(ctx, peerPeriod); err != nil {
				return err
			}
		}
		// A frame that cannot be sent is a frame nobody heard.
		_, _ = fmt.Fprintf(c, "PFS-TEST %s %d", p.spec.MAC.Device(), n)
	}
	return ctx.Err()
}

// broadcastOf is the directed broadcast address of a subnet.
func broadcastOf(p netip.Prefix) netip.Addr {
	a := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		a[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(a)
}
