package filecopy

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/sys/unix"

	"option150/platform/flash"
)

// maxOpen bounds the files a session has open.
const maxOpen = 32

// SFTP serves the sftp subsystem on a stream until the client leaves.
func (s *Server) SFTP(stream io.ReadWriter, who Who) int {
	h := &handlers{s: s, who: who}
	srv := sftp.NewRequestServer(open{stream}, sftp.Handlers{FileGet: h, FilePut: h, FileCmd: h, FileList: h})
	defer srv.Close()
	if err := srv.Serve(); err != nil && !errors.Is(err, io.EOF) {
		return 1
	}
	return 0
}

// open keeps the library from closing the stream: the exit status, which scp
// waits for, goes out after it.
type open struct{ io.ReadWriter }

func (open) Close() error { return nil }

// handlers are those of one session. The library calls them from several
// goroutines.
type handlers struct {
	s    *Server
	who  Who
	mu   sync.Mutex
	open int
}

// name is a path of the client in flash:. The library gives it absolute and
// clean: "/flash:/x" for what was typed as flash:/x, "/x" for x.
func name(path string) (string, error) { return flash.CleanPath(strings.TrimPrefix(path, "/")) }

// answer makes an error one of the protocol, with a text that names nothing of
// the machine.
func answer(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return sftp.ErrSSHFxNoSuchFile
	case errors.Is(err, flash.ErrTraversal), errors.Is(err, flash.ErrBadName), errors.Is(err, flash.ErrEmptyName), errors.Is(err, fs.ErrPermission):
		return sftp.ErrSSHFxPermissionDenied
	}
	return fmt.Errorf("%s: %s", show(path), reason(err))
}

// enter counts an open file; the function it returns forgets it.
func (h *handlers) enter() (leave func(), ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.open >= maxOpen {
		return nil, false
	}
	h.open++
	return sync.OnceFunc(func() { h.mu.Lock(); defer h.mu.Unlock(); h.open-- }), true
}

var (
	errOpen = errors.New("too many open files")
	errHole = errors.New("files are written as a whole on this box")
)

// Fileread implements sftp.FileReader.
func (h *handlers) Fileread(r *sftp.Request) (io.ReaderAt, error) {
	path, err := name(r.Filepath)
	if err == nil && path == "" {
		err = unix.EISDIR
	}
	if err != nil {
		return nil, answer(r.Filepath, err)
	}
	leave, ok := h.enter()
	if !ok {
		return nil, errOpen
	}
	f, err := h.s.Flash.Open("flash:/" + path)
	if err != nil {
		leave()
		return nil, answer(r.Filepath, err)
	}
	return &reading{File: f, h: h, leave: leave}, nil
}

// reading is a file the client reads.
type reading struct {
	*flash.File
	h     *handlers
	leave func()
	once  sync.Once
}

// Close is called by the library.
func (r *reading) Close() error {
	var err error
	r.once.Do(func() {
		r.leave()
		r.h.s.record(Sent{Name: r.Entry.Path, Size: r.Entry.Size, Transport: "sftp", Who: r.h.who})
		err = r.File.Close()
	})
	return err
}

// Filewrite implements sftp.FileWriter. Files are written whole, whether the
// client asks to empty an old one first or, as scp does, writes over it: going
// on where an earlier upload broke off is refused.
func (h *handlers) Filewrite(r *sftp.Request) (io.WriterAt, error) {
	path, err := name(r.Filepath)
	if err != nil {
		return nil, answer(r.Filepath, err)
	}
	e, serr := h.s.Flash.Stat("flash:/" + path)
	switch f := r.Pflags(); {
	case serr == nil && e.Dir:
		return nil, answer(r.Filepath, unix.EISDIR)
	case serr == nil && f.Excl:
		return nil, answer(r.Filepath, fs.ErrExist)
	case f.Append:
		return nil, sftp.ErrSSHFxOpUnsupported
	case serr != nil && !f.Creat:
		return nil, sftp.ErrSSHFxNoSuchFile
	}
	leave, ok := h.enter()
	if !ok {
		return nil, errOpen
	}
	w, err := h.s.Flash.Create("flash:/" + path)
	if err != nil {
		leave()
		return nil, answer(r.Filepath, err)
	}
	return &writing{w: w, h: h, leave: leave, path: path, room: h.s.free()}, nil
}

// writing is a file the client writes. It is put in its place by Close if
// nothing went wrong.
type writing struct {
	w     *flash.Writer
	h     *handlers
	leave func()
	path  string
	room  int64 // bytes it may have

	mu      sync.Mutex
	size    int64 // where the last byte stands
	written int64 // bytes that came
	err     error
	once    sync.Once
}

// WriteAt implements io.WriterAt.
func (w *writing) WriteAt(b []byte, at int64) (int, error) {
	end := at + int64(len(b))
	if at < 0 || end < at || end > w.room {
		w.TransferError(unix.ENOSPC)
		return 0, answer(w.path, unix.ENOSPC)
	}
	n, err := w.w.WriteAt(b, at)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.size, w.written = max(w.size, at+int64(n)), w.written+int64(n)
	if err != nil {
		w.err = err
	}
	return n, answer(w.path, err)
}

// TransferError is called by the library when the connection broke.
func (w *writing) TransferError(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

// Close is called by the library.
func (w *writing) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.err
	if err == nil && w.written < w.size {
		err = errHole
	}
	w.once.Do(func() {
		w.leave()
		if err != nil {
			w.w.Abort()
			return
		}
		if err = w.w.Commit(); err == nil {
			w.h.s.record(Received{Name: w.path, Size: w.size, Transport: "sftp", Who: w.h.who})
		}
	})
	return answer(w.path, err)
}

// Filecmd implements sftp.FileCmder.
func (h *handlers) Filecmd(r *sftp.Request) error {
	path, err := name(r.Filepath)
	if err != nil {
		return answer(r.Filepath, err)
	}
	done := func(what string, err error) error {
		if err == nil {
			h.s.record(Changed{Name: path, What: what, Who: h.who})
		}
		return answer(r.Filepath, err)
	}
	switch r.Method {
	case "Setstat": // rights and times are not kept here; clients send them unasked
		return nil
	case "Remove":
		return done("removed", h.s.Flash.Delete("flash:/"+path))
	case "Mkdir":
		return done("directory made", h.s.Flash.Mkdir("flash:/"+path))
	case "Rmdir":
		return done("directory removed", h.s.Flash.Rmdir("flash:/"+path))
	case "Rename":
		to, err := name(r.Target)
		if err != nil {
			return answer(r.Target, err)
		}
		return done("renamed to flash:/"+to, h.s.Flash.Rename("flash:/"+path, "flash:/"+to))
	}
	return sftp.ErrSSHFxOpUnsupported
}

// Filelist implements sftp.FileLister.
func (h *handlers) Filelist(r *sftp.Request) (sftp.ListerAt, error) {
	path, err := name(r.Filepath)
	if err != nil {
		return nil, answer(r.Filepath, err)
	}
	switch r.Method {
	case "List":
		entries, err := h.s.Flash.List("flash:/" + path)
		if err != nil {
			return nil, answer(r.Filepath, err)
		}
		l := make(listing, len(entries))
		for i, e := range entries {
			l[i] = info{e}
		}
		return l, nil
	case "Stat", "Lstat":
		if path == "" {
			return listing{info{flash.Entry{Path: "/", Dir: true}}}, nil
		}
		e, err := h.s.Flash.Stat("flash:/" + path)
		if err != nil {
			return nil, answer(r.Filepath, err)
		}
		return listing{info{e}}, nil
	}
	return nil, sftp.ErrSSHFxOpUnsupported
}

// listing implements sftp.ListerAt.
type listing []os.FileInfo

// ListAt implements sftp.ListerAt.
func (l listing) ListAt(to []os.FileInfo, at int64) (int, error) {
	if at >= int64(len(l)) {
		return 0, io.EOF
	}
	n := copy(to, l[at:])
	if n < len(to) {
		return n, io.EOF
	}
	return n, nil
}

// info is an entry of flash: as os.FileInfo.
type info struct{ e flash.Entry }

func (i info) Name() string       { return i.e.Name() }
func (i info) Size() int64        { return i.e.Size }
func (i info) ModTime() time.Time { return i.e.ModTime }
func (i info) IsDir() bool        { return i.e.Dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.e.Dir {
		return fs.ModeDir | 0o755
	}
	return 0o644
}
