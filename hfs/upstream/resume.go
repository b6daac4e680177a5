package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// resume asks for the rest, on condition that the file is the same. Of a server
// that sends all of it again, that marks no versions, or whose answer to a range
// is not the one that was asked for, what is here already is compared.
// [RFC 9110 13.1.5, 14.2]
func (f *flight) resume() (*http.Response, error) {
	more := http.Header{}
	if mark := f.mark(); mark != "" && !f.doubt {
		more.Set("If-Range", mark)
		more.Set("Range", fmt.Sprintf("bytes=%d-", f.n))
	}
	ctx, end := context.WithCancel(f.s.ctx)
	f.mu.Lock()
	f.end = end
	f.resumed++
	f.mu.Unlock()
	resp, said, text := f.from.ask(ctx, f.name, more)
	switch {
	case said == absent:
		end()
		return nil, errChanged
	case said != has:
		f.doubt = f.doubt || text == strconv.Itoa(http.StatusRequestedRangeNotSatisfiable)
		end()
		return nil, errors.New("no answer")
	}
	bad := func(err error) (*http.Response, error) { end(); resp.Body.Close(); return nil, err }
	if resp.StatusCode == http.StatusPartialContent {
		if from, size := ranged(resp); from != f.n || size != f.size || markOf(resp) != f.mark() { // there are servers that know Range and not If-Range
			f.doubt = true
			return bad(errors.New("not what was asked for"))
		}
		return resp, nil
	}
	if resp.ContentLength != f.size {
		return bad(errChanged)
	}
	if err := f.same(resp.Body, end); err != nil {
		return bad(err)
	}
	return resp, nil
}

// ranged is what Content-Range tells of an answer that goes to the end of a
// file; -1 = that it does not.
func ranged(resp *http.Response) (from, size int64) {
	var to int64
	if _, err := fmt.Sscanf(resp.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &size); err != nil || to != size-1 {
		return -1, -1
	}
	return from, size
}

// mark is what tells one version of the file from another, "" = nothing.
func (f *flight) mark() string { return cmp.Or(f.etag, f.modified) }

func markOf(resp *http.Response) string {
	return cmp.Or(strong(resp), resp.Header.Get("Last-Modified"))
}

// strong is the entity tag, if it tells bytes apart.
func strong(resp *http.Response) string {
	if tag := resp.Header.Get("Etag"); len(tag) >= 2 && tag[0] == '"' {
		return tag
	}
	return ""
}

// same reads what is here already once more and compares.
func (f *flight) same(body io.Reader, end context.CancelFunc) error {
	w := newWatch(f.s.tune.Stall, end)
	defer w.stop()
	a, b := make([]byte, chunk), make([]byte, chunk)
	for at := int64(0); at < f.n; {
		n, err := body.Read(a[:min(chunk, f.n-at)])
		f.from.bytes(int64(n))
		if _, err := f.file.ReadAt(b[:n], at); err != nil {
			return errRoom
		}
		if string(a[:n]) != string(b[:n]) {
			return errChanged
		}
		at += int64(n)
		if err != nil && at < f.n {
			return err
		}
		if err := f.pace(n, w); err != nil {
			return err
		}
	}
	return nil
}

// pace holds a fetch to `file-server rate-limit`. The time is not the server's.
func (f *flight) pace(n int, w *watch) error {
	w.rest(n)
	err := f.s.limit.WaitN(f.s.ctx, n)
	w.goOn()
	return err
}

// little is what has to come within times.Stall: one block of TFTP. No phone
// lives on less.
const little = 512

// watch ends an answer of which too little comes.
type watch struct {
	every time.Duration
	timer *time.Timer
	since time.Time
	left  time.Duration // of this period
	got   int           // in this period
}

func newWatch(every time.Duration, end context.CancelFunc) *watch {
	return &watch{every: every, left: every, since: time.Now(), timer: time.AfterFunc(every, end)}
}

// rest is told what came; until goOn nothing is expected.
func (w *watch) rest(n int) {
	if w == nil {
		return
	}
	w.timer.Stop()
	if w.got += n; w.got >= little {
		w.got, w.left = 0, w.every
		return
	}
	w.left -= time.Since(w.since)
}

func (w *watch) goOn() {
	if w == nil {
		return
	}
	w.since = time.Now()
	w.timer.Reset(max(w.left, 0))
}

func (w *watch) stop() { w.timer.Stop() }
