package engine

import (
	"hash/fnv"
	"net/netip"
	"slices"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// `option 150 ip A B stagger`: clients of one pool begin with different servers,
// so that a boot of the whole branch is spread over them. Which one a client
// begins with is told by its hardware address alone: it stays the same over
// renewals, restarts and a change of the address. [source 001, "staggering
// Option 150 configurations in DHCP scopes"]

// Staggered returns the orders of servers that clients get, the one configured
// first; one if they are not staggered.
func (o Option) Staggered() [][]netip.Addr {
	out := [][]netip.Addr{o.Addrs}
	if o.Stagger && o.Kind == OptionIP {
		for i := 1; i < len(o.Addrs); i++ {
			out = append(out, slices.Concat(o.Addrs[i:], o.Addrs[:i]))
		}
	}
	return out
}

// group is which of n orders a client gets.
func group(m ether.MAC, n int) int {
	h := fnv.New32a()
	_, _ = h.Write(m[:])
	return int(h.Sum32() % uint32(n))
}

// First is the server a client of the pool is told first, invalid if none.
func (p *Pool) First(m ether.MAC) netip.Addr {
	for i := range p.Options {
		if o := &p.Options[i]; o.Code == 150 && o.Kind == OptionIP && len(o.Addrs) > 0 {
			orders := o.Staggered()
			return orders[group(m, len(orders))][0]
		}
	}
	return netip.Addr{}
}

// turn is what a client gets of r: with another order of servers, if they are
// staggered.
func (r *rendered) turn(m ether.MAC) *rendered {
	if len(r.orders) < 2 {
		return r
	}
	i := group(m, len(r.orders))
	if i == 0 {
		return r
	}
	if r.turned == nil {
		r.turned = make([]*rendered, len(r.orders))
	}
	if r.turned[i] == nil {
		t := *r
		t.orders, t.turned = nil, nil
		t.vals[wire.OptTFTPAddrs] = r.orders[i]
		r.turned[i] = &t
	}
	return r.turned[i]
}
