package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"

	"option150/platform/ether"
)

// CheckAddress6 reports whether an interface may have the address: ErrBadAddress
// says why not.
func CheckAddress6(x Address6) error {
	a := x.Prefix.Addr()
	bad := func(why string) error { return fmt.Errorf("%w %s: %s", ErrBadAddress, x.Prefix, why) }
	switch {
	case !x.Prefix.IsValid() || !a.Is6() || a.Is4In6():
		return bad("not an IPv6 address with its length")
	case x.Prefix.Bits() == 0:
		return bad("length is 0")
	case x.EUI64 && x.Prefix.Bits() > 64:
		return bad("eui-64 needs 64 bits")
	case a.IsMulticast() || a.IsLoopback() || a.IsUnspecified():
		return bad("not an address of a host")
	case !x.EUI64 && x.Prefix.Bits() < 127 && a == x.Prefix.Masked().Addr():
		return bad("address of the routers")
	}
	return nil
}

// Addresses6 are the IPv6 addresses that are configured, as the hardware address
// makes them. `ipv6 enable`, and any address, brings a link-local one along.
func (c *Config) Addresses6(mac ether.MAC) (out []netip.Prefix) {
	local := false
	for _, x := range c.IPv6 {
		p := x.Prefix
		if x.EUI64 {
			p = netip.PrefixFrom(eui64(p.Addr(), mac), p.Bits())
		}
		local = local || p.Addr().IsLinkLocalUnicast()
		out = append(out, p)
	}
	if !local && (c.IPv6Enable || len(out) > 0) && !mac.IsZero() {
		out = append(out, netip.PrefixFrom(eui64(netip.MustParseAddr("fe80::"), mac), 64))
	}
	return out
}

// eui64 puts the interface identifier of a hardware address behind a prefix.
// [RFC 4291 appendix A]
func eui64(prefix netip.Addr, m ether.MAC) netip.Addr {
	v := prefix.As16()
	copy(v[8:], []byte{m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]})
	return netip.AddrFrom16(v)
}

// wanted6 are the IPv6 addresses a managed interface is to have.
func wanted6(x *ManagedInterface, l netlink.Link) []netip.Prefix {
	var mac ether.MAC
	if h := l.Attrs().HardwareAddr; len(h) == len(mac) {
		copy(mac[:], h)
	}
	return x.Addresses6(mac)
}

// setAddrs6 adds what is wanted and takes away what was configured before and no
// longer is. What the host has of its own stays: the kernel and router
// advertisements give addresses too. A link-local address that is there does for
// one that nobody chose.
func (m *Service) setAddrs6(x *ManagedInterface, l netlink.Link) error {
	_, have, err := addrs(l)
	if err != nil {
		return err
	}
	wanted := wanted6(x, l)
	if !slices.ContainsFunc(x.IPv6, func(a Address6) bool { return a.Prefix.Addr().IsLinkLocalUnicast() }) &&
		slices.ContainsFunc(have, func(p netip.Prefix) bool { return p.Addr().IsLinkLocalUnicast() }) {
		wanted = slices.DeleteFunc(wanted, func(p netip.Prefix) bool {
			return p.Addr().IsLinkLocalUnicast() && !slices.Contains(m.set6[x.Device], p)
		})
	}
	for _, p := range m.set6[x.Device] {
		if !slices.Contains(wanted, p) && slices.Contains(have, p) {
			if err := netlink.AddrDel(l, address6(p)); err != nil && !goneAlready(err) {
				return fmt.Errorf("remove %s: %w", p, err)
			}
		}
	}
	var failed error
	var set []netip.Prefix
	for _, p := range wanted {
		if !slices.Contains(have, p) {
			if err := netlink.AddrAdd(l, address6(p)); err != nil {
				failed = errors.Join(failed, fmt.Errorf("add %s: %w", p, err))
				continue
			}
			set = append(set, p)
		} else if slices.Contains(m.set6[x.Device], p) {
			set = append(set, p)
		}
	}
	if m.set6 == nil {
		m.set6 = map[string][]netip.Prefix{}
	}
	m.set6[x.Device] = set
	return failed
}
