package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/journal"
)

// Pauses of the loop. [facts/libraries.md 3]
const (
	afterFailure = time.Second
	afterSession = 200 * time.Millisecond
)

// holdMax is the input a serial console holds while the handler is busy: the
// line has no flow control, and a configuration is pasted at full speed.
const holdMax = 1 << 20

// serial opens the line, runs a session, and again, until the context ends.
func (o *Options) serial(ctx context.Context) {
	why, unfit := "", ""
	for ctx.Err() == nil {
		pause := afterSession
		speed := o.speed()
		f, err := openTTY(o.Device, speed)
		if err != nil && speed != o.Speed { // a speed it cannot have must not shut the console
			bad := err.Error()
			if f, err = openTTY(o.Device, o.Speed); err == nil && unfit != bad {
				unfit = bad
				journal.Or(o.Recorder).Record(Failed{Device: o.Device, Why: bad})
			}
		}
		if err != nil {
			pause = afterFailure
			if why != err.Error() {
				why = err.Error()
				o.stands(why)
				journal.Or(o.Recorder).Record(Failed{Device: o.Device, Why: why})
			}
		} else {
			why = ""
			o.stands(unfit)
			o.line(ctx, f, speed)
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

func (o *Options) stands(why string) {
	if o.Stands != nil {
		o.Stands(why)
	}
}

// line is one session on an open line.
func (o *Options) line(parent context.Context, f *os.File, speed int) {
	ctx, cancel := context.WithCancel(parent)
	p := &pump{f: f, o: o, speed: speed}
	p.more = sync.NewCond(&p.mu)
	stop := context.AfterFunc(ctx, p.end)
	var work sync.WaitGroup
	work.Go(func() {
		p.run()
		cancel() // the line is gone
	})
	o.session(ctx, Door{Stream: p, Interactive: true, Width: 80, Height: 24, Hangup: p.end})
	cancel()
	stop()
	p.end()
	work.Wait()
}

// speed is the speed the line is to have now.
func (o *Options) speed() int {
	if o.Wanted != nil {
		if n := o.Wanted(); n > 0 {
			return n
		}
	}
	return o.Speed
}

// Fit refuses a device that cannot be a console: one that is there and is no
// terminal. One that is not there may be plugged in later.
func Fit(device string) error {
	if device == None || device == Stdio || device == "" {
		return nil
	}
	info, err := os.Stat(device)
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		if err == nil {
			err = fmt.Errorf("console.device %s is no serial line", device)
		} else if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		return err
	}
	f, err := os.OpenFile(device, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil // who else has it, or keeps it closed, may let go of it
	}
	defer f.Close()
	raw, err := f.SyscallConn()
	if err != nil {
		return nil
	}
	tty := true
	err = raw.Control(func(fd uintptr) {
		_, err := unix.IoctlGetTermios(int(fd), unix.TCGETS2)
		tty = !errors.Is(err, unix.ENOTTY)
	})
	if err == nil && !tty {
		return fmt.Errorf("console.device %s is no serial line", device)
	}
	return nil
}

// openTTY opens a serial line raw, 8 bits, no parity, without flow control.
func openTTY(path string, speed int) (*os.File, error) {
	// Not blocking: the runtime's poller takes it, and Close ends a Read.
	f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if err := setRaw(f, speed, unix.TCSETS2); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s at %d bit/s: %w", path, speed, err)
	}
	return f, nil
}

// setRaw sets the line up; how is TCSETS2, at once, or TCSETSW2, once what was
// written has left.
func setRaw(f *os.File, speed int, how uint) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) {
		t, err := unix.IoctlGetTermios(int(fd), unix.TCGETS2)
		if err != nil {
			failed = err
			return
		}
		// With IGNBRK, BRKINT and PARMRK off a BREAK reads as NUL.
		t.Iflag &^= unix.IGNBRK | unix.BRKINT | unix.PARMRK | unix.ISTRIP | unix.INLCR | unix.IGNCR | unix.ICRNL | unix.IXON | unix.IXOFF
		t.Oflag &^= unix.OPOST
		t.Lflag &^= unix.ECHO | unix.ECHONL | unix.ICANON | unix.ISIG | unix.IEXTEN
		t.Cflag &^= unix.CSIZE | unix.PARENB | unix.CSTOPB | unix.CRTSCTS | unix.CBAUD
		t.Cflag |= unix.CS8 | unix.CREAD | unix.CLOCAL | unix.BOTHER
		t.Ispeed, t.Ospeed = uint32(speed), uint32(speed)
		t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
		failed = unix.IoctlSetTermios(int(fd), how, t)
	})
	return errors.Join(err, failed)
}

// pump empties the kernel's small buffer at once and keeps what was typed.
type pump struct {
	f *os.File
	o *Options

	tuning sync.Mutex
	speed  int // that was last set, or failed to be

	mu   sync.Mutex
	more *sync.Cond
	held []byte
	over bool // no more input
	once sync.Once
}

// run reads until the line is gone.
func (p *pump) run() {
	buf := make([]byte, 4096)
	for {
		n, err := p.f.Read(buf)
		p.mu.Lock()
		for _, c := range buf[:n] {
			if c != 0 && len(p.held) < holdMax { // NUL is a BREAK
				p.held = append(p.held, c)
			}
		}
		if err != nil {
			p.over = true
		}
		p.more.Broadcast()
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// end closes the line; what is held can still be read.
func (p *pump) end() { p.once.Do(func() { p.f.Close() }) }

// Read implements io.Reader.
func (p *pump) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.held) == 0 {
		if p.over {
			return 0, io.EOF
		}
		p.more.Wait()
	}
	n := copy(b, p.held)
	if p.held = p.held[n:]; len(p.held) == 0 {
		p.held = nil // let go of the array
	}
	return n, nil
}

// Write implements io.Writer.
func (p *pump) Write(b []byte) (int, error) {
	p.tune()
	return p.f.Write(b)
}

// tune follows a change of the configured speed. A speed the line cannot have
// is said once; the old one stays.
func (p *pump) tune() {
	p.tuning.Lock()
	defer p.tuning.Unlock()
	want := p.o.speed()
	if want == p.speed {
		return
	}
	p.speed = want
	if err := setRaw(p.f, want, unix.TCSETSW2); err != nil {
		journal.Or(p.o.Recorder).Record(Failed{Device: p.o.Device, Why: fmt.Sprintf("%d bit/s: %v", want, err)})
	}
}
