package engine

import (
	"cmp"
	"container/list"
	"net/netip"
	"slices"
	"time"

	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/sorted"
)

// Times of the engine. [facts/dhcp.md 3]
const (
	offerHold  = 60 * time.Second
	minLease   = 120 * time.Second // floor for clients that ask for less (option 51)
	MaxPending = 8192              // records on their way to the disk; who owns the engine stops at half of it, see Behind
	maxOffers  = 1 << 16
	maxForeign = 256
)

// Engine decides. It is pure: packet and time in, outcome out; it opens
// nothing, sleeps nowhere and has no lock. One goroutine owns it.
//
// Times given to it are those of its own clock, see Instant.
type Engine struct {
	t        *Tables
	epoch    time.Time // wall time at instant 0
	Test     bool      // answer the port a request came from, facts/dhcp.md 5.4
	CanProbe bool      // ARP can be sent and heard
	CanICMP  bool

	bindings   map[netip.Addr]*binding
	clients    map[string][]*binding
	expiries   expiries
	offers     map[netip.Addr]*offer
	offersOf   map[string]*offer
	offerQueue list.List // *offer, the first to lapse first
	conflicts  map[netip.Addr]*conflict
	users      map[netip.Addr]*user
	userList   list.List // *user, the one that answered the longest ago first
	answers    map[ether.MAC][]netip.Addr
	proxies    map[ether.MAC]Instant
	forged     map[netip.Addr]Instant // addresses of which too many said that they have them
	hints      map[netip.Addr]Instant // when an address was asked for last because of one
	pingAt     Instant
	pinged     int     // echoes since then
	waiting    int     // parked requests
	due        Instant // see Due
	foreign    map[foreignKey]*foreignServer
	watch      map[string]*watch // by interface
	buckets    map[string]*bucket
	automatic  int
	manual     int
	Stats      Statistics
	leasesOn   map[string]int        // by interface
	offersOn   map[string]int        // of those that are no lease yet
	borrowed   map[ether.MAC]int     // offers, and leases at which nobody answered, by the Ethernet source of who asked
	starveAt   map[ether.MAC]Instant // when it was said of one
	doubted    map[ether.MAC]Instant // sources near their bound, and since when
	doubtAt    Instant               // when their leases are asked for next
	limitAt    map[string]Instant    // when it was said that an interface has its limit of leases
	linkage    string                // as it was told last
	Changes    uint64                // records made; differs when what is on record does

	tookOver bool // an operator said so; holds until the service stops

	DiskBad bool
	seq     uint64        // of the last outcome with records
	fresh   []uncommitted // of the outcome being made
	pending []uncommitted // handed over, not yet on disk

	share sharing
	bound int // where the record of the last lease is in out.Records

	out     Outcome
	keyBuf  []byte
	itemBuf []wire.Item
	quiet   bool // counts are being rebuilt: no utilization messages
}

// uncommitted is a lease whose record is on its way to the disk.
type uncommitted struct {
	seq     uint64
	b       *binding
	from    Instant
	until   Instant
	claimed bool // it counts for nothing before the claim is answered
	acked   bool // its client is told of it then
}

// Inbound is a datagram as it came.
type Inbound struct {
	Data      []byte // valid only during the call
	Interface string // IOS name
	From      netip.AddrPort
	Source    ether.MAC // of the frame, zero if unknown
	Broadcast bool      // the destination was a broadcast address
}

// Reply is a datagram to be sent.
type Reply struct {
	Interface string
	Delivery  Delivery
	To        netip.AddrPort
	MAC       ether.MAC  // of the frame, for unicastRaw
	From      netip.Addr // IP source of a raw frame
	Fallback  netip.AddrPort
	Payload   []byte
}

// Delivery is how a reply travels. [RFC 2131 4.1]
type Delivery byte

const (
	ByRoute    Delivery = iota // to an address that answers ARP: relay, renewing client
	Broadcast                  // Ethernet and IP broadcast
	UnicastRaw                 // to a client that has no address yet
)

// Outcome is what is to be done after one packet or several. The slices belong
// to whoever took it.
type Outcome struct {
	First   []journal.Event // facts that hold already
	Replies []Reply
	Then    []journal.Event // facts once the replies are sent
	Records []Record
	Seq     uint64          // of Records
	Acks    []Reply         // wait until Records are on disk
	Acked   []journal.Event // facts once those are sent
	Claims  []Claim         // to be claimed before; without an answer, or refused, their records and Acks are void
	Probes  []Probe
	Watch   []Look // DISCOVERs of our own to send
}

// Look is a DISCOVER of our own that makes other servers show themselves.
type Look struct {
	Interface string
	Class     string // vendor class of the client it asks for, "" = none
}

// call is one request on its way through the engine.
type call struct {
	now     Instant
	in      *Inbound
	p       *wire.Packet
	key     []byte
	client  string     // the key as messages name it
	link    netip.Addr // what selects the network
	known   bool       // there is a network for it
	subnets []*subnet  // where the client may get an address
	server  netip.Addr // our address as the client should see it
	resumed bool       // it has waited for a probe
}

// New returns an engine that serves nothing yet; epoch is the wall time at
// instant 0.
func New(epoch time.Time) *Engine {
	return &Engine{
		epoch:     epoch,
		t:         &Tables{links: map[string]*link{}, own: map[netip.Addr]bool{}},
		bindings:  map[netip.Addr]*binding{},
		clients:   map[string][]*binding{},
		offers:    map[netip.Addr]*offer{},
		offersOf:  map[string]*offer{},
		conflicts: map[netip.Addr]*conflict{},
		users:     map[netip.Addr]*user{},
		answers:   map[ether.MAC][]netip.Addr{},
		proxies:   map[ether.MAC]Instant{},
		forged:    map[netip.Addr]Instant{},
		hints:     map[netip.Addr]Instant{},
		due:       never,
		foreign:   map[foreignKey]*foreignServer{},
		watch:     map[string]*watch{},
		buckets:   map[string]*bucket{},
		leasesOn:  map[string]int{},
		offersOn:  map[string]int{},
		limitAt:   map[string]Instant{},
		borrowed:  map[ether.MAC]int{},
		starveAt:  map[ether.MAC]Instant{},
		doubted:   map[ether.MAC]Instant{},
	}
}

// Take hands over what the last calls decided.
func (e *Engine) Take() Outcome {
	o := e.out
	e.out = Outcome{}
	if len(o.Records) > 0 {
		e.seq++
		o.Seq = e.seq
		for _, u := range e.fresh {
			u.seq = e.seq
			e.pending = append(e.pending, u)
		}
	}
	e.fresh = e.fresh[:0]
	return o
}

// Event records a fact that holds now.
func (e *Engine) Event(ev journal.Event) { e.out.First = append(e.out.First, ev) }

// Packet handles one datagram.
func (e *Engine) Packet(now Instant, in *Inbound) {
	e.hear(now, in.Interface)
	p, err := wire.Decode(in.Data)
	if err != nil {
		e.Stats.Malformed++
		e.Event(Malformed{Interface: in.Interface, Why: err.Error()})
		return
	}
	if p.Type == wire.MsgBootp {
		e.Stats.Received.BootRequest++
	}
	// A renewal by unicast may come by way of a router.
	if !p.GIAddr.IsValid() && !in.Source.IsZero() && in.Source != p.MAC && (in.Broadcast || !p.CIAddr.IsValid()) {
		e.Stats.Extra.MACMismatch++
		if e.t.Spec.VerifyMAC {
			return
		}
	}
	if p.Relay != nil && !p.GIAddr.IsValid() && !e.t.Spec.Trusts(in.Interface) {
		e.Stats.Extra.Untrusted++
		e.Event(Untrusted{MAC: p.MAC, Interface: in.Interface})
		return
	}
	if !e.allowed(now, in, p) {
		e.Stats.Extra.RateLimited++
		return
	}
	if len(e.pending) > MaxPending {
		e.Stats.Extra.Overload++
		return
	}
	e.keyBuf = p.AppendKey(e.keyBuf[:0])
	c := e.call(now, in, p, e.keyBuf)
	if !c.server.IsValid() { // an interface without an address serves nobody
		e.noLease(c, reasonNoPool)
		return
	}
	if (p.Type == wire.MsgDiscover || p.Type == wire.MsgRequest) && e.starving(c) {
		e.starved(c)
		return
	}
	switch p.Type {
	case wire.MsgBootp:
		e.bootp(c)
	case wire.MsgDiscover:
		e.discover(c)
	case wire.MsgRequest:
		e.request(c)
	case wire.MsgDecline:
		e.decline(c)
	case wire.MsgRelease:
		e.releaseMsg(c)
	case wire.MsgInform:
		e.inform(c)
	case wire.MsgLeaseQuery:
		e.leaseQuery(c)
	}
}

// call is a request with what selects the network of its client.
func (e *Engine) call(now Instant, in *Inbound, p *wire.Packet, key []byte) *call {
	c := &call{now: now, in: in, p: p, key: key, client: clientText(key)}
	e.locate(c)
	if p.GIAddr.IsValid() {
		for _, s := range c.subnets {
			s.sawRelay(p.GIAddr)
		}
	}
	return c
}

// locate finds the networks that serve the client: by the relay's link
// selection, the client's subnet selection, the relay's address, or the
// addresses of the interface. [facts/dhcp.md 1.11, RFC 3527, RFC 3011]
func (e *Engine) locate(c *call) {
	p, l := c.p, e.t.links[c.in.Interface]
	switch {
	case p.Link.IsValid():
		c.link = p.Link
	case p.Subnet.IsValid() && e.t.Spec.SubnetSelection:
		c.link = p.Subnet
	case p.GIAddr.IsValid():
		c.link = p.GIAddr
	case p.Type == wire.MsgRequest && !c.in.Broadcast && p.CIAddr.IsValid():
		// A client behind a relay renews by unicast, without the relay.
		c.link = p.CIAddr
	}
	if c.link.IsValid() {
		c.subnets = e.t.around(c.link)
	}
	// The wire it came from, also for a renewal from a network nobody knows.
	if l != nil && len(c.subnets) == 0 && (!c.link.IsValid() || c.link == p.CIAddr) {
		c.subnets = l.subnets
		if len(l.Addrs) > 0 {
			c.link = l.Addrs[0].Addr()
		}
	}
	c.known = len(c.subnets) > 0
	c.server = p.Override
	if !c.server.IsValid() && l != nil {
		if c.known && c.subnets[0].link == l.Name && c.subnets[0].self.IsValid() {
			c.server = c.subnets[0].self
		} else if len(l.Addrs) > 0 {
			c.server = l.Addrs[0].Addr()
		}
	}
}

// ours reports whether a server identifier names this box. [RFC 5107]
func (e *Engine) ours(c *call, a netip.Addr) bool {
	return e.t.own[a] || c.p.Override.IsValid() && a == c.p.Override
}

// onLink reports whether a client there could use the address.
func (c *call) onLink(a netip.Addr) bool {
	return slices.ContainsFunc(c.subnets, func(s *subnet) bool { return s.prefix.Contains(a) })
}

func (c *call) poolName(h *host, s *subnet) string {
	switch {
	case h != nil:
		return h.pool.conf.Name
	case s != nil:
		return s.pool.conf.Name
	}
	return ""
}

// Apply puts new tables into force. Bindings, conflicts and the place where
// allocation goes on stay; offers stay where their address still can be given.
func (e *Engine) Apply(now Instant, t *Tables) {
	old := e.t
	e.t = t
	for _, s := range t.subnets {
		s.used = slices.Clone(s.base)
		s.cursor, s.demand = s.first, now // behind relays too the first addresses are asked for
		s.probes = map[netip.Addr]*probe{}
		if e.share.Domain != nil {
			e.mask(now, s)
		}
	}
	for a := range t.routers {
		if was := old.routers[a]; was != nil {
			t.routers[a] = was
		}
	}
	before := predecessors(old, t)
	for s, o := range before {
		s.cursor, s.demand = o.cursor, o.demand
		s.relays = o.relays
		s.pool.high, s.pool.turn = o.pool.high, o.pool.turn
	}
	for _, s := range old.subnets {
		e.dropParked(s)
	}
	e.quiet = true
	defer func() { e.quiet = false }()
	var offers []*offer
	for el := e.offerQueue.Front(); el != nil; el = e.offerQueue.Front() {
		o := el.Value.(*offer)
		o.counts, o.sub = false, nil // of tables that are gone
		e.drop(o)
		offers = append(offers, o)
	}
	e.automatic, e.manual = 0, 0
	clear(e.leasesOn)
	clear(e.offersOn)
	clear(e.borrowed)
	var idle []*binding
	for _, b := range e.bindings {
		b.freed = nil
		if b.sub = t.subnetOf(b.Addr); b.sub != nil {
			b.sub.set(b.Addr)
		}
		if b.leased {
			e.count(b, +1)
		} else {
			idle = append(idle, b)
		}
	}
	sorted.By(idle, func(x, y *binding) int {
		if n := cmp.Compare(x.until, y.until); n != 0 {
			return n
		}
		return x.Addr.Compare(y.Addr)
	})
	for _, b := range idle {
		if b.sub != nil {
			b.freed = b.sub.freed.PushBack(b)
		} else {
			e.write(Record{Kind: RecordForget, Addr: b.Addr}, nil)
			e.forget(b)
		}
	}
	e.learnAside(now)
	for a := range e.conflicts {
		if s := t.subnetOf(a); s != nil {
			s.set(a)
		}
	}
	e.usersAgain()
	for _, o := range offers {
		if o.sub = t.subnetOf(o.addr); o.sub != nil && o.host == nil && !o.sub.reserved(o.addr) {
			e.hold(now, o)
		}
	}
	for name := range e.watch {
		if t.links[name] == nil {
			delete(e.watch, name)
		}
	}
	for _, s := range t.subnets {
		if o := before[s]; o != nil && o.link == s.link {
			e.inherit(s, o)
		}
		e.refill(now, s)
	}
	e.tellLinkage()
}

// predecessors finds for the networks of new tables what they were before.
func predecessors(old, t *Tables) map[*subnet]*subnet {
	type name struct {
		prefix netip.Prefix
		pool   string
	}
	was := make(map[name]*subnet, len(old.subnets))
	for _, o := range old.subnets {
		was[name{o.prefix, o.pool.conf.Name}] = o
	}
	found := make(map[*subnet]*subnet, len(t.subnets))
	for _, s := range t.subnets {
		if o := was[name{s.prefix, s.pool.conf.Name}]; o != nil {
			found[s] = o
		}
	}
	return found
}
