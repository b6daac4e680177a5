package dhcp

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// Claims without an answer keep their addresses from others for a minute, not for as long as
// nothing else goes wrong: the line is cut while all addresses are being claimed, is whole again
// within that minute, and then stays so.
func TestUnansweredClaimsEnd(t *testing.T) {
	for seed := range uint64(4) {
		synctest.Test(t, func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 150))
			w := newFleetWorld(t, rnd, 1)
			defer w.end()
			b := w.boxes[0]
			b.link.set(func(l *link) { l.cut = true })
			for _, c := range w.callers[:8] {
				c.discover(rnd, w.up())
			}
			time.Sleep(3 * time.Second)
			b.link.set(func(l *link) { l.cut = false })
			for _, c := range w.callers {
				c.leave(false)
			}
			time.Sleep(300 * time.Second)
			for _, c := range w.callers[8:] {
				c.discover(rnd, w.up())
				time.Sleep(3 * time.Second)
				if c.has().Client == "" {
					t.Errorf("seed %d: nobody answers %s; %s", seed, c.name(), b.ready())
				}
			}
		})
	}
}
