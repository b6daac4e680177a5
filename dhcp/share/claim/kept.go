package claim

import (
	"encoding/json"
	"fmt"

	"option150/dhcp/share"
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

// load reads what was kept. Without it the box has lost what it had.
func (s *Session) load() kept {
	none := kept{Box: s.conf.Box, Domain: s.conf.Domain}
	if s.root == nil {
		return none
	}
	b, err := s.root.ReadFile(keptName)
	var k kept
	if err != nil || len(b) > keptMost || json.Unmarshal(b, &k) != nil || k.Box != s.conf.Box || k.Domain != s.conf.Domain {
		return none
	}
	return k
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
