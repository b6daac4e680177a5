package dhcp

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"option150/dhcp/durable"
	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/store"
	"option150/dhcp/wire"
	"option150/platform/journal"
	"option150/platform/listen"
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

	set   *listen.Set[*lan, port]
	names sync.Map // IOS name of an interface by its device

	stage *stage // of loop; nil = pools are not shared

	mu        sync.Mutex
	spec      engine.Spec
	sharing   Sharing // nil = pools are not shared
	shareConf share.Config

	lans       atomic.Pointer[map[string]*lan] // by IOS name; replaced, never changed
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
	r.set = listen.NewSet(listen.Kind[*lan, port]{Open: r.open, New: func(listen.Want) port { return port{r} }, Recorder: o.Recorder,
		Quiet: func(err error) bool { return errors.Is(err, errNoDevice) }})
	r.lans.Store(&map[string]*lan{})
	r.facts.Store(&facts{})
	return r
}

// Discard implements service.Run.
func (r *running) Discard() {
	r.set.Close()
	if r.store != nil {
		r.store.Close()
	}
	if r.root != nil {
		_ = r.root.Close()
	}
}

// wants are the places of sp: one for each interface. One that does not exist
// is waited for. In the test mode there is one socket, named after the first.
func (r *running) wants(sp engine.Spec) (all []listen.Want) {
	for n, i := range sp.Interfaces {
		w := listen.Want{Endpoint: listen.Endpoint{Proto: listen.UDP, Port: wire.PortServer, Device: i.Device, Owner: Owner}}
		if at := r.opt.Listen; at.IsValid() {
			if n > 0 {
				break
			}
			w.Endpoint.Addr, w.Endpoint.Port, w.Endpoint.Device = at.Addr(), at.Port(), ""
		} else if (*r.lans.Load())[i.Name] == nil { // not open: is there one?
			_, err := net.InterfaceByName(i.Device)
			w.Spare = err != nil
		}
		r.names.Store(w.Endpoint.Device, i.Name)
		all = append(all, w)
	}
	return all
}

// open opens the sockets of a place.
func (r *running) open(ctx context.Context, e listen.Endpoint) (*lan, error) {
	name, _ := r.names.Load(e.Device)
	if r.opt.Listen.IsValid() {
		return openLoopback(ctx, name.(string), e)
	}
	return openLAN(ctx, name.(string), e)
}

// port serves on the sockets of one interface, one after the other. It
// implements listen.Server.
type port struct{ r *running }

// Serve implements listen.Server.
func (p port) Serve(l *lan) error {
	r := p.r
	r.change(func(m map[string]*lan) { m[l.name] = l })
	r.mailbox.Put(func() { // before the first packet
		if l.raw != nil {
			r.e.CanProbe = true
			if up(l.device) {
				r.e.LinkUp(r.clock.Now(), l.name, r.opt.HoldWindow)
			}
		}
	})
	err := l.read(r.to)
	r.change(func(m map[string]*lan) {
		if m[l.name] == l {
			delete(m, l.name)
		}
	})
	r.mailbox.Put(func() { r.e.LinkDown(l.name) })
	return err
}

// Leave implements listen.Server.
func (p port) Leave(closing func()) { closing() }

// change changes the table of sockets at work, and who they are.
func (r *running) change(f func(map[string]*lan)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := maps.Clone(*r.lans.Load())
	f(next)
	own := map[netip.Addr]bool{}
	for _, i := range r.spec.Interfaces {
		for _, a := range i.Addrs {
			own[a.Addr()] = true
		}
	}
	if !r.opt.Listen.IsValid() {
		for _, l := range next {
			l.own.Store(&own)
		}
	}
	r.lans.Store(&next)
}

// commit puts tables and sockets into force. It cannot fail and does not wait.
func (r *running) commit(tab *engine.Tables, step *listen.Step[*lan, port], fresh bool) {
	r.mu.Lock()
	r.spec = tab.Spec
	r.mu.Unlock()
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
	r.change(func(map[string]*lan) {})
	r.shareBy(tab.Spec.Share)
	r.mailbox.Put(func() { r.e.Apply(r.clock.Now(), tab) })
	step.Commit()
	if fresh {
		go r.loop() // Shutdown waits for ended
		r.care.Go(r.look)
	}
	r.agents.set(tab.Spec.Databases)
}

// up reports whether an interface can carry packets.
func up(device string) bool {
	ifi, err := net.InterfaceByName(device)
	return err == nil && ifi.Flags&net.FlagUp != 0 && ifi.Flags&net.FlagRunning != 0
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
	r.set.Close()
	if r.icmp != nil {
		r.icmp.close()
	}
	if r.root != nil {
		_ = r.root.Close()
	}
}

// lookEvery is how often interfaces are looked at.
const lookEvery = 500 * time.Millisecond

// look notices interfaces that come and go.
func (r *running) look() {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	r.lookDisk()
	for n := 1; ; n++ {
		select {
		case <-r.quit:
			return
		case <-t.C:
			if !r.opt.Listen.IsValid() {
				r.lookOnce()
			}
			if n%diskEvery == 0 {
				r.lookDisk()
			}
		}
	}
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

func (r *running) lookOnce() {
	for name, l := range *r.lans.Load() {
		ifi, err := net.InterfaceByName(l.device)
		switch {
		case err != nil, ifi.Index != l.index:
			_ = l.Close() // its place waits for the interface
		case l.raw == nil:
		case ifi.Flags&net.FlagUp == 0 || ifi.Flags&net.FlagRunning == 0:
			r.mailbox.Put(func() { r.e.LinkDown(name) })
		default:
			r.mailbox.Put(func() { r.e.LinkUp(r.clock.Now(), name, r.opt.HoldWindow) })
		}
	}
	for _, p := range r.set.States() {
		if !p.Up {
			if _, err := net.InterfaceByName(p.Endpoint.Device); err == nil {
				r.set.Kick()
				return
			}
		}
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
			lans := *r.lans.Load()
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
