package pfs

import (
	"hash/maphash"
	"net/netip"
	"time"

	"option150/platform/ether"
)

// Packet is what the tracker looks at of a frame.
type Packet struct {
	Time     time.Time
	Src, Dst netip.AddrPort
	SrcMAC   ether.MAC
	DstMAC   ether.MAC
	TCP      bool
	Flags    uint8  // of TCP, FIN 1, SYN 2, RST 4, ACK 16
	Seq      uint32 // of TCP
	ID       uint16 // of the IP header
	Size     int    // bytes of payload on the wire
	Payload  []byte // as much of it as was captured; not kept
}

// The flags of TCP the tracker looks at. [RFC 9293 3.1]
const (
	fin = 1
	syn = 2
	rst = 4
	ack = 16
)

// A SPAN port may deliver a frame when it enters and when it leaves the switch:
// the copy follows within a moment and is the same in its IP identification
// too, which a retransmission is not.
const (
	copyTime = 100 * time.Millisecond
	copies   = 8 // frames looked back
)

// mark tells one frame from another.
type mark struct {
	at   time.Time
	id   uint16
	size int
	sum  uint64
}

// recent are the last frames of one sender.
type recent struct {
	last [copies]mark
	next int
}

// copied reports that the frame is a copy of one just seen, and notes it.
func (r *recent) copied(m mark) bool {
	for _, o := range r.last {
		if o.id == m.id && o.size == m.size && o.sum == m.sum && !o.at.IsZero() && m.at.Sub(o.at).Abs() < copyTime {
			return true
		}
	}
	r.last[r.next%copies] = m
	r.next++
	return false
}

var seed = maphash.MakeSeed()

// sum is the same for two frames with the same content.
func (p *Packet) mark() mark {
	m := mark{at: p.Time, id: p.ID, size: p.Size}
	if p.TCP {
		m.sum = uint64(p.Seq)<<8 | uint64(p.Flags)
	} else {
		m.sum = maphash.Bytes(seed, p.Payload)
	}
	return m
}
