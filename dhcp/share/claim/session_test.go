package claim

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/platform/fleet/etcd"
	"option150/platform/testkit/etcdtest"
)

// torn is a store whose watches are torn, as when the member that has them dies; it
// notes what is read, and when asked says that nobody answers.
type torn struct {
	Store
	mu    sync.Mutex
	cut   []context.CancelCauseFunc
	dead  bool
	reads int
}

var errTorn = errors.New("torn")

func (x *torn) Watch(ctx context.Context, prefix string, from int64, f func(etcd.Header, []etcd.Change) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	x.mu.Lock()
	x.cut = append(x.cut, cancel)
	x.mu.Unlock()
	if err := x.Store.Watch(ctx, prefix, from, f); context.Cause(ctx) == nil {
		return err
	}
	return context.Cause(ctx)
}

func (x *torn) Range(ctx context.Context, prefix string) ([]etcd.KV, etcd.Header, error) {
	x.mu.Lock()
	x.reads++
	dead := x.dead
	x.mu.Unlock()
	if dead {
		return nil, etcd.Header{}, errTorn
	}
	return x.Store.Range(ctx, prefix)
}

func (x *torn) tear(dead bool) (reads int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, f := range x.cut {
		f(errTorn)
	}
	x.cut, x.dead = nil, dead
	return x.reads
}

// told counts what was said of being isolated.
func (b *box) told() (alone int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.events {
		if _, is := e.(engine.SharedAlone); is {
			alone++
		}
	}
	return alone
}

// A member dies that the changes came from, the others answer: the box asks the next at
// once, and nobody is told that it is isolated. When none answers that is told, and
// asked is ever more seldom.
func TestNextMember(t *testing.T) {
	m := etcdtest.Start(t, 1)
	x := &torn{Store: dial(t, m.URLs...)}
	of := &campus{}
	a := newBox(t, of, "A", t.TempDir(), x)
	a.wait("connected", connected)
	time.Sleep(steady + 100*time.Millisecond) // what follows is no failure of the beginning
	was := x.tear(false)
	a.wait("connected again", func(e *engine.Engine, now engine.Instant) bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		return x.reads > was && len(x.cut) == 2 && connected(e, now) // with both of its watches
	})
	if n := a.told(); n != 0 {
		t.Errorf("it was told that the box is isolated: %d", n)
	}
	x.tear(true)
	a.wait("isolated, and told", func(*engine.Engine, engine.Instant) bool { return a.told() == 1 })
	x.tear(false)
	a.wait("connected at last", connected)
}

// The pauses: none, then ever longer ones up to a bound.
func TestPauses(t *testing.T) {
	var last time.Duration
	for n := range 100 {
		p := pauseAfter(n)
		if n == 0 && p != 0 || n == 1 && p <= 0 || p < last || p > againAfter {
			t.Errorf("after %d failures: %v, before it %v", n, p, last)
		}
		last = p
	}
	if last != againAfter {
		t.Errorf("it ends at %v", last)
	}
}
