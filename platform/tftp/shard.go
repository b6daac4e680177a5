package tftp

import (
	"container/list"
	"context"
	"errors"
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"option150/platform/fileserver"
)

// lookupTime bounds a lookup: the search at other servers has 4 s, the queue
// for a place 2 s.
const lookupTime = 10 * time.Second

// shard is a part of the table of transfers: those of the clients whose hash
// falls on it. Sending happens with the lock held, so packets of a transfer
// keep their order; what calls other packages (the journal, File.Finish) waits
// until the lock is free.
type shard struct {
	srv *Server

	mu      sync.Mutex
	table   map[key]*transfer
	unheard list.List // of *transfer nobody has acknowledged yet, the oldest in front
	timers  timerHeap
	out     outbox
	after   []func()
	recent  recent
	tally   tally
}

func newShard(s *Server) *shard {
	return &shard{srv: s, table: map[key]*transfer{}}
}

// unlock sends what was gathered, frees the lock and then does what waited.
func (sh *shard) unlock() {
	sh.out.flush()
	after := sh.after
	sh.after = nil
	sh.mu.Unlock()
	for _, f := range after {
		f()
	}
}

// lost counts packets the kernel had no room for.
func (sh *shard) lost(n uint32) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.tally.queueDrops += uint64(n)
}

// later has f called when the lock is free.
func (sh *shard) later(f func()) { sh.after = append(sh.after, f) }

// request takes a read request that came in at the port asked. The lock is
// held.
func (sh *shard) request(p *pool, d *datagram, r request, asked uint16, now time.Duration) {
	k := key{d.peer, d.local}
	hash := maphash.Bytes(sh.srv.seed, d.payload)
	if old := sh.table[k]; old != nil {
		if old.hash == hash && sh.folded(old, now) {
			sh.tally.duplicateRequests++
			return
		}
		sh.replace(old)
	}
	if sock := p.pick(d.peer); sock != nil { // else the client asks again
		sh.admit(k, sock, p.windows, d.ifindex, r, hash, asked, now)
	}
}

// replace ends the transfer of a client that asks for another file. It may do
// so right after its last acknowledgement, which comes on another socket and
// may not have been read yet; a client that has not got everything does not.
func (sh *shard) replace(old *transfer) {
	if old.file != nil && (old.snd.lastUnsure() || old.snd.overtaken()) {
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

// admit starts the lookup of a new request, within the limits. It holds no
// place of anybody until its client has acknowledged something: the address may
// be forged.
func (sh *shard) admit(k key, sock *socket, windows bool, ifindex int, r request, hash uint64, asked uint16, now time.Duration) {
	s := sh.srv
	control := replyControl(k.local, ifindex)
	if s.lookups.Add(1) > int64(s.tune.MaxLookups) {
		s.lookups.Add(-1)
		sh.tally.dropped++
		s.requests.refuse(overflow)
		return
	}
	options := r.optionNames()
	c, known, ok := s.clients.meet(k.peer.Addr(), options, s.share(k.peer.Addr()), s.tune.MaxTransfers)
	if !ok {
		s.lookups.Add(-1)
		s.requests.refuse(overflow)
		sh.reply(sock, k.peer, control, replyBusy)
		return
	}
	dev := s.devices.get(ifindex, now)
	ctx, cancel := context.WithTimeout(s.ctx, lookupTime)
	t := &transfer{key: k, shard: sh, sock: sock, id: s.lastID.Add(1), hash: hash, req: r, ifname: dev.name, windows: windows,
		asked:    netip.AddrPortFrom(k.local, asked),
		maxBlock: min(dev.largestBlock(k.peer.Addr().Is6()), s.tune.MaxBlockSize),
		control:  control, ifindex: ifindex, client: c, known: known, began: now, cancel: cancel, place: -1}
	if w := sock.wire.Load(); w != nil && k.peer.Addr().Is6() {
		_ = w.tellSix() // of a socket that is closed: the client begins anew
	}
	sh.table[k] = t
	t.waits = sh.unheard.PushBack(t)
	sock.active.Add(1)
	s.requests.begin()
	port := uint16(sock.port.Load())
	sh.later(func() {
		s.rec.Record(Request{Client: k.peer, Local: k.local, Interface: t.ifname, ID: t.id, Port: port,
			Name: r.name, Mode: r.mode, Options: options})
		s.group.Go(func() error { sh.lookup(ctx, t, port); return nil })
	})
	// The table is one; a shard gives way when it has more than its part of it.
	if s.unheard.Add(1) > int64(s.tune.MaxUnheard) && sh.unheard.Len() > max(1, s.tune.MaxUnheard/len(s.shards)) {
		sh.end(sh.unheard.Front().Value.(*transfer), aborted, "too many requests that nobody acknowledges")
	}
}

// lookup asks the Opener and starts the transfer. It has a goroutine of its
// own, of which there are at most Settings.MaxLookups.
func (sh *shard) lookup(ctx context.Context, t *transfer, port uint16) {
	s := sh.srv
	defer s.lookups.Add(-1)
	defer t.cancel()
	f, err := s.open(ctx, fileserver.Request{Transport: fileserver.TFTP, Client: t.key.peer, Local: t.asked, Name: t.req.name, BlockSize: t.req.blockSize()})
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
			sh.reply(t.sock, t.key.peer, t.control, answer)
		}
		if errors.Is(err, fileserver.ErrDenied) {
			sh.tally.denied++
		}
		sh.end(t, class, answer.text)
	default:
		now := s.now()
		f.Yield() // until somebody has acknowledged something
		t.open(f, &s.tune, now)
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
	t.sock.last.CompareAndSwap(t, nil)
	t.sock.left()
	if t.waits != nil {
		sh.hear(t)
	}
	s.clients.release(t.client, t.snd.rtt, t.counted, t.snd.packets, t.snd.retransmits)
	if t.file == nil {
		return
	}
	f, port := t.file, uint16(t.sock.port.Load())
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

// endOn ends everything on a socket and tells the clients to ask again.
func (sh *shard) endOn(k *socket, why string) {
	sh.mu.Lock()
	defer sh.unlock()
	for _, t := range sh.table {
		if t.sock == k {
			sh.reply(k, t.key.peer, t.control, replyBusy)
			sh.end(t, aborted, why)
		}
	}
}

// heard is called when a client has acknowledged something for the first time:
// its address is its own, and it takes a place. Where there is none at the
// moment the transfer waits, as a new request does; over says that it has ended
// with this.
func (sh *shard) heard(t *transfer, over bool) {
	s := sh.srv
	sh.hear(t)
	t.counted = s.clients.begin(t.client, s.share(t.key.peer.Addr()), s.tune.MaxTransfers)
	switch {
	case over:
		return
	case !t.counted:
		sh.reply(t.sock, t.key.peer, t.control, replyBusy)
		sh.end(t, overflow, "too many transfers of one client, or in all")
		return
	default:
		sh.place(t)
	}
}

// hear takes t out of those nobody has acknowledged.
func (sh *shard) hear(t *transfer) {
	sh.unheard.Remove(t.waits)
	t.waits = nil
	sh.srv.unheard.Add(-1)
}

// place takes a place of the serving count for t, which waits until there is
// one. It does so as a value among others: a branch that gets its power back is
// a thousand who wait.
func (sh *shard) place(t *transfer) {
	has, err := t.file.Await(func() { sh.srv.hub.resume(t) })
	switch {
	case err != nil:
		sh.busy(t)
	case !has:
		t.paused, t.until = true, sh.srv.now()+fileserver.QueueTime
	}
}

// resumed is called when there is a place for t, or when it has waited for too
// long.
func (sh *shard) resumed(t *transfer, now time.Duration) {
	switch {
	case t.gone || !t.paused:
	case t.file.Claim():
		t.paused = false
		t.snd.moved, t.snd.deadline = now, now+t.snd.rto()
		sh.pump(t, now)
	case now >= t.until:
		sh.busy(t)
	}
}

// busy ends a transfer for which there is no place: the client asks again.
func (sh *shard) busy(t *transfer) {
	sh.reply(t.sock, t.key.peer, t.control, replyBusy)
	sh.end(t, overflow, replyBusy.text)
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
