package httpd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/acl"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
)

// Owner is how the endpoint of `ip http port` is called towards the operator.
const Owner = "IP HTTP server"

// Server is the HTTP server. Use New. It implements service.Service.
type Server struct {
	modules map[string]Module
	rec     journal.Recorder
	limits  Limits
	tracker *tracker

	lastTold atomic.Int64 // second of the last refusal that was logged

	hurry      context.Context // done when connections are to end at once
	hurryUp    context.CancelFunc
	background sync.WaitGroup // drains and refusals under way

	mu    sync.Mutex
	sites []*site
	since time.Time // of the last change between no sites and some
}

// New returns a server of these modules, by name, with the default limits. It
// listens nowhere yet.
func New(modules map[string]Module, rec journal.Recorder) *Server {
	return NewWithLimits(modules, rec, DefaultLimits())
}

// NewWithLimits is New with other limits. Every limit must be positive.
func NewWithLimits(modules map[string]Module, rec journal.Recorder, l Limits) *Server {
	s := &Server{modules: maps.Clone(modules), rec: journal.Or(rec), limits: l, tracker: newTracker(l)}
	s.hurry, s.hurryUp = context.WithCancel(context.Background())
	return s
}

// Name implements service.Service.
func (s *Server) Name() string { return "httpd" }

// ErrModule refuses a listener whose module there is none of.
var ErrModule = errors.New("no such session module")

// Prepare implements service.Service. It opens every socket that new wants and
// that is not open yet; the error is a *listen.Error.
func (s *Server) Prepare(ctx context.Context, _, new service.Spec) (service.Change, error) {
	return s.prepare(ctx, new, false)
}

// PrepareDegraded is Prepare for a start nobody is waiting at: a socket that
// cannot be opened does not keep the others from working. Its listener is
// down, says why in Status and is tried again with growing pauses.
func (s *Server) PrepareDegraded(ctx context.Context, _, new service.Spec) (service.Change, error) {
	return s.prepare(ctx, new, true)
}

// change is a prepared step.
type change struct {
	s        *Server
	slots    []slot  // in the order of the Spec
	stale    []*site // to stop
	released []*site // of stale: closed before their successor could be opened
}

// slot is one listener after the step: a site that stays, or a new socket.
type slot struct {
	keep    *site // nil: new
	want    listen.Endpoint
	modules []Module
	access  *acl.List
	ln      net.Listener // of a new one; nil: could not be opened
	err     error
}

func (s *Server) prepare(ctx context.Context, new service.Spec, degraded bool) (service.Change, error) {
	spec, ok := new.(Spec)
	if new != nil && !ok {
		return nil, fmt.Errorf("httpd: not a specification of mine: %T", new)
	}
	s.mu.Lock()
	c := &change{s: s, stale: slices.Clone(s.sites)}
	s.mu.Unlock()
	for _, l := range spec.Listeners {
		m, err := s.resolve(l.Modules)
		if err != nil {
			return nil, err
		}
		next := slot{want: l.Endpoint, modules: m, access: l.Access}
		if i := slices.IndexFunc(c.stale, func(t *site) bool { return t.want == l.Endpoint }); i >= 0 {
			next.keep = c.stale[i]
			c.stale = slices.Delete(c.stale, i, i+1)
		}
		c.slots = append(c.slots, next)
	}
	// The one case that is not make-before-break: the kernel does not let the
	// new socket be opened while the old one is.
	for _, t := range c.stale {
		if slices.ContainsFunc(c.slots, func(n slot) bool { return n.keep == nil && n.want.Overlaps(t.want) }) {
			t.release()
			c.released = append(c.released, t)
		}
	}
	for i := range c.slots {
		n := &c.slots[i]
		if n.keep != nil {
			continue
		}
		if n.ln, n.err = listen.OpenTCP(ctx, n.want); n.err != nil && !degraded {
			c.Abort()
			return nil, fmt.Errorf("httpd: %w", n.err)
		}
	}
	return c, nil
}

func (s *Server) resolve(names []string) ([]Module, error) {
	var all []Module
	for _, n := range names {
		m, ok := s.modules[n]
		if !ok {
			return nil, fmt.Errorf("httpd: %w: %s", ErrModule, n)
		}
		all = append(all, m)
	}
	return all, nil
}

// Commit implements service.Change.
func (c *change) Commit() {
	s := c.s
	var sites []*site
	for i := range c.slots {
		n := &c.slots[i]
		t := n.keep
		if t != nil {
			t.modules.Store(&n.modules)
		} else {
			t = s.newSite(n.want, n.modules)
		}
		t.access.Store(n.access)
		if n.keep == nil {
			t.start(n.ln, n.err)
		}
		sites = append(sites, t)
	}
	for _, t := range c.stale {
		if !slices.Contains(c.released, t) {
			t.release()
		}
		t.drain()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if (len(s.sites) == 0) != (len(sites) == 0) || s.since.IsZero() {
		s.since = time.Now()
	}
	s.sites = sites
}

// Abort implements service.Change: what was opened is closed, and what had to
// be closed is opened again. If somebody took the port meanwhile, its listener
// is down and tries again.
func (c *change) Abort() {
	for _, n := range slices.Backward(c.slots) {
		if n.ln != nil {
			_ = n.ln.Close()
		}
	}
	for _, t := range slices.Backward(c.released) {
		e := t.want
		if e.Port == 0 {
			e.Port = t.bound.Port()
		}
		ln, err := listen.OpenTCP(context.Background(), e)
		t.start(ln, err)
	}
}

// Close stops listening and waits for connections to finish until ctx is
// done, when they are cut. It is the end: the server is not used after it.
func (s *Server) Close(ctx context.Context) {
	if c, err := s.prepare(ctx, nil, false); err == nil {
		c.Commit()
	}
	stop := context.AfterFunc(ctx, s.hurryUp)
	defer stop()
	s.background.Wait()
}

// Status implements service.Service.
func (s *Server) Status() service.Status {
	s.mu.Lock()
	st := service.Status{State: service.Disabled, Since: s.since}
	s.mu.Unlock()
	var down []string
	all := s.Listeners()
	for _, l := range all {
		if l.Up {
			st.Listeners = append(st.Listeners, l.Endpoint)
			continue
		}
		down = append(down, l.Endpoint.String()+": "+l.Why)
		if st.NextRetry.IsZero() || l.NextRetry.Before(st.NextRetry) {
			st.NextRetry = l.NextRetry
		}
		if l.Since.After(st.Since) {
			st.Since = l.Since
		}
	}
	st.Why = strings.Join(down, "; ")
	switch {
	case len(all) == 0:
	case len(down) == 0:
		st.State = service.Running
	case len(down) < len(all):
		st.State = service.Degraded
	default:
		st.State = service.Failed
	}
	return st
}
