package registration

import (
	"encoding/binary"
	"time"

	"option150/platform/capture"
)

// Records of TLS. [RFC 8446 5.1]
const (
	recordHead    = 5
	recordFirst   = 20 // change_cipher_spec
	recordData    = 23 // application_data
	recordLongest = 1<<14 + 2048
)

// talks is how long an encrypted connection has to carry data both ways before
// it says anything: one on which a phone is turned away ends sooner.
const talks = 5 * time.Second

// encrypted counts the records of one direction that carry data. skip is what is
// left of a record whose head was read.
func (w *Watcher) encrypted(p *capture.Packet, c *caller, s *stream, lost, fromPhone bool) {
	d := &c.down
	if fromPhone {
		d = &c.upward
	}
	if lost {
		d.skip = 0
	}
	for len(s.buf) > 0 {
		if d.skip > 0 {
			n := min(d.skip, len(s.buf))
			d.skip -= n
			s.drop(n)
			continue
		}
		if len(s.buf) < recordHead {
			return
		}
		kind, size := s.buf[0], int(binary.BigEndian.Uint16(s.buf[3:]))
		if kind < recordFirst || kind > recordData+1 || s.buf[1] != 3 || size > recordLongest {
			s.drop(len(s.buf)) // no beginning of a record
			return
		}
		if kind == recordData {
			d.data = true
			if c.both.IsZero() && c.down.data && c.upward.data {
				c.both = p.Time
			}
		}
		d.skip = size
		s.drop(recordHead)
	}
}
