package tftp

import "time"

// unvalidatedPackets is what goes to an address that has never acknowledged
// anything, at 0, 1 and 4 s: it may be forged, and we shall not be the
// amplifier. The cap is on sending alone: a phone may erase its flash before
// its first acknowledgement.
const unvalidatedPackets = 3

// lateRequest is how long after the last progress an identical request is
// taken for a late copy of the first one. Later it is a client that began anew.
const lateRequest = time.Second

// patience is when a transfer is given up.
type patience struct {
	tries int           // time-outs in a row, at least
	idle  time.Duration // without progress, at least: phones write flash between blocks
	limit time.Duration // without progress, whatever the number of tries
}

// verdict is what an input meant to a transfer.
type verdict uint8

const (
	ignored    verdict = iota
	duplicate          // an old acknowledgement: never answered with DATA [RFC 1123 4.2.3.1]
	progress           // send while more()
	resend             // send while more(), these are retransmissions
	done               // the client has everything
	doneUnsure         // everything was sent, only the acknowledgement of the last block never came
	gaveUp             // the client is gone
)

// sender is the state machine of one transfer: acknowledgements and times in,
// packets out. It does no input or output but reading its source and knows no
// clock: times are durations since an epoch of the caller.
//
// Blocks are counted in 64 bits; the 16 bits on the wire are resolved against
// the window, so a file may be of any length and the numbers roll over to 0.
//
//	           base          next      base+window
//	acknowledged | in flight | to send now |
type sender struct {
	src       source
	blockSize int
	window    uint64
	oack      []option

	negotiating bool // waiting for ACK 0
	oackDue     bool
	base        uint64 // highest block acknowledged
	next        uint64 // block to send next
	high        uint64 // highest block ever sent

	limits   timeouts
	patience patience
	rtt      rtt
	backoff  int // doublings in force; progress ends them
	tries    int // time-outs since the last progress
	deadline time.Duration
	moved    time.Duration // last progress

	timing  bool // block timed was sent once, at timedAt
	timed   uint64
	timedAt time.Duration

	burst   uint64        // what of the window is sent now: less after a time-out
	rewound time.Duration // since when it is being sent
	again   time.Duration // when it was sent again for an acknowledgement
	repeats int           // how often for one of base itself: each time it is believed later

	answered    bool  // the address has acknowledged something in a transfer before
	validated   bool  // and in this one
	packets     int   // sent so far
	retransmits int   // of those, sent again
	sent        int64 // octets of payload, each counted once
	acked       int64 // octets of payload acknowledged
	lastLen     int   // length of block high
}

// newSender prepares a transfer; nothing is sent before the first emit.
func newSender(now time.Duration, src source, a agreed, limits timeouts, p patience, k known) sender {
	s := sender{
		src: src, blockSize: a.blockSize, window: uint64(a.window), burst: uint64(a.window), oack: a.oack,
		next: 1, limits: limits, patience: p, rtt: k.rtt, answered: k.answered,
		moved: now, rewound: now, again: now - time.Hour,
	}
	if a.timeout > 0 { // the client knows how fast it is; sooner would only restart its timer
		s.limits.initial, s.limits.floor = a.timeout, a.timeout
		s.limits.ceiling = max(s.limits.ceiling, a.timeout)
	}
	if len(a.oack) > 0 {
		s.negotiating, s.oackDue = true, true
	}
	s.deadline = now + s.wait()
	return s
}

// wait is how long the answer to what was sent last is waited for.
func (s *sender) wait() time.Duration {
	switch {
	case s.trusted():
		return s.rto()
	case s.packets < unvalidatedPackets-1:
		return s.limits.initial
	case s.packets < unvalidatedPackets:
		return min(3*s.limits.initial, max(s.limits.ceiling, s.limits.initial))
	}
	return max(s.patience.idle, s.limits.initial)
}

// trusted reports that the address is that of a client and not forged.
func (s *sender) trusted() bool { return s.validated || s.answered }

func (s *sender) rto() time.Duration { return s.limits.backedOff(s.rtt, s.backoff) }

// more reports whether a packet is to be sent now.
func (s *sender) more() bool {
	if !s.trusted() && s.packets >= unvalidatedPackets {
		return false
	}
	if s.negotiating {
		return s.oackDue
	}
	last := s.src.last()
	return s.next <= s.base+s.burst && (last == 0 || s.next <= last)
}

// need is the size of the largest packet emit can append.
func (s *sender) need() int { return headerSize + max(s.blockSize, maxRequest+64) }

// emit appends the next packet to b. Call it only if more.
func (s *sender) emit(now time.Duration, b []byte) ([]byte, error) {
	again := false
	if s.negotiating {
		b = appendOACK(b, s.oack)
		s.oackDue = false
		again = s.packets > 0
		s.measure(now, 0, again)
	} else {
		n := s.next
		b = appendDataHeader(b, n)
		at := len(b)
		b = b[:at+s.blockSize]
		got, err := s.src.block(n, b[at:])
		if err != nil {
			return nil, err
		}
		b = b[:at+got]
		again = n <= s.high
		s.measure(now, n, again)
		s.next++
		if !again {
			s.high, s.lastLen = n, got
			s.sent += int64(got)
		}
	}
	s.packets++
	if again {
		s.retransmits++
	}
	s.deadline = now + s.wait()
	return b, nil
}

// measure times the newest block that was sent once only.
func (s *sender) measure(now time.Duration, n uint64, again bool) {
	s.timing, s.timed, s.timedAt = !again, n, now
}

// ack takes an acknowledgement with the 16-bit number of the wire.
func (s *sender) ack(now time.Duration, number uint16) verdict {
	if s.negotiating {
		if number != 0 || s.packets == 0 {
			return ignored
		}
		s.negotiating = false
		s.advance(now, 0)
		return progress
	}
	n := s.base + uint64(number-uint16(s.base)) // 16-bit difference: the wrap is in it
	switch {
	case n > s.high:
		return s.stale(number)
	case n > s.base:
		s.advance(now, n)
		if last := s.src.last(); last != 0 && n >= last {
			return done
		}
	case !s.gapSignal(now):
		return duplicate
	default:
		s.repeats++
	}
	if s.next > n+1 && now-s.again >= s.trip() { // something after n is missing: go on from there [RFC 7440 4]
		s.again = now
		s.rewind(now)
		return resend
	}
	return progress
}

// stale tells an old acknowledgement from one of the future.
func (s *sender) stale(number uint16) verdict {
	if back := uint16(s.base) - number; s.validated && uint64(back) <= s.base && back < 1<<15 {
		return duplicate
	}
	return ignored
}

// gapSignal reports whether a repeated acknowledgement of base means that the
// first block of the window was lost. With a window of one it never does, that
// would be the sorcerer's apprentice. With a larger one it is believed if it
// can be an answer to what was sent since the last rewind: many a client
// acknowledges every block it did not expect, and to answer each with a window
// would never end.
func (s *sender) gapSignal(now time.Duration) bool {
	return s.window > 1 && s.high > s.base && now-s.rewound >= s.trip()<<min(s.repeats, 6)
}

// trip is how long what was sent stays on its way, at least.
func (s *sender) trip() time.Duration {
	trip := s.rtt.smoothed
	if !s.rtt.known() {
		trip = s.limits.initial
	}
	return max(trip*3/4, rewindGap)
}

// rewindGap is the least time between two rewinds for repeated acknowledgements
// of one block: on a short line a window takes longer to be read than its
// answer to travel.
const rewindGap = 5 * time.Millisecond

// advance moves base to n: the client lives.
func (s *sender) advance(now time.Duration, n uint64) {
	if s.timing && n >= s.timed {
		s.rtt.sample(now - s.timedAt)
		s.timing = false
	}
	s.backoff = 0
	s.validated = true
	s.base = n
	s.next = max(s.next, n+1)
	s.burst, s.rewound, s.repeats = s.window, now, 0
	s.tries = 0
	s.moved = now
	s.acked = s.sent
	if n < s.high {
		s.acked = int64(n) * int64(s.blockSize)
	}
	s.deadline = now + s.rto()
}

// timeout is called when deadline has passed.
func (s *sender) timeout(now time.Duration) verdict {
	idle := now - s.moved
	switch {
	case !s.trusted():
		if s.packets >= unvalidatedPackets || s.tries >= unvalidatedPackets && idle >= s.patience.idle {
			return gaveUp // not before: a client may have asked for a timeout of 255 s
		}
	case s.lastUnsure() && s.tries >= s.patience.tries:
		return doneUnsure
	case s.tries >= s.patience.tries && idle >= s.patience.idle, idle >= s.patience.limit:
		return gaveUp
	}
	s.tries++
	s.backoff++
	s.burst = max(1, s.burst/4) // to one who does not answer less and less
	s.rewind(now)
	s.deadline = now + s.wait()
	return resend
}

// repeat is called when the client sent its request again, maybe because our
// answer was lost. It reports whether the answer is to be sent again.
func (s *sender) repeat(now time.Duration) bool {
	if s.validated {
		return false
	}
	s.rewind(now)
	return s.more()
}

// rewind makes what is in flight due again.
func (s *sender) rewind(now time.Duration) {
	s.timing = false
	if s.negotiating {
		s.oackDue = true
		return
	}
	s.next = s.base + 1
	s.rewound = now
}

// inFlight reports that the client has something to acknowledge.
func (s *sender) inFlight() bool { return s.negotiating || s.next > s.base+1 }

// allSent reports that the client has or will have the last block with what
// was sent already, if nothing was lost.
func (s *sender) allSent() bool {
	last := s.src.last()
	return !s.negotiating && last != 0 && s.high >= last
}

// lastUnsure reports that the client has all but the last block, which was sent:
// it has that as well, or has gone with it. Of a file of one block nothing shows
// that any of it came.
func (s *sender) lastUnsure() bool { return s.allSent() && s.base > 0 && s.src.last()-s.base == 1 }

// overtaken reports that a client that asks for something else may do so because
// it has the whole file: its acknowledgement comes to another socket, and nothing
// had to be sent again for want of it.
func (s *sender) overtaken() bool { return s.allSent() && s.trusted() && s.tries == 0 }

// late reports whether an identical request that comes now is only a late copy.
func (s *sender) late(now time.Duration) bool { return s.validated && now-s.moved < lateRequest }
