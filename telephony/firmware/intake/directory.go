package intake

import (
	"io"
	"strings"

	"option150/platform/flash"
)

// Dir is a directory of flash: as the contents of a package.
type Dir struct {
	f     *flash.Flash
	paths []flash.Entry
	under string
}

// OpenDir lists a directory.
func OpenDir(f *flash.Flash, path string) (*Dir, error) {
	d := &Dir{f: f, paths: f.Files(path), under: path}
	switch {
	case len(d.paths) == 0:
		return nil, &Error{Err: ErrEmpty}
	case len(d.paths) > MaxEntries:
		return nil, &Error{Err: ErrMany}
	}
	return d, nil
}

func (d *Dir) entry(e flash.Entry) Entry {
	return Entry{strings.TrimPrefix(e.Path[len(d.under):], "/"), e.Size}
}

// Entries implements Contents.
func (d *Dir) Entries() (out []Entry) {
	for _, e := range d.paths {
		out = append(out, d.entry(e))
	}
	return out
}

// Each implements Contents.
func (d *Dir) Each(f func(Entry, io.Reader) error) error {
	for _, e := range d.paths {
		if err := d.one(e, f); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dir) one(e flash.Entry, f func(Entry, io.Reader) error) error {
	file, err := d.f.Open(e.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	return f(d.entry(e), file)
}
