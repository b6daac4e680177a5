// Package ntp asks time servers how far the clock of the box is off. It tells
// and never steps: the clock belongs to the host, and whoever sets it there
// would fight with a second hand. When a server agrees with the clock, the
// asterisk before times goes: somebody trustworthy confirmed them.
//
// Follows RFC 5905 in its client form (SNTP, section 14). Concurrency: a
// goroutine per server, ended by Close or by the server leaving the
// configuration. Failure: a server that does not answer has reach 0. Testing: a
// responder on loopback; packets in, numbers out.
package ntp

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/plain"
	"option150/platform/service"
)

// Port is the port of time servers.
const Port = 123

// The times of a client. [RFC 5905 7.3, minimum poll 2^6 s]
const (
	Poll    = 64 * time.Second
	patient = 2 * time.Second // for an answer
	first   = 4 * time.Second // between the first questions, while nobody answered
)

// Close enough to call the clock confirmed: the step threshold of RFC 5905.
const agreed = 128 * time.Millisecond

// Config is the `ntp server` lines.
type Config struct {
	Servers []Server
}

// Server is one line: a server and how it is to be asked.
type Server struct {
	Addr   netip.Addr
	Prefer bool

	// Kept with the line. This client asks in version 4, without a key, from
	// any address and as often as it thinks right.
	Version, Key, MinPoll, MaxPoll int // 0 = not given
	Source                         string
	Burst, IBurst                  bool
}

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Servers = slices.Clone(c.Servers)
	return c
}

// Asks reports that this address is one of the servers.
func (c Config) Asks(a netip.Addr) bool {
	return slices.ContainsFunc(c.Servers, func(s Server) bool { return s.Addr == a })
}

// Association is what is known of one server.
type Association struct {
	Server    netip.Addr
	Reference string        // address or name of its own source, ".INIT." before the first answer
	Stratum   int           // 16 = never heard of
	Last      time.Time     // of the last answer
	Poll      time.Duration // between questions
	Reach     uint8         // a bit for each of the last eight questions
	Delay     time.Duration // to and fro
	Offset    time.Duration // how much the box is behind
}

// Synchronised reports that the server answers and the clock agrees with it.
func (a Association) Synchronised() bool {
	return a.Reach != 0 && a.Stratum > 0 && a.Stratum < 16 && a.Offset.Abs() < agreed
}

// Client asks servers. Use New.
type Client struct {
	port uint16 // of the servers; tests use another

	mu      sync.Mutex
	servers map[netip.Addr]*asking
	config  Config
}

type asking struct {
	a      Association
	cancel context.CancelFunc
	done   chan struct{}
}

// New returns a client without servers.
func New() *Client { return &Client{port: Port, servers: map[netip.Addr]*asking{}} }

// Name implements service.Service.
func (c *Client) Name() string { return "ntp" }

// Prepare implements service.Service: nothing can fail, because a server that
// does not answer is a fact about the world.
func (c *Client) Prepare(_ context.Context, _, new service.Spec) (service.Change, error) {
	var want Config
	if s, ok := new.(Config); ok {
		want = s.Clone()
	}
	return service.Funcs{OnCommit: func() { c.set(want) }}, nil
}

func (c *Client) set(want Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for addr, s := range c.servers {
		if !want.Asks(addr) {
			s.cancel()
			delete(c.servers, addr)
		}
	}
	for _, x := range want.Servers {
		addr := x.Addr
		if c.servers[addr] != nil {
			continue
		}
		ctx, cancel := context.WithCancel(context.Background())
		s := &asking{a: Association{Server: addr, Reference: ".INIT.", Stratum: 16, Poll: Poll}, cancel: cancel, done: make(chan struct{})}
		c.servers[addr] = s
		go c.run(ctx, addr, s)
	}
	c.config = want
}

// Status implements service.Service.
func (c *Client) Status() service.Status {
	for _, a := range c.Associations() {
		if a.Reach == 0 {
			return service.Status{State: service.Running, Why: a.Server.String() + " does not answer"}
		}
	}
	return service.Status{State: service.Running}
}

// Close ends all questions.
func (c *Client) Close() {
	c.mu.Lock()
	var all []*asking
	for _, s := range c.servers {
		s.cancel()
		all = append(all, s)
	}
	c.servers, c.config = map[netip.Addr]*asking{}, Config{}
	c.mu.Unlock()
	for _, s := range all {
		<-s.done
	}
}

// Associations is what is known of each server, in the order configured.
func (c *Client) Associations() []Association {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []Association
	for _, x := range c.config.Servers {
		if s := c.servers[x.Addr]; s != nil {
			out = append(out, s.a)
		}
	}
	return out
}

// Best is the server the clock is compared with: of those that agree, one that
// is preferred, and among equals the one of the lowest stratum.
func (c *Client) Best() (Association, bool) {
	var best Association
	ok, liked := false, false
	c.mu.Lock()
	config := c.config
	c.mu.Unlock()
	for _, a := range c.Associations() {
		like := slices.ContainsFunc(config.Servers, func(s Server) bool { return s.Addr == a.Server && s.Prefer })
		if a.Synchronised() && (!ok || like && !liked || like == liked && a.Stratum < best.Stratum) {
			best, ok, liked = a, true, like
		}
	}
	return best, ok
}

func (c *Client) run(ctx context.Context, addr netip.Addr, s *asking) {
	defer close(s.done)
	for {
		got, err := ask(ctx, netip.AddrPortFrom(addr, c.port))
		c.mu.Lock()
		s.a.Reach <<= 1
		if err == nil {
			s.a.Reach |= 1
			s.a.Reference, s.a.Stratum, s.a.Delay, s.a.Offset, s.a.Last = got.Reference, got.Stratum, got.Delay, got.Offset, got.Last
		}
		wait := Poll
		if s.a.Reach == 0 {
			wait = first
		}
		c.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// ask puts one question.
func ask(ctx context.Context, server netip.AddrPort) (Association, error) {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "udp", server.String())
	if err != nil {
		return Association{}, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	sent := time.Now()
	q := question(sent)
	if _, err := conn.Write(q); err != nil {
		return Association{}, err
	}
	b := make([]byte, 512)
	for {
		n, err := conn.Read(b)
		if err != nil {
			return Association{}, err
		}
		if a, err := answer(b[:n], q, sent, time.Now()); err == nil {
			return a, nil
		}
	}
}

// size of a packet without extensions. [RFC 5905 7.3]
const size = 48

// question is a client packet of version 4 that carries the time it was sent.
func question(sent time.Time) []byte {
	b := make([]byte, size)
	b[0] = 4<<3 | 3
	binary.BigEndian.PutUint64(b[40:], stamp(sent))
	return b
}

var errAnswer = errors.New("not an answer to the question")

// answer reads a server's packet: it must carry our own time back.
func answer(b, q []byte, sent, got time.Time) (Association, error) {
	if len(b) < size || b[0]&7 != 4 || b[0]>>6 == 3 || b[1] == 0 || b[1] > 15 {
		return Association{}, errAnswer // not a server, not synchronised, or a kiss of death
	}
	if [8]byte(b[24:32]) != [8]byte(q[40:48]) {
		return Association{}, errAnswer
	}
	received, transmitted := moment(binary.BigEndian.Uint64(b[32:])), moment(binary.BigEndian.Uint64(b[40:]))
	a := Association{Stratum: int(b[1]), Last: got, Reference: netip.AddrFrom4([4]byte(b[12:16])).String()}
	if a.Stratum == 1 {
		a.Reference = "." + name(b[12:16]) + "."
	}
	a.Offset = (received.Sub(sent) + transmitted.Sub(got)) / 2
	a.Delay = max(0, got.Sub(sent)-transmitted.Sub(received))
	return a, nil
}

// name is the four characters of a stratum 1 source.
func name(b []byte) string { return plain.Shown(strings.Trim(string(b), " \x00"), 0) }

// The epoch of NTP is 1900. [RFC 5905 6]
const epoch = 2208988800

func stamp(t time.Time) uint64 {
	return uint64(t.Unix()+epoch)<<32 | uint64(math.Round(float64(t.Nanosecond())*(1<<32)/1e9))&0xffffffff
}

func moment(s uint64) time.Time {
	return time.Unix(int64(s>>32)-epoch, int64(float64(s&0xffffffff)*1e9/(1<<32)))
}
