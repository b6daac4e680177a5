package firmware

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"option150/telephony/phone"
)

// Found is a file that exists.
type Found struct {
	Name string // as stored: differs from the name asked by case or directory
	Size int64
	ID   string // changes whenever the content may have; "" = not known
	// Open gives the content; nil = only names and sizes are known.
	Open func() (io.ReadCloser, error)
}

// Lookup finds a file by the name a phone asks for, as the file server does.
// It reports false for what cannot be served.
type Lookup func(name string) (Found, bool)

// Kind is what is wrong with a file of a load.
type Kind string

// The kinds.
const (
	Absent    Kind = "absent"
	Empty     Kind = "empty"      // counts as absent for phones
	SizeDiff  Kind = "size"       // differs from the size in the list
	Renamed   Kind = "renamed"    // carries another name inside: phones refuse it
	Damaged   Kind = "damaged"    // cut off, or the digest differs
	NotAList  Kind = "not-a-list" // the first file of the load cannot be read as a list
	OtherCase Kind = "case"       // exists under another case: served, worth knowing
)

// Missing is one finding about a file of a load.
type Missing struct {
	Load   string // as configured
	File   string // as phones ask for it
	Kind   Kind
	Want   int64 // bytes, for SizeDiff
	Have   int64
	Detail string // another name, the reason
}

// Fatal reports that a phone cannot get the load: another case is only worth
// knowing.
func (m Missing) Fatal() bool { return m.Kind != OtherCase }

func (m Missing) String() string {
	switch m.Kind {
	case Absent:
		return m.File + " is absent"
	case Empty:
		return m.File + " is empty"
	case SizeDiff:
		return fmt.Sprintf("%s has %d bytes, the load says %d", m.File, m.Have, m.Want)
	case Renamed:
		return fmt.Sprintf("%s says it is %s: phones refuse it", m.File, m.Detail)
	case OtherCase:
		return fmt.Sprintf("%s exists as %s", m.File, m.Detail)
	}
	return fmt.Sprintf("%s: %s", m.File, m.Detail)
}

// State is what is known of one load.
type State struct {
	Load    phone.Load
	First   string   // the file phones ask for first
	Set     *LoadSet // nil when First cannot be read; one component for a single image
	Missing []Missing
	Total   int // components
	Present int // that exist and are whole as far as checked

	k *Checker
}

// Complete reports that a phone can get every file and takes it: a list under
// another name than its own is refused although all it names is there.
func (s State) Complete() bool {
	return s.Set != nil && s.Present == s.Total && !slices.ContainsFunc(s.Missing, Missing.Fatal)
}

// String is one line: "SCCP41.9-4-2SR3-1S: 2 of 5 components missing: ...".
func (s State) String() string {
	var names []string
	for _, m := range s.Missing {
		if m.Fatal() {
			names = append(names, m.String())
		}
	}
	switch {
	case s.Complete():
		return fmt.Sprintf("%s: %d of %d components present", s.Load.Canonical(), s.Present, s.Total)
	case s.Set == nil, s.Present == s.Total:
		return fmt.Sprintf("%s: %s", s.Load.Canonical(), strings.Join(names, "; "))
	}
	return fmt.Sprintf("%s: %d of %d components missing: %s", s.Load.Canonical(), s.Total-s.Present, s.Total, strings.Join(names, "; "))
}

// Check tells which files of the loads are absent or not whole. Sizes, names
// and containers are looked at, and the SHA-256 of G5 files when deep is set:
// that reads them to their end.
func Check(find Lookup, loads []phone.Load, deep bool) []Missing {
	var out []Missing
	for _, l := range loads {
		out = append(out, Examine(find, l, deep).Missing...)
	}
	return out
}

// Examine finds the list of a load and checks every component.
func Examine(find Lookup, load phone.Load, deep bool) State {
	return (*Checker)(nil).Examine(find, load, deep)
}

// Examine is the function of that name, but for what is known of files by
// their identity.
func (k *Checker) Examine(find Lookup, load phone.Load, deep bool) State {
	s := examine(State{Load: load, k: k}, find, load, deep)
	s.k = nil
	return s
}

func examine(s State, find Lookup, load phone.Load, deep bool) State {
	names := load.Files()
	if len(names) == 0 {
		return s
	}
	var first Found
	ok := false
	for _, n := range names {
		if first, ok = find(n); ok {
			s.First = n
			break
		}
	}
	if !ok {
		s.First = names[0]
		s.note(Missing{File: s.First, Kind: Absent})
		return s
	}
	if !isList(s.First) {
		s.Set = &LoadSet{Name: s.First, Components: []Component{{Name: s.First, Size: -1}}}
	} else if !s.readList(first) {
		return s
	}
	s.Total = len(s.Set.Components)
	checked := make(map[string]bool)
	for _, c := range s.Set.Components {
		whole, again := checked[c.Name]
		if !again {
			whole = s.component(find, c, deep)
			checked[c.Name] = whole
		}
		if whole {
			s.Present++
		}
	}
	return s
}

func isList(name string) bool { return strings.EqualFold(path.Ext(name), ".loads") }

func (s *State) note(m Missing) {
	m.Load = s.Load.Typed()
	s.Missing = append(s.Missing, m)
}

// readList reads and parses the first file.
func (s *State) readList(f Found) bool {
	if f.Size == 0 {
		s.note(Missing{File: s.First, Kind: Empty})
		return false
	}
	content, err := head(f, MaxList+1)
	if err == nil && content == nil {
		err = errors.New("its content cannot be read")
	}
	if err == nil {
		s.Set, err = ParseList(s.First, content)
	}
	if err != nil {
		s.note(Missing{File: s.First, Kind: NotAList, Have: f.Size, Detail: strings.TrimPrefix(err.Error(), s.First+": ")})
		return false
	}
	if n := s.Set.Header.Name; n != "" && !strings.EqualFold(n, s.First) {
		s.note(Missing{File: s.First, Kind: Renamed, Detail: n})
	}
	s.otherCase(s.First, f)
	return true
}

func (s *State) otherCase(asked string, f Found) {
	if b := path.Base(f.Name); f.Name != "" && b != path.Base(asked) && strings.EqualFold(b, path.Base(asked)) {
		s.note(Missing{File: asked, Kind: OtherCase, Detail: b})
	}
}

// component checks one file and reports whether it is whole.
func (s *State) component(find Lookup, c Component, deep bool) bool {
	f, ok := find(c.Name)
	switch {
	case !ok:
		s.note(Missing{File: c.Name, Kind: Absent, Want: c.Size})
		return false
	case f.Size == 0:
		s.note(Missing{File: c.Name, Kind: Empty, Want: c.Size})
		return false
	}
	s.otherCase(c.Name, f)
	h, err := s.k.header(f)
	if err != nil {
		s.note(Missing{File: c.Name, Kind: Damaged, Have: f.Size, Detail: err.Error()})
		return false
	}
	whole := true
	// Whether the list counts the container is only known for 792x (it does):
	// both are right.
	if c.Size >= 0 && f.Size != c.Size && f.Size != c.Size+int64(h.Length) {
		s.note(Missing{File: c.Name, Kind: SizeDiff, Want: c.Size, Have: f.Size})
		whole = false
	} else if h.Payload >= 0 && f.Size != h.Payload+int64(h.Length) {
		s.note(Missing{File: c.Name, Kind: Damaged, Have: f.Size, Detail: fmt.Sprintf("%d bytes, its header says %d", f.Size, h.Payload+int64(h.Length))})
		whole = false
	}
	if h.Name != "" && !strings.EqualFold(h.Name, path.Base(c.Name)) {
		s.note(Missing{File: c.Name, Kind: Renamed, Detail: h.Name})
		whole = false
	}
	if deep && whole && h.Form == G5 {
		if err := s.k.verify(f, h); err != nil {
			s.note(Missing{File: c.Name, Kind: Damaged, Have: f.Size, Detail: err.Error()})
			whole = false
		}
	}
	return whole
}

// head reads the first n bytes; nil when the content is not at hand.
func head(f Found, n int64) ([]byte, error) {
	if f.Open == nil {
		return nil, nil
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, n))
}

func header(f Found) (Header, error) {
	b, err := head(f, maxHeader)
	if err != nil || b == nil {
		return Header{Payload: -1}, err
	}
	return ParseHeader(b)
}

func verify(f Found, h Header) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := io.CopyN(io.Discard, r, int64(h.Length)); err != nil {
		return err
	}
	return h.VerifyPayload(r)
}

// maxFiles bounds the index FromFS makes.
const maxFiles = 100_000

// FromFS makes a Lookup over a directory tree: the whole name, else the base
// name, without regard to case. The tree is read once.
func FromFS(tree fs.FS) (Lookup, error) {
	type entry struct {
		path string
		size int64
	}
	index := make(map[string]entry)
	add := func(key string, e entry) {
		if _, there := index[key]; !there {
			index[key] = e
		}
	}
	n := 0
	err := fs.WalkDir(tree, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if n++; n > maxFiles {
			return fs.SkipAll
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{p, info.Size()}
		for _, k := range []string{p, path.Base(p)} {
			add(k, e)
			add(strings.ToLower(k), e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("firmware: %w", err)
	}
	return func(name string) (Found, bool) {
		name = strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "/")
		e, ok := index[name]
		if !ok {
			e, ok = index[strings.ToLower(name)]
		}
		if !ok {
			return Found{}, false
		}
		return Found{Name: e.path, Size: e.size, Open: func() (io.ReadCloser, error) { return tree.Open(e.path) }}, true
	}, nil
}
