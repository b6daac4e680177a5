package tftp

import (
	"container/list"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// maxClients is how many client addresses without a transfer are remembered.
const maxClients = 4096

// client is what is known of a client address.
type client struct {
	addr    netip.Addr
	active  int // transfers and lookups now
	rtt     rtt
	asked   uint64
	options string
	seen    time.Time
	idle    *list.Element // its place in the list of those without a transfer
}

// clientTable remembers clients: the round trip time for their next file, what
// options they speak, and how many transfers they have. It is bounded: the one
// idle for longest is forgotten first.
type clientTable struct {
	mu    sync.Mutex
	byIP  map[netip.Addr]*client
	idle  list.List // of *client, the longest idle in front
	bound int
	total int // transfers and lookups of all clients
}

func newClientTable() *clientTable {
	return &clientTable{byIP: map[netip.Addr]*client{}, bound: maxClients}
}

// acquire counts one more transfer of the client, unless it has most already
// or all clients together have mostTotal.
func (t *clientTable) acquire(addr netip.Addr, options string, most, mostTotal int) (*client, rtt, bool) {
	addr = addr.WithZone("")
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.byIP[addr]
	if t.total >= mostTotal || c != nil && c.active >= most {
		return nil, rtt{}, false
	}
	if c == nil {
		c = &client{addr: addr}
		t.byIP[addr] = c
	}
	if c.idle != nil {
		t.idle.Remove(c.idle)
		c.idle = nil
	}
	t.total++
	c.active++
	c.asked++
	c.options = options
	c.seen = time.Now()
	return c, c.rtt, true
}

// release is the end of a transfer that leaves what it measured.
func (t *clientTable) release(c *client, measured rtt) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if measured.known() {
		c.rtt = measured
	}
	t.total--
	if c.active--; c.active > 0 {
		return
	}
	c.idle = t.idle.PushBack(c)
	if t.idle.Len() > t.bound {
		oldest := t.idle.Remove(t.idle.Front()).(*client)
		delete(t.byIP, oldest.addr)
	}
}

// Client is what the server knows of a client, for `show tftp-server clients`.
type Client struct {
	Addr     netip.Addr
	Requests uint64        // read requests, without repeated ones
	Active   int           // transfers now
	Options  string        // of its last request, "blksize=1428 tsize=0"; "" = none, as most phones
	RTT      time.Duration // smoothed; 0 = not measured
	LastSeen time.Time     // its last request
}

func (t *clientTable) list() []Client {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Client, 0, len(t.byIP))
	for _, c := range t.byIP {
		all = append(all, Client{Addr: c.addr, Requests: c.asked, Active: c.active,
			Options: c.options, RTT: c.rtt.smoothed, LastSeen: c.seen})
	}
	slices.SortFunc(all, func(a, b Client) int { return a.Addr.Compare(b.Addr) })
	return all
}
