package console

import (
	"context"
	"io"
	"os"
	"runtime/debug"

	"option150/platform/journal"
	"option150/platform/message"
)

// Size is a window size in characters.
type Size struct{ Width, Height int }

// Door is one session of the console.
type Door struct {
	Stream      io.ReadWriter
	Name        string      // "con0"
	Interactive bool        // somebody types: echo, prompts, pager
	Width       int         // 0 = no pager, no wrapping
	Height      int         // 0 = no pager
	Resize      <-chan Size // later sizes, nil if there are none; only the newest waits
	Hangup      func()      // breaks a line that takes nothing, from any goroutine; nil if that cannot be done
}

// Handler runs one session and returns when it is over. Its context ends with
// Run's and when the line goes away.
type Handler func(ctx context.Context, d Door)

// The devices that are not files.
const (
	Stdio = "stdio"
	None  = "none"
)

// DefaultSpeed is that of a router's console. [facts/ios-cli.md 1.14]
const DefaultSpeed = 9600

// Options say where the console is.
type Options struct {
	Device string // Stdio, None or a tty such as "/dev/ttyS0"
	Speed  int    // bits per second of a tty; 0 = DefaultSpeed
	// Wanted is the speed as it is configured now; nil or 0 = Speed. It is asked
	// before each write: the answer to a line that changes it comes at the new one.
	Wanted   func() int
	Handler  Handler
	Recorder journal.Recorder // nil = silent
	// Stands is told how a serial line stands: why it cannot be used, "" when it
	// is open. nil = nobody.
	Stands func(why string)
	// Panicked is told of a handler that panicked; nil = nobody.
	Panicked func(value any, stack []byte)
	// Stdin and Stdout stand for those of the process; nil = they are meant.
	Stdin, Stdout *os.File
}

// Run serves the console. With stdio it returns when the handler has returned,
// with a tty when the context has ended, with none at once.
func Run(ctx context.Context, o Options) error {
	switch o.Device {
	case None:
		return nil
	case Stdio, "":
		if o.Stdin == nil {
			o.Stdin = os.Stdin
		}
		if o.Stdout == nil {
			o.Stdout = os.Stdout
		}
		return o.stdio(ctx)
	}
	if o.Speed <= 0 {
		o.Speed = DefaultSpeed
	}
	o.serial(ctx)
	return nil
}

// session runs the handler; a panic ends the session and nothing else.
func (o *Options) session(ctx context.Context, d Door) {
	defer func() {
		if v := recover(); v != nil && o.Panicked != nil {
			o.Panicked(v, debug.Stack())
		}
	}()
	d.Name = "con0"
	o.Handler(ctx, d)
}

// Failed is a console device that cannot be used; it is tried again.
type Failed struct {
	Device string
	Why    string
}

// EventName implements journal.Event.
func (Failed) EventName() string { return "console.Failed" }

// LogMessage implements journal.Logged.
func (e Failed) LogMessage() (message.Message, bool) {
	return message.ServiceFailed.With("console "+e.Device, e.Why), true
}
