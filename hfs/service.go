package hfs

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/fileserver"
	"option150/platform/httpd"
	"option150/platform/service"
)

// Server is HFS. Use New. Its Module answers requests; as a service.Service it
// keeps what the operator asked for and when that began.
type Server struct {
	files   fileserver.Opener
	fetches atomic.Int64
	http    HTTPServer // nil: nobody knows

	lastStamp atomic.Pointer[stamp]

	mu      sync.Mutex
	spec    *Spec // nil: off
	session int   // of the last registration with the HTTP server
	since   time.Time
}

// New returns an HFS that serves what files has.
func New(files fileserver.Opener) *Server { return &Server{files: files} }

// HTTPServer is what HFS wants to know of the server that has its port.
type HTTPServer interface{ Listeners() []httpd.ListenerStatus }

// AnsweredBy tells which HTTP server answers for HFS. It is called before
// anything runs.
func (s *Server) AnsweredBy(h HTTPServer) { s.http = h }

// Name implements service.Service.
func (s *Server) Name() string { return Name }

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

// Status implements service.Service. HFS works when the HTTP server has the
// port on which HFS is asked. That it waits for `ip http server` is said by the
// plan.
func (s *Server) Status() service.Status {
	s.mu.Lock()
	st := service.Status{State: service.Disabled, Since: s.since}
	on := s.spec != nil
	s.mu.Unlock()
	switch {
	case !on:
	case s.http == nil:
		st.State = service.Running
	default:
		answered(&st, s.http.Listeners())
	}
	return st
}

// answered makes the status of an HFS that is on out of the listeners on which
// it answers.
func answered(st *service.Status, all []httpd.ListenerStatus) {
	st.State, st.Why = service.Starting, "no listener yet"
	for _, l := range all {
		switch {
		case !slices.Contains(l.Modules, NameModule):
		case !l.Up:
			st.State, st.Why, st.NextRetry = service.Failed, l.Endpoint.String()+": "+l.Why, l.NextRetry
			st.Told = true
			st.Since = later(st.Since, l.Since)
			return
		default:
			st.State, st.Why, st.Since = service.Running, "", later(st.Since, l.Since)
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
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
