package engine

import (
	"net/netip"
	"slices"

	"option150/dhcp/wire"
)

// rendered is what a pool sends, as wire values, made once per configuration.
type rendered struct {
	vals  [256][]byte
	basic []byte // codes for a client without a parameter list, in order
	force []byte // codes of `option ... force`

	orders [][]byte    // of option 150, if it is staggered
	turned []*rendered // with the others of them, made when they are asked for
}

// reserved are the codes the server writes itself, whatever a pool says.
func reserved(code byte) bool {
	switch code {
	case wire.OptPad, wire.OptRequestedIP, wire.OptLease, wire.OptOverload, wire.OptMessageType, wire.OptServerID, wire.OptParameters,
		wire.OptMaxSize, wire.OptClientID, wire.OptRapidCommit, wire.OptRelayInfo, wire.OptEnd:
		return true
	}
	return false
}

// render makes the wire values of a pool for one of its networks.
func render(p *Pool, network netip.Prefix) *rendered {
	r := &rendered{}
	r.vals[wire.OptMask] = wire.Mask(network)
	r.vals[wire.OptBroadcast] = wire.Bytes(wire.LastOf(network))
	routers := p.DefaultRouters
	for _, o := range p.Overrides {
		if o.Network == network {
			routers = o.DefaultRouters
		}
	}
	r.vals[wire.OptRouters] = wire.AddrBytes(routers)
	r.vals[wire.OptDNS] = wire.AddrBytes(p.DNSServers)
	r.vals[wire.OptNetBIOS] = wire.AddrBytes(p.NetBIOSServers)
	if n := map[string]byte{"b-node": 1, "p-node": 2, "m-node": 4, "h-node": 8}[p.NetBIOSNode]; n != 0 {
		r.vals[wire.OptNodeType] = []byte{n}
	}
	r.vals[wire.OptDomain] = wire.Text(p.DomainName)
	r.vals[wire.OptBootfile] = wire.Text(p.Bootfile)
	r.vals[wire.OptHostname] = wire.Text(p.ClientName)
	for _, o := range p.Options {
		if v := o.wire(); v != nil && !reserved(o.Code) {
			r.vals[o.Code] = v
			if o.Force {
				r.force = append(r.force, o.Code)
			}
			if o.Stagger && o.Code == wire.OptTFTPAddrs {
				for _, as := range o.Staggered() {
					r.orders = append(r.orders, wire.AddrBytes(as))
				}
			}
		}
	}
	r.order()
	return r
}

// inherit fills what r lacks from the pool of the network around it: an IOS
// manual binding takes the parameters of the network it lies in.
func (r *rendered) inherit(from *rendered) {
	if r.vals[wire.OptTFTPAddrs] == nil {
		r.orders = from.orders
	}
	for c := range from.vals {
		if r.vals[c] == nil {
			r.vals[c] = from.vals[c]
		}
	}
	for _, c := range from.force {
		if !slices.Contains(r.force, c) {
			r.force = append(r.force, c)
		}
	}
	r.order()
}

// order makes the basic set: the usual ones first, 150 last so that it wins
// over 66 in a gateway that takes the last one.
func (r *rendered) order() {
	r.basic = r.basic[:0]
	first := []byte{wire.OptRouters, wire.OptDNS, wire.OptDomain, wire.OptTFTPName}
	for _, c := range first {
		if r.vals[c] != nil {
			r.basic = append(r.basic, c)
		}
	}
	for c := range r.vals {
		code := byte(c)
		if r.vals[c] == nil || slices.Contains(first, code) || code == wire.OptMask || code == wire.OptBroadcast || code == wire.OptTFTPAddrs {
			continue
		}
		r.basic = append(r.basic, code)
	}
	if r.vals[wire.OptTFTPAddrs] != nil {
		r.basic = append(r.basic, wire.OptTFTPAddrs)
	}
}

// choose appends the pool's options for the request in the order of
// facts/dhcp.md 3: the client's list with 66 before 150, then forced ones.
// Options that always go (1 among them) are not repeated.
func (r *rendered) choose(items []wire.Item, p *wire.Packet) []wire.Item {
	codes := p.Params
	if codes == nil {
		codes = r.basic
	}
	var sent, want [256]bool
	sent[wire.OptMask], sent[wire.OptT1], sent[wire.OptT2], sent[wire.OptV6Only], sent[wire.OptSubnetSel] = true, true, true, true, true
	var forced [16]byte
	extra := forced[:0]
	if p.Cisco || p.Params == nil {
		extra = append(extra, wire.OptRouters, wire.OptTFTPAddrs)
	}
	extra = append(extra, r.force...)
	for _, list := range [2][]byte{codes, extra} {
		for _, c := range list {
			want[c] = true
		}
	}
	add := func(c byte) {
		if v := r.vals[c]; v != nil && !sent[c] && !reserved(c) {
			sent[c] = true
			items = append(items, wire.Item{Code: c, Val: v})
		}
	}
	for _, list := range [2][]byte{codes, extra} {
		for _, c := range list {
			if c == wire.OptTFTPAddrs && want[wire.OptTFTPName] {
				add(wire.OptTFTPName)
			}
			add(c)
		}
	}
	return items
}

// wire is the value of a raw option, nil if it has none.
func (o Option) wire() []byte {
	switch o.Kind {
	case OptionASCII:
		return wire.Text(o.Text)
	case OptionHex:
		return append([]byte(nil), o.Hex...)
	case OptionIP:
		return wire.AddrBytes(o.Addrs)
	}
	return nil
}
