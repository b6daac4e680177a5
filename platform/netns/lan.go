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

// Close takes the switch away: every port loses its link.
func (l *LAN) Close() error {
	ls, err := l.sw.nl.LinkList()
	for _, x := range ls {
		if x.Attrs().Name != "lo" {
			// The veth pairs and the bridge would also go with the namespace,
			// only later; a cable whose host is gone already is no error.
			if e := l.sw.nl.LinkDel(x); !errors.Is(e, unix.ENODEV) {
				err = errors.Join(err, e)
			}
		}
	}
	return errors.Join(err, l.sw.Close())
}

// Cable says how a host is plugged in.
type Cable struct {
	Interface string           // name on the host; "" = eth0
	MAC       net.HardwareAddr // nil = the kernel's choice
	Addr      netip.Prefix     // address to give; invalid = none
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
	if err == nil && c.Addr.IsValid() {
		err = h.AddAddr(c.Interface, c.Addr)
	}
	if err == nil {
		err = p.waitUp()
	}
	if err != nil {
		return nil, errors.Join(err, p.Unplug())
	}
	return p, nil
}

func (p *Port) waitUp() error {
	for end := time.Now().Add(linkWait); ; time.Sleep(2 * time.Millisecond) {
		l, err := p.host.link(p.Interface)
		if err != nil {
			return err
		}
		if l.Attrs().OperState == netlink.OperUp {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("plug %s of %s: no link after %s", p.Interface, p.host.name, linkWait)
		}
	}
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
