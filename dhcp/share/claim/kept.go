package claim

import (
	"encoding/json"
	"fmt"
	"slices"

	"option150/dhcp/engine"
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

// differences are how far the clock of another box was from this one's, the last times
// it was heard.
type differences struct {
	last [3]int64
	n    int
	at   engine.Instant
}

const clockFor = 15 // seconds that what was measured counts

// differs notes a difference. On the way it only grows, so that the smallest counts.
func (s *Session) differs(box string, by int64, now engine.Instant) {
	d := s.clock[box]
	if d == nil {
		d = &differences{}
		s.clock[box] = d
	}
	d.last[d.n%len(d.last)] = by
	d.n++
	d.at = now
}

func (d *differences) least() int64 { return slices.Min(d.last[:min(d.n, len(d.last))]) }

// apart is by how much a clock is ahead of what another box says; what nobody's clock says
// is far away.
func apart(now, stamp int64) int64 {
	const far = 1 << 40
	return max(min(now-max(min(stamp, far), -far), far), -far)
}

func abs(n int64) int64 { return max(n, -n) }

// tried looks at the clocks of a view. They are no older than a sign of life, where the
// boxes are there: then all is known at once.
func (s *Session) tried(d *share.Domain, now int64, v *view) {
	if d.Untried < share.TriedAfter {
		return
	}
	clear(s.clock) // of a clock that was
	for box, at := range v.clocks {
		if box != s.conf.Box && slices.Contains(v.boxes, box) && abs(apart(now, at.Stamp)) > skew {
			return
		}
	}
	d.Unheard = false
	d.Tried(0)
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

// judge says whether the clock of this box is that of the others: not if it differs
// from most.
func (s *Session) judge(e *engine.Engine, now engine.Instant) {
	heard, off := 0, 0
	var from string
	var by int64
	for box, d := range s.clock {
		if (now - d.at).Seconds() > clockFor {
			delete(s.clock, box)
			continue
		}
		if d.n < 2 {
			continue
		}
		heard++
		if x := d.least(); abs(x) > skew {
			off++
			from, by = box, x
		}
	}
	d := e.Share()
	is := off*2 > heard
	if heard == 0 && !d.Only() { // nothing tells that it was set right
		is = d.Off
	}
	was := d.Unproven()
	d.Tried(d.Untried - 1)
	d.Unheard = d.Unheard && heard == 0
	d.Differs = off > 0
	if d.Off != is {
		d.Off = is
		s.rec.Record(engine.SharedClock{Box: from, Seconds: by, Off: is})
	}
	if was && !d.Unproven() {
		s.readAgain() // what was not taken over by a clock that was off is now
	}
}
