package tftp

import (
	"context"
	"net"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// hub reads the sockets that transfers run on. Each has a client or two who
// sends a packet at a time: with a goroutine for each socket every packet would
// be a wake-up, a read in vain and a sleep. One goroutine is told by the kernel
// which of them have something, and there are the more the more there is to do.
// [epoll(7)]
//
// It waits in the kernel and not in the runtime's poller: that would ask the
// kernel three times for every packet of a lone phone, and wake a thread that
// looks after waiting goroutines. Between two rounds it looks at what is due by
// time, see alarm.go: a goroutine for that would be woken again and again and
// wait for the locks of the shards.
type hub struct {
	srv    *Server
	once   sync.Once
	failed error
	epoll  int // descriptor

	mu    sync.Mutex
	socks map[int32]*hubSocket

	alarm   alarm
	waiting sync.Mutex
	placed  []*transfer // that have got what they waited for, see resume
}

// hubSocket is a socket of the hub.
type hubSocket struct {
	k    *socket
	w    *udpWire
	bad  int        // errors in a row
	dead chan error // it is of no more use
}

// hubBatch is how many sockets are looked at before the kernel is asked again.
const hubBatch = 128

// hubYield is how often the hub gives way to others that can run. Of one who
// runs for 10 ms the runtime's watcher takes the processor away at the next
// system call, and then looks every 20 us for a while.
const hubYield = 5 * time.Millisecond

func newHub(s *Server) *hub {
	h := &hub{srv: s, socks: map[int32]*hubSocket{}}
	h.alarm.at.Store(never)
	return h
}

// start opens the hub the first time.
func (h *hub) start() error {
	h.once.Do(func() {
		if h.failed = h.open(); h.failed == nil {
			rung := make(chan struct{})
			context.AfterFunc(h.srv.ctx, func() { h.alarm.ring(); close(rung) })
			h.srv.group.Go(func() error { h.run(); <-rung; return nil })
		}
	})
	return h.failed
}

func (h *hub) open() error {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	h.epoll = epoll
	if h.alarm.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		_ = unix.Close(epoll)
		return os.NewSyscallError("eventfd", err)
	}
	if err := h.add(int32(h.alarm.bell)); err != nil {
		_ = unix.Close(epoll)
		_ = unix.Close(h.alarm.bell)
		return err
	}
	return nil
}

// serve has the hub read w until it is closed or dies.
func (h *hub) serve(k *socket, w *udpWire) error {
	s := &hubSocket{k: k, w: w, dead: make(chan error, 1)}
	var at int32
	err := w.raw.Control(func(fd uintptr) { at = int32(fd) })
	if err == nil {
		h.mu.Lock()
		h.socks[at] = s
		h.mu.Unlock()
		defer h.forget(at, s)
		err = h.add(at)
	}
	if err != nil {
		return err
	}
	<-w.closed // and nothing else: there are 256 of these, and a select would double their stacks
	select {
	case err := <-s.dead:
		return err
	default:
		return net.ErrClosed
	}
}

func (h *hub) add(fd int32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(h.epoll, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{Events: unix.EPOLLIN, Fd: fd}))
}

// forget takes a socket out, unless its number is another's by now.
func (h *hub) forget(fd int32, s *hubSocket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.socks[fd] == s {
		delete(h.socks, fd)
	}
}

// run reads until the server ends.
func (h *hub) run() {
	in := newInbox(1)
	ready := make([]unix.EpollEvent, hubBatch)
	round := make([]*hubSocket, 0, hubBatch)
	var yielded time.Duration
	for h.srv.ctx.Err() == nil {
		n, err := unix.EpollWait(h.epoll, ready, h.sleep())
		h.alarm.awake()
		if err != nil && err != unix.EINTR {
			h.srv.defect("waiting for packets", err)
			time.Sleep(time.Second)
		}
		round = round[:0]
		h.mu.Lock()
		for _, e := range ready[:max(n, 0)] {
			if s := h.socks[e.Fd]; s != nil {
				round = append(round, s)
			} else if int(e.Fd) == h.alarm.bell {
				h.alarm.heard()
			}
		}
		h.mu.Unlock()
		for _, s := range round {
			h.read(s, in)
		}
		h.resumed()
		now := h.srv.now()
		h.look(now)
		if now-yielded > hubYield {
			yielded = now
			runtime.Gosched()
		}
	}
}

// close is called when nobody uses the hub any more.
func (h *hub) close() {
	h.once.Do(func() { h.failed = net.ErrClosed })
	if h.failed == nil {
		_ = unix.Close(h.epoll)
		_ = unix.Close(h.alarm.bell)
	}
}

// sleep is how long the kernel may let the hub wait.
func (h *hub) sleep() int {
	wait := h.alarm.wait(h.srv.now()) // from here on it is woken
	h.waiting.Lock()
	defer h.waiting.Unlock()
	if len(h.placed) > 0 {
		return 0
	}
	return wait
}

// resume has a transfer go on that got a place of the serving count. It waits
// for no lock of a shard, and may be called with one held.
func (h *hub) resume(t *transfer) {
	h.waiting.Lock()
	h.placed = append(h.placed, t)
	h.waiting.Unlock()
	if h.alarm.asleep.Load() {
		h.alarm.ring()
	}
}

// resumed lets those go on.
func (h *hub) resumed() {
	h.waiting.Lock()
	all := h.placed
	h.placed = nil
	h.waiting.Unlock()
	for _, t := range all {
		h.srv.contain("a place", func() {
			t.shard.mu.Lock()
			defer t.shard.unlock()
			t.shard.resumed(t, h.srv.now())
		})
	}
}

// look does what is due by time.
func (h *hub) look(now time.Duration) {
	if !h.alarm.due(now) {
		return
	}
	h.alarm.begin(now)
	for _, sh := range h.srv.shards {
		done := false
		h.srv.contain("the timers", func() { sh.expire(now); done = true })
		if !done {
			h.alarm.set(now + time.Second)
		}
	}
}

// read takes a packet of a socket. Whoever has more is told of again.
func (h *hub) read(s *hubSocket, in *inbox) {
	n, err := s.w.read(in)
	switch {
	case err == nil:
		s.bad = 0
		s.k.take(in.got[:n])
	case err == unix.EAGAIN:
	default:
		time.Sleep(time.Duration(s.bad) * time.Millisecond)
		if s.bad++; s.bad > transientErrors {
			select {
			case s.dead <- err:
			default:
			}
			_ = s.w.Close()
		}
	}
}
