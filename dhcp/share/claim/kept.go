package claim

import (
	"encoding/json"
	"fmt"
	"os"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/platform/fleet"
	"option150/platform/journal"
	"option150/platform/rootfile"
)

// kept is what outlives a restart, in nvram:.
type kept struct {
	Box      string   `json:"box"`
	Domain   string   `json:"domain"`
	Boxes    []string `json:"boxes"`
	Last     int64    `json:"last"` // connected
	Cluster  uint64   `json:"cluster"`
	Revision int64    `json:"revision"`
	Gen      uint64   `json:"generation"`
	Run      string   `json:"run"` // the last session of this box
}

// The file, and the one that is to become it.
const (
	keptName = "bindings.share"
	keptNew  = "bindings.share.new"
	keptMost = 64 << 10
)

// load reads what was kept of a domain; false: nothing that can be read.
func load(root *os.Root, domain string) (k kept, ok bool) {
	if root == nil {
		return k, false
	}
	b, err := root.ReadFile(keptName)
	ok = err == nil && len(b) <= keptMost && json.Unmarshal(b, &k) == nil && k.Domain == domain && fleet.ValidName(k.Box)
	return k, ok
}

// Renamed tells a box, of which this is the disk, that the others know it by another name
// than its host name is now. A start, or a change that is taken back, cannot be refused; but
// by itself no box becomes another while the share it had counts as its own: what it gave out
// would wait for a box that is no more. A line `name` ends it, whichever it says.
func Renamed(conf share.Config, root *os.Root, rec journal.Recorder) error {
	k, ok := load(root, conf.Domain)
	if !ok || !conf.ByHost || k.Box == conf.Box {
		return nil
	}
	journal.Or(rec).Record(engine.SharedRenamed{Domain: conf.Domain, Was: k.Box, Box: conf.Box, Waits: true})
	return fmt.Errorf("the boxes of %s know this one as %s, not by its host name %s: enter `name %s` below fleet if it is that, `name %s` if it is another", conf.Domain, k.Box, conf.Box, k.Box, conf.Box)
}

func (s *Session) set(f func(*kept)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.kept)
}

// save keeps it. A file that cannot be written is older: then more is waited for.
func (s *Session) save() {
	if s.root == nil || s.ctx.Err() != nil { // else over what the next session keeps
		return
	}
	s.mu.Lock()
	text := text(s.kept)
	s.mu.Unlock()
	if err := rootfile.Replace(s.root, keptName, keptNew, []byte(text)); err != nil {
		s.fault(fmt.Errorf("%s: %w", keptName, err))
	}
}

// remember has a restart know until when this box was connected. One that stops with a
// clock that is off wrote down wrong times: it comes back as if it had lost them. It
// reports whether that has changed.
func (s *Session) remember(d *share.Domain) (changed bool) {
	s.set(func(k *kept) {
		was := k.Last
		if k.Last = d.Last; d.Doubtful() {
			k.Last = 0
		}
		changed = (was == 0) != (k.Last == 0)
	})
	return changed
}
