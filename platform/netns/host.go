package netns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"sync"

	"github.com/vishvananda/netlink"
	vns "github.com/vishvananda/netns"
	"golang.org/x/sys/unix"
)

// Host is one machine: a network namespace with its loopback up. It exists
// until it is closed and the last socket and process in it are gone.
type Host struct {
	name string
	ns   vns.NsHandle
	nl   *netlink.Handle
	once sync.Once
	here bool // the namespace of the process
}

// NewHost makes a machine without interfaces. The name is for messages.
func NewHost(name string) (*Host, error) {
	h := &Host{name: name, ns: vns.None()}
	// A goroutine of its own: should the way back fail, the thread ends with it.
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		back, err := vns.Get()
		if err != nil {
			runtime.UnlockOSThread()
			done <- err
			return
		}
		defer back.Close()
		if h.ns, err = vns.New(); err == nil {
			err = upLoopback()
		}
		if e := vns.Set(back); e != nil {
			done <- errors.Join(err, e)
			return // still locked: the thread ends here
		}
		runtime.UnlockOSThread()
		done <- err
	}()
	if err := <-done; err != nil {
		h.Close()
		return nil, fmt.Errorf("host %s: %w", name, err)
	}
	return h.open()
}

// Here is the machine the caller is on: the namespace of the process.
func Here() (*Host, error) {
	h := &Host{name: "here", ns: vns.None(), here: true}
	var err error
	if h.ns, err = vns.Get(); err != nil {
		return nil, fmt.Errorf("host here: %w", err)
	}
	return h.open()
}

func (h *Host) open() (*Host, error) {
	nl, err := netlink.NewHandleAt(h.ns, unix.NETLINK_ROUTE)
	if err != nil {
		h.Close()
		return nil, fmt.Errorf("host %s: netlink: %w", h.name, err)
	}
	h.nl = nl
	return h, nil
}

// Name is the name given at the start.
func (h *Host) Name() string { return h.name }

// Close forgets the host. Sockets and processes in it go on.
func (h *Host) Close() error {
	h.once.Do(func() {
		if h.nl != nil {
			h.nl.Close()
		}
		if h.ns.IsOpen() {
			h.ns.Close()
		}
	})
	return nil
}

// Do runs f on a thread that is in the namespace of the host. What f opens
// stays there; goroutines that f starts do not run there. Calls may be
// concurrent and nested.
func (h *Host) Do(f func() error) (err error) {
	runtime.LockOSThread()
	back, err := vns.Get()
	if err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("host %s: %w", h.name, err)
	}
	defer back.Close()
	if err := vns.Set(h.ns); err != nil {
		runtime.UnlockOSThread()
		return fmt.Errorf("host %s: enter: %w", h.name, err)
	}
	defer func() {
		if e := vns.Set(back); e != nil {
			// The thread stays locked, so that it ends with this goroutine
			// and never serves another one from the wrong namespace.
			err = errors.Join(err, fmt.Errorf("host %s: leave: %w", h.name, e))
			return
		}
		runtime.UnlockOSThread()
	}()
	return f()
}

// Start starts a command on the host. Wait for it as usual.
func (h *Host) Start(cmd *exec.Cmd) error { return h.Do(cmd.Start) }

// Output runs a command on the host and returns what it printed on standard
// output and standard error.
func (h *Host) Output(cmd *exec.Cmd) (out []byte, err error) {
	err = h.Do(func() (e error) { out, e = cmd.CombinedOutput(); return e })
	return out, err
}

func (h *Host) link(ifname string) (netlink.Link, error) {
	l, err := h.nl.LinkByName(ifname)
	if err != nil {
		return nil, fmt.Errorf("host %s: interface %s: %w", h.name, ifname, err)
	}
	return l, nil
}

// SetLink brings an interface up or down.
func (h *Host) SetLink(ifname string, up bool) error {
	l, err := h.link(ifname)
	if err != nil {
		return err
	}
	set := h.nl.LinkSetDown
	if up {
		set = h.nl.LinkSetUp
	}
	if err := set(l); err != nil {
		return fmt.Errorf("host %s: interface %s: %w", h.name, ifname, err)
	}
	return nil
}

// AddAddr gives an interface an address.
func (h *Host) AddAddr(ifname string, p netip.Prefix) error {
	l, err := h.link(ifname)
	if err != nil {
		return err
	}
	a := &netlink.Addr{IPNet: &net.IPNet{
		IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}}
	if err := h.nl.AddrAdd(l, a); err != nil {
		return fmt.Errorf("host %s: address %s on %s: %w", h.name, p, ifname, err)
	}
	return nil
}

// FlushAddrs takes the IPv4 addresses of an interface away, and with them its
// routes.
func (h *Host) FlushAddrs(ifname string) error {
	l, err := h.link(ifname)
	if err != nil {
		return err
	}
	as, err := h.nl.AddrList(l, netlink.FAMILY_V4)
	if err != nil {
		return fmt.Errorf("host %s: addresses of %s: %w", h.name, ifname, err)
	}
	for i := range as {
		if err := h.nl.AddrDel(l, &as[i]); err != nil && !errors.Is(err, unix.EADDRNOTAVAIL) {
			return fmt.Errorf("host %s: address %s on %s: %w", h.name, as[i].IPNet, ifname, err)
		}
	}
	return nil
}

// SetGateway sets the default route.
func (h *Host) SetGateway(gw netip.Addr) error {
	any4 := &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}
	err := h.nl.RouteReplace(&netlink.Route{Dst: any4, Gw: gw.AsSlice()})
	if err != nil {
		return fmt.Errorf("host %s: default route by %s: %w", h.name, gw, err)
	}
	return nil
}

// OneFrameEach makes the host send no more than a frame at a time, see Cable.
func (h *Host) OneFrameEach(ifname string) error {
	l, err := h.link(ifname)
	if err != nil {
		return err
	}
	if err := h.nl.LinkSetGSOMaxSegs(l, 1); err != nil {
		return fmt.Errorf("host %s: interface %s: %w", h.name, ifname, err)
	}
	return nil
}
