package engine

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
	"time"

	"option150/dhcp/v6/wire"
	"option150/platform/sorted"
)

// Tables are a Spec made ready to serve.
type Tables struct {
	Spec
	pools []*pool
	links map[string]*link
	own   map[netip.Addr]bool // addresses of the box
}

// pool is a Pool with its options as bytes and its counters.
type pool struct {
	conf      *Pool
	opts      []option
	leased    int
	conflicts int
	clients   map[string]int // DUIDs that have addresses
}

// option is one that a pool sends.
type option struct {
	code       uint16
	val        []byte
	enterprise uint32 // of OptVendorOpts
}

// link is an interface the server serves on.
type link struct {
	Interface
	conf Link
	pool *pool // nil = there is none for clients of the link itself
}

// Compile makes tables of a Spec.
func Compile(sp Spec) *Tables {
	t := &Tables{Spec: Spec{Config: sp.Config.Clone(), Interfaces: slices.Clone(sp.Interfaces)}, links: map[string]*link{}, own: map[netip.Addr]bool{}}
	for i := range t.Pools {
		t.pools = append(t.pools, &pool{conf: &t.Pools[i], opts: render(&t.Pools[i]), clients: map[string]int{}})
	}
	for _, i := range t.Interfaces {
		l := &link{Interface: i}
		if c := t.Link(i.Name); c != nil {
			l.conf = *c
		}
		for _, a := range i.Addrs {
			t.own[a.Addr()] = true
			if l.conf.Pool == "" && l.pool == nil && a.Addr().IsGlobalUnicast() {
				l.pool = t.around(a.Addr())
			}
		}
		if l.conf.Pool != "" {
			l.pool = t.named(l.conf.Pool)
		}
		t.links[i.Name] = l
	}
	return t
}

func (t *Tables) named(name string) *pool {
	for _, p := range t.pools {
		if p.conf.Name == name {
			return p
		}
	}
	return nil
}

// around is the pool of the network an address is in, by the longest of its
// prefixes; nil if there is none.
func (t *Tables) around(a netip.Addr) *pool {
	var best *pool
	bits := -1
	for _, p := range t.pools {
		for _, n := range append([]netip.Prefix{p.conf.Prefix}, p.conf.Networks...) {
			if n.IsValid() && n.Contains(a) && n.Bits() > bits {
				best, bits = p, n.Bits()
			}
		}
	}
	return best
}

// of is the pool an address is given from, nil if none has it now.
func (t *Tables) of(a netip.Addr) *pool {
	for _, p := range t.pools {
		if p.conf.Prefix.IsValid() && p.conf.Prefix.Contains(a) {
			return p
		}
	}
	return nil
}

// render makes the options of a pool, what matters most first.
func render(p *Pool) (out []option) {
	if len(p.DNSServers) > 0 {
		out = append(out, option{code: wire.OptDNSServers, val: wire.Addresses(p.DNSServers)})
	}
	vendors := slices.Clone(p.Vendors)
	sorted.Stable(vendors, func(a, b Vendor) int { return cmp.Compare(cisco(b), cisco(a)) })
	for i := range vendors {
		v := &vendors[i]
		if len(v.Options) == 0 {
			continue
		}
		val := binary.BigEndian.AppendUint32(nil, v.Enterprise)
		for k := range v.Options {
			val = wire.AppendOption(val, v.Options[k].Code, v.Options[k].bytes())
		}
		out = append(out, option{code: wire.OptVendorOpts, val: val, enterprise: v.Enterprise})
	}
	if len(p.Domains) > 0 {
		out = append(out, option{code: wire.OptDomainList, val: wire.Names(p.Domains)})
	}
	if p.Refresh != 0 {
		out = append(out, option{code: wire.OptInfoRefresh, val: binary.BigEndian.AppendUint32(nil, seconds(p.Refresh))})
	}
	return out
}

func cisco(v Vendor) int {
	if v.Enterprise == wire.EnterpriseCisco {
		return 1
	}
	return 0
}

// bytes are the value as it is sent.
func (o *Suboption) bytes() []byte {
	switch o.Kind {
	case ASCII:
		return []byte(o.Text)
	case Hex:
		return o.Hex
	}
	return wire.Addresses(o.Addrs)
}

// seconds is a time on the wire.
func seconds(d time.Duration) uint32 {
	if d == Infinite || d/time.Second > 0xfffffffe {
		return 0xffffffff
	}
	return uint32(d / time.Second)
}
