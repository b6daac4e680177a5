package tftp

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/sorted"
)

// Server is the TFTP server, run as a service.Service by its Spec. Use New.
type Server struct {
	opener  fileserver.Opener
	rec     journal.Recorder
	many    func(netip.Addr) bool
	devices *devices
	tune    settings
	set     *listen.Set[*udpWire, *socket] // doors first, then the sockets of their pools
	shards  []*shard
	hub     *hub

	seed     maphash.Seed // of the shards
	key      [32]byte     // of the choice of a socket
	epoch    time.Time
	lastID   atomic.Uint32
	lookups  atomic.Int64
	unheard  atomic.Int64 // transfers nobody has acknowledged yet, of all shards
	panics   atomic.Uint64
	tracing  atomic.Bool
	doors    atomic.Int64 // of the places of set
	draining atomic.Int64 // sockets that wait for transfers to end
	graceNow atomic.Int64
	requests requestCount
	clients  *clientTable
	strays   *limiter

	ctx    context.Context // ends with the server: lookups, waits
	cancel context.CancelFunc
	group  *errgroup.Group

	// Replaced by tests.
	openUDP  func(context.Context, listen.Endpoint) (*net.UDPConn, error)
	giveBack func(*fileserver.File, fileserver.Result)

	mu      sync.Mutex
	stopped chan struct{} // not nil after Stop
}

// New makes a server without a socket. It panics without an Opener: that is a
// mistake of composition.
func New(o Options) *Server { return newServer(o, settings{}) }

func newServer(o Options, tune settings) *Server {
	if o.Opener == nil {
		panic("tftp: New without an Opener")
	}
	s := &Server{
		opener: o.Opener, rec: journal.Or(o.Recorder), devices: newDevices(o.Interface), tune: tune.withDefaults(),
		seed: maphash.MakeSeed(), epoch: time.Now(), clients: newClientTable(), strays: newLimiter(),
		openUDP: listen.OpenUDP, giveBack: (*fileserver.File).Finish,
	}
	if s.many = o.Many; s.many == nil {
		s.many = func(netip.Addr) bool { return false }
	}
	_, _ = rand.Read(s.key[:]) // never fails
	ctx, cancel := context.WithCancel(context.Background())
	s.group, s.ctx = errgroup.WithContext(ctx)
	s.cancel = cancel
	s.hub = newHub(s)
	s.set = listen.NewSet(listen.Kind[*udpWire, *socket]{Open: s.bind, New: s.newSocket, Recorder: o.Recorder})
	for range s.tune.Workers {
		s.shards = append(s.shards, newShard(s))
	}
	return s
}

// bind opens a socket and makes a wire of it.
func (s *Server) bind(ctx context.Context, e listen.Endpoint) (*udpWire, error) {
	if err := s.hub.start(); err != nil {
		return nil, &listen.Error{Endpoint: e, Err: err}
	}
	conn, err := s.openUDP(ctx, e)
	if err != nil {
		return nil, err
	}
	w, err := newUDPWire(conn)
	if err != nil {
		conn.Close()
		return nil, &listen.Error{Endpoint: e, Err: err}
	}
	prepare := w.tellSix // a door hears of both from the start
	if e.Owner == transfersOwner {
		prepare = w.detach
	}
	if err := prepare(); err != nil {
		conn.Close()
		return nil, &listen.Error{Endpoint: e, Err: err}
	}
	return w, nil
}

// shard is the one that has the transfers of a client.
func (s *Server) shard(peer netip.AddrPort) *shard {
	return s.shards[maphash.Comparable(s.seed, peer)%uint64(len(s.shards))]
}

// share is how many transfers an address may have.
func (s *Server) share(a netip.Addr) int {
	if s.many(a) {
		return s.tune.MaxPerRelay
	}
	return s.tune.MaxPerClient
}

// endOn ends every transfer on a socket and tells the clients to ask again.
func (s *Server) endOn(k *socket, why string) {
	for _, sh := range s.shards {
		if k.active.Load() == 0 {
			return
		}
		sh.endOn(k, why)
	}
}

// now is the time of the state machines.
func (s *Server) now() time.Duration { return time.Since(s.epoch) }

// open calls the Opener and contains its panics.
func (s *Server) open(ctx context.Context, r fileserver.Request) (f *fileserver.File, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.defect("the lookup of "+shown(r.Name), v)
			f, err = nil, fileserver.ErrBusy
		}
	}()
	f, err = s.opener.Open(ctx, r)
	if err == nil && (f == nil || f.Content == nil) {
		f.Finish(fileserver.Result{Why: "no content"})
		return nil, fileserver.ErrNotFound
	}
	return f, err
}

// finish gives a file back and contains panics.
func (s *Server) finish(f *fileserver.File, r fileserver.Result) {
	s.contain("closing "+shown(f.Name), func() { s.giveBack(f, r) })
}

// contain runs f; a panic becomes a message instead of the end of the process.
func (s *Server) contain(where string, f func()) {
	defer func() {
		if v := recover(); v != nil {
			s.defect(where, v)
		}
	}()
	f()
}

func (s *Server) defect(where string, v any) {
	s.panics.Add(1)
	s.report(where, v)
}

// report tells of a panic that is counted already.
func (s *Server) report(where string, v any) {
	text := shown(fmt.Sprint(v))
	s.rec.Record(Defect{Where: where, Value: text[:min(len(text), 200)]})
}

// DebugPackets switches the recording of single packets for `debug tftp
// packets`. Off by default: a firmware file is 100,000 of them.
func (s *Server) DebugPackets(on bool) { s.tracing.Store(on) }

// Counters returns what was counted so far.
func (s *Server) Counters() Counters {
	var c Counters
	for _, sh := range s.shards {
		sh.mu.Lock()
		c.add(&sh.tally)
		sh.mu.Unlock()
	}
	c.Panics = s.panics.Load()
	s.requests.read(&c)
	return c
}

// Sessions returns the transfers that live, the oldest first.
func (s *Server) Sessions() []Session {
	var all []Session
	now := s.now()
	for _, sh := range s.shards {
		sh.mu.Lock()
		for _, t := range sh.table {
			all = append(all, t.session(now))
		}
		sh.mu.Unlock()
	}
	sorted.By(all, func(a, b Session) int { return cmp.Compare(b.Age, a.Age) })
	return all
}

// Clients returns what is known of the clients, by address.
func (s *Server) Clients() []Client { return s.clients.list() }
