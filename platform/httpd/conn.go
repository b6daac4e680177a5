package httpd

import (
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
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
	once          sync.Once
}

// step is what must be taken by the client's TCP within Limits.Stall: at 60
// seconds a line of 18 kbit/s is fast enough.
const step = 128 << 10

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.in.Add(int64(n))
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	total := 0
	for {
		part := b[total:min(len(b), total+step)]
		n, err := c.write(part)
		total += n
		if err != nil || total == len(b) {
			return total, err
		}
	}
}

func (c *conn) write(b []byte) (int, error) {
	if err := c.TCPConn.SetWriteDeadline(time.Now().Add(c.t.limits.Stall)); err != nil {
		return 0, err
	}
	n, err := c.TCPConn.Write(b)
	c.out.Add(int64(n))
	return n, err
}

// ReadFrom sends src. net/http calls it with an *io.LimitedReader, which over
// an *os.File becomes sendfile.
func (c *conn) ReadFrom(src io.Reader) (int64, error) {
	left := int64(1<<63 - 1)
	lr, limited := src.(*io.LimitedReader)
	if limited {
		left, src = lr.N, lr.R
	}
	var total int64
	for left > 0 {
		part := io.LimitedReader{R: src, N: min(left, step)}
		want := part.N
		if err := c.TCPConn.SetWriteDeadline(time.Now().Add(c.t.limits.Stall)); err != nil {
			return total, err
		}
		n, err := c.TCPConn.ReadFrom(&part)
		c.out.Add(n)
		total += n
		left -= want - part.N
		if limited {
			lr.N = left
		}
		if err != nil || part.N > 0 { // part.N > 0: src has ended
			return total, err
		}
	}
	return total, nil
}

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
	limits Limits

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
	return &tracker{limits: l, conns: map[*conn]struct{}{}, perAddr: map[netip.Addr]int{}}
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
