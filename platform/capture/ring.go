package capture

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The ring the kernel writes frames into: blocks that are handed over when full
// or after a while, see Options: a reader that is kept from the processor loses
// nothing for that while times the number of blocks, and no frame of a burst that
// the ring has room for. Its memory is taken as a whole when it is opened. A frame
// costs no system call, so that a flood costs the file service next to nothing.
const (
	blockSize   = 1 << 17
	blockCount  = 32
	blockRetire = 50 * time.Millisecond
	frameRoom   = 1 << 11
)

// Offsets in struct tpacket_block_desc and struct tpacket3_hdr; both have the
// same layout on all machines. [linux/if_packet.h]
const (
	blkStatus = 8
	blkFrames = 12
	blkFirst  = 16
	hdrNext   = 0
	hdrSec    = 4
	hdrNsec   = 8
	hdrSnap   = 12
	hdrLen    = 16
	hdrStatus = 20
	hdrMAC    = 24
	hdrVLAN   = 32
	hdrSize   = 48
	sllType   = hdrSize + 10
)

// Frame is a frame of a Ring. Data is valid until the function it was given to
// returns.
type Frame struct {
	Time      time.Time
	Data      []byte // as much as the filter lets through
	Length    int    // on the wire
	VLAN      int    // -1 = none
	Direction Direction
}

// Ring reads frames from one interface out of memory shared with the kernel:
// for who has to keep up with a flood. Source is the plain way.
type Ring struct {
	f      *os.File
	raw    syscall.RawConn
	closed atomic.Bool
	mem    []byte
	block  int // which is next
	blocks int
	size   int // of a block

	mu    sync.Mutex
	stats Stats
}

// OpenRing starts to capture on an interface of the calling thread's
// namespace, as Open does.
func OpenRing(ifname string, o Options) (*Ring, error) {
	ifi, err := net.InterfaceByName(ifname)
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", ifname, err)
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("capture on %s: socket: %w", ifname, err)
	}
	fail := func(what string, err error) (*Ring, error) {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("capture on %s: %s: %w", ifname, what, err)
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VERSION, unix.TPACKET_V3); err != nil {
		return fail("ring", err)
	}
	size, blocks, retire := cmp.Or(o.Block, blockSize), cmp.Or(o.Blocks, blockCount), cmp.Or(o.Retire, blockRetire)
	req := unix.TpacketReq3{Block_size: uint32(size), Block_nr: uint32(blocks), Frame_size: frameRoom, Frame_nr: uint32(size / frameRoom * blocks),
		Retire_blk_tov: uint32(retire.Milliseconds())}
	if err := unix.SetsockoptTpacketReq3(fd, unix.SOL_PACKET, unix.PACKET_RX_RING, &req); err != nil {
		return fail("ring", err)
	}
	mem, err := unix.Mmap(fd, 0, size*blocks, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return fail("ring", err)
	}
	r := &Ring{mem: mem, blocks: blocks, size: size}
	if err := setUp(fd, ifi.Index, o); err != nil {
		_ = unix.Munmap(mem)
		_ = unix.Close(fd)
		return nil, fmt.Errorf("capture on %s: %w", ifname, err)
	}
	r.f = os.NewFile(uintptr(fd), "capture "+ifname)
	if r.raw, err = r.f.SyscallConn(); err != nil {
		_ = r.f.Close()
		_ = unix.Munmap(mem)
		return nil, fmt.Errorf("capture on %s: %w", ifname, err)
	}
	return r, nil
}

// Run gives every frame to a function until the ring is closed, which is nil,
// or fails. tick is called after each block of frames, and as often as given
// while there are none. It is for one goroutine, and Release is for the same one
// when Run has returned.
func (r *Ring) Run(frame func(*Frame), tick func(), every time.Duration) error {
	var fr Frame
	for {
		_ = r.f.SetReadDeadline(time.Now().Add(every))
		err := r.raw.Read(func(uintptr) bool { return r.ready() })
		switch {
		case r.closed.Load():
			return nil
		case os.IsTimeout(err):
			tick()
			if err := r.trouble(); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		for r.ready() && !r.closed.Load() {
			r.walk(&fr, frame)
			tick()
		}
	}
}

func (r *Ring) status() *uint32 {
	return (*uint32)(unsafe.Pointer(&r.mem[r.block*r.size+blkStatus]))
}

// ready: the kernel has handed over the block that is next.
func (r *Ring) ready() bool { return atomic.LoadUint32(r.status())&unix.TP_STATUS_USER != 0 }

// walk reads a block and gives it back.
func (r *Ring) walk(fr *Frame, frame func(*Frame)) {
	ne := binary.NativeEndian
	b := r.mem[r.block*r.size : (r.block+1)*r.size]
	at := int(ne.Uint32(b[blkFirst:]))
	for n := ne.Uint32(b[blkFrames:]); n > 0 && at+sllType < len(b); n-- {
		h := b[at:]
		mac, snap := int(ne.Uint16(h[hdrMAC:])), int(ne.Uint32(h[hdrSnap:]))
		if mac+snap > len(h) {
			break
		}
		*fr = Frame{Time: time.Unix(int64(ne.Uint32(h[hdrSec:])), int64(ne.Uint32(h[hdrNsec:]))), Data: h[mac : mac+snap],
			Length: int(ne.Uint32(h[hdrLen:])), VLAN: -1, Direction: Direction(h[sllType])}
		if ne.Uint32(h[hdrStatus:])&unix.TP_STATUS_VLAN_VALID != 0 {
			fr.VLAN = int(ne.Uint32(h[hdrVLAN:]) & 0x0fff)
		}
		frame(fr)
		next := int(ne.Uint32(h[hdrNext:]))
		if next <= 0 {
			break
		}
		at += next
	}
	atomic.StoreUint32(r.status(), unix.TP_STATUS_KERNEL)
	r.block = (r.block + 1) % r.blocks
}

// trouble is the pending error of the socket: the interface is gone. That it
// went down is told once and is none, the socket receives again when it is up.
func (r *Ring) trouble() error {
	var n int
	var err error
	cerr := r.raw.Control(func(fd uintptr) { n, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_ERROR) })
	if cerr != nil || err != nil || n == 0 || unix.Errno(n) == unix.ENETDOWN {
		return cerr
	}
	return unix.Errno(n)
}

// Close ends the capture and wakes Run.
func (r *Ring) Close() error {
	r.closed.Store(true)
	return r.f.Close()
}

// Release gives the memory back; Run has returned.
func (r *Ring) Release() {
	if r.mem != nil {
		_ = unix.Munmap(r.mem)
		r.mem = nil
	}
}

// Stats are the totals so far.
func (r *Ring) Stats() (Stats, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var st *unix.TpacketStatsV3
	var err error
	cerr := r.raw.Control(func(fd uintptr) {
		st, err = unix.GetsockoptTpacketStatsV3(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS)
	})
	if cerr != nil {
		return r.stats, cerr
	}
	if err != nil {
		return r.stats, fmt.Errorf("%s: statistics: %w", r.f.Name(), err)
	}
	r.stats.Received += uint64(st.Packets)
	r.stats.Dropped += uint64(st.Drops)
	return r.stats, nil
}
