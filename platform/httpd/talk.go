package httpd

import (
	"bytes"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/acl"
)

// buffer is what a worker needs to answer.
type buffer struct {
	in  [maxHead]byte
	out []byte
	q   Question
	d   delivery
	end unix.RawSockaddrInet6
	vector
}

var buffers = sync.Pool{New: func() any { return &buffer{out: make([]byte, 0, 512)} }}

// firstOctets is how much of a request ends being idle, as in net/http.
const firstOctets = 4

// turn is how many Questions of a client are answered before those of others.
const turn = 16

// fate is what becomes of a connection.
type fate int

const (
	stays   fate = iota // until the client asks on, or has room
	lingers             // it has its last answer, and has yet to acknowledge it
	soon                // there may be more of it, but it is the turn of others
	handed              // it is net/http's, with what is in c.rest
	served              // the client has its answer and may ask on
	ends
)

// handle works on a connection as far as that goes now.
func (w *worker) handle(e errand) {
	c, events, t := e.c, e.events, e.told
	if !c.claim(w, events, &t) {
		return
	}
	for {
		w.b.q.Asked = t.at
		t = told{}
		switch w.work(c, events) {
		case stays, served, lingers:
		case soon:
			w.l.again(errand{c: c, events: events | c.rests()})
			return
		case handed:
			go c.site.handOver(c)
			return
		case ends:
			c.finish()
			return
		}
		if events = c.release(); events == 0 {
			return
		}
	}
}

// work goes on with what is on its way to a client, then with what it asks.
func (w *worker) work(c *conn, events uint32) fate {
	c.settle(false)
	if c.lingers {
		return w.lastWords(c, events)
	}
	if c.going != nil {
		c.heard |= events
		if f := c.site.deliver(c, w); f != served {
			return f
		}
		c.rested()
	}
	events |= c.heard
	c.heard = 0
	return w.questions(c, events)
}

// rested has a client that has its answer ask in its own time.
func (c *conn) rested() {
	c.idle.Store(true)
	c.begun = false
	c.readBy(time.Now().Add(c.t.limits.Idle))
}

// questions answers the Questions of a client that have come. What is not
// one, and all that comes behind it, is for net/http, with the octets that were
// read already.
func (w *worker) questions(c *conn, events uint32) fate {
	t, b, l := c.site, w.b, c.t.limits
	b.q.Client, b.q.Local = c.remote, c.local
	have := copy(b.in[:], c.rest)
	c.rest = nil
	if have > 0 {
		b.q.Asked = time.Time{} // what came begins in what had been read
	}
	for n, dry := 0, false; ; {
		f, length := partOf, 0
		if c.begun || have >= firstOctets {
			if f, length = b.q.parse(b.in[:have]); f == partOf && have == len(b.in) {
				f = other
			}
		}
		if f == partOf {
			if !c.begun && have >= firstOctets {
				c.begun = true
				c.readBy(time.Now().Add(l.ReadHeader))
			}
			if dry {
				c.rest = bytes.Clone(b.in[:have])
				return stays
			}
			got, err := c.take(b.in[have:])
			c.in.Add(int64(got))
			dry = err == unix.EAGAIN || err == nil && have+got < len(b.in) && events&over == 0
			came := have + got
			if have = leaveOut(b.in[:came]); have < came {
				b.q.Asked = time.Time{}
			}
			if err != nil && err != unix.EAGAIN {
				c.rest = bytes.Clone(b.in[:have])
				return c.cutOff(err)
			}
			continue
		}
		d := Direct(nil)
		if f == question && c.requests.Load()+1 < int64(l.Requests) && time.Since(c.since) < l.Life {
			d = t.direct(c, &b.q)
		}
		if d == nil {
			c.rest = bytes.Clone(b.in[:have])
			return handed
		}
		if n++; n > turn {
			c.rest = bytes.Clone(b.in[:have])
			return soon
		}
		c.idle.Store(false)
		c.noHurry()
		c.requests.Add(1)
		have = leaveOut(b.in[:copy(b.in[:], b.in[length:have])])
		became := t.answer(d, c, w)
		b.q.Asked = time.Time{}
		c.narrow()
		switch {
		case c.going != nil:
			c.rest, c.heard = bytes.Clone(b.in[:have]), events
			return became
		case became == lingers:
			return lingers
		case became == ends:
			c.idle.Store(true)
			return ends
		}
		c.rested()
	}
}

// cutOff is the end of what a client sends, with c.rest of a request: net/http
// says what is to be said of half a head.
func (c *conn) cutOff(err error) fate {
	if have := len(c.rest); have == 0 || !c.begun && have < firstOctets {
		if err == io.EOF && c.owes.Load() > 0 && !c.cut.Load() { // it asks no more, and takes what it was given
			return c.linger()
		}
		return ends
	}
	c.restErr = err
	return handed
}

// expire ends a connection whose time to ask is over.
func (t *site) expire(c *conn) {
	if !c.claim(nil, 0, &told{}) {
		return // it asks, or it has ended
	}
	c.settle(false)
	switch {
	case c.lingers && (c.owes.Load() == 0 || c.stopped()):
		c.finish()
	case c.lingers:
		if events := c.rests(); events != 0 {
			c.loop.again(errand{c: c, events: events})
		}
	case !c.late(time.Now()): // it has asked; and goes on to, maybe
		if c.going == nil && c.owes.Load() > 0 && c.stopped() {
			c.settle(true)
		}
		if events := c.rests(); events != 0 {
			c.loop.again(errand{c: c, events: events})
		}
	case c.going != nil && c.stopped():
		t.giveUp(c)
	case c.going != nil:
		c.readBy(time.Now().Add(c.glance()))
		if events := c.rests(); events != 0 {
			c.loop.again(errand{c: c, events: events})
		}
	case c.cutOff(os.ErrDeadlineExceeded) == handed:
		go t.handOver(c)
	default:
		c.finish()
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

// answer answers one Question. What the client has no room for is left in
// c.going.
func (t *site) answer(m Direct, c *conn, w *worker) (f fate) {
	b, d := w.b, &w.b.d
	d.reset()
	d.module = m
	ctx := &asking{c: c}
	defer func() {
		if p := recover(); p != nil {
			f = ends
			t.contain(d, p)
		}
		ctx.end()
	}()
	if !m.Answer(ctx, &b.q, &d.Answer) {
		return ends
	}
	kept := !b.q.close && (!b.q.old || b.q.keep) && !t.isLeaving()
	b.out = b.q.appendHead(b.out[:0], &d.Answer, kept, t.s.date())
	d.begin(&b.q, kept, b.out)
	if f = t.advance(c, w, d); f == stays || f == soon {
		c.going = d.leaves()
		c.watchPace()
		c.readBy(time.Now().Add(c.glance()))
	}
	return f
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

// handOver gives a connection to net/http, if it takes any more.
func (t *site) handOver(c *conn) {
	t.others.start.Do(func() { go func() { _ = t.srv.Serve(t.others) }() })
	if c.begun {
		c.headBy = epoch.Add(time.Duration(c.by.Load()))
	}
	if c.leave() == nil {
		select {
		case t.others.conns <- c:
			return
		case <-t.others.left:
		}
	}
	_ = c.Close()
}

func (t *site) isLeaving() bool {
	select {
	case <-t.others.left:
		return true
	default:
		return false
	}
}
