package durable

import (
	"sync"
	"sync/atomic"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/store"
)

// Committer is the only way a binding is stored: it takes outcomes in order,
// writes the records of all that wait with one sync, and then lets what waited
// for them go. It runs beside the engine, so that a slow disk never stops an
// offer. T is what an engine has to be carried out.
type Committer[T any] struct {
	st      *store.Store // nil: nothing is kept
	deliver func([]T)
	wake    func() // tells the engine that Done or State changed
	done    atomic.Uint64
	state   atomic.Pointer[State]
	then    []T // of commit
	end     sync.WaitGroup

	mu    sync.Mutex
	jobs  []Job[T] // bounded by engine.MaxPending: the engine takes no packet beyond it
	shut  bool
	bell  *sync.Cond
	Pause func(time.Duration) // see crowded; tests replace it before the first Put
}

// State is what the committer last knew of the disk.
type State struct {
	Err   error  // nil: works
	Times uint64 // how often it came back to work
}

// Job is an outcome with records, or the whole state after a failure.
type Job[T any] struct {
	Records []engine.Record
	Seq     uint64 // of the outcome
	Clients int    // that wait for it
	Then    T      // once the records are on disk
	Reopen  bool
}

const (
	// maxBatch is how many outcomes, of several packets each, are written with one
	// sync at most.
	maxBatch = 1024
	// crowded is the pause after a sync that several clients waited for: more of
	// them ask meanwhile, and one sync does for all. Who asks alone never waits.
	crowded = 2 * time.Millisecond
)

// NewCommitter starts one. deliver is called by its goroutine, with all that one
// sync did for.
func NewCommitter[T any](st *store.Store, deliver func([]T), wake func()) *Committer[T] {
	c := &Committer[T]{st: st, deliver: deliver, wake: wake, Pause: time.Sleep}
	c.bell = sync.NewCond(&c.mu)
	first := &State{}
	if st != nil {
		first.Err = st.Fault // a full disk at start: known clients are served
	}
	c.state.Store(first)
	c.end.Go(c.run)
	return c
}

// Put hands over an outcome; it never waits. After Close it must not be called.
func (c *Committer[T]) Put(j Job[T]) {
	c.mu.Lock()
	c.jobs = append(c.jobs, j)
	c.mu.Unlock()
	c.bell.Signal()
}

// Done is the last outcome whose records are on disk.
func (c *Committer[T]) Done() uint64 { return c.done.Load() }

// State is how the disk stands.
func (c *Committer[T]) State() State { return *c.state.Load() }

// Close writes what waits and returns when it is on disk.
func (c *Committer[T]) Close() {
	c.mu.Lock()
	c.shut = true
	c.mu.Unlock()
	c.bell.Signal()
	c.end.Wait()
	if c.st != nil {
		c.st.Close()
	}
}

// take waits for outcomes and takes those that go to the disk together: the
// whole state goes alone. It returns none when the committer is closed.
func (c *Committer[T]) take(into []Job[T]) []Job[T] {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.jobs) == 0 && !c.shut {
		c.bell.Wait()
	}
	n := 0
	for n < len(c.jobs) && n < maxBatch && !c.jobs[n].Reopen {
		n++
	}
	if n == 0 && len(c.jobs) > 0 {
		n = 1
	}
	into = append(into, c.jobs[:n]...)
	left := copy(c.jobs, c.jobs[n:])
	clear(c.jobs[left:])
	c.jobs = c.jobs[:left]
	return into
}

func (c *Committer[T]) run() {
	var batch []Job[T]
	for {
		if batch = c.take(batch[:0]); len(batch) == 0 {
			return
		}
		c.commit(batch)
		clients := 0
		for i := range batch {
			clients += batch[i].Clients
		}
		clear(batch)
		if clients > 1 && c.st != nil {
			c.Pause(crowded)
		}
	}
}

func (c *Committer[T]) commit(batch []Job[T]) {
	now := c.state.Load()
	reopen := batch[0].Reopen
	if now.Err != nil && !reopen {
		return // the engine has been told, or will be: nothing was promised
	}
	var err error
	switch {
	case c.st == nil:
	case reopen:
		err = c.st.Reopen(batch[0].Records)
	default:
		records := make([][]engine.Record, len(batch))
		for i := range batch {
			records[i] = batch[i].Records
		}
		err = c.st.Commit(records)
	}
	switch {
	case err != nil:
		c.state.Store(&State{Err: err, Times: now.Times})
		c.wake()
		return
	case reopen:
		c.state.Store(&State{Times: now.Times + 1})
		c.wake()
		return
	}
	for i := range batch {
		c.then = append(c.then, batch[i].Then)
	}
	c.deliver(c.then)
	clear(c.then)
	c.then = c.then[:0]
	c.done.Store(batch[len(batch)-1].Seq)
	c.wake()
}
