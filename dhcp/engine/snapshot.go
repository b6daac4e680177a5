package engine

import (
	"net/netip"
	"slices"
	"time"

	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/sorted"
)

// Binding is a lease or a manual binding, as `show ip dhcp binding` lists it.
type Binding struct {
	Addr      netip.Addr
	ClientID  []byte    // option 61, nil if the client sent none
	MAC       ether.MAC // hardware address, zero for a manual binding by identifier nobody used yet
	Expiry    time.Time // zero = Infinite
	Type      string    // "Automatic" or "Manual"
	Pool      string
	Interface string     // IOS name of where it was asked for
	Relay     netip.Addr // of the last request, invalid = none
	Hostname  string     // option 12
	Vendor    string     // option 60
	Granted   time.Time  // when it was last acknowledged, zero = never
	Active    bool       // the client has asked for it; false for a manual binding in waiting
}

// PoolStat are the numbers of `show ip dhcp pool`.
type PoolStat struct {
	Name        string
	High, Low   int // utilization marks, percent
	Total       int // addresses of its networks, excluded ones included
	Leased      int
	Excluded    int // of Total, never leased
	Offered     int // on offer at the moment
	Subnets     []SubnetStat
	ClassLocked bool
}

// SubnetStat is one network of a pool.
type SubnetStat struct {
	Network     netip.Prefix
	Current     netip.Addr // the next candidate
	First, Last netip.Addr
	Leased      int
	Excluded    int
	Ready       int // addresses probed beforehand
}

// ConflictEntry is a row of `show ip dhcp conflict`.
type ConflictEntry struct {
	Addr   netip.Addr
	Method string // "Ping", "Gratuitous ARP"
	Since  time.Time
}

// ForeignEntry is another DHCP server that was seen.
type ForeignEntry struct {
	ForeignServer
	First, Last time.Time
	Holding     bool // offers are held because of it
}

// List is every binding in the order of addresses.
func (e *Engine) List() []Binding {
	var out []Binding
	shown := map[netip.Addr]bool{}
	for _, b := range e.bindings {
		if !b.leased {
			continue
		}
		v := Binding{
			Addr: b.Addr, ClientID: idOf(b.Key), MAC: b.MAC, Type: "Automatic", Pool: b.Pool, Interface: b.Interface, Relay: b.Relay,
			Hostname: b.Hostname, Vendor: b.Vendor, Granted: e.at(b.granted), Active: true,
		}
		if b.until != never {
			v.Expiry = e.at(b.until)
		}
		if b.Manual {
			v.Type, v.Expiry = "Manual", time.Time{}
		}
		out, shown[b.Addr] = append(out, v), true
	}
	for a, h := range e.t.byAddr {
		if !shown[a] {
			out = append(out, Binding{Addr: a, ClientID: slices.Clone(h.id), MAC: h.mac, Type: "Manual", Pool: h.pool.conf.Name})
		}
	}
	sorted.By(out, func(x, y Binding) int { return x.Addr.Compare(y.Addr) })
	return out
}

// Pools are the numbers of every pool in the order configured.
func (e *Engine) Pools() []PoolStat {
	var out []PoolStat
	for _, p := range e.t.pools {
		v := PoolStat{Name: p.conf.Name, High: p.conf.UtilizationHigh, Low: p.conf.UtilizationLow, ClassLocked: p.conf.ClassLock}
		if v.High == 0 {
			v.High = 100
		}
		for _, s := range p.subnets {
			n := SubnetStat{Network: s.prefix, First: wire.FromU32(s.first), Last: wire.FromU32(s.last), Leased: s.live, Excluded: s.kept, Ready: len(s.ready), Current: s.current()}
			v.Subnets = append(v.Subnets, n)
			v.Total += int(s.last-s.first) + 1
			v.Leased += s.live
			v.Excluded += s.kept
			v.Offered += s.offered
		}
		if h := e.t.byAddr[p.conf.Host.Addr()]; h != nil && h.pool == p {
			n := SubnetStat{Network: h.prefix, First: h.addr, Last: h.addr, Current: h.addr}
			if b := e.bindings[h.addr]; b != nil && b.leased {
				n.Leased = 1
			}
			v.Subnets = append(v.Subnets, n)
			v.Total++
			v.Leased += n.Leased
		}
		out = append(out, v)
	}
	return out
}

// current is the address that would be offered next, as far as that is known
// without a client.
func (s *subnet) current() netip.Addr {
	if len(s.ready) > 0 {
		return s.ready[0].addr
	}
	if a, ok := s.fresh(); ok {
		return a
	}
	if el := s.freed.Front(); el != nil {
		return el.Value.(*binding).Addr
	}
	return wire.FromU32(s.cursor)
}

// ConflictList is every conflict in the order of addresses.
func (e *Engine) ConflictList() []ConflictEntry {
	var out []ConflictEntry
	for _, x := range e.conflicts {
		out = append(out, ConflictEntry{x.addr, x.method, e.at(x.since)})
	}
	for _, u := range e.users {
		if u.shown && e.conflicts[u.addr] == nil {
			out = append(out, ConflictEntry{u.addr, MethodPing, e.at(u.since)})
		}
	}
	sorted.By(out, func(x, y ConflictEntry) int { return x.Addr.Compare(y.Addr) })
	return out
}

// ForeignList is every other server seen, the last seen first.
func (e *Engine) ForeignList() []ForeignEntry {
	held := e.Held()
	var out []ForeignEntry
	for k, f := range e.foreign {
		out = append(out, ForeignEntry{ForeignServer: f.ForeignServer, First: e.at(f.first), Last: e.at(f.last), Holding: held[k.iface] == k.server})
	}
	sorted.By(out, func(x, y ForeignEntry) int {
		if n := y.Last.Compare(x.Last); n != 0 {
			return n
		}
		return x.Server.Compare(y.Server)
	})
	return out
}

// Statistics is the table with the numbers that are not counters filled in.
func (e *Engine) Statistics() Statistics {
	s := e.Stats
	s.DatabaseAgents = len(e.t.Spec.Databases)
	s.AddressPools, s.Automatic, s.Manual = len(e.t.pools), e.automatic, len(e.t.byAddr)
	// What a binding with its entries in the indexes takes, about.
	s.MemoryUsage = uint64(len(e.bindings))*480 + uint64(len(e.offers))*320
	for _, n := range e.t.subnets {
		s.MemoryUsage += uint64(len(n.used)) * 16
	}
	return s
}
