package fileserver

import (
	"context"
	"fmt"
	"sync"
	"time"

	"option150/platform/flash"
	"option150/platform/service"
)

// Name implements service.Service.
func (s *Server) Name() string { return "fileserver" }

// Prepare implements service.Service. Nothing that is
// being served is touched by a change.
func (s *Server) Prepare(_ context.Context, _, new service.Spec) (service.Change, error) {
	c := Spec{Config: Default()}
	if new != nil {
		var ok bool
		if c, ok = new.(Spec); !ok {
			return nil, fmt.Errorf("fileserver: not a configuration of mine: %T", new)
		}
		c = c.Clone()
	}
	if c.MaximumServingCount <= 0 {
		c.MaximumServingCount = DefaultServingCount
	}
	home, err := flash.CleanPath(c.HomePath)
	if err != nil {
		return nil, fmt.Errorf("fileserver: home path %q: %w", c.HomePath, err)
	}
	st := s.settle(c, home)
	return service.Funcs{OnCommit: func() {
		s.now.Store(st)
		s.gate.setLimit(c.MaximumServingCount, c.MaximumPerAddress, c.MaximumPerRelay)
		s.mu.Lock()
		defer s.mu.Unlock()
		if on := new != nil; on != s.on || s.since.IsZero() {
			s.on, s.since = on, time.Now()
		}
	}}, nil
}

// Status implements service.Service.
func (s *Server) Status() service.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := service.Status{State: service.Disabled, Since: s.since}
	if s.on {
		st.State = service.Running
		if s.opt.Flash != nil {
			if info, err := s.opt.Flash.Stat(s.HomePath()); err != nil || !info.Dir {
				st.State, st.Why = service.Degraded, "home path "+s.HomePath()+" is not there"
			}
		}
	}
	return st
}

// limiter keeps a scanner from filling the log: a few messages a minute, the
// rest is counted and can be seen with debug.
type limiter struct {
	mu    sync.Mutex
	n     int
	since time.Time
}

const messagesPerMinute = 20

// over counts one and reports whether it is beyond the bound.
func (l *limiter) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.since) >= time.Minute {
		l.n, l.since = 0, now
	}
	l.n++
	return l.n > messagesPerMinute
}
