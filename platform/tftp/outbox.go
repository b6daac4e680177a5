package tftp

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"unsafe"

	"option150/platform/sockaddr"

	"golang.org/x/sys/unix"
)

// outbox gathers the packets of one step before they go out: those of one
// socket with one system call, and blocks of one window as one datagram that
// the kernel cuts.
type outbox struct {
	buf  []byte
	list []datagram
	by   []*udpWire // of each

	// of the packets that are being sent
	msgs   []unix.Mmsghdr
	iovs   []unix.Iovec
	names  []address
	cuts   []cut
	counts []int // datagrams of each message
	sent   int
	fd     func(uintptr) bool
	calls  uint64 // system calls so far, for tests
}

// cut is the ancillary data of a message with datagrams of one size.
type cut [64 + 24]byte

// room returns an empty slice with space for n octets behind it.
func (o *outbox) room(n int) []byte {
	if cap(o.buf)-len(o.buf) < n {
		size := max(n, 4096)
		if len(o.list) > 1 { // somebody has a window
			size = max(n, outboxSize)
		}
		o.flush()
		if cap(o.buf) < size {
			o.buf = make([]byte, 0, size)
		}
	}
	return o.buf[len(o.buf):len(o.buf):cap(o.buf)]
}

// outboxSize holds a window.
const outboxSize = maxFlight + 4096

// add takes the packet p that was appended to what room returned; it leaves by
// w.
func (o *outbox) add(w *udpWire, p, control []byte, peer netip.AddrPort) {
	o.buf = o.buf[:len(o.buf)+len(p)]
	o.list = append(o.list, datagram{payload: p, control: control, peer: peer})
	o.by = append(o.by, w)
}

func (o *outbox) flush() {
	for i := 0; i < len(o.list); {
		j := i + 1
		for j < len(o.list) && o.by[j] == o.by[i] {
			j++
		}
		o.send(o.by[i], o.list[i:j])
		i = j
	}
	o.buf, o.list, o.by = o.buf[:0], o.list[:0], o.by[:0]
}

// maxCut is how many datagrams the kernel cuts of one, and how large it is.
const (
	maxCut     = 64
	maxCutSize = 60_000
)

// noCut is set when the kernel cannot.
var noCut atomic.Bool

// send sends all; what cannot be sent is lost, as on any network.
func (o *outbox) send(w *udpWire, list []datagram) {
	n := len(list)
	if cap(o.msgs) < n {
		o.msgs, o.iovs, o.names = make([]unix.Mmsghdr, n), make([]unix.Iovec, n), make([]address, n)
		o.cuts, o.counts = make([]cut, n), make([]int, n)
	}
	o.msgs, o.counts = o.msgs[:0], o.counts[:0]
	for len(list) > 0 {
		k := 1
		if !noCut.Load() {
			k = alike(list)
		}
		o.message(w, list[:k])
		list = list[k:]
	}
	if o.fd == nil {
		o.fd = o.push
	}
	o.sent = 0
	_ = w.raw.Write(o.fd) // of a socket that is closed: lost
	clear(o.msgs)
}

// alike is how many datagrams from the first on can be one: of one size to one
// client, behind each other in memory; the last may be shorter.
func alike(list []datagram) int {
	first, n, size := list[0], 1, len(list[0].payload)
	for n < len(list) && n < maxCut {
		d, before := list[n], list[n-1].payload
		if len(before) != len(first.payload) || len(d.payload) > len(first.payload) || len(d.payload) == 0 || d.peer != first.peer ||
			size+len(d.payload) > maxCutSize || unsafe.SliceData(d.payload) != (*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(before)), len(before))) {
			break
		}
		size += len(d.payload)
		n++
	}
	return n
}

// message appends the message of datagrams that are one.
func (o *outbox) message(w *udpWire, list []datagram) {
	i := len(o.msgs)
	o.msgs, o.counts = o.msgs[:i+1], append(o.counts, len(list))
	d, size := &list[0], 0
	for _, x := range list {
		size += len(x.payload)
	}
	iov := &o.iovs[:i+1][i]
	iov.Base = unsafe.SliceData(d.payload)
	iov.SetLen(size)
	name := &o.names[:i+1][i]
	h := &o.msgs[i].Hdr
	*h = unix.Msghdr{Name: (*byte)(unsafe.Pointer(name)), Iov: iov}
	h.Namelen = sockaddr.Put(name, d.peer, w.v6)
	h.SetIovlen(1)
	control := d.control
	if len(list) > 1 {
		c := &o.cuts[:i+1][i]
		control = appendCut(append(c[:0], d.control...), len(d.payload))
	}
	if len(control) > 0 {
		h.Control = unsafe.SliceData(control)
		h.SetControllen(len(control))
	}
}

// appendCut appends the size the kernel is to cut at. [udp(7), UDP_SEGMENT]
func appendCut(b []byte, size int) []byte {
	at := len(b)
	b = append(b, make([]byte, unix.CmsgSpace(2))...)
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[at]))
	h.Level, h.Type = unix.SOL_UDP, unix.UDP_SEGMENT
	h.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(b[at+unix.CmsgLen(0):], uint16(size))
	return b
}

// push sends what is left of the messages; false: there is no room.
func (o *outbox) push(fd uintptr) bool {
	for o.sent < len(o.msgs) {
		m := o.msgs[o.sent:]
		n, no := uintptr(1), unix.Errno(0)
		o.calls++
		if len(m) == 1 {
			_, _, no = unix.RawSyscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&m[0].Hdr)), unix.MSG_DONTWAIT)
		} else {
			n, _, no = unix.RawSyscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&m[0])), uintptr(len(m)), unix.MSG_DONTWAIT, 0, 0)
		}
		switch {
		case no == 0:
			o.sent += int(n)
		case no == unix.EINTR:
		case no == unix.EAGAIN:
			return false
		case o.counts[o.sent] > 1: // it cannot cut on this way: one by one
			if no == unix.EIO { // the device cannot do sums; otherwise the way is too narrow
				noCut.Store(true)
			}
			o.single(fd, o.sent)
			o.sent++
		default:
			o.sent++ // this one is lost
		}
	}
	return true
}

// single sends the datagrams of a message one by one.
func (o *outbox) single(fd uintptr, i int) {
	h := o.msgs[i].Hdr
	whole := unsafe.Slice(h.Iov.Base, h.Iov.Len)
	c := o.cuts[:i+1][i][:h.Controllen]
	size := int(binary.NativeEndian.Uint16(c[len(c)-unix.CmsgSpace(2)+unix.CmsgLen(0):]))
	h.SetControllen(len(c) - unix.CmsgSpace(2))
	if h.Controllen == 0 {
		h.Control = nil
	}
	var iov unix.Iovec
	h.Iov = &iov
	for len(whole) > 0 {
		k := min(size, len(whole))
		iov.Base = &whole[0]
		iov.SetLen(k)
		o.calls++
		_, _, _ = unix.RawSyscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&h)), 0)
		whole = whole[k:]
	}
}
