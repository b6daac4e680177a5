package v6

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"option150/dhcp/durable"
	v4 "option150/dhcp/engine"
	"option150/dhcp/lans"
	"option150/dhcp/store"
	"option150/dhcp/v6/engine"
	"option150/dhcp/v6/wire"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
)

// running is a server between start and stop: the engine's goroutine, the
// committer, the sockets of each interface, and the goroutine that looks after
// interfaces that come and go.
type running struct {
	opt   Options
	e     *engine.Engine // owned by loop once that runs
	clock *durable.Clock
	root  *os.Root
	store *store.Store
	com   *durable.Committer[engine.Outcome]
	to    sink

	mailbox *durable.Mailbox
	wake    chan struct{} // the committer has news
	quit    chan struct{}
	ended   chan struct{} // the loop has returned
	care    sync.WaitGroup

	lans *lans.Lans[*lan]

	mu   sync.Mutex
	spec engine.Spec

	notSent atomic.Uint64
	lost    string // what of the store could not be read
	keep    error  // why the DUID could not be kept
	disk    atomic.Pointer[durable.State]
}

const maxQueue = 4096 // messages; beyond it the reader waits and the kernel keeps them

func newRunning(o Options, duid []byte) *running {
	r := &running{
		opt: o, clock: durable.NewClock(o.wall), mailbox: durable.NewMailbox(), wake: make(chan struct{}, 1),
		quit: make(chan struct{}), ended: make(chan struct{}),
		to: sink{packets: make(chan *datagram, maxQueue), sightings: make(chan sighting, 256), routers: make(chan heardRouter, 16)},
	}
	r.e = engine.New(r.clock.Epoch, duid)
	r.e.Test = o.Listen.IsValid()
	r.lans = lans.New(lans.Server[*lan]{Open: openLAN, Up: r.up, Serve: func(l *lan) error { return l.read(r.to) },
		Down: func(name string) { r.mailbox.Put(func() { r.e.LinkDown(name) }) }}, o.Listen, o.Recorder)
	r.disk.Store(&durable.State{})
	return r
}

func v4Damaged(file string, err error) v4.StoreDamaged {
	return v4.StoreDamaged{File: file, Why: err.Error()}
}

// Discard implements service.Run.
func (r *running) Discard() {
	r.lans.Close()
	if r.store != nil {
		r.store.Close()
	}
	if r.root != nil {
		_ = r.root.Close()
	}
}

// want opens what is new of the interfaces of sp.
func (r *running) want(ctx context.Context, sp engine.Spec, partly bool) (service.Change, error) {
	var all []lans.Wanted
	for _, i := range sp.Interfaces {
		all = append(all, lans.Wanted{Name: i.Name, Device: i.Device})
	}
	return r.lans.Prepare(ctx, Endpoint(""), all, partly)
}

// Endpoint is where the server listens on a device.
func Endpoint(device string) listen.Endpoint {
	return listen.Endpoint{Proto: listen.UDP, Addr: netip.IPv6Unspecified(), Port: wire.PortServer, Device: device, Owner: Owner}
}

// up tells the engine what can be done on an interface, before its first message.
func (r *running) up(l *lan) {
	if l.Raw != nil && l.from.IsValid() {
		r.mailbox.Put(func() {
			r.e.CanProbe = true
			r.e.LinkUp(r.clock.Now(), l.Name)
		})
	}
}

// commit puts tables and sockets into force. It cannot fail and does not wait.
func (r *running) commit(tab *engine.Tables, step service.Change, fresh bool) {
	r.mu.Lock()
	r.spec = tab.Spec
	r.mu.Unlock()
	if fresh {
		r.com = durable.NewCommitter(r.store, r.deliver, func() { durable.Ring(r.wake) })
	}
	r.mailbox.Put(func() { r.e.Apply(tab) })
	step.Commit()
	if fresh {
		go r.loop() // Shutdown waits for ended
		r.care.Go(r.look)
	}
}

// Shutdown implements service.Run: the sockets, then the engine, then the disk.
func (r *running) Shutdown() {
	close(r.quit)
	<-r.ended
	r.com.Close()
	r.care.Wait()
	r.lans.Close()
	if r.root != nil {
		_ = r.root.Close()
	}
}

// look notices interfaces that come and go, and those that got their link-local
// address after their socket.
func (r *running) look() {
	r.lans.Look(r.quit, func(l *lan, ifi *net.Interface) (anew bool) {
		return !l.from.IsValid() && linkLocal(ifi).IsValid()
	}, func(int) {})
}

// deliver carries out what waited for records; facts come after what clients wait for.
func (r *running) deliver(os []engine.Outcome) {
	for i := range os {
		r.sendAll(os[i].Replies)
	}
	for i := range os {
		r.recordAll(os[i].Then)
	}
}

// recordAll records facts in order.
func (r *running) recordAll(evs []journal.Event) {
	for _, ev := range evs {
		r.opt.Recorder.Record(ev)
	}
}

// sendAll lets answers go; it is called by the loop and by the committer.
func (r *running) sendAll(rs []engine.Answer) {
	lans := r.lans.Now()
	for i := range rs {
		if l := lans[rs[i].Interface]; l == nil || l.send(&rs[i]) != nil {
			r.notSent.Add(1)
		}
	}
}

// do runs f between two messages and waits for it.
func (r *running) do(f func(*engine.Engine)) bool {
	done := make(chan struct{})
	if !r.mailbox.Put(func() { defer close(done); f(r.e) }) {
		return false
	}
	<-done
	return true
}

// maxAge is how long a message may have waited: its client has asked again.
const maxAge = time.Second

// loop is the engine's goroutine.
func (r *running) loop() {
	defer close(r.ended)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var l loopState
	for _, f := range r.mailbox.Take(false) {
		f()
	}
	for {
		r.emit()
		if due := r.e.Due(); due < l.next { // a message waits for an answer
			l.next = due
			timer.Reset(max(due-r.clock.Now(), 0))
		}
		select {
		case <-r.quit:
			for _, f := range r.mailbox.Take(true) {
				f()
			}
			r.emit()
			return
		case <-r.mailbox.Bell:
			for _, f := range r.mailbox.Take(false) {
				f()
			}
		case d := <-r.to.packets:
			if time.Since(d.at) > maxAge {
				r.e.Stats.Late++
				continue
			}
			r.handle(d)
		case s := <-r.to.sightings:
			r.e.Answered(s.addr, s.mac)
		case x := <-r.to.routers:
			r.e.RouterHeard(r.clock.Now(), x.name, x.router)
		case <-r.wake:
			r.lookDisk(&l)
		case <-timer.C:
			if r.clock.Stepped() {
				r.e.SetClock(r.clock.Now(), r.clock.Epoch)
			}
			r.lookDisk(&l)
			now := r.clock.Now()
			l.next = r.e.Tick(now)
			timer.Reset(l.next - now)
		}
	}
}

// loopState is what the loop keeps for itself.
type loopState struct {
	next engine.Instant // when the timer fires
	disk durable.Disk
}

// handle gives a message to the engine. One that makes it panic must not end the
// service for the branch.
func (r *running) handle(d *datagram) {
	defer func() {
		if x := recover(); x != nil {
			r.e.Stats.Malformed++
			r.e.Event(engine.Malformed{Interface: d.in.Interface, From: d.in.From.Addr(), Why: fmt.Sprintf("internal fault: %v", x)})
		}
	}()
	r.e.Packet(r.clock.Now(), &d.in)
}

// lookDisk takes note of what the committer did.
func (r *running) lookDisk(l *loopState) {
	st := durable.Follow(&l.disk, r.com, r.e, r.e.DiskBad)
	r.disk.Store(&st)
}

// job is what the committer gets.
type job = durable.Job[engine.Outcome]

// emit carries out what the engine decided.
func (r *running) emit() {
	o := r.e.Take()
	r.recordAll(o.First)
	if len(o.Ask) > 0 {
		lans := r.lans.Now()
		for _, q := range o.Ask {
			if l := lans[q.Interface]; l != nil {
				l.ask(q.Addr)
			}
		}
	}
	if o.Durable && len(o.Records) > 0 {
		r.com.Put(job{Records: o.Records, Seq: o.Seq, Clients: len(o.Replies), Then: o})
		return
	}
	if len(o.Records) > 0 {
		r.com.Put(job{Records: o.Records, Seq: o.Seq})
	}
	r.sendAll(o.Replies)
	r.recordAll(o.Then)
}
