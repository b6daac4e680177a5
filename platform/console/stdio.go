package console

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// stdio serves the terminal or pipe the process was started on.
func (o *Options) stdio(ctx context.Context) error {
	in, out := int(o.Stdin.Fd()), int(o.Stdout.Fd())
	s, err := newPolled(ctx, in, out)
	if err != nil {
		return fmt.Errorf("console: %w", err)
	}
	defer s.close()
	d := Door{Stream: s}
	if term.IsTerminal(in) && term.IsTerminal(out) {
		state, err := term.MakeRaw(in)
		if err != nil {
			return fmt.Errorf("console: %w", err)
		}
		// On every way out, a panic of the handler included.
		defer term.Restore(in, state)
		s.chunk = ttyChunk
		d.Interactive = true
		d.Width, d.Height = window(out)
		resize, stop := follow(out)
		defer stop()
		d.Resize = resize
	}
	o.session(ctx, d)
	return nil
}

// window is the size of a terminal; one that does not say is a VT100.
func window(fd int) (width, height int) {
	width, height, err := term.GetSize(fd)
	if err != nil || width <= 0 || height <= 0 {
		return 80, 24
	}
	return width, height
}

// follow sends the size of the terminal whenever it changes.
func follow(fd int) (<-chan Size, func()) {
	sizes := make(chan Size, 1)
	signals := make(chan os.Signal, 1)
	end := make(chan struct{})
	var work sync.WaitGroup
	signal.Notify(signals, syscall.SIGWINCH)
	work.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-signals:
			}
			var z Size
			z.Width, z.Height = window(fd)
			select { // an older one that nobody took gives way
			case <-sizes:
			default:
			}
			sizes <- z
		}
	})
	return sizes, func() {
		signal.Stop(signals)
		close(end)
		work.Wait()
	}
}

// What may be written without blocking once the descriptor is writable: a pipe
// has room for PIPE_BUF then; a terminal for less. [pipe(7), tty drivers wake a
// writer at 256 bytes]
const (
	pipeChunk = 4096
	ttyChunk  = 256
)

// polled is stdin and stdout with reads and writes that can be given up. The
// descriptors are shared with other processes, so they stay blocking, and no
// goroutine is left behind in a read.
type polled struct {
	ctx     context.Context
	in, out int
	chunk   int
	wake    int // eventfd, readable once the context has ended or close was called

	use    sync.RWMutex // read-locked by who waits on wake; close takes it
	closed atomic.Bool
	stop   func() bool
}

func newPolled(ctx context.Context, in, out int) (*polled, error) {
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, err
	}
	p := &polled{ctx: ctx, in: in, out: out, chunk: pipeChunk, wake: wake}
	p.stop = context.AfterFunc(ctx, p.awake)
	return p, nil
}

// awake ends every wait, now and later.
func (p *polled) awake() {
	p.use.RLock()
	defer p.use.RUnlock()
	if p.wake >= 0 {
		// Eight bytes that are not zero, whatever the byte order.
		_, _ = unix.Write(p.wake, []byte{1, 0, 0, 0, 0, 0, 0, 1})
	}
}

// close gives the descriptor back once nobody waits on it: its number may be
// another file's at once.
func (p *polled) close() {
	p.stop()
	p.closed.Store(true)
	p.awake()
	p.use.Lock()
	defer p.use.Unlock()
	unix.Close(p.wake)
	p.wake = -1
}

// ready waits until fd can be used; false when the context has ended or the
// stream was closed.
func (p *polled) ready(fd int, events int16) bool {
	p.use.RLock()
	defer p.use.RUnlock()
	for {
		if p.ctx.Err() != nil || p.closed.Load() {
			return false
		}
		fds := []unix.PollFd{{Fd: int32(fd), Events: events}, {Fd: int32(p.wake), Events: unix.POLLIN}}
		n, err := unix.Poll(fds, -1)
		switch {
		case err == unix.EINTR || err == nil && n == 0:
		case err != nil, fds[0].Revents != 0:
			return true // the read or write tells what is wrong
		}
	}
}

// Read implements io.Reader.
func (p *polled) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for {
		if !p.ready(p.in, unix.POLLIN) {
			return 0, io.EOF
		}
		n, err := unix.Read(p.in, b)
		switch {
		case err == unix.EINTR || err == unix.EAGAIN:
		case err == unix.EIO || err == nil && n == 0:
			return 0, io.EOF // the terminal is gone, or the pipe is at its end
		case err != nil:
			return 0, fmt.Errorf("console: %w", err)
		default:
			return n, nil
		}
	}
}

// Write implements io.Writer.
func (p *polled) Write(b []byte) (int, error) {
	done := 0
	for done < len(b) {
		if !p.ready(p.out, unix.POLLOUT) {
			return done, cmp.Or(context.Cause(p.ctx), io.ErrClosedPipe)
		}
		n, err := unix.Write(p.out, b[done:min(len(b), done+p.chunk)])
		switch {
		case err == unix.EINTR || err == unix.EAGAIN:
		case err != nil:
			return done, fmt.Errorf("console: %w", err)
		default:
			done += n
		}
	}
	return done, nil
}
