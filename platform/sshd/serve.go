package sshd

import (
	"net"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"option150/platform/aaa"
)

// connection is one SSH connection after its login.
type connection struct {
	s     *Server
	net   net.Conn
	ssh   *ssh.ServerConn
	user  aaa.User
	spec  *Spec
	info  ConnInfo
	work  sync.WaitGroup
	mu    sync.Mutex
	open  int         // session channels
	quiet *time.Timer // runs while there is none
}

// serve is the life of a connection.
func (s *Server) serve(c net.Conn, in *guest) {
	defer s.recovered()
	x, reqs, chans, ok := s.login(c, in)
	if !ok {
		return
	}
	x.quiet = time.AfterFunc(x.spec.LoginGrace, func() { c.Close() })
	done := make(chan struct{})
	x.work.Go(func() { ssh.DiscardRequests(reqs) })
	x.work.Go(func() { x.keepAlive(done) })
	for ch := range chans {
		x.channel(ch)
	}
	close(done)
	x.quiet.Stop()
	x.ssh.Close()
	x.work.Wait()
}

// login authenticates; the place of an unauthenticated connection is given back
// whether it worked or not.
func (s *Server) login(c net.Conn, in *guest) (*connection, <-chan *ssh.Request, <-chan ssh.NewChannel, bool) {
	defer s.gate.left(in)
	spec := s.spec.Load()
	remote := addrPort(c.RemoteAddr())
	if err := c.SetDeadline(time.Now().Add(min(spec.LoginGrace, exchangeTime))); err != nil {
		return nil, nil, nil, false
	}
	x := &connection{s: s, net: c, spec: spec}
	conn, chans, reqs, err := ssh.NewServerConn(c, s.config(spec, c, in))
	if err != nil {
		return nil, nil, nil, false
	}
	who, ok := conn.Permissions.ExtraData[loginKey{}].(login)
	if !ok {
		conn.Close()
		return nil, nil, nil, false
	}
	x.user = who.user
	// The deadline stays on the socket otherwise and cuts the session off.
	if err := c.SetDeadline(time.Time{}); err != nil {
		conn.Close()
		return nil, nil, nil, false
	}
	x.ssh = conn
	x.info = ConnInfo{ClientVersion: printable(string(conn.ClientVersion()))}
	if a, ok := conn.Conn.(ssh.AlgorithmsConnMetadata); ok {
		n := a.Algorithms()
		x.info.Cipher, x.info.MAC, x.info.HostKey = n.Read.Cipher, n.Read.MAC, n.HostKey
	}
	s.limit.giveBack(remote.Addr())
	s.rec.Record(LoginSuccess{User: x.user.Name, Remote: remote, Local: addrPort(c.LocalAddr()), Method: who.method})
	return x, reqs, chans, true
}

// keepAlive asks the peer for a sign of life. A peer that gives none within the
// same time again is gone; any answer will do, even a refusal.
func (x *connection) keepAlive(done <-chan struct{}) {
	t := time.NewTicker(x.s.o.KeepAlive)
	defer t.Stop()
	for {
		select {
		case <-done:
			return
		case <-t.C:
		}
		dead := time.AfterFunc(x.s.o.KeepAlive, func() { x.net.Close() })
		_, _, err := x.ssh.SendRequest("keepalive@openssh.com", true, nil)
		dead.Stop()
		if err != nil {
			return
		}
	}
}

// channel accepts or rejects a channel.
func (x *connection) channel(ch ssh.NewChannel) {
	if ch.ChannelType() != "session" {
		_ = ch.Reject(ssh.Prohibited, "only sessions")
		return
	}
	x.mu.Lock()
	full := x.open >= maxPerConnection
	x.mu.Unlock()
	line, ok := 0, false
	if !full {
		line, ok = x.s.takeLine(flow(x.net))
	}
	if !ok {
		x.s.rec.Record(Refused{Remote: addrPort(x.net.RemoteAddr()), Why: "no free line"})
		_ = ch.Reject(ssh.ResourceShortage, "no free line")
		return
	}
	c, reqs, err := ch.Accept()
	if err != nil {
		x.s.freeLine(line)
		return
	}
	x.opened(1)
	x.work.Go(func() {
		defer x.opened(-1)
		defer x.s.freeLine(line)
		defer x.s.recovered()
		x.session(c, reqs, line)
	})
}

// opened counts session channels: a connection without any is closed after a
// while, so that nobody holds connections for nothing.
func (x *connection) opened(by int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.open += by
	switch {
	case x.open > 0:
		x.quiet.Stop()
	default:
		x.quiet.Reset(x.spec.LoginGrace)
	}
}

// crlf gives a text the line ends RFC 4252 5.4 wants in a banner.
func crlf(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
	if !strings.HasSuffix(s, "\n") {
		s += "\r\n"
	}
	return s
}
