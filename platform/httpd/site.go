package httpd

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/acl"
	"option150/platform/listen"
)

// site is one endpoint with the modules that answer there. It answers what
// phones ask, see talk; the rest is for its http.Server. Connections outlive
// the socket: they go on while it is opened again.
type site struct {
	s       *Server
	modules atomic.Pointer[[]Module]
	access  atomic.Pointer[acl.Gate]
	srv     *http.Server
	others  *handover // connections for srv
}

// connKey finds the conn of a request.
type connKey struct{}

func (s *Server) newSite(listen.Want) *site {
	t := &site{s: s, others: newHandover()}
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

// Leave implements listen.Server.
func (t *site) Leave(closing func()) {
	closing()
	t.drain()
}

// drain lets connections finish and ends them after Limits.Drain, or when
// the server is told to hurry.
func (t *site) drain() {
	_ = t.others.Close()
	t.s.background.Go(func() {
		ctx, cancel := context.WithTimeout(t.s.hurry, t.s.limits.Drain)
		defer cancel()
		var own sync.WaitGroup
		own.Go(func() { t.s.tracker.drain(ctx, t) })
		if t.srv.Shutdown(ctx) != nil {
			_ = t.srv.Close()
		}
		own.Wait()
	})
}

// The pauses between two looks at what is still open, and how long a connection
// that has not asked yet may wait to, as in net/http.
const (
	drainFirst = time.Millisecond
	drainLast  = 500 * time.Millisecond
	drainNew   = 5 * time.Second
)

// drain closes the connections a site talks on itself: those on which nothing
// is asked now, the others as soon as they are answered, all when ctx is done.
func (t *tracker) drain(ctx context.Context, s *site) {
	for pause := drainFirst; ; pause = min(2*pause, drainLast) {
		now, left := time.Now(), 0
		for _, c := range t.of(s) {
			if ctx.Err() != nil || c.idle.Load() || c.requests.Load() == 0 && now.Sub(c.since) > drainNew {
				_ = c.Close()
			} else {
				left++
			}
		}
		if left == 0 {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// of are the connections a site talks on itself.
func (t *tracker) of(s *site) (all []*conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range t.conns {
		if c.site == s && c.own.Load() {
			all = append(all, c)
		}
	}
	return all
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
