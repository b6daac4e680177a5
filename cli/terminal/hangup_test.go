package terminal

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// TestHangup ends whatever the operator is asked, and the next one finds a
// terminal that knows nothing of him.
func TestHangup(t *testing.T) {
	for name, read := range map[string]func(*Terminal) error{
		"line":     func(x *Terminal) error { _, _, err := x.ReadLine("Router#", nil); return err },
		"answer":   func(x *Terminal) error { _, err := x.ReadAnswer("Name? "); return err },
		"password": func(x *Terminal) error { _, err := x.ReadPassword("Password: "); return err },
		"key":      func(x *Terminal) error { _, err := x.ReadKey("[confirm]"); return err },
		"text":     func(x *Terminal) error { _, err := x.ReadText("", func(string) bool { return false }); return err },
	} {
		for _, echo := range []bool{true, false} {
			near, far := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, far) }()
			x := New(Config{Stream: near, Echo: echo})
			got := make(chan error, 1)
			go func() { got <- read(x) }()
			if _, err := io.WriteString(far, "half a line\x1b"); name != "key" && err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond) // before it reads, or while it does
			x.Hangup()
			if err := <-got; !errors.Is(err, ErrHangup) && name != "key" {
				t.Errorf("%s, echo %v: %v", name, echo, err)
			}
			if err := read(x); !errors.Is(err, ErrHangup) {
				t.Errorf("%s, echo %v, again: %v", name, echo, err)
			}
			before := x.in.typedLast()
			if _, err := io.WriteString(far, "typed by who was thrown out\r"); err != nil {
				t.Fatal(err)
			}
			for x.in.typedLast().Equal(before) {
				time.Sleep(time.Millisecond)
			}
			x.Resume()
			go func() { _, _ = io.WriteString(far, "show clock\r") }()
			if line, _, err := x.ReadLine("Router#", nil); line != "show clock" || err != nil {
				t.Errorf("%s, echo %v: the next operator typed %q, %v", name, echo, line, err)
			}
			x.Close()
			near.Close()
			far.Close()
		}
	}
}

// typedLast is when a key came last.
func (in *input) typedLast() time.Time {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.lastKey
}

// TestHangupAtMore stops the command.
func TestHangupAtMore(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	go func() { _, _ = io.Copy(io.Discard, far) }()
	x := New(Config{Stream: near, Echo: true, Width: 80, Height: 3})
	defer x.Close()
	time.AfterFunc(10*time.Millisecond, x.Hangup)
	_, err := x.Pager().Write([]byte("1\n2\n3\n4\n"))
	if !errors.Is(err, ErrStopped) || !errors.Is(err, ErrHangup) {
		t.Error(err)
	}
}
