package claim

import (
	"maps"
	"slices"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/platform/fleet/etcd"
)

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

// agree reports whether the clocks of a view are that of this box. They are no older than
// a sign of life, where the boxes are there: then all is known at once.
func (s *Session) agree(now int64, v *view) bool {
	for box, at := range v.clocks {
		if box != s.conf.Box && slices.Contains(v.boxes, box) && abs(apart(now, at.Stamp)) > skew {
			return false
		}
	}
	return true
}

// tried looks at the clocks of a view.
func (s *Session) tried(d *share.Domain, now int64, v *view) {
	if d.Untried < share.TriedAfter {
		return
	}
	clear(s.clock) // of a clock that was
	if s.agree(now, v) {
		d.Unheard = false
		d.Tried(0)
	}
}

// misleads reports whether the others take this box as there by a sign of life from before
// its clock was started, set or found to be off. They rely on what it writes down until
// that is over, by then with times of a clock that is not theirs.
func (s *Session) misleads(d *share.Domain, now int64, v *view) bool {
	return v.beats[s.conf.Box].Stamp != 0 && (d.Off || d.Untried > 0 && !s.agree(now, v))
}

// takeBack has it count as none, before this box asks for anything. What it has entered it has.
func (s *Session) takeBack(v *view) error {
	b := v.beats[s.conf.Box]
	b.Stamp = 0
	return s.write(v.head, etcd.Txn{If: []etcd.Compare{{Key: s.keys.generation(), Mod: v.generation}}, Puts: []etcd.Put{{Key: s.keys.beat(s.conf.Box), Value: text(b)}}})
}

// heard is what the signs of life of a view tell. A clock that was set, or started and is not
// that of the others, does not tell how old those are that were there: they count as none
// until there is another.
func (s *Session) heard(d *share.Domain, now int64, v *view) map[string]beat {
	if d.Untried == share.TriedAfter && (d.Doubtful() || !s.agree(now, v)) {
		for box, b := range v.beats {
			s.stale[box] = b.Stamp
		}
	}
	all := maps.Clone(v.beats)
	for box, b := range all {
		if was, is := s.stale[box]; is && was == b.Stamp {
			b.Stamp = 0
			all[box] = b
		}
	}
	return all
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
