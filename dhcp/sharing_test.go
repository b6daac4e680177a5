package dhcp

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"option150/dhcp/durable"
	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/share/claim"
	"option150/dhcp/share/history"
	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/journal"
)

var (
	shareSchedules = flag.Int("schedules", 100, "random schedules of TestSharedSchedules")
	shareSeed      = flag.Uint64("seed", 1, "seed of the first")
)

// fleetWorld is boxes with all but their sockets, and an engine of a fleet. Its time
// is that of a bubble.
type fleetWorld struct {
	t      *testing.T
	m      *memory
	boxes  []*fleetBox
	lead   int64
	offers map[ether.MAC]map[string]netip.Addr // by box

	history history.History

	mu      sync.Mutex
	clashes []engine.SharedClash
	faults  []string
}

type fleetBox struct {
	w    *fleetWorld
	name string
	dir  string
	link *link
	own  bool
	off  time.Duration // of its clock
	run  *running      // nil = it is dead
	life *fleetLife
}

// fleetLife hears the events of one life of a box: what a dead one says is not heard.
type fleetLife struct {
	b    *fleetBox
	mu   sync.Mutex
	dead bool
}

func (l *fleetLife) Record(e journal.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return
	}
	w := l.b.w
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := e.(type) {
	case engine.Offer:
		if w.offers[e.MAC] == nil {
			w.offers[e.MAC] = map[string]netip.Addr{}
		}
		w.offers[e.MAC][l.b.name] = e.Addr
	case engine.Ack:
		w.history.Add(history.Ack{At: time.Now(), Until: time.Now().Add(e.Lease), Addr: e.Addr, Client: e.MAC.String(), Box: l.b.name})
	case engine.SharedClash:
		w.clashes = append(w.clashes, e)
	case engine.SharedAlone, engine.SharedAgain, engine.SharedClock, engine.SharedBack:
		w.faults = append(w.faults, fmt.Sprintf("%s %s: %+v", time.Now().Format(time.TimeOnly), l.b.name, e))
	}
}

func (w *fleetWorld) fault(f string, x ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, time.Now().Format(time.TimeOnly)+" "+fmt.Sprintf(f, x...))
}

const fleetClients = 10

// fleetSpec has a pool of eight addresses.
func fleetSpec(c share.Config, lease time.Duration) engine.Spec {
	conf := engine.Default()
	conf.PingPackets = 0
	conf.Excluded = []engine.Range{{First: ip("10.77.0.9"), Last: ip("10.77.0.14")}}
	conf.Pools = []engine.Pool{{Name: "VOICE", Network: netip.MustParsePrefix("10.77.0.0/28"), Lease: lease}}
	return engine.Spec{Config: conf, Share: c, Interfaces: []engine.Interface{{Name: "GigabitEthernet0/0", Addrs: []netip.Prefix{netip.MustParsePrefix("10.77.0.14/28")}}}}
}

const fleetLease = 90 * time.Second

func (b *fleetBox) start() {
	w := b.w
	b.life = &fleetLife{b: b}
	l := &link{m: w.m} // of this life: what a dead one asks for is not asked
	b.link.set(func(o *link) { l.rnd, l.cut, l.bad = rand.New(rand.NewPCG(o.rnd.Uint64(), 2)), o.cut, o.bad })
	b.link = l
	off := b.off
	s := New(Options{Store: b.dir, Recorder: b.life, wall: func() time.Time { return time.Now().Add(off) }, sync: func(*os.File) error { return nil },
		Share: func(c share.Config) (Sharing, error) {
			root, err := os.OpenRoot(b.dir)
			return claim.New(c, l, root, b.life), err
		}})
	r, err := s.prepareRun()
	if err != nil {
		w.t.Fatal(err)
	}
	conf := share.Config{Box: b.name, Domain: "CAMPUS", Lead: w.lead, OwnShare: b.own}
	tab, err := engine.Compile(fleetSpec(conf, fleetLease))
	if err != nil {
		w.t.Fatal(err)
	}
	life := b.life
	r.com = durable.NewCommitter(r.store, func(os []engine.Outcome) {
		for _, o := range os {
			for _, e := range o.Acked {
				life.Record(e)
			}
		}
	}, func() { durable.Ring(r.wake) })
	r.shareBy(conf)
	r.mailbox.Put(func() { r.e.Apply(r.clock.Now(), tab) })
	go r.loop()
	b.run = r
}

// kill is kill -9: what was not said is not said.
func (b *fleetBox) kill() {
	b.life.mu.Lock()
	b.life.dead = true
	b.life.mu.Unlock()
	b.link.set(func(l *link) { l.gone = true })
	b.end()
}

func (b *fleetBox) end() {
	b.run.agents.close()
	r := b.run
	b.run = nil
	r.sharing.Stop()
	close(r.quit)
	<-r.ended
	r.stage.close()
	r.com.Close()
	r.sharing.Wait()
	r.care.Wait()
	r.lans.Close()
	_ = r.root.Close()
}

// ask brings a packet to a box.
func (b *fleetBox) ask(q testRequest) {
	b.run.do(func(e *engine.Engine, now engine.Instant) {
		e.Packet(now, &engine.Inbound{Data: q.Bytes(), Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true, Source: q.MAC})
	})
}

func newFleetWorld(t *testing.T, rnd *rand.Rand, n int) *fleetWorld {
	dir := "/dev/shm"
	if _, err := os.Stat(dir); err != nil {
		dir = ""
	}
	dir, err := os.MkdirTemp(dir, "fleet")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &fleetWorld{t: t, m: newMemory(), lead: 60, offers: map[ether.MAC]map[string]netip.Addr{}}
	own := rnd.IntN(2) == 0
	for i := range n {
		b := &fleetBox{w: w, name: fmt.Sprint("BOX", i), dir: fmt.Sprintf("%s/%d", dir, i), own: own, off: time.Duration(rnd.IntN(2000)-1000) * time.Millisecond}
		if err := os.Mkdir(b.dir, 0o700); err != nil {
			t.Fatal(err)
		}
		b.link = &link{m: w.m, rnd: rand.New(rand.NewPCG(rnd.Uint64(), 1))}
		w.boxes = append(w.boxes, b)
		b.start()
	}
	time.Sleep(20 * time.Second)
	return w
}

// step is what a client does next.
func (w *fleetWorld) step(rnd *rand.Rand, m ether.MAC) {
	x, _ := w.history.Last(m.String())
	left := time.Until(x.Until)
	var up []*fleetBox
	for _, b := range w.boxes {
		if b.run != nil {
			up = append(up, b)
		}
	}
	if len(up) == 0 {
		return
	}
	q := phoneRequest(m, wire.MsgRequest)
	switch {
	case left > fleetLease/8 && left < fleetLease/2: // RENEW
		q.CIAddr = x.Addr.String()
		for _, b := range up {
			if b.name == x.Box {
				b.ask(q)
			}
		}
	case left > 0 && left <= fleetLease/8: // REBIND: all of them hear it
		q.CIAddr = x.Addr.String()
		for _, b := range up {
			b.ask(q)
		}
	case left > 0:
		if rnd.IntN(20) == 0 { // starts anew
			b := up[rnd.IntN(len(up))]
			b.ask(phoneRequest(m, wire.MsgRequest, opt(50, ipb(x.Addr.String()))))
		}
	default:
		w.mu.Lock()
		w.offers[m] = nil
		w.mu.Unlock()
		for _, b := range up {
			b.ask(phoneRequest(m, wire.MsgDiscover))
		}
		synctest.Wait()
		w.mu.Lock()
		offers := maps.Clone(w.offers[m])
		w.mu.Unlock()
		for _, b := range up {
			if a := offers[b.name]; a.IsValid() {
				b.ask(phoneRequest(m, wire.MsgRequest, opt(50, ipb(a.String())), opt(54, ipb("10.77.0.14"))))
				return
			}
		}
	}
}

// Boxes with all but their sockets, an engine that loses answers, dies and is set back, lines
// that are cut, clocks that differ: no address is acknowledged to two clients at a
// time, and every box has the leases that run in the end.
func TestSharedSchedules(t *testing.T) {
	acks := 0
	for i := range uint64(*shareSchedules) {
		seed := *shareSeed + i
		synctest.Test(t, func(t *testing.T) {
			acks += fleetSchedule(t, seed)
		})
		if t.Failed() {
			t.Fatalf("seed %d (-seed %d -schedules 1)", seed, seed)
		}
	}
	t.Logf("seeds %d to %d: %d ACKs", *shareSeed, *shareSeed+uint64(*shareSchedules)-1, acks)
	if acks < 10**shareSchedules {
		t.Error("hardly anybody was served")
	}
}

func fleetSchedule(t *testing.T, seed uint64) int {
	rnd := rand.New(rand.NewPCG(seed, 150))
	w := newFleetWorld(t, rnd, 2+rnd.IntN(2))
	var saved *memory
	var savedAt time.Time
	restored := false
	for range 250 {
		time.Sleep(time.Duration(rnd.IntN(4000)) * time.Millisecond)
		for range 3 {
			w.step(rnd, mac(2, byte(rnd.IntN(fleetClients))))
		}
		b := w.boxes[rnd.IntN(len(w.boxes))]
		switch rnd.IntN(60) {
		case 0:
			w.fault("%s is cut off", b.name)
			b.link.set(func(l *link) { l.cut = true })
		case 1, 2, 3:
			b.link.set(func(l *link) { l.cut = false })
		case 4:
			b.link.set(func(l *link) { l.bad = 3 })
		case 5, 6:
			b.link.set(func(l *link) { l.bad = 0 })
		case 7:
			if b.run != nil {
				w.fault("%s dies", b.name)
				b.kill()
			}
		case 8, 9, 10, 11:
			if b.run == nil {
				w.fault("%s starts", b.name)
				b.start()
			}
		case 12:
			w.fault("the engine dies")
			w.m.die(true)
		case 13, 14, 15:
			w.m.die(false)
		case 18:
			// A box that alone may know what the engine forgot is not declared down.
			if b.run == nil && !restored {
				w.m.declareDown("CAMPUS", b.name)
				w.fault("%s is declared down", b.name)
			}
		case 16:
			saved, savedAt = w.m.backup(), time.Now()
		case 17:
			if saved != nil && time.Since(savedAt) > 15*time.Second && rnd.IntN(2) == 0 {
				w.fault("the engine is restored")
				w.m.restore(saved, 7+uint64(rnd.IntN(2)))
				saved, restored = nil, true
			}
		}
	}
	for _, b := range w.boxes {
		b.link.set(func(l *link) { l.cut, l.bad = false, 0 })
		if b.run == nil {
			b.start()
		}
	}
	w.m.die(false)
	time.Sleep(30 * time.Second)
	bad := w.history.Overlaps()
	running := w.history.Running(time.Now(), 8*time.Second) // of others it is over by some clock
	for _, b := range w.boxes {
		has := map[netip.Addr]engine.Binding{}
		b.run.do(func(e *engine.Engine, _ engine.Instant) {
			for _, y := range e.List() {
				has[y.Addr] = y
			}
		})
		bad = append(bad, history.Lost(running, b.name, 6*time.Second, func(a netip.Addr) (string, time.Time) {
			y, ok := has[a]
			if !ok {
				return "", time.Time{}
			}
			return y.MAC.String(), y.Expiry.Add(-b.off)
		})...)
	}
	if len(bad) > 0 {
		t.Errorf("seed %d: %s", seed, bad[0])
		w.mu.Lock()
		for _, f := range w.faults {
			t.Log(f)
		}
		for _, x := range w.history.All() {
			t.Log(x)
		}
		t.Log(w.clashes)
		w.mu.Unlock()
	}
	for _, b := range w.boxes {
		b.end()
	}
	return w.history.Len()
}

func (m *memory) die(dead bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = dead
}
