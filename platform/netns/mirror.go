package netns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"option150/platform/capture"
)

// mirrorMTU lets frames through that the kernel has joined to 64 KiB: they are
// longer than the MTU of the LAN.
const mirrorMTU = 65535

// The copies wait in a ring with the kernel that holds a whole upgrade of the lab
// (18 phones of 1 MB), however long this process is kept from the processor: a
// mirror port that loses frames is a fault of the world, not of who watches it.
const (
	mirrorBlocks = 256 // 32 MiB, or five seconds
	mirrorRetire = 20 * time.Millisecond
)

// Mirror is a mirror port of the switch, as an engineer configures one to
// watch a LAN: a copy of each frame that crosses the switch leaves by it, and
// what enters it is dropped.
//
// The copies are made by this process, from a ring on the bridge to a packet
// socket on the port. The kernel's own way (tc with the action mirred) needs
// modules that are not on every machine and that a private namespace cannot
// load.
type Mirror struct {
	Interface string // the host's end

	in   *capture.Ring
	out  int // a packet socket
	done sync.WaitGroup
}

// Mirror plugs a host into a mirror port. With twice every frame is copied
// twice, as switches do that mirror both directions.
func (l *LAN) Mirror(h *Host, c Cable, twice bool) (*Mirror, error) {
	if c.Interface == "" {
		c.Interface = "eth0"
	}
	l.mu.Lock()
	l.ports++
	name := fmt.Sprintf("mirror%d", l.ports)
	l.mu.Unlock()
	la := netlink.NewLinkAttrs()
	la.Name, la.MTU = name, mirrorMTU
	veth := &netlink.Veth{LinkAttrs: la, PeerName: c.Interface, PeerHardwareAddr: c.MAC, PeerMTU: mirrorMTU, PeerNamespace: netlink.NsFd(h.ns)}
	if err := l.sw.nl.LinkAdd(veth); err != nil {
		return nil, fmt.Errorf("mirror port of %s: %w", h.name, err)
	}
	p := &Port{Interface: c.Interface, lan: l, host: h, name: name}
	err := errors.Join(l.sw.SetLink(name, true), h.SetLink(c.Interface, true))
	if err == nil {
		err = p.waitUp()
	}
	m := &Mirror{Interface: c.Interface, out: -1}
	if err == nil {
		err = l.sw.Do(func() error { return m.open(l.bridge.Attrs().Name, name) })
	}
	if err != nil {
		m.Close()
		return nil, errors.Join(fmt.Errorf("mirror port of %s: %w", h.name, err), p.Unplug())
	}
	copies := 1
	if twice {
		copies = 2
	}
	m.done.Go(func() { m.copy(copies) })
	l.mu.Lock()
	l.mirrors = append(l.mirrors, m)
	if h.here {
		l.here = append(l.here, p)
	}
	l.mu.Unlock()
	return m, nil
}

func (m *Mirror) open(bridge, port string) (err error) {
	link, err := netlink.LinkByName(port)
	if err != nil {
		return err
	}
	// The bridge hands a frame for others up only while it is promiscuous.
	if m.in, err = capture.OpenRing(bridge, capture.Options{Promiscuous: true, Incoming: true, Blocks: mirrorBlocks, Retire: mirrorRetire}); err != nil {
		return err
	}
	m.out, err = packetSocket(link.Attrs().Index)
	return err
}

func packetSocket(ifindex int) (int, error) {
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("packet socket", err)
	}
	var proto [2]byte
	binary.BigEndian.PutUint16(proto[:], unix.ETH_P_ALL)
	sa := &unix.SockaddrLinklayer{Protocol: binary.NativeEndian.Uint16(proto[:]), Ifindex: ifindex}
	if err := unix.Bind(fd, sa); err != nil {
		unix.Close(fd)
		return -1, os.NewSyscallError("bind packet socket", err)
	}
	return fd, nil
}

// copy forwards until Close. A frame that the port does not take is lost, as
// on a mirror port that is overrun.
func (m *Mirror) copy(copies int) {
	_ = m.in.Run(func(f *capture.Frame) {
		if f.Direction == capture.Outgoing {
			return // of the switch itself
		}
		for range copies {
			_, _ = unix.Write(m.out, f.Data)
		}
	}, func() {}, time.Second)
}

// Lost is how many frames were not copied because copying was too slow.
func (m *Mirror) Lost() uint64 {
	st, _ := m.in.Stats() // an error leaves what was known
	return st.Dropped
}

// Close ends the copying. The port goes with the switch.
func (m *Mirror) Close() {
	if m.in != nil {
		_ = m.in.Close()
		m.done.Wait()
		m.in.Release()
	}
	if m.out >= 0 {
		unix.Close(m.out)
		m.out = -1
	}
}
