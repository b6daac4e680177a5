package upstream

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"option150/platform/fileserver"
	"option150/platform/sorted"
	"option150/telephony/firmware"
)

// Entry is a firmware file that is kept.
type Entry struct {
	Name     string    `json:"name"`
	From     string    `json:"from"` // server
	Size     int64     `json:"size"`
	SHA256   string    `json:"sha256"`
	ETag     string    `json:"etag,omitempty"`
	Modified string    `json:"modified,omitempty"`
	Stored   time.Time `json:"stored"`
	Checked  time.Time `json:"checked"`           // it was the same at its server
	Differs  string    `json:"differs,omitempty"` // a server that has other bytes under the name
	Used     time.Time `json:"-"`
	Hits     uint64    `json:"-"`

	file string // below the directory
	ok   bool   // its bytes are those that were stored: looked at since the start
}

// cache holds what was fetched and will not change.
type cache struct {
	s      *Server
	mu     sync.Mutex
	byName map[string]*Entry
	wrong  map[string]string // name and server whose bytes differed, told already
}

const metaEnd = ".json"

func newCache(s *Server) *cache {
	return &cache{s: s, byName: map[string]*Entry{}, wrong: map[string]string{}}
}

func (c *cache) path(e *Entry) string { return filepath.Join(c.s.opt.Dir, e.file) }

// fileOf is the name an entry has on disk: it says nothing of where it may lie.
func fileOf(name, sum string) string {
	h := sha256.Sum256([]byte(name))
	return "fw-" + hex.EncodeToString(h[:8]) + "-" + sum[:16]
}

// load reads the entries that are there, and removes what is none.
func (c *cache) load() {
	c.s.room.sweep()
	c.s.homes.load(c.s.opt.Dir)
	metas, _ := filepath.Glob(filepath.Join(c.s.opt.Dir, "fw-*"+metaEnd))
	known := map[string]bool{}
	c.mu.Lock()
	for _, m := range metas {
		b, err := os.ReadFile(m)
		var e Entry
		if err != nil || len(b) > 64<<10 || json.Unmarshal(b, &e) != nil || len(e.SHA256) != 64 || !isFirmware(e.Name) {
			_ = os.Remove(m)
			continue
		}
		e.file = fileOf(e.Name, e.SHA256)
		info, err := os.Stat(c.path(&e))
		if err != nil || info.Size() != e.Size || m != c.path(&e)+metaEnd {
			_ = os.Remove(m)
			continue
		}
		e.Used = info.ModTime()
		if old := c.byName[e.Name]; old != nil { // the process was killed while the one took the place of the other
			if old.Stored.After(e.Stored) {
				continue
			}
			delete(known, old.file)
		}
		known[e.file] = true
		c.byName[e.Name] = &e
	}
	c.mu.Unlock()
	c.s.room.mu.Lock()
	c.s.room.used += c.size()
	c.s.room.mu.Unlock()
	all, _ := filepath.Glob(filepath.Join(c.s.opt.Dir, "fw-*"))
	for _, p := range all {
		if n := strings.TrimSuffix(filepath.Base(p), metaEnd); !known[n] {
			_ = os.Remove(p)
		}
	}
	for { // a smaller budget than last time
		used, limit := c.s.room.state()
		if used <= limit || !c.evict() {
			return
		}
	}
}

// names is the entry of a name, nil = there is none.
func (c *cache) names(name string) *Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byName[name]
}

// open is an entry as an answer. The first time after a start its bytes are
// read through: a disk may have lost them.
func (c *cache) open(name string) *fileserver.Hit {
	e := c.names(name)
	if e == nil {
		return nil
	}
	c.mu.Lock()
	trusted := e.ok
	c.mu.Unlock()
	f, err := os.Open(c.path(e))
	if err == nil && !trusted {
		if sum, n := digest(f); n != e.Size || sum != e.SHA256 {
			err = errors.New("not what was stored")
		} else {
			_, err = f.Seek(0, io.SeekStart)
		}
		if err != nil {
			f.Close()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.remove(e)
		return nil
	}
	e.ok = true
	e.Hits++
	if now := time.Now(); now.Sub(e.Used) > time.Minute {
		_ = os.Chtimes(c.path(e), now, now)
		e.Used = now
	}
	h := &fileserver.Hit{Name: e.From + "/" + e.Name, Size: e.Size, ETag: `"` + e.SHA256[:32] + `"`, Content: f, Close: f.Close}
	h.ModTime, _ = http.ParseTime(e.Modified)
	return h
}

func digest(r io.Reader) (string, int64) {
	h := sha256.New()
	n, _ := io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), n
}

// remove takes an entry away. The lock is held.
func (c *cache) remove(e *Entry) {
	if c.byName[e.Name] != e {
		return // somebody else was faster
	}
	delete(c.byName, e.Name)
	_ = os.Remove(c.path(e) + metaEnd)
	_ = os.Remove(c.path(e))
	c.s.room.give(e.Size)
}

// size is what the entries take of the disk.
func (c *cache) size() (n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.byName {
		n += e.Size
	}
	return n
}

// evict removes what was not used for longest; false if there is nothing.
func (c *cache) evict() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	var old *Entry
	for _, e := range c.byName {
		if old == nil || e.Used.Before(old.Used) {
			old = e
		}
	}
	if old == nil {
		return false
	}
	c.remove(old)
	return true
}

// Clear removes the entry of a name, of every name with "". It returns how many
// went.
func (s *Server) Clear(name string) (n int) {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	for _, e := range s.cache.byName {
		if name == "" || strings.EqualFold(e.Name, name) {
			s.cache.remove(e)
			n++
		}
	}
	return n
}

// fits reports why a whole file is not kept under its name: what stands in its
// own header must be that name, and its digest right where it has one.
func fits(f *os.File, size int64, name string) error {
	head := make([]byte, min(size, 4096))
	if _, err := f.ReadAt(head, 0); err != nil {
		return err
	}
	h, err := firmware.ParseHeader(head)
	switch {
	case err != nil:
		return errors.New("its header is damaged")
	case h.Name == "":
		return errors.New("its header does not tell its name")
	case !strings.EqualFold(h.Name, name[strings.LastIndexByte(name, '/')+1:]):
		return fmt.Errorf("its header says that it is %s", h.Name)
	case int64(h.Length) > size:
		return errors.New("it is shorter than its header")
	}
	return h.VerifyPayload(io.NewSectionReader(f, int64(h.Length), size-int64(h.Length)))
}

// put makes an entry of a flight that is whole. Its room goes over to the cache.
func (c *cache) put(f *flight, sum string) error {
	if err := fits(f.file, f.size, f.name); err != nil {
		return err
	}
	now := time.Now()
	e := &Entry{Name: f.name, From: f.from.alt.String(), Size: f.size, SHA256: sum, ETag: f.etag, Modified: f.modified,
		Stored: now, Checked: now, Used: now, file: fileOf(f.name, sum), ok: true}
	meta, err := json.Marshal(e)
	if err == nil {
		err = f.file.Sync()
	}
	if err == nil {
		err = os.Rename(f.path, c.path(e))
	}
	if err == nil {
		err = write(c.path(e)+metaEnd, meta)
	}
	if err != nil {
		_ = os.Remove(c.path(e))
		return errors.New("it could not be written")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if old := c.byName[f.name]; old != nil {
		if old.SHA256 != sum {
			if old.From != e.From {
				c.differ(e, old.From, old.Size)
			}
			c.remove(old)
		} else {
			c.s.room.give(old.Size) // one file, counted twice
			e.Differs = old.Differs
		}
	}
	c.byName[f.name] = e
	return nil
}

// differ tells once that another server has other bytes under a name. The lock
// is held.
func (c *cache) differ(e *Entry, other string, size int64) {
	e.Differs = other
	if c.wrong[e.Name] == other {
		return
	}
	if len(c.wrong) < 1024 {
		c.wrong[e.Name] = other
	}
	go c.s.rec.Record(Differs{Name: e.Name, One: e.From, Other: other, Size: e.Size, Sizes: size})
}

// Entries are what is kept, by name.
func (s *Server) Entries() []Entry {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	var out []Entry
	for _, e := range s.cache.byName {
		out = append(out, *e)
	}
	sorted.By(out, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return out
}
