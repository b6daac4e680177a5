package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"option150/platform/fileserver"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// The reasons a load is not fetched.
var (
	ErrNoAlternate = errors.New("no alternate file server is configured")
	ErrNotKept     = errors.New("not kept")
)

// Fetched is one file of a load.
type Fetched struct {
	Name string
	From string
	Size int64
	Had  bool // it was in the cache
}

// Prefetch takes a load into the cache: its list and every file the list names.
// progress is told of every file that begins and gets its bytes. The first
// error ends it; what was fetched stays.
func (s *Server) Prefetch(ctx context.Context, load string, begin func(name, from string, size int64), progress io.Writer) ([]Fetched, error) {
	st := s.now.Load()
	if st == nil || len(st.peers) == 0 {
		return nil, ErrNoAlternate
	}
	var all []Fetched
	var list *firmware.LoadSet
	var err error
	for _, name := range phone.Load(load).Files() {
		if !isFirmware(name) {
			continue
		}
		var got Fetched
		var content []byte
		if got, content, err = s.one(ctx, st, name, begin, progress); err != nil {
			if errors.Is(err, fileserver.ErrNotFound) {
				continue
			}
			return nil, err
		}
		all = append(all, got)
		if !strings.HasSuffix(strings.ToLower(name), ".loads") {
			return all, s.all(all) // one image is the whole load
		}
		if list, err = firmware.ParseList(name, content); err != nil {
			return all, fmt.Errorf("%s: %w", name, err)
		}
		break
	}
	if list == nil {
		return nil, err
	}
	for _, name := range list.Names() {
		got, _, err := s.one(ctx, st, name, begin, progress)
		if err != nil {
			return all, fmt.Errorf("%s: %w", name, err)
		}
		all = append(all, got)
	}
	return all, s.all(all)
}

// all reports which of the files of a load is not in the cache although it was: another
// took its room.
func (s *Server) all(files []Fetched) error {
	for _, f := range files {
		if s.cache.names(f.Name) == nil {
			return fmt.Errorf("%s: %w: others took its room", f.Name, ErrNotKept)
		}
	}
	return nil
}

// maxList bounds what is held of a list of components.
const maxList = 64 << 10

// one fetches a file and sees that it is kept. The beginning of it comes back,
// for lists.
func (s *Server) one(ctx context.Context, st *settings, name string, begin func(string, string, int64), progress io.Writer) (Fetched, []byte, error) {
	if h := s.cache.open(name); h != nil {
		defer h.Close()
		head, err := io.ReadAll(io.LimitReader(h.Content, maxList))
		return Fetched{Name: name, From: s.cache.names(name).from(), Size: h.Size, Had: true}, head, err
	}
	if !isFirmware(name) {
		return Fetched{}, nil, fmt.Errorf("%w: its name is not that of firmware", ErrNotKept)
	}
	f, err := s.find(ctx, st, question{name: name}, "", s.tune.Search+s.tune.Answer)
	if err != nil {
		return Fetched{}, nil, err
	}
	if f.err != nil {
		return Fetched{}, nil, f.err
	}
	if !f.file.hold() {
		return Fetched{}, nil, errGone
	}
	defer f.file.release()
	from := f.file.from.alt.String()
	begin(name, from, f.file.size)
	var head []byte
	buf := make([]byte, chunk)
	r := &reader{f: f.file, ctx: ctx}
	for {
		n, err := r.Read(buf)
		head = append(head, buf[:min(n, maxList-len(head))]...)
		_, _ = progress.Write(buf[:n])
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Fetched{}, nil, err
		}
	}
	if why := f.file.settled(); why != "" {
		return Fetched{}, nil, fmt.Errorf("%w: %s", ErrNotKept, why)
	}
	return Fetched{Name: name, From: from, Size: f.file.size}, head, nil
}

func (e *Entry) from() string {
	if e == nil {
		return ""
	}
	return e.From
}

// settled waits until it is decided whether a whole file is kept, and says why
// not.
func (f *flight) settled() string {
	<-f.landed
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.kept:
		return ""
	case f.why != "":
		return f.why
	case f.err != nil:
		return f.err.Error()
	}
	return "its server does not tell its length"
}
