package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"option150/platform/ether"
)

// Bounds of a Keeper: of more frames the oldest go.
const (
	maxKept  = 4 << 20 // bytes
	keptSnap = 2048    // of a frame
	keptRoom = 64      // what a frame costs beside its bytes
)

// Ports whose frames are kept beside ARP, CDP and LLDP: DHCP, the requests of
// TFTP, firmware sharing, files over HTTP and HTTPS, registration.
var (
	keptUDP = []uint16{67, 68, 69, portPeers}
	keptTCP = []uint16{portFiles, portSecure, 2000, 5060}
)

// portFiles is where phones ask for files over HTTP. [source 000]
const portFiles = 6970

// Keeper is a capture ring: while it is on it keeps the last frames of phones on
// the interfaces of the box, without what transfers carry: phone files hold
// passwords. It may be used from any goroutine; the zero value is off.
type Keeper struct {
	mu     sync.Mutex
	srcs   []*Source
	group  sync.WaitGroup
	frames []kept
	first  int // index of the oldest; what is before it has made room
	bytes  int
	gone   uint64
	since  time.Time // it is on; zero = off
}

type kept struct {
	ci       gopacket.CaptureInfo
	data     []byte
	src, dst ether.MAC
	from, to netip.Addr
}

// ErrNotOn says that nothing is kept: the ring was not on.
var ErrNotOn = errors.New("the capture ring is not on")

// Start begins anew with these interfaces. The error is that of the first that
// cannot be read; then the ring is off.
func (k *Keeper) Start(devices []string) error {
	k.Stop()
	prog, err := Filter{UDP: keptUDP, TCP: keptTCP, ARP: true, Announce: true, Snap: keptSnap}.Assemble()
	if err != nil {
		return err
	}
	var srcs []*Source
	for _, d := range devices {
		s, err := Open(d, Options{Filter: prog, Groups: []ether.MAC{GroupCDP, groupLLDP}})
		if err != nil {
			for _, o := range srcs {
				_ = o.Close()
			}
			return err
		}
		srcs = append(srcs, s)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.frames, k.first, k.bytes, k.gone, k.since, k.srcs = nil, 0, 0, 0, time.Now(), srcs
	for _, s := range srcs {
		k.group.Go(func() { k.read(s) })
	}
	return nil
}

func (k *Keeper) read(s *Source) {
	d := NewDecoder()
	pace := Pace{Most: maxWatched}
	for n := 0; ; n++ {
		if pace.Frame(); n%64 == 0 {
			pace.Rest(time.Now())
		}
		frame, ci, err := s.ZeroCopyReadPacketData()
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil { // the interface went down; the socket stays
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if p, err := d.Decode(frame, ci); err == nil || errors.Is(err, ErrShort) {
			k.take(p, frame, ci)
		}
	}
}

// Stop ends it; what was kept stays until the next Start.
func (k *Keeper) Stop() {
	k.mu.Lock()
	srcs := k.srcs
	k.srcs = nil
	k.mu.Unlock()
	for _, s := range srcs {
		_ = s.Close()
	}
	k.group.Wait()
}

func (k *Keeper) take(p Packet, frame []byte, ci gopacket.CaptureInfo) {
	data := bytes.Clone(bare(p, frame))
	x := kept{ci: gopacket.CaptureInfo{Timestamp: ci.Timestamp, CaptureLength: len(data), Length: max(ci.Length, len(data))}, data: data,
		src: p.SrcMAC, dst: p.DstMAC, from: p.Src.Addr().Unmap(), to: p.Dst.Addr().Unmap()}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.frames = append(k.frames, x)
	k.bytes += len(data) + keptRoom
	for k.bytes > maxKept {
		k.bytes -= len(k.frames[k.first].data) + keptRoom
		k.frames[k.first] = kept{}
		k.first++
		k.gone++
	}
	if k.first > len(k.frames)/2+1024 {
		k.frames = append([]kept(nil), k.frames[k.first:]...)
		k.first = 0
	}
}

// bare is a frame without what a transfer carries.
func bare(p Packet, frame []byte) []byte {
	head := payloadAt(frame)
	if head < 0 || p.Proto == 0 {
		return frame
	}
	body := frame[head:]
	src, dst := p.Src.Port(), p.Dst.Port()
	most := 0
	switch {
	case p.UDP() && (src == 67 || src == 68 || dst == 67 || dst == 68 || dst == 69):
		most = len(body)
	case p.UDP():
		most = 4
	case dst == portFiles:
		most = 1024 // the request
	case src == portFiles && bytes.HasPrefix(body, []byte("HTTP/")):
		if i := bytes.Index(body, []byte("\r\n\r\n")); i >= 0 {
			most = i + 4
		}
	}
	return frame[:head+min(most, len(body))]
}

// payloadAt is where the payload of a UDP or TCP packet begins, -1 if it is none.
func payloadAt(b []byte) int {
	at := offIP
	for len(b) > at && at >= 2 {
		switch t := binary.BigEndian.Uint16(b[at-2:]); t {
		case typeQ, typeAD:
			at += tagSize
			continue
		case typeIPv4:
		default:
			return -1
		}
		break
	}
	if len(b) < at+20 {
		return -1
	}
	ip := b[at:]
	next := at + int(ip[0]&0x0f)*4
	switch {
	case ip[9] == protoUDP && len(b) >= next+8:
		return next + 8
	case ip[9] == protoTCP && len(b) >= next+20:
		return min(next+int(b[next+12]>>4)*4, len(b))
	}
	return -1
}

// Write writes the frames of a phone, by its hardware address or its address, as
// pcapng and gives their number.
func (k *Keeper) Write(w io.Writer, mac ether.MAC, addr netip.Addr) (n int, err error) {
	k.mu.Lock()
	if k.since.IsZero() {
		k.mu.Unlock()
		return 0, ErrNotOn
	}
	var mine []kept
	for _, f := range k.frames[k.first:] {
		if !mac.IsZero() && (f.src == mac || f.dst == mac) || addr.IsValid() && (f.from == addr.Unmap() || f.to == addr.Unmap()) {
			mine = append(mine, f)
		}
	}
	k.mu.Unlock()
	out, err := pcapgo.NewNgWriter(w, layers.LinkTypeEthernet)
	if err != nil {
		return 0, err
	}
	for _, f := range mine {
		if err := out.WritePacket(f.ci, f.data); err != nil {
			return n, err
		}
		n++
	}
	return n, out.Flush()
}

// Began reports that it has been on since the box runs.
func (k *Keeper) Began() bool {
	if k == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.since.IsZero()
}

// String is `show monitor capture`.
func (k *Keeper) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.since.IsZero() {
		return "The capture ring is off\n"
	}
	state := "on since"
	if len(k.srcs) == 0 {
		state = "stopped; it began at"
	}
	return fmt.Sprintf("The capture ring is %s %s\n%d frames, %d bytes of %d; %d older ones made room\n", state, k.since.Format("15:04:05"),
		len(k.frames)-k.first, k.bytes, maxKept, k.gone)
}
