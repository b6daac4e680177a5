package fileserver

import (
	"container/list"
	"context"
	"net/netip"
	"sync"
	"time"
)

// The times of admission. [facts/files.md 1.1]
const (
	QueueTime = 2 * time.Second // longest wait for a place
	AgainTime = 5 * time.Second // a TFTP request this soon after a 503 goes first
)

// maxWaiting is the length of each queue, for memory's sake: it is the wait that is
// bounded. A branch that gets its power back asks a few thousand times in the same
// moment, and each answer takes a millisecond: they all fit into QueueTime, while an
// answer of "busy" would send every phone to sleep for seconds.
// [facts/files.md 12: no request of 1,000 lost]
const maxWaiting = 4096

// maxRefused bounds what is remembered of 503 answers.
const maxRefused = 8192

// question is what makes a TFTP request the repetition of an HTTP request.
type question struct {
	client netip.Addr
	name   string // clean, without case
	many   bool   // many phones are behind the address
}

// gate is the serving count with its queues.
type gate struct {
	mu      sync.Mutex
	limit   int
	most    int // places of one address, 0 = a quarter
	relay   int // the same of one with many phones behind it, 0 = half
	room    int // in each queue
	serving int
	first   list.List          // of *waiter: TFTP after a 503
	rest    list.List          // of *waiter
	held    map[netip.Addr]int // places of each address
	refused map[question]time.Time
}

// share is how many places one address may have: what hangs on many of them
// must not keep the phones out.
func (g *gate) share(many bool) int {
	switch {
	case many && g.relay > 0:
		return g.relay
	case many:
		return max(g.limit/2, min(g.limit, 16), g.most)
	case g.most > 0:
		return g.most
	}
	return max(g.limit/4, min(g.limit, 16))
}

type waiter struct {
	q        question
	admitted func()     // called when it has its place, with the lock held
	in       *list.List // nil once admitted
	at       *list.Element
}

func newGate(limit int) *gate {
	return &gate{limit: limit, room: maxWaiting, held: map[netip.Addr]int{}, refused: map[question]time.Time{}}
}

// again reports that the client was sent from HTTP to here a moment ago.
func (g *gate) again(t Transport, q question) bool {
	if t != TFTP {
		return false
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	at, ok := g.refused[q]
	return ok && time.Since(at) <= AgainTime
}

// put503 remembers that an HTTP request was answered 503.
func (g *gate) put503(q question) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if len(g.refused) >= maxRefused {
		for k, at := range g.refused {
			if now.Sub(at) > AgainTime {
				delete(g.refused, k)
			}
		}
	}
	if len(g.refused) < maxRefused {
		g.refused[q] = now
	}
}

// enter takes a place, waiting for one if it must. The error is ErrBusy, or
// the context's when the client has gone.
func (g *gate) enter(ctx context.Context, again bool, q question) (waited bool, err error) {
	if !again && g.try(q) { // as nearly always
		return false, nil
	}
	admitted := make(chan struct{})
	w, err := g.join(again, q, func() { close(admitted) })
	if w == nil {
		return false, err
	}
	timer := time.NewTimer(QueueTime)
	defer timer.Stop()
	select {
	case <-admitted:
		return true, nil
	case <-timer.C:
		err = ErrBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	if g.drop(w) { // the place came at the same moment
		if ctx.Err() == nil {
			return true, nil
		}
		g.leave(q.client)
		return true, ctx.Err()
	}
	return true, err
}

// join takes a place, or a place in a queue; neither is ErrBusy. admitted is
// called when the queue is over: with the lock held, so it must not wait.
func (g *gate) join(again bool, q question, admitted func()) (*waiter, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if again {
		delete(g.refused, q)
	}
	if g.take(q) {
		return nil, nil
	}
	queue, waiting := &g.rest, g.first.Len()+g.rest.Len()
	if again {
		queue, waiting = &g.first, g.first.Len()
	}
	if waiting >= g.room {
		return nil, ErrBusy
	}
	w := &waiter{q: q, admitted: admitted, in: queue}
	w.at = queue.PushBack(w)
	return w, nil
}

// served reports that a waiter has its place.
func (g *gate) served(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return w.in == nil
}

// drop ends the waiting; true: it has its place, which is the caller's.
func (g *gate) drop(w *waiter) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if w.in == nil {
		return true
	}
	w.in.Remove(w.at)
	return false
}

// take takes a place if one is free for the address. The lock is held.
func (g *gate) take(q question) bool {
	if g.serving >= g.limit || g.held[q.client] >= g.share(q.many) {
		return false
	}
	g.serving++
	g.held[q.client]++
	return true
}

// try takes a place without waiting.
func (g *gate) try(q question) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.take(q)
}

// leave gives a place back.
func (g *gate) leave(from netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.give(from)
}

// give is leave with the lock held.
func (g *gate) give(from netip.Addr) {
	g.serving--
	if g.held[from]--; g.held[from] <= 0 {
		delete(g.held, from)
	}
	g.admit()
}

// admit lets waiters in while there is room. The lock is held.
func (g *gate) admit() {
	for g.serving < g.limit {
		w := g.next()
		if w == nil {
			return
		}
		w.in.Remove(w.at)
		w.in = nil
		g.take(w.q)
		w.admitted()
	}
}

// next is the waiter whose turn it is: who was sent here by a 503 first, and
// among equals whose address has the fewest places, then who came first.
func (g *gate) next() *waiter {
	for _, queue := range []*list.List{&g.first, &g.rest} {
		var next *waiter
		fewest := 0
		for at := queue.Front(); at != nil; at = at.Next() {
			w := at.Value.(*waiter)
			n := g.held[w.q.client]
			if n == 0 {
				return w
			}
			if n < g.share(w.q.many) && (next == nil || n < fewest) {
				next, fewest = w, n
			}
		}
		if next != nil {
			return next
		}
	}
	return nil
}

// setLimit changes the serving count and the shares of one address. Who is being
// served goes on.
func (g *gate) setLimit(n, most, relay int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.limit, g.most, g.relay = max(n, 1), most, relay
	g.admit()
}

func (g *gate) state() (serving, limit, waiting int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.serving, g.limit, g.first.Len() + g.rest.Len()
}
