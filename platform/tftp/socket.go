package tftp

import (
	"errors"
	"net"
	"sync/atomic"
	"time"

	"option150/platform/listen"
)

// socket is a socket of ours: a door, where requests come in, or one of a pool,
// where transfers run. It implements listen.Server.
type socket struct {
	srv     *Server
	pool    atomic.Pointer[pool] // of a door: where its transfers run
	wire    atomic.Pointer[udpWire]
	port    atomic.Uint32
	drops   uint32                   // last value the kernel told; the reader's
	last    atomic.Pointer[transfer] // the one a packet came for last; it lives
	active  atomic.Int64             // transfers
	leaving atomic.Bool              // takes no new transfer
	idle    chan struct{}
}

// transientErrors is how many read errors in a row a socket may have, with
// pauses that add up to 0.7 s, before it is taken for dead.
const transientErrors = 16

func (s *Server) newSocket(listen.Want) *socket {
	return &socket{srv: s, idle: make(chan struct{}, 1)}
}

// attach makes w the wire answers leave by.
func (k *socket) attach(w *udpWire) {
	k.port.Store(uint32(w.port))
	k.wire.Store(w)
}

func (k *socket) alive() bool { return k.wire.Load() != nil && !k.leaving.Load() }

// Serve implements listen.Server: it takes packets until the socket dies.
func (k *socket) Serve(w *udpWire) error {
	k.attach(w)
	k.drops = 0
	var err error
	if w.closed != nil {
		err = k.srv.hub.serve(k, w)
	} else {
		err = k.read(w)
	}
	k.wire.Store(nil)
	k.srv.endOn(k, "the socket failed") // the clients begin anew: they know a port that is no more
	return err
}

// doorBatch is how many requests are read at a time: a branch that gets its
// power back asks all at once.
const doorBatch = 32

func (k *socket) read(w *udpWire) error {
	in := newInbox(doorBatch)
	for bad := 0; ; {
		n, err := w.read(in)
		if err != nil {
			if bad++; bad > transientErrors || errors.Is(err, net.ErrClosed) {
				return err
			}
			time.Sleep(time.Duration(bad) * 5 * time.Millisecond)
			continue
		}
		bad = 0
		k.take(in.got[:n])
		k.srv.breathe()
	}
}

// breathe lets look-ups come to their end before more is read: the kernel keeps
// what a branch asks at once better than a thousand goroutines do. If they wait
// for something themselves the door goes on.
func (s *Server) breathe() {
	for i := 0; s.lookups.Load() > int64(s.tune.MaxLookups/4) && i < breaths; i++ {
		time.Sleep(time.Millisecond)
	}
}

// breaths is how many milliseconds the door waits between two reads.
const breaths = 20

func (k *socket) take(batch []datagram) {
	for len(batch) > 0 {
		k.srv.contain("a packet", func() { // one for all: after a panic the rest goes on
			for len(batch) > 0 {
				d := &batch[0]
				batch = batch[1:]
				k.handle(d, k.srv.now())
			}
		})
	}
}

func (k *socket) handle(d *datagram, now time.Duration) {
	s := k.srv
	if s.tracing.Load() {
		s.rec.Record(Packet{Client: d.peer, Received: true, Octets: len(d.payload), What: describe(d.payload)})
	}
	t := k.last.Load()
	if t == nil || t.key.peer != d.peer || t.key.local != d.local {
		t = nil
	}
	var sh *shard
	if t != nil { // mostly: there are more sockets than clients
		sh = t.shard
	} else {
		sh = s.shard(d.peer)
	}
	if d.drops != 0 && d.drops != k.drops { // the counter of the kernel wraps
		sh.lost(d.drops - k.drops)
		k.drops = d.drops
	}
	if op := opcode(d.payload); op == opRRQ || op == opWRQ {
		if p := k.pool.Load(); p != nil {
			k.request(sh, p, d, now)
			return
		}
	}
	sh.packet(k, t, d, now)
}

// request takes a read or write request at a door.
func (k *socket) request(sh *shard, p *pool, d *datagram, now time.Duration) {
	r, err := parseRequest(d.payload)
	sh.mu.Lock()
	defer sh.unlock()
	switch {
	case d.broadcast: // [RFC 1123 4.2.3.5]
		sh.tally.broadcasts++
	case err != nil:
		sh.tally.malformed++
		sh.refuse(k, d, replyIllegal, now)
	case r.write:
		sh.tally.writes++
		sh.refuse(k, d, replyDenied, now)
	default:
		sh.request(p, d, r, uint16(k.port.Load()), now)
	}
}

// Leave implements listen.Server. A door is closed at once; a socket of the
// pool when its transfers have ended or their grace is over.
func (k *socket) Leave(closing func()) {
	s := k.srv
	k.leaving.Store(true)
	door := k.pool.Load() != nil
	if door {
		s.endOn(k, "the service was stopped")
	}
	if door || k.active.Load() == 0 {
		closing()
		return
	}
	grace := s.grace()
	s.draining.Add(1)
	s.group.Go(func() error {
		defer s.draining.Add(-1)
		defer closing()
		over := time.NewTimer(grace)
		defer over.Stop()
		for k.active.Load() > 0 && k.wire.Load() != nil {
			select {
			case <-k.idle:
				continue
			case <-over.C:
			case <-s.ctx.Done():
			}
			break
		}
		s.endOn(k, "the service was stopped")
		return nil
	})
}

// left is the end of a transfer on the socket.
func (k *socket) left() {
	if k.active.Add(-1) > 0 || !k.leaving.Load() {
		return
	}
	select {
	case k.idle <- struct{}{}:
	default:
	}
}
