package claim

import (
	"context"
	"strings"
	"testing"
	"time"

	"option150/dhcp/engine"
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
	a.wait("told", func(*engine.Engine, engine.Instant) bool { return a.s.load().Last != 0 })
	a.kill()
	b := newBox(t, of, "A", dir, dial(t, m.URLs...))
	b.wait("connected", connected)
	b.take(3, 6)
	of.judge(t, 6)
}
