package dns

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/acl"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
)

// Name is the name of the service, Owner how its ports are called.
const (
	Name  = "dns"
	Owner = "DNS server"
)

// Options are what a Server is made of.
type Options struct {
	Recorder journal.Recorder
	Port     string // of the servers that are asked, "" = 53; for tests
}

// Server is the name server. Use New.
type Server struct {
	opt     Options
	set     *listen.Set[socket, place]
	data    atomic.Pointer[data]
	limit   limiter
	pending chan struct{}
	stats   counters

	mu      sync.Mutex
	conns   int
	perHost map[netip.Addr]int
	began   time.Time
}

// data is what is answered by, replaced as a whole.
type data struct {
	zone     *zone
	servers  []netip.Addr
	networks []netip.Prefix
	list     *acl.List
}

// answers reports whether a station is answered.
func (d *data) answers(a netip.Addr) bool {
	if d.list != nil {
		return d.list.Permits(a)
	}
	return a.IsLoopback() || slices.ContainsFunc(d.networks, func(n netip.Prefix) bool { return n.Contains(a) })
}

type counters struct{ asked, forwarded, unanswered, refused, limited, malformed atomic.Uint64 }

// Statistics are the counters since the start of the box.
type Statistics struct {
	Asked      uint64 // questions of those who are answered
	Forwarded  uint64 // questions to other servers
	Unanswered uint64 // questions no server answered
	Refused    uint64 // of others
	Limited    uint64 // too many
	Malformed  uint64
}

// New returns a server that does nothing yet.
func New(o Options) *Server {
	s := &Server{opt: o, pending: make(chan struct{}, maxPending), perHost: map[netip.Addr]int{}, began: time.Now()}
	s.data.Store(&data{zone: newZone(nil, nil)})
	s.set = listen.NewSet(listen.Kind[socket, place]{Open: open, New: func(listen.Want) place { return place{s} }, Recorder: journal.Or(o.Recorder)})
	return s
}

// Name implements service.Service.
func (s *Server) Name() string { return Name }

var errSpec = errors.New("not a specification of the DNS server")

// Prepare implements service.Service: it opens the sockets.
func (s *Server) Prepare(ctx context.Context, _, want service.Spec) (service.Change, error) {
	return s.prepare(ctx, want, false)
}

// PrepareDegraded implements service.Degradable.
func (s *Server) PrepareDegraded(ctx context.Context, _, want service.Spec) (service.Change, error) {
	return s.prepare(ctx, want, true)
}

func (s *Server) prepare(ctx context.Context, want service.Spec, partly bool) (service.Change, error) {
	var spec Spec
	if want != nil {
		var ok bool
		if spec, ok = want.(Spec); !ok {
			return nil, errSpec
		}
	}
	d := &data{zone: newZone(spec.Hosts, spec.Domains), servers: spec.Servers, networks: spec.Networks}
	if len(spec.List) > 0 {
		d.list = &spec.List[0]
	}
	var wants []listen.Want
	for _, e := range spec.Endpoints {
		wants = append(wants, listen.Want{Endpoint: e})
	}
	step, err := s.set.Prepare(ctx, wants, partly)
	if err != nil {
		return nil, err
	}
	return service.Funcs{
		OnAbort:  step.Abort,
		OnCommit: func() { s.data.Store(d); step.Commit() },
	}, nil
}

// Kick opens at once what is down.
func (s *Server) Kick() { s.set.Kick() }

// Close ends everything and waits for it.
func (s *Server) Close() { s.set.Close() }

// Status implements service.Service.
func (s *Server) Status() service.Status { return service.Listening(s.set.States(), s.began) }

// Statistics are the counters.
func (s *Server) Statistics() Statistics {
	c := &s.stats
	return Statistics{c.asked.Load(), c.forwarded.Load(), c.unanswered.Load(), c.refused.Load(), c.limited.Load(), c.malformed.Load()}
}
