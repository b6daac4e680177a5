package httpd

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// descriptor is the socket of a connection that a loop has. Only who works on it
// reads, writes and closes it; whoever else wants its end shuts it down, and the
// loop is told of that.
type descriptor struct {
	loop *loop
	by   atomic.Int64 // when the client has to have asked, since epoch; 0 = it may take its time

	mu      sync.Mutex
	fd      int     // -1: closed, or net/http's
	busy    bool    // somebody works on it
	pending uint32  // what the loop was told meanwhile
	asked   *asking // who wants to know of the end of the client
	worker  *worker
	round   uint64 // of its loop when somebody worked on it last
}

// epoch is what times of descriptors count from.
var epoch = time.Now()

// readBy says until when the client has to have asked.
func (d *descriptor) readBy(t time.Time) { d.by.Store(int64(t.Sub(epoch))) }

// noHurry lets it take its time.
func (d *descriptor) noHurry() { d.by.Store(0) }

// late reports that it has not.
func (d *descriptor) late(now time.Time) bool {
	by := d.by.Load()
	return by != 0 && int64(now.Sub(epoch)) >= by
}

// claim makes w the one who works on it, or leaves the events to who does. What
// the kernel told of may have been read by then, by who worked on it before: t is
// forgotten.
func (d *descriptor) claim(w *worker, events uint32, t *told) bool {
	d.mu.Lock()
	if !d.busy && d.fd >= 0 {
		d.busy, d.worker = true, w
		if d.round >= t.round {
			*t = told{}
		}
		d.mu.Unlock()
		return true
	}
	d.pending |= events
	asked := d.asked
	gone := asked != nil && d.gone()
	d.mu.Unlock()
	if gone {
		asked.cancel()
	}
	return false
}

// release ends the work on it; what came meanwhile is to be worked on.
func (d *descriptor) release() (events uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if events, d.pending = d.pending, 0; events == 0 {
		d.rest()
	}
	return events
}

// rests ends the work on it for now, and tells what came meanwhile.
func (d *descriptor) rests() (events uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	events, d.pending = d.pending, 0
	d.rest()
	return events
}

// rest ends the work on it. The lock is held.
func (d *descriptor) rest() { d.busy, d.worker, d.round = false, nil, d.loop.rounds.Load() }

// gone reports that the client has. The lock is held.
func (d *descriptor) gone() bool {
	if d.fd < 0 {
		return true
	}
	var b [1]byte
	n, _, err := unix.Recvfrom(d.fd, b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return err == nil && n == 0 || err != nil && err != unix.EAGAIN && err != unix.EINTR
}

// watch has a cancelled when the client goes.
func (d *descriptor) watch(a *asking) (gone bool) {
	d.mu.Lock()
	d.asked = a
	gone = d.gone()
	w := d.worker
	d.mu.Unlock()
	d.loop.replace(w) // who asks waits
	return gone
}

func (d *descriptor) unwatch() {
	d.mu.Lock()
	d.asked = nil
	d.mu.Unlock()
}

// control has f look at the socket, whoever works on it.
func (d *descriptor) control(f func(fd uintptr)) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fd < 0 {
		return net.ErrClosed
	}
	f(uintptr(d.fd))
	return nil
}

// take reads what has come, without waiting.
func (d *descriptor) take(b []byte) (int, error) {
	for {
		n, _, no := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(d.fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
		switch {
		case no == 0 && n == 0:
			return 0, io.EOF
		case no == 0:
			return int(n), nil
		case no != unix.EINTR:
			return 0, no
		}
	}
}

// shut ends what is sent and received on it, if it is there.
func (d *descriptor) shut() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.fd >= 0 && unix.Shutdown(d.fd, unix.SHUT_RDWR) != unix.EBADF
}

// disown takes the number from it: from then on nobody else uses it.
func (d *descriptor) disown() (fd int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fd, d.fd = d.fd, -1
	return fd
}
