package dhcp

import (
	"sync"
	"sync/atomic"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/store"
	"option150/platform/journal"
)

// committer is the only way a binding is stored: it takes outcomes in order,
// writes the records of all that wait with one sync, and then lets the replies
// go that waited for them. It runs beside the engine, so that a slow disk
// never stops an OFFER.
type committer struct {
	st     *store.Store // nil: nothing is kept
	send   func([]engine.Reply)
	record func([]journal.Event)
	wake   func() // tells the engine that done or failure changed
	done   atomic.Uint64
	state  atomic.Pointer[diskState]
	end    sync.WaitGroup

	mu    sync.Mutex
	jobs  []job // bounded by engine.MaxPending: the engine takes no packet beyond it
	shut  bool
	bell  *sync.Cond
	pause func(time.Duration) // see crowded
}

// diskState is what the committer last knew of the disk.
type diskState struct {
	err   error  // nil: works
	times uint64 // how often it came back to work
}

// job is an outcome with records, or the whole state after a failure.
type job struct {
	out    engine.Outcome
	reopen bool
}

const (
	// maxBatch is how many outcomes, of up to drainMost packets each, are written
	// with one sync at most.
	maxBatch = 64
	// crowded is the pause after a sync that several clients waited for: more of
	// them ask meanwhile, and one sync does for all. Who asks alone never waits.
	crowded = 2 * time.Millisecond
)

func newCommitter(st *store.Store, send func([]engine.Reply), record func([]journal.Event), wake func()) *committer {
	c := &committer{st: st, send: send, record: record, wake: wake, pause: time.Sleep}
	c.bell = sync.NewCond(&c.mu)
	first := &diskState{}
	if st != nil {
		first.err = st.Fault // a full disk at start: known clients are served
	}
	c.state.Store(first)
	c.end.Go(c.run)
	return c
}

// put hands over an outcome; it never waits. After close it must not be called.
func (c *committer) put(j job) {
	c.mu.Lock()
	c.jobs = append(c.jobs, j)
	c.mu.Unlock()
	c.bell.Signal()
}

// close writes what waits and returns when it is on disk.
func (c *committer) close() {
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
func (c *committer) take(into []job) []job {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.jobs) == 0 && !c.shut {
		c.bell.Wait()
	}
	n := 0
	for n < len(c.jobs) && n < maxBatch && !c.jobs[n].reopen {
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

func (c *committer) run() {
	var batch []job
	for {
		if batch = c.take(batch[:0]); len(batch) == 0 {
			return
		}
		c.commit(batch)
		clients := 0
		for i := range batch {
			clients += len(batch[i].out.Acks)
		}
		clear(batch)
		if clients > 1 && c.st != nil {
			c.pause(crowded)
		}
	}
}

func (c *committer) commit(batch []job) {
	now := c.state.Load()
	reopen := batch[0].reopen
	if now.err != nil && !reopen {
		return // the engine has been told, or will be: nothing was promised
	}
	var err error
	switch {
	case c.st == nil:
	case reopen:
		err = c.st.Reopen(batch[0].out.Records)
	default:
		records := make([][]engine.Record, len(batch))
		for i := range batch {
			records[i] = batch[i].out.Records
		}
		err = c.st.Commit(records)
	}
	switch {
	case err != nil:
		c.state.Store(&diskState{err: err, times: now.times})
		c.wake()
		return
	case reopen:
		c.state.Store(&diskState{times: now.times + 1})
		c.wake()
		return
	}
	for i := range batch {
		c.send(batch[i].out.Acks)
		c.record(batch[i].out.Acked)
	}
	c.done.Store(batch[len(batch)-1].out.Seq)
	c.wake()
}
