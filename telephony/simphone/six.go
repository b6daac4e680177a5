package simphone

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"option150/platform/ether"
)

// Family is the addresses a phone is set to use. [CUCM administration guide, IP
// addressing mode]
type Family int

// The families.
const (
	IPv4Only Family = iota
	DualStack
	IPv6Only
)

// Messages and options of DHCPv6. [RFC 8415; sources/004 for the vendor option]
const (
	solicit6, advertise6, request6, reply6 = 1, 2, 3, 7

	optClient6, optServer6, optIA6, optAddr6, optORO6, optStatus6 = 1, 2, 3, 5, 6, 13
	optClass6, optVendor6                                         = 16, 17

	enterpriseCisco = 9
	tftpAddresses   = 1
	portClient6     = 546
	portServer6     = 547
)

// answer6 is what a server of DHCPv6 said.
type answer6 struct {
	kind   byte
	server []byte
	addr   netip.Addr
	tftp   []netip.Addr
}

func option6(b []byte, code uint16, v []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, code)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(v))), v...)
}

// message6 is a message of the phone: who it is, what it is, what it wants. It
// does not ask for the vendor option, as phones do not.
func (p *Phone) message6(kind byte, xid [3]byte, server []byte, addr netip.Addr) []byte {
	b := []byte{kind, xid[0], xid[1], xid[2]}
	b = option6(b, optClient6, append([]byte{0, 3, 0, 1}, p.spec.MAC[:]...))
	if server != nil {
		b = option6(b, optServer6, server)
	}
	ia := append([]byte{0, 0, 0, 1}, make([]byte, 8)...)
	if addr.IsValid() {
		a := addr.As16()
		ia = option6(ia, optAddr6, append(a[:], make([]byte, 8)...))
	}
	b = option6(b, optIA6, ia)
	class := strings.TrimRight(p.n.class, "\x00")
	b = option6(b, optClass6, append([]byte{0, 0, 0, enterpriseCisco, byte(len(class) >> 8), byte(len(class))}, class...))
	return option6(b, optORO6, []byte{0, 23, 0, 24})
}

// parse6 reads an answer to xid.
func parse6(b []byte, xid [3]byte, m ether.MAC) (a answer6, ok bool) {
	if len(b) < 4 || [3]byte(b[1:4]) != xid {
		return a, false
	}
	a.kind = b[0]
	mine := false
	walk := func(b []byte, f func(code uint16, v []byte)) bool {
		for len(b) >= 4 {
			n := int(binary.BigEndian.Uint16(b[2:]))
			if n > len(b)-4 {
				return false
			}
			f(binary.BigEndian.Uint16(b), b[4:4+n])
			b = b[4+n:]
		}
		return len(b) == 0
	}
	ok = walk(b[4:], func(code uint16, v []byte) {
		switch {
		case code == optClient6:
			mine = string(v) == string(append([]byte{0, 3, 0, 1}, m[:]...))
		case code == optServer6:
			a.server = append([]byte(nil), v...)
		case code == optIA6 && len(v) >= 12:
			walk(v[12:], func(c uint16, v []byte) {
				if c == optAddr6 && len(v) >= 24 && binary.BigEndian.Uint32(v[20:]) > 0 {
					a.addr = netip.AddrFrom16([16]byte(v))
				}
			})
		case code == optVendor6 && len(v) >= 4 && binary.BigEndian.Uint32(v) == enterpriseCisco:
			walk(v[4:], func(c uint16, v []byte) {
				for ; c == tftpAddresses && len(v) >= 16; v = v[16:] {
					a.tftp = append(a.tftp, netip.AddrFrom16([16]byte(v)))
				}
			})
		}
	})
	return a, ok && mine && a.server != nil
}

// linkLocal waits for the address the kernel makes and has asked for.
func (p *Phone) linkLocal(ctx context.Context) (found netip.Addr, err error) {
	for end := time.Now().Add(p.o.Timers.Link); ; {
		err = p.withLink(func(h *netlink.Handle, l netlink.Link) error {
			as, err := h.AddrList(l, netlink.FAMILY_V6)
			for _, a := range as {
				if x, ok := netip.AddrFromSlice(a.IP); ok && x.IsLinkLocalUnicast() && a.Flags&unix.IFA_F_TENTATIVE == 0 {
					found = x
				}
			}
			return err
		})
		if found.IsValid() || err != nil || time.Now().After(end) {
			return found, err
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return found, err
		}
	}
}

// dhcp6 gets an address of IPv6: SOLICIT, ADVERTISE, REQUEST, REPLY. ok is false
// when no server gave one.
func (p *Phone) dhcp6(ctx context.Context) (a answer6, ok bool, err error) {
	own, err := p.linkLocal(ctx)
	if err != nil || !own.IsValid() {
		return a, false, err
	}
	var c *net.UDPConn
	err = p.o.In(func() (e error) {
		c, e = net.ListenUDP("udp6", &net.UDPAddr{IP: own.AsSlice(), Port: portClient6, Zone: p.o.Interface})
		return e
	})
	if err != nil {
		return a, false, p.failed("DHCPv6", err)
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	n := newXID()
	xid := [3]byte{byte(n >> 16), byte(n >> 8), byte(n)}
	wait := p.o.Timers.DHCP / 4 // [RFC 8415 7.6, SOL_TIMEOUT 1 s]
	for range p.o.Timers.DHCPTries {
		p.log(Step{Kind: Solicit})
		offer, err := p.exchange6(ctx, c, p.message6(solicit6, xid, nil, netip.Addr{}), xid, advertise6, wait)
		if err == nil && offer.addr.IsValid() {
			p.log(Step{Kind: Advertise, Result: offer.addr.String()})
			p.log(Step{Kind: Request, Result: offer.addr.String()})
			if a, err = p.exchange6(ctx, c, p.message6(request6, xid, offer.server, offer.addr), xid, reply6, wait); err == nil && a.addr.IsValid() {
				p.log(Step{Kind: Reply, Result: a.addr.String()})
				return a, true, nil
			}
		}
		if ctx.Err() != nil {
			return a, false, ctx.Err()
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return a, false, p.failed("DHCPv6", err)
		}
		wait *= 2
	}
	return answer6{}, false, nil
}

// exchange6 sends a message to the group of servers and waits for an answer.
func (p *Phone) exchange6(ctx context.Context, c *net.UDPConn, b []byte, xid [3]byte, kind byte, wait time.Duration) (answer6, error) {
	// A send that fails (no route yet) is silence.
	_, _ = c.WriteToUDPAddrPort(b, netip.AddrPortFrom(netip.MustParseAddr("ff02::1:2").WithZone(p.o.Interface), portServer6))
	if err := c.SetReadDeadline(time.Now().Add(wait)); err != nil || ctx.Err() != nil {
		return answer6{}, errors.Join(err, ctx.Err())
	}
	buf := make([]byte, 4096)
	for {
		n, _, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return answer6{}, err
		}
		if a, ok := parse6(buf[:n], xid, p.spec.MAC); ok && a.kind == kind {
			return a, nil
		}
	}
}

// configure6 gives the interface an address of IPv6. Which network is on the link
// and who the router is comes from router advertisements, which the kernel reads.
func (p *Phone) configure6(a netip.Addr) error {
	return p.withLink(func(h *netlink.Handle, l netlink.Link) error {
		x := &netlink.Addr{IPNet: &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(128, 128)}, Flags: unix.IFA_F_NODAD}
		if err := h.AddrReplace(l, x); err != nil {
			return fmt.Errorf("address %s: %w", a, err)
		}
		return nil
	})
}

// six is the part of a boot that is about IPv6. It reports whether the phone has
// an address of it, and what file servers it was told.
func (p *Phone) six(ctx context.Context) (servers []netip.Addr, ok bool, err error) {
	a, ok, err := p.dhcp6(ctx)
	if err != nil || !ok {
		return nil, false, err
	}
	if err := p.configure6(a.addr); err != nil {
		return nil, false, err
	}
	p.addr6 = a.addr
	return a.tftp[:min(2, len(a.tftp))], true, nil
}

// network is the name of a network for the family of an address.
func network(proto string, a netip.Addr) string {
	if a.Is6() {
		return proto + "6"
	}
	return proto + "4"
}

// Six are the two phones of the lab of IPv6: one with both families, one with
// IPv6 alone.
func Six() []Spec {
	return []Spec{
		{MAC: ether.MAC{0x00, 0x1e, 0x7a, 0, 0x60, 1}, Model: "8841", Protocol: SIP, Load: "sip88xx.12-0-1MN-113", Family: DualStack},
		{MAC: ether.MAC{0x00, 0x1e, 0x7a, 0, 0x60, 2}, Model: "7841", Protocol: SIP, Load: "sip78xx.12-1-1-12", Family: IPv6Only},
	}
}
