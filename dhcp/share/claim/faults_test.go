package claim

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/wire"
	"option150/platform/fleet/etcd"
	"option150/platform/testkit/etcdtest"
)

// fill has the engine take so much that it takes nothing any more.
func fill(t *testing.T, m *etcdtest.Members) {
	t.Helper()
	c := dial(t, m.URLs...)
	value := strings.Repeat("x", 256<<10)
	for range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := c.Do(ctx, etcd.Txn{Puts: []etcd.Put{{Key: "/filler", Value: value}}})
		cancel()
		if err != nil && strings.Contains(err.Error(), "space") {
			return
		}
	}
	t.Fatal("the engine is never full")
}

// renew has clients renew what they have; each request is answered, or one of so many
// that are sent for it.
func (b *box) renew(of *campus, from, to, times int) {
	b.t.Helper()
	for n := from; n < to; n++ {
		addr := of.of(client(n))
		var acked []engine.Ack
		for i := 0; i < times && len(acked) == 0; i++ {
			acked, _ = b.ask(packet(client(n), wire.MsgRequest, addr))
		}
		if len(acked) != 1 || acked[0].Addr != addr {
			b.t.Errorf("%s: client %d, %s: %v; %s", b.name, n, addr, acked, b.s.Why())
		}
	}
}

// An engine that is full can be read and takes nothing: renewals go on, for no longer than
// the lead time, and what was granted is entered when there is space again.
func TestEngineFull(t *testing.T) {
	m := etcdtest.Start(t, 1, "--quota-backend-bytes", "2000000")
	of := &campus{}
	a := newBox(t, of, "A", t.TempDir(), dial(t, m.URLs...))
	a.wait("connected", connected)
	a.take(0, 8)
	fill(t, m)
	first, _ := of.Last(client(3).String())
	a.wait("isolated", func(e *engine.Engine, _ engine.Instant) bool {
		return !e.Share().Connected && strings.Contains(a.s.Why(), "space")
	})
	for range 15 { // a phone asks once and then for a long time not
		a.renew(of, 0, 8, 1)
		time.Sleep(200 * time.Millisecond) // it tries every second whether it is connected again
	}
	if x, _ := of.Last(client(3).String()); x.Until.After(first.Until.Add(skew * time.Second)) {
		t.Errorf("%v by a box that cannot claim, after %v", x, first)
	}
	a.take(8, 12) // of its own share
	m.Space()
	a.wait("connected", connected)
	a.take(12, 20)
	a.renew(of, 0, 20, 1)
	a.all(of)
	of.judge(t, 60)
	if got := strings.Count(m.Ctl("get", "--prefix", "--keys-only", "/option150/bindings/CAMPUS/at/"), "/at/"); got != 20 {
		t.Errorf("%d addresses are on record", got)
	}
}

// A box that dies seconds after it was new is none that has lost its disk: it gives
// out addresses again at once.
func TestDiesYoung(t *testing.T) {
	m := etcdtest.Start(t, 1)
	of := &campus{}
	dir := t.TempDir()
	a := newBox(t, of, "A", dir, dial(t, m.URLs...))
	a.wait("connected", connected)
	a.take(0, 3)
	a.wait("told", func(*engine.Engine, engine.Instant) bool { k, _ := load(a.s.root, "CAMPUS"); return k.Last != 0 })
	a.kill()
	b := newBox(t, of, "A", dir, dial(t, m.URLs...))
	b.wait("connected", connected)
	b.take(3, 6)
	of.judge(t, 6)
}

// discover has clients ask for an address, and gives what they were offered.
func (b *box) discover(from, to int) (offers []engine.Offer) {
	b.do(func(e *engine.Engine, now engine.Instant) {
		e.Tick(now)
		b.settle()
		for n := from; n < to; n++ {
			e.Packet(now, &engine.Inbound{Data: packet(client(n), wire.MsgDiscover, netip.Addr{}), Interface: "G", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true})
		}
		for _, x := range b.settle().Then {
			if o, ok := x.(engine.Offer); ok {
				offers = append(offers, o)
			}
		}
	})
	return offers
}

// onRecord are the leases that the engine has.
func onRecord(t *testing.T, m *etcdtest.Members) map[netip.Addr]engine.Bound {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	v, err := readView(ctx, dial(t, m.URLs...), keysOf("CAMPUS"))
	if err != nil {
		t.Fatal(err)
	}
	return v.at
}

// Two boxes answer one DISCOVER, and the client takes the offer of one. The other does not
// write anything, neither the address that it offered nor a time over the lease.
func TestTwoOffers(t *testing.T) {
	m := etcdtest.Start(t, 1)
	of := &campus{}
	a := newBox(t, of, "A", t.TempDir(), dial(t, m.URLs...))
	a.wait("connected", connected)
	b := newBox(t, of, "B", t.TempDir(), dial(t, m.URLs...))
	for _, x := range []*box{a, b} {
		x.wait("two boxes", func(e *engine.Engine, now engine.Instant) bool { return len(e.Share().Boxes) == 2 && connected(e, now) })
	}
	for n := range 20 {
		one, two := a.discover(n, n+1), b.discover(n, n+1)
		if len(one) != 1 || len(two) != 1 || one[0].Addr == two[0].Addr {
			t.Fatalf("offered: %v and %v", one, two)
		}
		addr := one[0].Addr.As4()
		q := packet(client(n), wire.MsgRequest, netip.Addr{}, append(append([]byte{50, 4}, addr[:]...), 54, 4, 10, 0, 0, 1)...)
		if acked, _ := a.ask(q); len(acked) != 1 || acked[0].Addr != one[0].Addr {
			t.Fatalf("client %d: %v", n, acked)
		}
		if n%2 == 0 { // it asks all again, as a phone that starts
			a.discover(n, n+1)
			b.discover(n, n+1)
		}
	}
	at := onRecord(t, m)
	for addr, x := range at {
		if x.Expiry-x.Start != 8*3600 || x.Lease != 8*3600 || of.of(x.MAC) != addr {
			t.Errorf("%s is on record for %s, for %d seconds", addr, x.MAC, x.Expiry-x.Start)
		}
	}
	if len(at) != 20 {
		t.Errorf("%d addresses are on record", len(at))
	}
	b.all(of)
	of.judge(t, 20)
}

// A box whose clock is off by half a minute gives nothing new and goes on with renewals; the
// others serve. When its clock was set it serves again.
func TestClockHalfAMinuteOff(t *testing.T) {
	for _, ahead := range []time.Duration{30 * time.Second, -30 * time.Second} {
		t.Run(ahead.String(), func(t *testing.T) {
			t.Parallel()
			halfAMinuteOff(t, ahead)
		})
	}
}

func halfAMinuteOff(t *testing.T, ahead time.Duration) {
	m := etcdtest.Start(t, 1)
	of := &campus{}
	b := newBox(t, of, "B", t.TempDir(), dial(t, m.URLs...))
	b.wait("connected", connected)
	c := newBox(t, of, "C", t.TempDir(), dial(t, m.URLs...))
	a := newBoxAt(t, of, "A", t.TempDir(), dial(t, m.URLs...), ahead)
	for _, x := range []*box{b, c} {
		x.wait("three boxes", func(e *engine.Engine, now engine.Instant) bool { return len(e.Share().Boxes) == 3 && connected(e, now) })
	}
	b.take(0, 10)
	c.take(10, 20)
	a.wait("off", func(e *engine.Engine, now engine.Instant) bool {
		return e.Share().Connected && e.Share().New(e.Wall(now)) == share.ClockOff && len(e.List()) >= 20
	})
	if o := a.discover(50, 60); len(o) > 0 {
		t.Errorf("it offers %v", o)
	}
	a.renew(of, 0, 20, 1)
	b.take(20, 30)
	c.take(30, 40)
	for _, x := range []*box{b, c} {
		x.do(func(e *engine.Engine, _ engine.Instant) {
			if e.Share().Off {
				t.Errorf("%s counts as off", x.name)
			}
		})
	}
	a.do(func(e *engine.Engine, now engine.Instant) { e.SetClock(now, a.born); a.settle() })
	a.wait("connected", connected)
	a.take(40, 50)
	for _, x := range []*box{a, b, c} {
		x.renew(of, 0, 50, 20)
		x.all(of)
	}
	of.judge(t, 50)
}

// What a box of another version writes, fields and keys that this one does not know, stops
// nothing; an address whose lease cannot be read is somebody's.
func TestAnotherVersion(t *testing.T) {
	m := etcdtest.Start(t, 1)
	of := &campus{}
	a := newBox(t, of, "A", t.TempDir(), dial(t, m.URLs...))
	a.wait("connected", connected)
	k := keysOf("CAMPUS")
	c := dial(t, m.URLs...)
	write := func(key, value string) {
		t.Helper()
		if r, err := c.Do(t.Context(), etcd.Txn{Puts: []etcd.Put{{Key: key, Value: value}}}); err != nil || !r.OK {
			t.Fatal(r, err)
		}
	}
	var others []netip.Addr
	for n := range byte(20) {
		x := netip.AddrFrom4([4]byte{10, 0, 0, 2 + 3*n})
		others = append(others, x)
		write(k.at(x), `{"lease":"of a kind that is not known"}`)
	}
	for n := range 3 {
		write(k.prefix+"plan/2030", "x")
		write(k.prefix+"plan", "")
		write(k.beat("Z"), `{"stamp":1,"gen":1,"colour":"blue","addresses":[]}`)
		write(k.clock("Z"), `{"stamp":{"seconds":1}}`)
		write(k.downOf("Z"), "1 1 because")
		write(k.prefix+"at/not-an-address", "x")
		a.take(n*50, n*50+50)
	}
	for _, x := range of.All() {
		if slices.Contains(others, x.Addr) {
			t.Errorf("an address whose lease cannot be read was given away: %v", x)
		}
	}
	a.renew(of, 0, 150, 1)
	of.judge(t, 300)
}
