package tftp

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"
)

// Rates of ERROR packets nobody can be shown to have asked for (illegal
// operation, unknown transfer): by source, and for everybody together.
const (
	strayRate       = 10 // per second and source
	strayBurst      = 20
	strayRateTotal  = 200
	strayBurstTotal = 400
)

// limiter is two layers of token buckets. Sources share a fixed number of
// buckets by hash, so that forged addresses cannot make it grow.
type limiter struct {
	mu     sync.Mutex
	seed   maphash.Seed
	total  bucket
	source [256]bucket
}

type bucket struct {
	used float64       // tokens taken
	at   time.Duration // when used was right
}

func newLimiter() *limiter { return &limiter{seed: maphash.MakeSeed()} }

// allow takes a token for an answer to addr.
func (l *limiter) allow(addr netip.Addr, now time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := &l.source[maphash.Comparable(l.seed, addr)%uint64(len(l.source))]
	return b.take(now, strayRate, strayBurst) && l.total.take(now, strayRateTotal, strayBurstTotal)
}

func (b *bucket) take(now time.Duration, rate, burst float64) bool {
	b.used = max(0, b.used-rate*(now-b.at).Seconds())
	b.at = now
	if b.used+1 > burst {
		return false
	}
	b.used++
	return true
}
