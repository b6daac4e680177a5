package tftp

import (
	"context"
	"sync/atomic"
	"time"

	"option150/platform/listen"
)

// listener is one endpoint: the door where requests come in and the pool their
// transfers run on.
type listener struct {
	srv      *Server
	endpoint listen.Endpoint // as configured
	settings Settings
	door     *socket
	pool     atomic.Pointer[pool]
}

// newListener makes a listener of an open door; nothing is served before start.
func (s *Server) newListener(ctx context.Context, e listen.Endpoint, set Settings, w wire, port uint16) (*listener, error) {
	l := &listener{srv: s, endpoint: e, settings: set}
	l.setDoor(newSocket(s, e, w, port))
	p, err := l.makePool(ctx, set)
	if err != nil {
		return nil, err
	}
	l.pool.Store(p)
	return l, nil
}

func (l *listener) setDoor(k *socket) {
	k.onRequest = func(d *datagram, now time.Duration) { l.request(k.shard, d, now) }
	k.reopen = func(ctx context.Context) (wire, uint16, error) {
		e := l.endpoint
		e.Port = uint16(k.shard.port.Load())
		return l.srv.bind(ctx, e)
	}
	l.door = k
}

// bound is the endpoint with the port it really has.
func (l *listener) bound() listen.Endpoint {
	e := l.endpoint
	e.Port = uint16(l.door.shard.port.Load())
	return e
}

// makePool opens the pool that set asks for. If its ports are still held by
// pools that only finish their transfers, those give way.
func (l *listener) makePool(ctx context.Context, set Settings) (*pool, error) {
	if set.SinglePort {
		return &pool{srv: l.srv, single: true, sockets: []*socket{l.door}}, nil
	}
	p, err := l.srv.newPool(ctx, l.endpoint, set)
	if listen.InUse(err) && l.srv.yieldPorts() {
		p, err = l.srv.newPool(ctx, l.endpoint, set)
	}
	return p, err
}

// start begins to serve. Server.mu is held.
func (l *listener) start() {
	l.pool.Load().start()
	l.door.start()
}

// abandon closes what was never started.
func (l *listener) abandon() {
	l.door.abandon()
	l.pool.Load().abandon()
}

// close shuts the door; the pool is drained by whoever calls.
func (l *listener) close() { l.door.close() }

// request takes a read or write request at the door, whose shard is sh.
func (l *listener) request(sh *shard, d *datagram, now time.Duration) {
	r, err := parseRequest(d.payload)
	sh.mu.Lock()
	sh.tally.sawDrops(d.drops)
	take := false
	switch {
	case d.broadcast: // [RFC 1123 4.2.3.5]
		sh.tally.broadcasts++
	case err != nil:
		sh.tally.malformed++
		sh.refuse(d, replyIllegal, now)
	case r.write:
		sh.tally.writes++
		sh.refuse(d, replyDenied, now)
	default:
		take = true
	}
	sh.unlock()
	if take {
		l.pool.Load().pick(d.peer).request(d, r, uint16(sh.port.Load()), now)
	}
}
