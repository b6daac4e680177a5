package dhcp

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/dhcp/durable"
	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/share/claim"
	"option150/dhcp/share/history"
	"option150/platform/ether"
	"option150/platform/journal"
)

// fleetWorld is boxes with all but their sockets, and an engine of a fleet. Its time
// is that of a bubble.
type fleetWorld struct {
	t       *testing.T
	m       *memory
	dir     string
	own     bool
	leads   []int64
	boxes   []*fleetBox
	callers []*caller

	history history.History

	mu      sync.Mutex
	clashes []engine.SharedClash
	faults  []string
	bad     []string
	gone    map[string]bool // clients whose lease only a disk had that is lost
	turned  time.Time       // when a clock was set
}

type fleetBox struct {
	w    *fleetWorld
	name string
	self string // its address
	dir  string
	lead int64
	host bool // its name is its host name
	link *link
	run  *running // nil = it is dead
	life *fleetLife

	mu    sync.Mutex
	off   time.Duration // of its clock
	well  time.Duration // that, when it is set
	slow  bool          // its disk
	lease time.Duration // of its pool, 0 = the pool is not configured
}

func (b *fleetBox) wall() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Add(b.off)
}

// set changes what goes wrong with a box.
func (b *fleetBox) set(f func(*fleetBox)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f(b)
}

// fleetLife hears the events of one life of a box: what a dead one says is not heard.
type fleetLife struct {
	b    *fleetBox
	mu   sync.Mutex
	rnd  *rand.Rand
	dead bool
}

func (l *fleetLife) Record(e journal.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return
	}
	w := l.b.w
	switch e := e.(type) {
	case engine.Offer:
		w.caller(e.MAC).offered(l.b, e.Addr)
	case engine.Nak:
		w.caller(e.MAC).refused(l.b, e)
	case engine.SharedClash:
		w.mu.Lock()
		defer w.mu.Unlock()
		w.clashes = append(w.clashes, e)
	case engine.SharedAlone, engine.SharedAgain, engine.SharedClock, engine.SharedTwin, engine.SharedRenamed, engine.SharedBack:
		w.fault("%s: %T%+v", l.b.name, e, e)
	}
}

// deliver is the wire on which ACKs go.
func (l *fleetLife) deliver(list []engine.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return
	}
	for _, o := range list {
		for _, r := range o.Acks {
			l.b.w.heard(l.b, r.Payload)
		}
	}
}

// sync is a disk that takes its time now and then.
func (l *fleetLife) sync(*os.File) error {
	slow := false
	l.b.set(func(b *fleetBox) { slow = b.slow })
	if slow {
		l.mu.Lock()
		d := time.Duration(l.rnd.IntN(6000)) * time.Millisecond
		l.mu.Unlock()
		time.Sleep(d)
	}
	return nil
}

// turn sets the clock of a box.
func (b *fleetBox) turn(off time.Duration) {
	b.set(func(b *fleetBox) { b.off = off })
	b.w.mu.Lock()
	defer b.w.mu.Unlock()
	b.w.turned = time.Now()
}

func (w *fleetWorld) clocks() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.turned
}

func (w *fleetWorld) fault(f string, x ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, time.Now().Format("15:04:05.000")+" "+fmt.Sprintf(f, x...))
}

func (w *fleetWorld) wrong(f string, x ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bad = append(w.bad, time.Now().Format("15:04:05.000")+" "+fmt.Sprintf(f, x...))
}

const fleetLease = 90 * time.Second

// spec has a pool of eight addresses.
func (b *fleetBox) spec() engine.Spec {
	lease := fleetLease
	b.set(func(b *fleetBox) { lease = b.lease })
	conf := engine.Default()
	conf.PingPackets = 0
	conf.Excluded = []engine.Range{{First: ip("10.77.0.9"), Last: ip("10.77.0.14")}}
	if lease > 0 {
		conf.Pools = []engine.Pool{{Name: "VOICE", Network: netip.MustParsePrefix("10.77.0.0/28"), Lease: lease}}
	}
	return engine.Spec{Config: conf, Share: b.conf(), Interfaces: []engine.Interface{{Name: "GigabitEthernet0/0", Addrs: []netip.Prefix{netip.MustParsePrefix(b.self + "/28")}}}}
}

func (b *fleetBox) conf() share.Config {
	return share.Config{Box: b.name, Domain: "CAMPUS", Lead: b.lead, OwnShare: b.w.own, ByHost: b.host}
}

func (b *fleetBox) start() {
	w := b.w
	l := &link{m: w.m} // of this life: what a dead one asks for is not asked
	b.link.set(func(o *link) {
		l.rnd, l.cut, l.bad, l.lag = rand.New(rand.NewPCG(o.rnd.Uint64(), 2)), o.cut, o.bad, o.lag
	})
	b.link = l
	b.life = &fleetLife{b: b, rnd: rand.New(rand.NewPCG(l.rnd.Uint64(), 3))}
	life := b.life
	s := New(Options{Store: b.dir, Recorder: life, wall: b.wall, sync: life.sync,
		Share: func(c share.Config) (Sharing, error) {
			root, err := os.OpenRoot(b.dir)
			if err != nil {
				return nil, err
			}
			if err := claim.Renamed(c, root, life); err != nil {
				_ = root.Close()
				return nil, err
			}
			return claim.New(c, l, root, life), nil
		}})
	r, err := s.prepareRun()
	if err != nil {
		w.t.Fatal(err)
	}
	tab, err := engine.Compile(b.spec())
	if err != nil {
		w.t.Fatal(err)
	}
	r.com = durable.NewCommitter(r.store, life.deliver, func() { durable.Ring(r.wake) })
	r.shareBy(b.conf())
	r.mailbox.Put(func() { r.e.Apply(r.clock.Now(), tab) })
	go r.loop()
	b.run = r
}

// apply configures it anew.
func (b *fleetBox) apply() {
	tab, err := engine.Compile(b.spec())
	if err != nil {
		b.w.t.Fatal(err)
	}
	r := b.run
	r.shareBy(b.conf())
	r.mailbox.Put(func() { r.e.Apply(r.clock.Now(), tab) })
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

// erase is a box in the place of one whose disk is lost.
func (b *fleetBox) erase() {
	if err := os.RemoveAll(b.dir); err != nil {
		b.w.t.Fatal(err)
	}
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		b.w.t.Fatal(err)
	}
}

// bindings are what it has on record.
func (b *fleetBox) bindings() map[netip.Addr]engine.Binding {
	all := map[netip.Addr]engine.Binding{}
	b.run.do(func(e *engine.Engine, _ engine.Instant) {
		for _, x := range e.List() {
			all[x.Addr] = x
		}
	})
	return all
}

// keeps is for whom an address is on record at the engine, as it knows it.
func (b *fleetBox) keeps(a netip.Addr) (key string, until time.Time) {
	b.run.do(func(e *engine.Engine, _ engine.Instant) {
		x := e.Share().At[a]
		key, until = x.Client, time.Unix(x.Expiry, 0)
	})
	return key, until
}

// knows is what a box has on record of the address that a sentence names.
func (b *fleetBox) knows(of string) (text string) {
	b.run.do(func(e *engine.Engine, _ engine.Instant) {
		for _, r := range e.Dump() {
			if strings.Contains(of, r.Addr.String()+" ") {
				text += fmt.Sprintf("record %+v; at the engine %+v", r, e.Share().At[r.Addr])
			}
		}
	})
	return text
}

// avoids are the addresses that it has in conflict: those are each box's own.
func (b *fleetBox) avoids() map[netip.Addr]bool {
	all := map[netip.Addr]bool{}
	b.run.do(func(e *engine.Engine, _ engine.Instant) {
		for _, x := range e.ConflictList() {
			all[x.Addr] = true
		}
	})
	return all
}

// ready says what keeps a box from serving everybody, "" = nothing.
func (b *fleetBox) ready() (why string) {
	b.run.do(func(e *engine.Engine, now engine.Instant) {
		d := e.Share()
		if err := d.New(e.Wall(now)); err != nil {
			why = err.Error()
		}
		if !d.Connected {
			why += ", not connected"
		}
	})
	return why
}

// newFleetWorld is a number of boxes that are connected, and clients that have nothing.
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
	w := &fleetWorld{t: t, m: newMemory(rand.New(rand.NewPCG(rnd.Uint64(), 4))), dir: dir, own: rnd.IntN(2) == 0, gone: map[string]bool{}, leads: []int64{60}}
	if rnd.IntN(3) == 0 {
		w.leads = []int64{60, 200}
	}
	for i := range fleetCallers {
		w.callers = append(w.callers, newCaller(w, byte(i)))
	}
	for range n {
		w.join(rnd)
	}
	time.Sleep(20 * time.Second)
	return w
}

// join starts one box more.
func (w *fleetWorld) join(rnd *rand.Rand) {
	i := len(w.boxes)
	off := time.Duration(rnd.IntN(2000)-1000) * time.Millisecond
	b := &fleetBox{w: w, name: fmt.Sprint("BOX", i), self: fmt.Sprint("10.77.0.", 14-i), dir: fmt.Sprintf("%s/%d", w.dir, i), lead: w.leads[i%len(w.leads)], off: off, well: off, lease: fleetLease}
	if err := os.Mkdir(b.dir, 0o700); err != nil {
		w.t.Fatal(err)
	}
	b.link = &link{m: w.m, rnd: rand.New(rand.NewPCG(rnd.Uint64(), 1))}
	w.boxes = append(w.boxes, b)
	b.start()
}

// up are the boxes that are not dead.
func (w *fleetWorld) up() (list []*fleetBox) {
	for _, b := range w.boxes {
		if b.run != nil {
			list = append(list, b)
		}
	}
	return list
}

func (w *fleetWorld) end() {
	for _, b := range w.up() {
		b.end()
	}
}

func (w *fleetWorld) caller(m ether.MAC) *caller { return w.callers[m[5]] }
