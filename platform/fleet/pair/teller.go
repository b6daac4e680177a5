package pair

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"option150/platform/flash"
)

// Teller makes the list of what a box has.
type Teller struct {
	Flash  *flash.Flash
	Home   func() string                 // the home path of HFS, "" = all of flash:
	At     func() []netip.AddrPort       // of HFS, nil = it is off
	Ask    func(path string) (as string) // the name of a tftp-server line, "" = there is none
	hashes sums
	once   sync.Once
}

// List reads what has changed since it was asked last and tells what there is.
func (t *Teller) List(ctx context.Context) (List, error) {
	t.once.Do(func() { t.hashes.flash = t.Flash })
	home := t.Home()
	l := List{At: t.At(), Home: home}
	there := map[string]bool{}
	for _, e := range t.Flash.Files("") {
		if !Shared(e.Path) || e.Size == 0 || e.Size > MaxSize {
			continue
		}
		f := File{Path: e.Path}
		if _, in := under(home, e.Path); !in {
			if f.Ask = t.Ask(e.Path); f.Ask == "" {
				continue // nobody is given it
			}
		}
		sum, size, err := t.hashes.of(ctx, e.Path)
		if ctx.Err() != nil {
			return List{}, ctx.Err()
		}
		if err != nil {
			continue // it went while it was looked at
		}
		there[e.Path] = true
		f.Size, f.Sum = size, slices.Clone(sum[:])
		l.Files = append(l.Files, f)
	}
	t.hashes.keep(there)
	return l, nil
}

// under is a path below a directory.
func under(dir, path string) (string, bool) {
	if dir == "" {
		return path, true
	}
	return strings.CutPrefix(path, dir+"/")
}
