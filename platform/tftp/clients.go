package tftp

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"option150/platform/sorted"
)

// maxClients is how many client addresses without a transfer are remembered.
const maxClients = 4096

// client is what is known of a client address.
type client struct {
	addr     netip.Addr
	open     int // requests that have not ended
	active   int // of those, transfers that were acknowledged
	rtt      rtt
	answered bool // it has acknowledged something: its address is its own
	asked    uint64
	sent     uint64 // packets of ended transfers that were acknowledged
	again    uint64 // of those, sent once more
	options  string
	seen     time.Time
	idle     *list.Element // its place in the list of those without a transfer
	among    *list.List    // which of them
}

// known is what is known of a client when it asks.
type known struct {
	rtt      rtt
	answered bool
}

// clientTable remembers clients: the round trip time for their next file, what
// options they speak, and how many transfers they have. It is bounded: the one
// idle for longest is forgotten first.
type clientTable struct {
	mu        sync.Mutex
	byIP      map[netip.Addr]*client
	idle      list.List // of *client, the longest idle in front
	strangers list.List // the same of those that never answered
	bound     int
	total     int // transfers of all clients
}

func newClientTable() *clientTable {
	return &clientTable{byIP: map[netip.Addr]*client{}, bound: maxClients}
}

// meet notes a request of the client, unless it has most transfers already or
// all clients together have mostTotal.
func (t *clientTable) meet(addr netip.Addr, options string, most, mostTotal int) (*client, known, bool) {
	addr = addr.WithZone("")
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.byIP[addr]
	if t.total >= mostTotal || c != nil && c.active >= most {
		return nil, known{}, false
	}
	if c == nil {
		c = &client{addr: addr}
		t.byIP[addr] = c
	}
	c.asked++
	c.options = options
	c.seen = time.Now()
	c.open++
	t.rest(c)
	return c, known{c.rtt, c.answered}, true
}

// begin counts one more transfer: the client has answered.
func (t *clientTable) begin(c *client, most, mostTotal int) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	c.answered = true
	if t.byIP[c.addr] == nil { // it was forgotten meanwhile
		t.byIP[c.addr] = c
	}
	if t.total >= mostTotal || c.active >= most {
		return false
	}
	t.total++
	c.active++
	t.rest(c)
	return true
}

// release is the end of a request that leaves what it measured; counted says
// that begin counted it.
func (t *clientTable) release(c *client, measured rtt, counted bool, sent, again int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if counted {
		c.sent, c.again = c.sent+uint64(sent), c.again+uint64(again)
	}
	if measured.known() {
		c.rtt = measured
	}
	c.open--
	if counted {
		t.total--
		c.active--
	}
	t.rest(c)
}

// rest puts a client among those that may be forgotten, or takes it out. Those
// that have never answered are forgotten first: their addresses may be forged.
func (t *clientTable) rest(c *client) {
	if c.idle != nil {
		c.among.Remove(c.idle)
		c.idle = nil
	}
	if c.active > 0 {
		return
	}
	c.among = &t.strangers
	if c.answered {
		c.among = &t.idle
	}
	c.idle = c.among.PushBack(c)
	for t.idle.Len()+t.strangers.Len() > t.bound {
		from := &t.strangers
		if from.Len() == 0 {
			from = &t.idle
		}
		oldest := from.Remove(from.Front()).(*client)
		oldest.idle = nil
		if t.byIP[oldest.addr] == oldest {
			delete(t.byIP, oldest.addr)
		}
	}
}

// Client is what the server knows of a client, for `show tftp-server clients`.
type Client struct {
	Addr     netip.Addr
	Requests uint64        // read requests, without repeated ones
	Active   int           // transfers now
	Options  string        // of its last request, "blksize=1428 tsize=0"; "" = none, as most phones
	RTT      time.Duration // smoothed; 0 = not measured
	Packets  uint64        // sent to it in transfers that have ended
	Resent   uint64        // of those, sent once more: one of the two ways lost it
	LastSeen time.Time     // its last request
}

func (t *clientTable) list() []Client {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Client, 0, len(t.byIP))
	for _, c := range t.byIP {
		all = append(all, Client{Addr: c.addr, Requests: c.asked, Active: c.active,
			Options: c.options, RTT: c.rtt.smoothed, Packets: c.sent, Resent: c.again, LastSeen: c.seen})
	}
	sorted.By(all, func(a, b Client) int { return a.Addr.Compare(b.Addr) })
	return all
}
