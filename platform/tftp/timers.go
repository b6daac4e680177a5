package tftp

import (
	"container/heap"
	"time"
)

// timerHeap orders transfers by the time they are to be looked at. A deadline
// moves with every packet, mostly away; the place in the heap follows only when
// the deadline comes nearer, or when the old time has come. So a packet costs
// no work here.
type timerHeap []*transfer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].queued < h[j].queued }
func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements heap.Interface.
func (h *timerHeap) Push(x any) {
	t := x.(*transfer)
	t.place = len(*h)
	*h = append(*h, t)
}

// Pop implements heap.Interface.
func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	t.place = -1
	return t
}

// schedule makes sure that t is looked at when its deadline has come.
func (h *timerHeap) schedule(t *transfer) {
	switch {
	case t.place < 0:
		t.queued = t.snd.deadline
		heap.Push(h, t)
	case t.snd.deadline < t.queued:
		t.queued = t.snd.deadline
		heap.Fix(h, t.place)
	}
}

// drop takes t out.
func (h *timerHeap) drop(t *transfer) {
	if t.place >= 0 {
		heap.Remove(h, t.place)
	}
}

// due returns a transfer whose deadline has passed, or nil.
func (h *timerHeap) due(now time.Duration) *transfer {
	for len(*h) > 0 && (*h)[0].queued <= now {
		t := (*h)[0]
		if t.snd.deadline <= now {
			heap.Pop(h)
			return t
		}
		t.queued = t.snd.deadline
		heap.Fix(h, 0)
	}
	return nil
}
