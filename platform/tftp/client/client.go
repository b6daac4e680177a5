// Package client is the box as a client of TFTP servers: `copy tftp: flash:`
// and `copy running-config tftp:`. The protocol is that of pin/tftp; what is
// here are the bounds it has not, and errors an operator understands.
//
// Follows facts/files.md 3.2 and facts/ios-cli.md 1.13. Concurrency: a call works
// on a goroutine of its own, which ends Patience after the call at the latest:
// the library cannot be interrupted while it waits for an answer. Failure:
// ErrTimeout, fs.ErrNotExist, fs.ErrPermission, fs.ErrExist, ErrFull, the
// error of the reader or writer, or a Refused with the server's own words.
// Testing: pin's server and our own on 127.0.0.1.
package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"regexp"
	"time"

	"github.com/pin/tftp/v3"

	"option150/platform/plain"
)

// How long a server may take for one answer, and how often it is asked. A dead
// server is given up after Patience.
const (
	Timeout  = 2 * time.Second
	Retries  = 3
	Patience = (Retries+1)*Timeout + Retries*pause
	pause    = 250 * time.Millisecond
)

// blockSize fits an Ethernet frame. A server without options uses 512.
const blockSize = 1428

// The reasons a transfer fails.
var (
	ErrTimeout  = errors.New("timed out")
	ErrFull     = errors.New("no space left on device")
	ErrTooLarge = errors.New("file too large")
)

// Refused is an answer of the server that has no meaning here.
type Refused string

func (r Refused) Error() string { return string(r) }

// Get writes a file of a server (host or host:port) to w: at most limit bytes,
// ErrTooLarge beyond. It returns the number of bytes.
func Get(ctx context.Context, server, name string, w io.Writer, limit int64) (int64, error) {
	return get(ctx, server, name, w, limit, Timeout)
}

func get(ctx context.Context, server, name string, w io.Writer, limit int64, timeout time.Duration) (int64, error) {
	c, err := dial(server, timeout)
	if err != nil {
		return 0, err
	}
	g := &gate{ctx: ctx, w: w, left: limit}
	return run(ctx, func() (int64, error) {
		from, err := c.Receive(name, "octet")
		if err != nil {
			return 0, err
		}
		return from.WriteTo(g)
	})
}

// Put sends what r has as a file to a server.
func Put(ctx context.Context, server, name string, r io.Reader) (int64, error) {
	c, err := dial(server, Timeout)
	if err != nil {
		return 0, err
	}
	g := &source{ctx: ctx, r: r}
	return run(ctx, func() (int64, error) {
		to, err := c.Send(name, "octet")
		if err != nil {
			return 0, err
		}
		n, err := to.ReadFrom(g)
		return n, err
	})
}

func dial(server string, timeout time.Duration) (*tftp.Client, error) {
	if _, _, err := net.SplitHostPort(server); err != nil {
		server = net.JoinHostPort(server, "69")
	}
	c, err := tftp.NewClient(server)
	if err != nil {
		return nil, errors.New("unknown host")
	}
	c.SetTimeout(timeout)
	c.SetRetries(Retries)
	c.SetBackoff(func(int) time.Duration { return pause })
	c.SetBlockSize(blockSize)
	return c, nil
}

// run waits for a transfer or the end of the context, whichever comes first.
func run(ctx context.Context, transfer func() (int64, error)) (int64, error) {
	type result struct {
		n   int64
		err error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			if p := recover(); p != nil {
				r.err = fmt.Errorf("internal fault: %v", p)
			}
			done <- r
		}()
		r.n, r.err = transfer()
	}()
	select {
	case r := <-done:
		return r.n, meaning(r.err)
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

var coded = regexp.MustCompile(`code[=:] ?(\d+), (?:error|message): (.*)`)

// meaning reads what the library says of an answer.
func meaning(err error) error {
	var ne net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrTooLarge), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &ne) && ne.Timeout():
		return ErrTimeout
	}
	m := coded.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	switch m[1] {
	case "1":
		return fs.ErrNotExist
	case "2":
		return fs.ErrPermission
	case "3":
		return ErrFull
	case "6":
		return fs.ErrExist
	}
	return Refused(plain.Shown(m[2], 100))
}

// gate ends a transfer that is too large or that nobody waits for any more.
type gate struct {
	ctx  context.Context
	w    io.Writer
	left int64
}

func (g *gate) Write(p []byte) (int, error) {
	if err := g.ctx.Err(); err != nil {
		return 0, err
	}
	if g.left -= int64(len(p)); g.left < 0 {
		return 0, ErrTooLarge
	}
	return g.w.Write(p)
}

type source struct {
	ctx context.Context
	r   io.Reader
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
