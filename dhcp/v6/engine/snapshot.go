package engine

import (
	"net/netip"
	"strings"
	"time"

	v4 "option150/dhcp/engine"
	"option150/platform/ether"
	"option150/platform/sorted"
)

// Statistics are the counters of `show ipv6 dhcp statistics`, by message, and
// those IOS does not have.
type Statistics struct {
	Received, Sent [14]uint64 // by type of message
	Discarded      uint64
	NotSent        uint64

	Malformed   uint64
	NoPool      uint64
	NoAddress   uint64
	Foreign     uint64 // Release or Decline of what is not the client's
	Unknown     uint64 // Rebind of what is another server's
	Contested   uint64 // addresses that two claim
	Starved     uint64
	Overload    uint64
	DiskRefused uint64
	LeftOut     uint64 // options for which a reply had no room
	Expired     uint64
	Late        uint64 // dropped because they had waited too long
}

// Binding is an address a client has, as `show ipv6 dhcp binding` lists it.
type Binding struct {
	Addr      netip.Addr
	DUID      []byte
	IAID      uint32
	MAC       ether.MAC  // zero if it is not known
	Client    netip.Addr // its link-local address
	Pool      string
	Interface string
	Relay     netip.Addr
	Hostname  string
	Vendor    string
	Preferred time.Duration // Infinite = no end
	Valid     time.Duration
	Granted   time.Time
	Expiry    time.Time // zero = no end
}

// PoolStat are the numbers of a pool.
type PoolStat struct {
	Pool
	Used      int
	Conflicts int
	Clients   int
}

// ConflictEntry is an address found in use.
type ConflictEntry struct {
	Addr  netip.Addr
	Since time.Time
}

// List is every binding, those of a client together.
func (e *Engine) List() []Binding {
	var out []Binding
	for _, b := range e.bindings {
		if !b.leased {
			continue
		}
		v := Binding{
			Addr: b.Addr, DUID: duidOf(b.Key), IAID: iaidOf(b.Key), MAC: b.MAC, Client: b.Peer, Pool: b.Pool, Interface: b.Interface, Relay: b.Relay,
			Hostname: b.Hostname, Vendor: b.Vendor, Preferred: lifetime(b.Record.Preferred), Valid: lifetime(b.Lease), Granted: e.at(b.granted),
		}
		if b.until != never {
			v.Expiry = e.at(b.until)
		}
		out = append(out, v)
	}
	sorted.By(out, func(x, y Binding) int {
		if n := x.Client.Compare(y.Client); n != 0 {
			return n
		}
		if n := strings.Compare(string(x.DUID), string(y.DUID)); n != 0 {
			return n
		}
		return x.Addr.Compare(y.Addr)
	})
	return out
}

func lifetime(s uint32) time.Duration {
	if s == 0xffffffff {
		return Infinite
	}
	return time.Duration(s) * time.Second
}

// PoolList are the numbers of every pool in the order configured.
func (e *Engine) PoolList() []PoolStat {
	var out []PoolStat
	for _, p := range e.t.pools {
		out = append(out, PoolStat{Pool: *p.conf, Used: p.leased, Conflicts: p.conflicts, Clients: len(p.clients)})
	}
	return out
}

// ConflictList is every conflict in the order of addresses.
func (e *Engine) ConflictList() []ConflictEntry {
	var out []ConflictEntry
	for _, x := range e.conflicts {
		out = append(out, ConflictEntry{x.addr, e.at(x.since)})
	}
	sorted.By(out, func(x, y ConflictEntry) int { return x.Addr.Compare(y.Addr) })
	return out
}

// ClearBinding removes bindings by hand, the one of an address or, with the zero
// Addr, all; the clients are forgotten too.
func (e *Engine) ClearBinding(a netip.Addr) (n int) {
	var gone []*binding
	for _, b := range e.bindings {
		if !a.IsValid() || b.Addr == a && b.leased {
			gone = append(gone, b)
		}
	}
	for _, b := range gone {
		if b.leased {
			n++
			e.Event(Cleared{Addr: b.Addr, What: "binding"})
		}
		e.write(v4.Record{Kind: v4.RecordForget, Addr: b.Addr}, nil)
		e.remove(b)
	}
	return n
}

// ClearConflict makes an address available again, all with the zero Addr.
func (e *Engine) ClearConflict(a netip.Addr) (n int) {
	var gone []netip.Addr
	for x := range e.conflicts {
		if !a.IsValid() || x == a {
			gone = append(gone, x)
		}
	}
	for _, x := range gone {
		e.resolve(x)
		e.Event(Cleared{Addr: x, What: "conflict"})
		n++
	}
	return n
}
