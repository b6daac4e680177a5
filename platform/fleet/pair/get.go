package pair

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"option150/platform/flash"
)

// times of a fetch. Tests have others.
type times struct {
	Connect time.Duration
	Answer  time.Duration // to the first byte
	Stall   time.Duration // without a byte
	Pause   time.Duration // before it is taken up again; doubles
	Tries   int           // without a byte in between
}

func fieldTimes() times {
	return times{Connect: 3 * time.Second, Answer: 10 * time.Second, Stall: 20 * time.Second, Pause: time.Second, Tries: 5}
}

// The reasons a file does not come.
var (
	errOther   = errors.New("what came is not what the leader has announced")
	errAbsent  = errors.New("its HFS has no such file")
	errRefused = errors.New("its HFS does not give it to this box")
	errNowhere = errors.New("it serves no files over HFS")
)

// transfer is one file on its way.
type transfer struct {
	file File
	ask  string
	to   *flash.Writer
	sum  hash.Hash
	have int64
	told func(have int64)
}

// get fetches a file of the list and puts it in its place, if it is that file. It asks
// the addresses in turn and goes on behind the last byte it has.
func get(ctx context.Context, at []netip.AddrPort, f File, ask string, fl *flash.Flash, t times, told func(have int64)) error {
	if len(at) == 0 {
		return errNowhere
	}
	_, free, err := fl.Usage()
	if err != nil {
		return err
	}
	if uint64(f.Size) > free {
		return fmt.Errorf("%d bytes are needed and %d are free, less the reserve", f.Size, free)
	}
	if err := parents(fl, f.Path); err != nil {
		return err
	}
	w, err := fl.Create(f.Path)
	if err != nil {
		return err
	}
	defer w.Abort()
	x := &transfer{file: f, ask: ask, to: w, sum: sha256.New(), told: told}
	pause, idle := t.Pause, 0
	for try := 0; ; try++ {
		before := x.have
		err := x.once(ctx, at[try%len(at)], t)
		switch {
		case err == nil:
			if x.have != f.Size || subtle.ConstantTimeCompare(x.sum.Sum(nil), f.Sum) != 1 {
				return errOther
			}
			return w.Commit()
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errOther), errors.Is(err, syscall.ENOSPC):
			return err
		}
		if x.have > before {
			pause, idle = t.Pause, 0
		} else if idle++; idle >= t.Tries {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, 30*time.Second)
	}
}

// parents makes the directories of a path.
func parents(fl *flash.Flash, path string) error {
	for i, c := range path {
		if c != '/' {
			continue
		}
		if e, err := fl.Stat(path[:i]); err == nil && e.Dir {
			continue
		}
		if err := fl.Mkdir(path[:i]); err != nil {
			return err
		}
	}
	return nil
}

// once asks one address for what is missing.
func (x *transfer) once(ctx context.Context, at netip.AddrPort, t times) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(t.Connect+t.Answer, func() { cancel(errStalled) })
	defer stall.Stop()
	wire := &http.Transport{DialContext: (&net.Dialer{Timeout: t.Connect}).DialContext, ResponseHeaderTimeout: t.Answer, MaxResponseHeaderBytes: 32 << 10, DisableKeepAlives: true, DisableCompression: true}
	defer wire.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+at.String(), nil)
	if err != nil {
		return err
	}
	req.URL.Path, req.URL.RawPath = "/"+x.ask, "/"+escaped(x.ask)
	req.Header.Set("User-Agent", "Option150")
	req.Header.Set("Via", "1.1 option150-pair") // no question to servers behind it
	if x.have > 0 {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(x.have, 10)+"-")
	}
	r, err := wire.RoundTrip(req)
	if err != nil {
		return words(ctx, err)
	}
	defer r.Body.Close()
	stall.Reset(t.Stall)
	switch r.StatusCode {
	case http.StatusOK:
		if x.have > 0 { // it gives no parts
			x.have = 0
			x.sum.Reset()
		}
		if r.ContentLength >= 0 && r.ContentLength != x.file.Size {
			return errOther
		}
	case http.StatusPartialContent:
		if from, _, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Content-Range"), "bytes "), "-"); !ok || from != strconv.FormatInt(x.have, 10) || x.have == 0 {
			return errOther
		}
	case http.StatusNotFound, http.StatusGone:
		return errAbsent
	case http.StatusUnauthorized, http.StatusForbidden:
		return errRefused
	case http.StatusRequestedRangeNotSatisfiable:
		return errOther
	default:
		return fmt.Errorf("its HFS answers %d", r.StatusCode)
	}
	return x.receive(ctx, r.Body, func() { stall.Reset(t.Stall) })
}

var errStalled = errors.New("nothing came any more")

// receive writes what comes behind what is there.
func (x *transfer) receive(ctx context.Context, body io.Reader, alive func()) error {
	buf := make([]byte, 64<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			alive()
			if x.have+int64(n) > x.file.Size {
				return errOther
			}
			if _, werr := x.to.WriteAt(buf[:n], x.have); werr != nil {
				return werr
			}
			x.sum.Write(buf[:n])
			x.have += int64(n)
			x.told(x.have)
		}
		switch {
		case err == io.EOF && x.have == x.file.Size:
			return nil
		case err != nil:
			return words(ctx, err)
		}
	}
}

func escaped(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// words is an error of the connection in a few words of ours.
func words(ctx context.Context, err error) error {
	var ne net.Error
	switch {
	case errors.Is(context.Cause(ctx), errStalled), errors.As(err, &ne) && ne.Timeout():
		return errStalled
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("it refuses the connection")
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return errors.New("it cannot be reached")
	}
	return errors.New("the connection broke off")
}
