package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/google/gopacket"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"option150/platform/ether"
)

const (
	// maxFrame is the buffer of one read: the kernel joins received segments
	// to frames of up to 64 KiB before we see them.
	maxFrame = 1 << 16
	// receiveBuffer holds a burst: 200,000 broadcasts at 130,000 a second
	// were received without a loss [measured, facts/libraries.md 4.2].
	receiveBuffer = 4 << 20
)

// Options of a Source.
type Options struct {
	Filter      []bpf.RawInstruction // nil = every frame; see Filter
	Promiscuous bool                 // also frames for others, as on a mirror port
	Groups      []ether.MAC          // group addresses the interface is to listen to
	Incoming    bool                 // not our own frames: every one would be copied before the filter
	Blocks      int                  // of a Ring: how many blocks it has; 0 = 32
	Block       int                  // of a Ring: bytes of a block, a power of two and at least 32 KiB; 0 = 128 KiB
	Retire      time.Duration        // of a Ring: how long a frame may wait for others; 0 = 50 ms
}

// Direction says where a frame came from, as the kernel saw it. It is in the
// AncillaryData of gopacket.CaptureInfo.
type Direction uint8

// The directions, with the kernel's numbers (PACKET_HOST ...).
const (
	ToHost    Direction = unix.PACKET_HOST
	Broadcast Direction = unix.PACKET_BROADCAST
	Multicast Direction = unix.PACKET_MULTICAST
	ToOther   Direction = unix.PACKET_OTHERHOST
	Outgoing  Direction = unix.PACKET_OUTGOING // our own frames
)

// VLAN is the 802.1Q tag that the kernel took off, -1 = none. It is in the
// AncillaryData of gopacket.CaptureInfo. (Not verified on 32-bit machines.)
type VLAN int

// Stats are totals since Open.
type Stats struct {
	Received uint64 // frames that passed the filter, dropped ones included
	Dropped  uint64 // frames for which the receive buffer had no room
}

// Source reads frames from one interface.
type Source struct {
	f      *os.File
	raw    syscall.RawConn
	closed atomic.Bool

	buf []byte
	oob []byte

	mu    sync.Mutex
	stats Stats
}

// Open starts to capture on an interface of the calling thread's namespace.
// Nothing is queued that does not pass the filter. Frames are complete.
func Open(ifname string, o Options) (*Source, error) {
	ifi, err := net.InterfaceByName(ifname)
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", ifname, err)
	}
	// Protocol 0: the socket receives nothing until it is bound.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("capture on %s: socket: %w", ifname, err)
	}
	if err := setUp(fd, ifi.Index, o); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("capture on %s: %w", ifname, err)
	}
	s := &Source{buf: make([]byte, maxFrame), oob: make([]byte, 128)}
	s.f = os.NewFile(uintptr(fd), "capture "+ifname)
	if s.raw, err = s.f.SyscallConn(); err != nil {
		s.f.Close()
		return nil, fmt.Errorf("capture on %s: %w", ifname, err)
	}
	return s, nil
}

func setUp(fd, index int, o Options) error {
	if len(o.Filter) > 0 {
		prog := make([]unix.SockFilter, len(o.Filter))
		for i, r := range o.Filter {
			prog[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
		}
		fp := unix.SockFprog{Len: uint16(len(prog)), Filter: &prog[0]}
		if err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &fp); err != nil {
			return fmt.Errorf("filter: %w", err)
		}
	}
	// Without these two the VLAN is unknown and the time is ours: no reason to
	// refuse.
	_ = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil {
		// Needs CAP_NET_ADMIN; without it as much as the machine allows.
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer)
	}
	if o.Incoming { // an older kernel shows them all the same
		_ = unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	}
	if o.Promiscuous {
		mr := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &mr); err != nil {
			return fmt.Errorf("promiscuous: %w", err)
		}
	}
	for _, g := range o.Groups {
		// An interface that cannot take one more is no reason to refuse.
		mr := unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_MULTICAST, Alen: uint16(len(g))}
		copy(mr.Address[:], g[:])
		_ = unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &mr)
	}
	sa := &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ALL), Ifindex: index}
	if err := unix.Bind(fd, sa); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

// networkOrder is htons, without looking at memory through a cast.
func networkOrder(v uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], v)
	return binary.NativeEndian.Uint16(b[:])
}

// ZeroCopyReadPacketData implements gopacket.ZeroCopyPacketDataSource: the
// data is valid until the next read.
func (s *Source) ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error) {
	for {
		n, oobn, from, err := s.receive()
		switch {
		case err == nil:
			ci := gopacket.CaptureInfo{Length: n, CaptureLength: min(n, len(s.buf))}
			a := readControl(s.oob[:oobn])
			if a.length > n {
				ci.Length = a.length
			}
			if ci.Timestamp = a.time; a.time.IsZero() {
				ci.Timestamp = time.Now()
			}
			dir := ToHost
			if ll, ok := from.(*unix.SockaddrLinklayer); ok {
				ci.InterfaceIndex, dir = ll.Ifindex, Direction(ll.Pkttype)
			}
			ci.AncillaryData = []any{dir, VLAN(a.vlan)}
			return s.buf[:ci.CaptureLength], ci, nil
		case s.closed.Load():
			return nil, gopacket.CaptureInfo{}, os.ErrClosed
		case errors.Is(err, unix.ENETDOWN):
			// Told once when the interface goes down; the socket stays bound
			// and receives again when it comes up.
			continue
		default:
			return nil, gopacket.CaptureInfo{}, err
		}
	}
}

func (s *Source) receive() (n, oobn int, from unix.Sockaddr, err error) {
	rerr := s.raw.Read(func(fd uintptr) bool {
		for {
			// MSG_TRUNC: n is the true length even where the buffer is short.
			n, oobn, _, from, err = unix.Recvmsg(int(fd), s.buf, s.oob, unix.MSG_TRUNC)
			if err != unix.EINTR {
				return err != unix.EAGAIN
			}
		}
	})
	if rerr != nil {
		return 0, 0, nil, rerr // closed, or the deadline
	}
	if err != nil {
		return 0, 0, nil, fmt.Errorf("%s: %w", s.f.Name(), err)
	}
	return n, oobn, from, nil
}

// SetReadDeadline makes a waiting read fail with os.ErrDeadlineExceeded at t.
func (s *Source) SetReadDeadline(t time.Time) error { return s.f.SetReadDeadline(t) }

// Close ends the capture and wakes the reader.
func (s *Source) Close() error {
	s.closed.Store(true)
	return s.f.Close()
}

// Stats are the totals so far. The kernel forgets its counts when they are
// read, so they are added up here.
func (s *Source) Stats() (Stats, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var st *unix.TpacketStats
	var err error
	cerr := s.raw.Control(func(fd uintptr) {
		st, err = unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS)
	})
	if err = errors.Join(cerr, err); err != nil {
		return s.stats, fmt.Errorf("%s: statistics: %w", s.f.Name(), err)
	}
	s.stats.Received += uint64(st.Packets)
	s.stats.Dropped += uint64(st.Drops)
	return s.stats, nil
}
