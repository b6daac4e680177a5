package tftp

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func newAlarm(t *testing.T) *alarm {
	a := &alarm{}
	a.at.Store(never)
	var err error
	if a.bell, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(a.bell) })
	return a
}

// sleep waits as the hub does and reports whether the bell ended it.
func (a *alarm) sleep(now time.Duration) bool {
	n, _ := unix.Poll([]unix.PollFd{{Fd: int32(a.bell), Events: unix.POLLIN}}, a.wait(now))
	a.awake()
	if n > 0 {
		a.heard()
	}
	return n > 0
}

// Between two looks at the timers is a while, nobody sleeps past a time, and an
// earlier time wakes who sleeps; a later one does not.
func TestAlarm(t *testing.T) {
	a := newAlarm(t)
	if got := a.wait(0); got != -1 {
		t.Errorf("with nothing to do it sleeps %d ms", got)
	}
	a.awake()
	a.begin(time.Second)
	a.set(time.Second + time.Microsecond)
	if a.due(time.Second+timerGap-1) || !a.due(time.Second+timerGap) {
		t.Error("two looks follow each other too fast, or not at all")
	}
	if got := a.wait(time.Second + time.Microsecond); got != int(timerGap/time.Millisecond) {
		t.Errorf("it sleeps %d ms", got)
	}
	a.set(time.Minute) // later than what it waits for
	if a.sleep(time.Second + timerGap) {
		t.Error("woken for a later time")
	}
	a.begin(2 * time.Second)
	a.set(time.Hour)
	_ = a.wait(2 * time.Second)
	a.set(3 * time.Second)
	if !a.sleep(2 * time.Second) {
		t.Error("not woken for an earlier time")
	}
	if got := a.next(); got != 3*time.Second {
		t.Errorf("it looks at %v", got)
	}
}

// Times that many give at once, while the hub looks and while it sleeps, are
// all looked at.
func TestNoTimeIsLost(t *testing.T) {
	a := newAlarm(t)
	epoch := time.Now()
	now := func() time.Duration { return time.Since(epoch) }
	const givers, each = 4, 200
	var due [givers]atomic.Int64 // 0 = none
	var seen atomic.Int64
	var all sync.WaitGroup
	for i := range givers {
		all.Go(func() {
			for range each {
				at := now() + time.Duration(i)*time.Millisecond
				due[i].Store(int64(at))
				a.set(at)
				for due[i].Load() != 0 {
					time.Sleep(50 * time.Microsecond)
				}
			}
		})
	}
	go func() { all.Wait(); a.set(0); a.ring() }()
	for end := now() + 60*time.Second; seen.Load() < givers*each; {
		if now() > end {
			t.Fatalf("%d of %d times were looked at", seen.Load(), givers*each)
		}
		a.sleep(now())
		if n := now(); a.due(n) {
			a.begin(n)
			for i := range due {
				switch at := due[i].Load(); {
				case at == 0:
				case at <= int64(n):
					seen.Add(1)
					due[i].Store(0)
				default:
					a.set(time.Duration(at))
				}
			}
		}
	}
}
