package httpd

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrDefect is how an answer ends that a panic cut off.
var ErrDefect = errors.New("defect")

// ErrShort is how an answer ends whose content ended before its Size.
var ErrShort = errors.New("the content ended early")

// portion is what of a content is given to the client's TCP before its module
// is told how far it is and others have their turn.
const portion = 2 << 20

// delivery is an answer on its way. What the client has no room for waits with
// the connection and not with a goroutine: the loop is told of room, and whoever
// leads goes on with it.
type delivery struct {
	Answer
	module Direct
	kept   bool       // the client may ask on when it has it
	head   []byte     // what is left of the head
	file   Positioned // what the kernel sends; nil = none
	size   int64      // octets of the body that are sent: none to HEAD
	left   int64      // of them
	told   int64      // what Progress was told
}

// begin makes a delivery of an Answer that was filled in.
func (d *delivery) begin(q *Question, kept bool, head []byte) {
	d.kept, d.head = kept, head
	if !q.Head {
		d.size, d.left = d.Size, d.Size
	}
	switch f := d.Content.(type) {
	case Positioned:
		d.file = f
	case *os.File:
		d.file = alone{f}
	}
}

// reset makes it an empty one.
func (d *delivery) reset() { *d = delivery{Answer: Answer{Fields: d.Fields[:0]}} }

// leaves is a delivery that its worker leaves to the loop.
func (d *delivery) leaves() *delivery {
	own := *d
	own.Fields, own.head = nil, bytes.Clone(d.head) // the worker needs them for the next
	d.Done = nil
	return &own
}

// tell tells how far it is.
func (d *delivery) tell() {
	if sent := d.size - d.left; d.Progress != nil && sent != d.told {
		d.told = sent
		d.Progress(sent)
	}
}

// end tells that it is over.
func (d *delivery) end(err error) {
	if done := d.Done; done != nil {
		d.Done = nil
		done(d.size-d.left, err)
	}
}

// contain makes a panic of a module the end of its connection.
func (t *site) contain(d *delivery, p any) {
	if p == nil {
		return
	}
	if p != http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		t.s.rec.Record(Defect{d.module.Name(), fmt.Sprint(p)})
	}
	if done := d.Done; done != nil {
		d.Done = nil
		done(0, ErrDefect)
	}
}

// deliver goes on with what is on its way to a client.
func (t *site) deliver(c *conn, w *worker) (f fate) {
	d := c.going
	defer func() {
		if p := recover(); p != nil {
			f = ends
			t.contain(d, p)
		}
		c.narrow()
		if f == ends || f == served || f == lingers {
			c.going = nil
		}
	}()
	return t.advance(c, w, d)
}

// giveUp ends a connection whose client takes nothing any more.
func (t *site) giveUp(c *conn) {
	d := c.going
	c.going = nil
	defer c.finish()
	defer func() { t.contain(d, recover()) }()
	d.end(os.ErrDeadlineExceeded)
}

// advance gives the client what it has room for: stays when there is no more,
// soon when it is the turn of others, else it is over.
func (t *site) advance(c *conn, w *worker, d *delivery) fate {
	more, err := c.give(w, d)
	if err == unix.EAGAIN {
		if err = c.tellOfRoom(); err == nil {
			return stays
		}
	}
	if more {
		return soon
	}
	if err != nil {
		d.end(err)
		return ends
	}
	return t.given(c, d)
}

// tellOfRoom has the loop told when there is room again.
func (c *conn) tellOfRoom() error {
	if c.bothWays {
		return nil
	}
	c.bothWays = true
	return c.loop.control(unix.EPOLL_CTL_MOD, c.fd, telling|unix.EPOLLOUT)
}

// give gives the client's TCP a portion of what is left: head and body in one
// piece where the body is in memory. EAGAIN: it has no room; more: it has.
func (c *conn) give(w *worker, d *delivery) (more bool, err error) {
	for len(d.head) > 0 || d.left > 0 && d.Content == nil {
		var body []byte
		if d.left > 0 && d.Content == nil {
			body = d.Body[int64(len(d.Body))-d.left:]
		}
		n, err := c.put(&w.b.vector, d.head, body, d.left > 0 && d.Content != nil)
		k := min(n, len(d.head))
		d.head = d.head[k:]
		d.left -= int64(n - k)
		if err != nil {
			d.tell()
			return false, err
		}
	}
	switch {
	case d.left == 0:
	case d.file == nil: // whoever waits for what comes waits for the client as well
		w.l.replace(w)
		return false, c.pass(d)
	default:
		part := min(d.left, portion)
		n, err := c.sendPart(w, d.file, part)
		d.left -= n
		if d.tell(); err != nil {
			return false, err
		}
	}
	d.tell()
	return d.left > 0, nil
}

// pass passes on a content that is no file, which may come bit by bit.
func (c *conn) pass(d *delivery) error {
	for d.left > 0 {
		part := io.LimitedReader{R: d.Content, N: min(d.left, portion)}
		want := part.N
		n, err := c.ReadFrom(&part)
		d.left -= n
		d.tell()
		if err == nil && n < want {
			err = ErrShort
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sendPart has the kernel send the next octets of a file, as far as the client
// has room, and moves the reader on. Where they are in memory nobody waits, as in
// put; where the disk may have to be waited for somebody else leads meanwhile.
func (c *conn) sendPart(w *worker, src Positioned, part int64) (sent int64, err error) {
	file, at := src.Positioned()
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	from := at
	give := sendfile
	cerr := raw.Control(func(fd uintptr) {
		if !inMemory(fd, at+part-1) {
			w.l.replace(w)
			give = func(to int, from int, at *int64, n int) (int, error) { return unix.Sendfile(to, from, at, n) }
		}
		for at < from+part {
			var k int
			switch k, err = give(c.fd, int(fd), &at, int(from+part-at)); {
			case err == unix.EINTR:
			case err != nil:
				return
			case k == 0:
				err = ErrShort
				return
			}
		}
	})
	sent = at - from
	c.out.Add(sent)
	_, _ = src.Seek(sent, io.SeekCurrent)
	if err != nil && err != unix.EAGAIN && err != ErrShort {
		err = os.NewSyscallError("sendfile", err)
	}
	return sent, cmp.Or(cerr, err)
}

// sendfile does not tell the scheduler.
func sendfile(to, from int, at *int64, n int) (int, error) {
	k, _, no := unix.RawSyscall6(sysSendfile, uintptr(to), uintptr(from), uintptr(unsafe.Pointer(at)), uintptr(n), 0, 0)
	if no != 0 {
		return 0, no
	}
	return int(k), nil
}

// inMemory reports that the octet of a file is, and with it, as files are read
// from their beginning to their end, those before it. [preadv2(2), RWF_NOWAIT]
func inMemory(fd uintptr, at int64) bool {
	var b [1]byte
	v := unix.Iovec{Base: &b[0]}
	v.SetLen(1)
	k, _, no := unix.RawSyscall6(unix.SYS_PREADV2, fd, uintptr(unsafe.Pointer(&v)), 1, uintptr(at), 0, unix.RWF_NOWAIT)
	return no == 0 && k == 1
}

// vector is what sendmsg is asked with.
type vector struct {
	iov [2]unix.Iovec
	hdr unix.Msghdr
}

// put gives octets to the client's TCP without waiting, and tells how many it
// had room for; fewer than all without an error does not mean that it has none.
func (c *conn) put(v *vector, head, body []byte, more bool) (int, error) {
	n := 0
	for _, b := range [][]byte{head, body} {
		if len(b) > 0 {
			v.iov[n].Base = unsafe.SliceData(b)
			v.iov[n].SetLen(len(b))
			n++
		}
	}
	v.hdr = unix.Msghdr{Iov: &v.iov[0]}
	v.hdr.SetIovlen(n)
	flags := unix.MSG_NOSIGNAL | unix.MSG_DONTWAIT
	if more {
		flags |= unix.MSG_MORE
	}
	// It does not wait, so the scheduler is not told of it: its watcher would
	// look at every one that takes 20 us.
	given, _, no := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(c.fd), uintptr(unsafe.Pointer(&v.hdr)), uintptr(flags))
	v.iov = [2]unix.Iovec{}
	runtime.KeepAlive(head)
	runtime.KeepAlive(body)
	switch no {
	case 0:
		c.out.Add(int64(given))
		return int(given), nil
	case unix.EINTR:
		return 0, nil
	case unix.EAGAIN:
		return 0, no
	}
	return 0, os.NewSyscallError("sendmsg", no)
}

// pace is how a client takes in what it is given.
type pace struct {
	moved  time.Time // when it last did
	had    int64     // what it had taken by then
	paused bool      // it takes nothing
	came   bool      // it has come back from that
}

// watchPace begins to look at the pace of a client.
func (c *conn) watchPace() { c.pace.moved, c.pace.had = time.Now(), c.taken() }

// glance is how long may pass between two looks at it.
func (c *conn) glance() time.Duration { return min(c.t.limits.FirstStall, c.t.limits.Stall) / 4 }

// stopped looks at it, and reports that the client is to be given up: that it
// has taken nothing for Limits.FirstStall, or Limits.Stall once it has come back
// from such a pause or nobody waits for its place. Phones write flash, others
// never read. How slow a line may be is not ours to say.
func (c *conn) stopped() bool {
	p, limit := &c.pace, c.t.limits.Stall
	if !p.came && c.t.pressed() {
		limit = min(c.t.limits.FirstStall, limit)
	}
	switch now := c.taken(); {
	case now != p.had:
		p.came = p.came || p.paused
		p.moved, p.had, p.paused = time.Now(), now, false
	case time.Since(p.moved) >= limit:
		return true
	default:
		p.paused = true
	}
	return false
}
