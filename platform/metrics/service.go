package metrics

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

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
	maxPerHost     = maxConnections / 4
	headerTime     = 5 * time.Second
	readTime       = 10 * time.Second
	writeTime      = 30 * time.Second
	idleTime       = time.Minute
	maxHeader      = 16 << 10
	closeTime      = time.Second // for requests under way when the listener moves or ends
)

// Server is the service. Use New.
type Server struct {
	h     http.Handler
	tls   *tls.Config                                                      // nil = http://
	open  func(context.Context, listen.Endpoint) (*net.TCPListener, error) // replaced by tests
	set   *listen.Set[*net.TCPListener, *window]
	began time.Time
	work  errgroup.Group // windows that close
}

// window serves at one endpoint.
type window struct {
	s    *Server
	http *http.Server
}

// New returns the service, closed.
func New(s Sources) *Server {
	m := &Server{h: newGuard(s.Access, newHandler(&s), s.Recorder), tls: s.Access.tlsConfig(), open: listen.OpenTCP, began: time.Now()}
	m.set = listen.NewSet(listen.Kind[*net.TCPListener, *window]{New: m.newWindow, Recorder: s.Recorder,
		Open: func(ctx context.Context, e listen.Endpoint) (*net.TCPListener, error) { return m.open(ctx, e) }})
	return m
}

func (s *Server) newWindow(listen.Want) *window {
	// Streams of events have no end of their own: they end with the window.
	ctx, end := context.WithCancel(context.Background())
	h := &http.Server{Handler: s.h, TLSConfig: s.tls, ReadHeaderTimeout: headerTime, ReadTimeout: readTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader, ErrorLog: log.New(io.Discard, "", 0), BaseContext: func(net.Listener) context.Context { return ctx }}
	h.RegisterOnShutdown(end)
	return &window{s, h}
}

// Name implements service.Service.
func (s *Server) Name() string { return Name }

// Status implements service.Service.
func (s *Server) Status() service.Status { return service.Listening(s.set.States(), s.began) }

// Kick dials what is down at once.
func (s *Server) Kick() { s.set.Kick() }

// Prepare implements service.Service: it opens the new listener. The error is a
// *listen.Error.
func (s *Server) Prepare(ctx context.Context, _, want service.Spec) (service.Change, error) {
	return s.prepare(ctx, want, false)
}

// PrepareDegraded implements service.Degradable.
func (s *Server) PrepareDegraded(ctx context.Context, _, want service.Spec) (service.Change, error) {
	return s.prepare(ctx, want, true)
}

func (s *Server) prepare(ctx context.Context, want service.Spec, partly bool) (service.Change, error) {
	var all []listen.Want
	if want != nil {
		spec, ok := want.(Spec)
		if !ok {
			return nil, errSpec
		}
		all = append(all, listen.Want{Endpoint: spec.Endpoint})
	}
	step, err := s.set.Prepare(ctx, all, partly)
	if err != nil {
		return nil, err
	}
	return step, nil
}

// Serve implements listen.Server.
func (w *window) Serve(l *net.TCPListener) error {
	shared := &limited{Listener: l, free: make(chan struct{}, maxConnections), done: make(chan struct{}), host: map[netip.Addr]int{}}
	if w.s.tls != nil {
		return w.http.ServeTLS(shared, "", "")
	}
	return w.http.Serve(shared)
}

// Leave implements listen.Server: requests under way finish for a moment.
func (w *window) Leave(closing func()) {
	closing()
	w.s.work.Go(func() error {
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		if w.http.Shutdown(ctx) != nil {
			_ = w.http.Close()
		}
		return nil
	})
}

// Close ends the service; no request is under way when it returns.
func (s *Server) Close() {
	if c, err := s.prepare(context.Background(), nil, false); err == nil {
		c.Commit()
	}
	s.set.Close()
	_ = s.work.Wait() // windows return no errors
}

// limited bounds the connections: beyond it they wait in the kernel's queue.
// One host has at most a share of them; what it opens beyond that is closed.
type limited struct {
	net.Listener
	free chan struct{}
	done chan struct{}
	once sync.Once

	mu   sync.Mutex
	host map[netip.Addr]int
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
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
		var from netip.Addr
		if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
			from = listen.Host(a.AddrPort().Addr())
		}
		if l.count(from, 1) > maxPerHost {
			l.count(from, -1)
			<-l.free
			_ = c.Close()
			continue
		}
		return &counted{Conn: c, leave: sync.OnceFunc(func() { l.count(from, -1); <-l.free })}, nil
	}
}

func (l *limited) count(from netip.Addr, by int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.host[from] + by
	if l.host[from] = n; n <= 0 {
		delete(l.host, from)
	}
	return n
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
