package httpd

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"option150/platform/acl"
)

// buffer is what a connection needs while it talks.
type buffer struct {
	in  [maxHead]byte
	out []byte
	q   Question
	a   Answer
}

var buffers = sync.Pool{New: func() any { return &buffer{out: make([]byte, 0, 512)} }}

// talk answers the Questions of a connection. What is not one, and all that
// comes behind it, is for net/http, with the octets that were read already.
func (t *site) talk(c *conn) {
	b := buffers.Get().(*buffer)
	if t.questions(c, b) && t.handOver(c) {
		c.own.Store(false)
	} else {
		_ = c.Close()
	}
	b.a.reset()
	buffers.Put(b)
}

// firstOctets is how much of a request ends being idle, as in net/http.
const firstOctets = 4

// questions returns at the end of the connection, or with what is to be handed
// over in c.rest.
func (t *site) questions(c *conn, b *buffer) (over bool) {
	l := t.s.limits
	c.readBy(c.since.Add(l.ReadHeader))
	b.q.Client, b.q.Local = c.remote, c.local
	have, begun := 0, true // begun: the time for a head runs
	for {
		f, length, ok := t.head(c, b, &have, &begun)
		if !ok {
			return false
		}
		d := Direct(nil)
		if f == question && c.requests.Load()+1 < int64(l.Requests) && time.Since(c.since) < l.Life {
			d = t.direct(c, &b.q)
		}
		if d == nil {
			c.rest = append([]byte(nil), b.in[:have]...)
			if begun {
				c.headBy = c.by
			}
			return true
		}
		c.idle.Store(false)
		c.requests.Add(1)
		have = copy(b.in[:], b.in[length:have])
		kept, more := t.answer(d, c, b, b.in[have:])
		have += more
		have = leaveOut(b.in[:have])
		c.idle.Store(true)
		if !kept || t.isLeaving() {
			return false
		}
		begun = false
		c.idleUntil(l.Idle)
	}
}

// head reads until the octets are a Question or cannot become one. ok is false
// when the connection is at its end.
func (t *site) head(c *conn, b *buffer, have *int, begun *bool) (f form, length int, ok bool) {
	for {
		if *begun || *have >= firstOctets {
			if f, length = b.q.parse(b.in[:*have]); f == partOf && *have == len(b.in) {
				f = other
			}
			if f != partOf {
				return f, length, true
			}
			if !*begun {
				*begun = true
				c.readBy(time.Now().Add(t.s.limits.ReadHeader))
			}
		}
		n, err := c.TCPConn.Read(b.in[*have:])
		c.in.Add(int64(n))
		*have = leaveOut(b.in[:*have+n])
		switch {
		case err == nil:
		case *have == 0, !*begun && *have < firstOctets:
			return f, 0, false
		default: // net/http says what is to be said of the half
			c.restErr = err
			return other, 0, true
		}
	}
}

// leaveOut takes blank lines before a request out and tells how much is left.
// [RFC 9112 2.2]
func leaveOut(b []byte) int {
	n := 0
	for n < len(b) && (b[n] == '\r' || b[n] == '\n') {
		n++
	}
	if n > 0 {
		copy(b, b[n:])
	}
	return len(b) - n
}

// direct is who answers a Question without net/http; nil = nobody.
func (t *site) direct(c *conn, q *Question) Direct {
	if !t.access.Load().Permits(acl.Flow{Proto: "tcp", From: c.remote, To: c.local}) {
		return nil
	}
	for _, m := range *t.modules.Load() {
		if m.Knows(q.Path) {
			d, _ := m.(Direct)
			return d
		}
	}
	return nil
}

// answer answers one Question. more is how many octets of what comes next were
// read into next meanwhile.
func (t *site) answer(d Direct, c *conn, b *buffer, next []byte) (kept bool, more int) {
	b.a.reset()
	ctx := &asking{c: c, next: next}
	defer func() {
		if p := recover(); p != nil {
			kept = false
			if p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
				t.s.rec.Record(Defect{d.Name(), fmt.Sprint(p)})
			}
			if done := b.a.Done; done != nil {
				b.a.Done = nil
				done(0, ErrDefect)
			}
		}
		more = ctx.end()
	}()
	if !d.Answer(ctx, &b.q, &b.a) {
		return false, 0
	}
	kept = !b.q.close && (!b.q.old || b.q.keep) && !t.isLeaving()
	sent, err := t.send(c, b, kept)
	if done := b.a.Done; done != nil {
		b.a.Done = nil
		done(sent, err)
	}
	return kept && err == nil, 0
}

// handover is the listener net/http accepts from.
type handover struct {
	conns chan *conn
	left  chan struct{} // closed when the site is left
	once  sync.Once
	start sync.Once
}

func newHandover() *handover { return &handover{conns: make(chan *conn), left: make(chan struct{})} }

// Accept implements net.Listener.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.left:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handover) Close() error {
	h.once.Do(func() { close(h.left) })
	return nil
}

// Addr implements net.Listener.
func (h *handover) Addr() net.Addr { return &net.TCPAddr{} }

// handOver gives a connection to net/http; false: it does not take any more.
func (t *site) handOver(c *conn) bool {
	t.others.start.Do(func() { go func() { _ = t.srv.Serve(t.others) }() })
	select {
	case t.others.conns <- c:
		return true
	case <-t.others.left:
		return false
	}
}

func (t *site) isLeaving() bool {
	select {
	case <-t.others.left:
		return true
	default:
		return false
	}
}
