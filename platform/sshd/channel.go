package sshd

import (
	"context"
	"runtime/debug"
	"time"

	"golang.org/x/crypto/ssh"
)

func (s *Server) freeLine(line int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, line)
}

func (s *Server) recovered() {
	if v := recover(); v != nil && s.o.Panicked != nil {
		s.o.Panicked(v, debug.Stack())
	}
}

// The payloads of channel requests. [RFC 4254 6.2, 6.5, 6.7]
type (
	ptyRequest struct {
		Term                                string
		Columns, Rows, PixelWidth, PixelHgt uint32
		Modes                               string
	}
	windowChange struct{ Columns, Rows, PixelWidth, PixelHgt uint32 }
	nameRequest  struct{ Name string }
)

// session is the life of a session channel: requests until one of them says
// what to run, then the handler, with window changes going to it.
func (x *connection) session(c ssh.Channel, reqs <-chan *ssh.Request, line int) {
	ctx, cancel := context.WithCancel(x.s.ctx)
	defer cancel()
	now := time.Now()
	s := &Session{User: x.user, Remote: addrPort(x.net.RemoteAddr()), Local: addrPort(x.net.LocalAddr()),
		Line: line, Width: 80, Height: 24, Started: now, channel: c, stall: x.s.o.Stall,
		cancel: cancel, kill: func() { x.net.Close() }, info: x.info}
	s.input.Store(now.UnixNano())

	// A client that opens a session and asks for nothing holds a line.
	late := time.AfterFunc(x.spec.LoginGrace, s.kill)
	resize := make(chan Size, 1)
	s.Resize = resize
	var done chan struct{} // not nil once the handler runs
	for r := range reqs {
		if done == nil {
			if run := x.prepare(s, r); run != nil {
				late.Stop()
				done = make(chan struct{})
				x.run(ctx, s, run, done)
			}
			continue
		}
		switch r.Type {
		case "window-change":
			var w windowChange
			if ok := ssh.Unmarshal(r.Payload, &w) == nil; ok {
				newest(resize, size(w.Columns, w.Rows))
			}
			answer(r, true)
		case "env", "signal":
			answer(r, true)
		default:
			answer(r, false)
		}
	}
	late.Stop()
	s.ended()
	cancel() // the peer has closed the channel or is gone
	if done != nil {
		<-done
	} else {
		_ = c.Close()
	}
	close(resize)
}

// prepare answers a request before the session runs. It returns what is to run
// when the request says so.
func (x *connection) prepare(s *Session, r *ssh.Request) Handler {
	switch r.Type {
	case "pty-req":
		var p ptyRequest
		if ssh.Unmarshal(r.Payload, &p) != nil {
			answer(r, false)
			return nil
		}
		s.Pty, s.Term = true, printable(p.Term)
		if z := size(p.Columns, p.Rows); z.Width > 0 && z.Height > 0 {
			s.Width, s.Height = z.Width, z.Height
		}
		answer(r, true)
	case "window-change":
		var w windowChange
		if ssh.Unmarshal(r.Payload, &w) == nil {
			if z := size(w.Columns, w.Rows); z.Width > 0 && z.Height > 0 {
				s.Width, s.Height = z.Width, z.Height
			}
		}
		answer(r, true)
	case "env", "signal":
		answer(r, true)
	case "shell":
		answer(r, true)
		return x.s.o.Handler
	case "exec":
		var n nameRequest
		if ssh.Unmarshal(r.Payload, &n) != nil || len(n.Name) > maxCommand || n.Name == "" {
			answer(r, false)
			return nil
		}
		s.Command = n.Name
		answer(r, true) // before the command can print
		return x.s.o.Handler
	case "subsystem":
		var n nameRequest
		if ssh.Unmarshal(r.Payload, &n) != nil || x.s.o.Subsystems[n.Name] == nil {
			answer(r, false)
			return nil
		}
		answer(r, true)
		return x.s.o.Subsystems[n.Name]
	default:
		answer(r, false)
	}
	return nil
}

// run starts the handler; done is closed when it has returned and the channel
// is closed.
func (x *connection) run(ctx context.Context, s *Session, h Handler, done chan<- struct{}) {
	x.s.mu.Lock()
	x.s.sessions[s.Line] = s
	x.s.mu.Unlock()
	x.s.rec.Record(Opened{User: s.User.Name, Line: s.Line, Remote: s.Remote, Command: s.Command})
	go func() {
		defer close(done)
		func() {
			returned := false
			defer func() {
				if !returned {
					s.Exit(255)
				}
			}()
			defer x.s.recovered()
			h(ctx, s)
			returned = true
		}()
		x.s.mu.Lock()
		x.s.sessions[s.Line] = nil // out of the list; the line is free when the peer confirms
		x.s.mu.Unlock()
		s.finish()
		x.s.rec.Record(Closed{User: s.User.Name, Line: s.Line, Remote: s.Remote,
			Duration: time.Since(s.Started), Status: int(s.status.Load())})
	}()
}

func answer(r *ssh.Request, ok bool) {
	if r.WantReply {
		_ = r.Reply(ok, nil)
	}
}

// size bounds what a client says about its window.
func size(columns, rows uint32) Size {
	const most = 10000
	return Size{Width: int(min(columns, most)), Height: int(min(rows, most))}
}

// newest puts a size where the handler picks it up, in place of an older one.
func newest(ch chan Size, z Size) {
	if z.Width == 0 || z.Height == 0 {
		return
	}
	for {
		select {
		case ch <- z:
			return
		default:
		}
		select {
		case <-ch:
		default:
		}
	}
}
