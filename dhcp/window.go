package dhcp

import "time"

// window bounds how many OFFERs are under way while more waits than can be
// answered in time. What it does not let go waits where newer DISCOVERs go first,
// and comes back as a REQUEST in a moment; let go all at once they would come back
// all at once, overflow the buffers of a relay, and each REQUEST would wait behind
// the others. Where the OFFERs of a while bring few REQUESTs, clients are slow or
// forged: it opens, for nothing is won by holding back.
type window struct {
	most           int // under way
	open           int // now: taken, less the REQUESTs since
	offered, asked int // since began
	began          time.Time
}

const (
	minOpen = 40
	maxOpen = 1 << 10
	openFor = 20 * time.Millisecond // an OFFER counts, at most
)

// room reports whether a DISCOVER may be taken.
func (w *window) room(now time.Time) bool {
	if now.Sub(w.began) > openFor {
		if w.asked*2 < w.offered {
			w.most = min(2*w.most, maxOpen)
		} else {
			w.most = minOpen
		}
		w.open, w.offered, w.asked, w.began = 0, 0, 0, now
	}
	return w.open < w.most
}

// offer is a DISCOVER that was taken.
func (w *window) offer() {
	w.open++
	w.offered++
}

// request is a REQUEST that came.
func (w *window) request() {
	w.open = max(0, w.open-1)
	w.asked++
}
