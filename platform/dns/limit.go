package dns

import (
	"net/netip"
	"sync"
	"time"
)

// The bounds of the service.
const (
	perSource  = 50   // questions a second of one station, twice as many at once
	maxSources = 4096 // stations remembered
	maxPending = 128  // questions on their way to other servers
	maxTCP     = 64   // connections
	perHost    = 8    // of one station
	maxQueries = 100  // of one connection
	idleTime   = 10 * time.Second
)

// limiter bounds how often one station asks.
type limiter struct {
	mu   sync.Mutex
	seen map[netip.Addr]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// allow takes a question of a station into account.
func (l *limiter) allow(a netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[netip.Addr]bucket{}
	}
	b, ok := l.seen[a]
	if !ok {
		if len(l.seen) >= maxSources {
			for k, o := range l.seen {
				if now.Sub(o.at) > 2*time.Second { // full again: says nothing
					delete(l.seen, k)
				}
			}
			if len(l.seen) >= maxSources {
				return false
			}
		}
		b = bucket{tokens: 2 * perSource, at: now}
	}
	b.tokens = min(2*perSource, b.tokens+now.Sub(b.at).Seconds()*perSource)
	b.at = now
	ok = b.tokens >= 1
	if ok {
		b.tokens--
	}
	l.seen[a] = b
	return ok
}
