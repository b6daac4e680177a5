package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/store"
	"option150/platform/journal"
	"option150/platform/service"
)

// Options are what a server is made of.
type Options struct {
	// Store is the directory of the bindings (nvram/), Root the same as an open
	// root, which is used if both are given and stays the caller's. With
	// neither, bindings last as long as the server runs.
	Store string
	Root  *os.Root
	// Recorder gets the facts; nil = nobody.
	Recorder journal.Recorder
	// Listen, if valid, is the test listen mode: one UDP socket there in place
	// of port 67 on every interface, no raw frames, no probing, and replies go
	// to the port the request came from. The first interface of the Spec names
	// it. [facts/dhcp.md 5.4]
	Listen netip.AddrPort
	// HoldWindow is how long another server may take to show itself before the
	// first offer with `ip dhcp foreign-server hold`; 0 = 4 s.
	HoldWindow time.Duration

	// Files are the places of `ip dhcp database`; nil = it does nothing.
	Files Files

	// Share begins to share pools with other boxes; nil = it cannot be done.
	Share func(share.Config) (Sharing, error)

	sync func(*os.File) error // of the store; for tests of a failing disk
	wall func() time.Time     // the clock of the box, nil = time.Now; for tests of clocks that are set
}

// Server is the DHCP service. Its methods may be called from any goroutine.
type Server struct {
	opt  Options
	runs service.Runs[*running]
}

var _ service.Service = (*Server)(nil)

// New returns a server that does nothing until a change is committed.
func New(o Options) *Server {
	o.Recorder = journal.Or(o.Recorder)
	if o.HoldWindow == 0 {
		o.HoldWindow = engine.WatchWindow
	}
	return &Server{opt: o}
}

// Owner is how the endpoints of the server are called towards the operator.
const Owner = "DHCP server"

// Name implements service.Service.
func (s *Server) Name() string { return "dhcp" }

// wanted reports whether a specification asks for anything: IOS opens port 67
// only when something uses it.
func wanted(sp engine.Spec) bool { return sp.Service && len(sp.Pools) > 0 && len(sp.Interfaces) > 0 }

var errSpec = errors.New("not a specification of the DHCP server")

// Prepare implements service.Service: it renders the pools, reads the store
// when the server is to start, and opens the sockets of interfaces that are
// new. An interface that does not exist is waited for. Bindings and the
// sockets that stay are not touched.
func (s *Server) Prepare(ctx context.Context, _, to service.Spec) (service.Change, error) {
	return s.prepare(ctx, to, false)
}

// PrepareDegraded implements service.Degradable: an interface whose port
// cannot be had at boot is dialled again.
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
	if !wanted(sp) {
		return s.runs.None(), nil
	}
	tab, err := engine.Compile(sp)
	if err != nil {
		return nil, err
	}
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
	r := newRunning(s.opt)
	root := s.opt.Root
	if root == nil && s.opt.Store != "" {
		var err error
		if root, err = os.OpenRoot(s.opt.Store); err != nil {
			return nil, fmt.Errorf("bindings: %w", err)
		}
		r.root = root
	}
	if root != nil {
		st, records, damaged, err := store.Open(root, store.IPv4)
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
	}
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
func (s *Server) do(f func(*engine.Engine, engine.Instant)) bool {
	run, ok := s.runs.Current()
	return ok && run.do(f)
}

// Bindings are the leases and the manual bindings, in the order of addresses.
func (s *Server) Bindings() (out []engine.Binding) {
	s.do(func(e *engine.Engine, _ engine.Instant) { out = e.List() })
	return out
}

// PoolStats are the numbers of every pool.
func (s *Server) PoolStats() (out []engine.PoolStat) {
	s.do(func(e *engine.Engine, _ engine.Instant) { out = e.Pools() })
	return out
}

// Conflicts are the addresses found in use by somebody else.
func (s *Server) Conflicts() (out []engine.ConflictEntry) {
	s.do(func(e *engine.Engine, _ engine.Instant) { out = e.ConflictList() })
	return out
}

// Statistics are the counters since start or ClearStatistics.
func (s *Server) Statistics() (out engine.Statistics) {
	s.do(func(e *engine.Engine, _ engine.Instant) { out = e.Statistics() })
	if run, ok := s.runs.Current(); ok {
		out.Extra.SendFailed = run.sendFailed.Load()
		_, out.Extra.Late = run.to.packets.left()
	}
	return out
}

// ForeignServers are the other DHCP servers that were seen.
func (s *Server) ForeignServers() (out []engine.ForeignEntry) {
	s.do(func(e *engine.Engine, _ engine.Instant) { out = e.ForeignList() })
	return out
}

// ClearBinding removes the automatic binding of an address, all of them if addr
// is the zero Addr, of one pool or of all (""). It returns how many there were.
func (s *Server) ClearBinding(addr netip.Addr, pool string) (n int) {
	s.do(func(e *engine.Engine, _ engine.Instant) { n = e.ClearBinding(addr, pool) })
	return n
}

// ClearConflict makes an address available again, every one if addr is the
// zero Addr, of one pool or of all (""). It returns how many there were.
func (s *Server) ClearConflict(addr netip.Addr, pool string) (n int) {
	s.do(func(e *engine.Engine, _ engine.Instant) { n = e.ClearConflict(addr, pool) })
	return n
}

// ClearStatistics sets the counters to zero.
func (s *Server) ClearStatistics() {
	if run, ok := s.runs.Current(); ok {
		run.sendFailed.Store(0)
		run.to.packets.forgetDropped()
	}
	s.do(func(e *engine.Engine, _ engine.Instant) { e.Stats = engine.Statistics{} })
}

// Import takes over leases of the server this one replaces. A dry run only
// tells. It reports false when the server is stopped.
func (s *Server) Import(list []engine.Known, dry bool) (out engine.Imported, ok bool) {
	ok = s.do(func(e *engine.Engine, now engine.Instant) { out = e.Import(now, list, dry) })
	return out, ok
}

// LeaseCounts are the leases of each interface that is served.
func (s *Server) LeaseCounts() (out []engine.LeaseCount) {
	s.do(func(e *engine.Engine, _ engine.Instant) { out = e.LeaseCounts() })
	return out
}

// Databases are the agents of `ip dhcp database`, none while it is stopped.
func (s *Server) Databases() []DatabaseAgent {
	run, ok := s.runs.Current()
	if !ok {
		return nil
	}
	return run.agents.list()
}

// Takeover is `ip dhcp takeover`: offers are no longer held although another
// server answers.
func (s *Server) Takeover() {
	if s.do(func(e *engine.Engine, _ engine.Instant) { e.Takeover() }) {
		s.opt.Recorder.Record(engine.Takeover{})
	}
}
