package tftp

import "time"

// rtt is the estimate of a client's round trip time of RFC 6298, kept from one
// transfer to the next of the same client: phones fetch five to ten files in a
// row. The zero value knows nothing.
type rtt struct {
	smoothed, variance time.Duration
}

func (r rtt) known() bool { return r.smoothed > 0 }

// sample takes a measurement that no retransmission makes ambiguous (Karn).
func (r *rtt) sample(d time.Duration) {
	d = max(d, time.Microsecond)
	if !r.known() {
		r.smoothed, r.variance = d, d/2
		return
	}
	r.variance = (3*r.variance + (r.smoothed - d).Abs()) / 4
	r.smoothed = (7*r.smoothed + d) / 8
}

// timeouts are the limits between which the retransmission time-out adapts.
type timeouts struct {
	initial, floor, ceiling time.Duration
}

// base is the time-out before any back-off.
func (t timeouts) base(r rtt) time.Duration {
	if !r.known() {
		return t.initial
	}
	return min(max(r.smoothed+4*r.variance, t.floor), t.ceiling)
}

// backedOff is the time-out after n time-outs in a row: it doubles up to the
// ceiling.
func (t timeouts) backedOff(r rtt, n int) time.Duration {
	d := t.base(r)
	for ; n > 0 && d < t.ceiling; n-- {
		d *= 2
	}
	return min(d, t.ceiling)
}
