package httpd

import (
	"cmp"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// conn is an accepted connection: first a loop's, and net/http's once something
// came that is no Question.
type conn struct {
	descriptor
	*net.TCPConn  // net/http's; of a loop's another way to the socket while it has no room, see widen
	t             *tracker
	at            int // among its connections; guarded by t.mu
	local, remote netip.AddrPort
	since         time.Time
	in, out       atomic.Int64
	requests      atomic.Int64
	idle          atomic.Bool // between two requests
	lines         lines
	once          sync.Once
	site          *site
	own           atomic.Bool // it is not net/http's; set under mu

	begun   bool      // the time for a head runs
	pace    pace      // of a client that has no room
	rest    []byte    // of a head, and what else was read before it was handed over
	restErr error     // and what came then
	headBy  time.Time // when the head that is being read has to be there

	arrivals
	lingers bool // it has its last answer; of its loop, as the next

	going    *delivery // what is on its way
	heard    uint32    // what the loop was told meanwhile
	bothWays bool      // the loop is told of room
}

// What is given to the client's TCP at a time: of what is in memory, and of a
// file, which the kernel sends as fast as the client takes it in. A deadline that
// comes meanwhile only has it looked how much was taken.
const (
	step     = 128 << 10
	fileStep = portion
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
	c.settle(false)
	return n, err
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
			part := b[total:min(len(b), total+step)]
			n, err := 0, error(nil)
			if c.TCPConn != nil {
				n, err = c.TCPConn.Write(part)
				c.out.Add(int64(n))
			} else {
				n, err = c.put(new(vector), part, nil, false)
			}
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
// called again, as long as the client takes in what it was given before.
func (c *conn) push(f func() error) error {
	c.watchPace()
	for {
		if c.TCPConn != nil {
			if err := c.TCPConn.SetWriteDeadline(time.Now().Add(c.glance())); err != nil {
				return err
			}
		}
		err := f()
		if errors.Is(err, unix.EAGAIN) && c.TCPConn == nil {
			if err := c.widen(); err != nil {
				return err
			}
			continue
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || c.stopped() {
			return err
		}
	}
}

// widen makes a second way to the socket of a loop's connection, on which the
// runtime waits for room. Whoever leads the loop does not from here on.
func (c *conn) widen() error {
	c.loop.replace(c.worker)
	fd, err := unix.FcntlInt(uintptr(c.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("fcntl", err)
	}
	c.TCPConn, err = adopt(fd)
	return err
}

// narrow is the end of that.
func (c *conn) narrow() {
	if c.TCPConn != nil {
		_ = c.TCPConn.Close()
		c.TCPConn = nil
	}
}

// taken is how much the client's TCP has acknowledged.
func (c *conn) taken() int64 {
	queued := 0
	_ = c.inspect(func(fd uintptr) { queued = unacknowledged(int(fd)) })
	return c.out.Load() - int64(queued)
}

// unacknowledged is how many octets the client's TCP has yet to acknowledge. It does
// not wait, see put. [tcp(7), SIOCOUTQ]
func unacknowledged(fd int) int {
	var n int32
	_, _, _ = unix.RawSyscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCOUTQ, uintptr(unsafe.Pointer(&n)))
	return int(n)
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
	var file Positioned
	switch r := lr.R.(type) {
	case Positioned:
		file = r
	case *os.File:
		file = alone{r}
	default:
		return io.Copy(onlyWriter{c}, lr)
	}
	var total int64
	for lr.N > 0 {
		ended := false
		err := c.push(func() error {
			want := min(lr.N, fileStep)
			n, err := c.sendfile(file, int(want))
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

// alone is a file that nobody else reads: its position is the reader's.
type alone struct{ *os.File }

// Positioned implements Positioned.
func (f alone) Positioned() (*os.File, int64) {
	at, _ := f.Seek(0, io.SeekCurrent) // a file that has no position has no sendfile either
	return f.File, at
}

// sendfile has the kernel send so many octets and moves the reader on; fewer
// without an error = the file is at its end.
func (c *conn) sendfile(src Positioned, most int) (sent int64, err error) {
	file, at := src.Positioned()
	from, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	n := 0
	var failed error
	give := func(in, out uintptr) (room bool) {
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
	}
	cerr := from.Control(func(in uintptr) {
		if c.TCPConn == nil {
			if !give(in, uintptr(c.fd)) {
				err = unix.EAGAIN
			}
			return
		}
		out, no := c.TCPConn.SyscallConn()
		if err = no; err == nil {
			err = out.Write(func(out uintptr) bool { return give(in, out) })
		}
	})
	c.out.Add(int64(n))
	_, _ = src.Seek(int64(n), io.SeekCurrent)
	return int64(n), cmp.Or(cerr, err, failed)
}

// onlyWriter hides ReadFrom from io.Copy.
type onlyWriter struct{ io.Writer }

// Close implements net.Conn. One that a loop has is ended by whoever works on it.
func (c *conn) Close() error {
	c.once.Do(func() { c.t.gone(c) })
	c.cut.Store(true)
	if c.own.Load() && c.shut() {
		return nil
	}
	if tcp := c.handed(); tcp != nil {
		c.settle(true)
		return tcp.Close()
	}
	return nil
}

// handed is the connection once it is net/http's, or nil.
func (c *conn) handed() *net.TCPConn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.own.Load() {
		return nil
	}
	return c.TCPConn
}

// finish closes one that a loop has; it is for who works on it.
func (c *conn) finish() {
	c.once.Do(func() { c.t.gone(c) })
	c.loop.forget(c)
	c.settle(true)
	if fd := c.disown(); fd >= 0 { // which does not wait, see put
		_, _, _ = unix.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	}
}

// leave makes it one that net/http can have; it is for who works on it.
func (c *conn) leave() error {
	c.loop.forget(c)
	if err := c.loop.control(unix.EPOLL_CTL_DEL, c.fd, 0); err != nil {
		c.finish()
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	c.TCPConn, err = adopt(c.fd)
	c.fd = -1
	c.own.Store(false)
	return err
}

// adopt makes a connection of package net of a socket, whose number is closed.
func adopt(fd int) (*net.TCPConn, error) {
	f := os.NewFile(uintptr(fd), "connection")
	defer f.Close()
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// spare reports that the connection may be closed to make room: nothing is
// being asked or answered on it.
func (c *conn) spare(now time.Time) bool {
	return c.idle.Load() || c.in.Load() == 0 && now.Sub(c.since) > time.Second
}
