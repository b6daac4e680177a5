package httpd

import (
	"cmp"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
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
	site          *site
	own           atomic.Bool // it is not net/http's
	raw           syscall.RawConn

	by      time.Time // the read deadline, while own
	rest    []byte    // what was read before it was handed over
	restErr error     // and what came then
	headBy  time.Time // when the head that is being read has to be there

	// of give and taken
	iov     [2]unix.Iovec
	hdr     unix.Msghdr
	flags   int
	attempt func(uintptr) bool
	given   uintptr
	gaveErr unix.Errno
	pushed  bool // a write deadline is set
	queued  int
	look    func(uintptr)
}

// What is given to the client's TCP at a time: of what is in memory, and of a
// file, which the kernel sends as fast as the client takes it in. A deadline that
// comes meanwhile only has it looked how much was taken.
const (
	step     = 128 << 10
	fileStep = progressStep
)

// Read leaves out blank lines before a request, which some clients send behind
// the one before. [RFC 9112 2.2]
func (c *conn) Read(b []byte) (int, error) {
	for {
		n, err := c.receive(b)
		if n = c.lines.strip(b[:n]); n > 0 || err != nil || len(b) == 0 {
			return n, err
		}
	}
}

// receive reads: what was read before the connection was handed over first.
func (c *conn) receive(b []byte) (int, error) {
	if len(c.rest) > 0 {
		n := copy(b, c.rest)
		c.rest = c.rest[n:]
		return n, nil
	}
	if c.rest = nil; c.restErr != nil {
		return 0, c.restErr
	}
	n, err := c.TCPConn.Read(b)
	c.in.Add(int64(n))
	return n, err
}

// readBy sets the read deadline while the connection is own.
func (c *conn) readBy(t time.Time) {
	c.by = t
	_ = c.TCPConn.SetReadDeadline(t) // of a connection that is closed the read tells
}

// idleUntil lets the client be silent for so long. To set the time anew for
// every request of a second would cost more than the request is exact.
func (c *conn) idleUntil(idle time.Duration) {
	if t := time.Now().Add(idle); t.Sub(c.by) > min(time.Second, idle/8) || c.by.After(t) {
		c.readBy(t)
	}
}

// SetReadDeadline is net/http's. The time of a head that began before the
// connection was handed over goes on.
func (c *conn) SetReadDeadline(t time.Time) error {
	switch {
	case t.IsZero():
		c.headBy = t
	case !c.headBy.IsZero() && t.After(c.headBy):
		t = c.headBy
	}
	return c.TCPConn.SetReadDeadline(t)
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
	c.pushed = true
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
	if c.look == nil {
		c.look = func(fd uintptr) { c.queued, _ = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }
	}
	c.queued = 0
	_ = c.raw.Control(c.look)
	return c.out.Load() - int64(c.queued)
}

// Positioned is a file at an offset of the reader's own: others read it too.
type Positioned interface {
	io.ReadSeeker
	Positioned() (*os.File, int64)
}

// ReadFrom sends src. net/http calls it with an *io.LimitedReader, which over
// a Positioned or an *os.File becomes sendfile.
func (c *conn) ReadFrom(src io.Reader) (int64, error) {
	lr, ok := src.(*io.LimitedReader)
	if !ok {
		lr = &io.LimitedReader{R: src, N: 1<<63 - 1}
	}
	var send func(n int) (int64, error)
	switch file := lr.R.(type) {
	case Positioned:
		send = func(n int) (int64, error) { return c.sendfile(file, n) }
	case *os.File:
		send = func(n int) (int64, error) {
			k, err := c.TCPConn.ReadFrom(&io.LimitedReader{R: file, N: int64(n)})
			c.out.Add(k)
			return k, err
		}
	default:
		return io.Copy(onlyWriter{c}, lr)
	}
	var total int64
	for lr.N > 0 {
		ended := false
		err := c.push(func() error {
			want := min(lr.N, fileStep)
			n, err := send(int(want))
			total += n
			lr.N -= n
			ended = err == nil && n < want
			return err
		})
		if err != nil || ended {
			return total, err
		}
	}
	return total, nil
}

// sendfile has the kernel send so many octets and moves the reader on; fewer
// without an error = the file is at its end.
func (c *conn) sendfile(src Positioned, most int) (sent int64, err error) {
	file, at := src.Positioned()
	from, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	var failed error
	n := 0
	cerr := from.Control(func(in uintptr) {
		err = c.raw.Write(func(out uintptr) bool {
			for n < most {
				k, no := unix.Sendfile(int(out), int(in), &at, most-n)
				n += max(k, 0)
				switch {
				case no == unix.EINTR:
				case no == unix.EAGAIN:
					return false
				case no != nil:
					failed = os.NewSyscallError("sendfile", no)
					return true
				case k == 0:
					return true
				}
			}
			return true
		})
	})
	c.out.Add(int64(n))
	_, _ = src.Seek(int64(n), io.SeekCurrent)
	return int64(n), cmp.Or(cerr, err, failed)
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
	pressed func() bool           // somebody waits for a place that a client has who takes nothing
	many    func(netip.Addr) bool // many phones may be behind an address

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
	return &tracker{limits: l, pressed: func() bool { return true }, many: func(netip.Addr) bool { return false }, conns: map[*conn]struct{}{}, perAddr: map[netip.Addr]int{}}
}

// admit takes a connection in, at the cost of a spare one if it must, or
// returns nil.
func (t *tracker) admit(tcp *net.TCPConn, s *site) *conn {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return nil
	}
	c := &conn{TCPConn: tcp, t: t, site: s, since: time.Now(), raw: raw}
	c.own.Store(true) // before drain can see it
	c.local, c.remote = addrPort(tcp.LocalAddr()), addrPort(tcp.RemoteAddr())
	from := c.remote.Addr()
	t.mu.Lock()
	var victim *conn
	full := t.perAddr[from] >= t.limits.PerAddress && (t.perAddr[from] >= t.limits.PerRelay || !t.many(from))
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

// accept hands out the next connection that is admitted.
func (t *tracker) accept(l *net.TCPListener, s *site, wg *sync.WaitGroup) (*conn, error) {
	for {
		tcp, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		if c := t.admit(tcp, s); c != nil {
			return c, nil
		}
		t.turnAway(tcp, wg)
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		p := t.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}
