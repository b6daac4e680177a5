package httpd

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// conn is an accepted connection. It keeps the ReadFrom of *net.TCPConn, and
// with it sendfile, in steps short enough that each has its own deadline.
type conn struct {
	*net.TCPConn
	t             *tracker
	local, remote netip.AddrPort
	since         time.Time
	in, out       atomic.Int64
	requests      atomic.Int64
	idle          atomic.Bool // between two requests
	lines         lines
	paused, came  bool // the client takes nothing; it has come back from that before
	once          sync.Once
}

// step is what is given to the client's TCP at a time.
const step = 128 << 10

// Read leaves out blank lines before a request, which some clients send behind
// the one before. [RFC 9112 2.2]
func (c *conn) Read(b []byte) (int, error) {
	for {
		n, err := c.TCPConn.Read(b)
		c.in.Add(int64(n))
		if n = c.lines.strip(b[:n]); n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
	}
}

func (c *conn) Write(b []byte) (int, error) {
	total := 0
	for total < len(b) {
		err := c.push(func() error {
			n, err := c.TCPConn.Write(b[total:min(len(b), total+step)])
			c.out.Add(int64(n))
			total += n
			return err
		})
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// push has f give something to the client's TCP. When that takes nothing f is
// called again, as long as the client takes in what it was given before: how
// slow a line may be is not ours to say. One that takes nothing at all is
// given up after Limits.FirstStall, or Limits.Stall once it has come back from
// such a pause or nobody waits for its place: phones write flash, others never
// read.
func (c *conn) push(f func() error) error {
	first, later := min(c.t.limits.FirstStall, c.t.limits.Stall), c.t.limits.Stall
	moved, taken := time.Now(), c.taken()
	for {
		if err := c.TCPConn.SetWriteDeadline(time.Now().Add(first / 4)); err != nil {
			return err
		}
		err := f()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		limit := later
		if !c.came && c.t.pressed() {
			limit = first
		}
		switch now := c.taken(); {
		case now != taken:
			c.came = c.came || c.paused
			moved, taken, c.paused = time.Now(), now, false
		case time.Since(moved) >= limit:
			return err
		default:
			c.paused = true
		}
	}
}

// taken is how much the client's TCP has acknowledged.
func (c *conn) taken() int64 {
	queued := 0
	if raw, err := c.TCPConn.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { queued, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) })
	}
	return c.out.Load() - int64(queued)
}

// ReadFrom sends src. net/http calls it with an *io.LimitedReader, which over
// an *os.File becomes sendfile.
func (c *conn) ReadFrom(src io.Reader) (int64, error) {
	lr, ok := src.(*io.LimitedReader)
	if !ok {
		lr = &io.LimitedReader{R: src, N: 1<<63 - 1}
	}
	file, ok := lr.R.(*os.File)
	if !ok {
		return io.Copy(onlyWriter{c}, lr)
	}
	var total int64
	for lr.N > 0 {
		ended := false
		err := c.push(func() error {
			part := io.LimitedReader{R: file, N: min(lr.N, step)}
			want := part.N
			n, err := c.TCPConn.ReadFrom(&part)
			c.out.Add(n)
			total += n
			lr.N -= want - part.N
			ended = err == nil && part.N > 0
			return err
		})
		if err != nil || ended {
			return total, err
		}
	}
	return total, nil
}

// onlyWriter hides ReadFrom from io.Copy.
type onlyWriter struct{ io.Writer }

func (c *conn) Close() error {
	c.once.Do(func() { c.t.gone(c) })
	return c.TCPConn.Close()
}

// spare reports that the connection may be closed to make room: nothing is
// being asked or answered on it.
func (c *conn) spare(now time.Time) bool {
	return c.idle.Load() || c.in.Load() == 0 && now.Sub(c.since) > time.Second
}

// tracker knows the connections of all listeners.
type tracker struct {
	limits  Limits
	pressed func() bool // somebody waits for a place that a client has who takes nothing

	mu      sync.Mutex
	conns   map[*conn]struct{}
	perAddr map[netip.Addr]int
	stats   Statistics
	history []Connection // newest last
	away    int          // being turned away
}

// historySize is how many ended connections are shown, as on IOS.
const historySize = 20

// maxAway bounds the connections that are told 503 instead of just closed.
const maxAway = 64

func newTracker(l Limits) *tracker {
	return &tracker{limits: l, pressed: func() bool { return true }, conns: map[*conn]struct{}{}, perAddr: map[netip.Addr]int{}}
}

// admit takes a connection in, at the cost of a spare one if it must, or
// returns nil.
func (t *tracker) admit(tcp *net.TCPConn) *conn {
	c := &conn{TCPConn: tcp, t: t, since: time.Now()}
	c.local, c.remote = addrPort(tcp.LocalAddr()), addrPort(tcp.RemoteAddr())
	from := c.remote.Addr()
	t.mu.Lock()
	var victim *conn
	full := t.perAddr[from] >= t.limits.PerAddress
	if full || len(t.conns) >= t.limits.Total {
		for o := range t.conns {
			if (!full || o.remote.Addr() == from) && o.spare(c.since) && (victim == nil || o.since.Before(victim.since)) {
				victim = o
			}
		}
		if victim == nil {
			if full {
				t.stats.RefusedPerAddress++
			} else {
				t.stats.RefusedTotal++
			}
			t.mu.Unlock()
			return nil
		}
	}
	t.conns[c] = struct{}{}
	t.perAddr[from]++
	t.stats.Accepted++
	t.mu.Unlock()
	if victim != nil {
		_ = victim.Close()
	}
	return c
}

func (t *tracker) gone(c *conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, there := t.conns[c]; !there {
		return
	}
	delete(t.conns, c)
	if t.perAddr[c.remote.Addr()]--; t.perAddr[c.remote.Addr()] <= 0 {
		delete(t.perAddr, c.remote.Addr())
	}
	if n := len(t.history) - historySize; n >= 0 { // in place: a boot storm ends a thousand at once
		t.history = slices.Delete(t.history, 0, n+1)
	}
	t.history = append(t.history, c.snapshot(time.Now()))
}

func (c *conn) snapshot(end time.Time) Connection {
	return Connection{Local: c.local, Remote: c.remote, In: c.in.Load(), Out: c.out.Load(), Since: c.since, End: end}
}

// away503 is what a client beyond the caps is told: a phone asks TFTP then.
const away503 = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 30\r\nConnection: close\r\n\r\n"

// turnAway answers without reading and closes, in bounded time and number.
func (t *tracker) turnAway(tcp *net.TCPConn, wg *sync.WaitGroup) {
	t.mu.Lock()
	many := t.away >= maxAway
	if !many {
		t.away++
	}
	t.mu.Unlock()
	if many {
		_ = tcp.SetLinger(0)
		_ = tcp.Close()
		return
	}
	wg.Go(func() {
		_ = tcp.SetDeadline(time.Now().Add(time.Second))
		if _, err := io.WriteString(tcp, away503); err == nil && tcp.CloseWrite() == nil {
			// Closing with unread bytes would reset the connection and with it
			// the answer.
			_, _ = io.Copy(io.Discard, io.LimitReader(tcp, int64(t.limits.MaxHeader)))
		}
		_ = tcp.Close()
		t.mu.Lock()
		t.away--
		t.mu.Unlock()
	})
}

// listener hands out admitted connections.
type listener struct {
	net.Listener
	t  *tracker
	wg *sync.WaitGroup
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, ok := c.(*net.TCPConn)
		if !ok {
			_ = c.Close()
			continue
		}
		if a := l.t.admit(tcp); a != nil {
			return a, nil
		}
		l.t.turnAway(tcp, l.wg)
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		p := t.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}
