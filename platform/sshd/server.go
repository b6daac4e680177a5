package sshd

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

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

// Disconnect ends the session of a line (`clear line vty N`).
func (s *Server) Disconnect(line int) bool {
	s.mu.Lock()
	x := s.sessions[line]
	s.mu.Unlock()
	if x == nil {
		return false
	}
	x.Close()
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

// config is the SSH side of a connection. user is filled in when one logs in.
func (s *Server) config(spec *Spec, remote, local netip.AddrPort, user *aaa.User, method *string) *ssh.ServerConfig {
	check := func(m ssh.ConnMetadata, how, password string) (*ssh.Permissions, error) {
		u, ok := s.o.Authenticate(m.User(), password)
		if !ok {
			s.rec.Record(LoginFailed{User: printable(m.User()), Remote: remote, Local: local, Method: how})
			return nil, errLogin
		}
		*user, *method = u, how
		return nil, nil
	}
	c := &ssh.ServerConfig{
		MaxAuthTries:  spec.Retries,
		ServerVersion: "SSH-2.0-Option150",
		PasswordCallback: func(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			return check(m, "password", string(password))
		},
		KeyboardInteractiveCallback: func(m ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			if err != nil {
				return nil, err
			}
			if len(answers) != 1 {
				return nil, errLogin
			}
			return check(m, "keyboard-interactive", answers[0])
		},
		BannerCallback: func(ssh.ConnMetadata) string {
			if s.o.Banner == nil {
				return ""
			}
			return crlf(s.o.Banner())
		},
	}
	for _, key := range s.o.HostKeys.Signers() {
		c.AddHostKey(key)
	}
	return c
}

var errLogin = errors.New("login refused")
