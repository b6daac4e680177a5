package sshd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"option150/platform/listen"
	"option150/platform/service"
)

// ErrClosed says that the server was closed.
var ErrClosed = errors.New("ssh server closed")

// historySize is the number of transitions kept. [service.Status]
const historySize = 64

// Name implements service.Service.
func (s *Server) Name() string { return "sshd" }

// Status implements service.Service.
func (s *Server) Status() service.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	st.Listeners, st.History = slices.Clone(st.Listeners), slices.Clone(st.History)
	return st
}

func wanted(x service.Spec) (*Spec, error) {
	switch v := x.(type) {
	case nil:
		return nil, nil
	case *Spec:
		if v == nil {
			return nil, nil
		}
		return wanted(*v)
	case Spec:
		if !v.Enabled {
			return nil, nil
		}
		v = v.withDefaults()
		return &v, nil
	}
	return nil, fmt.Errorf("sshd: spec is a %T", x)
}

// Prepare implements service.Service. What counts as old is what really
// listens, so a start that failed is simply prepared again.
func (s *Server) Prepare(ctx context.Context, _, want service.Spec) (service.Change, error) {
	spec, err := wanted(want)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	old, closed := s.listener, s.closed
	s.mu.Unlock()
	switch {
	case closed:
		return nil, ErrClosed
	case spec == nil:
		return service.Funcs{OnCommit: func() { s.install(nil, nil, old) }}, nil
	case len(s.o.HostKeys.Signers()) == 0 && !s.o.HostKeys.Zeroized():
		return nil, fmt.Errorf("%w: none", ErrHostKey)
	}
	var was *Spec
	if old != nil {
		if was = s.spec.Load(); was.Endpoint == spec.Endpoint {
			return service.Funcs{OnCommit: func() { s.install(spec, old, nil) }}, nil
		}
	}
	// The only break before make: the kernel does not hold both.
	var at listen.Endpoint // where the old one really listens
	moved := false
	if was != nil {
		at = endpoint(was.Endpoint, old)
		moved = spec.Endpoint.Overlaps(at)
	}
	if moved {
		old.Close()
	}
	l, err := listen.OpenTCP(ctx, spec.Endpoint)
	if err != nil {
		if moved {
			s.reopen(was, at)
		}
		return nil, err
	}
	return service.Funcs{
		OnCommit: func() { s.install(spec, l, old) },
		OnAbort: func() {
			l.Close()
			if moved {
				s.reopen(was, at)
			}
		},
	}, nil
}

// reopen undoes a move: it listens again where it listened before.
func (s *Server) reopen(was *Spec, at listen.Endpoint) {
	l, err := listen.OpenTCP(context.Background(), at)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.listener = nil
		s.step(service.Failed, listen.Reason(err), nil)
		return
	}
	s.install(was, l, nil)
}

// install makes l the listener that counts and closes the one before.
func (s *Server) install(spec *Spec, l, old net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if spec != nil {
		s.spec.Store(spec)
	}
	started := l != nil && l != s.listener
	if s.closed {
		if started {
			l.Close()
		}
		return
	}
	s.listener = l
	switch {
	case l == nil:
		s.step(service.Disabled, "", nil)
	default:
		s.step(service.Running, "", []listen.Endpoint{endpoint(spec.Endpoint, l)})
	}
	if started {
		s.work.Add(1)
		go s.accept(l)
	}
	if old != nil && old != l {
		old.Close()
	}
}

// step notes a state. The lock is held.
func (s *Server) step(to service.State, why string, at []listen.Endpoint) {
	s.status.Listeners = at
	if s.status.State == to && s.status.Why == why {
		return
	}
	now := time.Now()
	h := append(s.status.History, service.Transition{Time: now, From: s.status.State, To: to, Why: why})
	s.status.History = h[max(0, len(h)-historySize):]
	s.status.State, s.status.Why, s.status.Since = to, why, now
}
