package engine

import (
	"net/netip"
	"slices"
)

// Inactive is a pool that serves nobody, because a network of its own shares
// addresses with one of a pool before it and is not the same network: which of
// the two an address belongs to cannot be told.
type Inactive struct {
	Pool, Other     string
	Network, Theirs netip.Prefix
}

// Inactive are the pools that are kept and not served from, in their order. The
// pool before it stays as it is: its phones are up.
func (c Config) Inactive() []Inactive {
	var nets []netip.Prefix
	for i := range c.Pools {
		nets = append(nets, networks(&c.Pools[i])...)
	}
	if !overlapping(nets) {
		return nil
	}
	var out []Inactive
	var active []*Pool
	for i := range c.Pools {
		p := &c.Pools[i]
		if k, clash := p.clash(active); clash {
			out = append(out, k)
			continue
		}
		active = append(active, p)
	}
	return out
}

// clash finds the pool whose addresses p would share.
func (p *Pool) clash(others []*Pool) (Inactive, bool) {
	for _, n := range networks(p) {
		for _, q := range others {
			for _, m := range networks(q) {
				if n != m && n.Overlaps(m) {
					return Inactive{Pool: p.Name, Other: q.Name, Network: n, Theirs: m}, true
				}
			}
		}
	}
	return Inactive{}, false
}

// Before reports that a pool stands before one it shares addresses with by this
// network of its own.
func (c Config) Before(name string, n netip.Prefix) bool {
	passed := false
	for i := range c.Pools {
		q := &c.Pools[i]
		if q.Name == name {
			passed = true
			continue
		}
		if passed && slices.ContainsFunc(networks(q), func(m netip.Prefix) bool { return m != n && m.Overlaps(n) }) {
			return true
		}
	}
	return false
}
