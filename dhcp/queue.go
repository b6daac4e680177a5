package dhcp

import (
	"bytes"
	"encoding/binary"
	"sync"
	"time"

	"option150/dhcp/durable"
	"option150/dhcp/wire"
	"option150/platform/ether"
)

// queue is what waits for the engine. As long as that is little it is taken in
// the order it came. When it is more than 20 ms of work, an answer to the
// oldest would come too late for a client that has asked again: then what ends an
// exchange goes first, then DISCOVERs, the newest first. What ends an exchange
// keeps its order, since the box itself decides by its OFFERs how much of it
// comes; when it alone is more than 20 ms of work it was not asked for, the newest
// goes first there too, and every fourth is a DISCOVER all the same. A station of
// which much waits already has the rest of it wait behind all others.
//
// Nothing is dropped but what a newer copy has replaced, what is older than a
// second, and, when there is room for no more, the oldest of what goes last.
type queue struct {
	bell chan struct{}

	mu      sync.Mutex
	lanes   [lanes]lane
	waiting map[copyKey]*datagram
	of      map[ether.MAC]int // how many wait of a station, the surplus not counted
	count   int               // of all lanes, the replaced ones not counted
	cost    time.Duration     // of one, as measured
	turn    int
	window  window
	arrived uint64
	dropped uint64
}

// The lanes, in the order in which they go when much waits.
const (
	urgent  = iota // REQUEST, RELEASE, DECLINE, INFORM, and the replies of other servers
	later          // DISCOVER, BOOTP
	surplus        // of stations of which more than their share waits
	lanes
)

// lane is datagrams in the order they came.
type lane struct {
	all   []*datagram
	head  int
	count int // the replaced ones not counted
}

// copyKey is what is the same in the copies of a request that a client sends
// again.
type copyKey struct {
	chaddr [6]byte
	xid    uint32
	typ    byte
	server bool
}

const (
	maxLag    = 20 * time.Millisecond // of work that may wait
	maxAge    = time.Second
	maxCost   = 300 * time.Microsecond
	maxQueue  = 1 << 14 // datagrams, a second of work of a small machine
	ofStation = 64      // datagrams of a station; a bridge speaks for the stations behind it
	toOthers  = 4       // one of so many is a DISCOVER when what ends exchanges is too much
)

func newQueue() *queue {
	return &queue{bell: make(chan struct{}, 1), waiting: map[copyKey]*datagram{}, of: map[ether.MAC]int{},
		cost: 100 * time.Microsecond, window: window{most: minOpen}}
}

// put hands datagrams over in order. free is called with what is dropped for them.
func (q *queue) put(now time.Time, free func(*datagram), ds ...*datagram) {
	q.mu.Lock()
	for _, d := range ds {
		q.add(now, d)
		if q.count > maxQueue {
			q.shed(free)
		}
	}
	q.mu.Unlock()
	durable.Ring(q.bell)
}

func (q *queue) add(now time.Time, d *datagram) {
	typ := wire.Peek(d.in.Data)
	key, known := copyKey{typ: typ, server: d.reply}, len(d.in.Data) >= 34
	if known {
		key.chaddr, key.xid = [6]byte(d.in.Data[28:34]), binary.BigEndian.Uint32(d.in.Data[4:])
	}
	d.key, d.at, d.replaced = key, now, false
	if typ == wire.MsgRequest {
		q.window.request()
	}
	q.arrived++
	d.number = q.arrived
	if known && !d.reply {
		if old := q.waiting[key]; old != nil && sameRequest(old.in.Data, d.in.Data) {
			old.replaced = true
			q.dropped++
			q.less(old)
		}
		q.waiting[key] = d
	}
	d.station = key.chaddr
	if d.in.Broadcast && !d.in.Source.IsZero() { // else a relay or a router may be between
		d.station = d.in.Source
	}
	switch {
	case q.of[d.station] >= ofStation:
		d.lane = surplus
	case d.reply || wire.Urgent(typ):
		d.lane = urgent
	default:
		d.lane = later
	}
	if d.lane != surplus {
		q.of[d.station]++
	}
	l := &q.lanes[d.lane]
	l.all = append(l.all, d)
	l.count++
	q.count++
}

// less takes one that waits, or is to be passed over, out of the counts.
func (q *queue) less(d *datagram) {
	q.count--
	q.lanes[d.lane].count--
	if d.lane != surplus {
		if q.of[d.station]--; q.of[d.station] == 0 {
			delete(q.of, d.station)
		}
	}
	if q.waiting[d.key] == d {
		delete(q.waiting, d.key)
	}
}

// shed drops the oldest of what goes last.
func (q *queue) shed(free func(*datagram)) {
	for n := lanes - 1; n >= 0; n-- {
		for l := &q.lanes[n]; !l.empty(); {
			d := l.oldest()
			done := !d.replaced
			if done {
				q.less(d)
				q.dropped++
			}
			if free(d); done {
				return
			}
		}
	}
}

// sameRequest reports whether b is a sent again: all but hops and secs is the
// same. [RFC 2131 4.1]
func sameRequest(a, b []byte) bool {
	return len(a) == len(b) && bytes.Equal(a[:3], b[:3]) && bytes.Equal(a[4:8], b[4:8]) && bytes.Equal(a[10:], b[10:])
}

// take appends the next datagrams to into, most of them at most. free is called
// with those that are dropped.
func (q *queue) take(now time.Time, into []*datagram, most int, free func(*datagram)) []*datagram {
	q.mu.Lock()
	defer q.mu.Unlock()
	for ; most > 0; most-- {
		d := q.next(now, free)
		if d == nil {
			break
		}
		into = append(into, d)
	}
	return into
}

// next is the next datagram, nil if there is none, or none yet, see window.
func (q *queue) next(now time.Time, free func(*datagram)) *datagram {
	for n := range q.lanes {
		q.trim(&q.lanes[n], now, free)
	}
	if q.count == 0 {
		return nil
	}
	late, l := q.lags(q.count), q.choose()
	if u := &q.lanes[urgent]; late && l != u {
		switch {
		case q.window.room(now):
			q.window.offer()
		case u.count > 0:
			l = u
		default:
			return nil
		}
	}
	var d *datagram
	if !late || l == &q.lanes[urgent] && !q.lags(l.count) {
		d = l.oldest()
	} else {
		d = l.newest(free)
	}
	q.less(d)
	return d
}

// lags reports whether so many would be answered too late.
func (q *queue) lags(n int) bool { return time.Duration(n)*q.cost > maxLag }

// choose is the lane whose turn it is, of those in which something waits.
func (q *queue) choose() (next *lane) {
	late := q.lags(q.count)
	q.turn++
	if u := &q.lanes[urgent]; late && q.lags(u.count) && q.turn%toOthers == 0 {
		for n := later; n < lanes; n++ {
			if l := &q.lanes[n]; l.count > 0 {
				return l
			}
		}
	}
	for n := range q.lanes {
		switch l := &q.lanes[n]; {
		case l.count == 0:
		case late:
			return l
		case next == nil || l.all[l.head].number < next.all[next.head].number:
			next = l
		}
	}
	return next
}

// trim drops from the old end what was replaced or is too old.
func (q *queue) trim(l *lane, now time.Time, free func(*datagram)) {
	for !l.empty() {
		d := l.all[l.head]
		if !d.replaced {
			if now.Sub(d.at) <= maxAge {
				return
			}
			q.less(d)
			q.dropped++
		}
		l.oldest()
		free(d)
	}
}

// measured tells what n of them took.
func (q *queue) measured(n int, took time.Duration) {
	q.mu.Lock()
	// What takes longer did not run all the time.
	q.cost += (min(took/time.Duration(n), maxCost) - q.cost) / 16
	q.mu.Unlock()
}

// left reports whether something waits, and how many were dropped so far.
func (q *queue) left() (waits bool, dropped uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count > 0, q.dropped
}

// forgetDropped sets the counter to zero.
func (q *queue) forgetDropped() {
	q.mu.Lock()
	q.dropped = 0
	q.mu.Unlock()
}

func (l *lane) empty() bool { return l.head == len(l.all) }

func (l *lane) oldest() *datagram {
	d := l.all[l.head]
	l.all[l.head] = nil
	if l.head++; l.head == len(l.all) {
		l.all, l.head = l.all[:0], 0
	} else if l.head > 1024 && l.head > len(l.all)/2 {
		n := copy(l.all, l.all[l.head:])
		clear(l.all[n:])
		l.all, l.head = l.all[:n], 0
	}
	return d
}

// newest takes from the young end what was not replaced.
func (l *lane) newest(free func(*datagram)) *datagram {
	for !l.empty() {
		last := len(l.all) - 1
		d := l.all[last]
		l.all[last] = nil
		if l.all = l.all[:last]; l.head == len(l.all) {
			l.all, l.head = l.all[:0], 0
		}
		if !d.replaced {
			return d
		}
		free(d)
	}
	return nil
}
