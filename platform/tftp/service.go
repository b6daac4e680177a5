package tftp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"option150/platform/listen"
	"option150/platform/service"
)

// Name is the name of the service in plans, Owner that of its endpoints towards
// the operator.
const (
	Name  = "tftp"
	Owner = "TFTP server"
)

// Name implements service.Service.
func (s *Server) Name() string { return Name }

// Prepare implements service.Service. What has to be open is told by what is
// open, so the old spec is not looked at.
func (s *Server) Prepare(ctx context.Context, _, wanted service.Spec) (service.Change, error) {
	return s.prepare(ctx, wanted, false)
}

// PrepareDegraded implements service.Degradable.
func (s *Server) PrepareDegraded(ctx context.Context, _, wanted service.Spec) (service.Change, error) {
	return s.prepare(ctx, wanted, true)
}

func (s *Server) prepare(ctx context.Context, wanted service.Spec, partly bool) (service.Change, error) {
	var spec Spec
	switch v := wanted.(type) {
	case nil:
	case Spec:
		spec = v
	default:
		return nil, fmt.Errorf("tftp: not a specification of this service: %T", wanted)
	}
	if err := spec.Config.Validate(); err != nil {
		return nil, err
	}
	var want []listen.Want
	for _, e := range spec.Endpoints {
		if e.Proto == "" {
			e.Proto = listen.UDP
		}
		want = append(want, listen.Want{Endpoint: e})
	}
	doors := len(want)
	size := make([]int, doors)
	for i, w := range want[:doors] {
		p := s.poolWants(i, w.Endpoint, spec.Config)
		size[i] = len(p)
		want = append(want, p...)
	}
	step, err := s.set.Prepare(ctx, want, partly)
	if err != nil {
		return nil, err
	}
	places := step.Places()
	pools := make([]*pool, doors)
	for i, rest := 0, places[doors:]; i < doors; i++ {
		pools[i] = &pool{srv: s, windows: spec.Config.Windows()}
		var failed error
		up := size[i] == 0
		for _, p := range rest[:size[i]] {
			if sock, ok := p.Socket(); ok {
				p.Value.attach(sock)
				up = true
			}
			failed = errors.Join(failed, p.Err())
			pools[i].sockets = append(pools[i].sockets, p.Value)
		}
		rest = rest[size[i]:]
		if size[i] == 0 {
			pools[i].sockets = []*socket{places[i].Value}
		}
		if !up && !partly {
			step.Abort()
			return nil, failed
		}
	}
	return service.Funcs{OnAbort: step.Abort, OnCommit: func() {
		for i, p := range places[:doors] {
			p.Value.pool.Store(pools[i])
		}
		s.doors.Store(int64(doors))
		step.Commit()
	}}, nil
}

// Kick dials what is down at once.
func (s *Server) Kick() { s.set.Kick() }

// Status implements service.Service. Listeners are the doors; of the sockets
// for transfers only what is down is told.
func (s *Server) Status() service.Status {
	all := s.set.Places()
	doors := int(min(s.doors.Load(), int64(len(all))))
	states := make([]listen.State, doors)
	for i, p := range all[:doors] {
		states[i] = p.State()
	}
	st := service.Listening(states, s.epoch)
	if doors == 0 {
		if s.draining.Load() > 0 {
			st.State, st.Why = service.Stopping, "transfers are coming to their end"
		}
		return st
	}
	rest := all[doors:]
	var down []listen.State
	for _, p := range rest {
		if p.Err() != nil {
			down = append(down, p.State())
		}
	}
	if len(down) > 0 && st.State == service.Running {
		st.State, st.NextRetry, st.Since, st.Told = service.Degraded, down[0].NextRetry, down[0].Since, true
		st.Why = fmt.Sprintf("%d of %d sockets for transfers are down: %s", len(down), len(rest), down[0].Why)
	}
	return st
}

// Stop ends the service and returns at once. Requests are no longer taken;
// transfers go on on the pool sockets until they end or grace is over (0 = the
// usual grace, negative = none). The channel is closed when all is ended. The
// server cannot be started again.
func (s *Server) Stop(grace time.Duration) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped != nil {
		return s.stopped
	}
	s.stopped = make(chan struct{})
	if grace != 0 {
		s.graceNow.Store(int64(max(grace, 1)))
	}
	if c, err := s.prepare(context.Background(), nil, false); err == nil {
		c.Commit()
	}
	go func() {
		defer close(s.stopped)
		for over := time.Now().Add(s.grace()); s.draining.Load() > 0 && time.Now().Before(over); {
			time.Sleep(5 * time.Millisecond)
		}
		s.cancel()
		for i := 0; s.draining.Load() > 0 && i < 200; i++ { // they say goodbye to their clients
			time.Sleep(5 * time.Millisecond)
		}
		s.set.Close()
		_ = s.group.Wait() // nobody returns an error
		s.hub.close()
	}()
	return s.stopped
}

// grace is how long transfers may go on after a stop.
func (s *Server) grace() time.Duration {
	if g := s.graceNow.Load(); g > 0 {
		return time.Duration(g)
	}
	return s.tune.Grace
}
