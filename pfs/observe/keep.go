package observe

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"option150/pfs"
	"option150/platform/capture"
)

// frameCost is what a frame takes in the ring beside its bytes.
const frameCost = 64

// ring keeps the last frames of phones, for a capture file afterwards.
type ring struct {
	size   atomic.Int64
	mu     sync.Mutex
	frames []capture.Frame // oldest first
	used   int
}

func (r *ring) on() bool { return r.size.Load() > 0 }

func (r *ring) resize(n int) {
	r.size.Store(int64(n))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.shrink(n)
}

func (r *ring) shrink(n int) {
	i := 0
	for ; i < len(r.frames) && r.used > n; i++ {
		r.used -= len(r.frames[i].Data) + frameCost
	}
	clear(r.frames[:i])
	if r.frames = r.frames[i:]; len(r.frames) == 0 {
		r.frames = nil
	}
}

func (r *ring) add(f *capture.Frame) {
	n := int(r.size.Load())
	r.mu.Lock()
	defer r.mu.Unlock()
	k := *f
	k.Data = slices.Clone(f.Data)
	r.frames = append(r.frames, k)
	r.used += len(k.Data) + frameCost
	r.shrink(n)
}

func (r *ring) view() pfs.RingStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return pfs.RingStatus{Size: int(r.size.Load()), Used: r.used, Frames: len(r.frames)}
}

// Export writes the capture ring as a pcap file with times in nanoseconds and
// says how many frames there are. Frames are cut behind their headers and the
// first bytes of a broadcast: no firmware is in it.
func (s *Server) Export(w io.Writer) (frames int, err error) {
	s.ring.mu.Lock()
	all := slices.Clone(s.ring.frames)
	s.ring.mu.Unlock()
	pw := pcapgo.NewWriterNanos(w)
	if err := pw.WriteFileHeader(1<<16, layers.LinkTypeEthernet); err != nil {
		return 0, fmt.Errorf("capture file: %w", err)
	}
	for _, f := range all {
		ci := gopacket.CaptureInfo{Timestamp: f.Time, CaptureLength: len(f.Data), Length: max(f.Length, len(f.Data))}
		if err := pw.WritePacket(ci, f.Data); err != nil {
			return 0, fmt.Errorf("capture file: %w", err)
		}
	}
	return len(all), nil
}
