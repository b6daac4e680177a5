package flash

import (
	"errors"
	"io"
	"io/fs"
	"strings"
	"time"

	"option150/platform/sorted"
)

// Bounds of what is indexed: a flash with every phone load of Cisco's has a
// few thousand files.
const (
	maxEntries = 65536
	maxDirs    = 4096
	maxDepth   = 16
)

// Freshness is how long a file put there from outside may stay unknown under
// a name that is not its exact path.
const Freshness = time.Second

// racy is the age below which the time stamp of a directory cannot prove that
// nothing has changed since: file systems stamp in ticks, some in seconds.
const racy = 2 * time.Second

// index is the tree at one time. It is never changed.
type index struct {
	files   []Entry
	exact   map[string]int   // by path
	folded  map[string]int   // by path without case: the first in order
	byBase  map[string][]int // by last part, without case
	dirs    []dirStamp
	checked time.Time // when it was last known to be true
	full    bool      // a bound cut the tree
}

type dirStamp struct {
	path string
	mod  time.Time
	seen time.Time // when it was read
}

// current returns an index no older than Freshness.
func (f *Flash) current() *index {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	if x := f.idx; x != nil {
		if age := now.Sub(x.checked); age >= 0 && age < Freshness {
			return x
		}
		if f.unchanged(x) {
			y := *x
			y.checked = now
			f.idx = &y
			return f.idx
		}
	}
	f.idx = f.walk(now)
	return f.idx
}

// forget makes the next look see what this process just changed.
func (f *Flash) forget() {
	f.mu.Lock()
	f.idx = nil
	f.mu.Unlock()
	f.kept.drop()
	f.changes.Add(1)
}

// Changes grows whenever this process has changed what is in flash:.
func (f *Flash) Changes() uint64 { return f.changes.Load() }

func (f *Flash) unchanged(x *index) bool {
	for _, d := range x.dirs {
		info, err := f.root.Lstat(dot(d.path))
		if err != nil || !info.ModTime().Equal(d.mod) || d.seen.Sub(d.mod) < racy {
			return false
		}
	}
	return true
}

func (f *Flash) walk(now time.Time) *index {
	x := &index{exact: map[string]int{}, folded: map[string]int{}, byBase: map[string][]int{}, checked: now}
	f.walkDir(x, "", 0)
	sorted.By(x.files, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) })
	for i, e := range x.files {
		x.exact[e.Path] = i
		if _, there := x.folded[fold(e.Path)]; !there {
			x.folded[fold(e.Path)] = i
		}
		b := fold(e.Name())
		x.byBase[b] = append(x.byBase[b], i)
	}
	return x
}

func (f *Flash) walkDir(x *index, dir string, depth int) {
	if depth > maxDepth || len(x.dirs) >= maxDirs || len(x.files) >= maxEntries {
		x.full = true
		return
	}
	info, err := f.root.Lstat(dot(dir))
	if err != nil {
		return
	}
	x.dirs = append(x.dirs, dirStamp{dir, info.ModTime(), time.Now()})
	entries, err := f.list(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		switch {
		case e.Dir:
			f.walkDir(x, e.Path, depth+1)
		case len(x.files) >= maxEntries:
			x.full = true
			return
		default:
			x.files = append(x.files, e)
		}
	}
}

// Find opens the file that answers a clean name asked for below a home
// directory ("" is the root): the exact path, the same path in another case
// (the first in order), and, for a name without directory, the only file of
// that base name in the tree below home, in its case or in any; several with
// the same content are one. A zero-length
// file is opened like any other. The error is fs.ErrNotExist when there is
// none, ErrNotRegular when the exact path is a link, a FIFO or a directory.
func (f *Flash) Find(home, name string) (*File, error) { return find(f, home, name, f.open) }

// Fetch is Find for who serves files: a small one comes as its content, and
// File.File is nil. asked is by when the question had been asked: a small file that
// was found unchanged since then is not looked at again. Zero = look.
func (f *Flash) Fetch(home, name string, asked time.Time) (*File, error) {
	return find(f, home, name, func(name string) (*File, error) { return f.fetch(name, asked) })
}

func find(f *Flash, home, name string, open func(string) (*File, error)) (*File, error) {
	if hidden(name) {
		return nil, pathError("open", name, fs.ErrNotExist)
	}
	file, err := open(join(home, name))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	hits := f.current().find(home, name)
	if len(hits) == 0 || !f.oneFile(hits) {
		return nil, err
	}
	return open(hits[0].Path)
}

// find gives the files that a name may mean: more than one only if they have
// the same base name.
func (x *index) find(home, name string) (hits []Entry) {
	if i, ok := x.folded[fold(join(home, name))]; ok {
		return x.files[i : i+1]
	}
	if strings.Contains(name, "/") {
		return nil
	}
	var same, any []int
	for _, i := range x.byBase[fold(name)] {
		if !below(home, x.files[i].Path) {
			continue
		}
		any = append(any, i)
		if x.files[i].Name() == name {
			same = append(same, i)
		}
	}
	if len(same) > 0 {
		any = same
	}
	for _, i := range any {
		hits = append(hits, x.files[i])
	}
	return hits
}

// oneFile reports that all are the same: links to one file, as packages that
// share a component have it, or copies of each other.
func (f *Flash) oneFile(hits []Entry) bool {
	for _, e := range hits[1:] {
		if !f.twins.same(f, hits[0], e) {
			return false
		}
	}
	return true
}

// Files lists every file below a directory ("" is the root), by path, as they
// are now.
func (f *Flash) Files(home string) []Entry {
	var all []Entry
	for _, e := range f.walk(time.Now()).files {
		if below(home, e.Path) {
			all = append(all, e)
		}
	}
	return all
}

// Names calls yield with the name, relative to home, of every file below it
// until yield says stop. For suggestions.
func (f *Flash) Names(home string, yield func(string) bool) {
	for _, e := range f.current().files {
		if below(home, e.Path) && !yield(strings.TrimPrefix(e.Path[len(home):], "/")) {
			return
		}
	}
}

// below compares without case, as the look-up by path does.
func below(home, path string) bool {
	return home == "" || len(path) > len(home) && path[len(home)] == '/' && strings.EqualFold(path[:len(home)], home)
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) }
