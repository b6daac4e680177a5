package dhcp

import (
	"fmt"
	"runtime"
	"time"

	"option150/dhcp/durable"
	"option150/dhcp/engine"
)

// do runs f between two packets and waits for it.
func (r *running) do(f func(*engine.Engine, engine.Instant)) bool {
	done := make(chan struct{})
	if !r.mailbox.Put(func() { defer close(done); f(r.e, r.clock.Now()) }) {
		return false
	}
	<-done
	return true
}

// job is what the committer gets.
type job = durable.Job[engine.Outcome]

// loop is the engine's goroutine.
func (r *running) loop() {
	defer close(r.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	again := time.NewTimer(time.Hour)
	defer again.Stop()
	l := loopState{timer: timer, again: again, patience: time.Now().Add(time.Second)}
	r.letters(&l)
	r.emit()
	for {
		packets := r.to.packets.bell
		if l.hold || r.e.Behind() {
			packets = nil // the committer wakes the loop
			r.to.lent.set(false)
		}
		select {
		case <-r.quit:
			for _, f := range r.mailbox.Take(true) {
				f()
			}
			r.emit()
			return
		case <-r.mailbox.Bell:
			r.letters(&l)
		case <-packets:
			// What a socket said of itself comes before its first packet.
			if len(r.mailbox.Bell) > 0 {
				<-r.mailbox.Bell
				r.letters(&l)
			}
			if l.hold = l.unsettled(r.e); l.hold {
				durable.Ring(r.to.packets.bell)
			} else {
				r.drain(&l)
			}
		case <-again.C:
			durable.Ring(r.to.packets.bell)
		case s := <-r.to.sightings:
			r.e.Answered(r.clock.Now(), s)
		case <-r.wake:
			r.disk(&l)
		case <-timer.C:
			r.tick(&l)
		}
		r.emit()
		if due := r.e.Due(); due < l.next { // a request waits for a probe
			l.next = due
			timer.Reset(max(due-r.clock.Now(), 0))
		}
		l.hold = l.hold && l.unsettled(r.e)
	}
}

// letters does what was put into the mailbox.
func (r *running) letters(l *loopState) {
	for _, f := range r.mailbox.Take(false) {
		f()
	}
	r.tick(l)
}

// loopState is what the loop keeps for itself.
type loopState struct {
	next     engine.Instant // when the timer fires
	timer    *time.Timer
	again    *time.Timer // DISCOVERs that wait for REQUESTs are looked at again
	hold     bool        // packets wait, see unsettled
	settled  bool        // the wait is over for good
	patience time.Time   // end of the wait for the first probes
	disk     durable.Disk
	taken    []*datagram // by the drain under way
}

// unsettled reports whether packets are to wait because the first addresses are
// still being probed. The server waits once, after its start.
func (l *loopState) unsettled(e *engine.Engine) bool {
	if l.settled {
		return false
	}
	if time.Now().After(l.patience) {
		l.settled = true
		return false
	}
	return !e.Settled()
}

// drainMost is how many packets are taken at a time: other things wait too, and
// what newer ones say of the order is looked at again.
const drainMost = 32

// lookAgain is how long DISCOVERs wait when no more OFFERs are to be under way and
// no REQUEST comes.
const lookAgain = time.Millisecond

// drain handles packets that wait, and carries out at once what came of them all.
func (r *running) drain(l *loopState) {
	some := r.to.lent.take()
	begin := time.Now()
	l.taken = r.to.packets.take(begin, l.taken[:0], drainMost, r.to.free)
	for _, d := range l.taken {
		r.handle(d)
	}
	r.emit()
	if n := len(l.taken); n > 0 {
		r.to.packets.measured(n, time.Since(begin))
	}
	clear(l.taken)
	waits, _ := r.to.packets.left()
	if waits && len(l.taken) == 0 {
		l.again.Reset(lookAgain)
		waits, some = false, false
	}
	r.to.lent.set(waits || some)
	if waits || some {
		durable.Ring(r.to.packets.bell)
		runtime.Gosched() // the committer back from the disk comes before more of them
	}
}

// handle gives a datagram to the engine. A packet that makes it panic must not
// end the service for the branch.
func (r *running) handle(d *datagram) {
	defer r.to.free(d)
	defer func() {
		if x := recover(); x != nil {
			r.e.Stats.Malformed++
			r.e.Event(engine.Malformed{Interface: d.in.Interface, Why: fmt.Sprintf("internal fault: %v", x)})
		}
	}()
	now := r.clock.Now()
	if d.reply {
		r.e.ServerReply(now, &d.in)
		return
	}
	r.e.Packet(now, &d.in)
}

// tick does what time alone makes due.
func (r *running) tick(l *loopState) {
	if r.clock.Stepped() {
		r.e.SetClock(r.clock.Now(), r.clock.Epoch)
	}
	r.disk(l)
	now := r.clock.Now()
	l.next = r.e.Tick(now)
	l.timer.Reset(l.next - now)
	r.publish()
}

// publish tells the status what it needs of the engine.
func (r *running) publish() {
	held, shared := r.e.Held(), r.e.SharedFault(r.clock.Now())
	if f := r.facts.Load(); len(f.held) != len(held) || len(held) > 0 || f.disk != r.com.State().Err || f.shared != shared {
		r.facts.Store(&facts{held: held, disk: r.com.State().Err, shared: shared})
	}
}

// disk takes note of what the committer did.
func (r *running) disk(l *loopState) {
	if r.stage != nil {
		l.disk.First = r.answers
		durable.Follow(&l.disk, r.stage, r.e, r.e.DiskBad)
	} else {
		l.disk.First = nil
		durable.Follow(&l.disk, r.com, r.e, r.e.DiskBad)
	}
	r.publish()
}

// emit carries out what the engine decided.
func (r *running) emit() {
	o := r.e.Take()
	r.recordAll(o.First)
	r.orders.put(o.Probes, o.Watch)
	if len(o.Records) > 0 {
		j := job{Records: o.Records, Seq: o.Seq, Clients: len(o.Acks), Then: engine.Outcome{Acks: o.Acks, Acked: o.Acked, Claims: o.Claims}}
		if r.stage != nil {
			r.stage.Put(j)
		} else {
			r.com.Put(j)
		}
	}
	r.post.send(o.Replies)
	r.recordAll(o.Then)
}
