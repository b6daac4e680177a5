package sshd

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/aaa"
	"option150/platform/journal"
	"option150/platform/listen"
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
	o      Options
	rec    journal.Recorder
	limit  limiter
	gate   gate // connections that have not logged in
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	spec   atomic.Pointer[Spec] // of the commit point, with defaults
	next   atomic.Pointer[Spec] // of the last Prepare

	open  func(context.Context, listen.Endpoint) (*net.TCPListener, error) // replaced by tests
	set   *listen.Set[*net.TCPListener, door]
	began time.Time

	mu       sync.Mutex
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
	s := &Server{o: o, rec: journal.Or(o.Recorder),
		conns: map[net.Conn]bool{}, sessions: map[int]*Session{}, open: listen.OpenTCP, began: time.Now()}
	s.set = listen.NewSet(listen.Kind[*net.TCPListener, door]{New: func(listen.Want) door { return door{s} }, Recorder: o.Recorder,
		Open: func(ctx context.Context, e listen.Endpoint) (*net.TCPListener, error) {
			l, err := s.open(ctx, e)
			return l, s.held(e, err)
		}})
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
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.cancel()
	s.set.Close()
	s.work.Wait()
}

// admit is the first step for a connection: is there a place for it?
func (s *Server) admit(c net.Conn) {
	remote := addrPort(c.RemoteAddr())
	if why, list := s.closedTo(flow(c)); why != "" {
		c.Close()
		s.rec.Record(Refused{Remote: remote, Why: why, List: list})
		return
	}
	if !s.limit.take(remote.Addr(), time.Now()) {
		s.refuse(c, remote, "rate")
		return
	}
	in, leave := s.gate.enter(c, remote.Addr())
	if leave != nil {
		s.refuse(leave, addrPort(leave.RemoteAddr()), "another waits for its place")
	}
	if in == nil {
		s.refuse(c, remote, "unauthenticated connections")
		return
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		c.Close()
		s.gate.left(in)
		return
	}
	s.conns[c] = true
	s.work.Add(1)
	s.mu.Unlock()
	go func() {
		defer s.work.Done()
		s.serve(c, in)
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
