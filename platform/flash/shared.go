package flash

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
)

// A larger file that many fetch at a time is open once: a branch that upgrades
// is a thousand transfers of one image.

// sharing are the larger files that are being served, by name.
type sharing struct {
	mu    sync.Mutex
	files map[string]*sharedFile
}

// sharedFile is one descriptor with who uses it.
type sharedFile struct {
	info fs.FileInfo
	file *os.File
	name string
	uses int // guarded by sharing.mu

	win windows
}

// Windows of a file that is read in small pieces by many at once, as over TFTP.
const (
	windowSize = 8 << 10
	windowsMax = 64
)

// windows remembers pieces of a file. A piece is read as a whole when it is
// wanted for the second time: what one reader alone wants costs no memory.
type windows struct {
	mu    sync.Mutex
	turn  uint64 // of the newest reader: older pieces may be older than he is
	slots [windowsMax]*window
}

type window struct {
	at    int64 // -1 = none
	turn  uint64
	whole bool
	b     []byte
}

// take is a use of the file if it is open and still this one.
func (s *sharing) take(name string, now fs.FileInfo) *Shared {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[name]
	if f == nil || !unchanged(f.info, now) {
		return nil
	}
	return s.use(f)
}

// put makes a file that was opened one that others may use.
func (s *sharing) put(name string, f *sharedFile) *Shared {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.name = name
	if have := s.files[name]; have != nil && unchanged(have.info, f.info) { // two came at once
		_ = f.file.Close()
		f = have
	} else {
		if s.files == nil {
			s.files = map[string]*sharedFile{}
		}
		s.files[name] = f
	}
	return s.use(f)
}

func (s *sharing) use(f *sharedFile) *Shared {
	f.uses++
	f.win.mu.Lock()
	f.win.turn++ // what he reads was read after he came
	f.win.mu.Unlock()
	return &Shared{s: s, f: f, size: f.info.Size()}
}

// Shared is one reader of a file that may have others, with a place of its own.
// Several goroutines may call ReadAt, Close waits for none of them.
type Shared struct {
	s    *sharing
	f    *sharedFile
	size int64
	at   int64
	once sync.Once
}

// Positioned is the file and where the next Read begins in it, for the kernel
// to send. The place of the descriptor itself is nobody's.
func (r *Shared) Positioned() (*os.File, int64) { return r.f.file, r.at }

// Read implements io.Reader.
func (r *Shared) Read(b []byte) (int, error) {
	n, err := r.f.file.ReadAt(b, r.at)
	r.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Seek implements io.Seeker.
func (r *Shared) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += r.at
	case io.SeekEnd:
		offset += r.size
	}
	if offset < 0 {
		return r.at, fs.ErrInvalid
	}
	r.at = offset
	return r.at, nil
}

// ErrChanged is how a reader learns that what he has is neither the old file nor
// the new one.
var ErrChanged = errors.New("the file was changed meanwhile")

// Changed reports that somebody has written to the file since it was opened: from
// outside, since this package does not. That it was removed, or another has its
// name, does not matter.
func (r *Shared) Changed() bool {
	now, err := r.f.file.Stat()
	return err != nil || now.Size() != r.size || !now.ModTime().Equal(r.f.info.ModTime())
}

// ReadAt implements io.ReaderAt. The end of a file that was changed meanwhile is
// ErrChanged.
func (r *Shared) ReadAt(b []byte, at int64) (int, error) {
	if at+int64(len(b)) >= r.size && r.Changed() {
		return 0, ErrChanged
	}
	if len(b) > 0 && len(b) <= windowSize/4 && at >= 0 && at+int64(len(b)) <= r.size {
		if n := r.f.win.read(r.f.file, b, at, r.size); n == len(b) {
			return n, nil
		}
	}
	return r.f.file.ReadAt(b, at)
}

// Close ends the use; the last one closes the file.
func (r *Shared) Close() (err error) {
	r.once.Do(func() {
		r.s.mu.Lock()
		defer r.s.mu.Unlock()
		if r.f.uses--; r.f.uses > 0 {
			return
		}
		if r.s.files[r.f.name] == r.f {
			delete(r.s.files, r.f.name)
		}
		err = r.f.file.Close()
	})
	return err
}

// read fills b from the windows it lies in; less than all of it = not there.
func (w *windows) read(f *os.File, b []byte, at, size int64) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n < len(b) {
		from := (at + int64(n)) / windowSize * windowSize
		p := w.piece(f, from, size)
		if p == nil {
			return 0
		}
		k := copy(b[n:], p[at+int64(n)-from:])
		if k == 0 {
			return 0
		}
		n += k
	}
	return n
}

// piece is the window that begins at from, nil while it is wanted for the first
// time or cannot be read.
func (w *windows) piece(f *os.File, from, size int64) []byte {
	slot := &w.slots[from/windowSize%windowsMax]
	if *slot == nil {
		*slot = &window{at: -1}
	}
	p := *slot
	switch {
	case p.at != from:
		p.at, p.whole, p.turn = from, false, w.turn
		return nil
	case p.whole && p.turn == w.turn:
		return p.b
	}
	want := int(min(windowSize, size-from))
	if cap(p.b) < want {
		p.b = make([]byte, windowSize)
	}
	p.b = p.b[:want]
	n, _ := f.ReadAt(p.b, from)
	p.whole, p.turn = n == want, w.turn
	if !p.whole {
		return nil
	}
	return p.b
}
