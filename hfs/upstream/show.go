package upstream

import (
	"io"
	"net/netip"
	"os"
	"slices"
	"time"

	"option150/platform/sorted"
)

// Counters are the sums over all alternates, and how often the cache served.
type Counters struct {
	PeerCounters
	CacheHit uint64
}

// Counters is a snapshot.
func (s *Server) Counters() Counters {
	var c Counters
	for _, p := range s.Peers() {
		c.PeerRequests += p.PeerRequests
		c.PeerNotFound += p.PeerNotFound
		c.PeerBusy += p.PeerBusy
		c.PeerError += p.PeerError
		c.WanBytes += p.WanBytes
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.CacheHit = s.hits
	return c
}

// Peer is an alternate as it stands, for show.
type Peer struct {
	Alternate
	PeerCounters
	Addrs []netip.Addr
	Asked bool // it has been asked since it was configured
	Down  bool
	Since time.Time
	Why   string // of the last failure, when the last question failed
	Odd   string // it answers, and what it answered last is no answer of a file server: what it was
	RTT   time.Duration
	Homes int // phones whose files it had
}

// Peers are the alternates in their order.
func (s *Server) Peers() []Peer {
	st := s.now.Load()
	if st == nil {
		return nil
	}
	var out []Peer
	for _, p := range st.peers {
		p.mu.Lock()
		v := Peer{Alternate: p.alt, PeerCounters: p.count, Addrs: slices.Clone(p.addrs), Asked: !p.since.IsZero() || p.fails > 0,
			Down: p.down, Since: p.since, Why: p.why, Odd: p.odd, RTT: p.rtt}
		p.mu.Unlock()
		v.Homes = s.homes.count(p.alt.String())
		out = append(out, v)
	}
	return out
}

func (h *homes) count(home string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, x := range h.phones {
		if x == home {
			n++
		}
	}
	return n
}

// Fetch is a file on its way, for show.
type Fetch struct {
	Name    string
	From    string
	Size    int64
	Here    int64
	Readers int
	Age     time.Duration
	Resumed int
}

// Fetches are the files that are being fetched now, the oldest first.
func (s *Server) Fetches() []Fetch {
	s.air.Lock()
	defer s.air.Unlock()
	var out []Fetch
	for f := range s.flights {
		f.mu.Lock()
		if !f.done && f.err == nil {
			out = append(out, Fetch{f.name, f.from.alt.String(), f.size, f.n, max(f.refs-2, 0), time.Since(f.begun), f.resumed})
		}
		f.mu.Unlock()
	}
	sorted.By(out, func(a, b Fetch) int { return int(b.Age - a.Age) })
	return out
}

// Kept is a firmware file of an alternate that is kept here and served: its
// size, and how to read it. It reports false for any other name.
func (s *Server) Kept(name string) (size int64, open func() (io.ReadCloser, error), ok bool) {
	if s.now.Load() == nil {
		return 0, nil, false
	}
	e := s.cache.names(name)
	if e == nil {
		return 0, nil, false
	}
	path := s.cache.path(e)
	return e.Size, func() (io.ReadCloser, error) { return os.Open(path) }, true
}

// Disk is what the cache and the fetches take of their budget, in bytes.
func (s *Server) Disk() (used, limit int64) { return s.room.state() }

// Remembered is the number of names that the alternates did not have.
func (s *Server) Remembered() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.searches {
		if f.over() && f.file == nil && time.Now().Before(f.until) {
			n++
		}
	}
	return n
}
