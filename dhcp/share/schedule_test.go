package share

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"regexp"
	"testing"
	"time"

	"option150/dhcp/share/history"
)

var (
	schedules = flag.Int("schedules", 100, "random schedules of TestSchedules")
	firstSeed = flag.Uint64("seed", 1, "seed of the first")
)

// run lets a world go on for a while, with what may go wrong in it.
func run(seed uint64) *world {
	w := &world{rnd: rand.New(rand.NewPCG(seed, 16)), now: 100_000, engine: (&engine{cluster: 1, rev: 1}).copy()}
	own := w.rnd.IntN(2) == 0
	for i := range 2 + w.rnd.IntN(2) {
		w.boxes = append(w.boxes, &box{name: fmt.Sprint("box", i), w: w, own: own, off: w.rnd.Int64N(skew+1) - skew/2, disk: map[netip.Addr]Lease{}})
	}
	for _, b := range w.boxes {
		b.start()
		b.join()
	}
	for i := range addresses + 2 {
		w.clients = append(w.clients, &client{name: fmt.Sprint("client", i)})
	}
	for range 1500 {
		w.step()
	}
	w.heal()
	return w
}

func (w *world) step() {
	w.now += w.rnd.Int64N(4)
	for _, b := range w.boxes {
		switch {
		case !b.up:
		case !b.dom.Connected && w.rnd.IntN(4) == 0:
			b.join()
		case w.rnd.IntN(3) > 0:
			b.watch(w.rnd.IntN(4))
		}
		if w.rnd.IntN(2) == 0 {
			b.beat()
		}
	}
	if len(w.late) > 0 && w.rnd.IntN(5) == 0 {
		w.late[0]()
		w.late = w.late[1:]
	}
	for range 3 {
		w.ask(w.clients[w.rnd.IntN(len(w.clients))])
	}
	w.wrong()
}

// ask is what a client does next, at a box that hears it.
func (w *world) ask(c *client) {
	if w.rnd.IntN(40) == 0 {
		c.last = history.Ack{} // goes home without a word; what it had is on record
	}
	b := w.boxes[w.rnd.IntN(len(w.boxes))]
	left := c.last.Until.Unix() - w.now
	if left > lease/8 {
		for _, x := range w.boxes { // renewals go to who granted it
			if x.name == c.last.Box {
				b = x
			}
		}
	}
	if !b.up {
		return
	}
	if left > 0 {
		if left < lease/2 || w.rnd.IntN(10) == 0 {
			b.claim(c.last.Addr, c.name, "renewed")
		}
		return
	}
	for _, a := range sorted(b.disk) { // what it had last
		if b.up && b.disk[a].Client == c.name && b.claim(a, c.name, "renewed late") {
			return
		}
	}
	if !b.up {
		return
	}
	for _, i := range w.rnd.Perm(addresses) {
		if b.up && b.claim(addr(i), c.name, "new") {
			return
		}
	}
}

// wrong is what goes wrong, or is mended.
func (w *world) wrong() {
	b := w.boxes[w.rnd.IntN(len(w.boxes))]
	switch w.rnd.IntN(160) {
	case 0, 1:
		if b.cut = !b.cut; b.cut {
			w.fault("%s is cut off", b.name)
		}
	case 2, 3, 4:
		b.cut = false
	case 5:
		if b.up {
			w.fault("%s dies", b.name)
			b.crash(false)
		}
	case 6:
		if b.up && w.rnd.IntN(8) == 0 && w.boxes[0] == b {
			w.fault("%s dies with its disk", b.name)
			b.crash(true)
		}
	case 7, 8, 9:
		if !b.up {
			b.start()
			w.fault("%s starts", b.name)
		}
	case 10:
		w.fault("the engine dies")
		w.dead = true
	case 11, 12, 13:
		w.dead = false
	case 14:
		w.backup, w.backupAt = w.engine.copy(), w.now
	case 15:
		// Nobody restores within seconds what he has just saved, nor what has a word of an
		// operator that was taken back since.
		if w.backup != nil && w.stillSaid(w.backup.downs) && w.now > w.backupAt+ThereFor+skew && w.rnd.IntN(4) == 0 {
			w.fault("the engine is restored, from revision %d to %d", w.engine.rev, w.backup.rev)
			w.engine = w.backup.copy()
			w.engine.cluster += w.rnd.Int64N(2)
			for _, c := range w.clients {
				if c.last == c.only {
					c.gone = c.last
				}
			}
		}
	case 16, 17:
		// A box that alone may know what the engine forgot is not declared down.
		if !b.up && !w.dead && b.of == w.engine {
			w.fault("%s is declared down", b.name)
			w.engine.rev++
			w.engine.downs[b.name] = Down{w.now + w.rnd.Int64N(skew+1) - skew/2, w.engine.gen, w.engine.rev}
		}
	case 18:
		if w.rnd.IntN(4) == 0 {
			w.now += w.rnd.Int64N(2 * lease)
		}
	}
}

// heal mends everything; every box knows all then.
func (w *world) heal() {
	w.dead = false
	for _, b := range w.boxes {
		if b.cut = false; !b.up {
			b.start()
		}
	}
	for range 200 {
		for _, b := range w.boxes {
			if !b.dom.Connected {
				b.join()
			}
			b.watch(1 << 20)
		}
	}
}

// lost looks for leases that run and that a box does not know.
func (w *world) lost() (bad []string) {
	var list []history.Ack
	for _, x := range w.history.Running(moment(w.now), 0) {
		for _, c := range w.clients {
			if c.name == x.Client && c.last == x && c.last != c.gone {
				list = append(list, x)
			}
		}
	}
	for _, b := range w.boxes {
		bad = append(bad, history.Lost(list, b.name, skew*time.Second, func(a netip.Addr) (string, time.Time) {
			return b.disk[a].Client, moment(b.disk[a].Expiry)
		})...)
	}
	return bad
}

// Boxes, members, disks and lines die and come back, clocks differ, the engine is set
// back: no address is acknowledged to two clients at a time, and no lease is lost.
func TestSchedules(t *testing.T) {
	kinds := map[string]int{}
	for i := range uint64(*schedules) {
		seed := *firstSeed + i
		w := run(seed)
		bad := append(w.history.Overlaps(), w.lost()...)
		for _, x := range w.history.All() {
			kinds[x.Kind]++
		}
		if len(bad) > 0 {
			t.Errorf("seed %d (-seed %d -schedules 1): %s", seed, seed, bad[0])
			for _, f := range w.faults {
				t.Log(f)
			}
			for _, x := range w.history.All() {
				if x.Addr.String() == badAddr(bad[0]) {
					t.Log(x)
				}
			}
			t.Log(w.clashes)
			return
		}
	}
	t.Logf("seeds %d to %d: %v", *firstSeed, *firstSeed+uint64(*schedules)-1, kinds)
	for _, k := range []string{"new", "renewed", "renewed late", "used again", "of a box that is down", "new alone", "longer alone", "no longer alone"} {
		if kinds[k] == 0 && *schedules >= 100 {
			t.Errorf("no schedule has an ACK of the kind %q", k)
		}
	}
}

var anAddr = regexp.MustCompile(`10\.0\.0\.\d+`)

func badAddr(s string) string { return anAddr.FindString(s) }

func (w *world) stillSaid(downs map[string]Down) bool {
	for b, x := range downs {
		if w.engine.downs[b] != x {
			return false
		}
	}
	return true
}
