package tftp

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"net/netip"
	"slices"
	"sync"
	"time"

	"option150/platform/listen"
)

// pool is the TID pool: the sockets transfers run on. In single-port mode it
// is the shard of the door itself.
type pool struct {
	srv      *Server
	endpoint listen.Endpoint // address and device of the sockets; the port is another
	settings Settings
	sockets  []*socket
	single   bool
	started  bool
	closing  sync.Once
	yield    chan struct{} // closed when somebody needs the ports of a draining pool
	yielding sync.Once
}

// newPool opens the sockets of the pool beside a door at e.
func (s *Server) newPool(ctx context.Context, e listen.Endpoint, set Settings) (*pool, error) {
	p := &pool{srv: s, endpoint: e, settings: set, yield: make(chan struct{})}
	p.endpoint.Port = 0
	p.endpoint.Owner = "TFTP transfers"
	want := set.Workers
	if set.PortHigh > 0 { // the other half is for a pool that takes over while this one drains
		want = min(want, max(1, (int(set.PortHigh)-int(set.PortLow)+1)/2))
	}
	for range want {
		w, port, err := p.open(ctx)
		if err != nil {
			if len(p.sockets) > 0 && listen.InUse(err) {
				break // a few are enough
			}
			p.abandon()
			return nil, err
		}
		sock := newSocket(s, p.endpoint, w, port)
		sock.reopen = p.open
		p.sockets = append(p.sockets, sock)
	}
	return p, nil
}

// open binds one socket: a port of the range, or any.
func (p *pool) open(ctx context.Context) (wire, uint16, error) {
	if p.settings.PortHigh == 0 {
		return p.srv.bind(ctx, p.endpoint)
	}
	e := p.endpoint
	var first error
	for port := int(p.settings.PortLow); port <= int(p.settings.PortHigh); port++ {
		e.Port = uint16(port)
		w, bound, err := p.srv.bind(ctx, e)
		if err == nil {
			return w, bound, nil
		}
		if !listen.InUse(err) {
			return nil, 0, err
		}
		if first == nil {
			first = err
		}
	}
	return nil, 0, fmt.Errorf("no free port in %d-%d: %w", p.settings.PortLow, p.settings.PortHigh, first)
}

// pick chooses the shard of a client: always the same one, unless it is dead.
func (p *pool) pick(peer netip.AddrPort) *shard {
	n := uint64(len(p.sockets))
	h := maphash.Comparable(p.srv.seed, peer)
	for i := range n {
		if sh := p.sockets[(h+i)%n].shard; sh.alive.Load() {
			return sh
		}
	}
	return p.sockets[h%n].shard
}

func (p *pool) start() {
	if p.single || p.started {
		return
	}
	p.started = true
	for _, sock := range p.sockets {
		sock.start()
	}
	p.srv.pools = append(p.srv.pools, p)
}

// abandon closes the sockets of a pool that was never started.
func (p *pool) abandon() {
	if p.single {
		return
	}
	for _, sock := range p.sockets {
		sock.abandon()
	}
}

// close ends the pool and everything on it.
func (p *pool) close() {
	p.closing.Do(func() {
		if p.single {
			return
		}
		for _, sock := range p.sockets {
			sock.close()
		}
		s := p.srv
		s.mu.Lock()
		defer s.mu.Unlock()
		s.pools = slices.DeleteFunc(s.pools, func(x *pool) bool { return x == p })
		s.evaluate()
	})
}

// drain lets transfers on p end for at most grace, then closes it.
func (s *Server) drain(p *pool, grace time.Duration) {
	if p.single {
		return
	}
	defer p.close()
	for _, sock := range p.sockets {
		sock.shard.mu.Lock()
		sock.shard.draining = true
		sock.shard.unlock()
	}
	if grace < 0 {
		return
	}
	over := time.NewTimer(grace)
	defer over.Stop()
	for _, sock := range p.sockets {
		select {
		case <-sock.shard.drained:
		case <-over.C:
			return
		case <-p.yield:
			return
		case <-s.ctx.Done():
			return
		}
	}
}

// yieldPorts closes pools that are draining: a new one needs their ports.
// It reports whether there were any.
func (s *Server) yieldPorts() bool {
	found := false
	for _, p := range s.livePools() {
		if len(p.sockets) > 0 && p.sockets[0].shard.isDraining() {
			p.yielding.Do(func() { close(p.yield) })
			p.close()
			found = true
		}
	}
	return found
}

func (s *Server) livePools() []*pool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.pools)
}

func (sh *shard) isDraining() bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.draining
}

// bind opens a socket and makes a wire of it.
func (s *Server) bind(ctx context.Context, e listen.Endpoint) (wire, uint16, error) {
	conn, err := s.openUDP(ctx, e)
	if err != nil {
		return nil, 0, err
	}
	w, err := newUDPWire(conn)
	if err != nil {
		conn.Close()
		return nil, 0, &listen.Error{Endpoint: e, Err: errors.Unwrap(err)}
	}
	return w, localPort(conn), nil
}
