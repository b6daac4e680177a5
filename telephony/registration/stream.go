package registration

import "slices"

// Bounds of one direction of a connection.
const (
	maxHeld  = 16 << 10 // bytes: of messages that are not whole, and of segments that came early
	maxEarly = 8        // segments
)

// stream puts the segments of one direction in order. Frames may come twice and
// in any order; where one is lost, it goes on behind the gap.
type stream struct {
	begun bool
	next  uint32 // sequence number of the byte that is due
	early []segment
	held  int    // bytes of early
	buf   []byte // in order and not read yet
}

type segment struct {
	seq  uint32
	data []byte
}

// take adds a segment. lost reports that bytes before buf are missing: whatever
// reads it has to find the beginning of a message anew.
func (s *stream) take(seq uint32, data []byte) (lost bool) {
	if len(data) == 0 {
		return false
	}
	if !s.begun {
		s.begun, s.next = true, seq
	}
	switch ahead := int32(seq - s.next); {
	case ahead > 0:
		if len(s.early) < maxEarly && s.held+len(data) <= maxHeld {
			s.early = append(s.early, segment{seq, slices.Clone(data)})
			s.held += len(data)
			return false
		}
		s.early, s.held, s.buf, s.next, lost = nil, 0, nil, seq, true
	case ahead < 0:
		if int(-ahead) >= len(data) {
			return false // all of it was here
		}
		data = data[-ahead:]
	}
	s.put(data)
	for n := 0; n < len(s.early); n++ {
		e := s.early[n]
		ahead := int32(e.seq - s.next)
		if ahead > 0 {
			continue
		}
		s.early = slices.Delete(s.early, n, n+1)
		s.held -= len(e.data)
		if int(-ahead) < len(e.data) {
			s.put(e.data[-ahead:])
		}
		n = -1
	}
	return lost
}

func (s *stream) put(data []byte) {
	s.next += uint32(len(data))
	if len(s.buf)+len(data) > maxHeld { // no message is so long
		s.buf = nil
	}
	s.buf = append(s.buf, data...)
}

// drop takes bytes that were read off.
func (s *stream) drop(n int) {
	if s.buf = s.buf[min(n, len(s.buf)):]; len(s.buf) == 0 {
		s.buf = nil
	}
}
