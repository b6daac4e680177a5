package metrics

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"option150/platform/listen"
	"option150/platform/service"
)

// Name is the name of the service in plans.
const Name = "metrics"

// Spec says where the window listens.
type Spec struct{ Endpoint listen.Endpoint }

// Bounds of the listener.
const (
	maxConnections = 64
	headerTime     = 5 * time.Second
	readTime       = 10 * time.Second
	writeTime      = 30 * time.Second
	idleTime       = time.Minute
	maxHeader      = 16 << 10
	closeTime      = time.Second // for requests under way when the listener moves or ends
)

// Server is the service. Use New.
type Server struct {
	h    *handler
	work sync.WaitGroup

	mu     sync.Mutex
	at     *window // nil: closed
	status service.Status
}

// window is one open listener.
type window struct {
	spec Spec
	l    net.Listener
	http *http.Server
	at   listen.Endpoint // with the port the kernel chose
}

// New returns the service, closed. The error is a defect of the pages.
func New(s Sources) (*Server, error) {
	h, err := newHandler(&s)
	if err != nil {
		return nil, err
	}
	return &Server{h: h, status: service.Status{State: service.Disabled, Since: time.Now()}}, nil
}

// Name implements service.Service.
func (s *Server) Name() string { return Name }

// Status implements service.Service.
func (s *Server) Status() service.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	st.Listeners, st.History = slices.Clone(st.Listeners), slices.Clone(st.History)
	return st
}

// Prepare implements service.Service: it opens the new listener. An address
// that overlaps the old one is not met: it comes from the settings file, which
// is read once. The error is a *listen.Error.
func (s *Server) Prepare(ctx context.Context, _, want service.Spec) (service.Change, error) {
	if want == nil {
		return service.Funcs{OnCommit: func() { s.replace(nil) }}, nil
	}
	spec, ok := want.(Spec)
	if !ok {
		return nil, errSpec
	}
	l, err := listen.OpenTCP(ctx, spec.Endpoint)
	if err != nil {
		return nil, err
	}
	w := &window{spec: spec, l: &limited{Listener: l, free: make(chan struct{}, maxConnections), done: make(chan struct{})}, at: spec.Endpoint}
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		w.at.Port = a.AddrPort().Port()
	}
	w.http = &http.Server{Handler: s.h, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0)}
	return service.Funcs{OnCommit: func() { s.replace(w) }, OnAbort: func() { _ = w.l.Close() }}, nil
}

// replace puts a window in force and closes the one before.
func (s *Server) replace(w *window) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.at; old != nil {
		s.work.Go(func() { old.close() })
	}
	s.at = w
	if w == nil {
		s.enter(service.Disabled, "", nil)
		return
	}
	s.enter(service.Running, "", []listen.Endpoint{w.at})
	s.work.Go(func() { s.serve(w) })
}

func (s *Server) serve(w *window) {
	err := w.http.Serve(w.l)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at == w && !errors.Is(err, http.ErrServerClosed) {
		s.enter(service.Failed, err.Error(), nil)
	}
}

// enter is called with the lock held.
func (s *Server) enter(to service.State, why string, at []listen.Endpoint) {
	now := time.Now()
	h := append(s.status.History, service.Transition{Time: now, From: s.status.State, To: to, Why: why})
	s.status = service.Status{State: to, Why: why, Since: now, Listeners: at, History: h[max(0, len(h)-64):]}
}

// close lets requests under way finish for a moment.
func (w *window) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	if w.http.Shutdown(ctx) != nil {
		_ = w.http.Close()
	}
}

// Close ends the service; no request is under way when it returns.
func (s *Server) Close() {
	s.replace(nil)
	s.work.Wait()
}

// limited bounds the connections: beyond it they wait in the kernel's queue.
type limited struct {
	net.Listener
	free chan struct{}
	done chan struct{}
	once sync.Once
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.free <- struct{}{}:
	case <-l.done:
		return nil, net.ErrClosed
	}
	c, err := l.Listener.Accept()
	if err != nil {
		<-l.free
		return nil, err
	}
	return &counted{Conn: c, leave: sync.OnceFunc(func() { <-l.free })}, nil
}

// Close implements net.Listener.
func (l *limited) Close() error {
	l.once.Do(func() { close(l.done) })
	return l.Listener.Close()
}

type counted struct {
	net.Conn
	leave func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	defer c.leave()
	return c.Conn.Close()
}
