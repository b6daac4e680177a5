package httpd

import (
	"errors"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loop has the connections on which phones ask. One worker at a time leads it:
// the kernel tells him who has asked something, and he answers them one after
// another; where there are many, others help. With a goroutine for each
// connection every request would be a read in vain, a sleep and a wake-up, and
// every new one a stack that grows. [epoll(7)]
//
// Whoever leads must not wait. What a client has no room for waits with its
// connection, see delivery. A worker whose question goes to another server, whose
// file is not in memory, or who is busy for longer than stuck is replaced: the next
// one leads from there on, and he ends with the connection he has.
type loop struct {
	s     *Server
	epoll int
	queue syscall.RawConn    // of epoll: the runtime waits on it
	told  int                // by the kernel
	hears func(uintptr) bool // hear, made once
	close func() error
	bell  int // an eventfd that ends the wait

	mu      sync.Mutex
	conns   []*conn // by their numbers
	count   int     // of them
	doors   map[int32]*door
	leader  *worker
	waiting bool // in the kernel
	ready   []unix.EpollEvent
	errands []errand // of this round, from at on
	at      int
	more    []errand      // of the next
	rounds  atomic.Uint64 // of asking the kernel, the one that goes on included
	ending  bool
	helpers int
	owing   atomic.Int32 // connections with answers that were not acknowledged yet

	timer *time.Timer
	brisk bool   // the timer looks after the leader
	last  uint64 // rounds when it did last
	swept time.Time
}

// errand is a connection that something came on, or a door at which somebody
// stands.
type errand struct {
	c      *conn
	d      *door
	events uint32
	told
}

// told is when the kernel told of something that had come; zero = it did not.
type told struct {
	round uint64
	at    time.Time
}

// worker is a goroutine of a loop with what it needs to answer.
type worker struct {
	l     *loop
	b     *buffer
	helps bool // he does not lead; guarded by l.mu
}

const (
	loopBatch = 128                   // connections told of at a time
	crowd     = 8                     // of them are too many for one worker
	stuck     = 20 * time.Millisecond // after which a leader is replaced, at most twice this
)

func newLoop(s *Server) (*loop, error) {
	l := &loop{s: s, doors: map[int32]*door{}, ready: make([]unix.EpollEvent, loopBatch)}
	var err error
	if l.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	_ = unix.SetNonblock(l.epoll, true) // or the runtime would not wait on it
	file := os.NewFile(uintptr(l.epoll), "connections")
	l.close = file.Close
	if l.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = file.Close()
		return nil, os.NewSyscallError("eventfd", err)
	}
	l.close = func() error { return errors.Join(file.Close(), unix.Close(l.bell)) }
	if l.queue, err = file.SyscallConn(); err == nil {
		err = l.control(unix.EPOLL_CTL_ADD, l.bell, unix.EPOLLIN)
	}
	if err != nil {
		_ = l.close()
		return nil, err
	}
	l.hears = l.hear
	l.timer = time.AfterFunc(time.Hour, l.look)
	l.timer.Stop()
	l.lead()
	return l, nil
}

func (l *loop) control(op, fd int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(l.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}))
}

// wait waits until the kernel tells something of somebody, and tells how many
// they are. A thread of its own that sleeps in epoll_wait would have the
// scheduler look after it again and again.
func (l *loop) wait() int {
	_ = l.queue.Read(l.hears)
	return l.told
}

func (l *loop) hear(uintptr) bool {
	l.told = l.poll()
	return l.told != 0
}

// poll asks the kernel without waiting; -1: not now.
func (l *loop) poll() int {
	n, _, no := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(l.epoll), uintptr(unsafe.Pointer(&l.ready[0])), uintptr(len(l.ready)), 0, 0, 0)
	if no != 0 {
		return -1
	}
	return int(n)
}

// end has the loop end when it has no connections any more.
func (l *loop) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ending {
		l.ending = true
		l.ring()
	}
}

// ring ends the wait of the leader.
func (l *loop) ring() { _, _ = unix.Write(l.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

// What the kernel is asked to tell of a connection: each change once.
const (
	telling = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET
	over    = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR
)

// add takes a connection in.
func (l *loop) add(c *conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c.fd >= len(l.conns) {
		l.conns = append(l.conns, make([]*conn, max(64, len(l.conns)))...)
	}
	l.conns[c.fd] = c
	if l.count++; l.count == 1 && !l.brisk {
		l.timer.Reset(l.pause())
	}
	err := l.control(unix.EPOLL_CTL_ADD, c.fd, telling)
	if err != nil {
		l.drop(c)
	}
	return err
}

// drop takes a connection out if it is in. The lock is held.
func (l *loop) drop(c *conn) {
	if c.fd >= 0 && c.fd < len(l.conns) && l.conns[c.fd] == c {
		l.conns[c.fd] = nil
		l.count--
	}
}

// known is the connection of a number, or nil. The lock is held.
func (l *loop) known(fd int32) *conn {
	if int(fd) < len(l.conns) {
		return l.conns[fd]
	}
	return nil
}

// forget takes a connection out.
func (l *loop) forget(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(c)
	if l.ending && l.waiting && l.count == 0 {
		l.ring()
	}
}

// again has an errand done in the next round.
func (l *loop) again(e errand) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.more = append(l.more, e)
	if l.waiting { // nobody looks at it otherwise
		l.ring()
	}
}

// lead starts the first worker, or the next. The lock is held, or nobody else
// knows the loop.
func (l *loop) lead() {
	w := &worker{l: l, b: buffers.Get().(*buffer)}
	l.leader = w
	go w.run()
}

// replace has another worker do what w does, who is going to wait.
func (l *loop) replace(w *worker) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case w == nil:
	case w.helps:
		l.release(w)
	case l.leader == w && !l.waiting:
		l.lead()
	}
}

// release lets a helper go. The lock is held.
func (l *loop) release(w *worker) {
	w.helps = false
	l.helpers--
}

func (w *worker) run() {
	for {
		e, leads := w.l.next(w)
		if !leads {
			break
		}
		w.do(e)
	}
	w.done()
}

func (w *worker) do(e errand) {
	if e.d != nil {
		w.open(e.d)
	} else {
		w.handle(e)
	}
}

func (w *worker) done() {
	w.b.d.reset()
	buffers.Put(w.b)
}

// next waits for the next errand of w; false: he does not lead any more.
func (l *loop) next(w *worker) (errand, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.leader == w {
		if e, ok := l.pop(); ok {
			return e, true
		}
		clear(l.errands)
		l.errands, l.at = append(l.errands[:0], l.more...), 0
		l.more = l.more[:0]
		if l.ending && l.count == 0 {
			l.leader = nil
			l.timer.Stop()
			_ = l.close()
			return errand{}, false
		}
		wait := l.wait
		if len(l.errands) > 0 {
			wait = l.poll
		}
		l.waiting = true
		t := told{round: l.rounds.Add(1)}
		l.mu.Unlock()
		n := wait()
		t.at = time.Now()
		l.mu.Lock()
		l.waiting = false
		for _, e := range l.ready[:max(n, 0)] {
			if c := l.known(e.Fd); c != nil {
				x := errand{c: c, events: e.Events}
				if e.Events&unix.EPOLLIN != 0 {
					x.told = t
				}
				l.errands = append(l.errands, x)
			} else if d := l.doors[e.Fd]; d != nil {
				l.errands = append(l.errands, errand{d: d})
			} else if int(e.Fd) == l.bell {
				_, _ = unix.Read(l.bell, make([]byte, 8))
			}
		}
		if len(l.errands) >= crowd {
			l.help()
		}
		if !l.brisk && len(l.errands) > 0 {
			l.brisk = true
			l.timer.Reset(stuck)
		}
	}
	return errand{}, false
}

// pop takes the next errand of the round. The lock is held.
func (l *loop) pop() (errand, bool) {
	if l.at == len(l.errands) {
		return errand{}, false
	}
	l.at++
	return l.errands[l.at-1], true
}

// help has others do a part of a round that is long. The lock is held.
func (l *loop) help() {
	for l.helpers < min(runtime.GOMAXPROCS(0)-1, len(l.errands)/crowd) {
		l.helpers++
		go (&worker{l: l, b: buffers.Get().(*buffer), helps: true}).help()
	}
}

func (w *worker) help() {
	defer w.done()
	for {
		w.l.mu.Lock()
		e, ok := errand{}, false
		if w.helps {
			if e, ok = w.l.pop(); !ok {
				w.l.release(w)
			}
		}
		w.l.mu.Unlock()
		if !ok {
			return
		}
		w.do(e)
	}
}

// pause is how long may pass between two looks at whose time is over.
func (l *loop) pause() time.Duration {
	all := l.s.limits
	return min(max(min(all.ReadHeader, all.Idle, all.FirstStall, all.Stall)/8, 5*time.Millisecond), time.Second)
}

// look replaces a leader who is stuck and ends connections whose time is over.
func (l *loop) look() {
	l.mu.Lock()
	now := time.Now()
	round := l.rounds.Load()
	if l.brisk && !l.waiting && l.last == round && l.leader != nil {
		l.lead()
	}
	l.brisk = !l.waiting || l.last != round
	l.last = round
	var late []*conn
	if calm := !l.brisk && l.owing.Load() > 0; calm || now.Sub(l.swept) >= l.pause() {
		l.swept = now
		for _, c := range l.conns {
			if c != nil && (c.late(now) || c.owes.Load() > 0) {
				late = append(late, c)
			}
		}
	}
	switch {
	case l.brisk:
		l.timer.Reset(stuck)
	case l.owing.Load() > 0:
		l.timer.Reset(min(settling, l.pause()))
	case l.count > 0:
		l.timer.Reset(l.pause())
	}
	l.mu.Unlock()
	for _, c := range late {
		c.site.expire(c)
	}
}
