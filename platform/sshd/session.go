package sshd

import (
	"context"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/ssh"

	"option150/platform/aaa"
)

// Size is a window size in characters.
type Size struct{ Width, Height int }

// Session is one operator's stream: a shell or one command. Read and Write may
// be used by different goroutines. Output goes out as written: the handler
// writes CR LF.
type Session struct {
	User    aaa.User
	Remote  netip.AddrPort
	Local   netip.AddrPort
	Line    int    // vty number
	Pty     bool   // a terminal was asked for: echo, prompts, pager
	Term    string // terminal type
	Width   int    // first size; 80x24 when the client gave none
	Height  int
	Resize  <-chan Size // later sizes; only the newest waits. Closed at the end
	Command string      // of an exec request; "" = shell
	Started time.Time

	channel ssh.Channel
	stall   time.Duration
	input   atomic.Int64 // unix nanoseconds of the last input
	status  atomic.Uint32
	closing sync.Once
	cancel  context.CancelFunc // of the handler
	kill    func()             // breaks the connection
	killer  atomic.Pointer[time.Timer]
	info    ConnInfo
}

// ConnInfo is what was negotiated, for `show ssh`.
type ConnInfo struct {
	ClientVersion string
	Cipher        string
	MAC           string
	HostKey       string
}

// Info is a session in a list.
type Info struct {
	User    string
	Line    int // vty number
	Remote  netip.AddrPort
	Started time.Time
	Idle    time.Duration // since the last input
	Command string
	ConnInfo
}

// Read returns what the operator typed; io.EOF at the end of input.
func (s *Session) Read(p []byte) (int, error) {
	n, err := s.channel.Read(p)
	if n > 0 {
		s.input.Store(time.Now().UnixNano())
	}
	return n, err
}

// Write sends output. A peer that takes nothing for ten minutes loses the
// session: an SSH channel has no deadline of its own.
func (s *Session) Write(p []byte) (int, error) {
	t := time.AfterFunc(s.stall, s.kill)
	defer t.Stop()
	return s.channel.Write(p)
}

// Stderr is the error stream of the channel.
func (s *Session) Stderr() io.Writer { return s.channel.Stderr() }

// Exit sets the exit status sent when the handler returns; 0 if never called.
func (s *Session) Exit(status int) { s.status.Store(uint32(status)) }

// Close ends the session from any goroutine (`clear line vty`, exec-timeout):
// the handler's context is cancelled, and Read and Write return errors as soon
// as the peer confirms. A peer that does not within closeTime loses its
// connection.
func (s *Session) Close() error {
	var err error
	s.closing.Do(func() {
		s.killer.Store(time.AfterFunc(closeTime, s.kill))
		s.cancel()
		err = s.channel.Close()
	})
	return err
}

// ended is called when the peer has closed too.
func (s *Session) ended() {
	if t := s.killer.Load(); t != nil {
		t.Stop()
	}
}

// finish ends the stream in good order: status, then close. The channel's
// writes are unbuffered, so everything written is on its way already.
func (s *Session) finish() {
	_, _ = s.channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{s.status.Load()}))
	_ = s.Close()
}

func (s *Session) snapshot(now time.Time) Info {
	idle := max(now.Sub(time.Unix(0, s.input.Load())), 0)
	return Info{User: s.User.Name, Line: s.Line, Remote: s.Remote, Started: s.Started,
		Idle: idle, Command: s.Command, ConnInfo: s.info}
}
