package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Node is one phone among its peers, for one upgrade. Get is for one
// goroutine.
type Node struct {
	cfg Config
	udp *net.UDPConn
	tcp net.Listener

	ctx  context.Context
	stop context.CancelCauseFunc
	wg   sync.WaitGroup

	mu       sync.Mutex
	trees    map[string]*hierarchy        // by group
	files    map[string]*content          // by name
	children map[netip.Addr]*child        // that we serve
	incoming map[netip.Addr]chan net.Conn // of parents that connect to us
	conns    map[net.Conn]bool
	kept     net.Conn // to the parent, with KeepConnection
	sent     int64
	closing  bool
}

// content is a file for our children.
type content struct {
	ready chan struct{} // closed when it is decided
	data  []byte
	ok    bool
}

// child is a phone that we serve.
type child struct {
	done   bool
	active time.Time
}

// Open joins the peers. Close leaves them.
func Open(ctx context.Context, c Config) (*Node, error) {
	if c.Habits.Join <= 0 {
		c.Habits.Join = joins
	}
	if c.Habits.Patience <= 0 {
		c.Habits.Patience = 5 * time.Second
	}
	if c.Habits.Rate <= 0 {
		c.Habits.Rate = 2_000_000
	}
	if c.Habits.Record == nil {
		c.Habits.Record = func(Share) {}
	}
	n := &Node{cfg: c, trees: map[string]*hierarchy{}, files: map[string]*content{}, children: map[netip.Addr]*child{},
		incoming: map[netip.Addr]chan net.Conn{}, conns: map[net.Conn]bool{}}
	err := c.In(func() (e error) {
		if n.udp, e = net.ListenUDP("udp4", &net.UDPAddr{Port: Port}); e != nil {
			return e
		}
		n.tcp, e = net.Listen("tcp4", fmt.Sprintf("%s:%d", c.Addr.Addr(), Port))
		return e
	})
	if err != nil {
		if n.udp != nil {
			n.udp.Close()
		}
		return nil, fmt.Errorf("%s: peer firmware sharing: %w", c.Device, err)
	}
	n.ctx, n.stop = context.WithCancelCause(ctx)
	n.dload("DBG", "+++ fd=7 Listening on peer TCP port %d", Port)
	n.dload("NOT", "^.idl_child.c-openUDPPort")
	n.slotsLine(false, 0)
	n.wg.Go(n.listen)
	n.wg.Go(n.accept)
	return n, nil
}

// Context ends with that of Open and when the power goes off.
func (n *Node) Context() context.Context { return n.ctx }

// Dead reports that the power is off.
func (n *Node) Dead() bool { return errors.Is(context.Cause(n.ctx), ErrPowerOff) }

// Get gets a file: from a peer, or by fetch. fromPeer tells which.
func (n *Node) Get(file string, fetch Fetch) (data []byte, ok, fromPeer bool, err error) {
	s := Share{Device: n.cfg.Device, Addr: n.cfg.Addr.Addr(), Model: n.cfg.Model, File: file, Began: time.Now()}
	h, err := n.hierarchy(file)
	if err != nil {
		return nil, false, false, n.reason(err)
	}
	s.Group = h.group
	if h.role == Child {
		s.Parent, s.Depth = h.parent, h.depth
		if data, err = n.pull(h, file); err == nil {
			n.publish(file, data, true)
			s.Bytes, s.Served = int64(len(data)), true
			n.record(h, s)
			return data, true, true, nil
		}
		if n.ctx.Err() != nil {
			return nil, false, false, n.reason(n.ctx.Err())
		}
		n.alone(h, "from "+h.parent.String()+": "+err.Error())
	}
	data, ok, err = fetch(n.ctx)
	if err != nil {
		return nil, false, false, n.reason(err)
	}
	n.publish(file, data, ok)
	s.Parent, s.Depth = netip.Addr{}, 0
	s.Bytes, s.Served = int64(len(data)), ok
	n.record(h, s)
	return data, ok, false, nil
}

// reason is ErrPowerOff instead of what came of it.
func (n *Node) reason(err error) error {
	if n.Dead() {
		return ErrPowerOff
	}
	return err
}

func (n *Node) record(h *hierarchy, s Share) {
	n.mu.Lock()
	s.Role, s.Why, s.Tree, s.Root, s.Claims = h.role, h.why, h.tree, h.root, h.sent
	n.mu.Unlock()
	if s.Role == Alone {
		s.Root, s.Tree = netip.Addr{}, 0
	}
	s.Took = time.Since(s.Began)
	n.cfg.Habits.Record(s)
}

// file is the content of a name, decided or not.
func (n *Node) file(name string) *content {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.files[name]
	if c == nil {
		c = &content{ready: make(chan struct{})}
		n.files[name] = c
	}
	return c
}

func (n *Node) publish(name string, data []byte, ok bool) {
	c := n.file(name)
	select {
	case <-c.ready:
	default:
		c.data, c.ok = data, ok
		close(c.ready)
	}
}

// Close waits until the children have all they need, no longer than the
// patience after the last of them was heard, and leaves.
func (n *Node) Close() {
	n.leave()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for n.busy() {
		select {
		case <-n.ctx.Done():
		case <-tick.C:
		}
	}
	n.stop(context.Canceled)
	n.udp.Close()
	n.tcp.Close()
	n.mu.Lock()
	for c := range n.conns {
		c.Close()
	}
	n.mu.Unlock()
	n.wg.Wait()
}

// leave tells parents and roots that nothing more is needed.
func (n *Node) leave() {
	n.mu.Lock()
	n.closing = true
	// A child whose file never came asks no more: what is not decided is absent.
	for _, c := range n.files {
		select {
		case <-c.ready:
		default:
			close(c.ready)
		}
	}
	kept := n.kept
	var hs []hierarchy
	for _, h := range n.trees {
		hs = append(hs, hierarchy{group: h.group, root: h.root, parent: h.parent})
	}
	n.mu.Unlock()
	if kept != nil {
		kept.Close()
	}
	for _, h := range hs {
		if h.parent.IsValid() {
			n.send(h.parent, vBye, h.group)
		}
		if h.root.IsValid() && h.root != n.cfg.Addr.Addr() {
			n.send(h.root, vLeave, h.group)
		}
	}
}

func (n *Node) busy() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		return false
	}
	for _, c := range n.children {
		if !c.done && time.Since(c.active) < n.cfg.Habits.Patience {
			return true
		}
	}
	return false
}
