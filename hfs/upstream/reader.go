package upstream

import (
	"context"
	"errors"
	"io"

	"option150/platform/fileserver"
)

// reader is one who is sent a flight. It implements fileserver.Arriving.
type reader struct {
	f   *flight
	ctx context.Context // of who reads; done when he has gone
	at  int64
}

var _ fileserver.Arriving = (*reader)(nil)

// Arrived implements fileserver.Arriving.
func (r *reader) Arrived() (int64, error) {
	r.f.mu.Lock()
	defer r.f.mu.Unlock()
	return r.f.n, r.f.err
}

// When implements fileserver.Arriving.
func (r *reader) When(n int64, then func()) {
	f := r.f
	f.mu.Lock()
	if f.n < n && f.err == nil {
		f.waiters = append(f.waiters, waiter{n, then})
		f.mu.Unlock()
		return
	}
	f.mu.Unlock()
	then()
}

// wait waits until n bytes are there.
func (r *reader) wait(n int64) error {
	if there, err := r.Arrived(); there >= n || err != nil {
		return err
	}
	more := make(chan struct{})
	r.When(n, func() { close(more) })
	select {
	case <-more:
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	_, err := r.Arrived()
	return err
}

// ReadAt implements io.ReaderAt.
func (r *reader) ReadAt(p []byte, at int64) (int, error) {
	if at >= r.f.size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), r.f.size-at)
	if err := r.wait(at + want); err != nil {
		return 0, err
	}
	n, err := r.f.file.ReadAt(p[:want], at)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// Read gives what is there.
func (r *reader) Read(p []byte) (int, error) {
	switch {
	case r.at >= r.f.size:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	if err := r.wait(r.at + 1); err != nil {
		return 0, err
	}
	there, _ := r.Arrived()
	n, err := r.f.file.ReadAt(p[:min(int64(len(p)), there-r.at)], r.at)
	r.at += int64(n)
	if errors.Is(err, io.EOF) && n > 0 {
		err = nil
	}
	return n, err
}

// Seek implements io.Seeker.
func (r *reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.f.size
	}
	if offset < 0 {
		return 0, errors.New("upstream: before the beginning")
	}
	r.at = offset
	return offset, nil
}
