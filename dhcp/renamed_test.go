package dhcp

import (
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/wire"
	"option150/platform/fleet"
	"option150/platform/service"
)

// gives counts the addresses of the pool that a box would let a new client have.
func (b *fleetBox) gives() (n int) {
	b.run.do(func(e *engine.Engine, now engine.Instant) {
		for a := ip("10.77.0.1"); a != ip("10.77.0.9"); a = a.Next() {
			if _, err := e.Share().Decide(e.Wall(now), a, "nobody yet", share.Lease{}); err == nil {
				n++
			}
		}
	})
	return n
}

// A box starts with another host name than the boxes of its domain know it by. It is no box
// of that name by itself: it says so, takes no share and gives out nothing new, and whom it
// knows keeps his address. The lines that it advises end that: with the old name all is as it
// was; with the new one nothing new is given out until the old is declared down and its lead
// time over, and then both serve.
func TestRenamedAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(3, 1))
		w := newFleetWorld(t, rnd, 2)
		defer w.end()
		b, other := w.boxes[0], w.boxes[1]
		known, stranger := w.callers[1], w.callers[2]
		known.discover(rnd, []*fleetBox{b})
		time.Sleep(time.Second)
		before := known.has()
		if before.Box != "BOX0" {
			t.Fatalf("%+v", before)
		}
		boxes := func() string {
			w.m.mu.Lock()
			defer w.m.mu.Unlock()
			return w.m.kv[fleet.BoxesKey("CAMPUS")].Value
		}
		was := boxes()
		restart := func(name string, host bool) {
			b.kill()
			b.name, b.host = name, host
			b.start()
			time.Sleep(20 * time.Second)
		}

		restart("NEW", true)
		const why = "the boxes of CAMPUS know this one as BOX0, not by its host name NEW: enter `name BOX0` below fleet if it is that, `name NEW` if it is another"
		x, st := b.run.shared(), b.run.Status()
		if x.Waits != why || x.Connected || x.State() != "not shared yet: "+why+"; known clients keep their addresses until they end, new ones get nothing" ||
			st.State != service.Degraded && st.State != service.Waiting && st.State != service.Failed || boxes() != was {
			t.Errorf("%+v, %+v, boxes %q", x, st, boxes())
		}
		if text := x.Show().String(); !strings.Contains(text, why) {
			t.Errorf("show fleet bindings: %s", text)
		}
		stranger.send(b, stranger.packet(wire.MsgDiscover), false)
		time.Sleep(2 * time.Second)
		if len(stranger.at) > 0 || b.gives() > 0 {
			t.Errorf("a new client was offered %v", stranger.at)
		}
		q := known.packet(wire.MsgRequest)
		q.CIAddr = before.Addr.String()
		known.send(b, q, true)
		time.Sleep(2 * time.Second)
		if x := known.has(); x.Addr != before.Addr || x.At == before.At || x.Until.After(before.Until.Add(2*time.Second)) {
			t.Errorf("who was known: %+v, before %+v", x, before)
		}

		b.name, b.host = "BOX0", false // the line name BOX0
		b.apply()
		time.Sleep(20 * time.Second)
		if x := b.run.shared(); x.Waits != "" || !x.Connected || boxes() != was || b.gives() == 0 {
			t.Errorf("with its name: %+v, gives %d", x, b.gives())
		}
		b.run.mu.Lock()
		sharing := b.run.sharing
		b.run.mu.Unlock()
		b.host = true // and that taken away again, where the host name is the same
		b.apply()
		b.run.mu.Lock()
		if b.run.sharing != sharing {
			t.Error("how a box got its name, which is the same, made it share anew")
		}
		b.run.mu.Unlock()

		restart("NEW", true)
		b.host = false // the line name NEW
		b.apply()
		time.Sleep(20 * time.Second)
		if x := b.run.shared(); x.Waits != "" || !x.Connected || boxes() != was+" NEW" {
			t.Errorf("as another: %+v, boxes %q", x, boxes())
		}
		if b.gives()+other.gives() > 0 {
			t.Errorf("while BOX0 counts as one of them new clients get %d and %d addresses", b.gives(), other.gives())
		}
		w.m.declareDown("CAMPUS", "BOX0")
		time.Sleep(300 * time.Second) // more than the lead time of either
		if b.gives() == 0 || other.gives() == 0 {
			t.Errorf("after that new clients get %d and %d addresses", b.gives(), other.gives())
		}
		if bad := w.history.Overlaps(); len(bad)+len(w.bad) > 0 {
			t.Errorf("%v %v", bad, w.bad)
		}
	})
}
