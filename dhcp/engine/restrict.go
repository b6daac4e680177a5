package engine

import (
	"bytes"
	"net/netip"
	"slices"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// Lines that restrict whom a pool serves: `reserved-only`, `class NAME` with
// `ip dhcp class NAME`, `vrf NAME`. Who has a lease keeps it; nobody whom they
// do not let in gets one, and to him the pool is silent. [IOS IP Addressing
// Services Command Reference]

// Class is one `ip dhcp class NAME`. Without patterns it is everybody.
type Class struct {
	Name     string
	Patterns []Pattern // one of them has to fit
}

// Pattern is one line of a class: `option N hex V [*]` or `relay-information
// hex V [*]`.
type Pattern struct {
	Option uint8 // 60, 77, 124, 125; 82 is the relay's information
	Value  []byte
	Prefix bool   // `*`: more may follow
	Mask   []byte // bits that count, nil = all
}

// fits reports whether what a client sent fits. Phones end option 60 with a NUL
// or not: it does not count.
func (p *Pattern) fits(sent []byte) bool {
	want := p.Value
	if p.Option == wire.OptVendorClass {
		sent, want = bytes.TrimRight(sent, "\x00"), bytes.TrimRight(want, "\x00")
	}
	if len(sent) < len(want) || !p.Prefix && len(sent) != len(want) {
		return false
	}
	for i, w := range want {
		mask := byte(0xff)
		if i < len(p.Mask) {
			mask = p.Mask[i]
		}
		if (sent[i]^w)&mask != 0 {
			return false
		}
	}
	return true
}

// Reserved is one `address A client-id|hardware-address` of a pool.
type Reserved struct {
	Addr         netip.Addr
	ClientID     []byte
	HardwareAddr ether.MAC
	HardwareType uint8 // 0 = 1, Ethernet
}

// PoolClass is one `class NAME` of a pool.
type PoolClass struct {
	Name      string
	Ranges    []Range      // `address range L H`, none = the whole pool
	Option150 []netip.Addr // extension: what its clients get in place of the pool's
}

// admitting is what a pool gives a client: which class lets it in, nil if the
// pool has none. ok is false when nothing does.
func (e *Engine) admitting(c *call, p *pool) (class *PoolClass, ok bool) {
	switch {
	case p.conf.ClassLock && !c.p.Cisco, p.conf.ReservedOnly, p.conf.VRF != "":
		return nil, false
	case len(p.conf.Classes) == 0, !e.t.Spec.UseClass:
		return nil, true
	}
	for i := range p.conf.Classes {
		if x := &p.conf.Classes[i]; e.isOf(c, x.Name) {
			return x, true
		}
	}
	return nil, false
}

// isOf reports whether the client is of a class; nobody is of one that is not
// configured.
func (e *Engine) isOf(c *call, name string) bool {
	for i := range e.t.Spec.Classes {
		x := &e.t.Spec.Classes[i]
		if x.Name == name {
			return len(x.Patterns) == 0 || slices.ContainsFunc(x.Patterns, func(p Pattern) bool { return p.fits(c.p.Option(p.Option)) })
		}
	}
	return false
}

// inClass reports whether the client may get an address of the pool as far as
// its class says.
func (e *Engine) inClass(c *call, s *subnet, a netip.Addr) bool {
	class, ok := e.admitting(c, s.pool)
	return ok && (class == nil || len(class.Ranges) == 0 || slices.ContainsFunc(class.Ranges, func(r Range) bool { return r.Contains(a) }))
}

// nextOf allocates from the ranges of a class: the lowest that was probed, that
// is fresh, and that was freed the longest ago.
func (e *Engine) nextOf(c *call, s *subnet, class *PoolClass) (netip.Addr, bool) {
	in := func(a netip.Addr) bool {
		return slices.ContainsFunc(class.Ranges, func(r Range) bool { return r.Contains(a) })
	}
	for i, r := range s.ready {
		if in(r.addr) && e.available(c, s, r.addr) {
			s.ready = slices.Delete(s.ready, i, i+1)
			return r.addr, true
		}
	}
	for _, r := range class.Ranges {
		if !r.First.Is4() || !r.Last.Is4() {
			continue
		}
		lo, hi := max(wire.U32(r.First), s.first), min(wire.U32(r.Last), s.last)
		for n := uint64(lo); n <= uint64(hi); n++ {
			a := wire.FromU32(uint32(n))
			if e.bindings[a] == nil && e.available(c, s, a) {
				e.parallel(c.now, s, a, nil)
				return a, true
			}
		}
	}
	for el := s.freed.Front(); el != nil; el = el.Next() {
		if b := el.Value.(*binding); in(b.Addr) && e.available(c, s, b.Addr) {
			e.parallel(c.now, s, b.Addr, nil)
			return b.Addr, true
		}
	}
	return netip.Addr{}, false
}

// classed is the options of a network for the clients of a class.
func (s *subnet) classed(class *PoolClass) *rendered {
	if class == nil || len(class.Option150) == 0 {
		return s.options()
	}
	if s.byClass == nil {
		s.byClass = map[string]*rendered{}
	}
	r := s.byClass[class.Name]
	if r == nil {
		conf := *s.pool.conf
		conf.Options = slices.DeleteFunc(slices.Clone(conf.Options), func(o Option) bool { return o.Code == wire.OptTFTPAddrs })
		conf.Options = append(conf.Options, Option{Code: wire.OptTFTPAddrs, Kind: OptionIP, Addrs: class.Option150})
		r = render(&conf, s.prefix)
		s.byClass[class.Name] = r
	}
	return r
}
