package dhcp

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"option150/dhcp/durable"
	"option150/dhcp/engine"
	"option150/dhcp/lans"
	"option150/dhcp/share"
	"option150/dhcp/store"
	"option150/dhcp/wire"
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
	root  *os.Root // opened by us
	store *store.Store
	com   *durable.Committer[engine.Outcome]
	to    sink
	icmp  *echoes

	agents agents

	mailbox *durable.Mailbox
	wake    chan struct{} // the committer has news
	orders  orders
	post    *postman // of loop
	quit    chan struct{}
	ended   chan struct{} // the loop has returned
	care    sync.WaitGroup

	lans *lans.Lans[*lan]
	own  atomic.Pointer[map[netip.Addr]bool] // addresses of the box where it serves; nil in the test listen mode

	stage *stage // of loop; nil = pools are not shared

	mu        sync.Mutex
	spec      engine.Spec
	sharing   Sharing // nil = pools are not shared
	shareConf share.Config

	sendFailed atomic.Uint64
	low        atomic.Int64 // bytes left on the disk, plus one, when there are few
	lost       string       // what of the store could not be read
	facts      atomic.Pointer[facts]
}

// facts is what the status needs of the engine.
type facts struct {
	held   map[string]netip.Addr
	disk   error
	shared string // what the sharing of pools keeps from being done
}

func newRunning(o Options) *running {
	r := &running{
		opt: o, clock: durable.NewClock(o.wall), mailbox: durable.NewMailbox(), wake: make(chan struct{}, 1), orders: orders{bell: make(chan struct{}, 1)},
		quit: make(chan struct{}), ended: make(chan struct{}),
		to: sink{packets: newQueue(), sightings: make(chan engine.Sighting, 1024), spare: make(chan *datagram, spares), lent: &lent{}},
	}
	r.e = engine.New(r.clock.Epoch)
	r.post = newPostman(r)
	r.agents = agents{r: r, files: o.Files}
	r.e.Test = o.Listen.IsValid()
	r.lans = lans.New(lans.Server[*lan]{Open: r.openLAN, Up: r.up, Serve: func(l *lan) error { return l.read(r.to) },
		Down: func(name string) { r.mailbox.Put(func() { r.e.LinkDown(name) }) }}, o.Listen, o.Recorder)
	r.facts.Store(&facts{})
	return r
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
	return r.lans.Prepare(ctx, listen.Endpoint{Proto: listen.UDP, Port: wire.PortServer, Owner: Owner}, all, partly)
}

// up tells the engine what can be done on an interface, before its first packet.
func (r *running) up(l *lan) {
	r.mailbox.Put(func() {
		if l.Raw == nil {
			return
		}
		r.e.CanProbe = true
		if ifi, err := net.InterfaceByName(l.Device); err == nil && carries(ifi) {
			r.e.LinkUp(r.clock.Now(), l.Name, r.opt.HoldWindow)
		}
	})
}

// carries reports whether an interface can carry packets.
func carries(ifi *net.Interface) bool {
	return ifi.Flags&net.FlagUp != 0 && ifi.Flags&net.FlagRunning != 0
}

// commit puts tables and sockets into force. It cannot fail and does not wait.
func (r *running) commit(tab *engine.Tables, step service.Change, fresh bool) {
	r.mu.Lock()
	r.spec = tab.Spec
	r.mu.Unlock()
	if !r.opt.Listen.IsValid() {
		own := map[netip.Addr]bool{}
		for _, i := range tab.Spec.Interfaces {
			for _, a := range i.Addrs {
				own[a.Addr()] = true
			}
		}
		r.own.Store(&own)
	}
	if fresh {
		if !r.opt.Listen.IsValid() {
			if x, err := openEchoes(r.to.sightings); err == nil {
				r.icmp = x
				r.e.CanICMP = true
			}
		}
		post := newPostman(r) // of the committer's goroutine
		r.com = durable.NewCommitter(r.store, func(os []engine.Outcome) {
			for i := range os {
				post.add(os[i].Acks)
			}
			post.flush()
			for i := range os {
				r.recordAll(os[i].Acked)
			}
		}, func() { durable.Ring(r.wake) })
		r.care.Go(r.sendOrders)
	}
	r.shareBy(tab.Spec.Share)
	r.mailbox.Put(func() { r.e.Apply(r.clock.Now(), tab) })
	step.Commit()
	if fresh {
		go r.loop() // Shutdown waits for ended
		r.care.Go(r.look)
	}
	r.agents.set(tab.Spec.Databases)
}

// now is the time of the box.
func (r *running) now() time.Time {
	if r.opt.wall != nil {
		return r.opt.wall()
	}
	return time.Now()
}

// changes tells whether something is on record that was not.
func (r *running) changes() (n uint64) {
	r.do(func(e *engine.Engine, _ engine.Instant) { n = e.Changes })
	return n
}

// Shutdown implements service.Run: first the agents, which ask the engine, the sockets, then the engine, then the disk.
func (r *running) Shutdown() {
	r.agents.close()
	close(r.quit)
	<-r.ended
	if r.stage != nil {
		r.stage.close()
	}
	r.com.Close()
	r.mu.Lock()
	sharing := r.sharing
	r.mu.Unlock()
	if sharing != nil {
		sharing.Stop()
		sharing.Wait()
	}
	r.care.Wait()
	r.lans.Close()
	if r.icmp != nil {
		r.icmp.close()
	}
	if r.root != nil {
		_ = r.root.Close()
	}
}

// look notices interfaces that come and go, and a disk that fills up.
func (r *running) look() {
	r.lookDisk()
	r.lans.Look(r.quit, r.lookAt, func(n int) {
		if n%diskEvery == 0 {
			r.lookDisk()
		}
	})
}

// lookAt tells the engine whether an interface can carry packets.
func (r *running) lookAt(l *lan, ifi *net.Interface) (anew bool) {
	switch {
	case l.Raw == nil:
	case carries(ifi):
		r.mailbox.Put(func() { r.e.LinkUp(r.clock.Now(), l.Name, r.opt.HoldWindow) })
	default:
		r.mailbox.Put(func() { r.e.LinkDown(l.Name) })
	}
	return false
}

// diskEvery is how many looks at the interfaces there are to one at the disk.
const diskEvery = 20

// lookDisk says when the disk is nearly full, before a binding cannot be
// written.
func (r *running) lookDisk() {
	if r.store == nil {
		return
	}
	free, err := r.store.Free()
	if err != nil {
		return // the committer will find out
	}
	if free >= store.Low {
		r.low.Store(0)
	} else if r.low.Swap(free+1) == 0 {
		r.opt.Recorder.Record(engine.StoreLow{Free: free})
	}
}

// recordAll records facts in order.
func (r *running) recordAll(evs []journal.Event) {
	for _, ev := range evs {
		r.opt.Recorder.Record(ev)
	}
}

// sendOrders sends probes; the engine does not wait for them.
func (r *running) sendOrders() {
	for {
		select {
		case <-r.quit:
			return
		case <-r.orders.bell:
			probes, watch := r.orders.take()
			lans := r.lans.Now()
			for _, p := range probes {
				switch l := lans[p.Interface]; {
				case p.Interface == "" && r.icmp != nil:
					r.icmp.probe(p.Addr)
				case l != nil:
					l.probe(p.Addr)
				}
			}
			for _, w := range watch {
				if l := lans[w.Interface]; l != nil {
					l.lookAround(w.Class)
				}
			}
		}
	}
}

// orders is probes and watches on their way to the wire. None is lost: silence
// is taken for an answer to each. They are as many as the engine has questions
// out, which it bounds.
type orders struct {
	bell chan struct{}

	mu     sync.Mutex
	probes []engine.Probe
	watch  []engine.Look
}

func (o *orders) put(probes []engine.Probe, watch []engine.Look) {
	if len(probes)+len(watch) == 0 {
		return
	}
	o.mu.Lock()
	o.probes, o.watch = append(o.probes, probes...), append(o.watch, watch...)
	o.mu.Unlock()
	durable.Ring(o.bell)
}

func (o *orders) take() (probes []engine.Probe, watch []engine.Look) {
	o.mu.Lock()
	defer o.mu.Unlock()
	probes, watch = o.probes, o.watch
	o.probes, o.watch = nil, nil
	return probes, watch
}
