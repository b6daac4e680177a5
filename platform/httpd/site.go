package httpd

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"option150/platform/acl"
	"option150/platform/listen"
)

// site is one endpoint with the modules that answer there. Its http.Server
// outlives its sockets: connections go on while a socket is opened again.
type site struct {
	s       *Server
	modules atomic.Pointer[[]Module]
	access  atomic.Pointer[acl.List] // nil = everybody
	srv     *http.Server
}

// connKey finds the conn of a request.
type connKey struct{}

func (s *Server) newSite(listen.Want) *site {
	t := &site{s: s}
	t.modules.Store(new([]Module))
	l := s.limits
	only1 := new(http.Protocols)
	only1.SetHTTP1(true) // no h2c: phones do not speak it, attackers do
	t.srv = &http.Server{
		Handler:                      t,
		ReadHeaderTimeout:            l.ReadHeader,
		IdleTimeout:                  l.Idle,
		MaxHeaderBytes:               l.MaxHeader,
		Protocols:                    only1,
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(io.Discard, "", 0), // what matters is in the journal
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, c)
		},
		ConnState: func(c net.Conn, state http.ConnState) {
			if c, ok := c.(*conn); ok {
				c.idle.Store(state == http.StateIdle)
			}
		},
	}
	return t
}

// Serve implements listen.Server.
func (t *site) Serve(l *net.TCPListener) error {
	return t.srv.Serve(&listener{l, t.s.tracker, &t.s.background})
}

// Leave implements listen.Server.
func (t *site) Leave(closing func()) {
	closing()
	t.drain()
}

// drain lets connections finish and ends them after Limits.Drain, or when
// the server is told to hurry.
func (t *site) drain() {
	t.s.background.Go(func() {
		ctx, cancel := context.WithTimeout(t.s.hurry, t.s.limits.Drain)
		defer cancel()
		if t.srv.Shutdown(ctx) != nil {
			_ = t.srv.Close()
		}
	})
}

// ServeHTTP gives a request to the first module that knows its path.
func (t *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := "dispatch"
	defer func() {
		if p := recover(); p != nil {
			if p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				t.s.rec.Record(Defect{name, fmt.Sprint(p)})
			}
			panic(http.ErrAbortHandler) // closes this connection alone
		}
	}()
	l := t.s.limits
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		if c.requests.Add(1) >= int64(l.Requests) || time.Since(c.since) >= l.Life {
			w.Header().Set("Connection", "close")
		}
	}
	if r.ContentLength != 0 {
		// Nothing here takes a body, and one that does not come must not hold
		// anything: net/http would read it before it answers.
		w.Header().Set("Connection", "close")
		if c, ok := r.Context().Value(connKey{}).(*conn); ok {
			_ = c.SetReadDeadline(time.Unix(1, 0))
		}
	}
	if r.ProtoMajor != 1 { // net/http lets the HTTP/2 preface through
		w.Header().Set("Connection", "close")
		text(w, http.StatusHTTPVersionNotSupported, "")
		return
	}
	if !t.admits(r) {
		w.Header().Set("Connection", "close")
		text(w, http.StatusForbidden, "Forbidden\n")
		return
	}
	for _, m := range *t.modules.Load() {
		if m.Knows(r.URL.Path) {
			name = m.Name()
			m.ServeHTTP(w, r)
			return
		}
	}
	text(w, http.StatusNotFound, "No such page\n")
}
