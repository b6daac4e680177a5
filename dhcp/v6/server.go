package v6

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"option150/dhcp/store"
	"option150/dhcp/v6/engine"
	"option150/platform/journal"
	"option150/platform/service"
)

// Options are what a server is made of.
type Options struct {
	// Store is the directory of the bindings and the DUID (nvram/). "" = they
	// last as long as the server runs.
	Store string
	// Recorder gets the facts; nil = nobody.
	Recorder journal.Recorder
	// Listen, if valid, is the test listen mode: one UDP socket there in place of
	// port 547 on every interface, no raw frames, and answers go to the port a
	// message came from. The first interface of the Spec names it.
	Listen netip.AddrPort

	sync func(*os.File) error // of the store; for tests of a failing disk
	wall func() time.Time     // nil = time.Now; for tests of clocks that are set
}

// Server is the DHCPv6 service. Its methods may be called from any goroutine.
type Server struct {
	opt  Options
	runs service.Runs[*running]
}

var _ service.Service = (*Server)(nil)

// New returns a server that does nothing until a change is committed.
func New(o Options) *Server {
	o.Recorder = journal.Or(o.Recorder)
	return &Server{opt: o}
}

// Owner is how the endpoints of the server are called towards the operator;
// ServiceName is its name among services.
const (
	Owner       = "DHCPv6 server"
	ServiceName = "dhcpv6"
)

// Name implements service.Service.
func (s *Server) Name() string { return ServiceName }

var errSpec = errors.New("not a specification of the DHCPv6 server")

// Prepare implements service.Service: it makes tables, reads the store when the
// server is to start, and opens the sockets of interfaces that are new.
func (s *Server) Prepare(ctx context.Context, _, to service.Spec) (service.Change, error) {
	return s.prepare(ctx, to, false)
}

// PrepareDegraded implements service.Degradable: an interface whose port cannot
// be had at boot is dialled again.
func (s *Server) PrepareDegraded(ctx context.Context, _, to service.Spec) (service.Change, error) {
	return s.prepare(ctx, to, true)
}

// Kick dials what is down at once.
func (s *Server) Kick() {
	if run, ok := s.runs.Current(); ok {
		run.lans.Kick()
	}
}

func (s *Server) prepare(ctx context.Context, to service.Spec, partly bool) (service.Change, error) {
	var sp engine.Spec
	switch v := to.(type) {
	case nil:
		return s.runs.None(), nil
	case engine.Spec:
		sp = v
	default:
		return nil, fmt.Errorf("%w: %T", errSpec, to)
	}
	if len(sp.Interfaces) == 0 {
		return s.runs.None(), nil
	}
	tab := engine.Compile(sp)
	return s.runs.Prepare(ctx, s.prepareRun, func(run *running, fresh bool) (service.Change, error) {
		step, err := run.want(ctx, sp, partly)
		if err != nil {
			return nil, err
		}
		return service.Funcs{OnCommit: func() { run.commit(tab, step, fresh) }, OnAbort: step.Abort}, nil
	})
}

// prepareRun opens the store and reads it.
func (s *Server) prepareRun() (*running, error) {
	if s.opt.Store == "" {
		return newRunning(s.opt, makeDUID()), nil
	}
	root, err := os.OpenRoot(s.opt.Store)
	if err != nil {
		return nil, fmt.Errorf("bindings: %w", err)
	}
	duid, err := readDUID(root)
	lost := ""
	if err != nil {
		d := v4Damaged(duidName, err)
		s.opt.Recorder.Record(d)
		lost = d.File + ": " + d.Why
	}
	var keep error
	if duid == nil {
		duid = makeDUID()
		keep = keepDUID(root, duid)
	}
	r := newRunning(s.opt, duid)
	r.root, r.lost, r.keep = root, lost, keep
	st, records, damaged, err := store.Open(root, store.IPv6)
	if err != nil {
		r.Discard()
		return nil, err
	}
	if s.opt.sync != nil {
		st.Sync = s.opt.sync
	}
	r.store = st
	for _, d := range damaged {
		s.opt.Recorder.Record(d)
		r.lost = strings.TrimPrefix(r.lost+", "+d.File+": "+d.Why, ", ")
	}
	r.e.Load(r.clock.Now(), records)
	return r, nil
}

// Close stops the server and waits until its bindings are on disk and its
// sockets closed.
func (s *Server) Close() error {
	s.runs.Close()
	return nil
}

// Status implements service.Service.
func (s *Server) Status() service.Status { return s.runs.Status() }

// do runs f on the engine's goroutine and waits for it. It reports false, and
// does not run f, when the server is stopped.
func (s *Server) do(f func(*engine.Engine)) bool {
	run, ok := s.runs.Current()
	return ok && run.do(f)
}

// DUID is the identifier of the server, also while it is stopped.
func (s *Server) DUID() (out []byte) {
	if s.do(func(e *engine.Engine) { out = e.DUID() }) {
		return out
	}
	if s.opt.Store != "" {
		if root, err := os.OpenRoot(s.opt.Store); err == nil {
			defer root.Close()
			if d, err := readDUID(root); err == nil && d != nil {
				return d
			}
		}
	}
	return makeDUID()
}

// Bindings are the addresses that clients have, those of a client together.
func (s *Server) Bindings() (out []engine.Binding) {
	s.do(func(e *engine.Engine) { out = e.List() })
	return out
}

// Pools are the numbers of every pool that is served.
func (s *Server) Pools() (out []engine.PoolStat) {
	s.do(func(e *engine.Engine) { out = e.PoolList() })
	return out
}

// Routers are those that were heard where it serves.
func (s *Server) Routers() (out []engine.RouterEntry) {
	s.do(func(e *engine.Engine) { out = e.RouterList() })
	return out
}

// Conflicts are the addresses found in use by somebody else.
func (s *Server) Conflicts() (out []engine.ConflictEntry) {
	s.do(func(e *engine.Engine) { out = e.ConflictList() })
	return out
}

// Statistics are the counters since start or ClearStatistics.
func (s *Server) Statistics() (out engine.Statistics) {
	s.do(func(e *engine.Engine) { out = e.Stats })
	if run, ok := s.runs.Current(); ok {
		out.NotSent += run.notSent.Load()
	}
	return out
}

// ClearBinding removes the binding of an address, all of them with the zero
// Addr. It returns how many there were.
func (s *Server) ClearBinding(a netip.Addr) (n int) {
	s.do(func(e *engine.Engine) { n = e.ClearBinding(a) })
	return n
}

// ClearConflict makes an address available again, every one with the zero Addr.
func (s *Server) ClearConflict(a netip.Addr) (n int) {
	s.do(func(e *engine.Engine) { n = e.ClearConflict(a) })
	return n
}

// ClearStatistics sets the counters to zero.
func (s *Server) ClearStatistics() {
	if run, ok := s.runs.Current(); ok {
		run.notSent.Store(0)
	}
	s.do(func(e *engine.Engine) { e.Stats = engine.Statistics{} })
}
