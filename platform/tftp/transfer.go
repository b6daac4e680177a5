package tftp

import (
	"container/list"
	"context"
	"net/netip"
	"os"
	"time"

	"option150/platform/fileserver"
)

// key names a transfer on a shard: the two ends of RFC 1350, where the port of
// ours is the shard itself.
type key struct {
	peer  netip.AddrPort
	local netip.Addr
}

// transfer is one request, from its lookup to its end. All of it belongs to
// the shard and its lock; the constants set at birth may be read by the lookup.
type transfer struct {
	key      key
	shard    *shard
	sock     *socket
	id       uint32
	hash     uint64 // of the request packet, to know a repeated one
	req      request
	ifname   string
	asked    netip.AddrPort // the address and port of ours the request came to
	maxBlock int
	windows  bool   // the ports are enough for windowsize
	control  []byte // makes answers leave from key.local
	ifindex  int
	client   *client
	known    known
	began    time.Duration

	cancel  context.CancelFunc // of the lookup
	again   bool               // the client asked for the same once more when all was sent
	waits   *list.Element      // among those nobody has acknowledged yet
	counted bool               // as a transfer of its client
	paused  bool               // waits for a place of the serving count
	until   time.Duration      // and at most so long
	wrong   int                // packets from its address and port to other sockets
	gone    bool               // ended; a lookup that comes back gives its file back
	why     string             // it ended

	file   *fileserver.File    // nil while looking
	coming fileserver.Arriving // the file, while it is fetched from elsewhere; nil = it is here
	dry    bool                // the next block has not come yet
	disk   bool                // the file is read from disk
	agreed agreed
	snd    sender

	queued time.Duration // place in the timer heap
	place  int           // -1 = not in it
}

// onDisk is a content that is a file: *flash.Shared.
type onDisk interface{ Positioned() (*os.File, int64) }

// open turns a looked-up transfer into a running one.
func (t *transfer) open(f *fileserver.File, set *settings, now time.Duration) {
	t.file = f
	switch f.Content.(type) {
	case onDisk, *os.File:
		t.disk = true
	}
	t.coming, _ = f.Content.(fileserver.Arriving)
	window := set.MaxWindow
	if !t.windows {
		window = 1
	}
	t.agreed = negotiate(t.req, f.Size, t.maxBlock, window)
	var src source = newOctets(f.Content, f.Size, t.agreed.blockSize)
	if t.req.mode == Netascii {
		src = newNetascii(f.Content, f.Size, t.agreed.window)
	}
	t.snd = newSender(now, src, t.agreed, set.timeouts(), set.patience(), t.known)
}

// result is what the file server is told at the end.
func (t *transfer) result(complete bool) fileserver.Result {
	r := fileserver.Result{Bytes: t.snd.acked, Complete: complete, Why: t.why,
		Retransmits: t.snd.retransmits, BlockSize: t.agreed.blockSize}
	if complete {
		r.Bytes = t.snd.sent
	}
	return r
}

// Session is a live transfer, for `show tftp-server sessions`.
type Session struct {
	Client      netip.AddrPort
	Local       netip.Addr
	Port        uint16 // our side
	Interface   string
	Name        string // as asked
	File        string // as served; "" while it is looked up
	Route       string
	Mode        Mode
	Looking     bool // the lookup is not over
	Size        int64
	Bytes       int64   // acknowledged
	Percent     int     // of Size; in netascii of an estimate, at most 100
	Rate        float64 // KB (1000 octets) per second since the start
	BlockSize   int
	Window      int
	RTT         time.Duration // smoothed; 0 = not measured
	RTO         time.Duration // the time-out in force
	Retransmits int
	Age         time.Duration
	Idle        time.Duration // since the last progress
}

func (t *transfer) session(now time.Duration) Session {
	s := Session{Client: t.key.peer, Local: t.key.local, Port: uint16(t.sock.port.Load()), Interface: t.ifname,
		Name: shown(t.req.name), Mode: t.req.mode, Looking: t.file == nil, Age: now - t.began, Idle: now - t.began}
	if t.file == nil {
		return s
	}
	s.File, s.Route, s.Size = shown(t.file.Name), t.file.Route, t.file.Size
	s.Bytes = t.snd.acked
	if s.Size > 0 {
		s.Percent = int(min(100, s.Bytes*100/s.Size))
	}
	if s.Age > 0 {
		s.Rate = float64(s.Bytes) / 1000 / s.Age.Seconds()
	}
	s.BlockSize, s.Window = t.agreed.blockSize, t.agreed.window
	s.RTT, s.RTO = t.snd.rtt.smoothed, t.snd.rto()
	s.Retransmits, s.Idle = t.snd.retransmits, now-t.snd.moved
	return s
}
