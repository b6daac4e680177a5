package upstream

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"golang.org/x/sys/unix"
)

// errRoom refuses a fetch for which there is no room.
var errRoom = errors.New("there is no room on the disk to fetch it")

// spare is what is always left free: leases are written to the same disk.
const spare = 64 << 20

// room is the budget of the disk: files being fetched and files that are kept.
type room struct {
	mu    sync.Mutex
	dir   string
	limit int64
	used  int64
}

// take reserves n bytes; less is called to make room, and says whether it did.
// kept is what it can make: where that is not enough nothing is thrown away.
func (r *room) take(n int64, kept func() int64, less func() bool) error {
	for {
		r.mu.Lock()
		free := r.free() - spare
		ok := n >= 0 && r.used+n <= r.limit && free >= n
		if ok {
			r.used += n
		}
		used := r.used
		r.mu.Unlock()
		if ok {
			return nil
		}
		if k := kept(); used-k+n > r.limit || free+k < n || !less() {
			return errRoom
		}
	}
}

func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.used -= n
}

func (r *room) free() int64 {
	var st unix.Statfs_t
	if unix.Statfs(r.dir, &st) != nil {
		return 0
	}
	return int64(st.Bavail) * int64(st.Bsize)
}

func (r *room) state() (used, limit int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.used, r.limit
}

const spoolPrefix = ".fetch-"

// spool makes a file for what arrives. One that is not going to be kept has no
// name: whatever happens nothing is left of it.
func (r *room) spool(kept bool) (f *os.File, path string, err error) {
	if f, err = os.CreateTemp(r.dir, spoolPrefix); err != nil {
		return nil, "", err
	}
	if kept {
		return f, f.Name(), nil
	}
	return f, "", os.Remove(f.Name())
}

// sweep removes what a process that was killed left behind.
func (r *room) sweep() {
	old, _ := filepath.Glob(filepath.Join(r.dir, spoolPrefix+"*"))
	for _, p := range old {
		_ = os.Remove(p)
	}
}
