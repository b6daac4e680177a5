package dhcp

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/share/claim"
)

// A line of the fleet that is changed does not leave the box alone for a moment: a packet
// that came then would be answered as if nobody else had the pools.
func TestSharingIsChangedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFleetWorld(t, rand.New(rand.NewPCG(1, 1)), 2)
		defer w.end()
		b := w.boxes[0]
		was := b.run.opt.Share
		b.run.opt.Share = func(c share.Config) (Sharing, error) {
			b.run.do(func(e *engine.Engine, _ engine.Instant) {
				if e.Share() == nil {
					t.Error("alone")
				}
			})
			return was(c)
		}
		b.lead += 60
		b.apply()
		b.run.do(func(e *engine.Engine, _ engine.Instant) {
			if e.Share() == nil || e.Share().Lead != b.lead {
				t.Errorf("%+v", e.Share())
			}
		})
	})
}

var _ Sharing = (*claim.Session)(nil)
