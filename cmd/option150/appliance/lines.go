package appliance

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"option150/cli/command"
	"option150/cli/terminal"
	"option150/platform/sorted"
	"option150/platform/sshd"
)

// lineTable is who is logged in, for show users.
type lineTable struct {
	mu   sync.Mutex
	open map[string]*lineEntry
	uses map[int]int // how often each line was used
}

type lineEntry struct {
	kind   string // "con", "vty"
	number int
	user   string
	from   string
	active time.Time
	end    func()  // ends the session; waits for nobody
	mail   mailbox // nil = nobody reads
}

// absolute is the number of the line that `show users` shows.
func (e *lineEntry) absolute() int {
	if e.kind == "vty" {
		return sshd.FirstVTY + e.number
	}
	return e.number
}

// enter notes a session that end makes go. The functions it returns tell its
// activity and that it is over; end is not called any more then.
func (t *lineTable) enter(kind string, number int, user, from string, end func(), mail mailbox) (touch, leave func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.open == nil {
		t.open = map[string]*lineEntry{}
	}
	e := &lineEntry{kind, number, user, from, time.Now(), end, mail}
	key := fmt.Sprintf("%s%d", kind, number)
	if t.uses == nil {
		t.uses = map[int]int{}
	}
	t.uses[e.absolute()]++
	t.open[key] = e
	locked := func(f func()) { t.mu.Lock(); defer t.mu.Unlock(); f() }
	return func() { locked(func() { e.active = time.Now() }) },
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
		out = append(out, command.LineInfo{Number: e.absolute(), Name: fmt.Sprintf("%s %d", e.kind, e.number), User: e.user, From: e.from, Idle: time.Since(e.active)})
	}
	sorted.By(out, func(a, b command.LineInfo) int { return cmp.Compare(a.Number, b.Number) })
	return out
}

// used is how often each line was used, by absolute number.
func (t *lineTable) used() map[int]int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.uses)
}

// send shows a message at a line, -1 at all, and says at how many.
func (t *lineTable) send(number int, text string) (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.open {
		if e.mail != nil && (number < 0 || e.absolute() == number) && e.mail.put(text) {
			n++
		}
	}
	return n
}

// mailbox is the messages that wait for an operator.
type mailbox chan string

// maxMail is the number of messages that wait for an operator who does not read;
// what is more is not taken.
const maxMail = 8

func newMailbox() mailbox { return make(mailbox, maxMail) }

// put reports whether there is room.
func (m mailbox) put(text string) bool {
	select {
	case m <- text:
		return true
	default:
		return false
	}
}

// show shows messages until the context ends.
func (m mailbox) show(ctx context.Context, t *terminal.Terminal) {
	follow(ctx, m, func(text string) { t.Async(text, true) })
}

// clear ends the session of a line, if there is one, and does not wait for it.
func (t *lineTable) clear(number int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.open {
		if e.absolute() == number {
			e.end()
		}
	}
}

// clearLine is `clear line`: the session ends by itself, and the SSH server
// closes its channel, so that one that waits for its peer ends too.
func (a *Appliance) clearLine(number int) {
	a.lines.clear(number)
	if number >= sshd.FirstVTY {
		a.box.SSHD.Disconnect(number - sshd.FirstVTY)
	}
}
