package tftp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Batches of datagrams: recvmmsg and sendmmsg without an allocation for each.
// None of the calls waits, so the scheduler is not told of them: its watcher
// would look at every one that takes 20 us. [recvmmsg(2), sendmmsg(2), udp(7)]

// address is where one of a datagram's ends stands; an IPv4 one takes less.
type address = unix.RawSockaddrInet6

// inbox is room for received datagrams. It is for one goroutine.
type inbox struct {
	msgs  []unix.Mmsghdr
	iovs  []unix.Iovec
	names []address
	bufs  [][]byte
	oobs  [][]byte
	got   []datagram
}

// controlSize is enough for the ancillary data of a datagram.
const controlSize = 128

func newInbox(n int) *inbox {
	in := &inbox{msgs: make([]unix.Mmsghdr, n), iovs: make([]unix.Iovec, n), names: make([]address, n),
		bufs: make([][]byte, n), oobs: make([][]byte, n), got: make([]datagram, n)}
	all := make([]byte, n*(receiveSize+controlSize))
	for i := range n {
		in.bufs[i], all = all[:receiveSize:receiveSize], all[receiveSize:]
		in.oobs[i], all = all[:controlSize:controlSize], all[controlSize:]
		in.iovs[i].Base = &in.bufs[i][0]
		in.iovs[i].SetLen(receiveSize)
		h := &in.msgs[i].Hdr
		h.Name = (*byte)(unsafe.Pointer(&in.names[i]))
		h.Iov = &in.iovs[i]
		h.SetIovlen(1)
		h.Control = &in.oobs[i][0]
	}
	return in
}

// receive takes what has come, without waiting. They are in got until the next.
func (in *inbox) receive(fd int) (int, error) {
	for {
		for i := range in.msgs {
			h := &in.msgs[i].Hdr
			h.Namelen = uint32(unsafe.Sizeof(in.names[i]))
			h.SetControllen(controlSize)
		}
		n, no := uintptr(1), unix.Errno(0)
		if len(in.msgs) == 1 {
			var k uintptr
			k, _, no = unix.RawSyscall(unix.SYS_RECVMSG, uintptr(fd), uintptr(unsafe.Pointer(&in.msgs[0].Hdr)), unix.MSG_DONTWAIT)
			in.msgs[0].Len = uint32(k)
		} else {
			n, _, no = unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(fd), uintptr(unsafe.Pointer(&in.msgs[0])), uintptr(len(in.msgs)), unix.MSG_DONTWAIT, 0, 0)
		}
		switch no {
		case 0:
		case unix.EINTR:
			continue
		default:
			return 0, no
		}
		for i := range int(n) {
			in.got[i] = in.datagram(i)
		}
		return int(n), nil
	}
}

func (in *inbox) datagram(i int) datagram {
	h := &in.msgs[i].Hdr
	d := datagram{payload: in.bufs[i][:min(int(in.msgs[i].Len), receiveSize)], peer: peerOf(&in.names[i])}
	if h.Flags&unix.MSG_CTRUNC == 0 {
		d.readControl(in.oobs[i][:h.Controllen])
	}
	return d
}

// peerOf reads an address of the kernel's. Mapped ones become IPv4.
func peerOf(a *address) netip.AddrPort {
	switch a.Family {
	case unix.AF_INET:
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(a))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), networkOrder(v4.Port))
	case unix.AF_INET6:
		ip := netip.AddrFrom16(a.Addr).Unmap()
		if a.Scope_id != 0 && ip.Is6() {
			ip = ip.WithZone(zones.name(a.Scope_id))
		}
		return netip.AddrPortFrom(ip, networkOrder(a.Port))
	}
	return netip.AddrPort{}
}

// setPeer writes an address for the kernel and tells its length.
func setPeer(a *address, peer netip.AddrPort, v6 bool) uint32 {
	if !v6 {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(a))
		*v4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: networkOrder(peer.Port()), Addr: peer.Addr().As4()}
		return unix.SizeofSockaddrInet4
	}
	*a = address{Family: unix.AF_INET6, Port: networkOrder(peer.Port()), Addr: peer.Addr().As16()}
	if z := peer.Addr().Zone(); z != "" {
		a.Scope_id = zones.index(z)
	}
	return unix.SizeofSockaddrInet6
}

// networkOrder turns a port of the kernel's into ours, and back.
func networkOrder(p uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], p)
	return binary.NativeEndian.Uint16(b[:])
}

// zones are the interfaces of link-local addresses. A name that changes is
// known after zoneTime.
var zones zoneTable

type zoneTable struct {
	mu      sync.Mutex
	names   map[uint32]string
	indexes map[string]uint32
	since   time.Time
}

const zoneTime = 30 * time.Second

func (z *zoneTable) fresh() {
	if now := time.Now(); z.names == nil || len(z.names) >= maxDevices || now.Sub(z.since) > zoneTime {
		z.names, z.indexes, z.since = map[uint32]string{}, map[string]uint32{}, now
	}
}

func (z *zoneTable) name(index uint32) string {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.fresh()
	n, ok := z.names[index]
	if !ok {
		n = strconv.Itoa(int(index))
		if i, err := net.InterfaceByIndex(int(index)); err == nil {
			n = i.Name
		}
		z.names[index], z.indexes[n] = n, index
	}
	return n
}

func (z *zoneTable) index(name string) uint32 {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.fresh()
	n, ok := z.indexes[name]
	if !ok {
		if i, err := net.InterfaceByName(name); err == nil {
			n = uint32(i.Index)
		} else if k, err := strconv.ParseUint(name, 10, 32); err == nil {
			n = uint32(k)
		}
		z.names[n], z.indexes[name] = name, n
	}
	return n
}
