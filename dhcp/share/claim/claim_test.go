package claim

import (
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/share/history"
	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/fleet/etcd"
	"option150/platform/journal"
	"option150/platform/testkit/etcdtest"
)

// box is a session with the engine of a DHCP server, which one goroutine owns; what
// is claimed is told the history when it is granted.
type box struct {
	t    *testing.T
	name string
	s    *Session
	e    *engine.Engine
	work chan func()
	end  chan struct{}
	born time.Time
	of   *campus
	kill func() // what was not written down is not

	mu     sync.Mutex
	events []journal.Event
}

// Record implements journal.Recorder.
func (b *box) Record(e journal.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, e)
}

// campus is what the boxes have acknowledged.
type campus struct{ history.History }

func (c *campus) ack(a engine.Ack, box string) {
	c.Add(history.Ack{At: time.Now(), Until: time.Now().Add(a.Lease), Addr: a.Addr, Client: a.MAC.String(), Box: box})
}

// of is the address of a client.
func (c *campus) of(m ether.MAC) netip.Addr {
	a, _ := c.Last(m.String())
	return a.Addr
}

// lost are the leases that a box does not know.
func (c *campus) lost(b *box) (bad []string) {
	has := map[netip.Addr]engine.Binding{}
	b.do(func(e *engine.Engine, _ engine.Instant) {
		for _, y := range e.List() {
			has[y.Addr] = y
		}
	})
	return history.Lost(c.Running(time.Now(), time.Minute), b.name, skew*time.Second, func(a netip.Addr) (string, time.Time) {
		y, ok := has[a]
		if !ok {
			return "", time.Time{}
		}
		return y.MAC.String(), y.Expiry
	})
}

// judge says what no client may have seen.
func (c *campus) judge(t *testing.T, least int) {
	t.Helper()
	if bad := c.Overlaps(); len(bad) > 0 || c.Len() < least {
		t.Errorf("%d ACKs, want %d; %v", c.Len(), least, bad)
	}
}

func (b *box) now() engine.Instant { return time.Since(b.born) }

func (b *box) do(f func(*engine.Engine, engine.Instant)) bool {
	done := make(chan struct{})
	select {
	case b.work <- func() { f(b.e, b.now()); close(done) }:
		<-done
		return true
	case <-b.end:
		return false
	}
}

const lead = 60

func newBox(t *testing.T, of *campus, name, dir string, st Store) *box {
	return newBoxAt(t, of, name, dir, st, 0)
}

// newBoxAt is a box whose clock is ahead by so much.
func newBoxAt(t *testing.T, of *campus, name, dir string, st Store, ahead time.Duration) *box {
	b := &box{t: t, name: name, e: engine.New(time.Now().Add(ahead)), work: make(chan func()), end: make(chan struct{}), born: time.Now(), of: of}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	conf := share.Config{Box: name, Domain: "CAMPUS", Lead: lead, OwnShare: true}
	b.s = New(conf, st, root, b)
	c := engine.Default()
	c.PingPackets = 0
	c.Pools = []engine.Pool{{Name: "ALL", Network: netip.MustParsePrefix("10.0.0.0/16"), Lease: 8 * time.Hour}}
	tab, err := engine.Compile(engine.Spec{Config: c, Interfaces: []engine.Interface{{Name: "G", Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/16")}}}})
	if err != nil {
		t.Fatal(err)
	}
	b.e.SetShare(0, b.s.Domain(b.e.Wall(0)))
	b.e.Apply(0, tab)
	var loop sync.WaitGroup
	loop.Go(func() {
		for {
			select {
			case f := <-b.work:
				f()
			case <-b.end:
				return
			}
		}
	})
	b.s.Start(b.do)
	b.kill = sync.OnceFunc(func() {
		b.s.Stop()
		b.s.Wait()
		close(b.end)
		loop.Wait()
		_ = root.Close()
	})
	t.Cleanup(b.kill)
	return b
}

// wait waits for something that is so at last.
func (b *box) wait(what string, is func(*engine.Engine, engine.Instant) bool) {
	b.t.Helper()
	for range 600 {
		ok := false
		b.do(func(e *engine.Engine, now engine.Instant) {
			e.Tick(now)
			b.settle()
			ok = is(e, now)
		})
		if ok {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("%s: never %s; %s", b.name, what, b.s.Why())
}

// all waits until the box has every lease.
func (b *box) all(of *campus) {
	b.t.Helper()
	var bad []string
	for range 600 {
		b.do(func(e *engine.Engine, now engine.Instant) { e.Tick(now); b.settle() })
		if bad = of.lost(b); len(bad) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("%d leases are lost: %s", len(bad), bad[0])
}

// connected reports that as well whether a cut would leave it one that gives out its own share: others
// have read that it is there.
func connected(e *engine.Engine, now engine.Instant) bool {
	return e.Share().Connected && e.Share().Heard && e.Share().New(e.Wall(now)) == nil
}

// settle has what was learned be on a disk.
func (b *box) settle() engine.Outcome {
	o := b.e.Take()
	if len(o.Claims) == 0 && o.Seq > 0 {
		b.e.Committed(o.Seq)
	}
	return o
}

func client(n int) ether.MAC {
	var m ether.MAC
	binary.BigEndian.PutUint32(m[2:], uint32(n))
	m[0] = 2
	return m
}

// packet is a request of a client, as short as may be.
func packet(m ether.MAC, typ byte, ci netip.Addr, opts ...byte) []byte {
	p := make([]byte, 240, 300)
	p[0], p[1], p[2] = 1, 1, 6
	copy(p[4:], m[2:])
	if ci.IsValid() {
		copy(p[12:], ci.AsSlice())
	}
	copy(p[28:], m[:])
	copy(p[236:], "\x63\x82\x53\x63")
	return append(append(append(p, 53, 1, typ), opts...), 255)
}

// ask brings packets to the box, all at once, and has what they claim claimed.
func (b *box) ask(packets ...[]byte) (acked []engine.Ack, ends []engine.Claimed) {
	var o engine.Outcome
	b.do(func(e *engine.Engine, now engine.Instant) {
		o = b.settle()
		for _, p := range packets {
			e.Packet(now, &engine.Inbound{Data: p, Interface: "G", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true})
		}
		o = e.Take()
	})
	var asks []engine.Ask
	for _, c := range o.Claims {
		asks = append(asks, engine.Ask{Record: o.Records[c.Record], Grant: c.Grant, Seq: o.Seq})
	}
	ends = b.s.Claim(asks)
	b.do(func(e *engine.Engine, now engine.Instant) {
		e.Claimed(now, ends)
		e.Committed(o.Seq)
		b.settle()
	})
	for i, c := range o.Claims {
		if ends[i].What == engine.ClaimGranted {
			a := o.Acked[c.Ack].(engine.Ack)
			b.of.ack(a, b.name)
			acked = append(acked, a)
		}
	}
	if len(o.Claims) == 0 {
		for _, x := range o.Acked {
			a := x.(engine.Ack)
			b.of.ack(a, b.name)
			acked = append(acked, a)
		}
	}
	return acked, ends
}

// take leases addresses for clients, a batch at a time, as often as it takes.
func (b *box) take(from, to int) {
	var left []int
	for n := from; n < to; n++ {
		left = append(left, n)
	}
	for try := 0; len(left) > 0 && try < 200; try++ {
		batch := left[:min(len(left), 300)]
		var packets [][]byte
		for _, n := range batch {
			packets = append(packets, packet(client(n), wire.MsgDiscover, netip.Addr{}))
		}
		var offers []engine.Offer
		b.do(func(e *engine.Engine, now engine.Instant) {
			e.Tick(now)
			b.settle()
			for _, p := range packets {
				e.Packet(now, &engine.Inbound{Data: p, Interface: "G", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true})
			}
			for _, x := range b.settle().Then {
				offers = append(offers, x.(engine.Offer))
			}
		})
		packets = nil
		for _, o := range offers {
			a := o.Addr.As4()
			packets = append(packets, packet(o.MAC, wire.MsgRequest, netip.Addr{}, append(append([]byte{50, 4}, a[:]...), 54, 4, 10, 0, 0, 1)...))
		}
		acked, _ := b.ask(packets...)
		for _, a := range acked {
			left = slices.DeleteFunc(left, func(n int) bool { return client(n) == a.MAC })
		}
		if len(acked) == 0 {
			time.Sleep(100 * time.Millisecond)
		}
	}
	if len(left) > 0 {
		b.t.Errorf("%s: %d clients were not served; %s", b.name, len(left), b.s.Why())
	}
}

func dial(t *testing.T, urls ...string) *etcd.Client {
	c := etcd.New(etcd.Options{Members: urls})
	t.Cleanup(c.Close)
	return c
}

// Three members, two boxes, two thousand clients; members are killed under way. Nobody
// has the address of another, and each box has all leases.
func TestMembersDie(t *testing.T) {
	m := etcdtest.Start(t, 3)
	of := &campus{}
	dir := t.TempDir()
	a := newBox(t, of, "A", dir, dial(t, m.URLs...))
	a.wait("connected", connected)
	b := newBox(t, of, "B", t.TempDir(), dial(t, m.URLs[1], m.URLs[2], m.URLs[0]))
	a.wait("two boxes", func(e *engine.Engine, now engine.Instant) bool { return len(e.Share().Boxes) == 2 && connected(e, now) })
	b.wait("connected", connected)
	// Each third of them is served while another member is dead, the leader in its turn.
	for i := range 3 {
		var load sync.WaitGroup
		load.Go(func() { a.take(i*333, i*333+333) })
		load.Go(func() { b.take(1001+i*333, 1001+i*333+333) })
		m.Kill(i)
		load.Wait()
		m.Up(i)
		m.Ready()
	}
	// A majority is dead, and what was asked for then is settled when it is back.
	m.Kill(0)
	m.Kill(1)
	a.take(999, 1001)
	m.Up(0)
	m.Up(1)
	m.Ready()
	of.judge(t, 2000)
	for _, x := range []*box{a, b} {
		x.all(of)
	}
	t.Logf("%d ACKs, A %+v", of.Len(), a.e.Stats.Shared)
	// REBIND is heard by both: the same address, and on record the same time.
	addr := of.of(client(5))
	a.wait("connected", connected)
	b.wait("connected", connected)
	var one, two []engine.Ack
	var both sync.WaitGroup
	both.Go(func() { one, _ = a.ask(packet(client(5), wire.MsgRequest, addr)) })
	both.Go(func() { two, _ = b.ask(packet(client(5), wire.MsgRequest, addr)) })
	both.Wait()
	if len(one) != 1 || len(two) != 1 || one[0].Addr != two[0].Addr || one[0].Lease != two[0].Lease {
		t.Fatalf("A %v, B %v", one, two)
	}
	var x, y []engine.Binding
	a.wait("one expiry", func(e *engine.Engine, _ engine.Instant) bool {
		x = e.List()
		b.do(func(e *engine.Engine, _ engine.Instant) { y = e.List() })
		i := slices.IndexFunc(x, func(v engine.Binding) bool { return v.Addr == addr })
		k := slices.IndexFunc(y, func(v engine.Binding) bool { return v.Addr == addr })
		return i >= 0 && k >= 0 && x[i].Expiry.Unix() == y[k].Expiry.Unix()
	})
}

// A box that is cut off gives out what nobody had of its own share, and enters it
// when it is back; what it asked for without an answer is read back.
func TestCutOff(t *testing.T) {
	m := etcdtest.Start(t, 1)
	of := &campus{}
	w := newWireTo(t, m.URLs[0])
	a := newBox(t, of, "A", t.TempDir(), dial(t, w.url))
	a.wait("connected", connected)
	b := newBox(t, of, "B", t.TempDir(), dial(t, m.URLs[0]))
	a.wait("two boxes", func(e *engine.Engine, now engine.Instant) bool { return len(e.Share().Boxes) == 2 && connected(e, now) })
	b.wait("connected", connected)
	a.take(0, 10)
	b.take(10, 20)
	w.cut(true)
	addr := of.of(client(3))
	if acked, ends := a.ask(packet(client(3), wire.MsgRequest, addr)); len(acked) != 0 || len(ends) != 1 || ends[0].What != engine.ClaimUnanswered {
		t.Fatalf("%v %v", acked, ends)
	}
	if acked, ends := a.ask(packet(client(3), wire.MsgRequest, addr)); len(acked) != 1 || len(ends) != 0 || acked[0].Lease > 8*time.Hour {
		t.Fatalf("isolated: %v %v", acked, ends)
	}
	a.take(20, 30)
	b.take(30, 40)
	w.cut(false)
	for _, x := range []*box{a, b} {
		x.wait("all leases", func(e *engine.Engine, _ engine.Instant) bool { return len(e.List()) >= 40 && e.Share().Connected })
	}
	// The answer is lost, the claim carried out: one's own value is success.
	w.deaf(true)
	addr = of.of(client(4))
	acked, ends := a.ask(packet(client(4), wire.MsgRequest, addr))
	w.deaf(false)
	if len(ends) != 1 || len(acked) != 0 {
		t.Fatalf("%v %v", acked, ends)
	}
	a.wait("connected", connected)
	if acked, _ := a.ask(packet(client(4), wire.MsgRequest, addr)); len(acked) != 1 || acked[0].Addr != addr {
		t.Fatalf("%v", acked)
	}
	of.judge(t, 1)
}

// The engine is restored from an old backup: the generation goes up, all enter what they
// know, and nothing is given out twice.
func TestRestored(t *testing.T) {
	m := etcdtest.Start(t, 3)
	of := &campus{}
	a := newBox(t, of, "A", t.TempDir(), dial(t, m.URLs...))
	a.wait("connected", connected)
	b := newBox(t, of, "B", t.TempDir(), dial(t, m.URLs...))
	a.wait("two boxes", func(e *engine.Engine, now engine.Instant) bool { return len(e.Share().Boxes) == 2 && connected(e, now) })
	b.wait("connected", connected)
	a.take(0, 50)
	file := filepath.Join(t.TempDir(), "backup")
	m.Save(file)
	a.take(50, 100)
	b.take(100, 150)
	var was uint64
	a.do(func(e *engine.Engine, _ engine.Instant) { was = e.Share().Gen })
	m.Restore(file)
	for _, x := range []*box{a, b} {
		x.wait("all leases, in another generation", func(e *engine.Engine, now engine.Instant) bool {
			return e.Share().Gen > was && len(e.Share().At) >= 150 && connected(e, now)
		})
	}
	a.take(150, 200)
	b.take(200, 250)
	of.judge(t, 1)
	told := false
	for _, x := range []*box{a, b} {
		x.mu.Lock()
		for _, e := range x.events {
			_, is := e.(engine.SharedBack)
			told = told || is
		}
		x.mu.Unlock()
	}
	if !told {
		t.Error("nobody was told that the engine went back")
	}
}
