package dhcp

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
)

// sure reports whether a box takes what is on record for all that its domain has told clients.
func (b *fleetBox) sure() (is bool) {
	b.run.do(func(e *engine.Engine, now engine.Instant) { is = e.Share().Sure(e.Wall(now)) })
	return is
}

// The clock of a box is set back by far, and it renews a lease by that: what it writes down is long over by the
// clock of the others. None of them relies on it, not for the seconds either for which its last sign of life would
// count; when the clock is right again they do, and the client has its address all the time.
func TestRenewedByAClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rnd := rand.New(rand.NewPCG(5, 1))
		w := newFleetWorld(t, rnd, 3)
		defer w.end()
		b, other := w.boxes[1], w.boxes[0]
		c := w.callers[1]
		c.discover(rnd, []*fleetBox{b})
		time.Sleep(2 * time.Second)
		was := c.has()
		if was.Client == "" || !other.sure() {
			t.Fatalf("%+v, all are there: %v", was, other.sure())
		}
		b.turn(b.well - 10*time.Minute)
		renewed := 0
		for n := range 12 {
			time.Sleep(time.Second)
			q := c.packet(wire.MsgRequest)
			q.CIAddr = was.Addr.String()
			c.send(b, q, true)
			time.Sleep(20 * time.Millisecond)
			if c.has().At.After(was.At) {
				renewed++
			}
			if key, until := other.keeps(was.Addr); key != "" && until.Before(time.Now()) && other.sure() {
				t.Errorf("%d s: %s counts as free to be given away, and %+v runs", n+1, was.Addr, c.has())
			}
		}
		if renewed == 0 {
			t.Error("it is not renewed")
		}
		b.turn(b.well)
		time.Sleep(20 * time.Second)
		if _, until := other.keeps(was.Addr); !other.sure() || until.Before(c.has().Until.Add(-3*time.Second)) {
			t.Errorf("its clock is right: all are there %v, on record until %s, told until %s", other.sure(), until, c.has().Until)
		}
		if bad := append(w.bad, w.history.Overlaps()...); len(bad) > 0 {
			t.Error(bad)
		}
	})
}
