package dhcp

import (
	"bytes"
	"encoding/binary"
	"sync"
	"time"

	"option150/dhcp/durable"
	"option150/dhcp/wire"
)

// queue is what waits for the engine. As long as that is little it is taken in
// the order it came. When it is more than 20 ms of work, an answer to the
// oldest would come too late for a client that has asked again: then requests
// that end an exchange go first, then DISCOVERs, the newest of each first.
// Nothing is dropped but what a newer copy has replaced or what is older than a
// second.
type queue struct {
	bell chan struct{}

	mu      sync.Mutex
	urgent  lane // REQUEST, RELEASE, DECLINE, and the replies of other servers
	later   lane // DISCOVER, INFORM, BOOTP
	waiting map[copyKey]*datagram
	count   int           // of both lanes, the replaced ones not counted
	cost    time.Duration // of one, as measured
	arrived uint64
	dropped uint64
}

// lane is datagrams in the order they came.
type lane struct {
	all  []*datagram
	head int
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
	maxLag   = 20 * time.Millisecond // of work that may wait
	maxAge   = time.Second
	maxCost  = 300 * time.Microsecond
	maxQueue = 1 << 14 // datagrams; beyond it the reader waits and the kernel keeps them
)

func newQueue() *queue {
	return &queue{bell: make(chan struct{}, 1), waiting: map[copyKey]*datagram{}, cost: 100 * time.Microsecond}
}

// put hands datagrams over in order. It returns how many there was room for.
func (q *queue) put(now time.Time, ds ...*datagram) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, d := range ds {
		if q.count >= maxQueue {
			return i
		}
		q.add(now, d)
	}
	durable.Ring(q.bell)
	return len(ds)
}

func (q *queue) add(now time.Time, d *datagram) {
	typ := wire.Peek(d.in.Data)
	key, known := copyKey{typ: typ, server: d.reply}, len(d.in.Data) >= 34
	if known {
		key.chaddr, key.xid = [6]byte(d.in.Data[28:34]), binary.BigEndian.Uint32(d.in.Data[4:])
	}
	d.key, d.at, d.replaced = key, now, false
	q.arrived++
	d.number = q.arrived
	if known && !d.reply {
		if old := q.waiting[key]; old != nil && sameRequest(old.in.Data, d.in.Data) {
			old.replaced = true
			q.count--
			q.dropped++
		}
		q.waiting[key] = d
	}
	l := &q.later
	if d.reply || wire.Urgent(typ) {
		l = &q.urgent
	}
	l.all = append(l.all, d)
	q.count++
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

// next is the next datagram, nil if there is none.
func (q *queue) next(now time.Time, free func(*datagram)) *datagram {
	q.trim(&q.urgent, now, free)
	q.trim(&q.later, now, free)
	u, l := &q.urgent, &q.later
	var d *datagram
	switch {
	case u.empty() && l.empty():
		return nil
	case time.Duration(q.count)*q.cost > maxLag:
		if d = u.newest(free); d == nil {
			d = l.newest(free)
		}
	case l.empty() || !u.empty() && u.all[u.head].number < l.all[l.head].number:
		d = u.oldest()
	default:
		d = l.oldest()
	}
	if d == nil {
		return nil
	}
	q.count--
	if q.waiting[d.key] == d {
		delete(q.waiting, d.key)
	}
	return d
}

// trim drops from the old end what was replaced or is too old.
func (q *queue) trim(l *lane, now time.Time, free func(*datagram)) {
	for !l.empty() {
		d := l.all[l.head]
		if !d.replaced {
			if now.Sub(d.at) <= maxAge {
				return
			}
			q.count--
			q.dropped++
			if q.waiting[d.key] == d {
				delete(q.waiting, d.key)
			}
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
