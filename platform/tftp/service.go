package tftp

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"option150/platform/listen"
	"option150/platform/service"
)

// Name implements service.Service.
func (s *Server) Name() string { return "tftp" }

// change is a prepared step from one Spec to another.
type change struct {
	srv       *Server
	settings  Settings
	keep      []*listener
	renew     map[*listener]*pool // pools for listeners that stay with other settings
	opened    []*listener
	leaving   []*listener
	suspended []*listener // of leaving: their door is closed already to make room
}

// Prepare implements service.Service. Every socket of the new Spec is opened
// here beside those in use (make before break). The one exception is an
// endpoint that the kernel does not hold together with one that is to go, the
// same port on another address: then the old door is closed first, and opened
// again if anything fails. What has to be open is told by what is open, so the
// old spec is not looked at.
func (s *Server) Prepare(ctx context.Context, _, wanted service.Spec) (service.Change, error) {
	var spec Spec
	switch v := wanted.(type) {
	case nil:
	case Spec:
		spec = v
	default:
		return nil, fmt.Errorf("tftp: not a specification of this service: %T", wanted)
	}
	if err := spec.Settings.Validate(); err != nil {
		return nil, err
	}
	c := &change{srv: s, settings: spec.Settings.withDefaults(), renew: map[*listener]*pool{}}
	add, err := c.sort(spec.Endpoints)
	if err != nil {
		return nil, err
	}
	if err := c.open(ctx, add); err != nil {
		c.Abort()
		return nil, err
	}
	return c, nil
}

// sort tells what stays, what goes and what is to be opened.
func (c *change) sort(wanted []listen.Endpoint) (add []listen.Endpoint, err error) {
	s := c.srv
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped != nil {
		return nil, errors.New("tftp: the server was stopped")
	}
	kept := map[*listener]bool{}
next:
	for _, e := range wanted {
		if e.Proto == "" {
			e.Proto = listen.UDP
		}
		for _, l := range s.listeners {
			if !kept[l] && samePlace(l.endpoint, e) {
				kept[l] = true
				c.keep = append(c.keep, l)
				continue next
			}
		}
		add = append(add, e)
	}
	for _, l := range s.listeners {
		if !kept[l] {
			c.leaving = append(c.leaving, l)
		}
	}
	return add, nil
}

func samePlace(a, b listen.Endpoint) bool {
	return a.Proto == b.Proto && a.AddrPort() == b.AddrPort() && a.Device == b.Device
}

// open opens everything new, first what needs no sacrifice.
func (c *change) open(ctx context.Context, add []listen.Endpoint) error {
	for _, l := range c.keep {
		if samePool(l.settings, c.settings) {
			continue
		}
		p, err := l.makePool(ctx, c.settings)
		if err != nil {
			return err
		}
		c.renew[l] = p
	}
	var moves []listen.Endpoint
	for _, e := range add {
		if len(c.inTheWay(e)) > 0 {
			moves = append(moves, e)
			continue
		}
		if err := c.openOne(ctx, e); err != nil {
			return err
		}
	}
	for _, e := range moves {
		for _, l := range c.inTheWay(e) {
			l.close()
			c.suspended = append(c.suspended, l)
		}
		if err := c.openOne(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// inTheWay are the listeners to go that e cannot be opened beside.
func (c *change) inTheWay(e listen.Endpoint) (all []*listener) {
	for _, l := range c.leaving {
		if e.Overlaps(l.bound()) && !slices.Contains(c.suspended, l) {
			all = append(all, l)
		}
	}
	return all
}

func (c *change) openOne(ctx context.Context, e listen.Endpoint) error {
	w, port, err := c.srv.bind(ctx, e)
	if err != nil {
		return err
	}
	l, err := c.srv.newListener(ctx, e, c.settings, w, port)
	if err != nil {
		_ = w.close()
		return err
	}
	c.opened = append(c.opened, l)
	return nil
}

// Commit implements service.Change. Doors that go are closed before it
// returns; the transfers behind them get their grace in the background.
func (c *change) Commit() {
	s := c.srv
	s.mu.Lock()
	if s.stopped != nil {
		s.mu.Unlock()
		c.discard()
		return
	}
	s.settings.Store(&c.settings)
	s.listeners = c.keep
	old := make([]*pool, 0, len(c.renew)+len(c.leaving))
	for _, l := range c.keep {
		l.settings = c.settings
		if p := c.renew[l]; p != nil {
			p.start()
			old = append(old, l.pool.Swap(p))
		}
	}
	for _, l := range c.opened {
		s.listeners = append(s.listeners, l)
		l.start()
	}
	for _, l := range c.leaving {
		old = append(old, l.pool.Load())
	}
	for _, p := range old {
		s.wg.Go(func() { s.drain(p, c.settings.Grace) })
	}
	s.evaluate()
	s.mu.Unlock()
	for _, l := range c.leaving {
		l.close()
	}
}

// Abort implements service.Change: what was opened is closed and what had to
// be closed is opened again.
func (c *change) Abort() {
	c.discard()
	for _, l := range c.suspended {
		l.resume()
	}
}

func (c *change) discard() {
	for _, l := range c.opened {
		l.abandon()
	}
	for _, p := range c.renew {
		p.abandon()
	}
}

// resume opens a door again that was closed to make room. If somebody else has
// taken the port in this moment, the socket is a failed one and tried again.
func (l *listener) resume() {
	s := l.srv
	e := l.bound()
	w, port, err := s.bind(s.ctx, e)
	if err != nil {
		w, port = nil, e.Port
	}
	k := newSocket(s, l.endpoint, w, port)
	k.failed = err
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped != nil {
		k.abandon()
		return
	}
	l.setDoor(k)
	if l.pool.Load().single {
		l.pool.Store(&pool{srv: s, single: true, sockets: []*socket{k}})
	}
	k.start()
	s.evaluate()
}
