package intake

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"option150/telephony/firmware"
)

// Bounds of a package. The largest of Cisco's has a few hundred files and 300
// MB; an entry costs memory, a byte costs flash:.
const (
	MaxEntries = 10_000
	MaxTotal   = 2 << 30
	MaxRatio   = 200
	// ratioFrom is the size below which a ratio says nothing.
	ratioFrom = 16 << 20
)

// The reasons for which a package is refused.
var (
	ErrFormat    = errors.New("not a package of a known form")
	ErrHeader    = errors.New("the signature header makes no sense")
	ErrTraversal = errors.New("a name leaves the directory")
	ErrName      = errors.New("a name that no file can have here")
	ErrLink      = errors.New("a link or a device is no file")
	ErrDuplicate = errors.New("a name is there twice")
	ErrMany      = fmt.Errorf("more than %d files", MaxEntries)
	ErrLarge     = fmt.Errorf("unpacks to more than %d MB", MaxTotal>>20)
	ErrBomb      = fmt.Errorf("unpacks to more than %d times its size", MaxRatio)
	ErrNested    = errors.New("an archive in an archive in an archive")
	ErrTruncated = errors.New("the package ends too early")
	ErrDamaged   = errors.New("the package is damaged")
	ErrEmpty     = errors.New("no files in the package")
)

// Error says which file of a package is at fault, and why.
type Error struct {
	Name string // in the package; "" = the package itself
	Err  error
}

func (e *Error) Error() string {
	if e.Name == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%s: %v", e.Name, e.Err)
}

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// Kind is the form of a package.
type Kind string

// The forms.
const (
	Tar     Kind = "tar"
	TarGzip Kind = "gzipped tar"
	Zip     Kind = "zip"
)

// Entry is a regular file in a package.
type Entry struct {
	Name string // clean, with / between directories
	Size int64  // bytes
}

// Package is a package that was read once.
type Package struct {
	Kind   Kind
	Signer string // of a signed container; "" = none. Not verified.
	Files  []Entry
	Total  int64 // sum of the sizes

	r    *io.SectionReader // without a signature header
	size int64
	zip  *zip.Reader
}

// Open reads a package and lists it.
func Open(r io.ReaderAt, size int64) (*Package, error) {
	p := &Package{r: io.NewSectionReader(r, 0, size), size: size}
	head, err := p.peek()
	if err != nil {
		return nil, err
	}
	if len(head) >= 5 && bytes.HasPrefix(head, []byte{1, 0, 2}) || len(head) >= 4 && head[0] == 0xcd && head[1] == 0x34 && head[2] == 0x12 && head[3] == 0xab {
		h, err := firmware.ParseHeader(head)
		if err != nil || int64(h.Length) >= size {
			return nil, &Error{Err: ErrHeader}
		}
		p.Signer = h.Signer
		p.size -= int64(h.Length)
		p.r = io.NewSectionReader(r, int64(h.Length), p.size)
		if head, err = p.peek(); err != nil {
			return nil, err
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		p.Kind = TarGzip
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")), bytes.HasPrefix(head, []byte("MZ")):
		p.Kind = Zip // MZ: an archive that unpacks itself has a program before it
	case tarHead(head):
		p.Kind = Tar
	default:
		return nil, &Error{Err: ErrFormat}
	}
	if err := p.list(); err != nil {
		return nil, err
	}
	if len(p.Files) == 0 {
		return nil, &Error{Err: ErrEmpty}
	}
	return p, nil
}

// peek is the beginning of the package: a header and a block.
func (p *Package) peek() ([]byte, error) {
	b := make([]byte, 4096)
	n, err := p.r.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}

// tarHead checks the sum of the first header: the one thing every tar has.
func tarHead(b []byte) bool {
	if len(b) < 512 {
		return false
	}
	_, err := tar.NewReader(bytes.NewReader(b[:512])).Next()
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF)
}

// list reads everything once.
func (p *Package) list() error {
	names := map[string]bool{}
	read := int64(0)
	note := func(name string, size int64) error {
		clean, err := cleanName(name)
		if err != nil || clean == "" {
			return err
		}
		switch {
		case size < 0 || size > MaxTotal || p.Total > MaxTotal-size:
			return ErrLarge
		case len(p.Files) >= MaxEntries:
			return ErrMany
		case names[lower(clean)]:
			return ErrDuplicate
		}
		names[lower(clean)] = true
		p.Files = append(p.Files, Entry{clean, size})
		p.Total += size
		return p.ratio(p.Total)
	}
	if p.Kind == Zip {
		z, err := zip.NewReader(p.r, p.size)
		if err != nil {
			return &Error{Err: damaged(err)}
		}
		p.zip = z
		if len(z.File) > MaxEntries {
			return &Error{Err: ErrMany}
		}
		for _, f := range z.File {
			switch m := f.Mode(); {
			case m.IsDir():
				continue
			case m&fs.ModeType != 0:
				return &Error{f.Name, ErrLink}
			case f.UncompressedSize64 > MaxTotal:
				return &Error{f.Name, ErrLarge}
			}
			if err := note(f.Name, int64(f.UncompressedSize64)); err != nil {
				return &Error{f.Name, err}
			}
		}
		// The directory may lie about the sizes: read them all once.
		return p.Each(func(_ Entry, r io.Reader) error { return p.count(&read, r) })
	}
	return p.tar(func(name string, size int64, r io.Reader) error {
		if err := note(name, size); err != nil {
			return err
		}
		return p.count(&read, r)
	})
}

// count reads a file to its end.
func (p *Package) count(read *int64, r io.Reader) error {
	n, err := io.Copy(io.Discard, r)
	*read += n
	if err != nil {
		return damaged(err)
	}
	return p.ratio(*read)
}

func (p *Package) ratio(total int64) error { return ratio(total, p.size) }

// ratio refuses what unpacks to many times its size.
func ratio(total, size int64) error {
	if total > ratioFrom && total/max(size, 1) > MaxRatio {
		return ErrBomb
	}
	return nil
}

// tar calls f for each regular file of a tar.
func (p *Package) tar(f func(name string, size int64, r io.Reader) error) error {
	s := stream{in: io.NewSectionReader(p.r, 0, p.size), zipped: p.Kind == TarGzip, size: p.size}
	return s.each(f)
}

// stream is a tar that is read from its beginning to its end.
type stream struct {
	in     io.Reader
	zipped bool
	size   int64 // before it is unpacked
}

func (s *stream) each(f func(name string, size int64, r io.Reader) error) error {
	in := s.in
	if s.zipped {
		g, err := gzip.NewReader(bufio.NewReader(in))
		if err != nil {
			return &Error{Err: damaged(err)}
		}
		in = g
	}
	// Padding, directories and headers count too: nobody reads for ever.
	l := &limited{r: in, left: MaxTotal + MaxEntries*4096, size: s.size}
	t := tar.NewReader(l)
	for seen := 0; ; seen++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			// The sum of a gzip comes after the last file.
			if _, err := io.Copy(io.Discard, l); err != nil {
				return &Error{Err: damaged(err)}
			}
			if l.zero < 512 { // a tar ends with blocks of zeros, and this one between two files
				return &Error{Err: ErrTruncated}
			}
			return nil
		}
		if err != nil {
			return &Error{Err: damaged(err)}
		}
		if seen > 2*MaxEntries {
			return &Error{Err: ErrMany}
		}
		switch h.Typeflag {
		case tar.TypeReg:
		case tar.TypeDir:
			if _, err := cleanName(h.Name); err != nil && !errors.Is(err, ErrName) {
				return &Error{h.Name, err}
			}
			continue
		case tar.TypeXGlobalHeader:
			continue
		default:
			return &Error{h.Name, ErrLink}
		}
		if err := f(h.Name, h.Size, t); err != nil {
			var e *Error
			if errors.As(err, &e) {
				return err
			}
			return &Error{h.Name, err}
		}
	}
}

// limited ends a stream that unpacks to too much.
type limited struct {
	r    io.Reader
	left int64
	read int64
	zero int64 // bytes at the end of what was read that are zero
	size int64 // before it was unpacked
}

func (l *limited) Read(b []byte) (int, error) {
	if l.left <= 0 {
		return 0, ErrLarge
	}
	n, err := l.r.Read(b[:min(int64(len(b)), l.left)])
	l.left -= int64(n)
	l.read += int64(n)
	if kept := bytes.TrimRight(b[:n], "\x00"); len(kept) > 0 {
		l.zero = int64(n - len(kept))
	} else {
		l.zero += int64(n)
	}
	if e := ratio(l.read, l.size); e != nil {
		return n, e
	}
	return n, err
}

// Each calls f with the content of each file, in the order of the package. The
// error of f ends it.
func (p *Package) Each(f func(e Entry, r io.Reader) error) error {
	if p.Kind == Zip {
		for _, z := range p.zip.File {
			if z.Mode().IsDir() {
				continue
			}
			name, err := cleanName(z.Name)
			if err == nil && name != "" {
				err = p.unzip(z, Entry{name, int64(z.UncompressedSize64)}, f)
			}
			if err != nil {
				return &Error{z.Name, err}
			}
		}
		return nil
	}
	return p.tar(func(name string, size int64, r io.Reader) error {
		name, err := cleanName(name)
		if err != nil || name == "" {
			return err
		}
		return f(Entry{name, size}, whole{r})
	})
}

func (p *Package) unzip(z *zip.File, e Entry, f func(Entry, io.Reader) error) error {
	r, err := z.Open()
	if err != nil {
		return damaged(err)
	}
	defer r.Close()
	// One byte more than promised shows a directory that lies.
	l := &io.LimitedReader{R: r, N: e.Size + 1}
	if err := f(e, whole{l}); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, l); err != nil { // what f did not want
		return damaged(err)
	}
	if l.N != 1 {
		return ErrDamaged
	}
	return nil
}

// whole gives the reasons of this package for a stream that is damaged.
type whole struct{ r io.Reader }

func (w whole) Read(b []byte) (int, error) {
	n, err := w.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		err = damaged(err)
	}
	return n, err
}

func damaged(err error) error {
	for _, own := range []error{ErrLarge, ErrBomb, ErrMany, ErrTruncated, ErrDamaged, ErrNested} {
		if errors.Is(err, own) {
			return own
		}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return ErrTruncated
	}
	return ErrDamaged
}
