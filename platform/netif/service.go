package netif

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/vishvananda/netlink"

	"option150/platform/service"
)

// Errors of interfaces.
var (
	ErrNoDevice   = errors.New("no such device")
	ErrBadAddress = errors.New("bad address")
)

// Error is what went wrong with one interface.
type Error struct {
	Interface string // IOS name; "" = with all of them
	Device    string
	Err       error
}

func (e *Error) Error() string {
	switch {
	case e.Interface == "":
		return "interfaces: " + e.Err.Error()
	case e.Device == "":
		return e.Interface + ": " + e.Err.Error()
	}
	return fmt.Sprintf("%s (%s): %v", e.Interface, e.Device, e.Err)
}

func (e *Error) Unwrap() error { return e.Err }

// CheckAddress reports whether an interface may have the address: ErrBadAddress
// says why not.
func CheckAddress(p netip.Prefix) error {
	a := p.Addr()
	bad := func(why string) error { return fmt.Errorf("%w %s: %s", ErrBadAddress, p, why) }
	switch {
	case !p.IsValid() || !a.Is4():
		return bad("not an IPv4 address with mask")
	case p.Bits() == 0:
		return bad("mask is empty")
	case a.As4()[0] == 0 || a.As4()[0] >= 224:
		return bad("not an address of a host")
	case a.IsLoopback():
		return bad("loopback")
	case p.Bits() < 31 && a == p.Masked().Addr():
		return bad("address of the network")
	case p.Bits() < 31 && a == lastOf(p):
		return bad("broadcast address")
	}
	return nil
}

// lastOf is the highest address of an IPv4 prefix.
func lastOf(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(b)
}

// Name implements service.Service.
func (m *Service) Name() string { return "netif" }

// Status implements service.Service.
func (m *Service) Status() service.Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.status
}

func (m *Service) step(to service.State, why string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.status.State == to && m.status.Why == why {
		return
	}
	m.status = service.Status{State: to, Why: why, Since: time.Now()}
}

// Prepare implements service.Service. A spec that is gone leaves the interfaces
// as they are: an operator on the far side of one of them must not be cut off
// by the end of the program.
func (m *Service) Prepare(_ context.Context, _, want service.Spec) (service.Change, error) {
	var spec Spec
	switch v := want.(type) {
	case nil:
		return service.Funcs{OnCommit: func() { m.step(service.Disabled, "") }}, nil
	case Spec:
		spec = Spec{Interfaces: slices.Clone(v.Interfaces), Routes: slices.Clone(v.Routes)}
	case *Spec:
		spec = Spec{Interfaces: slices.Clone(v.Interfaces), Routes: slices.Clone(v.Routes)}
	default:
		return nil, fmt.Errorf("netif: spec is a %T", want)
	}
	spec.Interfaces = slices.DeleteFunc(spec.Interfaces, func(i ManagedInterface) bool { return !i.Managed })
	for i := range spec.Interfaces {
		x := &spec.Interfaces[i]
		x.Config = x.Config.Clone()
		if err := check(x); err != nil {
			return nil, &Error{Interface: x.Mapping.Name, Device: x.Device, Err: err}
		}
	}
	if err := checkRoutes(spec.Routes, spec.Interfaces); err != nil {
		return nil, &Error{Err: err}
	}
	return service.Funcs{OnCommit: func() { m.commit(spec) }}, nil
}

// check is everything that can be known before the change: addresses, the
// device, and whether the process may change it.
func check(x *ManagedInterface) error {
	wanted := wantedAddrs(x)
	for _, p := range wanted {
		if err := CheckAddress(p); err != nil {
			return err
		}
	}
	l, err := device(x.Device)
	if err != nil {
		return err
	}
	have, have6, err := addrs(l)
	if err != nil {
		return err
	}
	up, _ := lineState(l.Attrs())
	for _, a := range x.IPv6 {
		if err := CheckAddress6(a); err != nil {
			return err
		}
	}
	same6 := !slices.ContainsFunc(wanted6(x, l), func(p netip.Prefix) bool { return !slices.Contains(have6, p) })
	if sameAddrs(have, wanted) && up == !x.Shutdown && same6 {
		return nil
	}
	// Setting what is set already changes nothing and asks for the same right.
	if err := netlink.LinkSetMTU(l, l.Attrs().MTU); err != nil {
		return fmt.Errorf("may not be changed: %w", err)
	}
	return nil
}

func device(name string) (netlink.Link, error) {
	l, err := netlink.LinkByName(name)
	var none netlink.LinkNotFoundError
	if errors.As(err, &none) {
		return nil, ErrNoDevice
	}
	return l, err
}

// wantedAddrs are the primary and the secondary addresses, in this order.
func wantedAddrs(x *ManagedInterface) []netip.Prefix {
	if !x.Address.IsValid() {
		return nil
	}
	return append([]netip.Prefix{x.Address}, x.Secondary...)
}

func (m *Service) commit(spec Spec) {
	m.apply.Lock()
	defer m.apply.Unlock()
	defer m.forget() // the next line must see the new address before the kernel's message comes
	var why []string
	for i := range spec.Interfaces {
		x := &spec.Interfaces[i]
		if err := m.set(x); err != nil {
			why = append(why, (&Error{Interface: x.Mapping.Name, Device: x.Device, Err: err}).Error())
		}
	}
	m.routes = spec.Routes
	err := setRoutes(m.upRoutes())
	switch {
	case len(why) > 0:
		m.step(service.Failed, strings.Join(why, "; "))
	case err != nil:
		m.step(service.Degraded, err.Error())
	default:
		m.step(service.Running, "")
	}
}

// set makes a device what the configuration says.
func (m *Service) set(x *ManagedInterface) error {
	l, err := device(x.Device)
	if err != nil {
		return err
	}
	if err := setAddrs(l, wantedAddrs(x)); err != nil {
		return err
	}
	if x.Shutdown {
		return netlink.LinkSetDown(l)
	}
	if err := netlink.LinkSetUp(l); err != nil {
		return err
	}
	return m.setAddrs6(x, l) // when it is up: the kernel takes them away with the link
}

// setAddrs changes as little as possible. Which address is the primary is the
// order they were added in, and to remove a primary removes its secondaries.
func setAddrs(l netlink.Link, wanted []netip.Prefix) error {
	have, _, err := addrs(l)
	if err != nil {
		return err
	}
	if sameAddrs(have, wanted) {
		return nil
	}
	keep := len(have) > 0 && len(wanted) > 0 && have[0] == wanted[0]
	for _, p := range have {
		if keep && slices.Contains(wanted, p) {
			continue
		}
		if err := netlink.AddrDel(l, address(p)); err != nil && !goneAlready(err) {
			return fmt.Errorf("remove %s: %w", p, err)
		}
	}
	if have, _, err = addrs(l); err != nil {
		return err
	}
	for _, p := range wanted {
		if slices.Contains(have, p) {
			continue
		}
		if err := netlink.AddrAdd(l, address(p)); err != nil {
			return fmt.Errorf("add %s: %w", p, err)
		}
	}
	return nil
}

// sameAddrs compares the primary and the set: the kernel lists the first
// address of each network before the others, whatever order they came in.
func sameAddrs(have, wanted []netip.Prefix) bool {
	if len(have) != len(wanted) {
		return false
	}
	for _, p := range have {
		if !slices.Contains(wanted, p) {
			return false
		}
	}
	return len(have) == 0 || have[0] == wanted[0]
}

func address6(p netip.Prefix) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 128)}}
}

func address(p netip.Prefix) *netlink.Addr {
	return &netlink.Addr{IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), 32)}}
}
