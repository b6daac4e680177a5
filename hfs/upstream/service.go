package upstream

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/service"
)

// Name is the name of the service in plans.
const Name = "upstream"

// Options are what a Server needs. Dir and Here are required.
type Options struct {
	Dir      string               // of the disk, for files that are fetched; made when it is needed
	ID       string               // of this box among file servers, a token: what it writes into Via; "" = one by chance, which copies of a machine do not share
	Here     func(ether.MAC) bool // a phone is configured here
	Recorder journal.Recorder
	Resolve  func(ctx context.Context, name string) ([]netip.Addr, error)
	Dial     func(ctx context.Context, to netip.AddrPort) (net.Conn, error)
}

// Server asks the alternates. Use New. It implements service.Service; Route and
// Home are what platform/fileserver asks.
type Server struct {
	opt  Options
	rec  journal.Recorder
	tune times
	now  atomic.Pointer[settings] // nil: off

	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup

	room  *room
	cache *cache
	homes homes
	limit *rate.Limiter // of what is fetched, all together

	mu       sync.Mutex
	began    bool
	since    time.Time
	searches map[question]*search
	looped   time.Time // last one that was logged
	hits     uint64

	air     sync.Mutex // guards flights; taken last
	flights map[*flight]struct{}
}

// settings are what follows from a Spec. Never changed.
type settings struct {
	spec  Spec
	own   map[netip.Addr]bool
	peers []*peer
}

// New returns a server that has nobody to ask.
func New(o Options) *Server { return newServer(o, fieldTimes()) }

func newServer(o Options, tune times) *Server {
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, name string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		}
	}
	if o.Dial == nil {
		o.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", to.String())
		}
	}
	if o.ID == "" {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails
		o.ID = "option150-" + hex.EncodeToString(b[:])
	}
	s := &Server{opt: o, rec: journal.Or(o.Recorder), tune: tune, since: time.Now(), room: &room{dir: o.Dir},
		searches: map[question]*search{}, flights: map[*flight]struct{}{}, limit: rate.NewLimiter(rate.Inf, chunk)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.cache = newCache(s)
	return s
}

// Name implements service.Service.
func (s *Server) Name() string { return Name }

// Prepare implements service.Service.
func (s *Server) Prepare(_ context.Context, _, new service.Spec) (service.Change, error) {
	if new == nil {
		return service.Funcs{OnCommit: func() { s.settle(nil) }}, nil
	}
	spec, ok := new.(Spec)
	if !ok {
		return nil, fmt.Errorf("upstream: not a specification of mine: %T", new)
	}
	if err := os.MkdirAll(s.opt.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	spec = spec.Clone()
	return service.Funcs{OnCommit: func() { s.settle(&spec) }}, nil
}

// settle puts a Spec in force. An alternate that stays keeps what is known of
// it; what was answered before is forgotten.
func (s *Server) settle(spec *Spec) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.now.Load()
	if (spec == nil) != (old == nil) {
		s.since = time.Now()
	}
	s.forgetLocked()
	if spec == nil {
		s.now.Store(nil)
		return
	}
	st := &settings{spec: *spec, own: map[netip.Addr]bool{}}
	for _, a := range spec.Own {
		st.own[a.Unmap()] = true
	}
	if k := spec.RateLimit; k > 0 { // files on their way keep to it from now on
		bytes := float64(k) * 1000 / 8
		s.limit.SetLimit(rate.Limit(bytes))
		s.limit.SetBurst(max(int(bytes/4), chunk))
	} else {
		s.limit.SetLimit(rate.Inf)
	}
	for _, a := range slices.SortedFunc(slices.Values(spec.Alternates), func(a, b Alternate) int { return a.Order - b.Order }) {
		var p *peer
		if old != nil {
			if i := slices.IndexFunc(old.peers, func(p *peer) bool { return p.alt == a }); i >= 0 {
				p = old.peers[i]
			}
		}
		if p == nil {
			p = s.newPeer(a)
			s.work.Go(p.greet)
		}
		st.peers = append(st.peers, p)
	}
	s.room.mu.Lock()
	s.room.limit = int64(spec.CacheSize) << 20
	s.room.mu.Unlock()
	if !s.began { // before the first fetch: what load sweeps away must not be its spool
		s.cache.load()
	}
	s.now.Store(st)
	if !s.began {
		s.began = true
		s.work.Go(s.run)
	}
}

// current reports that a peer is still an alternate.
func (s *Server) current(p *peer) bool {
	st := s.now.Load()
	return st != nil && slices.Contains(st.peers, p)
}

func (s *Server) own() map[netip.Addr]bool {
	if st := s.now.Load(); st != nil {
		return st.own
	}
	return nil
}

func (s *Server) port() uint16 {
	if st := s.now.Load(); st != nil {
		return st.spec.Port
	}
	return 0
}

// sleep waits, and reports whether the server goes on.
func (s *Server) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// run does what is due by time.
func (s *Server) run() {
	for s.sleep(time.Second) {
		s.tidy(time.Now())
		s.homes.save(s.opt.Dir)
		s.cache.check()
	}
}

// Close ends everything.
func (s *Server) Close() {
	s.cancel()
	s.air.Lock()
	flights := slices.Collect(maps.Keys(s.flights))
	s.air.Unlock()
	for _, f := range flights {
		f.stop()
	}
	s.work.Wait()
	s.homes.save(s.opt.Dir)
}

// Status implements service.Service.
func (s *Server) Status() service.Status {
	s.mu.Lock()
	st := service.Status{State: service.Disabled, Since: s.since}
	s.mu.Unlock()
	now := s.now.Load()
	if now == nil {
		return st
	}
	st.State = service.Running
	for _, p := range now.peers {
		p.mu.Lock()
		if p.down {
			st.State, st.Why = service.Degraded, fmt.Sprintf("alternate %d %s: %s", p.alt.Order, p.alt, p.why)
		}
		p.mu.Unlock()
	}
	return st
}
