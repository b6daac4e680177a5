package pfs

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	"option150/platform/ether"
)

// The rhythm of a claim: the first broadcast and four repetitions, 250 ms
// apart. [sources/002, the times of its log]
const (
	rhythmLow  = 200 * time.Millisecond
	rhythmHigh = 300 * time.Millisecond
	burstGap   = 1500 * time.Millisecond // a silence that ends a burst
	headBytes  = 256                     // of the payload that are compared
	headShown  = 32
	minString  = 4
	maxStrings = 128
)

// burst is a run of broadcasts of one phone.
type burst struct {
	e    Broadcast
	head []byte // of the first frame
	same []bool // positions that are the same in all frames
	recent
}

func newBurst(mac ether.MAC, addr netip.Addr, ifname string, at time.Time) *burst {
	return &burst{e: Broadcast{MAC: mac, Addr: addr, Interface: ifname, First: at, Last: at}}
}

// frame adds a frame and reports whether something worth telling is new.
func (b *burst) frame(p *Packet) bool {
	b.e.Frames++
	if gap := p.Time.Sub(b.e.Last); b.e.Frames > 1 && gap >= rhythmLow && gap <= rhythmHigh {
		b.e.Rhythm++
	}
	b.e.Last = p.Time
	h := p.Payload[:min(len(p.Payload), headBytes)]
	if b.e.Frames == 1 {
		b.head = append([]byte(nil), h...)
		b.same = make([]bool, len(h))
		for i := range b.same {
			b.same[i] = true
		}
		b.e.Length = p.Size
		b.e.Head = hex.EncodeToString(h[:min(len(h), headShown)])
		b.e.Strings = printable(h)
	} else {
		if b.e.Length != p.Size {
			b.e.Length = 0
		}
		for i := range b.same {
			b.same[i] = b.same[i] && i < len(h) && h[i] == b.head[i]
		}
	}
	b.e.Constant = 0
	for _, s := range b.same {
		if s {
			b.e.Constant++
		}
	}
	return b.e.Frames == 1 || b.e.Frames == 3
}

// printable are the runs of at least four printable characters, quoted as
// seen: they may be a model or a load, and nobody knows that they are.
func printable(b []byte) string {
	var w strings.Builder
	begin := -1
	for i := 0; i <= len(b); i++ {
		if i < len(b) && b[i] > ' ' && b[i] < 0x7f {
			if begin < 0 {
				begin = i
			}
			continue
		}
		if begin >= 0 && i-begin >= minString {
			if w.Len() > 0 {
				w.WriteByte(' ')
			}
			w.Write(b[begin:i])
		}
		begin = -1
	}
	s := w.String()
	return s[:min(len(s), maxStrings)]
}
