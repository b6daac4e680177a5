// Package nvram is `nvram:`: what must survive a restart and is never served
// to anybody: the startup configuration, host keys, the DHCP bindings. It is
// the directory root/nvram, outside flash:.
//
// Follows DESIGN 8 (files and their names): written
// atomically (temporary file, fsync, rename, fsync of the directory), the
// previous startup configuration is kept.
//
// Concurrency: every method may be called from any goroutine; of two that save
// at once one is the last, whole.
//
// Failure: wrapped errors of the os package. Whatever fails, power included,
// the previous file is still there whole. Testing: Open on a t.TempDir(); the
// disk-full test mounts a tiny tmpfs in a user namespace.
package nvram

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/rootfile"
)

// The names of files in nvram:.
const (
	StartupName = "startup-config"
	BackupName  = "startup-config.bak" // the startup configuration before the last write
)

// MaxStartup bounds a startup configuration, in bytes: 3500 phones are 1 MB.
const MaxStartup = 8 << 20

// MaxFile bounds what ReadFile reads, in bytes.
const MaxFile = 64 << 20

const tempPrefix = ".option150-"

// ErrTooLarge refuses a file beyond its bound.
var ErrTooLarge = errors.New("file too large")

// NVRAM is the directory. Use Open.
type NVRAM struct {
	root *os.Root
	mu   sync.Mutex // one write at a time
	wrap func(io.Writer) io.Writer
}

// Open opens the directory, making it (mode 0700) if it is not there, and
// removes what interrupted writes have left.
func Open(dir string) (*NVRAM, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("nvram: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("nvram: %w", err)
	}
	n := &NVRAM{root: root, wrap: func(w io.Writer) io.Writer { return w }}
	if d, err := root.Open("."); err == nil {
		names, _ := d.Readdirnames(65536)
		_ = d.Close()
		for _, name := range names {
			if strings.HasPrefix(name, tempPrefix) {
				_ = root.Remove(name)
			}
		}
	}
	return n, nil
}

// Close gives the directory back.
func (n *NVRAM) Close() error { return n.root.Close() }

// LoadStartup reads the startup configuration. Without one the error is
// fs.ErrNotExist; an empty one counts as none, as after `write erase`.
func (n *NVRAM) LoadStartup() ([]byte, error) {
	b, err := n.read(StartupName, MaxStartup)
	if err == nil && len(bytes.TrimSpace(b)) == 0 {
		err = &fs.PathError{Op: "read", Path: "nvram:" + StartupName, Err: fs.ErrNotExist}
	}
	return b, err
}

// SaveStartup replaces the startup configuration. The previous one becomes
// BackupName. On an error the previous one is in place, whole.
func (n *NVRAM) SaveStartup(text []byte) error {
	if len(text) > MaxStartup {
		return named("write", StartupName, ErrTooLarge)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.replace(StartupName, text, n.keepStartup)
}

// EraseStartup removes the startup configuration and the one before it: who
// erases a box to give it away leaves no secrets on it. Without one it does
// nothing.
func (n *NVRAM) EraseStartup() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, name := range []string{BackupName, StartupName} {
		if err := n.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return named("erase", name, err)
		}
	}
	return n.syncDir(StartupName)
}

// ReadFile reads a file of nvram:, a host key for one. Without it the error is
// fs.ErrNotExist.
func (n *NVRAM) ReadFile(name string) ([]byte, error) { return n.read(name, MaxFile) }

// WriteFile replaces a file of nvram: atomically. Its mode is 0600.
func (n *NVRAM) WriteFile(name string, data []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.replace(name, data, nil)
}

// Entry is one file of nvram:.
type Entry struct {
	Name    string
	Size    int64
	ModTime time.Time
}

// List tells what is in nvram:, by name.
func (n *NVRAM) List() ([]Entry, error) {
	found, err := fs.ReadDir(n.root.FS(), ".")
	if err != nil {
		return nil, named("open", "", err)
	}
	var all []Entry
	for _, d := range found {
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() && !strings.HasPrefix(d.Name(), ".") {
			all = append(all, Entry{d.Name(), info.Size(), info.ModTime()})
		}
	}
	return all, nil
}

func (n *NVRAM) read(name string, limit int64) ([]byte, error) {
	f, err := n.root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0) // a FIFO does not block the boot
	if err != nil {
		return nil, named("read", name, err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, named("read", name, errors.Join(errors.New("not a regular file"), err))
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		b, err = nil, ErrTooLarge
	}
	return b, named("read", name, err)
}

// replace writes a temporary file, makes it durable, calls keep, and puts the
// file in its place.
func (n *NVRAM) replace(name string, data []byte, keep func() error) error {
	temp, err := n.temporary(data)
	if err == nil && keep != nil {
		err = keep()
	}
	if err == nil {
		err = n.root.Rename(temp, name)
	}
	if err != nil {
		if temp != "" {
			_ = n.root.Remove(temp)
		}
		return named("write", name, err)
	}
	return n.syncDir(name)
}

// temporary writes a durable file under a name of its own.
func (n *NVRAM) temporary(data []byte) (string, error) {
	temp := tempPrefix + rand.Text()
	f, err := n.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	wrote, err := n.wrap(f).Write(data)
	if err == nil && wrote < len(data) {
		err = io.ErrShortWrite
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = n.root.Remove(temp)
		return "", err
	}
	return temp, nil
}

// keepStartup gives the startup configuration its second name. A hard link
// needs no space; where there are none (FAT) it is copied. At no moment is
// startup-config missing.
func (n *NVRAM) keepStartup() error {
	link := tempPrefix + rand.Text()
	err := n.root.Link(StartupName, link)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // nothing to keep
	case err != nil:
		old, rerr := n.read(StartupName, MaxStartup)
		if rerr != nil {
			return rerr
		}
		if link, err = n.temporary(old); err != nil {
			return err
		}
	}
	if err := n.root.Rename(link, BackupName); err != nil {
		_ = n.root.Remove(link)
		return err
	}
	// rename(2) does nothing when both names are already the same file.
	if err := n.root.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes a change of names durable.
func (n *NVRAM) syncDir(name string) error { return named("sync", name, rootfile.SyncDir(n.root, ".")) }

// named keeps the reason and replaces the path by the one in nvram:.
func named(op, name string, err error) error { return rootfile.PathError(op, "nvram:"+name, err) }
