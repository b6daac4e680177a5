package pfs

import "slices"

// maxHoles bounds the intervals kept of one direction of a connection.
const maxHoles = 64

// span is a run of bytes [lo, hi) of a stream, counted from its first byte.
type span struct{ lo, hi int64 }

// stream is one direction of a TCP connection: which bytes of it were seen,
// without the bytes.
type stream struct {
	begun bool
	base  uint32 // sequence number of byte 0
	top   int64  // the highest byte seen and one
	seen  []span // sorted, apart
	again int64  // bytes seen more than once
	lost  int64  // bytes that found no room
	recent
}

// at places a sequence number in the stream, beyond 4 GiB and across the wrap.
// [RFC 9293 3.4]
func (s *stream) at(seq uint32) int64 {
	return s.top + int64(int32(seq-s.base-uint32(s.top)))
}

// add notes n bytes from seq on and returns how many of them are new.
func (s *stream) add(seq uint32, n int) int64 {
	if n <= 0 {
		return 0
	}
	if !s.begun {
		s.begun, s.base = true, seq
	}
	lo := s.at(seq)
	hi := lo + int64(n)
	// The spans that touch [lo, hi) become one with it.
	i, _ := slices.BinarySearchFunc(s.seen, lo, func(x span, v int64) int {
		if x.hi < v {
			return -1
		}
		return 1
	})
	j, fresh := i, hi-lo
	out := span{lo, hi}
	for ; j < len(s.seen) && s.seen[j].lo <= hi; j++ {
		if o := min(hi, s.seen[j].hi) - max(lo, s.seen[j].lo); o > 0 {
			fresh -= o
		}
		out.lo, out.hi = min(out.lo, s.seen[j].lo), max(out.hi, s.seen[j].hi)
	}
	s.again += hi - lo - fresh
	if i == j && len(s.seen) >= maxHoles {
		s.lost += fresh
		return 0
	}
	s.seen = slices.Replace(s.seen, i, j, out)
	s.top = max(s.top, hi)
	return fresh
}

// unique is the number of different bytes seen, missing those between them
// that were not.
func (s *stream) unique() (unique, missing int64) {
	for i, x := range s.seen {
		unique += x.hi - x.lo
		if i > 0 {
			missing += x.lo - s.seen[i-1].hi
		}
	}
	return unique, missing
}
