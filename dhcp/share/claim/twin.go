package claim

import (
	"encoding/json"

	"option150/dhcp/engine"
	"option150/dhcp/share"
)

// Two boxes of one name, by a configuration or a disk that was copied, have one share.
// Claims keep them apart while both are connected; for the rest each session has a name of
// its own, which goes with the clock of its box.

// namesake is another session that says it is this box.
type namesake struct {
	run   string
	stamp int64
	heard int  // different signs of life
	told  bool // that there is one
}

// strange reads who gave a sign of life under the name of this box; it reports whether it
// was another session. A box of a version without sessions tells nothing.
func (s *Session) strange(value string) (b beat, is bool) {
	if len(value) > maxValue || json.Unmarshal([]byte(value), &b) != nil {
		return b, false
	}
	return b, b.Run != "" && b.Run != s.name
}

// sign has the next session on this disk know of this one before anybody hears of it: else
// a box that is restarted would wait for itself.
func (s *Session) sign() {
	news := false
	s.set(func(k *kept) { news = k.Run != s.name; k.Run = s.name })
	if news {
		s.save()
	}
}

// found looks at the sign of life that was there before this session gave one. A late one, not
// of the session before, may be of a box that is gone: that shows by waiting.
func (s *Session) found(e *engine.Engine, now engine.Instant, b beat) {
	d := e.Share()
	if d == nil || b.Run == "" || b.Run == s.name || b.Run == s.before {
		return
	}
	if abs(apart(e.Wall(now), b.Stamp)) <= share.ThereFor+skew {
		d.Twin = share.TwinFor
	}
}

// hears takes note of a sign of life that another session gives while this one runs, whatever
// its clock. One may have been under way when the session before ended.
func (s *Session) hears(e *engine.Engine, value string) {
	b, is := s.strange(value)
	d := e.Share()
	if !is || d == nil {
		return
	}
	t := &s.twin
	if t.heard == 0 || t.run != b.Run || t.stamp != b.Stamp {
		t.run, t.stamp = b.Run, b.Stamp
		t.heard++
	}
	if t.heard == 1 && b.Run == s.before {
		return
	}
	d.Twin = share.TwinFor
	if t.heard > 1 && !t.told {
		t.told = true
		s.rec.Record(engine.SharedTwin{Box: s.conf.Box})
	}
}

// passes counts a sign of life of this session.
func (s *Session) passes(d *share.Domain) {
	if d.Twin == 0 {
		return
	}
	if d.Twin--; d.Twin > 0 {
		return
	}
	if s.twin.told {
		s.rec.Record(engine.SharedTwin{Box: s.conf.Box, Gone: true})
	}
	s.twin = namesake{}
}
