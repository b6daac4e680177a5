package tftp

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
)

// Server is the TFTP server. Run it by Serve over sockets of one's own, or as
// a service.Service by its Spec. Use New.
type Server struct {
	opener  fileserver.Opener
	rec     journal.Recorder
	devices *devices
	config  Settings

	settings atomic.Pointer[Settings] // in force for new requests
	seed     maphash.Seed
	epoch    time.Time
	lastID   atomic.Uint32
	lookups  atomic.Int64
	panics   atomic.Uint64
	tracing  atomic.Bool
	requests requestCount
	clients  *clientTable
	strays   *limiter

	ctx    context.Context // ends with the server: lookups, waits
	cancel context.CancelFunc
	wg     sync.WaitGroup // goroutines

	// Replaced by tests.
	openUDP  func(context.Context, listen.Endpoint) (*net.UDPConn, error)
	giveBack func(*fileserver.File, fileserver.Result)
	retryMin time.Duration
	retryMax time.Duration

	mu        sync.Mutex
	listeners []*listener
	pools     []*pool // all that have a socket, draining ones as well
	shards    []*shard
	retired   tally // of shards that are gone
	faults    map[*socket]fault
	status    service.Status
	stopped   chan struct{} // not nil after Stop
}

// New makes a server without a socket. It panics without an Opener: that is a
// mistake of composition.
func New(c Config) *Server {
	if c.Opener == nil {
		panic("tftp: New without an Opener")
	}
	s := &Server{
		opener: c.Opener, rec: journal.Or(c.Recorder), devices: newDevices(c.Interface), config: c.Settings.withDefaults(),
		seed: maphash.MakeSeed(), epoch: time.Now(), clients: newClientTable(), strays: newLimiter(),
		openUDP: listen.OpenUDP, giveBack: (*fileserver.File).Finish, retryMin: 250 * time.Millisecond, retryMax: 30 * time.Second,
		faults: map[*socket]fault{},
		status: service.Status{State: service.Disabled, Since: time.Now()},
	}
	s.settings.Store(&s.config)
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// now is the time of the state machines.
func (s *Server) now() time.Duration { return time.Since(s.epoch) }

// Serve answers requests that come to conn until Stop, then it returns nil. It
// takes conn over. If conn dies for any other reason, it returns why: it never
// spins and has no way to open conn again.
func (s *Server) Serve(conn *net.UDPConn) error {
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	e := listen.Endpoint{Proto: listen.UDP, Addr: local.Addr().Unmap(), Port: local.Port(), Owner: "TFTP server"}
	w, err := newUDPWire(conn)
	if err != nil {
		return err
	}
	l, err := s.newListener(s.ctx, e, s.config, w, local.Port())
	if err != nil {
		w.close()
		return err
	}
	l.door.once = true
	if !s.begin(l) {
		l.abandon()
		return net.ErrClosed
	}
	return <-l.door.ended
}

// Stop ends the service and returns at once. Requests are no longer taken;
// transfers go on on the pool sockets until they end or grace is over (0 = the
// grace of the settings, negative = none). The channel is closed when all is
// ended. The server cannot be started again.
func (s *Server) Stop(grace time.Duration) <-chan struct{} {
	s.mu.Lock()
	if s.stopped != nil {
		s.mu.Unlock()
		return s.stopped
	}
	s.stopped = make(chan struct{})
	leaving, pools := s.listeners, slices.Clone(s.pools)
	s.listeners = nil
	s.evaluate()
	s.mu.Unlock()
	for _, l := range leaving {
		l.close()
	}
	if grace == 0 {
		grace = s.settings.Load().Grace
	}
	go func() {
		defer close(s.stopped)
		var drained sync.WaitGroup
		for _, p := range pools {
			drained.Go(func() { s.drain(p, grace) })
		}
		drained.Wait()
		s.cancel()
		s.wg.Wait()
	}()
	return s.stopped
}

// begin makes a listener live. It reports false after Stop.
func (s *Server) begin(l *listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped != nil {
		return false
	}
	s.listeners = append(s.listeners, l)
	l.start()
	s.evaluate()
	return true
}

// open calls the Opener and contains its panics.
func (s *Server) open(ctx context.Context, r fileserver.Request) (f *fileserver.File, err error) {
	defer func() {
		if v := recover(); v != nil {
			s.defect("the lookup of "+printable(r.Name), v)
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
	s.contain("closing "+printable(f.Name), func() { s.giveBack(f, r) })
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
	text := printable(fmt.Sprint(v))
	s.rec.Record(Defect{Where: where, Value: text[:min(len(text), 200)]})
}

// DebugPackets switches the recording of single packets for `debug tftp
// packets`. Off by default: a firmware file is 100,000 of them.
func (s *Server) DebugPackets(on bool) { s.tracing.Store(on) }

// Counters returns what was counted so far.
func (s *Server) Counters() Counters {
	var c Counters
	s.mu.Lock()
	total := s.retired
	shards := slices.Clone(s.shards)
	s.mu.Unlock()
	c.add(&total)
	for _, sh := range shards {
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
	s.mu.Lock()
	shards := slices.Clone(s.shards)
	s.mu.Unlock()
	var all []Session
	now := s.now()
	for _, sh := range shards {
		sh.mu.Lock()
		for _, t := range sh.table {
			all = append(all, t.session(now, uint16(sh.port.Load())))
		}
		sh.mu.Unlock()
	}
	slices.SortFunc(all, func(a, b Session) int { return cmp.Compare(b.Age, a.Age) })
	return all
}

// Clients returns what is known of the clients, by address.
func (s *Server) Clients() []Client { return s.clients.list() }
