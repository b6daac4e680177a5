package console

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"option150/platform/journal"
)

// pty opens a pseudo terminal: the master end and the name of the other.
func pty(t *testing.T) (*os.File, string) {
	t.Helper()
	m, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skip("no pseudo terminals on this machine:", err)
	}
	t.Cleanup(func() { m.Close() })
	n := -1
	control(t, m, func(fd int) error {
		if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	return m, fmt.Sprintf("/dev/pts/%d", n)
}

func control(t *testing.T, f *os.File, do func(fd int) error) {
	t.Helper()
	raw, err := f.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if cerr := raw.Control(func(fd uintptr) { err = do(int(fd)) }); cerr != nil || err != nil {
		t.Fatal(cerr, err)
	}
}

func resize(t *testing.T, m *os.File, w, h int) {
	t.Helper()
	control(t, m, func(fd int) error {
		return unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: uint16(w), Row: uint16(h)})
	})
}

// expect reads from a terminal until text appears.
func expect(t *testing.T, r io.Reader, text string) {
	t.Helper()
	if f, ok := r.(*os.File); ok {
		f.SetReadDeadline(time.Now().Add(10 * time.Second))
	}
	var got bytes.Buffer
	b := make([]byte, 1)
	for !strings.HasSuffix(got.String(), text) {
		n, err := r.Read(b)
		if got.Write(b[:n]); err != nil {
			t.Fatalf("got %q and then %v, want %q", got.String(), err, text)
		}
	}
}

// echo says what it was given and repeats what is typed.
func echo(_ context.Context, d Door) {
	fmt.Fprintf(d.Stream, "%s %v %dx%d\r\n", d.Name, d.Interactive, d.Width, d.Height)
	b := make([]byte, 100)
	for {
		n, err := d.Stream.Read(b)
		if err != nil || b[0] == 'q' {
			fmt.Fprintf(d.Stream, "bye\r\n")
			return
		}
		fmt.Fprintf(d.Stream, "[%x]", b[:n])
	}
}

func TestPipe(t *testing.T) {
	inR, inW, _ := os.Pipe()
	outR, outW, _ := os.Pipe()
	defer inR.Close()
	defer outR.Close()
	go func() {
		io.WriteString(inW, "abc\x03\n")
		inW.Close()
	}()
	if err := Run(t.Context(), Options{Device: Stdio, Handler: echo, Stdin: inR, Stdout: outW}); err != nil {
		t.Fatal(err)
	}
	outW.Close()
	all, _ := io.ReadAll(outR)
	if want := "con0 false 0x0\r\n[616263030a]bye\r\n"; string(all) != want {
		t.Errorf("%q", all)
	}
}

func TestReadEndsWithTheContext(t *testing.T) {
	inR, inW, _ := os.Pipe()
	defer inR.Close()
	defer inW.Close()
	outR, outW, _ := os.Pipe()
	defer outR.Close()
	defer outW.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		line, _ := bufio.NewReader(outR).ReadString('\n')
		if line != "" {
			cancel()
		}
	}()
	if err := Run(ctx, Options{Handler: echo, Stdin: inR, Stdout: outW}); err != nil {
		t.Fatal(err)
	}
}

func TestWriteEndsWithTheContext(t *testing.T) {
	outR, outW, _ := os.Pipe() // nobody reads
	defer outR.Close()
	defer outW.Close()
	inR, inW, _ := os.Pipe()
	defer inR.Close()
	defer inW.Close()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	var n int
	var err error
	Run(ctx, Options{Stdin: inR, Stdout: outW, Handler: func(_ context.Context, d Door) {
		n, err = d.Stream.Write(make([]byte, 10<<20))
	}})
	if n == 0 || n == 10<<20 || err == nil {
		t.Errorf("wrote %d, %v", n, err)
	}
}

func TestTerminal(t *testing.T) {
	m, name := pty(t)
	s, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	resize(t, m, 100, 30)
	before, err := term.GetState(int(s.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	var panicked any
	sized := make(chan Size)
	done := make(chan error)
	go func() {
		done <- Run(t.Context(), Options{Device: Stdio, Stdin: s, Stdout: s,
			Panicked: func(v any, _ []byte) { panicked = v },
			Handler: func(ctx context.Context, d Door) {
				go func() { sized <- <-d.Resize }()
				echo(ctx, d)
				panic("on the way out")
			}})
	}()
	expect(t, m, "con0 true 100x30\r\n")
	io.WriteString(m, "\x03\r\n") // ^C and CR are bytes: the terminal is raw
	expect(t, m, "0d0a]")
	resize(t, m, 132, 50)
	syscall.Kill(os.Getpid(), syscall.SIGWINCH)
	if z := <-sized; z != (Size{132, 50}) {
		t.Errorf("size %v", z)
	}
	io.WriteString(m, "q")
	expect(t, m, "bye\r\n")
	if err := <-done; err != nil {
		t.Error(err)
	}
	if panicked != "on the way out" {
		t.Errorf("panic %v", panicked)
	}
	if after, err := term.GetState(int(s.Fd())); err != nil || *after != *before {
		t.Errorf("the terminal is not as it was: %v", err)
	}
}

func TestSerial(t *testing.T) {
	m, name := pty(t)
	// A cable has two ends all the time; a pseudo terminal only while the other
	// end is open.
	held, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { Run(ctx, Options{Device: name, Speed: 123456, Handler: echo}) })
	expect(t, m, "con0 true 80x24\r\n")
	control(t, m, func(fd int) error {
		tio, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
		if err == nil && (tio.Ospeed != 123456 || tio.Cflag&unix.CBAUD != unix.BOTHER || tio.Lflag&unix.ICANON != 0) {
			t.Errorf("termios %+v", tio)
		}
		return err
	})
	io.WriteString(m, "\x00a\x03\r")
	expect(t, m, "61030d]")
	io.WriteString(m, "q") // the session ends, the next one begins
	expect(t, m, "bye\r\n")
	expect(t, m, "con0 true 80x24\r\n")
	cancel() // a session waits for input
	work.Wait()
}

// TestSpeedIsFollowed: `speed` of the line takes effect with the next output,
// and 0 is the speed of the settings again.
func TestSpeedIsFollowed(t *testing.T) {
	m, name := pty(t)
	held, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	var wanted atomic.Int64
	work.Go(func() {
		Run(ctx, Options{Device: name, Speed: 9600, Wanted: func() int { return int(wanted.Load()) }, Handler: echo})
	})
	expect(t, m, "con0 true 80x24\r\n")
	for _, c := range []struct {
		configured int64
		want       uint32
	}{{0, 9600}, {57600, 57600}, {115200, 115200}, {0, 9600}} {
		wanted.Store(c.configured)
		io.WriteString(m, "a\r")
		expect(t, m, "610d]")
		control(t, m, func(fd int) error {
			tio, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
			if err == nil && (tio.Ospeed != c.want || tio.Lflag&unix.ICANON != 0) {
				t.Errorf("speed %d: %d", c.configured, tio.Ospeed)
			}
			return err
		})
	}
}

func TestPasteIsNotLost(t *testing.T) {
	m, name := pty(t)
	const n = 64 << 10
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started, sum := make(chan struct{}), make(chan int)
	go Run(ctx, Options{Device: name, Handler: func(ctx context.Context, d Door) {
		close(started)
		time.Sleep(100 * time.Millisecond) // busy while the text comes
		got := 0
		b := make([]byte, 1000)
		for got < n {
			k, err := d.Stream.Read(b)
			if err != nil {
				break
			}
			got += k
		}
		sum <- got
		<-ctx.Done()
	}})
	<-started
	go m.Write(bytes.Repeat([]byte("interface x\n"), n/12+1))
	if got := <-sum; got < n {
		t.Errorf("%d of %d bytes", got, n)
	}
}

type failures struct {
	mu  sync.Mutex
	all []journal.Event
}

func (f *failures) Record(e journal.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, e)
}

func TestSerialThatCannotBeOpened(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, device := range []string{filepath.Join(t.TempDir(), "absent"), plain} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		var f failures
		if err := Run(ctx, Options{Device: device, Handler: echo, Recorder: &f}); err != nil {
			t.Error(err)
		}
		cancel()
		if len(f.all) != 1 || f.all[0].(Failed).Device != device {
			t.Errorf("%s: %v", device, f.all)
		}
		if m, ok := f.all[0].(Failed).LogMessage(); !ok || !strings.Contains(m.String(), "%SYS-3-SERVICE_FAILED: console ") {
			t.Error(m)
		}
	}
	if err := Run(t.Context(), Options{Device: None}); err != nil {
		t.Error(err)
	}
}

// TestLineThatGoesAway: a pulled USB adapter ends the session and its context;
// the device is tried again.
func TestLineThatGoesAway(t *testing.T) {
	m, name := pty(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	started, ended := make(chan struct{}), make(chan error, 1)
	var f failures
	var work sync.WaitGroup
	work.Go(func() {
		Run(ctx, Options{Device: name, Recorder: &f, Handler: func(ctx context.Context, d Door) {
			close(started)
			_, err := d.Stream.Read(make([]byte, 10))
			<-ctx.Done()
			ended <- err
		}})
	})
	<-started
	m.Close()
	if err := <-ended; err != io.EOF {
		t.Errorf("read: %v", err)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		f.mu.Lock()
		n := len(f.all)
		f.mu.Unlock()
		if n == 1 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nobody was told")
		}
	}
	cancel()
	work.Wait()
}
