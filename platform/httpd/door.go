package httpd

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"option150/platform/sockaddr"

	"golang.org/x/sys/unix"
)

// door is a listening socket. What it accepts is a number, not yet a connection
// of package net: that would cost four system calls which most do not need. Who
// leads the loop opens it when somebody comes.
type door struct {
	*os.File
	raw   syscall.RawConn
	fd    int32
	local netip.AddrPort // of what comes in; not valid = each has its own
	over  chan error     // why nobody comes in any more

	mu    sync.Mutex
	site  *site
	pause time.Duration // before the next look, while no descriptor is left
}

const (
	guests      = 32          // let in before others have their turn
	acceptPause = time.Second // the longest pause after a passing failure
)

// newDoor makes a door of l, which is closed.
func newDoor(l *net.TCPListener) (*door, error) {
	defer l.Close()
	raw, err := l.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, failed := -1, error(nil)
	err = raw.Control(func(s uintptr) {
		// What is accepted has the option from here.
		if failed = os.NewSyscallError("setsockopt", unix.SetsockoptInt(int(s), unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)); failed == nil {
			fd, failed = unix.FcntlInt(s, unix.F_DUPFD_CLOEXEC, 0)
		}
	})
	if err = cmp.Or(err, failed); err != nil {
		return nil, err
	}
	// It would be the runtime's to wait on if it did not block now.
	err = unix.SetNonblock(fd, false)
	d := &door{File: os.NewFile(uintptr(fd), l.Addr().String()), fd: int32(fd), over: make(chan error, 1)}
	err = cmp.Or(err, unix.SetNonblock(fd, true))
	if err == nil {
		d.raw, err = d.SyscallConn()
	}
	if err != nil {
		_ = d.Close()
		return nil, err
	}
	if at := addrPort(l.Addr()); !at.Addr().IsUnspecified() {
		d.local = at
	}
	return d, nil
}

// Close implements listen.Socket.
func (d *door) Close() error {
	defer d.ends(net.ErrClosed)
	return d.File.Close()
}

// ends has nobody come in any more; the first reason stands.
func (d *door) ends(err error) {
	select {
	case d.over <- err:
	default:
	}
}

// Serve implements listen.Server.
func (t *site) Serve(d *door) error {
	loop, err := t.s.theLoop()
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.site = t
	d.mu.Unlock()
	if err := loop.watch(d); err != nil {
		return err
	}
	defer loop.unwatch(d)
	return <-d.over
}

// watch has the loop look after a door.
func (l *loop) watch(d *door) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doors[d.fd] = d
	var err error
	closed := d.raw.Control(func(s uintptr) { err = l.control(unix.EPOLL_CTL_ADD, int(s), unix.EPOLLIN|unix.EPOLLET) })
	if err = cmp.Or(closed, err); err != nil {
		delete(l.doors, d.fd)
	}
	return err
}

// unwatch is the end of that. The number may be another's by now.
func (l *loop) unwatch(d *door) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.doors[d.fd] == d {
		delete(l.doors, d.fd)
	}
}

// open lets in who stands at a door.
func (w *worker) open(d *door) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var err error
	if d.raw.Control(func(s uintptr) { err = w.letIn(d, int(s)) }) != nil {
		return // it is closed
	}
	var no unix.Errno
	switch {
	case err == nil: // there may be more
		d.pause = 0
		w.l.again(errand{d: d})
	case err == unix.EAGAIN:
		d.pause = 0
	case errors.As(err, &no) && no.Temporary():
		d.pause = min(max(2*d.pause, 5*time.Millisecond), acceptPause)
		time.AfterFunc(d.pause, func() { w.l.again(errand{d: d}) })
	default:
		d.ends(err)
	}
}

// letIn takes connections in, or turns them away.
func (w *worker) letIn(d *door, s int) error {
	t := d.site
	for range guests {
		fd, local, remote, err := d.next(s, &w.b.end)
		if err == unix.ECONNABORTED || err == unix.EINTR {
			continue
		}
		if err != nil {
			return err
		}
		c := t.s.tracker.admit(fd, local, remote, w.l, t)
		if c == nil {
			t.s.tracker.turnAway(fd, &t.s.background)
			continue
		}
		if err := w.l.add(c); err != nil {
			c.finish()
			return err
		}
	}
	return nil
}

// next takes a connection that waits. Package unix would ask the kernel what kind
// of socket that is.
func (d *door) next(s int, end *sockaddr.Raw) (fd int, local, remote netip.AddrPort, err error) {
	size := uint32(unsafe.Sizeof(*end))
	n, _, no := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(s), uintptr(unsafe.Pointer(end)), uintptr(unsafe.Pointer(&size)), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
	switch no {
	case 0:
	case unix.EAGAIN, unix.ECONNABORTED, unix.EINTR:
		return -1, local, remote, no
	default:
		return -1, local, remote, os.NewSyscallError("accept4", no)
	}
	remote = sockaddr.AddrPort(end)
	if local = d.local; !local.IsValid() {
		size = uint32(unsafe.Sizeof(*end))
		if _, _, no := unix.RawSyscall(unix.SYS_GETSOCKNAME, n, uintptr(unsafe.Pointer(end)), uintptr(unsafe.Pointer(&size))); no != 0 {
			_ = unix.Close(int(n))
			return -1, local, remote, unix.ECONNABORTED
		}
		local = sockaddr.AddrPort(end)
	}
	return int(n), local, remote, nil
}

func addrPort(a net.Addr) netip.AddrPort {
	if t, ok := a.(*net.TCPAddr); ok {
		p := t.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}
