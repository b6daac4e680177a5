package tftp

import (
	"context"
	"errors"
	"net"
	"time"

	"option150/platform/listen"
)

// socket keeps one shard supplied with a socket: it reads, and when the socket
// dies it says so and opens another one with growing pauses.
type socket struct {
	srv       *Server
	shard     *shard
	endpoint  listen.Endpoint
	onRequest func(d *datagram, now time.Duration) // nil: requests are strays here
	reopen    func(context.Context) (wire, uint16, error)
	failed    error      // why it begins without a socket
	once      bool       // the first failure is the end
	ended     chan error // gets what serving ended with
}

// transientErrors is how many read errors in a row a socket may have, with
// pauses that add up to 0.7 s, before it is taken for dead.
const transientErrors = 16

func newSocket(s *Server, e listen.Endpoint, w wire, port uint16) *socket {
	return &socket{srv: s, shard: newShard(s, w, port), endpoint: e, ended: make(chan error, 1)}
}

// start begins to serve. Server.mu is held.
func (k *socket) start() {
	s := k.srv
	s.shards = append(s.shards, k.shard)
	s.wg.Go(k.run)
	s.wg.Go(k.shard.keepTime)
}

// abandon closes a socket that was never started.
func (k *socket) abandon() {
	k.shard.mu.Lock()
	defer k.shard.mu.Unlock()
	if k.shard.wire != nil {
		_ = k.shard.wire.close()
		k.shard.wire = nil
	}
}

// close ends the socket and every transfer on it. It does not wait.
func (k *socket) close() {
	k.shard.close("the service was stopped")
	k.srv.forget(k)
}

func (k *socket) run() {
	if k.failed != nil && !k.restore(k.failed) {
		k.ended <- nil
		return
	}
	for {
		err := k.read()
		if err == nil || k.once {
			k.srv.fault(k, err, time.Time{})
			k.shard.close("the socket failed")
			k.ended <- err
			return
		}
		k.shard.lose("the socket failed")
		if !k.restore(err) {
			k.ended <- nil
			return
		}
	}
}

// restore opens the socket again. It reports false when the socket was closed
// on purpose meanwhile.
func (k *socket) restore(err error) bool {
	s := k.srv
	for wait := s.retryMin; ; wait = min(2*wait, s.retryMax) {
		s.fault(k, err, time.Now().Add(wait))
		select {
		case <-time.After(wait):
		case <-k.shard.stop:
			return false
		}
		var w wire
		var port uint16
		if w, port, err = k.reopen(s.ctx); err == nil {
			if !k.shard.revive(w, port) {
				_ = w.close()
				return false
			}
			s.recovered(k)
			return true
		}
	}
}

// read takes packets until the socket dies, or returns nil when it was closed
// on purpose.
func (k *socket) read() error {
	sh := k.shard
	sh.mu.Lock()
	w := sh.wire
	sh.mu.Unlock()
	if w == nil {
		return nil
	}
	batch := make([]datagram, 1)
	for bad := 0; ; {
		n, err := w.read(batch)
		if err != nil {
			select {
			case <-sh.stop:
				return nil
			default:
			}
			if bad++; bad > transientErrors || errors.Is(err, net.ErrClosed) {
				return err
			}
			time.Sleep(time.Duration(bad) * 5 * time.Millisecond)
			continue
		}
		bad = 0
		now := k.srv.now()
		for i := range batch[:n] {
			k.srv.contain("a packet", func() { k.handle(&batch[i], now) })
		}
	}
}

func (k *socket) handle(d *datagram, now time.Duration) {
	if k.srv.tracing.Load() {
		k.srv.rec.Record(Packet{Client: d.peer, Received: true, Octets: len(d.payload), What: describe(d.payload)})
	}
	if op := opcode(d.payload); k.onRequest != nil && (op == opRRQ || op == opWRQ) {
		k.onRequest(d, now)
		return
	}
	k.shard.packet(d, now)
}

// close ends the shard: transfers, timers and socket.
func (sh *shard) close(why string) {
	if w := sh.writer.Load(); w != nil {
		w.hurry(50 * time.Millisecond) // whoever holds the lock lets go of it soon
	}
	sh.mu.Lock()
	if sh.closed {
		sh.mu.Unlock()
		return
	}
	sh.closed = true
	sh.alive.Store(false)
	close(sh.stop)
	sh.endAll(why)
	w := sh.wire
	if w != nil {
		sh.out.flush(w)
		sh.wire = nil
	}
	sh.unlock()
	if w != nil {
		_ = w.close()
	}
}

// lose ends the transfers of a shard whose socket has died; the clients begin
// anew, their side of the transfer knows a port that is no more.
func (sh *shard) lose(why string) {
	sh.alive.Store(false)
	sh.mu.Lock()
	defer sh.unlock()
	if sh.wire != nil {
		_ = sh.wire.close()
		sh.wire = nil
	}
	sh.out.list, sh.out.buf = sh.out.list[:0], sh.out.buf[:0]
	sh.endAll(why)
	sh.tally.queueDropsSeen = 0
}

// revive gives the shard a new socket, unless it was closed.
func (sh *shard) revive(w wire, port uint16) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.closed {
		return false
	}
	sh.wire = w
	sh.writer.Store(&writer{w})
	sh.port.Store(uint32(port))
	sh.alive.Store(true)
	return true
}

func localPort(c *net.UDPConn) uint16 { return c.LocalAddr().(*net.UDPAddr).AddrPort().Port() }
