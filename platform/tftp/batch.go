package tftp

import (
	"unsafe"

	"option150/platform/sockaddr"

	"golang.org/x/sys/unix"
)

// Batches of datagrams: recvmmsg and sendmmsg without an allocation for each.
// None of the calls waits, so the scheduler is not told of them: its watcher
// would look at every one that takes 20 us. [recvmmsg(2), sendmmsg(2), udp(7)]

// address is where one of a datagram's ends stands; an IPv4 one takes less.
type address = sockaddr.Raw

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
	d := datagram{payload: in.bufs[i][:min(int(in.msgs[i].Len), receiveSize)], peer: sockaddr.AddrPort(&in.names[i])}
	if h.Flags&unix.MSG_CTRUNC == 0 {
		d.readControl(in.oobs[i][:h.Controllen])
	}
	return d
}
