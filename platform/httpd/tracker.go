package httpd

import (
	"io"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// tracker knows the connections of all listeners.
type tracker struct {
	limits  Limits
	pressed func() bool           // somebody waits for a place that a client has who takes nothing
	many    func(netip.Addr) bool // many phones may be behind an address

	mu      sync.Mutex
	conns   []*conn // each knows where it is
	perAddr map[netip.Addr]int
	stats   Statistics
	ended   int                     // ever
	history [historySize]Connection // of those, the last; the n-th is at n modulo its size
	away    int                     // being turned away
}

// historySize is how many ended connections are shown, as on IOS.
const historySize = 20

// maxAway bounds the connections that are told 503 instead of just closed.
const maxAway = 64

func newTracker(l Limits) *tracker {
	return &tracker{limits: l, pressed: func() bool { return true }, many: func(netip.Addr) bool { return false }, perAddr: map[netip.Addr]int{}}
}

// admit takes a connection in, at the cost of a spare one if it must, or
// returns nil.
func (t *tracker) admit(fd int, local, remote netip.AddrPort, l *loop, s *site) *conn {
	c := &conn{t: t, site: s, since: time.Now(), local: local, remote: remote, begun: true}
	c.loop, c.fd = l, fd
	c.readBy(c.since.Add(t.limits.ReadHeader))
	c.own.Store(true) // before drain can see it
	from := c.remote.Addr()
	t.mu.Lock()
	var victim *conn
	has := t.perAddr[from]
	full := has >= t.limits.PerAddress && (has >= t.limits.PerRelay || !t.many(from))
	if full || len(t.conns) >= t.limits.Total {
		for _, o := range t.conns {
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
	c.at = len(t.conns)
	t.conns = append(t.conns, c)
	t.perAddr[from] = has + 1
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
	last := len(t.conns) - 1
	if c.at > last || t.conns[c.at] != c {
		return
	}
	t.conns[c.at] = t.conns[last]
	t.conns[c.at].at = c.at
	t.conns[last] = nil
	t.conns = t.conns[:last]
	from := c.remote.Addr()
	if n := t.perAddr[from]; n > 1 {
		t.perAddr[from] = n - 1
	} else {
		delete(t.perAddr, from)
	}
	t.history[t.ended%historySize] = c.snapshot(time.Now())
	t.ended++
}

func (c *conn) snapshot(end time.Time) Connection {
	return Connection{Local: c.local, Remote: c.remote, In: c.in.Load(), Out: c.out.Load(), Since: c.since, End: end}
}

// away503 is what a client beyond the caps is told: a phone asks TFTP then.
const away503 = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 30\r\nConnection: close\r\n\r\n"

// turnAway answers without reading and closes, in bounded time and number.
func (t *tracker) turnAway(fd int, wg *sync.WaitGroup) {
	t.mu.Lock()
	many := t.away >= maxAway
	if !many {
		t.away++
	}
	t.mu.Unlock()
	if many {
		_ = unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
		_ = unix.Close(fd)
		return
	}
	wg.Go(func() {
		defer func() {
			t.mu.Lock()
			t.away--
			t.mu.Unlock()
		}()
		tcp, err := adopt(fd)
		if err != nil {
			return
		}
		defer tcp.Close()
		_ = tcp.SetDeadline(time.Now().Add(time.Second))
		if _, err := io.WriteString(tcp, away503); err == nil && tcp.CloseWrite() == nil {
			// Closing with unread bytes would reset the connection and with it
			// the answer.
			_, _ = io.Copy(io.Discard, io.LimitReader(tcp, int64(t.limits.MaxHeader)))
		}
	})
}
