package simphone

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// withLink calls f with the phone's interface and a netlink handle of its
// namespace.
func (p *Phone) withLink(f func(h *netlink.Handle, l netlink.Link) error) error {
	err := p.o.In(func() error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return err
		}
		defer h.Close()
		l, err := h.LinkByName(p.o.Interface)
		if err != nil {
			return err
		}
		return f(h, l)
	})
	if err != nil {
		return fmt.Errorf("simulated phone %s: interface %s: %w", p.spec.MAC, p.o.Interface, err)
	}
	return nil
}

// prepare brings the interface up with the phone's address and no IP address.
func (p *Phone) prepare() error {
	return p.withLink(func(h *netlink.Handle, l netlink.Link) error {
		if !bytes.Equal(l.Attrs().HardwareAddr, p.spec.MAC[:]) {
			if !p.o.SetMAC {
				return fmt.Errorf("has the address %s", l.Attrs().HardwareAddr)
			}
			if err := h.LinkSetHardwareAddr(l, p.spec.MAC[:]); err != nil {
				return err
			}
		}
		if err := h.LinkSetUp(l); err != nil {
			return err
		}
		return flush(h, l)
	})
}

func (p *Phone) unconfigure() error {
	return p.withLink(func(h *netlink.Handle, l netlink.Link) error { return flush(h, l) })
}

func flush(h *netlink.Handle, l netlink.Link) error {
	as, err := h.AddrList(l, netlink.FAMILY_V4)
	if err != nil {
		return err
	}
	for i := range as {
		if err := h.AddrDel(l, &as[i]); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return err
		}
	}
	return nil
}

// awaitLink waits for the carrier.
func (p *Phone) awaitLink(ctx context.Context) (up bool, err error) {
	for end := time.Now().Add(p.o.Timers.Link); ; {
		err = p.withLink(func(h *netlink.Handle, l netlink.Link) error {
			s := l.Attrs().OperState
			if up = s == netlink.OperUp || s == netlink.OperUnknown; up {
				// Waits for the kernel to be through with the change: a frame
				// sent before that would be lost.
				return h.LinkSetUp(l)
			}
			return nil
		})
		if up || err != nil || time.Now().After(end) {
			return up, err
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return false, err
		}
	}
}

// configure gives the interface the address of the lease and the router.
func (p *Phone) configure(lease Lease) error {
	return p.withLink(func(h *netlink.Handle, l netlink.Link) error {
		a := &netlink.Addr{IPNet: &net.IPNet{IP: lease.Addr.Addr().AsSlice(), Mask: net.CIDRMask(lease.Addr.Bits(), 32)}}
		if err := h.AddrReplace(l, a); err != nil {
			return fmt.Errorf("address %s: %w", lease.Addr, err)
		}
		// A router outside the subnet is the administrator's mistake and
		// nothing that stops a phone.
		if !lease.Router.IsValid() || !lease.Addr.Contains(lease.Router) || lease.Router == lease.Addr.Addr() {
			return nil
		}
		any4 := &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}
		r := &netlink.Route{LinkIndex: l.Attrs().Index, Dst: any4, Gw: lease.Router.AsSlice()}
		if err := h.RouteReplace(r); err != nil {
			return fmt.Errorf("router %s: %w", lease.Router, err)
		}
		return nil
	})
}

// fileServers are the addresses a phone asks, at most two, and what named
// them.
type fileServers struct {
	list []netip.Addr
	from string
}

// choose is the order of sources/004: set by hand, option 150 (the first two
// addresses), option 66, siaddr, sname; when DHCP is silent about it the ones
// of the last time, kept in NVRAM.
func (p *Phone) choose(ctx context.Context, l Lease) fileServers {
	r := l.answer
	switch {
	case p.spec.AlternateTFTP.IsValid():
		return fileServers{[]netip.Addr{p.spec.AlternateTFTP}, "set by hand"}
	case len(r.tftp) > 0:
		return fileServers{r.tftp[:min(2, len(r.tftp))], "option 150"}
	}
	if a, ok := p.resolve(ctx, l, r.name66); ok {
		return fileServers{[]netip.Addr{a}, "option 66"}
	}
	if r.siaddr.IsValid() && !r.siaddr.IsUnspecified() {
		return fileServers{[]netip.Addr{r.siaddr}, "siaddr"}
	}
	if a, ok := p.resolve(ctx, l, r.sname); ok {
		return fileServers{[]netip.Addr{a}, "sname"}
	}
	return fileServers{p.nvram, "remembered"}
}

// resolve reads a dotted address or asks the DNS servers of the lease.
func (p *Phone) resolve(ctx context.Context, l Lease, name string) (netip.Addr, bool) {
	if name == "" {
		return netip.Addr{}, false
	}
	if a, err := netip.ParseAddr(name); err == nil {
		return a, a.Is4()
	}
	for _, dns := range l.DNS {
		res := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (c net.Conn, err error) {
			err = p.o.In(func() (e error) {
				var d net.Dialer
				c, e = d.DialContext(ctx, network, netip.AddrPortFrom(dns, 53).String())
				return e
			})
			return c, err
		}}
		rctx, cancel := context.WithTimeout(ctx, p.o.Timers.Connect)
		as, err := res.LookupNetIP(rctx, "ip4", name)
		cancel()
		if err == nil && len(as) > 0 {
			return as[0].Unmap(), true
		}
	}
	return netip.Addr{}, false
}
