package upstream

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"
)

// chunk is how much is read from a server at a time.
const chunk = 32 << 10

// maxUntold bounds a file whose length its server does not tell beforehand: it
// is fetched whole before anybody gets a byte of it.
const maxUntold = 4 << 20

var (
	errEmpty   = errors.New("an empty file")
	errLength  = errors.New("does not tell the length of the file")
	errChanged = errors.New("the file changed while it was fetched")
	errGone    = errors.New("nobody wants it any more")
)

// flight is one file on its way from a server, or just arrived.
type flight struct {
	s        *Server
	from     *peer
	name     string
	size     int64
	etag     string // "" or strong, as the server has it
	modified string // Last-Modified as the server has it
	doubt    bool   // its server's answers to Range do not fit: what comes is compared
	file     *os.File
	path     string // "" = it has no name
	sum      hash.Hash
	end      context.CancelFunc // of the answer being read

	mu      sync.Mutex
	n       int64         // bytes that are here
	err     error         // it will never be whole
	done    bool          // n == size, and looked at
	kept    bool          // it became an entry of the cache
	why     string        // it did not
	landed  chan struct{} // closed by finish
	waiters []waiter
	refs    int
	left    time.Time // the last reader went, or it ended
	came    time.Time // it was whole
	begun   time.Time
	resumed int
	closed  bool
}

type waiter struct {
	n int64
	f func()
}

// depart begins the flight of an answer. end cancels the request.
func (s *Server) depart(p *peer, name string, resp *http.Response, end context.CancelFunc) (*flight, error) {
	f := &flight{s: s, from: p, name: name, size: resp.ContentLength, end: end, sum: sha256.New(),
		etag: strong(resp), modified: resp.Header.Get("Last-Modified"), begun: time.Now(), left: time.Now(), refs: 1, landed: make(chan struct{})}
	fail := func(err error) (*flight, error) {
		end()
		resp.Body.Close()
		return nil, err
	}
	untold := f.size < 0
	switch {
	case f.size == 0:
		return fail(errEmpty)
	case untold && !slices.Contains(resp.TransferEncoding, "chunked"):
		return fail(errLength) // where it ends cannot be told from where the line was cut
	case untold:
		f.size = maxUntold
	}
	if err := s.room.take(f.size, s.cache.size, s.cache.evict); err != nil {
		return fail(errRoom)
	}
	var err error
	if f.file, f.path, err = s.room.spool(isFirmware(name) && !untold); err != nil {
		s.room.give(f.size)
		return fail(errRoom)
	}
	s.air.Lock()
	s.flights[f] = struct{}{}
	s.air.Unlock()
	if untold {
		if err := f.swallow(resp.Body); err != nil {
			f.finish(err)
			f.release()
			return fail(err)
		}
		f.finish(nil)
		return f, nil
	}
	f.refs++ // until it has arrived
	s.work.Go(func() {
		defer f.release()
		f.fly(resp)
	})
	return f, nil
}

// swallow takes a file of unknown length to its end.
func (f *flight) swallow(body io.ReadCloser) error {
	defer body.Close()
	defer f.end()
	var n int64
	var err error
	for buf := make([]byte, chunk); err == nil && n <= maxUntold; {
		var m int
		m, err = body.Read(buf)
		f.from.bytes(int64(m))
		if _, werr := f.file.Write(buf[:m]); werr != nil {
			return errRoom
		}
		f.sum.Write(buf[:m])
		n += int64(m)
		if perr := f.pace(m, nil); perr != nil {
			return perr
		}
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	switch {
	case err != nil:
		return errors.New("broke off")
	case n > maxUntold:
		return errLength
	case n == 0:
		return errEmpty
	}
	f.s.room.give(f.size - n)
	f.mu.Lock()
	f.n, f.size = n, n
	f.mu.Unlock()
	return nil
}

func (p *peer) bytes(n int64) {
	p.mu.Lock()
	p.count.WanBytes += uint64(n)
	p.mu.Unlock()
}

// fly takes the file in, and takes it up again where it was cut off.
func (f *flight) fly(resp *http.Response) {
	pause, moved, at := 250*time.Millisecond, time.Now(), int64(0)
	for {
		if resp != nil {
			err := f.take(resp)
			resp = nil
			if f.n == f.size {
				f.finish(nil)
				return
			}
			if errors.Is(err, errChanged) || errors.Is(err, errRoom) {
				f.finish(err)
				return
			}
			if f.n >= at+little {
				pause, moved, at = 250*time.Millisecond, time.Now(), f.n
			}
			if !f.failed() { // else it was ended here
				f.from.failed("broke a file off", netip.Addr{})
			}
		}
		f.mu.Lock()
		stopped := f.err
		f.mu.Unlock()
		switch {
		case stopped != nil:
			f.finish(stopped)
			return
		case time.Since(moved) > f.s.tune.GiveUp || !f.s.sleep(pause):
			f.finish(errors.New("the line to " + f.from.alt.String() + " was cut"))
			return
		}
		pause = min(2*pause, 4*time.Second)
		var err error
		if resp, err = f.resume(); errors.Is(err, errChanged) {
			f.finish(err)
			return
		}
	}
}

// take writes an answer into the spool file until it ends, is cut, or stalls.
func (f *flight) take(resp *http.Response) error {
	defer resp.Body.Close()
	f.mu.Lock()
	end := f.end
	f.mu.Unlock()
	defer end()
	w := newWatch(f.s.tune.Stall, end)
	defer w.stop()
	buf := make([]byte, chunk)
	for f.n < f.size {
		n, err := resp.Body.Read(buf[:min(chunk, f.size-f.n)])
		if n > 0 {
			f.from.bytes(int64(n))
			if _, werr := f.file.WriteAt(buf[:n], f.n); werr != nil {
				return errRoom
			}
			f.sum.Write(buf[:n])
			f.mu.Lock()
			f.n += int64(n)
			due := f.due()
			f.mu.Unlock()
			for _, w := range due {
				w()
			}
			if err := f.pace(n, w); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// due takes out the waiters that have what they wait for. The lock is held.
func (f *flight) due() (out []func()) {
	f.waiters = slices.DeleteFunc(f.waiters, func(w waiter) bool {
		if w.n <= f.n || f.err != nil {
			out = append(out, w.f)
			return true
		}
		return false
	})
	return out
}

// finish is the end of the fetch: whole, or never. Firmware that is what its
// name says is kept.
func (f *flight) finish(err error) {
	sum := hex.EncodeToString(f.sum.Sum(nil))
	kept, why := false, ""
	if err == nil && f.path != "" {
		if no := f.s.cache.put(f, sum); no != nil {
			why = no.Error()
		}
		kept = why == ""
	}
	if !kept && f.path != "" {
		_ = os.Remove(f.path)
	}
	f.mu.Lock()
	if f.err == nil {
		f.err = err
	}
	f.done, f.kept, f.why, f.left, f.came = err == nil, kept, why, time.Now(), time.Now()
	due := f.due()
	f.mu.Unlock()
	close(f.landed)
	for _, w := range due {
		w()
	}
}

// stop ends a fetch that is under way.
func (f *flight) stop() {
	f.mu.Lock()
	if f.err == nil && f.n < f.size {
		f.err = errGone
	}
	end := f.end
	f.mu.Unlock()
	end()
}

func (f *flight) failed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err != nil
}

// stale reports that the file is asked for anew: it will never be whole, or it is
// no firmware and may have changed.
func (f *flight) stale() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err != nil || f.done && !isFirmware(f.name) && time.Since(f.came) > f.s.tune.Absent
}

// thrownAway reports that it was kept and is not any more: the cache was cleared, or needed
// the room. What is remembered of it must not count as kept.
func (f *flight) thrownAway() bool {
	f.mu.Lock()
	kept := f.kept
	f.mu.Unlock()
	return kept && f.s.cache.names(f.name) == nil
}

func (f *flight) whole() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done
}

// keepFirmware is how long firmware that could not be kept stays at hand.
const keepFirmware = time.Minute

// idle reports that nobody reads it and that nobody is likely to; a fetch that
// nobody waits for is ended, unless it is for the cache.
func (f *flight) idle(now time.Time, keep time.Duration) bool {
	f.mu.Lock()
	over := f.done || f.err != nil
	alone := f.refs == 1 || !over && f.refs == 2
	if f.path != "" && !f.kept {
		keep = max(keep, keepFirmware)
	}
	quiet := now.Sub(f.left) > keep
	stop := !over && alone && f.path == "" && now.Sub(f.left) > 10*time.Second
	failed := f.err != nil
	f.mu.Unlock()
	if stop {
		f.stop()
	}
	return over && alone && (quiet || failed)
}

// hold counts a reader; false if it is too late.
func (f *flight) hold() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return false
	}
	f.refs++
	return true
}

// release gives a reader back. The last one closes the file.
func (f *flight) release() {
	f.mu.Lock()
	f.refs--
	f.left = time.Now()
	last := f.refs == 0 && !f.closed
	if last {
		f.closed = true
	}
	kept, size := f.kept, f.size
	f.mu.Unlock()
	if !last {
		return
	}
	_ = f.file.Close()
	if !kept { // what is kept has its room from the cache
		f.s.room.give(size)
	}
	f.s.air.Lock()
	delete(f.s.flights, f)
	f.s.air.Unlock()
}
