package engine

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/sorted"
)

// Problem is something wrong with a configuration. A refused one is not
// accepted when typed; the others are for the audit (telephony/audit), which
// also knows what is allowed but does not work as meant.
type Problem struct {
	Refuse bool
	Code   string // of the audit, "" of a refused one
	Pool   string // pool it is about, "" = global
	Text   string
}

func (p Problem) String() string { return p.Text }

// maxAddresses is the length of every list of addresses. [C4500 p. 1562]
const maxAddresses = 8

// Validate checks the rules over the configuration alone. own are the
// interfaces with the addresses of the box; it may be nil. The refused problems
// come first, then in the order of the configuration.
func (c Config) Validate(own []Interface) []Problem {
	v := &validation{c: &c, own: own, taken: taken{make(map[netip.Addr]int, len(c.Pools)), make(map[string]int, len(c.Pools)), make(map[ether.MAC]int)}}
	for _, r := range c.Excluded {
		switch {
		case !r.First.Is4() || !r.Last.Is4():
			v.refuse("", "excluded range %s %s is not IPv4", r.First, r.Last)
		case r.Last.Less(r.First):
			v.refuse("", "excluded range: low address %s is above high address %s", r.First, r.Last)
		}
	}
	if c.PingPackets < 0 || c.PingPackets > 10 {
		v.refuse("", "ping packets %d is outside 0-10", c.PingPackets)
	}
	if c.ForeignServer != "" && c.ForeignServer != ForeignHold && c.ForeignServer != ForeignWarn {
		v.refuse("", "foreign-server %q is neither hold nor warn", c.ForeignServer)
	}
	names := make(map[string]bool, len(c.Pools))
	for i := range c.Pools {
		v.nets = append(v.nets, networks(&c.Pools[i])...)
	}
	overlaps := overlapping(v.nets)
	for _, k := range c.Inactive() {
		v.warn("M05", k.Pool, "pool %s: is inactive: its network %s and %s of pool %s share addresses, and that pool is served from", k.Pool, k.Network, k.Theirs, k.Other)
	}
	for i := range c.Pools {
		p := &c.Pools[i]
		if p.Name == "" || names[p.Name] {
			v.refuse(p.Name, "pool name %q is empty or used twice", p.Name)
		}
		names[p.Name] = true
		v.at = i
		v.pool(p)
		if overlaps {
			v.overlaps(i)
		}
	}
	sorted.Stable(v.out, func(a, b Problem) int {
		switch {
		case a.Refuse == b.Refuse:
			return 0
		case a.Refuse:
			return -1
		}
		return 1
	})
	return v.out
}

type validation struct {
	c     *Config
	own   []Interface
	out   []Problem
	nets  []netip.Prefix // of all pools
	at    int            // index of the pool that is looked at
	taken taken
}

func (v *validation) refuse(pool, format string, args ...any) {
	v.out = append(v.out, Problem{true, "", pool, fmt.Sprintf(format, args...)})
}

func (v *validation) warn(code, pool, format string, args ...any) {
	v.out = append(v.out, Problem{false, code, pool, fmt.Sprintf(format, args...)})
}

// pool checks one pool by itself.
func (v *validation) pool(p *Pool) {
	if p.Network.IsValid() && p.Host.IsValid() {
		v.refuse(p.Name, "pool %s: host and network may not be used in one pool", p.Name)
	}
	for i := range len(p.Secondary) + 1 {
		n := p.Network
		if i > 0 {
			n = p.Secondary[i-1]
		}
		if n.IsValid() && (!n.Addr().Is4() || n.Bits() < minNetworkBits || n.Bits() > 32) {
			v.refuse(p.Name, "pool %s: network %s: %s", p.Name, n, ErrNetwork)
		}
	}
	if len(p.Secondary) > 0 && !p.Network.IsValid() {
		v.refuse(p.Name, "pool %s: a secondary network needs a network", p.Name)
	}
	v.restricted(p)
	for _, o := range p.Overrides {
		if !slices.Contains(p.Secondary, o.Network) {
			v.refuse(p.Name, "pool %s: override for %s, which is not a secondary network of the pool", p.Name, o.Network)
		}
	}
	v.host(p)
	v.list(p, "default-router", p.DefaultRouters)
	v.list(p, "dns-server", p.DNSServers)
	v.list(p, "netbios-name-server", p.NetBIOSServers)
	v.list(p, "next-server", p.NextServers)
	if p.NetBIOSNode != "" && !slices.Contains([]string{"b-node", "p-node", "m-node", "h-node"}, p.NetBIOSNode) {
		v.refuse(p.Name, "pool %s: netbios-node-type %q is unknown", p.Name, p.NetBIOSNode)
	}
	if p.Lease < 0 || p.Lease != Infinite && p.Lease > 366*DefaultLease {
		v.refuse(p.Name, "pool %s: lease of %s is longer than a year", p.Name, p.Lease)
	}
	if p.UtilizationHigh < 0 || p.UtilizationHigh > 100 || p.UtilizationLow < 0 || p.UtilizationLow > 100 {
		v.refuse(p.Name, "pool %s: utilization marks are 1-100 percent", p.Name)
	}
	for _, o := range p.Options {
		v.option(p, o)
	}
}

// restricted checks the lines that restrict whom a pool serves.
func (v *validation) restricted(p *Pool) {
	inside := func(a netip.Addr) bool {
		return slices.ContainsFunc(networks(p), func(n netip.Prefix) bool { return n.Contains(a) })
	}
	for _, r := range p.Reserved {
		if !inside(r.Addr) {
			v.refuse(p.Name, "pool %s: address %s is not in a network of the pool", p.Name, r.Addr)
		}
	}
	for _, x := range p.Classes {
		for _, r := range x.Ranges {
			if !inside(r.First) || !inside(r.Last) || r.Last.Less(r.First) {
				v.refuse(p.Name, "pool %s class %s: address range %s %s is not in a network of the pool", p.Name, x.Name, r.First, r.Last)
			}
		}
		if v.c.Class(x.Name) == nil {
			v.warn("A16", p.Name, "pool %s: class %s does not exist: nobody is of it", p.Name, x.Name)
		}
	}
	if p.VRF != "" {
		v.warn("A16", p.Name, "pool %s is in VRF %s, which this box does not have: it serves nobody", p.Name, p.VRF)
	}
	if p.ReservedOnly && len(p.Reserved) == 0 && p.Network.IsValid() {
		v.warn("A16", p.Name, "pool %s is reserved-only and has no address lines: it serves nobody new", p.Name)
	}
}

// host checks a manual binding.
func (v *validation) host(p *Pool) {
	if len(p.ClientID) > 0 && !p.HardwareAddr.IsZero() {
		v.refuse(p.Name, "pool %s: client-identifier and hardware-address may not be used in one pool", p.Name)
	}
	if len(p.ClientID) > wire.MaxKey {
		v.refuse(p.Name, "pool %s: client-identifier is longer than %d bytes", p.Name, wire.MaxKey)
	}
	if p.Network.IsValid() && (len(p.ClientID) > 0 || !p.HardwareAddr.IsZero()) {
		// The wording is the one known of IOS. [facts/dhcp.md 1.10, M]
		v.refuse(p.Name, "%% This command may not be used with network, origin, vrf or relay pools.")
	}
	if !p.Host.IsValid() {
		return
	}
	a := p.Host.Addr()
	switch {
	case !a.Is4():
		v.refuse(p.Name, "pool %s: host %s is not IPv4", p.Name, a)
		return
	case p.Host.Bits() <= 30 && p.Host.Bits() > 0 && (a == p.Host.Masked().Addr() || a == wire.LastOf(p.Host)):
		v.refuse(p.Name, "pool %s: host %s is the network or broadcast address of its subnet", p.Name, a)
	}
	for _, i := range v.rivals(p) {
		q := &v.c.Pools[i]
		if q.Host.IsValid() && q.Host.Addr() == a {
			v.refuse(p.Name, "pool %s: host %s is used by pool %s already", p.Name, a, q.Name)
		}
		same := len(p.ClientID) > 0 && slices.Equal(p.ClientID, q.ClientID) || !p.HardwareAddr.IsZero() && p.HardwareAddr == q.HardwareAddr
		if same && q.Host.IsValid() && q.Host.Masked().Overlaps(p.Host.Masked()) {
			v.refuse(p.Name, "%% A binding for this client already exists.")
		}
	}
	if len(p.ClientID) == 0 && p.HardwareAddr.IsZero() {
		v.warn("A16", p.Name, "pool %s: host without client-identifier or hardware-address: it serves nobody", p.Name)
	}
	if !v.inNetwork(a) && !v.onInterface(a) {
		v.warn("A13", p.Name, "pool %s: host %s is outside every network served", p.Name, a)
	}
}

// taken says which pool has a host address and which a client, by position.
type taken struct {
	addrs   map[netip.Addr]int
	clients map[string]int // by client identifier
	macs    map[ether.MAC]int
}

// rivals are the first pools with the same host address and with the same
// client, in their order: looked up, because to compare all pairs of a thousand
// hosts for each line typed takes longer than all other rules.
func (v *validation) rivals(p *Pool) []int {
	var found []int
	if i, had := v.taken.addrs[p.Host.Addr()]; had {
		found = append(found, i)
	} else {
		v.taken.addrs[p.Host.Addr()] = v.at
	}
	if i, had := v.taken.clients[string(p.ClientID)]; had {
		found = append(found, i)
	} else if len(p.ClientID) > 0 {
		v.taken.clients[string(p.ClientID)] = v.at
	}
	if i, had := v.taken.macs[p.HardwareAddr]; had {
		found = append(found, i)
	} else if !p.HardwareAddr.IsZero() {
		v.taken.macs[p.HardwareAddr] = v.at
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func (v *validation) list(p *Pool, what string, list []netip.Addr) {
	if len(list) > maxAddresses {
		v.refuse(p.Name, "pool %s: %s takes at most %d addresses", p.Name, what, maxAddresses)
	}
	for _, a := range list {
		if noHost(a) {
			v.refuse(p.Name, "pool %s: %s %s is not the address of a host", p.Name, what, a)
		}
	}
}

// noHost reports whether an address cannot be that of a host.
func noHost(a netip.Addr) bool {
	return !a.Is4() || a.IsUnspecified() || a == wire.LimitedBroadcast || a.IsMulticast()
}

func (v *validation) option(p *Pool, o Option) {
	if o.Code == 0 || o.Code == 255 {
		v.refuse(p.Name, "pool %s: option %d has no value", p.Name, o.Code)
		return
	}
	switch {
	case o.Kind == OptionIP:
		if len(o.Addrs) > maxAddresses || slices.ContainsFunc(o.Addrs, noHost) { // the name is made for who needs it
			v.list(p, fmt.Sprintf("option %d", o.Code), o.Addrs)
		}
	case o.Kind != OptionASCII && o.Kind != OptionHex:
		v.refuse(p.Name, "pool %s: option %d: unknown kind %q", p.Name, o.Code, o.Kind)
	}
	if len(o.wire()) > wire.MaxPayload/2 {
		v.refuse(p.Name, "pool %s: option %d is longer than %d bytes", p.Name, o.Code, wire.MaxPayload/2)
	}
	if reserved(o.Code) {
		v.warn("A17", p.Name, "pool %s: option %d is written by the server; the configured value is not sent", p.Name, o.Code)
	}
	if o.Code == wire.OptTFTPAddrs && o.Kind != OptionIP {
		v.warn("A10", p.Name, "pool %s: option 150 is not a list of addresses but %q; use `option 150 ip`", p.Name, decode150(o.wire()))
	}
}

// overlaps compares the networks of pool i with those before it. Two pools
// may have the same network; anything in between is told by Inactive.
func (v *validation) overlaps(i int) {
	p := &v.c.Pools[i]
	mine := networks(p)
	for j, n := range mine {
		for _, m := range mine[:j] {
			if n.Overlaps(m) {
				v.refuse(p.Name, "pool %s: network %s overlaps network %s of the same pool", p.Name, n, m)
			}
		}
		for k := range v.c.Pools[:i] {
			q := &v.c.Pools[k]
			for _, m := range networks(q) {
				if n == m {
					v.warn("M05", p.Name, "pool %s has the same network %s as pool %s, which is used first", p.Name, n, q.Name)
				}
			}
		}
	}
}

// overlapping reports whether any two networks of all pools overlap: sorted by
// address, the wider first, a network that overlaps one before it lies in the
// nearest one that is not over yet. It spares a box of hundreds of pools the
// comparison of all pairs for each line that is typed.
func overlapping(nets []netip.Prefix) bool {
	all := slices.Clone(nets)
	sorted.By(all, func(a, b netip.Prefix) int {
		return cmp.Or(a.Addr().Compare(b.Addr()), a.Bits()-b.Bits())
	})
	for i := 1; i < len(all); i++ {
		if all[i].Overlaps(all[i-1]) {
			return true
		}
	}
	return false
}

func networks(p *Pool) []netip.Prefix {
	if !p.Network.IsValid() {
		return nil
	}
	out := []netip.Prefix{p.Network.Masked()}
	for _, n := range p.Secondary {
		out = append(out, n.Masked())
	}
	return out
}

func (v *validation) inNetwork(a netip.Addr) bool {
	return slices.ContainsFunc(v.nets, func(n netip.Prefix) bool { return n.Contains(a) })
}

func (v *validation) onInterface(a netip.Addr) bool {
	return slices.ContainsFunc(v.own, func(i Interface) bool {
		return slices.ContainsFunc(i.Addrs, func(p netip.Prefix) bool { return p.Masked().Contains(a) })
	})
}
