package sshd

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"option150/platform/listen"
)

// gate keeps the connections that have not logged in. One host has at most a
// share of the places. Who comes when they are all taken gets that of a
// connection that has not finished its key exchange: of the host that holds
// most, the one that has been at it longest. Somebody who is asked for his
// password has finished it, and keeps his place before those.
type gate struct {
	mu      sync.Mutex
	waiting []*guest // in the order they came
}

// guest is a connection that has not logged in.
type guest struct {
	conn  net.Conn
	host  netip.Addr
	keyed bool // the key exchange is over, and it asked to log in
}

// enter gives a connection a place, nil = there is none. leave is the connection
// that lost its own for it, nil = none.
func (g *gate) enter(c net.Conn, from netip.Addr) (in *guest, leave net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := listen.Host(from)
	held := map[netip.Addr]int{}
	for _, w := range g.waiting {
		held[w.host]++
	}
	switch {
	case held[h] >= hostShare:
		if leave = g.evict(func(n netip.Addr) bool { return n == h }, false); leave == nil {
			return nil, nil
		}
	case len(g.waiting) >= MaxUnauthenticated:
		most := 0
		for _, n := range held {
			most = max(most, n)
		}
		for n := most; n > 0 && leave == nil; n-- {
			leave = g.evict(func(h netip.Addr) bool { return held[h] == n }, false)
		}
		if leave == nil && most > 1 {
			leave = g.evict(func(h netip.Addr) bool { return held[h] == most }, true)
		}
		if leave == nil {
			return nil, nil
		}
	}
	in = &guest{conn: c, host: h}
	g.waiting = append(g.waiting, in)
	return in, leave
}

// evict takes the place of the connection that came first of some hosts, of
// those that are asked for a password only if keyed.
func (g *gate) evict(of func(netip.Addr) bool, keyed bool) net.Conn {
	for i, w := range g.waiting {
		if of(w.host) && (keyed || !w.keyed) {
			g.waiting = append(g.waiting[:i:i], g.waiting[i+1:]...)
			return w.conn
		}
	}
	return nil
}

// asks says that a connection has finished its key exchange.
func (g *gate) asks(w *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	w.keyed = true
}

// left gives a place back; one that was taken away is gone already.
func (g *gate) left(w *guest) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, x := range g.waiting {
		if x == w {
			g.waiting = append(g.waiting[:i:i], g.waiting[i+1:]...)
			return
		}
	}
}

// len is how many wait.
func (g *gate) len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.waiting)
}

// exchangeTime is how long a key exchange may take: seconds on the smallest
// machine.
const exchangeTime = 20 * time.Second
