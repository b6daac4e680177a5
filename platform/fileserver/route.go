package fileserver

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"option150/platform/flash"
)

// Route is one place a file may come from. Open is called with the clean name;
// (nil, nil) and ErrNotFound mean "not mine", and the next route is asked. Any
// other error ends the search: ErrBusy, ErrDenied, or a fault, which is
// answered like ErrBusy. Open must return when ctx is done.
type Route interface {
	Name() string // "upstream"
	Open(ctx context.Context, r Request, cleanName string) (*Hit, error)
}

// Hit is a file a route has.
type Hit struct {
	Name    string // the name it is served under, "flash:/phones/P003.loads"
	Size    int64
	ModTime time.Time
	ETag    string // strong, quoted; "" = none
	Content Content
	Close   func() error // nil = nothing to close
	Changed func() bool  // somebody writes to it: what was read is neither the old nor the new; nil = nobody can
	Empty   bool         // it is meant: an empty file counts as absent otherwise
}

// The names of the built-in routes.
const (
	RouteGenerated = "generated"
	RouteBinding   = "tftp-server"
	RouteFlash     = "flash"
)

// Lookup finds a generated file by a clean name: its content, which is never
// written to again, when it was built, and its strong, quoted entity tag.
type Lookup func(name string) (content []byte, modTime time.Time, etag string, ok bool)

// generated serves what was built from the configuration.
type generated struct {
	lookup Lookup
	busy   func() bool // it is being built, and nobody gets the one before; nil = never
}

func (generated) Name() string { return RouteGenerated }

// rebuilding is ErrBusy while phone files are built, if `file-server rebuild
// busy` wants it said. [source 004: "rebuilding configuration files"]
type rebuilding struct{}

func (rebuilding) Error() string { return "the phone files are being built" }

// Unwrap makes it an ErrBusy.
func (rebuilding) Unwrap() error { return ErrBusy }

func (g generated) Open(_ context.Context, _ Request, name string) (*Hit, error) {
	busy := g.busy != nil && g.busy()
	for _, n := range variants(name) {
		b, mod, etag, ok := g.lookup(n)
		if busy && (ok || deviceKind(n) != "") { // of a phone that is being added there is none yet
			return nil, rebuilding{}
		}
		if ok {
			return &Hit{Name: n, Size: int64(len(b)), ModTime: mod, ETag: etag, Content: bytes.NewReader(b)}, nil
		}
	}
	return nil, nil
}

// variants are the names a clean name stands for: a soft phone (CIPC) asks for
// everything below Communicator/. [facts/phones.md 1.6]
func variants(name string) []string {
	const cipc = "communicator/"
	if len(name) > len(cipc) && strings.EqualFold(name[:len(cipc)], cipc) {
		return []string{name, name[len(cipc):]}
	}
	return []string{name}
}

// bound serves what tftp-server lines name.
type bound struct {
	flash  *flash.Flash
	lookup Lookup // for system:
	names  map[string]line
}

// line is a tftp-server line with the clean path of its file in flash:.
type line struct {
	Binding
	path string // "": none
}

// bind makes the table of a configuration: aliases, or without one the path
// and its last part. The first line that gives a name wins.
func bind(lines []Binding) map[string]line {
	names := map[string]line{}
	add := func(name string, b line) {
		clean, err := flash.CleanName(name)
		if err != nil {
			return
		}
		for _, k := range []string{clean, strings.ToLower(clean)} {
			if _, there := names[k]; !there {
				names[k] = b
			}
		}
	}
	for _, l := range lines {
		b := line{Binding: l}
		if path, err := flash.CleanPath(b.File); err == nil {
			b.path = path
		}
		if b.Alias != "" {
			add(b.Alias, b)
			continue
		}
		_, path, ok := strings.Cut(b.File, ":")
		if !ok {
			path = b.File
		}
		path = strings.TrimSpace(strings.ReplaceAll(path, `\`, "/"))
		add(path, b)
		add(last(path), b)
	}
	return names
}

func (bound) Name() string { return RouteBinding }

func (t bound) Open(_ context.Context, r Request, name string) (*Hit, error) {
	for _, n := range variants(name) {
		b, ok := t.names[n]
		if !ok {
			b, ok = t.names[strings.ToLower(n)]
		}
		if !ok {
			continue
		}
		const system = "system:"
		if len(b.File) >= len(system) && strings.EqualFold(b.File[:len(system)], system) && t.lookup != nil {
			if c, mod, etag, ok := t.lookup(last(b.File)); ok {
				return &Hit{Name: b.File, Size: int64(len(c)), ModTime: mod, ETag: etag, Content: bytes.NewReader(c)}, nil
			}
			continue
		}
		if b.path == "" || t.flash == nil {
			continue
		}
		f, err := t.flash.Fetch("", b.path, r.Asked)
		if h, err := fromFlash(f, err); h != nil || err != nil {
			return h, err
		}
	}
	return nil, nil
}

// chosen serves what is decided for each client.
type chosen struct {
	flash  *flash.Flash
	choose func(r Request, name string) (path string, handled bool)
	access *access
}

func (chosen) Name() string { return RouteFlash }

func (c chosen) Open(_ context.Context, r Request, name string) (*Hit, error) {
	path, handled := c.choose(r, name)
	switch {
	case !handled:
		return nil, nil
	case path == "":
		return nil, errNone
	}
	f, err := c.flash.Fetch("", path, r.Asked)
	return loose{access: c.access}.permitted(r, f, err)
}

// errNone ends the search: no other file may be served under the name.
var errNone = fmt.Errorf("%w: none is right for this client", ErrNotFound)

// loose serves whatever lies below the home path.
type loose struct {
	flash  *flash.Flash
	home   string
	access *access
}

func (loose) Name() string { return RouteFlash }

func (l loose) Open(_ context.Context, r Request, name string) (*Hit, error) {
	for _, n := range variants(name) {
		if Protected(n) {
			return nil, fmt.Errorf("%w: protected kind of file", ErrDenied)
		}
		f, err := l.flash.Fetch(l.home, n, r.Asked)
		if err == nil && (f.Path != n && Protected(f.Path) || configuration(f)) {
			_ = f.Close()
			return nil, fmt.Errorf("%w: protected kind of file", ErrDenied)
		}
		if h, err := l.permitted(r, f, err); h != nil || err != nil {
			return h, err
		}
		// Asked for X with only X.sgn here: the body without its envelope. Never
		// the other way round: a phone that asks for X.sgn refuses unsigned
		// content. [facts/phones.md 2.8 rules 3 and 4]
		if strings.HasSuffix(strings.ToLower(n), ".sgn") {
			continue
		}
		f, err = l.flash.Fetch(l.home, n+".sgn", r.Asked)
		if h, err := unsigned(l.permitted(r, f, err)); h != nil || err != nil {
			return h, err
		}
	}
	return nil, nil
}

// permitted is fromFlash for who may have the file.
func (l loose) permitted(r Request, f *flash.File, err error) (*Hit, error) {
	if err == nil {
		if no := l.access.file(r, f.Path); no != nil {
			_ = f.Close()
			return nil, no
		}
	}
	return fromFlash(f, err)
}

// fromFlash turns what flash: said into what a route says. Small files come
// as their content, larger ones stay on disk, where HTTP has the kernel send
// them.
func fromFlash(f *flash.File, err error) (*Hit, error) {
	switch {
	case err == nil && f.Whole != nil:
		return &Hit{Name: "flash:/" + f.Path, Size: f.Size, ModTime: f.ModTime, ETag: `"` + f.ID + `"`, Content: bytes.NewReader(f.Whole)}, nil
	case err == nil && f.Shared != nil:
		return &Hit{Name: "flash:/" + f.Path, Size: f.Size, ModTime: f.ModTime, ETag: `"` + f.ID + `"`,
			Content: f.Shared, Close: f.Close, Changed: f.Shared.Changed}, nil
	case err == nil:
		return &Hit{Name: "flash:/" + f.Path, Size: f.Size, ModTime: f.ModTime, ETag: `"` + f.ID + `"`,
			Content: f.File, Close: f.Close}, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, flash.ErrNotRegular), errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%w: %w", ErrDenied, err)
	}
	return nil, err
}

// unsigned is the payload of a signed file: the TLV header tells its own
// length. What has no such header is not served under the other name.
// [facts/phones.md 3.1: tag 01 container version, tag 02 header length]
func unsigned(h *Hit, err error) (*Hit, error) {
	if h == nil || err != nil {
		return h, err
	}
	var head [10]byte
	n, _ := h.Content.ReadAt(head[:], 0)
	length := int64(binary.BigEndian.Uint16(head[8:]))
	if n < len(head) || head[0] != 1 || head[1] != 0 || head[2] != 2 ||
		head[5] != 2 || head[6] != 0 || head[7] != 2 || length < int64(len(head)) || length > h.Size {
		if h.Close != nil {
			_ = h.Close()
		}
		return nil, nil
	}
	h.Size -= length
	h.Content = io.NewSectionReader(h.Content, length, h.Size)
	h.ETag = strings.TrimSuffix(h.ETag, `"`) + `-u"`
	return h, nil
}
