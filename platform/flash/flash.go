package flash

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/rootfile"
	"option150/platform/sorted"
)

// Flash is flash:. Use Open.
type Flash struct {
	root *os.Root
	self *os.File // the directory itself, for names in it; nil = none
	dir  int      // its descriptor, -1 = none

	mu  sync.Mutex // guards idx and its making
	idx *index

	kept    kept
	sharing sharing
	twins   twins
	changes atomic.Uint64
}

// Entry is one file or directory of flash:.
type Entry struct {
	Path    string // clean, below the root: "cme/loads/SCCP41.9-4-2SR3-1S.loads"
	Size    int64
	ModTime time.Time
	Dir     bool

	link fs.FileInfo // of a regular file
}

// Name is the last part of the path.
func (e Entry) Name() string { return base(e.Path) }

// ErrNotRegular refuses what is neither a regular file nor absent.
var ErrNotRegular = errors.New("not a regular file")

// Open opens the directory, making it if it is not there, and removes what
// interrupted writes have left.
func Open(dir string) (*Flash, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("flash: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("flash: %w", err)
	}
	f := &Flash{root: root, dir: -1}
	if f.self, err = root.Open("."); err == nil {
		f.dir = int(f.self.Fd())
	}
	f.sweep()
	return f, nil
}

// Close gives the directory back. Files that are open stay open.
func (f *Flash) Close() error {
	f.kept.close()
	if f.self != nil {
		_ = f.self.Close()
	}
	return f.root.Close()
}

// File is an open regular file. The caller closes it.
type File struct {
	Entry
	*os.File
	ID string // changes whenever the content may have changed

	Whole  []byte  // the content of a small file that Fetch found; File is nil then
	Shared *Shared // a larger one; File is nil then
}

// ReadAt implements io.ReaderAt.
func (f *File) ReadAt(b []byte, at int64) (int, error) {
	switch {
	case f.Shared != nil:
		return f.Shared.ReadAt(b, at)
	case f.File == nil:
		return bytes.NewReader(f.Whole).ReadAt(b, at)
	}
	return f.File.ReadAt(b, at)
}

// Close lets go of the file.
func (f *File) Close() error {
	switch {
	case f.Shared != nil:
		return f.Shared.Close()
	case f.File == nil:
		return nil
	}
	return f.File.Close()
}

// Name is the last part of the path in flash:.
func (f *File) Name() string { return f.Entry.Name() }

// Open opens the regular file at a path in flash:, in exactly that spelling.
func (f *Flash) Open(path string) (*File, error) {
	name, err := CleanPath(path)
	if err != nil {
		return nil, pathError("open", path, err)
	}
	return f.open(name)
}

// open does not follow symbolic links, not even those that stay inside, and
// does not block on a FIFO: it looks before it opens, and again after.
func (f *Flash) open(name string) (*File, error) {
	before, err := f.look(name)
	if err != nil {
		return nil, err
	}
	file, _, err := f.openSame(name, before)
	return file, err
}

// look is the first look at what is to be opened.
func (f *Flash) look(name string) (fs.FileInfo, error) {
	info, err := f.lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = pathError("open", name, ErrNotRegular)
	}
	return info, err
}

// errReplaced: a name stands for another file each time it is looked at. Who asks
// again will have one of them.
var errReplaced = errors.New("it is being replaced")

// replacedMax is how often a name is looked at that is another file meanwhile.
const replacedMax = 16

// openSame opens the regular file that before was seen to be, or the one that
// took its name meanwhile.
func (f *Flash) openSame(name string, before fs.FileInfo) (file *File, now fs.FileInfo, err error) {
	for range replacedMax {
		if file, now, err = f.openOnce(name, before); !errors.Is(err, errReplaced) {
			return file, now, err
		}
		if before, err = f.look(name); err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, pathError("open", name, errReplaced)
}

func (f *Flash) openOnce(name string, before fs.FileInfo) (*File, fs.FileInfo, error) {
	file, err := f.root.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, pathError("open", name, err)
	}
	info, err := file.Stat()
	if err == nil && !os.SameFile(before, info) {
		err = errReplaced
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, pathError("open", name, err)
	}
	return &File{Entry: entry(name, info), File: file, ID: identity(info)}, info, nil
}

// lstat looks at a clean name. Directories on the way must be directories.
func (f *Flash) lstat(name string) (fs.FileInfo, error) {
	if name == "" {
		info, err := f.root.Stat(".")
		return info, pathError("stat", name, err)
	}
	if hidden(name) {
		return nil, pathError("stat", name, fs.ErrNotExist)
	}
	for i, c := range name {
		if c != '/' {
			continue
		}
		if info, err := f.root.Lstat(name[:i]); err != nil || !info.IsDir() {
			return nil, pathError("stat", name, cmp.Or(absent(err), fs.ErrNotExist))
		}
	}
	info, err := f.root.Lstat(name)
	return info, pathError("stat", name, absent(err))
}

// absent makes one thing of names that are not there and names that cannot be:
// a component longer than the file system takes.
func absent(err error) error {
	if errors.Is(err, unix.ENAMETOOLONG) {
		return fs.ErrNotExist
	}
	return err
}

// Stat tells about one file or directory; links and special files are absent.
func (f *Flash) Stat(path string) (Entry, error) {
	name, err := CleanPath(path)
	if err != nil {
		return Entry{}, pathError("stat", path, err)
	}
	info, err := f.lstat(name)
	if err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		err = pathError("stat", name, ErrNotRegular)
	}
	if err != nil {
		return Entry{}, err
	}
	return entry(name, info), nil
}

// List tells what is in a directory, by name. Only regular files and
// directories are there, and nothing whose name begins with a dot.
func (f *Flash) List(path string) ([]Entry, error) {
	name, err := CleanPath(path)
	if err != nil {
		return nil, pathError("open", path, err)
	}
	info, err := f.lstat(name)
	if err == nil && !info.IsDir() {
		err = pathError("open", name, unix.ENOTDIR)
	}
	if err != nil {
		return nil, err
	}
	return f.list(name)
}

func (f *Flash) list(name string) ([]Entry, error) {
	dir, err := f.root.Open(dot(name))
	if err != nil {
		return nil, pathError("open", name, err)
	}
	defer dir.Close()
	found, err := dir.ReadDir(maxEntries)
	if err != nil && len(found) == 0 && !isEOF(err) {
		return nil, pathError("open", name, err)
	}
	var all []Entry
	for _, d := range found {
		path := join(name, d.Name())
		if clean, err := CleanName(path); err != nil || clean != path || hidden(d.Name()) || !d.Type().IsRegular() && !d.IsDir() {
			continue
		}
		if info, err := f.root.Lstat(path); err == nil && (info.Mode().IsRegular() || info.IsDir()) {
			all = append(all, entry(path, info))
		}
	}
	sorted.By(all, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	return all, nil
}

// Usage is the size of the file system flash: lies on and what may still be
// written to it, in bytes; what is kept back for nvram: is not.
func (f *Flash) Usage() (total, free uint64, err error) {
	dir, err := f.root.Open(".")
	if err != nil {
		return 0, 0, pathError("statfs", "", err)
	}
	defer dir.Close()
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(dir.Fd()), &st); err != nil {
		return 0, 0, pathError("statfs", "", err)
	}
	size := uint64(st.Bsize)
	total, free = st.Blocks*size, st.Bavail*size
	return total, free - min(free, keptBack(total)), nil
}

// keptBack is what files in flash: may not take of the disk: the bindings and
// the configuration in nvram: lie on it too, and phones do without an upload
// but not without those.
func keptBack(total uint64) uint64 { return min(8<<20, total/16) }

func entry(path string, info fs.FileInfo) Entry {
	e := Entry{Path: path, ModTime: info.ModTime(), Dir: info.IsDir()}
	if !e.Dir {
		e.Size = info.Size()
		e.link = info
	}
	return e
}

// pathError keeps the reason and replaces the path by the one in flash:.
func pathError(op, name string, err error) error {
	return rootfile.PathError(op, "flash:/"+strings.TrimPrefix(name, "flash:"), err)
}

func dot(name string) string {
	if name == "" {
		return "."
	}
	return name
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
