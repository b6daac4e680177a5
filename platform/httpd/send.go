package httpd

import (
	"errors"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// ErrDefect is how an answer ends that a panic cut off.
var ErrDefect = errors.New("defect")

// ErrShort is how an answer ends whose content ended before its Size.
var ErrShort = errors.New("the content ended early")

// progressStep is what of a large content is given to the client's TCP before
// it is told how far it is.
const progressStep = 1 << 20

// send sends an answer: head and body in one piece where the body is in memory.
// sent counts octets of the body.
func (t *site) send(c *conn, w *worker, kept bool) (sent int64, err error) {
	b, a := w.b, &w.b.a
	b.out = b.q.appendHead(b.out[:0], a, kept, t.s.date())
	switch {
	case b.q.Head || a.Size == 0:
		return 0, c.give(b, nil, false)
	case a.Content == nil:
		if err := c.give(b, a.Body, false); err != nil {
			return 0, err
		}
		a.progress(int64(len(a.Body)))
		return int64(len(a.Body)), nil
	}
	w.l.replace(w) // it may take a while
	if err := c.give(b, nil, true); err != nil {
		return 0, err
	}
	for sent < a.Size {
		part := io.LimitedReader{R: a.Content, N: min(a.Size-sent, progressStep)}
		want := part.N
		n, err := c.ReadFrom(&part)
		sent += n
		a.progress(sent)
		if err == nil && n < want {
			err = ErrShort
		}
		if err != nil {
			return sent, err
		}
	}
	return sent, nil
}

func (a *Answer) progress(sent int64) {
	if a.Progress != nil {
		a.Progress(sent)
	}
}

// appendHead appends the head of an answer, the lines in the order net/http has
// them in.
func (q *Question) appendHead(b []byte, a *Answer, kept bool, date string) []byte {
	version := "HTTP/1.1 "
	if q.old {
		version = "HTTP/1.0 "
	}
	b = append(b, version...)
	b = strconv.AppendInt(b, int64(a.Status), 10)
	b = append(append(append(b, ' '), http.StatusText(a.Status)...), "\r\n"...)
	const length = "Content-Length"
	said := false
	for _, f := range a.Fields {
		if !said && f.Name > length {
			b, said = appendLength(b, a.Size), true
		}
		b = append(append(append(append(b, f.Name...), ": "...), f.Value...), "\r\n"...)
	}
	if !said {
		b = appendLength(b, a.Size)
	}
	b = append(append(append(b, "Date: "...), date...), "\r\n"...)
	switch {
	case !q.old && !kept:
		b = append(b, "Connection: close\r\n"...)
	case q.old && kept:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	return append(b, "\r\n"...)
}

func appendLength(b []byte, n int64) []byte {
	return append(strconv.AppendInt(append(b, "Content-Length: "...), n, 10), "\r\n"...)
}

// date is the Date of an answer, made once a second.
func (s *Server) date() string {
	now := time.Now()
	if d := s.lastDate.Load(); d != nil && d.second == now.Unix() {
		return d.text
	}
	d := &dateLine{now.Unix(), now.UTC().Format(http.TimeFormat)}
	s.lastDate.Store(d)
	return d.text
}

type dateLine struct {
	second int64
	text   string
}

type lastDate = atomic.Pointer[dateLine]

// give gives the head in b.out and a body to the client's TCP. Nearly always there
// is room for them; what there is none for is pushed.
func (c *conn) give(b *buffer, body []byte, more bool) error {
	head := b.out
	b.iov[0].Base = unsafe.SliceData(head)
	b.iov[0].SetLen(len(head))
	b.hdr = unix.Msghdr{Iov: &b.iov[0]}
	b.hdr.SetIovlen(1)
	if len(body) > 0 {
		b.iov[1].Base = unsafe.SliceData(body)
		b.iov[1].SetLen(len(body))
		b.hdr.SetIovlen(2)
	}
	flags := unix.MSG_NOSIGNAL | unix.MSG_DONTWAIT
	if more {
		flags |= unix.MSG_MORE
	}
	// It does not wait, so the scheduler is not told of it: its watcher would
	// look at every one that takes 20 us.
	given, _, no := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(c.fd), uintptr(unsafe.Pointer(&b.hdr)), uintptr(flags))
	b.iov = [2]unix.Iovec{}
	runtime.KeepAlive(head)
	runtime.KeepAlive(body)
	n := 0
	switch no {
	case 0:
		n = int(given)
		c.out.Add(int64(n))
	case unix.EAGAIN, unix.EINTR:
	default:
		return os.NewSyscallError("sendmsg", no)
	}
	if n < len(head) {
		if _, err := c.Write(head[n:]); err != nil {
			return err
		}
		n = len(head)
	}
	if n -= len(head); n < len(body) {
		_, err := c.Write(body[n:])
		return err
	}
	return nil
}
