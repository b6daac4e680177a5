package sshd

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/aaa"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
)

// Handler runs one session; it returns when the session is over.
type Handler func(ctx context.Context, s *Session)

// Options are what the server needs of others.
type Options struct {
	// Authenticate checks a password; it must take the same time for users
	// that do not exist (aaa.Authenticate does).
	Authenticate func(user, password string) (aaa.User, bool)
	// Authorized says whether a user may log in with a key; the Comment of the
	// key is empty. nil = nobody may.
	Authorized func(user string, key Key) (aaa.User, bool)
	// Failed is told of every wrong password; nil = nobody.
	Failed func(user string, remote, local netip.AddrPort)
	// Quiet reports that logins from an address are refused for now; nil = never.
	Quiet func(remote netip.Addr) bool
	// Handler runs shells and commands.
	Handler Handler
	// Subsystems run the subsystems of their name ("sftp"); others are refused.
	Subsystems map[string]Handler
	// HostKeys are asked for their keys at every connection.
	HostKeys *HostKeys
	Recorder journal.Recorder // nil = silent
	// Banner is sent before authentication (`banner login`); nil or "" = none.
	Banner func() string
	// Panicked is told of a handler that panicked; nil = nobody.
	Panicked func(value any, stack []byte)
	// KeepAlive is the time between keep-alive requests; 0 = 60 s.
	KeepAlive time.Duration
	// Stall is how long a write may hang; 0 = 10 min.
	Stall time.Duration
}

// Server is the SSH service. Use New.
type Server struct {
	o       Options
	rec     journal.Recorder
	limit   limiter
	waiting chan struct{} // places of unauthenticated connections
	ctx     context.Context
	cancel  context.CancelFunc
	work    sync.WaitGroup
	spec    atomic.Pointer[Spec] // of the commit point, with defaults

	mu       sync.Mutex
	listener net.Listener
	status   service.Status
	conns    map[net.Conn]bool
	sessions map[int]*Session // by line; nil value = taken, not open yet
	closed   bool
}

// New returns a server that listens to nothing yet.
func New(o Options) *Server {
	if o.KeepAlive <= 0 {
		o.KeepAlive = defaultKeepAlive
	}
	if o.Stall <= 0 {
		o.Stall = defaultStall
	}
	s := &Server{o: o, rec: journal.Or(o.Recorder), waiting: make(chan struct{}, MaxUnauthenticated),
		conns: map[net.Conn]bool{}, sessions: map[int]*Session{},
		status: service.Status{State: service.Disabled, Since: time.Now()}}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Sessions are the sessions open now, by line.
func (s *Server) Sessions() []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var out []Info
	for line := 0; len(out) < len(s.sessions) && line < maxLines; line++ {
		if x := s.sessions[line]; x != nil {
			out = append(out, x.snapshot(now))
		}
	}
	return out
}

// Disconnect ends the session of a line (`clear line vty N`) and does not wait
// for it: a peer that reads nothing takes no farewell either. It reports
// whether there was one.
func (s *Server) Disconnect(line int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sessions[line]
	if x == nil || s.closed {
		return false
	}
	s.work.Go(func() { _ = x.Close() })
	return true
}

// Close ends the listener, all connections and sessions, and waits for them.
// The server cannot be used again.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	l := s.listener
	s.listener = nil
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.cancel()
	if l != nil {
		l.Close()
	}
	s.work.Wait()
}

// accept takes connections until the listener is closed.
func (s *Server) accept(l net.Listener) {
	defer s.work.Done()
	pause := time.Duration(0)
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			s.admit(c)
		case errors.Is(err, net.ErrClosed):
			return
		default:
			// Out of descriptors or the like: it passes, and the listener is
			// kept. Slower and slower, never a spin.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			select {
			case <-s.ctx.Done():
				return
			case <-time.After(pause):
			}
		}
	}
}

// admit is the first step for a connection: is there a place for it?
func (s *Server) admit(c net.Conn) {
	remote := addrPort(c.RemoteAddr())
	if why, list := s.closedTo(remote.Addr()); why != "" {
		c.Close()
		s.rec.Record(Refused{Remote: remote, Why: why, List: list})
		return
	}
	if !s.limit.take(remote.Addr(), time.Now()) {
		s.refuse(c, remote, "rate")
		return
	}
	select {
	case s.waiting <- struct{}{}:
	default:
		s.refuse(c, remote, "unauthenticated connections")
		return
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		c.Close()
		<-s.waiting
		return
	}
	s.conns[c] = true
	s.work.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.work.Done()
		s.serve(c)
		c.Close()
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
	}()
}

func (s *Server) refuse(c net.Conn, remote netip.AddrPort, why string) {
	c.Close()
	s.rec.Record(Refused{Remote: remote, Why: why})
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		p := t.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

// endpoint is where a listener really listens (port 0 was chosen by the kernel).
func endpoint(e listen.Endpoint, l net.Listener) listen.Endpoint {
	if p := addrPort(l.Addr()); p.IsValid() {
		e.Port = p.Port()
	}
	return e
}
