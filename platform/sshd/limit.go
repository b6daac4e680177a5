package sshd

import (
	"net/netip"
	"sync"
	"time"

	"option150/platform/listen"
)

// limiter is a token bucket per host. A login that succeeds gives its token
// back: automation may come as often as it likes, guessing may not.
type limiter struct {
	mu    sync.Mutex
	hosts map[netip.Addr]*bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// take takes a token of the host, if it has one.
func (l *limiter) take(a netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.hosts == nil {
		l.hosts = map[netip.Addr]*bucket{}
	}
	h := listen.Host(a)
	b := l.hosts[h]
	if b == nil {
		if len(l.hosts) >= maxHosts {
			l.forget()
		}
		b = &bucket{tokens: hostBurst, at: now}
		l.hosts[h] = b
	}
	b.tokens = min(hostBurst, b.tokens+float64(now.Sub(b.at))/float64(hostRefill))
	b.at = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// giveBack returns the token of a connection that logged in.
func (l *limiter) giveBack(a netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.hosts[listen.Host(a)]; b != nil {
		b.tokens = min(hostBurst, b.tokens+1)
	}
}

// forget drops the host that was seen longest ago.
func (l *limiter) forget() {
	var oldest netip.Addr
	var at time.Time
	for h, b := range l.hosts {
		if !oldest.IsValid() || b.at.Before(at) {
			oldest, at = h, b.at
		}
	}
	delete(l.hosts, oldest)
}
