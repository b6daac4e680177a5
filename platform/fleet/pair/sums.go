package pair

import (
	"context"
	"crypto/sha256"
	"io"
	"sync"

	"option150/platform/flash"
)

// sums are the hashes of files, as long as they do not change: what was read once is
// known by its identity.
type sums struct {
	flash *flash.Flash

	mu    sync.Mutex
	known map[string]summed // by path
}

type summed struct {
	id  string
	sum [sumSize]byte
}

// of is the hash of a file as it is now.
func (s *sums) of(ctx context.Context, path string) (sum [sumSize]byte, size int64, err error) {
	f, err := s.flash.Open(path)
	if err != nil {
		return sum, 0, err
	}
	defer f.Close()
	s.mu.Lock()
	k, ok := s.known[path]
	s.mu.Unlock()
	if ok && k.id == f.ID {
		return k.sum, f.Size, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, &until{ctx, f}); err != nil {
		return sum, 0, err
	}
	h.Sum(sum[:0])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]summed{}
	}
	s.known[path] = summed{f.ID, sum}
	return sum, f.Size, nil
}

// keep forgets the files that are not there any more.
func (s *sums) keep(there map[string]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p := range s.known {
		if !there[p] {
			delete(s.known, p)
		}
	}
}

// until is a reader that ends with a context.
type until struct {
	ctx context.Context
	r   io.Reader
}

func (u *until) Read(b []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(b)
}
