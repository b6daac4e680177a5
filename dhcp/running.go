package dhcp

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/store"
	"option150/platform/journal"
)

// running is a server between start and stop: the engine's goroutine, the
// committer, the sockets of each interface, and the goroutine that looks after
// interfaces that come and go.
type running struct {
	opt   Options
	e     *engine.Engine // owned by loop once that runs
	clock *clock
	root  *os.Root // opened by us
	store *store.Store
	com   *committer
	to    sink
	icmp  *echoes

	mailbox mailbox
	wake    chan struct{}       // the committer has news
	orders  chan engine.Outcome // probes and watches to be sent
	quit    chan struct{}
	ended   chan struct{} // the loop has returned
	care    sync.WaitGroup

	mu      sync.Mutex
	spec    engine.Spec
	waiting map[string]error // interfaces without sockets, and why

	lans       atomic.Pointer[map[string]*lan] // by IOS name; replaced, never changed
	sendFailed atomic.Uint64
	facts      atomic.Pointer[facts]
}

// facts is what the status needs of the engine.
type facts struct {
	held map[string]netip.Addr
	disk error
}

func newRunning(o Options) *running {
	r := &running{
		opt: o, clock: newClock(o.wall), wake: make(chan struct{}, 1), orders: make(chan engine.Outcome, 64),
		quit: make(chan struct{}), ended: make(chan struct{}), waiting: map[string]error{},
		to: sink{packets: make(chan *datagram, 1024), sightings: make(chan engine.Sighting, 1024), pool: &sync.Pool{New: func() any { return new(datagram) }}},
	}
	r.e = engine.New(r.clock.epoch)
	r.e.Test = o.Listen.IsValid()
	r.lans.Store(&map[string]*lan{})
	r.facts.Store(&facts{})
	r.mailbox.bell = make(chan struct{}, 1)
	return r
}

// discard gives back what prepareRun took of a run that never started.
func (r *running) discard() {
	if r.store != nil {
		r.store.Close()
	}
	if r.root != nil {
		_ = r.root.Close()
	}
}

// open opens sockets for the interfaces of sp that have none.
func (r *running) open(ctx context.Context, sp engine.Spec) (opened []*lan, err error) {
	have := *r.lans.Load()
	for _, i := range sp.Interfaces {
		if old := have[i.Name]; old != nil && old.device == i.Device {
			continue
		}
		var l *lan
		if r.opt.Listen.IsValid() {
			if len(have)+len(opened) > 0 {
				continue // one socket serves the test mode
			}
			if l, err = openLoopback(ctx, i.Name, r.opt.Listen); l != nil {
				l.device = i.Device
			}
		} else {
			l, err = openLAN(ctx, i)
		}
		if errors.Is(err, errNoDevice) {
			err = nil
			continue // looked for again by look
		}
		if err != nil {
			for _, l := range opened {
				l.close()
			}
			return nil, err
		}
		opened = append(opened, l)
	}
	return opened, nil
}

// commit puts tables and sockets into force. It cannot fail and does not wait.
func (r *running) commit(tab *engine.Tables, opened []*lan, fresh bool) {
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
		r.com = newCommitter(r.store, r.sendAll, r.recordAll, func() { ring(r.wake) })
		r.care.Go(r.sendOrders)
	}
	want := map[string]string{}
	for _, i := range tab.Spec.Interfaces {
		want[i.Name] = i.Device
	}
	r.install(opened, func(l *lan) bool { return want[l.name] == l.device })
	r.mailbox.put(func() { r.e.Apply(r.clock.now(), tab) })
	r.begin(opened)
	if fresh {
		go r.loop() // shutdown waits for ended
		r.care.Go(r.look)
	}
}

// install replaces the set of sockets: those of opened, and of the others those
// that keep says. What is dropped is closed in the background.
func (r *running) install(opened []*lan, keep func(*lan) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next := map[string]*lan{}
	for name, l := range *r.lans.Load() {
		if keep(l) {
			next[name] = l
			continue
		}
		r.mailbox.put(func() { r.e.LinkDown(name) })
		r.care.Go(l.close)
	}
	for _, l := range opened {
		if old := next[l.name]; old != nil {
			r.care.Go(old.close)
		}
		next[l.name] = l
	}
	r.lans.Store(&next)
	own := map[netip.Addr]bool{}
	clear(r.waiting)
	for _, i := range r.spec.Interfaces {
		for _, a := range i.Addrs {
			own[a.Addr()] = true
		}
		if next[i.Name] == nil && !r.opt.Listen.IsValid() {
			r.waiting[i.Name] = fmt.Errorf("%w: %s", errNoDevice, i.Device)
		}
	}
	if !r.opt.Listen.IsValid() {
		for _, l := range next {
			l.own.Store(&own)
		}
	}
}

// begin starts to read, after the engine knows of the interface.
func (r *running) begin(opened []*lan) {
	for _, l := range opened {
		r.mailbox.put(func() {
			if l.raw != nil {
				r.e.CanProbe = true
				if up(l.device) {
					r.e.LinkUp(r.clock.now(), l.name, r.opt.HoldWindow)
				}
			}
			l.start(r.to)
		})
	}
}

// up reports whether an interface can carry packets.
func up(device string) bool {
	ifi, err := net.InterfaceByName(device)
	return err == nil && ifi.Flags&net.FlagUp != 0 && ifi.Flags&net.FlagRunning != 0
}

// shutdown ends everything: first the sockets, then the engine, then the disk.
func (r *running) shutdown() {
	close(r.quit)
	<-r.ended
	r.com.close()
	r.care.Wait()
	for _, l := range *r.lans.Load() {
		l.close()
	}
	if r.icmp != nil {
		r.icmp.close()
	}
	if r.root != nil {
		_ = r.root.Close()
	}
}

// lookEvery is how often interfaces are looked at.
const lookEvery = 500 * time.Millisecond

// look reopens what is broken and opens what has come.
func (r *running) look() {
	t := time.NewTicker(lookEvery)
	defer t.Stop()
	for {
		select {
		case <-r.quit:
			return
		case <-t.C:
			if !r.opt.Listen.IsValid() {
				r.lookOnce()
			}
		}
	}
}

func (r *running) lookOnce() {
	bad := map[*lan]bool{}
	for name, l := range *r.lans.Load() {
		ifi, err := net.InterfaceByName(l.device)
		switch {
		case err != nil, ifi.Index != l.index, l.broken.Load() && ifi.Flags&net.FlagUp != 0:
			bad[l] = true
		case l.raw == nil:
		case ifi.Flags&net.FlagUp == 0 || ifi.Flags&net.FlagRunning == 0:
			r.mailbox.put(func() { r.e.LinkDown(name) })
		default:
			r.mailbox.put(func() { r.e.LinkUp(r.clock.now(), name, r.opt.HoldWindow) })
		}
	}
	if len(bad) > 0 {
		r.install(nil, func(l *lan) bool { return !bad[l] })
	}
	r.mu.Lock()
	sp := r.spec
	r.mu.Unlock()
	for _, i := range sp.Interfaces {
		if (*r.lans.Load())[i.Name] != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		l, err := openLAN(ctx, i)
		cancel()
		if err != nil {
			r.mu.Lock()
			r.waiting[i.Name] = err
			r.mu.Unlock()
			continue
		}
		if !r.adopt(i, l) {
			l.close()
		}
	}
}

// adopt puts late sockets into service unless the interface is no longer
// wanted, or somebody was faster.
func (r *running) adopt(i engine.Interface, l *lan) bool {
	r.mu.Lock()
	still := false
	for _, w := range r.spec.Interfaces {
		still = still || w.Name == i.Name && w.Device == i.Device
	}
	still = still && (*r.lans.Load())[i.Name] == nil
	r.mu.Unlock()
	if !still {
		return false
	}
	r.install([]*lan{l}, func(*lan) bool { return true })
	r.begin([]*lan{l})
	return true
}

// recordAll records facts in order.
func (r *running) recordAll(evs []journal.Event) {
	for _, ev := range evs {
		r.opt.Recorder.Record(ev)
	}
}

// sendAll lets replies go; it is called by the loop and by the committer.
func (r *running) sendAll(rs []engine.Reply) {
	if len(rs) == 0 {
		return
	}
	lans := *r.lans.Load()
	var frame []byte
	for i := range rs {
		l := lans[rs[i].Interface]
		if l == nil {
			r.sendFailed.Add(1)
			continue
		}
		var err error
		if frame, err = l.send(&rs[i], frame); err != nil {
			r.sendFailed.Add(1)
		}
	}
}

// sendOrders sends probes; the engine does not wait for them.
func (r *running) sendOrders() {
	for {
		select {
		case <-r.quit:
			return
		case o := <-r.orders:
			lans := *r.lans.Load()
			for _, p := range o.Probes {
				switch l := lans[p.Interface]; {
				case p.Interface == "" && r.icmp != nil:
					r.icmp.probe(p.Addr)
				case l != nil:
					l.probe(p.Addr)
				}
			}
			for _, w := range o.Watch {
				if l := lans[w.Interface]; l != nil {
					l.lookAround(w.Class)
				}
			}
		}
	}
}

// snapshotLans is the sockets at the moment.
func (r *running) snapshotLans() map[string]*lan { return maps.Clone(*r.lans.Load()) }

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
