package engine

import (
	"container/list"
	"math/bits"
	"net/netip"

	"option150/dhcp/wire"
)

// subnet is one network of a pool: what is compiled of it (up to kept) and
// what the engine keeps of it.
type subnet struct {
	pool    *pool
	prefix  netip.Prefix
	first   uint32 // the first and last address that a client could have
	last    uint32
	byClass map[string]*rendered // where a class has options of its own
	opts    *rendered            // made when they are asked for first; see options
	link    string               // IOS name of the interface on whose wire it is, "" = behind a relay
	self    netip.Addr           // address of the box in it, if any
	base    []uint64             // addresses that are never leased
	kept    int                  // how many those are
	others  []uint64             // addresses that other boxes give out, nil = there are no other boxes

	used    []uint64  // base, and everything that has a record, an offer, a conflict or a probe
	cursor  uint32    // where the search for a fresh address goes on: IOS's moving index
	live    int       // leased addresses, manual ones included
	offered int       // offers outstanding of addresses that are not leased
	freed   list.List // *binding whose lease ended, the longest ago first
	ready   []candidate
	asking  []netip.Addr // on their way to the ready list, in the order of allocation; those that are not any more are passed over
	probes  map[netip.Addr]*probe
	listing int           // of them that bring an address to the ready list
	ahead   int           // length the ready list is to have, 0 = readyWant
	shortAt Instant       // since when is counted
	missing int           // how many addresses were not there
	calmAt  Instant       // when it was looked at whether it may be shorter
	taken   int           // from it since
	proven  bool          // probes are over that somebody could have answered
	aside   int           // addresses set aside for who uses them
	told    int           // of those when they were reported last
	relays  [4]netip.Addr // that were seen
	demand  Instant       // last DISCOVER
}

// options renders what clients of the network are sent, for the first of them.
// Only the engine's goroutine may call it.
func (s *subnet) options() *rendered {
	if s.opts == nil {
		s.opts = render(s.pool.conf, s.prefix)
	}
	return s.opts
}

// candidate is an address that was probed and that nobody answered for.
type candidate struct {
	addr   netip.Addr
	probed Instant
}

// holds reports whether a client of the network could have the address.
func (s *subnet) holds(a netip.Addr) bool {
	return a.Is4() && wire.U32(a) >= s.first && wire.U32(a) <= s.last
}

func (s *subnet) bit(a netip.Addr) (word int, mask uint64) {
	n := wire.U32(a) - s.first
	return int(n / 64), 1 << (n % 64)
}

// keep marks an address as never leased.
func (s *subnet) keep(a netip.Addr) {
	if s.holds(a) {
		w, m := s.bit(a)
		s.base[w] |= m
	}
}

// reserved reports whether the address is never leased from the pool.
func (s *subnet) reserved(a netip.Addr) bool {
	w, m := s.bit(a)
	return s.base[w]&m != 0
}

func (s *subnet) set(a netip.Addr) {
	if s.holds(a) {
		w, m := s.bit(a)
		s.used[w] |= m
	}
}

// clear makes an address fresh again unless it is never leased.
func (s *subnet) clear(a netip.Addr) {
	if s.holds(a) {
		w, m := s.bit(a)
		s.used[w] = s.used[w]&^m | s.base[w]&m
		if s.others != nil {
			s.used[w] |= s.others[w] & m
		}
	}
}

// fresh returns the next address at or after the cursor that has no history,
// going round once. The cursor does not move.
func (s *subnet) fresh() (netip.Addr, bool) {
	total := s.last - s.first + 1
	start := s.cursor - s.first
	if start >= total {
		start = 0
	}
	if n, ok := s.scan(start, total); ok {
		return wire.FromU32(s.first + n), true
	}
	if n, ok := s.scan(0, start); ok {
		return wire.FromU32(s.first + n), true
	}
	return netip.Addr{}, false
}

// scan finds a clear bit in [from, to).
func (s *subnet) scan(from, to uint32) (uint32, bool) {
	for n := from; n < to; {
		free := ^s.used[n/64] >> (n % 64)
		if free == 0 {
			n = (n/64 + 1) * 64
			continue
		}
		n += uint32(bits.TrailingZeros64(free))
		return n, n < to
	}
	return 0, false
}

// advance moves the cursor behind an address that was given out.
func (s *subnet) advance(a netip.Addr) {
	s.cursor = wire.U32(a) + 1
	if s.cursor > s.last || s.cursor < s.first {
		s.cursor = s.first
	}
}

// size is the number of addresses that could be leased at all.
func (s *subnet) size() int { return int(s.last-s.first) + 1 - s.kept }

// free is how many of them are neither leased nor on offer.
func (s *subnet) free() int { return s.size() - s.live - s.offered - s.aside }
