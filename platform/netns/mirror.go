package netns

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// mirrorMTU lets frames through that the kernel has joined to 64 KiB: they are
// longer than the MTU of the LAN.
const mirrorMTU = 65535

// Mirror is a mirror port of the switch, as an engineer configures one to
// watch a LAN: a copy of each frame that crosses the switch leaves by it, and
// what enters it is dropped.
//
// The copies are made by this process, from a packet socket on the bridge to
// one on the port. The kernel's own way (tc with the action mirred) needs
// modules that are not on every machine and that a private namespace cannot
// load.
type Mirror struct {
	Interface string // the host's end

	in, out int // packet sockets
	done    sync.WaitGroup
	end     [2]int // a pipe: closing it ends the copying
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
	m := &Mirror{Interface: c.Interface, in: -1, out: -1, end: [2]int{-1, -1}}
	if err == nil {
		err = l.sw.Do(func() error { return m.open(l.bridge.Attrs().Index, name) })
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

func (m *Mirror) open(bridge int, port string) (err error) {
	link, err := netlink.LinkByName(port)
	if err != nil {
		return err
	}
	if m.in, err = packetSocket(bridge); err != nil {
		return err
	}
	// The bridge hands a frame for others up only while it is promiscuous.
	mr := unix.PacketMreq{Ifindex: int32(bridge), Type: unix.PACKET_MR_PROMISC}
	if err := unix.SetsockoptPacketMreq(m.in, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &mr); err != nil {
		return os.NewSyscallError("promiscuous", err)
	}
	if unix.SetsockoptInt(m.in, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, 8<<20) != nil {
		_ = unix.SetsockoptInt(m.in, unix.SOL_SOCKET, unix.SO_RCVBUF, 8<<20) // as much as the machine allows
	}
	if m.out, err = packetSocket(link.Attrs().Index); err != nil {
		return err
	}
	return os.NewSyscallError("pipe", unix.Pipe2(m.end[:], unix.O_CLOEXEC))
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
	b := make([]byte, 1<<17)
	fds := []unix.PollFd{{Fd: int32(m.in), Events: unix.POLLIN}, {Fd: int32(m.end[0]), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); err != nil && err != unix.EINTR {
			return
		}
		if fds[1].Revents != 0 {
			return
		}
		n, from, err := unix.Recvfrom(m.in, b, unix.MSG_DONTWAIT)
		if err != nil {
			continue
		}
		if ll, ok := from.(*unix.SockaddrLinklayer); ok && ll.Pkttype == unix.PACKET_OUTGOING {
			continue // of the switch itself
		}
		for range copies {
			_, _ = unix.Write(m.out, b[:n])
		}
	}
}

// Lost is how many frames were not copied because copying was too slow, since
// it was last asked.
func (m *Mirror) Lost() uint32 {
	st, err := unix.GetsockoptTpacketStats(m.in, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return 0
	}
	return st.Drops
}

// Close ends the copying. The port goes with the switch.
func (m *Mirror) Close() {
	if m.end[1] >= 0 {
		unix.Close(m.end[1])
		m.end[1] = -1
		m.done.Wait()
		unix.Close(m.end[0])
	}
	for _, fd := range []*int{&m.in, &m.out} {
		if *fd >= 0 {
			unix.Close(*fd)
			*fd = -1
		}
	}
}
