package httpd

import (
	"errors"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// ErrNotTaken is how an answer ends that was given to the client's TCP and not
// acknowledged by it: the client has gone, or what was sent does not come through.
var ErrNotTaken = errors.New("not acknowledged by the client")

// arrivals are the answers of a connection that its client has yet to acknowledge.
// A phone's configuration fits into what a socket holds: that it was given to TCP
// says nothing of a phone behind a line that swallows it.
//
// Nobody tells when TCP has an acknowledgement. It is looked for when the client asks
// on, when it closes, and by the loop in the meantime.
type arrivals struct {
	owes   atomic.Int32 // of owed
	cut    atomic.Bool  // it is to end whatever it owes
	owedMu sync.Mutex
	owed   []arrival // in their order; guarded by owedMu
}

// arrival is an answer that was given.
type arrival struct {
	upto   int64 // octets of the connection with which it is there
	size   int64
	module Direct
	done   func(sent int64, err error)
}

const (
	settling = 50 * time.Millisecond // between two looks at what was not acknowledged, where nobody asks
	maxOwed  = 64                    // answers of a connection; of one who asks on without taking any, the first are lost
)

// given is the end of a delivery of which all is the client's TCP's to send.
func (t *site) given(c *conn, d *delivery) fate {
	kept := d.kept && !t.isLeaving()
	switch {
	case d.Done == nil || d.size == 0:
		d.end(nil)
	case unacknowledged(c.fd) == 0:
		c.settle(false)
		d.end(nil)
	default:
		c.owe(d)
	}
	switch {
	case kept:
		return served
	case c.owes.Load() > 0:
		return c.linger()
	}
	return ends
}

// owe takes down that an answer has yet to be acknowledged.
func (c *conn) owe(d *delivery) {
	c.pace = pace{had: -1, came: true} // it has all its time from the first look on: nobody waits for its place
	a := arrival{c.out.Load(), d.size, d.module, d.Done}
	d.Done = nil
	c.owedMu.Lock()
	c.owed = append(c.owed, a)
	n := len(c.owed)
	c.owes.Store(int32(n))
	c.owedMu.Unlock()
	switch {
	case n == 1:
		c.loop.owing.Add(1)
	case n > maxOwed:
		c.settle(true)
	}
}

// settle ends the answers that are acknowledged by now; over: the others as well.
// It is for who works on the connection.
func (c *conn) settle(over bool) {
	if c.owes.Load() == 0 {
		return
	}
	var taken int64
	if c.own.Load() {
		taken = c.out.Load() - int64(unacknowledged(c.fd))
	} else {
		taken = c.taken()
	}
	if c.lingers {
		taken++ // the end of what is sent is acknowledged like an octet
	}
	for {
		a, ok := c.pay(taken, over)
		if !ok {
			return
		}
		c.end(a, max(a.upto-taken, 0))
	}
}

// pay takes the first of the answers out if it is acknowledged, or over.
func (c *conn) pay(taken int64, over bool) (a arrival, ok bool) {
	c.owedMu.Lock()
	defer c.owedMu.Unlock()
	if len(c.owed) == 0 || !over && c.owed[0].upto > taken {
		return a, false
	}
	a = c.owed[0]
	n := copy(c.owed, c.owed[1:])
	c.owed[n] = arrival{}
	c.owed = c.owed[:n]
	if c.owes.Store(int32(n)); n == 0 {
		c.loop.owing.Add(-1)
	}
	return a, true
}

// end tells the module of an answer of which so much is missing.
func (c *conn) end(a arrival, missing int64) {
	defer func() { c.site.contain(&delivery{module: a.module}, recover()) }()
	if missing > 0 {
		a.done(max(a.size-missing, 0), ErrNotTaken)
		return
	}
	a.done(a.size, nil)
}

// linger has a connection wait until its client has taken the last answer. Nothing
// more is sent on it.
func (c *conn) linger() fate {
	c.lingers, c.rest = true, nil
	_ = unix.Shutdown(c.fd, unix.SHUT_WR)
	c.idle.Store(true) // it gives way to others
	c.readBy(time.Now().Add(c.glance()))
	return lingers
}

// lastWords leaves out what a client says that has its last answer, until it has
// acknowledged that, or has gone.
func (w *worker) lastWords(c *conn, events uint32) fate {
	for {
		n, err := c.take(w.b.in[:])
		c.in.Add(int64(n))
		switch {
		case err == unix.EAGAIN:
			err = nil
		case err == nil:
			continue
		}
		switch {
		case c.owes.Load() == 0, c.cut.Load(), err != nil && err != io.EOF, events&unix.EPOLLERR != 0:
			return ends
		}
		return lingers
	}
}

// Taken waits until the client's TCP has acknowledged all of an answer that was
// written to w, and tells how much it has not, with ErrNotTaken.
func Taken(w http.ResponseWriter, r *http.Request) (missing int64, err error) {
	c, ok := r.Context().Value(connKey{}).(*conn)
	if !ok {
		return 0, nil
	}
	if err := http.NewResponseController(w).Flush(); err != nil {
		return 0, err
	}
	c.watchPace()
	c.pace.came = true
	upto := c.out.Load()
	for pause := time.Millisecond; ; pause = min(2*pause, settling) {
		if missing = upto - c.taken(); missing <= 0 {
			return 0, nil
		}
		if c.broken() || c.stopped() {
			return missing, ErrNotTaken
		}
		time.Sleep(pause)
	}
}

// broken reports that nothing more can come through.
func (c *conn) broken() bool {
	const closed = 7 // [include/net/tcp_states.h, TCP_CLOSE]
	state := uint8(closed)
	_ = c.inspect(func(fd uintptr) {
		if info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			state = info.State
		}
	})
	return state == closed
}
