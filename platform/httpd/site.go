package httpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/acl"
	"option150/platform/listen"
)

// site is one endpoint with the modules that answer there. Its http.Server
// outlives its sockets: connections go on while a socket is opened again.
type site struct {
	s       *Server
	want    listen.Endpoint
	modules atomic.Pointer[[]Module]
	access  atomic.Pointer[acl.List] // nil = everybody
	srv     *http.Server

	mu    sync.Mutex
	ln    net.Listener // nil while down
	bound netip.AddrPort
	why   string // why it is down
	since time.Time
	next  time.Time // of the next try
	stop  context.CancelFunc
	done  chan struct{} // closed when run has ended
}

// connKey finds the conn of a request.
type connKey struct{}

func (s *Server) newSite(e listen.Endpoint, modules []Module) *site {
	t := &site{s: s, want: e}
	t.modules.Store(&modules)
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

// start serves on ln, or, with nil, tries to open the socket after a pause.
func (t *site) start(ln net.Listener, why error) {
	ctx, cancel := context.WithCancel(context.Background())
	t.mu.Lock()
	t.stop, t.done = cancel, make(chan struct{})
	t.since = time.Now()
	t.mu.Unlock()
	if ln != nil {
		t.up(ctx, ln)
	} else {
		t.down(why, firstRetry) // known from the first look on
	}
	go t.run(ctx, ln, why)
}

// run serves until stop. When the socket dies it opens another, with pauses.
func (t *site) run(ctx context.Context, ln net.Listener, why error) {
	defer close(t.done)
	var pause time.Duration
	for {
		if ln != nil {
			began := time.Now()
			why = t.srv.Serve(&listener{ln, t.s.tracker, &t.s.background})
			_ = ln.Close()
			if time.Since(began) > lastRetry {
				pause = 0
			}
		}
		if ctx.Err() != nil || errors.Is(why, http.ErrServerClosed) {
			t.mu.Lock()
			t.ln = nil
			t.mu.Unlock()
			return
		}
		pause = min(max(2*pause, firstRetry), lastRetry)
		t.down(why, pause)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		ln, why = t.reopen(ctx)
	}
}

// reopen opens the socket anew; on port 0 the port it had.
func (t *site) reopen(ctx context.Context) (net.Listener, error) {
	e := t.want
	t.mu.Lock()
	if e.Port == 0 {
		e.Port = t.bound.Port()
	}
	t.mu.Unlock()
	ln, err := listen.OpenTCP(ctx, e)
	if err != nil {
		return nil, err
	}
	if !t.up(ctx, ln) {
		_ = ln.Close()
		return nil, ctx.Err()
	}
	t.s.rec.Record(ListenerUp{t.want})
	return ln, nil
}

// up makes ln the socket that release closes, unless it was called already.
func (t *site) up(ctx context.Context, ln net.Listener) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() != nil {
		return false
	}
	t.ln, t.bound, t.why, t.next, t.since = ln, addrPort(ln.Addr()), "", time.Time{}, time.Now()
	return true
}

func (t *site) down(err error, pause time.Duration) {
	next := time.Now().Add(pause)
	why := listen.Reason(err)
	var le *listen.Error
	if errors.As(err, &le) && le.Owner != "" {
		why += ", held by " + le.Owner
	}
	t.mu.Lock()
	first := t.why == ""
	if first {
		t.since = time.Now()
	}
	t.ln, t.why, t.next = nil, why, next
	t.mu.Unlock()
	if first {
		t.s.rec.Record(ListenerDown{t.want, why, next})
	}
}

// release closes the socket and ends run; connections go on. After it, start
// may be called again, or drain.
func (t *site) release() {
	t.mu.Lock()
	t.stop()
	if t.ln != nil {
		_ = t.ln.Close()
	}
	t.mu.Unlock()
	<-t.done
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
		// Nothing here takes a body, and a slow one must not hold anything.
		w.Header().Set("Connection", "close")
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
