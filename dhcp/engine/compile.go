package engine

import (
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"slices"
	"time"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// Tables is a Spec made ready for the engine: pools with their options
// rendered, networks with the addresses that are never leased, manual bindings
// by client. It is made by Prepare, off the engine's goroutine.
type Tables struct {
	Spec    Spec
	links   map[string]*link // by IOS name
	own     map[netip.Addr]bool
	pools   []*pool
	subnets []*subnet
	byID    map[string][]*host
	byMAC   map[ether.MAC][]*host
	byAddr  map[netip.Addr]*host
	routers map[netip.Addr]*Instant // default routers, and when they were asked for last
}

// link is an interface with the networks served to clients directly on it.
type link struct {
	Interface
	subnets []*subnet // in the order they are allocated from
}

// pool is a compiled pool.
type pool struct {
	conf    *Pool // of the specification; not to be changed
	subnets []*subnet
	turn    uint // next `next-server`, round robin
	high    bool // above the high utilization mark
}

// host is a compiled manual binding.
type host struct {
	pool   *pool
	addr   netip.Addr
	prefix netip.Prefix // its network
	from   *subnet      // the network around it, whose options it takes; nil = none
	id     []byte       // of its client, empty: mac
	mac    ether.MAC
	htype  uint8
	opts   *rendered // made when they are asked for first; see options
	lease  time.Duration
}

// options renders what a binding sends. A box may have a thousand of them, and
// each line that is typed compiles them all: it is done for the client that
// asks. Only the engine's goroutine may call it.
func (h *host) options() *rendered {
	if h.opts == nil {
		h.opts = render(h.pool.conf, h.prefix)
		if h.from != nil {
			h.opts.inherit(h.from.options())
		}
	}
	return h.opts
}

// minNetworkBits bounds the memory of a pool: a /8 takes 2 MB.
const minNetworkBits = 8

var ErrNetwork = errors.New("a pool network must be IPv4 and between /8 and /32")

// Compile makes the tables of a specification.
func Compile(spec Spec) (*Tables, error) {
	t := &Tables{
		Spec: spec, links: map[string]*link{}, own: map[netip.Addr]bool{},
		byID: make(map[string][]*host, len(spec.Pools)), byMAC: map[ether.MAC][]*host{}, byAddr: make(map[netip.Addr]*host, len(spec.Pools)), routers: map[netip.Addr]*Instant{},
	}
	for _, i := range t.Spec.Interfaces {
		t.links[i.Name] = &link{Interface: i}
		for _, a := range i.Addrs {
			t.own[a.Addr()] = true
		}
	}
	// Allocated together: a box may have a thousand, and each line compiles all.
	pools, hosts, lists := make([]pool, len(t.Spec.Pools)), make([]host, len(t.Spec.Pools)), make([]*host, len(t.Spec.Pools))
	inactive := map[string]bool{}
	for _, k := range t.Spec.Inactive() {
		inactive[k.Pool] = true
	}
	for i := range pools {
		pools[i].conf = &t.Spec.Pools[i]
		if inactive[pools[i].conf.Name] {
			t.pools = append(t.pools, &pools[i]) // without its networks
			continue
		}
		if err := t.addPool(&pools[i]); err != nil {
			return nil, err
		}
	}
	for i, p := range t.pools {
		lists[i] = &hosts[i]
		t.addHost(p, lists[i:i+1:i+1])
	}
	for _, s := range t.subnets {
		t.reserve(s)
	}
	for _, p := range t.pools {
		t.router(p.conf.DefaultRouters)
		for _, o := range p.conf.Overrides {
			t.router(o.DefaultRouters)
		}
	}
	for _, i := range t.Spec.Interfaces {
		l := t.links[i.Name]
		for _, a := range i.Addrs {
			for _, s := range t.around(a.Addr()) {
				if !slices.Contains(l.subnets, s) {
					l.subnets = append(l.subnets, s)
				}
				if s.link == "" && s.prefix.Contains(a.Addr()) {
					s.link, s.self = i.Name, a.Addr()
				}
			}
		}
		// A secondary network of a pool on this wire is on the wire too.
		for _, s := range l.subnets {
			if s.link == "" {
				s.link = i.Name
			}
		}
	}
	return t, nil
}

func (t *Tables) router(list []netip.Addr) {
	for _, a := range list {
		if t.routers[a] == nil && !t.own[a] {
			asked := past
			t.routers[a] = &asked
		}
	}
}

func (t *Tables) addPool(p *pool) error {
	conf := p.conf
	t.pools = append(t.pools, p)
	if !conf.Network.IsValid() {
		return nil
	}
	for _, n := range append([]netip.Prefix{conf.Network}, conf.Secondary...) {
		if !n.Addr().Is4() || n.Bits() < minNetworkBits {
			return fmt.Errorf("pool %s: %s: %w", conf.Name, n, ErrNetwork)
		}
		n = n.Masked()
		first, last := wire.Usable(n)
		s := &subnet{pool: p, prefix: n, first: first, last: last}
		s.base = make([]uint64, (last-first)/64+1)
		p.subnets = append(p.subnets, s)
		t.subnets = append(t.subnets, s)
	}
	return nil
}

// addHost registers the manual binding of a pool. It takes what it does not
// say from the pool of the network around it, as on IOS. list holds the host to
// be filled, alone.
func (t *Tables) addHost(p *pool, list []*host) {
	c := p.conf
	if c.VRF != "" {
		return
	}
	for i := range c.Reserved {
		t.addReserved(p, &c.Reserved[i])
	}
	if !c.Host.IsValid() || !c.Host.Addr().Is4() || len(c.ClientID) == 0 && c.HardwareAddr.IsZero() {
		return
	}
	h := list[0]
	*h = host{pool: p, addr: c.Host.Addr(), prefix: c.Host.Masked(), lease: c.Lease, id: c.ClientID, mac: c.HardwareAddr, htype: max(c.HardwareType, 1)}
	around := t.around(h.addr)
	if len(around) > 0 && h.prefix.Bits() == 32 {
		h.prefix = around[0].prefix
	}
	if len(around) > 0 {
		h.from = around[0]
		from := around[0].pool.conf
		if h.lease == 0 {
			h.lease = from.Lease
		}
		if len(c.NextServers) == 0 && len(from.NextServers) > 0 || c.V6Only == 0 && from.V6Only != 0 || !c.RapidCommit && from.RapidCommit {
			p.conf = taking(*c, from)
		}
	}
	if h.lease == 0 {
		h.lease = DefaultLease
	}
	if len(c.ClientID) > 0 {
		t.byID[string(c.ClientID)] = joined(t.byID[string(c.ClientID)], list)
	}
	if !c.HardwareAddr.IsZero() {
		t.byMAC[c.HardwareAddr] = joined(t.byMAC[c.HardwareAddr], list)
	}
	t.byAddr[h.addr] = h
}

// addReserved registers a reserved address of a pool. It is of its network.
func (t *Tables) addReserved(p *pool, r *Reserved) {
	if !r.Addr.Is4() || t.byAddr[r.Addr] != nil {
		return
	}
	for _, s := range p.subnets {
		if !s.holds(r.Addr) {
			continue
		}
		h := &host{pool: p, addr: r.Addr, prefix: s.prefix, from: s, lease: p.conf.Lease, id: r.ClientID, mac: r.HardwareAddr, htype: max(r.HardwareType, 1)}
		if h.lease == 0 {
			h.lease = DefaultLease
		}
		if len(r.ClientID) > 0 {
			t.byID[string(r.ClientID)] = joined(t.byID[string(r.ClientID)], []*host{h})
		} else {
			t.byMAC[r.HardwareAddr] = joined(t.byMAC[r.HardwareAddr], []*host{h})
		}
		t.byAddr[h.addr] = h
	}
}

// joined is the hosts of one client: nearly always the one.
func joined(had, list []*host) []*host {
	if had == nil {
		return list
	}
	return append(had, list...)
}

// taking is a manual binding with what it does not say taken from the pool
// around it.
func taking(c Pool, from *Pool) *Pool {
	if len(c.NextServers) == 0 {
		c.NextServers = from.NextServers
	}
	if c.V6Only == 0 {
		c.V6Only = from.V6Only
	}
	c.RapidCommit = c.RapidCommit || from.RapidCommit
	return &c
}

// reserve marks what is never leased from s: excluded ranges, and, although
// nobody excluded them, the box itself, routers, the servers phones are told
// of, and the addresses of manual bindings. [facts/dhcp.md 7]
func (t *Tables) reserve(s *subnet) {
	for _, r := range t.Spec.Excluded {
		if !r.First.Is4() || !r.Last.Is4() {
			continue
		}
		lo, hi := max(wire.U32(r.First), s.first), min(wire.U32(r.Last), s.last)
		for n := uint64(lo); n <= uint64(hi); n++ {
			s.keep(wire.FromU32(uint32(n)))
		}
	}
	for a := range t.own {
		s.keep(a)
	}
	for a := range t.byAddr {
		s.keep(a)
	}
	for _, p := range t.pools {
		for _, list := range [][]netip.Addr{p.conf.DefaultRouters, p.conf.DNSServers, p.conf.NextServers, p.conf.NetBIOSServers, p.conf.Option150()} {
			for _, a := range list {
				s.keep(a)
			}
		}
		for _, o := range p.conf.Overrides {
			for _, a := range o.DefaultRouters {
				s.keep(a)
			}
		}
	}
	s.kept = 0
	for _, w := range s.base {
		s.kept += bits.OnesCount64(w)
	}
}

// around returns the networks a client at link address a is served from: the
// one that holds a and, when that is the primary network of its pool, the
// secondary ones after it. [C4500 p. 1554]
func (t *Tables) around(a netip.Addr) []*subnet {
	for _, s := range t.subnets {
		if !s.prefix.Contains(a) {
			continue
		}
		if s == s.pool.subnets[0] {
			return s.pool.subnets
		}
		return []*subnet{s}
	}
	return nil
}

// subnetOf returns the network whose clients may have address a.
func (t *Tables) subnetOf(a netip.Addr) *subnet {
	for _, s := range t.subnets {
		if s.holds(a) {
			return s
		}
	}
	return nil
}
