package tftp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"
)

var errPanic = errors.New("the file failed")

// packet takes what is not a request: acknowledgements, errors, and whatever
// else arrives at a socket of ours. t is the transfer it belongs to, if that
// was seen already.
func (sh *shard) packet(k *socket, t *transfer, d *datagram, now time.Duration) {
	op := opcode(d.payload)
	sh.mu.Lock()
	defer sh.unlock()
	if t == nil || t.gone {
		if t = sh.table[key{d.peer, d.local}]; t != nil && t.sock == k {
			k.last.Store(t)
		}
	}
	switch {
	case t == nil:
		sh.stray(k, d, op, now)
	case t.sock != k:
		sh.stray(k, d, op, now)
		if t.wrong++; t.wrong >= maxWrong {
			sh.end(t, aborted, "packets of the client to ports that are not the one of its transfer")
		}
	case op == opACK && len(d.payload) >= headerSize:
		if t.file != nil {
			sh.ack(t, binary.BigEndian.Uint16(d.payload[2:]), now)
		}
	case op == opERROR:
		code, _ := parseError(d.payload)
		sh.end(t, aborted, fmt.Sprintf("the client sent error %d", code))
	default:
		sh.tally.malformed++
	}
}

// maxWrong is how many packets may go from the address and port of a transfer
// to other sockets of ours: a client knows its port, a forger tries them.
const maxWrong = 8

func (sh *shard) ack(t *transfer, number uint16, now time.Duration) {
	before := t.snd.base
	v := t.snd.ack(now, number)
	sh.tally.segmentsAcked += t.snd.base - before
	if t.waits != nil && t.snd.validated {
		if sh.heard(t, v == done); t.gone {
			return
		}
	}
	switch v {
	case duplicate:
		sh.tally.duplicateAcks++
	case progress, resend:
		sh.pump(t, now)
	case done:
		sh.end(t, processed, "")
		if t.again && t.sock.alive() {
			sh.admit(t.key, t.sock, t.windows, t.ifindex, t.req, t.hash, t.asked.Port(), now)
		}
	}
}

// pump sends what the transfer has to send now and sets its timer.
func (sh *shard) pump(t *transfer, now time.Duration) {
	w := t.sock.wire.Load()
	for w != nil && !t.paused && t.snd.more() && sh.arrived(t) {
		again := t.snd.retransmits
		p, err := sh.emit(t, now)
		if err != nil {
			sh.tally.readErrors++
			sh.reply(t.sock, t.key.peer, t.control, replyReadError)
			sh.end(t, aborted, "read error: "+err.Error())
			return
		}
		sh.out.add(w, p, t.control, t.key.peer)
		sh.tally.retransmits += uint64(t.snd.retransmits - again)
		if opcode(p) == opDATA {
			sh.tally.segmentsSent++
			sh.tally.bytesSent += uint64(len(p) - headerSize)
			if t.disk {
				sh.tally.segmentsFromDisk++
			}
		}
		sh.trace(t.key.peer, p, false)
	}
	if t.waits == nil && t.snd.allSent() {
		t.file.Yield() // only an acknowledgement is missing: the place is for one who has more to do
	}
	sh.timers.schedule(t)
	sh.arm()
}

// emit contains a panic of the file's Content.
func (sh *shard) emit(t *transfer, now time.Duration) (p []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			sh.srv.panics.Add(1) // before the ERROR leaves, like every count
			sh.later(func() { sh.srv.report("reading "+shown(t.req.name), v) })
			err = errPanic
		}
	}()
	return t.snd.emit(now, sh.out.room(t.snd.need()))
}

// reply sends an ERROR from the socket k.
func (sh *shard) reply(k *socket, peer netip.AddrPort, control []byte, e wireError) {
	w := k.wire.Load()
	if w == nil {
		return
	}
	p := appendError(sh.out.room(64), e)
	sh.out.add(w, p, control, peer)
	sh.trace(peer, p, false)
	port := uint16(k.port.Load())
	sh.later(func() { sh.srv.rec.Record(ErrorSent{Client: peer, Port: port, Code: e.code, Text: e.text}) })
}

// stray answers a packet that belongs to no transfer on its socket. An ERROR is
// never answered, nor is the echo of a transfer that has just ended.
func (sh *shard) stray(k *socket, d *datagram, op uint16, now time.Duration) {
	switch op {
	case opERROR:
		return
	case opRRQ, opWRQ, opDATA, opACK:
		if sh.recent.has(key{d.peer, d.local}, now) {
			return
		}
		sh.tally.unknownTID++
		sh.refuse(k, d, replyUnknownTID, now)
	default:
		sh.tally.malformed++
		if len(d.payload) >= 2 {
			sh.refuse(k, d, replyIllegal, now)
		}
	}
}

// refuse answers what nobody can be shown to have sent, at a limited rate.
func (sh *shard) refuse(k *socket, d *datagram, e wireError, now time.Duration) {
	if d.broadcast {
		return
	}
	if !sh.srv.strays.allow(d.peer.Addr(), now) {
		sh.tally.rateLimited++
		return
	}
	sh.reply(k, d.peer, replyControl(d.local, d.ifindex), e)
}

// expire does what is due by time.
func (sh *shard) expire(now time.Duration) {
	sh.mu.Lock()
	defer sh.unlock()
	for t := sh.timers.due(now); t != nil; t = sh.timers.due(now) {
		switch {
		case t.paused:
			t.snd.deadline = t.until
			if now >= t.until {
				sh.resumed(t, now)
				continue
			}
			sh.timers.schedule(t)
			continue
		case t.dry && !t.snd.inFlight():
			t.snd.deadline = now + time.Second
			sh.timers.schedule(t)
			continue
		}
		switch t.snd.timeout(now) {
		case gaveUp:
			sh.end(t, aborted, "the client does not answer")
		case doneUnsure:
			sh.end(t, processed, "the last acknowledgement is missing")
		default:
			sh.pump(t, now)
		}
	}
	sh.arm()
}

// arm has the hub look when the first of the timers is due.
func (sh *shard) arm() {
	if len(sh.timers) > 0 {
		sh.srv.hub.alarm.set(sh.timers[0].queued)
	}
}

// trace records a packet while `debug tftp packets` is on.
func (sh *shard) trace(peer netip.AddrPort, p []byte, received bool) {
	if sh.srv.tracing.Load() {
		e := Packet{Client: peer, Received: received, Octets: len(p), What: describe(p)}
		sh.later(func() { sh.srv.rec.Record(e) })
	}
}

// describe names a packet for the operator.
func describe(p []byte) string {
	number := uint16(0)
	if len(p) >= headerSize {
		number = binary.BigEndian.Uint16(p[2:])
	}
	switch op := opcode(p); op {
	case opRRQ:
		return "read request"
	case opWRQ:
		return "write request"
	case opDATA:
		return fmt.Sprintf("DATA block %d", number)
	case opACK:
		return fmt.Sprintf("ACK %d", number)
	case opERROR:
		code, text := parseError(p)
		return fmt.Sprintf("error %d (%s)", code, text)
	case opOACK:
		return "OACK"
	default:
		return fmt.Sprintf("illegal operation %d", op)
	}
}
