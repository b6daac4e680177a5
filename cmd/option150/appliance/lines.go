package appliance

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"option150/cli/command"
)

// lineTable is who is logged in, for show users.
type lineTable struct {
	mu   sync.Mutex
	open map[string]*lineEntry
}

type lineEntry struct {
	kind   string // "con", "vty"
	number int
	user   string
	from   string
	active time.Time
}

// enter notes a session. The functions it returns tell its user and its
// activity, and end it.
func (t *lineTable) enter(kind string, number int, user, from string) (setUser func(string), touch, leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[string]*lineEntry{}
	}
	e := &lineEntry{kind, number, user, from, time.Now()}
	key := fmt.Sprintf("%s%d", kind, number)
	t.open[key] = e
	locked := func(f func()) { t.mu.Lock(); defer t.mu.Unlock(); f() }
	return func(u string) { locked(func() { e.user = u }) },
		func() { locked(func() { e.active = time.Now() }) },
		func() {
			locked(func() {
				if t.open[key] == e { // and not who took the line since
					delete(t.open, key)
				}
			})
		}
}

func (t *lineTable) list() []command.LineInfo {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []command.LineInfo
	for _, e := range t.open {
		n := e.number
		if e.kind == "vty" {
			n += firstVTY
		}
		out = append(out, command.LineInfo{Number: n, Name: fmt.Sprintf("%s %d", e.kind, e.number), User: e.user, From: e.from, Idle: time.Since(e.active)})
	}
	slices.SortFunc(out, func(a, b command.LineInfo) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

// firstVTY is the absolute number of vty 0, after con 0 and aux 0.
const firstVTY = 2
