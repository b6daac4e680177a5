package netif

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink"

	"option150/platform/ether"
	"option150/platform/sorted"
)

// maxDevices bounds what is read of the machine.
const maxDevices = 256

// Interface is how an interface is now.
type Interface struct {
	Mapping
	Present  bool // the device exists
	AdminUp  bool
	LineUp   bool // able to carry packets
	Index    int  // of the device
	MAC      ether.MAC
	MTU      int
	Speed    int            // Mbit/s; 0 = the device does not say
	Duplex   string         // "Full", "Half" or ""
	Addrs    []netip.Prefix // IPv4, the primary first
	Addrs6   []netip.Prefix
	Counters Counters
	// The most packets that may wait: for all of the machine, to be sent.
	InQueue, OutQueue int
}

// Counters are those of the device since it exists.
type Counters struct {
	InPackets, InBytes, InErrors, InDropped, InMulticast    uint64
	InLength, InCRC, InFrame, InOverrun, InMissed           uint64
	OutPackets, OutBytes, OutErrors, OutDropped, Collisions uint64
	OutUnderrun, OutCarrier, OutWindow                      uint64
}

// Status is the word of the Status column of `show ip interface brief`.
func (i *Interface) Status() string {
	switch {
	case i.Present && !i.AdminUp:
		return "administratively down"
	case i.LineUp:
		return "up"
	}
	return "down"
}

// Protocol is the word of the Protocol column.
func (i *Interface) Protocol() string {
	if i.LineUp {
		return "up"
	}
	return "down"
}

// Devices are the Linux devices that can be interfaces: all but the loopback,
// in the order of the kernel.
func Devices() ([]string, error) {
	links, err := linkList()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, l := range links {
		if a := l.Attrs(); a.Flags&net.FlagLoopback == 0 {
			out = append(out, a.Name)
		}
	}
	return out, nil
}

// linkList lists the devices by index.
func linkList() ([]netlink.Link, error) {
	var links []netlink.Link
	var err error
	// A list that changed while it was read is read again.
	for range 5 {
		if links, err = netlink.LinkList(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	if err != nil && !errors.Is(err, netlink.ErrDumpInterrupted) {
		return nil, fmt.Errorf("list of interfaces: %w", err)
	}
	sorted.By(links, func(a, b netlink.Link) int { return a.Attrs().Index - b.Attrs().Index })
	return links[:min(len(links), maxDevices)], nil
}

// Read tells how the interfaces of the mapping are, in its order.
func Read(mapping []Mapping) ([]Interface, error) {
	links, err := linkList()
	if err != nil {
		return nil, err
	}
	out := make([]Interface, len(mapping))
	for i, m := range mapping {
		out[i].Mapping = m
		for _, l := range links {
			if l.Attrs().Name != m.Device {
				continue
			}
			fill(&out[i], l)
			if out[i].Addrs, out[i].Addrs6, err = addrs(l); err != nil {
				return nil, err
			}
			out[i].Speed, out[i].Duplex = linkMode(m.Device)
		}
	}
	return out, nil
}

func fill(i *Interface, l netlink.Link) {
	a := l.Attrs()
	i.Present, i.Index, i.MTU = true, a.Index, a.MTU
	i.InQueue, i.OutQueue = backlog(), a.TxQLen
	i.AdminUp, i.LineUp = lineState(a)
	if len(a.HardwareAddr) == len(i.MAC) {
		copy(i.MAC[:], a.HardwareAddr)
	}
	if s := a.Statistics; s != nil {
		i.Counters = Counters{
			InPackets: s.RxPackets, InBytes: s.RxBytes, InErrors: s.RxErrors, InDropped: s.RxDropped, InMulticast: s.Multicast,
			InLength: s.RxLengthErrors, InCRC: s.RxCrcErrors, InFrame: s.RxFrameErrors, InOverrun: s.RxOverErrors, InMissed: s.RxMissedErrors,
			OutPackets: s.TxPackets, OutBytes: s.TxBytes, OutErrors: s.TxErrors, OutDropped: s.TxDropped, Collisions: s.Collisions,
			OutUnderrun: s.TxFifoErrors, OutCarrier: s.TxCarrierErrors, OutWindow: s.TxWindowErrors,
		}
	}
}

// backlog is how many received packets the kernel lets wait. A network
// namespace of its own does not see the setting: then it is the kernel's own.
func backlog() int {
	text, _ := os.ReadFile("/proc/sys/net/core/netdev_max_backlog")
	if n, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
		return n
	}
	return 1000
}

// lineState: a device that cannot tell (loopback, tun, dummy) counts as up.
// [facts/libraries.md 7]
func lineState(a *netlink.LinkAttrs) (admin, line bool) {
	admin = a.Flags&net.FlagUp != 0
	return admin, admin && (a.OperState == netlink.OperUp || a.OperState == netlink.OperUnknown)
}

// addrs are the addresses of a device; the kernel lists a primary before its
// secondaries.
func addrs(l netlink.Link) (v4, v6 []netip.Prefix, err error) {
	var list []netlink.Addr
	for range 5 {
		if list, err = netlink.AddrList(l, netlink.FAMILY_ALL); !errors.Is(err, netlink.ErrDumpInterrupted) {
			break
		}
	}
	var gone netlink.LinkNotFoundError
	switch {
	case errors.As(err, &gone):
		return nil, nil, nil
	case err != nil && !errors.Is(err, netlink.ErrDumpInterrupted):
		return nil, nil, fmt.Errorf("addresses of %s: %w", l.Attrs().Name, err)
	}
	for _, a := range list {
		ip, ok := netip.AddrFromSlice(a.IP)
		if !ok || a.IPNet == nil {
			continue
		}
		ones, _ := a.Mask.Size()
		if ip = ip.Unmap(); ip.Is4() {
			v4 = append(v4, netip.PrefixFrom(ip, ones))
		} else {
			v6 = append(v6, netip.PrefixFrom(ip, ones))
		}
	}
	return v4, v6, nil
}
