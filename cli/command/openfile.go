package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"option150/cli/language"
	"option150/platform/flash"
	httpclient "option150/platform/httpd/client"
	"option150/platform/nvram"
	tftpclient "option150/platform/tftp/client"
	"option150/telephony/cnf"
)

// maxDownload bounds a file that is copied into flash:, in bytes. The largest
// firmware of a phone has 200 MB.
const maxDownload = 1 << 30

// privateNVRAM reports what of nvram: nobody reads or writes as a file: keys
// of the box, its bindings, what begins with a dot.
func privateNVRAM(name string) bool {
	return name != nvram.StartupName && name != nvram.BackupName &&
		(strings.HasPrefix(name, ".") || strings.HasPrefix(name, "ssh") || strings.HasPrefix(name, "bindings") || strings.HasPrefix(name, "startup"))
}

// secretNVRAM reports what of nvram: nobody reads: that, and keys that were put there.
func secretNVRAM(name string) bool { return privateNVRAM(name) || strings.Contains(name, "key") }

// openError is the answer of IOS to a file that cannot be opened.
func openError(l location, err error) error {
	var a language.Answer
	if errors.As(err, &a) {
		return err
	}
	return language.Answer(fmt.Sprintf("%%Error opening %s (%s)", l, fileCause(err)))
}

func writeError(l location, err error) error {
	var a language.Answer
	if errors.As(err, &a) {
		return err
	}
	return language.Answer(fmt.Sprintf("%%Error writing %s (%s)", l, fileCause(err)))
}

// fileCause is why a file could not be used, in IOS's words where it has some.
func fileCause(err error) string {
	switch {
	case errors.Is(err, unix.ENOTEMPTY): // which is an fs.ErrExist too
		return "Directory not empty"
	case errors.Is(err, fs.ErrNotExist):
		return "No such file or directory"
	case errors.Is(err, fs.ErrPermission):
		return "Permission denied"
	case errors.Is(err, fs.ErrExist):
		return "File exists"
	case errors.Is(err, tftpclient.ErrTimeout), errors.Is(err, httpclient.ErrTimeout):
		return "Timed out"
	case errors.Is(err, httpclient.ErrRefused):
		return "Connection refused"
	case errors.Is(err, context.Canceled):
		return "Interrupted"
	}
	return cause(err)
}

// open opens a file of the box for reading.
func (b *Box) open(l location) (io.ReadCloser, int64, error) {
	text := func(t []byte, err error) (io.ReadCloser, int64, error) {
		return io.NopCloser(bytes.NewReader(t)), int64(len(t)), err
	}
	switch l.fs {
	case fsFlash:
		if f, ok := b.builtInFlash(l.path); ok {
			return text(f.Content, nil)
		}
		f, err := b.Flash.Open(l.path)
		if err != nil {
			return nil, 0, err
		}
		return f, f.Size, nil
	case fsNVRAM:
		switch {
		case l == startupConfig:
			return text(b.NVRAM.LoadStartup())
		case secretNVRAM(l.path):
			return nil, 0, fs.ErrPermission
		}
		return text(b.NVRAM.ReadFile(l.path))
	case fsSystem:
		if l == runningConfig {
			return text([]byte(b.StartupText()), nil)
		}
		if f, ok := b.CNF.Current().At("system:/" + l.path); ok {
			return text(f.Content, nil)
		}
		return nil, 0, fs.ErrNotExist
	case fsPhone:
		var w bytes.Buffer
		err := b.RecordPhone(l.path, true, &w)
		return text(w.Bytes(), err)
	case fsFrames:
		var w bytes.Buffer
		err := b.framesOf(l.path, &w)
		return text(w.Bytes(), err)
	case fsNull:
		return text(nil, nil)
	}
	return nil, 0, fmt.Errorf("%s: is not read here", l.fs)
}

// builtInFlash is the generated file that the bindings place at a path of
// flash:, which is what phones get under its name, whatever lies there.
func (b *Box) builtInFlash(path string) (*cnf.File, bool) {
	if b.CNF == nil {
		return nil, false
	}
	for _, fs := range []string{"flash:/", "flash:", "flash0:/", "slot0:/"} {
		if f, ok := b.CNF.Current().At(fs + path); ok {
			return f, true
		}
	}
	return nil, false
}

// read reads a whole text file, a configuration, of the box or of a server.
func (b *Box) read(ctx context.Context, l location) (string, error) {
	if l.remote() {
		var t strings.Builder
		var err error
		if l.fs == fsHTTP {
			_, err = httpclient.Get(ctx, l.String(), &t, language.MaxFileBytes)
		} else {
			_, err = tftpclient.Get(ctx, l.host, l.path, &t, language.MaxFileBytes)
		}
		if err != nil {
			return "", openError(l, err)
		}
		return t.String(), nil
	}
	r, _, err := b.open(l)
	if err != nil {
		return "", openError(l, err)
	}
	defer r.Close()
	t, err := io.ReadAll(io.LimitReader(r, language.MaxFileBytes+1))
	if err != nil {
		return "", openError(l, err)
	}
	if len(t) > language.MaxFileBytes {
		return "", openError(l, nvram.ErrTooLarge)
	}
	return string(t), nil
}

// configText reports that a file can be a configuration: text with lines.
func configText(t string) bool {
	return utf8.ValidString(t) && !strings.ContainsRune(t, 0) && strings.TrimSpace(t) != ""
}

// writing is a file being written. It is there with Commit.
type writing interface {
	io.Writer
	Commit() error
	Abort()
}

// create starts a file of the box. What it is for a configuration decides
// itself at Commit: done takes the text.
func (b *Box) create(l location, done func(text []byte) error) (writing, error) {
	switch {
	case done != nil:
		return &gathered{limit: nvram.MaxStartup, done: done}, nil
	case l.fs == fsFlash:
		return b.Flash.Create(l.path)
	case l == startupConfig:
		return &gathered{limit: nvram.MaxStartup, done: b.NVRAM.SaveStartup}, nil
	case l.fs == fsNVRAM && l.path != "" && !privateNVRAM(l.path) && l.path != nvram.BackupName:
		return &gathered{limit: nvram.MaxStartup, done: func(t []byte) error { return b.NVRAM.WriteFile(l.path, t) }}, nil
	case l.fs == fsNull:
		return &gathered{limit: maxDownload, drop: true, done: func([]byte) error { return nil }}, nil
	}
	return nil, fs.ErrPermission
}

// gathered is a file that is written in one piece.
type gathered struct {
	text  []byte
	limit int
	n     int
	drop  bool
	done  func([]byte) error
}

func (g *gathered) Write(p []byte) (int, error) {
	if g.n += len(p); g.n > g.limit {
		return 0, nvram.ErrTooLarge
	}
	if !g.drop {
		g.text = append(g.text, p...)
	}
	return len(p), nil
}
func (g *gathered) Commit() error { return g.done(g.text) }
func (g *gathered) Abort()        {}

// Create implements language.Files: files of `| redirect`, `| append`, `| tee`.
func (b *Box) Create(ctx context.Context, url string, more bool) (language.File, error) {
	l, err := parseLocation(url, true)
	if err != nil || l.path == "" && l.fs != fsNull {
		return nil, language.Answer("%Error opening " + url + " (Invalid file name)")
	}
	switch {
	case l.fs == fsTFTP && !more && l.host != "":
		return &gathered{limit: maxMore, done: func(t []byte) error {
			if _, err := tftpclient.Put(ctx, l.host, l.path, bytes.NewReader(t)); err != nil {
				return openError(l, err)
			}
			return nil
		}}, nil
	case l == startupConfig || l.fs != fsFlash && l.fs != fsNVRAM && l.fs != fsNull:
		return nil, openError(l, fs.ErrPermission)
	}
	w, err := b.create(l, nil)
	if err != nil {
		return nil, openError(l, err)
	}
	if more {
		if err := b.again(w, l); err != nil {
			w.Abort()
			return nil, openError(l, err)
		}
	}
	return answering{w, l}, nil
}

// again begins a file with what it holds.
func (b *Box) again(w io.Writer, l location) error {
	r, _, err := b.open(l)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	_, err = io.Copy(w, r)
	return err
}

// answering words the errors of a file.
type answering struct {
	writing
	l location
}

func (a answering) Write(p []byte) (int, error) {
	n, err := a.writing.Write(p)
	if err != nil {
		err = writeError(a.l, err)
	}
	return n, err
}

func (a answering) Commit() error {
	if err := a.writing.Commit(); err != nil {
		return writeError(a.l, err)
	}
	return nil
}

// flashDir reports that a path is a directory of flash:.
func (b *Box) flashDir(path string) bool {
	e, err := b.Flash.Stat(path)
	return path == "" || err == nil && e.Dir
}

var _ language.File = (*flash.Writer)(nil)
