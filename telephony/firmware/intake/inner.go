package intake

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
)

// inner is a package whose archives are unpacked with it: packages of languages
// for the call manager are a gzipped tar that holds another tar. Once, and no
// deeper.
type inner struct {
	Contents
	files []Entry
}

// Unpacked gives a package with the files of the archives in it in their place.
// It reads the package once. The bounds of a package are those of the whole.
func Unpacked(c Contents) (Contents, error) {
	if !slices.ContainsFunc(c.Entries(), func(e Entry) bool { return archive(e.Name) }) {
		return c, nil
	}
	n := &inner{Contents: c}
	names, total := map[string]bool{}, int64(0)
	err := n.Each(func(e Entry, r io.Reader) error {
		switch total += e.Size; {
		case total > MaxTotal || e.Size < 0:
			return &Error{e.Name, ErrLarge}
		case len(n.files) >= MaxEntries:
			return &Error{Err: ErrMany}
		case names[lower(e.Name)]:
			return &Error{e.Name, ErrDuplicate}
		}
		names[lower(e.Name)] = true
		n.files = append(n.files, e)
		_, err := io.Copy(io.Discard, r)
		return err
	})
	if err == nil && len(n.files) == 0 {
		err = &Error{Err: ErrEmpty}
	}
	return n, err
}

// archive is an entry that may hold files of its own.
func archive(name string) bool { return hasSuffix(name, []string{".tar", ".tar.gz", ".tgz"}) }

// Entries implements Contents.
func (n *inner) Entries() []Entry { return n.files }

// Each implements Contents.
func (n *inner) Each(f func(Entry, io.Reader) error) error {
	return n.Contents.Each(func(e Entry, r io.Reader) error {
		if !archive(e.Name) {
			return f(e, r)
		}
		b := bufio.NewReaderSize(r, 4096)
		head, err := b.Peek(512)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		zipped := bytes.HasPrefix(head, []byte{0x1f, 0x8b})
		if !zipped && !tarHead(head) {
			return f(e, b) // called so, and none
		}
		s := stream{in: b, zipped: zipped, size: e.Size}
		return s.each(func(name string, size int64, r io.Reader) error {
			clean, err := cleanName(name)
			switch {
			case err != nil || clean == "" || leftOut(clean): // scripts may be in both
				return err
			case archive(clean):
				return ErrNested
			}
			return f(Entry{clean, size}, whole{r})
		})
	})
}
