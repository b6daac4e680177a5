package hfs

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/fileserver"
	"option150/platform/service"
)

// Server is HFS. Use New. Its Module answers requests; as a service.Service it
// keeps what the operator asked for and when that began.
type Server struct {
	files   fileserver.Opener
	fetches atomic.Int64

	mu      sync.Mutex
	spec    *Spec // nil: off
	session int   // of the last registration with the HTTP server
	since   time.Time
}

// New returns an HFS that serves what files has.
func New(files fileserver.Opener) *Server { return &Server{files: files} }

// Name implements service.Service.
func (s *Server) Name() string { return "hfs" }

// Prepare implements service.Service. Nothing can fail: the listener belongs to
// the HTTP server.
func (s *Server) Prepare(_ context.Context, _, new service.Spec) (service.Change, error) {
	var next *Spec
	if new != nil {
		spec, ok := new.(Spec)
		if !ok {
			return nil, fmt.Errorf("hfs: not a specification of mine: %T", new)
		}
		next = &spec
	}
	return service.Funcs{OnCommit: func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if (next == nil) != (s.spec == nil) || s.since.IsZero() {
			s.since = time.Now()
		}
		if next != nil && (s.spec == nil || s.spec.EffectivePort() != next.EffectivePort()) {
			s.session++
		}
		s.spec = next
	}}, nil
}

// Status implements service.Service. That HFS waits for `ip http server` is
// said by the plan; that its listener is down, by the HTTP server.
func (s *Server) Status() service.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := service.Status{State: service.Disabled, Since: s.since}
	if s.spec != nil {
		st.State = service.Running
	}
	return st
}

// Session is the number of the registration with the HTTP server, which
// changes with the port; 0 before the first.
func (s *Server) Session() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.session
}

// Fetches is the number of files being sent now.
func (s *Server) Fetches() int { return int(s.fetches.Load()) }
