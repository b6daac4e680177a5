package fileserver

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// listing serves the two lists of names that file servers of call managers have:
// to nobody, unless `file-server listing access-class` names a list that is
// there, and then never a name that the asker may not fetch.
type listing struct{ s *Server }

func (listing) Name() string { return "listing" }

func (l listing) Open(ctx context.Context, r Request, name string) (*Hit, error) {
	config := strings.EqualFold(name, "ConfigFileCacheList.txt")
	if !config && !strings.EqualFold(name, "FileList.txt") {
		return nil, nil
	}
	st := l.s.now.Load()
	if !st.grants(st.cfg.Listing, st.cfg.Listing6, r.flow()) {
		return nil, nil
	}
	var b bytes.Buffer
	if config {
		l.configs(ctx, st, r, &b)
	} else {
		l.files(ctx, st, r, &b)
	}
	return &Hit{Name: name, Size: int64(b.Len()), ModTime: time.Now(), Content: bytes.NewReader(b.Bytes())}, nil
}

// may reports that the asker would be given a file.
func (l listing) may(ctx context.Context, st *settings, r Request, name string) bool {
	if st.access.name(r, name) != nil {
		return false
	}
	_, device := owner(name)
	if !device || st.trusted(r) || st.cfg.BindLease == BindOff {
		return true
	}
	_, err := l.s.judge(ctx, st, r, name, false)
	return err == nil
}

func (l listing) configs(ctx context.Context, st *settings, r Request, b *bytes.Buffer) {
	fmt.Fprintf(b, "%-48s %10s  %s\n", "File Name", "Length", "Build Time")
	if l.s.opt.Names == nil || l.s.opt.Generated == nil {
		return
	}
	names := slices.Clone(l.s.opt.Names())
	slices.Sort(names)
	for _, n := range slices.Compact(names) {
		if c, mod, _, ok := l.s.opt.Generated(n); ok && l.may(ctx, st, r, n) {
			fmt.Fprintf(b, "%-48s %10d  %s\n", n, len(c), mod.UTC().Format("2006-01-02 15:04:05"))
		}
	}
}

func (l listing) files(ctx context.Context, st *settings, r Request, b *bytes.Buffer) {
	names := map[string]bool{}
	for _, x := range st.cfg.Bindings {
		n := x.Alias
		if n == "" {
			n = last(x.File)
		}
		names[n] = true
	}
	if l.s.opt.Flash != nil {
		l.s.opt.Flash.Names(st.home, func(n string) bool {
			if !Protected(n) && st.access.file(r, strings.TrimPrefix(st.home+"/"+n, "/")) == nil {
				names[n] = true
			}
			return true
		})
	}
	var all []string
	for n := range names {
		if l.may(ctx, st, r, n) {
			all = append(all, n)
		}
	}
	slices.Sort(all)
	for _, n := range all {
		fmt.Fprintln(b, n)
	}
}
