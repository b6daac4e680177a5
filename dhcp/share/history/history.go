// Package history judges what boxes that share pools told their clients: it keeps every
// ACK, with when, to whom, of which box and for how long, and finds addresses that two clients
// had at a time and leases that a box has forgotten. Tests of the rules, of claims and of the
// whole box use this one judge; what it checks follows RFC 2131 section 1.6: an
// address is of one client at a time.
//
// Concurrency: a History may be used by several goroutines. Failure: findings are sentences
// that name both ACKs; none is not proof where nobody was served, so callers
// count the ACKs too. Testing: TestHistory; it imports none of what it judges.
package history

import (
	"fmt"
	"net/netip"
	"sync"
	"time"
)

// Ack is an address acknowledged to a client. The times are of a clock that no box has.
type Ack struct {
	At, Until   time.Time
	Addr        netip.Addr
	Client, Box string
	Kind        string // how it came to be, for whoever reads
}

// String is an ACK as a line of a log.
func (a Ack) String() string {
	s := fmt.Sprintf("%s: %s to %s by %s until %s", a.At.Format("15:04:05.000"), a.Addr, a.Client, a.Box, a.Until.Format("15:04:05.000"))
	if a.Kind != "" {
		s += ", " + a.Kind
	}
	return s
}

// History is all ACKs, in the order in which they came.
type History struct {
	mu   sync.Mutex
	acks []Ack
}

// Add takes an ACK down.
func (h *History) Add(a Ack) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acks = append(h.acks, a)
}

// End takes down that a client gave its address back: another may have it from then on.
func (h *History) End(at time.Time, addr netip.Addr, client string) {
	h.Add(Ack{At: at, Until: at, Addr: addr, Client: client, Kind: ended})
}

const ended = "ended"

// All is a copy of the ACKs.
func (h *History) All() []Ack {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Ack(nil), h.acks...)
}

// Len is how many there are.
func (h *History) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.acks)
}

// Last is the newest ACK of a client.
func (h *History) Last(client string) (a Ack, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.acks) - 1; i >= 0; i-- {
		if h.acks[i].Client == client {
			return h.acks[i], true
		}
	}
	return a, false
}

// Overlaps are the addresses that two clients had at a time. An ACK for a shorter time
// than one before may not have been heard: the longest counts.
func (h *History) Overlaps() (bad []string) {
	type had map[string]Ack // by client
	at := map[netip.Addr]had{}
	for _, x := range h.All() {
		of := at[x.Addr]
		if of == nil {
			of = had{}
			at[x.Addr] = of
		}
		if x.Kind == ended {
			delete(of, x.Client)
			continue
		}
		for c, o := range of {
			if c != x.Client && o.Until.After(x.At) {
				bad = append(bad, fmt.Sprintf("%v\n\twhile %v", x, o))
			}
		}
		if !x.Until.Before(of[x.Client].Until) {
			of[x.Client] = x
		}
	}
	return bad
}

// Running is the newest ACK of every client whose lease runs on for longer than
// a time after a moment.
func (h *History) Running(now time.Time, longer time.Duration) (list []Ack) {
	last := map[string]Ack{}
	var order []string
	for _, x := range h.All() {
		if _, ok := last[x.Client]; !ok {
			order = append(order, x.Client)
		}
		last[x.Client] = x
	}
	for _, c := range order {
		if x := last[c]; x.Until.Sub(now) > longer {
			list = append(list, x)
		}
	}
	return list
}

// Lost are those of leases that a box does not know, or lets end too early by more than the
// slack; has is what it has on record for an address, by the clock of the ACKs.
func Lost(list []Ack, box string, slack time.Duration, has func(netip.Addr) (client string, until time.Time)) (bad []string) {
	for _, x := range list {
		client, until := has(x.Addr)
		switch {
		case client != x.Client:
			bad = append(bad, fmt.Sprintf("%s has %q for %v", box, client, x))
		case until.Before(x.Until.Add(-slack)):
			bad = append(bad, fmt.Sprintf("%s has it until %s for %v", box, until.Format("15:04:05.000"), x))
		}
	}
	return bad
}
