package engine

import (
	"net/netip"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	v4 "option150/dhcp/engine"
	"option150/dhcp/v6/wire"
	"option150/platform/ether"
	"option150/platform/journal"
)

const lan = "GigabitEthernet0/0"

var (
	epoch = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	phone = ether.MAC{2, 0, 0, 6, 0, 1}
	pc    = ether.MAC{2, 0, 0, 6, 0, 2}
	duid  = []byte{0, 3, 0, 1, 2, 0, 0, 6, 0, 0xff}
)

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// box is an engine with a clock of its own.
type box struct {
	*Engine
	t   *testing.T
	now Instant
	out Outcome
}

// spec is one pool on one link; prefix is that of pool and interface.
func spec(prefix string) Spec {
	p := netip.MustParsePrefix(prefix)
	return Spec{
		Config: Config{
			Pools: []Pool{{Name: "VOICE6", Prefix: p, Valid: 600 * time.Second, Preferred: 400 * time.Second}},
			Links: []Link{{Name: lan, Pool: "VOICE6", Rapid: true}},
		},
		Interfaces: []Interface{{Name: lan, Device: "eth0", Addrs: []netip.Prefix{netip.PrefixFrom(p.Addr().Next(), p.Bits()), netip.MustParsePrefix("fe80::1/64")}}},
	}
}

func open(t *testing.T, sp Spec) *box {
	b := &box{Engine: New(epoch, duid), t: t, now: Instant(time.Hour)}
	b.Apply(Compile(sp))
	return b
}

// ask hands over a message and gives the reply, nil if there is none. Records are
// on disk at once, unless the disk does not work.
func (b *box) ask(m ether.MAC, r dhcptest.Message6) *dhcptest.Reply6 {
	b.t.Helper()
	b.Packet(b.now, &Inbound{Data: r.Bytes(), Interface: lan, From: netip.AddrPortFrom(dhcptest.LinkLocal(m), 546), Source: m})
	b.out = b.Take()
	if !b.DiskBad {
		b.Committed(b.out.Seq)
	}
	if len(b.out.Replies) == 0 {
		return nil
	}
	p, err := dhcptest.Parse6(b.out.Replies[0].Payload)
	if err != nil {
		b.t.Fatal(err)
	}
	return &p
}

// take leases an address by rapid commit.
func (b *box) take(m ether.MAC) netip.Addr {
	b.t.Helper()
	r := b.ask(m, dhcptest.Phone6(m, 1, dhcptest.IA6(1), dhcptest.Opt6(14)))
	if r == nil || !r.Addr().IsValid() {
		b.t.Fatalf("no address: %+v", b.out.First)
	}
	return r.Addr()
}

func (b *box) later(d time.Duration) {
	b.now += Instant(d)
	b.Tick(b.now)
}

func has[E journal.Event](o Outcome) (last E, ok bool) {
	for _, list := range [][]journal.Event{o.First, o.Then} {
		for _, e := range list {
			if x, is := e.(E); is {
				last, ok = x, true
			}
		}
	}
	return last, ok
}

func server() dhcptest.Option6 { return dhcptest.Opt6(2, duid...) }

// TestPrefixGoes: the pool has another prefix. Who renews is told that its
// address is not to be used any more and gets one of the new prefix with it; the
// old one is nobody's.
func TestPrefixGoes(t *testing.T) {
	for name, typ := range map[string]byte{"renew": 5, "rebind": 6} {
		b := open(t, spec("2001:db8:1::/64"))
		old := b.take(phone)
		b.Apply(Compile(spec("2001:db8:2::/64")))
		if c := b.ask(phone, dhcptest.Phone6(phone, 4, dhcptest.IA6(1, old))); c == nil || c.Status != wire.NotOnLink {
			t.Errorf("%s: CONFIRM: %+v", name, c)
		}
		if q := b.ask(phone, dhcptest.Phone6(phone, 3, server(), dhcptest.IA6(1, old))); q == nil || q.IAs[0].Status != wire.NotOnLink {
			t.Errorf("%s: REQUEST: %+v", name, q)
		}
		m := dhcptest.Phone6(phone, typ, dhcptest.IA6(1, old))
		if typ == 5 {
			m = m.With(server())
		}
		r := b.ask(phone, m)
		if r == nil || len(r.IAs) != 1 || len(r.IAs[0].Addrs) != 2 {
			t.Fatalf("%s: %+v", name, r)
		}
		a := r.IAs[0].Addrs
		if !netip.MustParsePrefix("2001:db8:2::/64").Contains(a[0].Addr) || a[0].Valid != 600 || r.IAs[0].T1 != 200 || a[1] != (dhcptest.Addr6{Addr: old}) {
			t.Errorf("%s: %+v", name, r.IAs[0])
		}
		if x, ok := has[v4.Moved](b.out); !ok || x.From != old || x.To != a[0].Addr {
			t.Errorf("%s: moved %+v", name, x)
		}
		if l := b.List(); len(l) != 1 || l[0].Addr != a[0].Addr {
			t.Errorf("%s: %+v", name, l)
		}
	}
}

// TestPrefixShrinks: the interface still has the wider network.
func TestPrefixShrinks(t *testing.T) {
	b := open(t, spec("2001:db8:1::/64"))
	old := b.take(phone)
	sp := spec("2001:db8:1::/64")
	sp.Pools[0].Prefix = netip.MustParsePrefix("2001:db8:1:0:f000::/112")
	if sp.Pools[0].Prefix.Contains(old) { // addresses are by chance
		sp.Pools[0].Prefix = netip.MustParsePrefix("2001:db8:1:0:e000::/112")
	}
	b.Apply(Compile(sp))
	r := b.ask(phone, dhcptest.Phone6(phone, 5, server(), dhcptest.IA6(1, old)))
	if r == nil || len(r.IAs[0].Addrs) != 2 || !sp.Pools[0].Prefix.Contains(r.IAs[0].Addrs[0].Addr) || r.IAs[0].Addrs[1].Valid != 0 {
		t.Fatalf("%+v", r)
	}
}

// TestPoolGoes: without a pool nobody is answered, and nothing is forgotten.
func TestPoolGoes(t *testing.T) {
	b := open(t, spec("2001:db8:1::/64"))
	a := b.take(phone)
	sp := spec("2001:db8:1::/64")
	sp.Pools = nil
	b.Apply(Compile(sp))
	if r := b.ask(phone, dhcptest.Phone6(phone, 5, server(), dhcptest.IA6(1, a))); r != nil {
		t.Errorf("%+v", r)
	}
	b.Apply(Compile(spec("2001:db8:1::/64")))
	if r := b.ask(phone, dhcptest.Phone6(phone, 5, server(), dhcptest.IA6(1, a))); r == nil || r.Addr() != a {
		t.Errorf("%+v", r)
	}
}

// TestReplyWaits: what changes a binding leaves after its record, giving back
// too; an ADVERTISE does not wait.
func TestReplyWaits(t *testing.T) {
	b := open(t, spec("2001:db8:1::/64"))
	b.ask(phone, dhcptest.Phone6(phone, 1, dhcptest.IA6(1)))
	if b.out.Durable || len(b.out.Records) != 0 {
		t.Errorf("ADVERTISE: %+v", b.out)
	}
	a := b.take(phone)
	for _, step := range []struct {
		name string
		m    dhcptest.Message6
	}{
		{"RENEW", dhcptest.Phone6(phone, 5, server(), dhcptest.IA6(1, a))},
		{"RELEASE", dhcptest.Phone6(phone, 8, server(), dhcptest.IA6(1, a))},
		{"rapid commit", dhcptest.Phone6(phone, 1, dhcptest.IA6(1), dhcptest.Opt6(14))},
		{"DECLINE", dhcptest.Phone6(phone, 9, server(), dhcptest.IA6(1, a))},
	} {
		if r := b.ask(phone, step.m); r == nil || !b.out.Durable || len(b.out.Records) == 0 {
			t.Errorf("%s: durable %v, %d records", step.name, b.out.Durable, len(b.out.Records))
		}
	}
	if len(b.ConflictList()) != 1 {
		t.Errorf("%+v", b.ConflictList())
	}
}

// TestConflictEnds: a declined address is kept away for a day, and by a restart.
func TestConflictEnds(t *testing.T) {
	b := open(t, spec("2001:db8:1::/120"))
	a := b.take(phone)
	b.ask(phone, dhcptest.Phone6(phone, 9, server(), dhcptest.IA6(1, a)))
	if n := b.take(phone); n == a {
		t.Fatal("given again")
	}
	again := open(t, spec("2001:db8:1::/120"))
	again.Load(again.now, b.Dump())
	if l := again.ConflictList(); len(l) != 1 || l[0].Addr != a {
		t.Errorf("after a restart: %+v", l)
	}
	b.later(ConflictTimeout)
	if len(b.ConflictList()) != 0 {
		t.Error("kept for ever")
	}
}

// TestExpiry: what ends is free for others, and its client's again while nobody
// else has it; over a restart too.
func TestExpiry(t *testing.T) {
	b := open(t, spec("2001:db8:1::/64"))
	a := b.take(phone)
	b.later(599 * time.Second)
	if len(b.List()) != 1 {
		t.Fatal("too early")
	}
	b.later(2 * time.Second)
	if x, ok := has[Expired](b.Take()); !ok || x.Addr != a || len(b.List()) != 0 {
		t.Fatalf("%+v", b.List())
	}
	again := open(t, spec("2001:db8:1::/64"))
	again.Load(again.now, b.Dump())
	if got := again.take(phone); got != a {
		t.Errorf("%s after %s", got, a)
	}
}

// TestOfferHold: an address that is offered is nobody else's for a minute.
func TestOfferHold(t *testing.T) {
	sp := spec("2001:db8:1::/126") // two to give: the routers' and ours are not
	b := open(t, sp)
	one := b.ask(phone, dhcptest.Phone6(phone, 1, dhcptest.IA6(1))).Addr()
	two := b.ask(pc, dhcptest.PC6(pc, 1, dhcptest.IA6(1))).Addr()
	third := ether.MAC{2, 0, 0, 6, 0, 3}
	if r := b.ask(third, dhcptest.PC6(third, 1, dhcptest.IA6(1))); !one.IsValid() || !two.IsValid() || one == two || r.IAs[0].Status != wire.NoAddrsAvail {
		t.Fatalf("%s, %s, %+v", one, two, r)
	}
	b.later(61 * time.Second)
	if r := b.ask(third, dhcptest.PC6(third, 1, dhcptest.IA6(1))); !r.Addr().IsValid() {
		t.Errorf("%+v", r)
	}
}

// TestSeveral: every address a reply gives is told.
func TestSeveral(t *testing.T) {
	b := open(t, spec("2001:db8:1::/64"))
	r := b.ask(phone, dhcptest.Phone6(phone, 1, dhcptest.IA6(1), dhcptest.IA6(2), dhcptest.Opt6(14)))
	s, ok := has[Sent](b.out)
	if !ok || len(r.IAs) != 2 || s.Addr != r.IAs[0].Addrs[0].Addr || len(s.Also) != 1 || s.Also[0] != r.IAs[1].Addrs[0].Addr {
		t.Errorf("%+v of %+v", s, r)
	}
}

// TestAnotherIdentifier: a station with another DUID is another client. It gets
// an address of its own, the one before ends by itself.
func TestAnotherIdentifier(t *testing.T) {
	b := open(t, spec("2001:db8:1::/64"))
	old := b.take(phone)
	m := dhcptest.Phone6(phone, 1, dhcptest.IA6(1), dhcptest.Opt6(14))
	m.Opts[0].Val = []byte{0, 4, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	r := b.ask(phone, m)
	if r.Addr() == old || len(b.List()) != 2 {
		t.Fatalf("%s, %+v", r.Addr(), b.List())
	}
	b.later(601 * time.Second)
	if len(b.List()) != 0 {
		t.Errorf("%+v", b.List())
	}
}

// TestDiskBad: nobody new is told anything, who is known gets what is on disk.
func TestDiskBad(t *testing.T) {
	b := open(t, spec("2001:db8:1::/64"))
	a := b.take(phone)
	b.later(100 * time.Second)
	b.DiskFailed()
	if r := b.ask(pc, dhcptest.PC6(pc, 1, dhcptest.IA6(1), dhcptest.Opt6(14))); r != nil {
		t.Errorf("a new one: %+v", r)
	}
	r := b.ask(phone, dhcptest.Phone6(phone, 5, server(), dhcptest.IA6(1, a)))
	if r == nil || r.Addr() != a || r.IAs[0].Addrs[0].Valid != 500 || r.IAs[0].T1 != 200 {
		t.Errorf("%+v", r)
	}
	b.DiskWorks()
	if r := b.ask(phone, dhcptest.Phone6(phone, 5, server(), dhcptest.IA6(1, a))); r.IAs[0].Addrs[0].Valid != 600 {
		t.Errorf("%+v", r)
	}
}

// TestRouters: asked for three times, then it is said; the flags are told when
// they are new.
func TestRouters(t *testing.T) {
	b := open(t, spec("2001:db8:1::/64"))
	b.LinkUp(b.now, lan)
	asks := 0
	for range 60 {
		b.later(time.Second)
		o := b.Take()
		asks += len(o.Ask)
		if _, ok := has[NoRouter](o); ok {
			break
		}
	}
	if asks < routerAsks {
		t.Errorf("asked %d times", asks)
	}
	r := wire.Router{Addr: ip("fe80::9"), MAC: pc, Lifetime: 1800}
	b.RouterHeard(b.now, lan, r)
	if x, ok := has[RouterHeard](b.Take()); !ok || x.Managed || !x.Pool {
		t.Errorf("%+v", x)
	}
	b.RouterHeard(b.now, lan, r)
	if _, ok := has[RouterHeard](b.Take()); ok {
		t.Error("told twice")
	}
	r.Managed = true
	b.RouterHeard(b.now, lan, r)
	if x, ok := has[RouterHeard](b.Take()); !ok || !x.Managed {
		t.Errorf("%+v", x)
	}
	b.later(routerLife + time.Minute)
	if l := b.RouterList(); len(l) != 0 {
		t.Errorf("%+v", l)
	}
}
