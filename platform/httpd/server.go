package httpd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
)

// Name is the name of the service in plans.
const Name = "httpd"

// Owner is how the endpoint of `ip http port` is called towards the operator.
const Owner = "IP HTTP server"

// Server is the HTTP server. Use New. It implements service.Service.
type Server struct {
	modules map[string]Module
	rec     journal.Recorder
	limits  Limits
	tracker *tracker

	loopMu sync.Mutex
	loop   *loop // nil: nobody has come yet

	lastTold atomic.Int64 // second of the last refusal that was logged
	lastDate lastDate

	hurry      context.Context // done when connections are to end at once
	hurryUp    context.CancelFunc
	background sync.WaitGroup // drains and refusals under way

	open  func(context.Context, listen.Endpoint) (*net.TCPListener, error) // replaced by tests
	set   *listen.Set[*door, *site]
	began time.Time
}

// New returns a server of these modules, by name, with the default limits. It
// listens nowhere yet.
func New(modules map[string]Module, rec journal.Recorder) *Server {
	return NewWithLimits(modules, rec, DefaultLimits())
}

// NewWithLimits is New with other limits. Every limit must be positive.
func NewWithLimits(modules map[string]Module, rec journal.Recorder, l Limits) *Server {
	s := &Server{modules: maps.Clone(modules), rec: journal.Or(rec), limits: l, tracker: newTracker(l)}
	s.open, s.began = listen.OpenTCP, time.Now()
	s.set = listen.NewSet(listen.Kind[*door, *site]{New: s.newSite, Recorder: rec, Open: s.openDoor})
	s.hurry, s.hurryUp = context.WithCancel(context.Background())
	return s
}

// openDoor opens a listening socket. The error is a *listen.Error.
func (s *Server) openDoor(ctx context.Context, e listen.Endpoint) (*door, error) {
	l, err := s.open(ctx, e)
	if err != nil {
		return nil, err
	}
	d, err := newDoor(l)
	if err != nil {
		return nil, &listen.Error{Endpoint: e, Err: err}
	}
	return d, nil
}

// PressedBy says how to learn that requests wait for those that are answered.
// It is called before anything runs; without it they always do.
func (s *Server) PressedBy(f func() bool) { s.tracker.pressed = f }

// ManyBehind says how to learn that many phones may be behind an address, which
// then has Limits.PerRelay connections. It is called before anything runs.
func (s *Server) ManyBehind(f func(netip.Addr) bool) { s.tracker.many = f }

// Name implements service.Service.
func (s *Server) Name() string { return Name }

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

func (s *Server) prepare(ctx context.Context, new service.Spec, degraded bool) (service.Change, error) {
	spec, ok := new.(Spec)
	if new != nil && !ok {
		return nil, fmt.Errorf("httpd: not a specification of mine: %T", new)
	}
	var want []listen.Want
	modules := make([][]Module, len(spec.Listeners))
	for i, l := range spec.Listeners {
		var err error
		if modules[i], err = s.resolve(l.Modules); err != nil {
			return nil, err
		}
		want = append(want, listen.Want{Endpoint: l.Endpoint})
	}
	step, err := s.set.Prepare(ctx, want, degraded)
	if err != nil {
		return nil, fmt.Errorf("httpd: %w", err)
	}
	return service.Funcs{OnAbort: step.Abort, OnCommit: func() {
		for i, p := range step.Places() {
			p.Value.modules.Store(&modules[i])
			p.Value.access.Store(&spec.Listeners[i].Access)
		}
		step.Commit()
	}}, nil
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

// Close stops listening and waits for connections to finish until ctx is
// done, when they are cut. It is the end: the server is not used after it.
func (s *Server) Close(ctx context.Context) {
	if c, err := s.prepare(ctx, nil, false); err == nil {
		c.Commit()
	}
	stop := context.AfterFunc(ctx, s.hurryUp)
	defer stop()
	s.background.Wait()
	s.set.Close()
	s.loopMu.Lock()
	defer s.loopMu.Unlock()
	if s.loop != nil {
		s.loop.end()
	}
}

// theLoop is the one that has the connections.
func (s *Server) theLoop() (*loop, error) {
	s.loopMu.Lock()
	defer s.loopMu.Unlock()
	if s.loop != nil {
		return s.loop, nil
	}
	l, err := newLoop(s)
	if err == nil {
		s.loop = l
	}
	return l, err
}

// Status implements service.Service.
func (s *Server) Status() service.Status { return service.Listening(s.set.States(), s.began) }

// Kick dials what is down at once.
func (s *Server) Kick() { s.set.Kick() }
