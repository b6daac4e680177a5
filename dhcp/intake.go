package dhcp

import (
	"net"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"option150/dhcp/durable"
	"option150/dhcp/engine"
	"option150/dhcp/wire"
	"option150/platform/ether"
)

// datagram is a packet on its way to the engine, with a buffer of its own.
type datagram struct {
	in    engine.Inbound
	reply bool // another server's

	at       time.Time // when it came
	number   uint64    // in the order they came
	lane     int
	station  ether.MAC // that sent it, as far as is known
	key      copyKey
	replaced bool // a newer copy waits
	buf      [wire.MaxRequest + 1]byte
}

// sink is where a lan puts what it hears.
type sink struct {
	packets   *queue
	sightings chan engine.Sighting
	spare     chan *datagram
	lent      *lent
}

// intake is how datagrams of one socket come in. A goroutine of its own waits for
// them as long as little comes. When more comes than is answered, whoever
// answers takes them in himself, before each step: what waits in the kernel is in
// no order but that of its age, and a goroutine that has to be woken for it comes
// late just then. It is what drivers of network cards do.
type intake struct {
	source
	to   sink
	back chan struct{} // rung when the goroutine is to read again
}

// source is a socket. read takes what has come, batch of it at most, and returns
// how much that was; with wait it waits until something has.
type source interface {
	read(to sink, wait bool) (n int, err error)
}

const (
	batch = 64
	// gather is the pause after some datagrams came at once, but few: more of them
	// come meanwhile and are read, answered and stored together. Who asks alone
	// never waits.
	gather = time.Millisecond
	few    = 8
	// mostTaken is how many batches are taken in between two steps: what comes
	// beyond that is the kernel's to drop, which costs the least.
	mostTaken = 4
)

// lent is the sockets that the loop reads.
type lent struct {
	mu   sync.Mutex
	busy bool // more waits than was answered last
	all  []*intake
	now  []*intake // of the loop
}

// lend gives a socket to the loop as long as that is busy, and reports whether
// it did.
func (x *lent) lend(i *intake) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.busy {
		x.all = append(x.all, i)
	}
	return x.busy
}

// take takes in what has come, at the loop. It reports whether there was something.
func (x *lent) take() (some bool) {
	x.mu.Lock()
	x.now = append(x.now[:0], x.all...)
	x.mu.Unlock()
	for _, i := range x.now {
		for range mostTaken {
			n, err := i.read(i.to, false)
			some = some || n > 0
			if err != nil || n < batch {
				break // of the error its goroutine hears again
			}
		}
	}
	return some
}

// set tells whether the loop is busy. When it is not the sockets go back.
func (x *lent) set(busy bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.busy = busy; busy {
		return
	}
	for _, i := range x.all {
		durable.Ring(i.back)
	}
	clear(x.all)
	x.all = x.all[:0]
}

// read reads until a socket is of no more use, and gives both back.
func (l *lan) read(to sink) error {
	var g errgroup.Group
	run := func(s source) {
		g.Go(func() error {
			defer l.Close()
			return l.intake(&intake{s, to, make(chan struct{}, 1)})
		})
	}
	run(newDatagrams(l))
	if l.Raw != nil {
		s, err := newFrames(l)
		if err != nil {
			_ = l.Close()
			return err
		}
		run(s)
	}
	return g.Wait()
}

// intake reads one of the sockets.
func (l *lan) intake(i *intake) error {
	for {
		n, err := i.read(i.to, true)
		switch {
		case err != nil && l.Over(err):
			return err
		case n >= few && i.to.lent.lend(i):
			durable.Ring(i.to.packets.bell) // who may just have nothing left
			select {
			case <-i.back:
			case <-l.Gone:
				return net.ErrClosed
			}
		case n >= few:
			runtime.Gosched() // who answers comes before who reads more
		case n > 1:
			time.Sleep(gather)
		}
	}
}

// put hands datagrams to the engine.
func (to sink) put(ds []*datagram) {
	if len(ds) > 0 {
		to.packets.put(time.Now(), to.free, ds...)
	}
}

// spares is how many datagrams are kept to be used again. sync.Pool would lose
// them each time garbage is collected, which is often when they are needed.
const spares = 256

// fresh is a datagram to be filled.
func (to sink) fresh() *datagram {
	select {
	case d := <-to.spare:
		return d
	default:
		return new(datagram)
	}
}

// free gives a datagram back.
func (to sink) free(d *datagram) {
	select {
	case to.spare <- d:
	default:
	}
}
