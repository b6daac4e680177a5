package flash

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"option150/platform/rootfile"
)

// Stage is a hidden directory in which several files are put together before
// any of them is there. One of CommitDir, CommitInto and Abort must be called.
// It is for one goroutine.
type Stage struct {
	f     *Flash
	dir   string
	files []string // in the order of coming, below dir
	ended bool
}

// Stage begins. What a power cut leaves of it goes with the next Open.
func (f *Flash) Stage() (*Stage, error) {
	s := &Stage{f: f, dir: tempPrefix + rand.Text()}
	if err := f.root.Mkdir(s.dir, 0o755); err != nil {
		return nil, pathError("mkdir", "", err)
	}
	return s, nil
}

// StagedFile is a file being written into a Stage.
type StagedFile struct {
	s    *Stage
	name string
	file *os.File
}

// Create starts a file with its directories; a name that is there already is
// fs.ErrExist.
func (s *Stage) Create(name string) (*StagedFile, error) {
	at, err := s.place("create", name)
	if err != nil {
		return nil, err
	}
	file, err := s.f.root.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, pathError("create", name, err)
	}
	s.files = append(s.files, name)
	return &StagedFile{s, name, file}, nil
}

// place makes the directories of a name.
func (s *Stage) place(op, name string) (string, error) {
	clean, err := CleanName(name)
	if err == nil && (clean != name || hidden(name)) {
		err = ErrBadName
	}
	if err == nil {
		for i, c := range name {
			if c != '/' {
				continue
			}
			if e := s.f.root.Mkdir(join(s.dir, name[:i]), 0o755); e != nil && !errors.Is(e, fs.ErrExist) {
				err = e
			}
		}
	}
	return join(s.dir, name), pathError(op, name, err)
}

// Write implements io.Writer.
func (w *StagedFile) Write(b []byte) (int, error) {
	n, err := w.file.Write(b)
	return n, pathError("write", w.name, err)
}

// Close makes the content durable.
func (w *StagedFile) Close() error {
	err := w.file.Sync()
	if cerr := w.file.Close(); err == nil {
		err = cerr
	}
	return pathError("write", w.name, err)
}

// Link gives a file that is in flash: a second name in the stage: it takes no
// room and stays when the first name goes.
func (s *Stage) Link(name, path string) error {
	at, err := s.place("create", name)
	if err != nil {
		return err
	}
	from, err := CleanPath(path)
	if err != nil {
		return pathError("open", path, err)
	}
	if _, err := s.f.look(from); err != nil {
		return err
	}
	if err := s.f.root.Link(from, at); err != nil {
		return pathError("create", name, err)
	}
	s.files = append(s.files, name)
	return nil
}

// Open opens a staged file.
func (s *Stage) Open(name string) (*os.File, error) {
	f, err := s.f.root.OpenFile(join(s.dir, name), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	return f, pathError("open", name, err)
}

// Drop takes a file out of the stage.
func (s *Stage) Drop(name string) error {
	i := slices.Index(s.files, name)
	if i < 0 {
		return pathError("delete", name, fs.ErrNotExist)
	}
	s.files = slices.Delete(s.files, i, i+1)
	return pathError("delete", name, s.f.root.Remove(join(s.dir, name)))
}

// Files are the names of the staged files.
func (s *Stage) Files() []string { return slices.Clone(s.files) }

// CommitDir makes the stage the directory dest, in one step: all of it is
// there or, with an error, nothing. dest must not exist, its parents are made.
func (s *Stage) CommitDir(dest string) error {
	name, err := CleanPath(dest)
	if err == nil && (name == "" || hidden(name)) {
		err = ErrBadName
	}
	if err != nil {
		return pathError("mkdir", dest, err)
	}
	if err := s.f.parents(name); err != nil {
		return err
	}
	if _, err := s.f.root.Lstat(name); err == nil {
		return pathError("mkdir", name, fs.ErrExist)
	}
	if err := s.settle(); err != nil {
		return err
	}
	if err := s.f.root.Rename(s.dir, name); err != nil {
		return pathError("mkdir", name, err)
	}
	s.ended = true
	s.f.forget()
	return s.f.syncDir(name)
}

// settle makes the names in the stage durable.
func (s *Stage) settle() error {
	dirs := map[string]bool{"": true}
	for _, n := range s.files {
		for i := len(n) - 1; i > 0; i-- {
			if n[i] == '/' {
				dirs[n[:i]] = true
			}
		}
	}
	for d := range dirs {
		if err := rootfile.SyncDir(s.f.root, strings.TrimSuffix(join(s.dir, d), "/")); err != nil {
			return pathError("sync", d, err)
		}
	}
	return nil
}

// parents makes the directories above a name.
func (f *Flash) parents(name string) error {
	for i, c := range name {
		if c != '/' {
			continue
		}
		if err := f.root.Mkdir(name[:i], 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return pathError("mkdir", name[:i], err)
		}
		if info, err := f.lstat(name[:i]); err != nil || !info.IsDir() {
			return pathError("mkdir", name[:i], unix.ENOTDIR)
		}
	}
	return nil
}

// CommitInto moves every file below dest, over files of that name. When one
// cannot be moved, those that were are put back. (A power cut in the middle
// leaves some of them new: each whole, old or new.)
func (s *Stage) CommitInto(dest string) (err error) {
	to, err := CleanPath(dest)
	if err != nil {
		return pathError("mkdir", dest, err)
	}
	if err := s.settle(); err != nil {
		return err
	}
	type moved struct{ name, old string }
	var done []moved
	defer func() {
		s.f.forget()
		if err == nil {
			return
		}
		for _, m := range slices.Backward(done) {
			_ = s.f.root.Remove(m.name)
			if m.old != "" {
				_ = s.f.root.Rename(m.old, m.name)
			}
		}
	}()
	for i, n := range s.files {
		name := join(to, n)
		if err := s.f.parents(name); err != nil {
			return err
		}
		m := moved{name: name}
		if info, e := s.f.root.Lstat(name); e == nil {
			if !info.Mode().IsRegular() {
				return pathError("create", name, ErrNotRegular)
			}
			m.old = join(s.dir, tempPrefix+strconv.Itoa(i))
			if err := s.f.root.Rename(name, m.old); err != nil {
				return pathError("create", name, err)
			}
		}
		done = append(done, m)
		if err := s.f.root.Rename(join(s.dir, n), name); err != nil {
			return pathError("create", name, err)
		}
		if err := s.f.syncDir(name); err != nil {
			return err
		}
	}
	s.Abort() // the old files and the empty directories
	return nil
}

// Abort drops what was staged. After a commit it does nothing.
func (s *Stage) Abort() {
	if !s.ended {
		s.ended = true
		_ = s.f.root.RemoveAll(s.dir)
	}
}
