package main

import (
	"errors"
	"net"
	"net/netip"
	"os/exec"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"option150/platform/netns"
)

// The addresses are the same on every test stand.
var (
	serverAddr = netip.MustParseAddr("10.150.0.1")
	clientAddr = netip.MustParseAddr("10.150.0.2")
	lanBits    = 16
	phones     = netip.MustParsePrefix("10.151.0.0/16") // behind the client: one neighbour, not a thousand
)

// stand is a test stand: a server and a client on a switch, all their own.
type stand struct {
	lan            *netns.LAN
	server, client *netns.Host
}

func newStand(name string) (s *stand, err error) {
	s = &stand{}
	defer func() {
		if err != nil {
			s.close()
			s = nil
		}
	}()
	if s.lan, err = netns.NewLAN(); err != nil {
		return s, err
	}
	if s.server, err = netns.NewHost(name); err != nil {
		return s, err
	}
	if s.client, err = netns.NewHost(name + " clients"); err != nil {
		return s, err
	}
	for _, h := range []struct {
		host *netns.Host
		addr netip.Addr
	}{{s.server, serverAddr}, {s.client, clientAddr}} {
		if _, err = s.lan.Plug(h.host, netns.Cable{Addr: netip.PrefixFrom(h.addr, lanBits)}); err != nil {
			return s, err
		}
	}
	if err = s.server.SetGateway(clientAddr); err != nil {
		return s, err
	}
	// Every address of the phones is an address of the client, without a line
	// for each: a socket may be bound to any of them.
	err = s.client.Do(func() error {
		lo, err := netlink.LinkByName("lo")
		if err != nil {
			return err
		}
		return netlink.RouteAdd(&netlink.Route{LinkIndex: lo.Attrs().Index, Table: unix.RT_TABLE_LOCAL, Type: unix.RTN_LOCAL,
			Scope: unix.RT_SCOPE_HOST, Dst: &net.IPNet{IP: phones.Addr().AsSlice(), Mask: net.CIDRMask(phones.Bits(), 32)}})
	})
	return s, err
}

// onServer starts a command on the server's side.
func (s *stand) onServer(cmd *exec.Cmd) error { return s.server.Start(cmd) }

func (s *stand) close() error {
	var errs []error
	for _, h := range []*netns.Host{s.client, s.server} {
		if h != nil {
			errs = append(errs, h.Close())
		}
	}
	if s.lan != nil {
		errs = append(errs, s.lan.Close())
	}
	return errors.Join(errs...)
}

// phoneAddr is the address of client n.
func phoneAddr(n int) netip.Addr {
	b := phones.Addr().As4()
	n += 257 // not .0.0 and not .0.255 of the first network
	b[2], b[3] = b[2]+byte(n/250), byte(1+n%250)
	return netip.AddrFrom4(b)
}
