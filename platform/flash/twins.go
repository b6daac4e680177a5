package flash

import (
	"bytes"
	"io"
	"os"
	"sync"
)

// maxTwins bounds the comparisons that are remembered.
const maxTwins = 1024

// twins remembers which files have the same content. What was compared is
// known by identity, so a file that changes is compared again.
type twins struct {
	mu    sync.Mutex
	known map[[2]string]bool
}

func (t *twins) same(f *Flash, a, b Entry) bool {
	switch {
	case a.link == nil || b.link == nil || a.Size != b.Size:
		return false
	case os.SameFile(a.link, b.link):
		return true
	}
	key := [2]string{identity(a.link), identity(b.link)}
	t.mu.Lock()
	same, known := t.known[key]
	t.mu.Unlock()
	if known {
		return same
	}
	same = f.compare(a.Path, b.Path)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil || len(t.known) >= maxTwins {
		t.known = map[[2]string]bool{}
	}
	t.known[key] = same
	return same
}

// compare reads two files to the end of the first.
func (f *Flash) compare(a, b string) bool {
	x, err := f.open(a)
	if err != nil {
		return false
	}
	defer x.Close()
	y, err := f.open(b)
	if err != nil {
		return false
	}
	defer y.Close()
	p, q := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, err := io.ReadFull(x, p)
		k, _ := io.ReadFull(y, q)
		if n != k || !bytes.Equal(p[:n], q[:k]) {
			return false
		}
		if err != nil {
			return err == io.EOF || err == io.ErrUnexpectedEOF
		}
	}
}
