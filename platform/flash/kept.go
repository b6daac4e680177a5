package flash

import (
	"cmp"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Bounds of what is kept open.
const (
	// SmallFile is the largest file Fetch reads at once: a phone's little files
	// then take one write to send, and no descriptor is held meanwhile.
	SmallFile = 64 << 10

	maxKept  = 64
	keptTime = 5 * time.Second // without being asked for; at most twice this

	keptWhole = 16 << 10 // the largest content that is kept as well: a megabyte of all
	calmTime  = 3 * time.Second
)

// kept are the small files asked for lately, held open: a branch asks for the
// same few at every boot. Each request looks at the name, which must still be
// this very file with the stamps it had, so what is served is what the file holds
// now. Of the little ones the content is kept too, once it was read calmTime or
// more after the last change: whatever is written later changes a stamp, while
// two changes in the same moment of a coarse clock may leave the same one.
type kept struct {
	calm   time.Duration // 0 = calmTime; for tests
	mu     sync.Mutex
	files  map[string]*keptFile
	timer  *time.Timer
	closed bool
}

type keptFile struct {
	info fs.FileInfo
	file *os.File
	id   string

	// Guarded by kept.mu.
	used  bool      // since the timer looked
	same  time.Time // when a look began that found it the same
	whole []byte    // nil = to be read each time; never written to
}

// again is a small file that was fetched a moment ago and is still the same: one
// look at the name, and its content is read again. nil = look properly. Of many
// who ask in the same moment one look does for all: it began when all had asked.
func (f *Flash) again(name string, asked time.Time) *File {
	if f.dir < 0 || strings.IndexByte(name, '/') >= 0 || hidden(name) {
		return nil
	}
	k, whole, same := f.kept.peek(name)
	if k == nil {
		return nil
	}
	was, ok := k.info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if asked.IsZero() || same.Before(asked) {
		now := time.Now()
		if !f.still(name, was) {
			return nil
		}
		f.kept.seen(k, now)
	}
	if whole == nil {
		asked := time.Now()
		if whole = readWhole(k.file, was.Size); whole == nil {
			return nil
		}
		f.kept.hold(k, whole, asked.Sub(time.Unix(was.Ctim.Unix())))
	}
	return &File{Entry: entry(name, k.info), ID: k.id, Whole: whole}
}

// still reports that a name in the root is that very file with the stamps it
// had. The scheduler is not told: the name of a file that is open is in memory,
// and its watcher would wake up for each look.
func (f *Flash) still(name string, was *syscall.Stat_t) bool {
	var path [256]byte
	if copy(path[:len(path)-1], name) < len(name) {
		return false
	}
	var now unix.Statx_t
	_, _, no := unix.RawSyscall6(unix.SYS_STATX, uintptr(f.dir), uintptr(unsafe.Pointer(&path[0])), unix.AT_SYMLINK_NOFOLLOW,
		unix.STATX_BASIC_STATS, uintptr(unsafe.Pointer(&now)), 0)
	same := func(a unix.StatxTimestamp, b syscall.Timespec) bool {
		return a.Sec == int64(b.Sec) && int64(a.Nsec) == int64(b.Nsec)
	}
	return no == 0 && now.Mask&unix.STATX_BASIC_STATS == unix.STATX_BASIC_STATS && unix.Mkdev(now.Dev_major, now.Dev_minor) == uint64(was.Dev) &&
		now.Ino == was.Ino && now.Size == uint64(was.Size) && uint32(now.Mode) == uint32(was.Mode) && same(now.Mtime, was.Mtim) && same(now.Ctime, was.Ctim)
}

// fetch opens a clean name; a small file comes as its content.
func (f *Flash) fetch(name string, asked time.Time) (*File, error) {
	if file := f.again(name, asked); file != nil {
		return file, nil
	}
	info, err := f.look(name)
	if err != nil {
		return nil, err
	}
	if k := f.kept.get(name, info); k != nil {
		// Of a file that just became shorter, or was let go of meanwhile, less
		// comes: it is opened again.
		if whole := readWhole(k.file, info.Size()); whole != nil {
			return &File{Entry: entry(name, info), ID: k.id, Whole: whole}, nil
		}
	}
	if info.Size() > SmallFile {
		if r := f.sharing.take(name, info); r != nil {
			return &File{Entry: entry(name, info), ID: identity(info), Shared: r}, nil
		}
	}
	file, info, err := f.openSame(name, info)
	if err != nil || file.Size == 0 {
		return file, err
	}
	if file.Size > SmallFile {
		r, err := f.share(name, file.File)
		if err != nil {
			return nil, err
		}
		return &File{Entry: entry(name, r.f.info), ID: identity(r.f.info), Shared: r}, nil
	}
	whole := readWhole(file.File, file.Size)
	if whole == nil {
		return file, nil // who reads it is told what is wrong
	}
	f.kept.put(name, &keptFile{info: info, file: file.File, id: identity(info), used: true})
	file.File, file.Whole = nil, whole
	return file, nil
}

// share makes an open file one that others may use as well.
func (f *Flash) share(name string, file *os.File) (*Shared, error) {
	info, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, pathError("open", name, err)
	}
	return f.sharing.put(name, &sharedFile{info: info, file: file}), nil
}

func readWhole(f *os.File, size int64) []byte {
	whole := make([]byte, size)
	if n, _ := f.ReadAt(whole, 0); n < len(whole) {
		return nil
	}
	return whole
}

// peek is the file kept under the name, whatever the name may stand for since,
// its content if that is kept, and when it was found the same last.
func (k *kept) peek(name string) (*keptFile, []byte, time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	have := k.files[name]
	if have == nil {
		return nil, nil, time.Time{}
	}
	have.used = true
	return have, have.whole, have.same
}

// seen notes that a look that began then found a file the same.
func (k *kept) seen(f *keptFile, at time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if f.same.Before(at) {
		f.same = at
	}
}

// hold keeps the content of a file that was read so long after it had changed.
func (k *kept) hold(f *keptFile, whole []byte, since time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if calm := cmp.Or(k.calm, calmTime); since >= calm && len(whole) <= keptWhole {
		f.whole = whole
	}
}

// get is the file kept under the name if the name still stands for it.
func (k *kept) get(name string, now fs.FileInfo) *keptFile {
	k.mu.Lock()
	defer k.mu.Unlock()
	have := k.files[name]
	if have == nil {
		return nil
	}
	if !unchanged(have.info, now) {
		k.remove(name)
		return nil
	}
	have.used = true
	return have
}

// put keeps a file, at the cost of another if there are too many.
func (k *kept) put(name string, f *keptFile) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		_ = f.file.Close()
		return
	}
	k.remove(name)
	for other := range k.files {
		if len(k.files) < maxKept {
			break
		}
		k.remove(other)
	}
	if k.files == nil {
		k.files = map[string]*keptFile{}
	}
	k.files[name] = f
	if k.timer == nil {
		k.timer = time.AfterFunc(keptTime, k.tidy)
	}
}

// tidy lets go of what nobody asked for since the last time.
func (k *kept) tidy() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, f := range k.files {
		if !f.used {
			k.remove(name)
		}
		f.used = false
	}
	k.timer = nil
	if len(k.files) > 0 {
		k.timer = time.AfterFunc(keptTime, k.tidy)
	}
}

// drop lets go of all, since this process changed something.
func (k *kept) drop() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name := range k.files {
		k.remove(name)
	}
}

func (k *kept) close() {
	k.drop()
	k.mu.Lock()
	defer k.mu.Unlock()
	k.closed = true
	if k.timer != nil {
		k.timer.Stop()
	}
}

// remove closes a file; whoever is reading it ends first. The lock is held.
func (k *kept) remove(name string) {
	if f := k.files[name]; f != nil {
		_ = f.file.Close()
		delete(k.files, name)
	}
}

// unchanged reports that two looks saw the same file with the same stamps.
func unchanged(a, b fs.FileInfo) bool {
	x, ok := a.Sys().(*syscall.Stat_t)
	y, same := b.Sys().(*syscall.Stat_t)
	return ok && same && x.Dev == y.Dev && x.Ino == y.Ino && x.Size == y.Size && x.Mode == y.Mode && x.Mtim == y.Mtim && x.Ctim == y.Ctim
}
