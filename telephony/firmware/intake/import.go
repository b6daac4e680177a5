package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"option150/platform/flash"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// Directory is where packages are unpacked, below the home path: one directory
// for each.
const Directory = "firmware"

// Contents is a package, or a directory that holds what a package would.
type Contents interface {
	Entries() []Entry
	Each(func(Entry, io.Reader) error) error
}

// Entries implements Contents.
func (p *Package) Entries() []Entry { return p.Files }

// Say is told of each file before it is written; what is written to the answer
// is progress. It may be nil.
type Say func(e Entry) io.Writer

// ErrFull is a flash: that has no room for what a package unpacks to.
type ErrFull struct{ Need, Free int64 }

func (e ErrFull) Error() string {
	return fmt.Sprintf("%d bytes are needed and %d are free", e.Need, e.Free)
}

// reserve stays free: leases and configurations are written to the same disk.
const reserve = 4 << 20

// room checks the disk before the first byte is written.
func room(f *flash.Flash, need int64) error {
	_, free, err := f.Usage()
	if err != nil {
		return err
	}
	if left := int64(min(free, 1<<62)) - reserve; need > left {
		return ErrFull{need, max(left, 0)}
	}
	return nil
}

// Extract unpacks everything below dest, over files of that name, as `archive
// tar /xtract` does on a router: all of it or nothing.
func Extract(ctx context.Context, c Contents, f *flash.Flash, dest string, say Say) error {
	need := int64(0)
	for _, e := range c.Entries() {
		need += e.Size
	}
	if err := room(f, need); err != nil {
		return err
	}
	s, err := f.Stage()
	if err != nil {
		return err
	}
	defer s.Abort()
	err = c.Each(func(e Entry, r io.Reader) error {
		_, err := write(ctx, s, e.Name, e, r, say)
		return err
	})
	if err != nil {
		return err
	}
	return s.CommitInto(dest)
}

// write puts one file into the stage and gives its digest.
func write(ctx context.Context, s *flash.Stage, name string, e Entry, r io.Reader, say Say) (sum [32]byte, err error) {
	w, err := s.Create(name)
	if err != nil {
		return sum, err
	}
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, h, progress(e, say)), interruptible{ctx, r})
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	if err == nil && n != e.Size {
		err = ErrTruncated
	}
	return [32]byte(h.Sum(nil)), err
}

func progress(e Entry, say Say) io.Writer {
	if say == nil {
		return io.Discard
	}
	return say(e)
}

type interruptible struct {
	ctx context.Context
	r   io.Reader
}

func (i interruptible) Read(b []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(b)
}

// Report is what became of a package.
type Report struct {
	Dir      string // below flash:
	Files    int
	Bytes    int64    // written
	Linked   int      // files that were in flash: already
	LeftOut  []string // what no phone asks for
	Loads    []firmware.State
	Defaults []string // termNN.default.loads: chosen when a phone asks, never by chance

	Languages map[string]int // of a package of languages: files of each directory
	Replaced  int            // files of that name that were there
}

// Conflict is a file of another content under a name that phones would ask
// for: neither would be served.
type Conflict struct{ Name, Have string }

func (c Conflict) Error() string {
	return fmt.Sprintf("%s is in flash: with other content: %s", c.Name, c.Have)
}

// There is a package that was imported before.
type There struct{ Dir string }

func (t There) Error() string { return "flash:/" + t.Dir + " is there" }

// importer is one import.
type importer struct {
	f     *flash.Flash
	home  string
	stage *flash.Stage
	have  map[string][]flash.Entry // below home, by base name without case
	rep   Report
}

// Import unpacks a package into a directory of its own below the home path,
// where phones find its files by their names alone. It is there as a whole or
// not at all. Files whose content is in flash: already take no room.
func Import(ctx context.Context, c Contents, f *flash.Flash, home, name string, say Say) (Report, error) {
	dir := path.Join(home, Directory, name)
	if _, err := f.Stat(dir); err == nil {
		return Report{}, There{dir}
	}
	m := &importer{f: f, home: home, have: map[string][]flash.Entry{}}
	for _, e := range f.Files(home) {
		k := lower(e.Name())
		m.have[k] = append(m.have[k], e)
	}
	names, need, err := m.plan(c.Entries())
	if err != nil {
		return Report{}, err
	}
	if err := room(f, need); err != nil {
		return Report{}, err
	}
	if m.stage, err = f.Stage(); err != nil {
		return Report{}, err
	}
	defer m.stage.Abort()
	err = c.Each(func(e Entry, r io.Reader) error {
		as, ok := names[e.Name]
		if !ok {
			return nil
		}
		return m.take(ctx, as, e, r, say)
	})
	if err == nil {
		err = m.check()
	}
	if err != nil {
		return Report{}, err
	}
	m.rep.Dir = dir
	return m.rep, m.stage.CommitDir(dir)
}

// plan decides under which name each file is kept and what it needs.
func (m *importer) plan(entries []Entry) (names map[string]string, need int64, err error) {
	names = map[string]string{}
	firm := slices.ContainsFunc(entries, func(e Entry) bool { return image(e.Name) })
	seen := map[string]bool{}
	for _, e := range entries {
		if leftOut(e.Name) {
			m.rep.LeftOut = append(m.rep.LeftOut, e.Name)
			continue
		}
		as := e.Name
		if firm { // phones name a file of a load without a directory
			as = path.Base(e.Name)
		}
		if seen[lower(as)] {
			return nil, 0, &Error{e.Name, ErrDuplicate}
		}
		seen[lower(as)] = true
		names[e.Name] = as
		if m.same(as, e.Size) == nil {
			need += e.Size
		}
	}
	if len(names) == 0 {
		return nil, 0, &Error{Err: ErrEmpty}
	}
	return names, need, nil
}

// same is a file of that name and size in flash:.
func (m *importer) same(name string, size int64) *flash.Entry {
	for i, e := range m.have[lower(path.Base(name))] {
		if e.Size == size {
			return &m.have[lower(path.Base(name))][i]
		}
	}
	return nil
}

// take stages one file: as a link where flash: has it.
func (m *importer) take(ctx context.Context, as string, e Entry, r io.Reader, say Say) error {
	base := path.Base(as)
	rivals := m.have[lower(base)]
	if DefaultLoad(base) {
		rivals = nil // each package has its own
		m.rep.Defaults = append(m.rep.Defaults, base)
	}
	m.rep.Files++
	if old := m.same(as, e.Size); old != nil && len(rivals) > 0 {
		equal, err := sameContent(m.f, old.Path, interruptible{ctx, r})
		if err != nil {
			return err
		}
		if !equal {
			return Conflict{base, "flash:/" + old.Path}
		}
		m.rep.Linked++
		return m.stage.Link(as, old.Path)
	}
	if len(rivals) > 0 {
		return Conflict{base, "flash:/" + rivals[0].Path}
	}
	_, err := write(ctx, m.stage, as, e, r, say)
	m.rep.Bytes += e.Size
	return err
}

// sameContent compares a stream with a file of flash:.
func sameContent(f *flash.Flash, path string, r io.Reader) (bool, error) {
	old, err := f.Open(path)
	if err != nil {
		return false, err
	}
	defer old.Close()
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for {
		n, errA := io.ReadFull(r, a)
		k, errB := io.ReadFull(old, b)
		if n != k || !bytes.Equal(a[:n], b[:k]) {
			return false, nil
		}
		for _, err := range []error{errA, errB} {
			if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
				return false, err
			}
		}
		if errA != nil {
			return true, nil
		}
	}
}

// check examines the loads of the package as phones would get them. A file
// that is not what it says it is refuses the package; one that is absent is
// told: it may come with another package.
func (m *importer) check() error {
	staged := map[string]string{}
	for _, n := range m.stage.Files() {
		staged[lower(path.Base(n))] = n
	}
	find := func(name string) (firmware.Found, bool) {
		if n, ok := staged[lower(path.Base(name))]; ok {
			f, err := m.stage.Open(n)
			if err != nil {
				return firmware.Found{}, false
			}
			defer f.Close()
			info, err := f.Stat()
			if err != nil {
				return firmware.Found{}, false
			}
			return firmware.Found{Name: path.Base(n), Size: info.Size(), Open: func() (io.ReadCloser, error) { return m.stage.Open(n) }}, true
		}
		f, err := m.f.Find(m.home, name)
		if err != nil {
			return firmware.Found{}, false
		}
		defer f.Close()
		at := f.Path
		return firmware.Found{Name: f.Name(), Size: f.Size, Open: func() (io.ReadCloser, error) { return m.f.Open(at) }}, true
	}
	for _, n := range m.stage.Files() {
		if !loadFile(n) {
			continue
		}
		s := firmware.Examine(find, phone.Load(path.Base(n)), true)
		for _, f := range s.Missing {
			if _, ours := staged[lower(f.File)]; ours && f.Fatal() && f.Kind != firmware.Absent {
				return &Error{f.File, errors.New(strings.TrimPrefix(f.String(), f.File+" "))}
			}
		}
		if !DefaultLoad(n) {
			m.rep.Loads = append(m.rep.Loads, s)
		}
	}
	return nil
}
