package pfs

import (
	"net/netip"
	"time"

	"option150/platform/ether"
)

// Bounds and times of the connections that are followed.
const (
	maxFlows   = 2048 // in all
	maxOfPhone = 16   // of one phone that dialled, the oldest goes first
	maxChunks  = 32
	pause      = 100 * time.Millisecond // between two chunks
	tellEvery  = 2 * time.Second        // while a transfer goes on
	idleFlow   = 2 * time.Minute        // a silence that ends a connection
	bulk       = 512                    // bytes below which nobody sent "the bulk"
)

// flowKey names a connection, the lower address first.
type flowKey struct{ lo, hi netip.AddrPort }

func keyOf(p *Packet) (k flowKey, fromLo bool) {
	if p.Src.Compare(p.Dst) <= 0 {
		return flowKey{p.Src, p.Dst}, true
	}
	return flowKey{p.Dst, p.Src}, false
}

// flow is one connection between two phones, without its payload.
type flow struct {
	id         uint64
	key        flowKey
	mac        [2]ether.MAC // of lo and hi
	dir        [2]stream    // from lo, from hi
	caller     int          // 0, 1; -1 = the SYN was not seen
	start, end time.Time
	closed     [2]bool
	reset      bool
	chunks     []Chunk
	told       time.Time
	first      int // who sent the first frame
}

// add takes a segment of the flow; copies of a SPAN port count once.
func (f *flow) add(p *Packet, from int) (fresh int64, copied bool) {
	d := &f.dir[from]
	if p.Size > 0 || p.Flags&(syn|fin|rst) != 0 {
		if d.copied(p.mark()) {
			return 0, true
		}
	}
	seq := p.Seq
	if p.Flags&syn != 0 {
		if !d.begun {
			d.begun, d.base = true, seq+1
		}
		if p.Flags&ack == 0 && f.caller < 0 {
			f.caller = from
		}
		seq++
	}
	fresh = d.add(seq, p.Size)
	if p.Flags&fin != 0 {
		f.closed[from] = true
	}
	f.reset = f.reset || p.Flags&rst != 0
	if fresh > 0 {
		f.chunk(p.Time, fresh)
	}
	f.end = p.Time
	return fresh, false
}

// chunk notes bytes with the pauses between them. It does not tell the
// directions apart: the small messages of a child stay below what is compared.
func (f *flow) chunk(at time.Time, n int64) {
	if k := len(f.chunks); k > 0 && (at.Sub(f.chunks[k-1].End) < pause || k == maxChunks) {
		f.chunks[k-1].Bytes += n
		f.chunks[k-1].End = at
		return
	}
	f.chunks = append(f.chunks, Chunk{Bytes: n, Start: at, End: at})
}

// over reports that both sides have said all.
func (f *flow) over() bool { return f.reset || f.closed[0] && f.closed[1] }

// event tells how the connection stands. The parent is the side that sent the
// bulk, whoever called: the documents disagree on that. [sources/001, 002]
func (f *flow) event(ended, broken bool) Transfer {
	lo, loMissing := f.dir[0].unique()
	hi, hiMissing := f.dir[1].unique()
	e := Transfer{ID: f.id, A: f.mac[0], B: f.mac[1], Called: f.caller >= 0, Start: f.start, End: f.end,
		Missing: loMissing + hiMissing + f.dir[0].lost + f.dir[1].lost, Retransmitted: f.dir[0].again + f.dir[1].again,
		Chunks: append([]Chunk(nil), f.chunks...), Ended: ended, Broken: broken}
	if f.caller == 1 {
		e.A, e.B = e.B, e.A
	}
	switch {
	case lo >= bulk && lo >= 4*hi:
		e.Parent, e.Child, e.Bytes, e.Back = f.mac[0], f.mac[1], lo, hi
	case hi >= bulk && hi >= 4*lo:
		e.Parent, e.Child, e.Bytes, e.Back = f.mac[1], f.mac[0], hi, lo
	default:
		e.Bytes, e.Back = max(lo, hi), min(lo, hi)
	}
	return e
}
