package tftp

import (
	"context"
	"errors"
	"hash/maphash"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/fileserver"
)

// lookupTime bounds a lookup: the search at other servers has 4 s, the queue
// for a place 2 s.
const lookupTime = 10 * time.Second

// shard is one socket with the transfers that run on it. Sending happens with
// the lock held, so packets of a transfer keep their order; what calls other
// packages (the journal, File.Finish) waits until the lock is free.
type shard struct {
	srv   *Server
	port  atomic.Uint32 // UDP port of the socket
	alive atomic.Bool
	// writer is wire for those who do not hold the lock.
	writer atomic.Pointer[writer]

	mu       sync.Mutex
	wire     wire // nil while the socket is dead
	table    map[key]*transfer
	timers   timerHeap
	armed    time.Duration // when the timer goroutine wakes by itself
	wake     chan struct{}
	stop     chan struct{} // closed with the shard
	out      outbox
	after    []func()
	recent   recent
	tally    tally
	draining bool
	drained  chan struct{} // closed when draining and empty
	closed   bool
}

type writer struct{ wire }

func newShard(s *Server, w wire, port uint16) *shard {
	sh := &shard{srv: s, wire: w, table: map[key]*transfer{}, wake: make(chan struct{}, 1),
		stop: make(chan struct{}), drained: make(chan struct{})}
	sh.port.Store(uint32(port))
	if w != nil {
		sh.writer.Store(&writer{w})
		sh.alive.Store(true)
	}
	return sh
}

// unlock sends what was gathered, frees the lock and then does what waited.
func (sh *shard) unlock() {
	if sh.wire != nil {
		sh.out.flush(sh.wire)
	}
	after := sh.after
	sh.after = nil
	if sh.draining && len(sh.table) == 0 {
		select {
		case <-sh.drained:
		default:
			close(sh.drained)
		}
	}
	sh.mu.Unlock()
	for _, f := range after {
		f()
	}
}

// later has f called when the lock is free.
func (sh *shard) later(f func()) { sh.after = append(sh.after, f) }

// request takes a read request for this shard that came in at the port asked.
func (sh *shard) request(d *datagram, r request, asked uint16, now time.Duration) {
	k := key{d.peer, d.local}
	hash := maphash.Bytes(sh.srv.seed, d.payload)
	sh.mu.Lock()
	defer sh.unlock()
	if sh.wire == nil || sh.draining {
		return // the client asks again
	}
	if old := sh.table[k]; old != nil {
		if old.hash == hash && sh.folded(old, now) {
			sh.tally.duplicateRequests++
			return
		}
		sh.replace(old)
	}
	sh.admit(k, d.ifindex, r, hash, asked, now)
}

// replace ends the transfer of a client that asks for another file. It may do
// so right after its last acknowledgement, which comes on another socket and
// may not have been read yet; a client that has not got everything does not.
func (sh *shard) replace(old *transfer) {
	if old.file != nil && old.snd.allSent() {
		sh.end(old, processed, "the last acknowledgement is missing")
		return
	}
	sh.end(old, aborted, "replaced by a new request from the same port")
}

// folded reports whether a repeated request belongs to old, and repeats the
// answer if the client may have missed it.
func (sh *shard) folded(old *transfer, now time.Duration) bool {
	switch {
	case old.file == nil:
		return true // still looking
	case !old.snd.validated:
		if old.snd.repeat(now) {
			sh.pump(old, now)
		}
		return true
	}
	if !old.snd.late(now) {
		return false
	}
	// Either a late copy, or a client that wants the same file again and whose
	// last acknowledgement we have not read yet. That one will tell.
	old.again = old.again || old.snd.allSent()
	return true
}

// admit starts the lookup of a new request, within the limits.
func (sh *shard) admit(k key, ifindex int, r request, hash uint64, asked uint16, now time.Duration) {
	s := sh.srv
	set := *s.settings.Load()
	control := replyControl(k.local, ifindex)
	if s.lookups.Add(1) > int64(set.MaxLookups) {
		s.lookups.Add(-1)
		sh.tally.dropped++
		s.requests.refuse(overflow)
		return
	}
	options := r.optionNames()
	c, known, ok := s.clients.acquire(k.peer.Addr(), options, set.MaxPerClient, set.MaxTransfers)
	if !ok {
		s.lookups.Add(-1)
		s.requests.refuse(overflow)
		sh.reply(k.peer, control, replyBusy)
		return
	}
	dev := s.devices.get(ifindex, now)
	ctx, cancel := context.WithTimeout(s.ctx, lookupTime)
	t := &transfer{key: k, id: s.lastID.Add(1), hash: hash, req: r, ifname: dev.name,
		asked:    netip.AddrPortFrom(k.local, asked),
		maxBlock: min(dev.largestBlock(k.peer.Addr().Is6()), set.MaxBlockSize),
		settings: set, control: control, ifindex: ifindex, client: c, known: known, began: now, cancel: cancel, place: -1}
	sh.table[k] = t
	s.requests.begin()
	s.wg.Add(1)
	port := uint16(sh.port.Load())
	sh.later(func() {
		s.rec.Record(Request{Client: k.peer, Local: k.local, Interface: t.ifname, ID: t.id, Port: port,
			Name: r.name, Mode: r.mode, Options: options})
		go sh.lookup(ctx, t, port)
	})
}

// lookup asks the Opener and starts the transfer. It has a goroutine of its
// own, of which there are at most Settings.MaxLookups.
func (sh *shard) lookup(ctx context.Context, t *transfer, port uint16) {
	s := sh.srv
	defer s.wg.Done()
	defer s.lookups.Add(-1)
	defer t.cancel()
	f, err := s.open(ctx, fileserver.Request{Transport: fileserver.TFTP, Client: t.key.peer, Local: t.asked, Name: t.req.name})
	if err == nil {
		s.rec.Record(Opened{Client: t.key.peer, ID: t.id, Port: port, File: f.Name, Size: f.Size})
	}
	sh.mu.Lock()
	defer sh.unlock()
	switch {
	case t.gone:
		if err == nil {
			sh.later(func() {
				s.rec.Record(Finished{Client: t.key.peer, ID: t.id, Port: port, File: f.Name, Why: t.why})
				s.finish(f, fileserver.Result{Why: t.why})
			})
		}
	case err != nil:
		answer, class, send := answerTo(err)
		if send {
			sh.reply(t.key.peer, t.control, answer)
		}
		if errors.Is(err, fileserver.ErrDenied) {
			sh.tally.denied++
		}
		sh.end(t, class, answer.text)
	default:
		now := s.now()
		t.open(f, now)
		sh.pump(t, now)
	}
}

// end takes t out of the shard and counts it; the file is given back as soon
// as the lock is free.
func (sh *shard) end(t *transfer, class outcome, why string) {
	s := sh.srv
	t.gone, t.why = true, why
	t.cancel()
	delete(sh.table, t.key)
	sh.timers.drop(t)
	now := s.now()
	sh.recent.add(t.key, now)
	s.requests.end(class)
	s.clients.release(t.client, t.snd.rtt)
	if t.file == nil {
		return
	}
	f, port := t.file, uint16(sh.port.Load())
	result := t.result(class == processed)
	e := Finished{Client: t.key.peer, ID: t.id, Port: port, File: f.Name, Bytes: result.Bytes,
		Duration: now - t.began, BlockSize: t.agreed.blockSize, Window: t.agreed.window,
		Packets: t.snd.packets, Retransmits: result.Retransmits, RTT: t.snd.rtt.smoothed,
		Complete: result.Complete, Why: why}
	sh.later(func() {
		s.rec.Record(e)
		s.finish(f, result)
	})
}

// endAll ends everything on the shard and tells the clients to ask again.
func (sh *shard) endAll(why string) {
	for _, t := range sh.table {
		sh.reply(t.key.peer, t.control, replyBusy)
		sh.end(t, aborted, why)
	}
}

// recent remembers the clients whose transfers ended last: their late packets
// are no reason for an ERROR, which could reach the next transfer of the port.
type recent struct {
	at   [128]time.Duration
	keys [128]key
	next int
}

const recentTime = 10 * time.Second

func (r *recent) add(k key, now time.Duration) {
	r.keys[r.next], r.at[r.next] = k, now
	r.next = (r.next + 1) % len(r.keys)
}

func (r *recent) has(k key, now time.Duration) bool {
	for i := range r.keys {
		if r.keys[i] == k && now-r.at[i] < recentTime {
			return true
		}
	}
	return false
}
