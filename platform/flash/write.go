package flash

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/rootfile"
)

// tempPrefix begins the names of files being written. They are hidden.
const tempPrefix = ".option150-"

// Writer is a file being written. It is not there until Commit.
type Writer struct {
	f    *Flash
	file *os.File
	temp string
	name string

	mu   sync.Mutex
	room int64 // that was there when it was looked at last

	once sync.Once
	err  error
}

// Create starts a file at a path in flash:; its directory must exist. What is
// there now stays until Commit. One of Commit and Abort must be called.
func (f *Flash) Create(path string) (*Writer, error) {
	name, err := f.target("create", path)
	if err != nil {
		return nil, err
	}
	dir := strings.TrimSuffix(strings.TrimSuffix(name, base(name)), "/")
	temp := join(dir, tempPrefix+rand.Text())
	file, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, pathError("create", name, err)
	}
	return &Writer{f: f, file: file, temp: temp, name: name}, nil
}

// Write implements io.Writer. Disk full is unix.ENOSPC.
func (w *Writer) Write(b []byte) (int, error) {
	if err := w.fits(len(b)); err != nil {
		return 0, err
	}
	n, err := w.file.Write(b)
	return n, pathError("write", w.name, err)
}

// fits refuses what would take the room that is kept for nvram:. It looks at
// the disk now and then. SFTP writes pieces at the same time.
func (w *Writer) fits(n int) error {
	const step = 256 << 10
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.room -= int64(n); w.room >= 0 {
		return nil
	}
	_, free, err := w.f.Usage()
	if err != nil {
		return err
	}
	if uint64(n) > free {
		return pathError("write", w.name, unix.ENOSPC)
	}
	w.room = int64(min(free-uint64(n), step))
	return nil
}

// Commit makes the file durable and puts it in its place, all of it or, with
// an error, nothing. After Abort it returns an error.
func (w *Writer) Commit() error {
	done := false
	w.once.Do(func() {
		done = true
		w.err = w.commit()
	})
	if !done {
		return pathError("create", w.name, fs.ErrClosed)
	}
	return w.err
}

func (w *Writer) commit() error {
	err := w.file.Sync()
	if cerr := w.file.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = w.f.root.Rename(w.temp, w.name)
	}
	if err != nil {
		_ = w.f.root.Remove(w.temp)
		return pathError("create", w.name, err)
	}
	w.f.forget()
	return w.f.syncDir(w.name)
}

// Abort drops what was written. After Commit it does nothing.
func (w *Writer) Abort() {
	w.once.Do(func() {
		_ = w.file.Close()
		_ = w.f.root.Remove(w.temp)
	})
}

// WriteFile puts a whole file in its place.
func (f *Flash) WriteFile(path string, data []byte) error {
	w, err := f.Create(path)
	if err != nil {
		return err
	}
	defer w.Abort()
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Commit()
}

// Delete removes a file; a directory is refused with unix.EISDIR.
func (f *Flash) Delete(path string) error {
	name, err := f.target("delete", path)
	if err != nil {
		return err
	}
	info, err := f.lstat(name)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return pathError("delete", name, unix.EISDIR)
	}
	return f.changed("delete", name, f.root.Remove(name))
}

// Rename gives a file or directory another name; an existing one is refused
// with fs.ErrExist.
func (f *Flash) Rename(from, to string) error {
	old, err := f.target("rename", from)
	if err != nil {
		return err
	}
	name, err := f.target("rename", to)
	if err != nil {
		return err
	}
	if _, err := f.lstat(old); err != nil {
		return err
	}
	if _, err := f.root.Lstat(name); err == nil {
		return pathError("rename", name, fs.ErrExist)
	}
	return f.changed("rename", name, f.root.Rename(old, name))
}

// Mkdir makes one directory.
func (f *Flash) Mkdir(path string) error {
	name, err := f.target("mkdir", path)
	if err != nil {
		return err
	}
	return f.changed("mkdir", name, f.root.Mkdir(name, 0o755))
}

// Rmdir removes an empty directory.
func (f *Flash) Rmdir(path string) error {
	name, err := f.target("rmdir", path)
	if err != nil {
		return err
	}
	info, err := f.lstat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return pathError("rmdir", name, unix.ENOTDIR)
	}
	return f.changed("rmdir", name, f.root.Remove(name))
}

// target is the clean name of something to be changed: not the root, nothing
// hidden, and below directories that are directories.
func (f *Flash) target(op, path string) (string, error) {
	name, err := CleanPath(path)
	if err == nil && name == "" {
		err = ErrEmptyName
	}
	if err == nil && hidden(name) {
		err = fmt.Errorf("%w: names do not begin with a dot", ErrBadName)
	}
	if err != nil {
		return "", pathError(op, path, err)
	}
	if i := strings.LastIndexByte(name, '/'); i > 0 {
		info, err := f.lstat(name[:i])
		if err == nil && !info.IsDir() {
			err = pathError(op, name, unix.ENOTDIR)
		}
		if err != nil {
			return "", err
		}
	}
	return name, nil
}

func (f *Flash) changed(op, name string, err error) error {
	f.forget()
	if err != nil {
		return pathError(op, name, err)
	}
	return f.syncDir(name)
}

// syncDir makes a change of the directory a name is in durable.
func (f *Flash) syncDir(name string) error {
	dir := strings.TrimSuffix(strings.TrimSuffix(name, base(name)), "/")
	return pathError("sync", name, rootfile.SyncDir(f.root, dot(dir)))
}

// sweep removes temporary files left by a power cut.
func (f *Flash) sweep() {
	x := f.walk(time.Time{})
	for _, d := range x.dirs {
		dir, err := f.root.Open(dot(d.path))
		if err != nil {
			continue
		}
		names, _ := dir.Readdirnames(maxEntries)
		_ = dir.Close()
		for _, n := range names {
			if strings.HasPrefix(n, tempPrefix) {
				_ = f.root.RemoveAll(join(d.path, n))
			}
		}
	}
}

// identity is a text that is different whenever the content may be: files are
// replaced by rename, and a change in place moves the change time.
func identity(info fs.FileInfo) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d", info.Size(), info.ModTime().UnixNano())
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		fmt.Fprintf(h, " %d %d %d %d", uint64(st.Dev), st.Ino, int64(st.Ctim.Sec), int64(st.Ctim.Nsec))
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}
