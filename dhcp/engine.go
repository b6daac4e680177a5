package dhcp

import (
	"container/list"
	"net/netip"
	"slices"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
)

// Times of the engine. [reference/dhcp.md 3]
const (
	offerHold   = 60 * time.Second
	minLease    = 120 * time.Second // floor for clients that ask for less (option 51)
	maxPending  = 8192              // records on their way to the disk
	maxSources  = 64                // offers outstanding per Ethernet source
	maxOffers   = 1 << 16
	maxHeard    = 1 << 14
	maxForeign  = 256
	maxKey      = 512 // bytes of a client identifier
	maxRelayLen = 1024
)

// engine decides. It is pure: packet and time in, outcome out; it opens
// nothing, sleeps nowhere and has no lock. One goroutine owns it.
//
// Times given to it must not step backwards (the server hands it a clock of
// its own, see clock.go).
type engine struct {
	t        *tables
	test     bool // answer the port a request came from, reference/dhcp.md 5.4
	canProbe bool // ARP can be sent and heard
	canICMP  bool

	bindings   map[netip.Addr]*binding
	clients    map[string][]*binding
	expiries   expiries
	offers     map[netip.Addr]*offer
	offersOf   map[string]*offer
	offerQueue list.List // *offer, the first to lapse first
	sources    map[ether.MAC]int
	conflicts  map[netip.Addr]*conflict
	heard      map[netip.Addr]heard
	foreign    map[foreignKey]*foreignServer
	watch      map[string]*watch // by interface
	buckets    map[string]*bucket
	automatic  int
	manual     int
	stats      Statistics

	tookOver bool // an operator said so; holds until the service stops

	diskBad bool
	seq     uint64        // of the last outcome with records
	fresh   []uncommitted // of the outcome being made
	pending []uncommitted // handed over, not yet on disk

	out     outcome
	keyBuf  []byte
	itemBuf []item
	quiet   bool // counts are being rebuilt: no utilization messages
}

// uncommitted is a lease whose record is on its way to the disk.
type uncommitted struct {
	seq    uint64
	b      *binding
	expiry int64
}

// inbound is a datagram as it came.
type inbound struct {
	data      []byte // valid only during the call
	iface     string // IOS name
	from      netip.AddrPort
	source    ether.MAC // of the frame, zero if unknown
	broadcast bool      // the destination was a broadcast address
}

// reply is a datagram to be sent.
type reply struct {
	iface    string
	how      delivery
	to       netip.AddrPort
	mac      ether.MAC  // of the frame, for unicastRaw
	from     netip.Addr // IP source of a raw frame
	fallback netip.AddrPort
	payload  []byte
}

// delivery is how a reply travels. [RFC 2131 4.1]
type delivery byte

const (
	byRoute    delivery = iota // to an address that answers ARP: relay, renewing client
	broadcast                  // Ethernet and IP broadcast
	unicastRaw                 // to a client that has no address yet
)

// outcome is what is to be done. The slices belong to whoever took it.
type outcome struct {
	first   []journal.Event // facts that hold already
	records []record
	seq     uint64 // of records
	durable bool   // replies and then wait for records
	replies []reply
	then    []journal.Event // facts once the replies are sent
	probes  []probeOrder
	watch   []string // interfaces to send a probe DISCOVER on
}

// call is one request on its way through the engine.
type call struct {
	now     time.Time
	in      *inbound
	p       *packet
	key     []byte
	client  string     // the key as messages name it
	link    netip.Addr // what selects the network
	known   bool       // there is a network for it
	subnets []*subnet  // where the client may get an address
	server  netip.Addr // our address as the client should see it
}

func newEngine() *engine {
	return &engine{
		t:         &tables{links: map[string]*link{}, own: map[netip.Addr]bool{}},
		bindings:  map[netip.Addr]*binding{},
		clients:   map[string][]*binding{},
		offers:    map[netip.Addr]*offer{},
		offersOf:  map[string]*offer{},
		sources:   map[ether.MAC]int{},
		conflicts: map[netip.Addr]*conflict{},
		heard:     map[netip.Addr]heard{},
		foreign:   map[foreignKey]*foreignServer{},
		watch:     map[string]*watch{},
		buckets:   map[string]*bucket{},
	}
}

// take hands over what the last calls decided.
func (e *engine) take() outcome {
	o := e.out
	e.out = outcome{}
	if len(o.records) > 0 {
		e.seq++
		o.seq = e.seq
		for _, u := range e.fresh {
			u.seq = e.seq
			e.pending = append(e.pending, u)
		}
	}
	e.fresh = e.fresh[:0]
	return o
}

// event records a fact that holds now.
func (e *engine) event(ev journal.Event) { e.out.first = append(e.out.first, ev) }

// packet handles one datagram.
func (e *engine) packet(now time.Time, in *inbound) {
	p, err := decode(in.data)
	if err != nil {
		e.stats.Malformed++
		e.event(Malformed{Interface: in.iface, Why: err.Error()})
		return
	}
	if p.typ == msgBootp {
		e.stats.Received.BootRequest++
	}
	if !p.giaddr.IsValid() && !in.source.IsZero() && in.source != p.mac {
		e.stats.Extra.MACMismatch++
		if e.t.spec.VerifyMAC {
			return
		}
	}
	if p.relay != nil && !p.giaddr.IsValid() && !e.t.spec.TrustAll {
		e.stats.Extra.Untrusted++
		e.event(Untrusted{MAC: p.mac, Interface: in.iface})
		return
	}
	if !e.allowed(now, in, p) {
		e.stats.Extra.RateLimited++
		return
	}
	if len(e.pending) > maxPending {
		e.stats.Extra.Overload++
		return
	}
	e.keyBuf = p.appendKey(e.keyBuf[:0])
	c := &call{now: now, in: in, p: p, key: e.keyBuf, client: clientText(e.keyBuf)}
	e.locate(c)
	if !c.server.IsValid() { // an interface without an address serves nobody
		e.noLease(c, reasonNoPool)
		return
	}
	switch p.typ {
	case msgBootp:
		e.bootp(c)
	case msgDiscover:
		e.discover(c)
	case msgRequest:
		e.request(c)
	case msgDecline:
		e.decline(c)
	case msgRelease:
		e.releaseMsg(c)
	case msgInform:
		e.inform(c)
	case msgLeaseQuery:
		e.leaseQuery(c)
	}
}

// locate finds the networks that serve the client: by the relay's link
// selection, the client's subnet selection, the relay's address, or the
// addresses of the interface. [reference/dhcp.md 1.11, RFC 3527, RFC 3011]
func (e *engine) locate(c *call) {
	p, l := c.p, e.t.links[c.in.iface]
	switch {
	case p.link.IsValid():
		c.link = p.link
	case p.subnet.IsValid() && e.t.spec.SubnetSelection:
		c.link = p.subnet
	case p.giaddr.IsValid():
		c.link = p.giaddr
	case p.typ == msgRequest && !c.in.broadcast && p.ciaddr.IsValid():
		// A client behind a relay renews by unicast, without the relay.
		c.link = p.ciaddr
	}
	if c.link.IsValid() {
		c.subnets = e.t.around(c.link)
	}
	// The wire it came from, also for a renewal from a network nobody knows.
	if l != nil && len(c.subnets) == 0 && (!c.link.IsValid() || c.link == p.ciaddr) {
		c.subnets = l.subnets
		if len(l.Addrs) > 0 {
			c.link = l.Addrs[0].Addr()
		}
	}
	c.known = len(c.subnets) > 0
	c.server = p.over
	if !c.server.IsValid() && l != nil {
		if c.known && c.subnets[0].link == l.Name && c.subnets[0].self.IsValid() {
			c.server = c.subnets[0].self
		} else if len(l.Addrs) > 0 {
			c.server = l.Addrs[0].Addr()
		}
	}
}

// ours reports whether a server identifier names this box. [RFC 5107]
func (e *engine) ours(c *call, a netip.Addr) bool {
	return e.t.own[a] || c.p.over.IsValid() && a == c.p.over
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

// apply puts new tables into force. Bindings, conflicts and the place where
// allocation goes on stay; offers stay where their address still can be given.
func (e *engine) apply(now time.Time, t *tables) {
	old := e.t
	e.t = t
	for _, s := range t.subnets {
		s.used = slices.Clone(s.base)
		s.cursor = s.first
		s.probes = map[netip.Addr]*probe{}
	}
	before := predecessors(old, t)
	for s, o := range before {
		s.cursor, s.demand = o.cursor, o.demand
		s.pool.high, s.pool.turn = o.pool.high, o.pool.turn
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
	slices.SortFunc(idle, func(x, y *binding) int {
		if n := compare(x.Expiry, y.Expiry); n != 0 {
			return n
		}
		return x.Addr.Compare(y.Addr)
	})
	for _, b := range idle {
		if b.sub != nil {
			b.freed = b.sub.freed.PushBack(b)
		} else {
			e.write(record{Kind: recordForget, Addr: b.Addr}, nil)
			e.forget(b)
		}
	}
	for a := range e.conflicts {
		if s := t.subnetOf(a); s != nil {
			s.set(a)
		}
	}
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
}

// predecessors finds for the networks of new tables what they were before.
func predecessors(old, t *tables) map[*subnet]*subnet {
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

func compare[T int64 | int](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
