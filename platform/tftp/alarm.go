package tftp

import (
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// alarm is when the hub looks at what is due by time. Whoever gives a transfer
// an earlier time sets it back, and wakes the hub if it sleeps. Only set and
// ring may be called by others than the hub.
type alarm struct {
	at     atomic.Int64 // as of Server.now
	asleep atomic.Bool
	bell   int           // an eventfd that ends the wait
	looked time.Duration // the last time
}

const never = math.MaxInt64

// timerGap is the least time between two looks at what is due: a thousand
// transfers have a thousand deadlines, and none is shorter than this by far.
const timerGap = 5 * time.Millisecond

// set has the hub look at d at the latest.
func (a *alarm) set(d time.Duration) {
	for at := a.at.Load(); int64(d) < at; at = a.at.Load() {
		if a.at.CompareAndSwap(at, int64(d)) {
			if a.asleep.Load() {
				a.ring()
			}
			return
		}
	}
}

// ring ends the wait.
func (a *alarm) ring() { _, _ = unix.Write(a.bell, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

// heard takes the ringing away.
func (a *alarm) heard() { _, _ = unix.Read(a.bell, make([]byte, 8)) }

// next is when the hub is to look.
func (a *alarm) next() time.Duration {
	at := time.Duration(a.at.Load())
	if at == never {
		return never
	}
	return max(at, a.looked+timerGap)
}

// wait tells for how many milliseconds the hub may sleep; -1 = until something
// comes. From here on set rings.
func (a *alarm) wait(now time.Duration) int {
	a.asleep.Store(true)
	at := a.next()
	if at == never {
		return -1
	}
	return int(min(max(at-now+time.Millisecond-1, 0)/time.Millisecond, math.MaxInt32))
}

func (a *alarm) awake() { a.asleep.Store(false) }

func (a *alarm) due(now time.Duration) bool { return now >= a.next() }

// begin is called before a look at everything, which sets the alarm anew.
func (a *alarm) begin(now time.Duration) {
	a.looked = now
	a.at.Store(never)
}
