package command

import (
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/flash"
	"option150/telephony/firmware"
)

// servedMemo is what was found of the files that lines name, until flash:
// changes: each line an operator types asks again.
type servedMemo struct {
	mu    sync.Mutex
	at    uint64
	until time.Time
	found map[string]bool
}

// servedFresh is how long a look at flash: is good for when nothing is known to
// have changed.
const servedFresh = 200 * time.Millisecond

// Served reports that a file that a line names for phones is there. Where other
// file servers are asked it may be there as well, and is taken to be.
func (b *Box) Served(name string) bool {
	if b.Store != nil && b.Store.Current().Upstream.Abroad() {
		return true
	}
	m, changes, now := &b.there, b.Flash.Changes(), time.Now()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.found == nil || m.at != changes || now.After(m.until) {
		m.found, m.at, m.until = map[string]bool{}, changes, now.Add(servedFresh)
	}
	there, known := m.found[name]
	if !known {
		there = b.serves(b.homePath(), b.Find, name)
		m.found[name] = there
	}
	return there
}

// serves looks for a file, or for any below a directory of the home path.
func (b *Box) serves(home string, find firmware.Lookup, name string) bool {
	dir, ok := strings.CutSuffix(name, "/")
	if !ok {
		f, ok := find(name)
		return ok && f.Size > 0
	}
	return slices.ContainsFunc(b.Flash.Files(path.Join(home, dir)), func(e flash.Entry) bool { return e.Size > 0 })
}
