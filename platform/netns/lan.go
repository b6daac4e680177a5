package netns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// linkWait is how long Plug waits for the carrier.
const linkWait = 3 * time.Second

// LAN is an Ethernet switch, in a namespace of its own so that the hosts show
// nothing but their own interfaces.
type LAN struct {
	sw     *Host
	bridge netlink.Link

	mu    sync.Mutex
	ports int
	here  []*Port // cables of the process itself

	mirrors []*Mirror
}

// NewLAN makes a switch without ports. It forwards at once: no spanning tree.
func NewLAN() (*LAN, error) {
	sw, err := NewHost("switch")
	if err != nil {
		return nil, err
	}
	la := netlink.NewLinkAttrs()
	la.Name = "lan"
	snoop := false // PFS broadcasts and discovery have to reach every port
	if err := sw.nl.LinkAdd(&netlink.Bridge{LinkAttrs: la, MulticastSnooping: &snoop}); err != nil {
		sw.Close()
		return nil, fmt.Errorf("switch: bridge: %w", err)
	}
	l := &LAN{sw: sw}
	if l.bridge, err = sw.link("lan"); err == nil {
		err = sw.SetLink("lan", true)
	}
	if err != nil {
		sw.Close()
		return nil, err
	}
	return l, nil
}

// Close takes the switch away: every port loses its cable. The interfaces of
// the process itself (Here) are gone when it returns; those of other hosts go
// within a second, by the kernel's own clean-up of the namespace. (To take
// them away here would wait for the kernel's grace periods, 0.1 s a switch.)
func (l *LAN) Close() error {
	l.mu.Lock()
	here, mirrors := l.here, l.mirrors
	l.here, l.mirrors = nil, nil
	l.mu.Unlock()
	for _, m := range mirrors {
		m.Close()
	}
	var err error
	for _, p := range here {
		if e := p.Unplug(); !gone(e) {
			err = errors.Join(err, e)
		}
	}
	return errors.Join(err, l.sw.Close())
}

// gone reports that an interface is not there any more.
func gone(err error) bool {
	var nf netlink.LinkNotFoundError
	return errors.Is(err, unix.ENODEV) || errors.As(err, &nf)
}

// Cable says how a host is plugged in.
type Cable struct {
	Interface string           // name on the host; "" = eth0
	MAC       net.HardwareAddr // nil = the kernel's choice
	Addr      netip.Prefix     // address to give; invalid = none
	// Frames makes the host send no more than a frame at a time. The kernel
	// otherwise hands up to 64 KiB of a TCP stream over in one piece, which no
	// wire has seen and no mirror port shows.
	Frames bool
}

// Port is one port of the switch with its cable. Interface is the host's end.
type Port struct {
	Interface string

	lan  *LAN
	host *Host
	name string
}

// Plug connects an interface of the host to the switch. It returns when the
// link is up.
func (l *LAN) Plug(h *Host, c Cable) (*Port, error) {
	if c.Interface == "" {
		c.Interface = "eth0"
	}
	l.mu.Lock()
	l.ports++
	p := &Port{Interface: c.Interface, lan: l, host: h, name: fmt.Sprintf("port%d", l.ports)}
	l.mu.Unlock()

	la := netlink.NewLinkAttrs()
	la.Name = p.name
	la.MasterIndex = l.bridge.Attrs().Index
	veth := &netlink.Veth{LinkAttrs: la, PeerName: c.Interface, PeerHardwareAddr: c.MAC,
		PeerNamespace: netlink.NsFd(h.ns)}
	if err := l.sw.nl.LinkAdd(veth); err != nil {
		return nil, fmt.Errorf("plug %s of %s: %w", c.Interface, h.name, err)
	}
	err := l.sw.SetLink(p.name, true)
	if err == nil {
		err = h.SetLink(c.Interface, true)
	}
	if err == nil && c.Frames {
		err = h.OneFrameEach(c.Interface)
	}
	if err == nil && c.Addr.IsValid() {
		err = h.AddAddr(c.Interface, c.Addr)
	}
	if err == nil {
		err = p.waitUp()
	}
	if err != nil {
		return nil, errors.Join(err, p.Unplug())
	}
	if h.here {
		l.mu.Lock()
		l.here = append(l.here, p)
		l.mu.Unlock()
	}
	return p, nil
}

// waitUp waits until both ends of the cable have a carrier and the switch
// forwards. The kernel first shows a link as up and then, under the same lock,
// lets packets through and tells the bridge: setting an interface up that is
// up changes nothing but waits for that lock, so that the first frame sent
// afterwards is not lost.
func (p *Port) waitUp() error {
	for _, end := range []struct {
		h      *Host
		ifname string
	}{{p.host, p.Interface}, {p.lan.sw, p.name}} {
		for limit := time.Now().Add(linkWait); ; time.Sleep(2 * time.Millisecond) {
			l, err := end.h.link(end.ifname)
			if err != nil {
				return err
			}
			if l.Attrs().OperState == netlink.OperUp {
				break
			}
			if time.Now().After(limit) {
				return fmt.Errorf("plug %s of %s: no link after %s", p.Interface, p.host.name, linkWait)
			}
		}
		if err := end.h.SetLink(end.ifname, true); err != nil {
			return err
		}
	}
	return nil
}

// SetLink switches the port off and on: the host sees its link go down and
// come back, as when a cable is pulled.
func (p *Port) SetLink(up bool) error {
	if err := p.lan.sw.SetLink(p.name, up); err != nil || !up {
		return err
	}
	return p.waitUp()
}

// Unplug takes the cable away and the interface with it.
func (p *Port) Unplug() error {
	l, err := p.lan.sw.link(p.name)
	if err != nil {
		return err
	}
	if err := p.lan.sw.nl.LinkDel(l); err != nil {
		return fmt.Errorf("unplug %s of %s: %w", p.Interface, p.host.name, err)
	}
	return nil
}

// Impair makes the line towards the host slow and lossy: what the host
// receives comes late by delay and loss percent of it not at all. Zero values
// make it good again. It needs the kernel's netem.
func (p *Port) Impair(delay time.Duration, loss float32) error {
	l, err := p.lan.sw.link(p.name)
	if err != nil {
		return err
	}
	at := netlink.QdiscAttrs{LinkIndex: l.Attrs().Index, Handle: netlink.MakeHandle(1, 0), Parent: netlink.HANDLE_ROOT}
	q := netlink.NewNetem(at, netlink.NetemQdiscAttrs{
		Latency: uint32(delay.Microseconds()), Loss: loss, Limit: 10000})
	if err := p.lan.sw.nl.QdiscReplace(q); err != nil {
		return fmt.Errorf("line of %s: netem: %w", p.host.name, err)
	}
	return nil
}
