package dhcp

import (
	"sync"
	"sync/atomic"

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
	jobs   chan job
	send   func([]engine.Reply)
	record func([]journal.Event)
	wake   func() // tells the engine that done or failure changed
	done   atomic.Uint64
	state  atomic.Pointer[diskState]
	end    sync.WaitGroup
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

const maxBatch = 1024

func newCommitter(st *store.Store, send func([]engine.Reply), record func([]journal.Event), wake func()) *committer {
	c := &committer{st: st, send: send, record: record, wake: wake, jobs: make(chan job, 2*engine.MaxPending)}
	first := &diskState{}
	if st != nil {
		first.err = st.Fault // a full disk at start: known clients are served
	}
	c.state.Store(first)
	c.end.Go(c.run)
	return c
}

// put hands over an outcome; after close it must not be called.
func (c *committer) put(j job) { c.jobs <- j }

// close writes what waits and returns when it is on disk.
func (c *committer) close() {
	close(c.jobs)
	c.end.Wait()
	if c.st != nil {
		c.st.Close()
	}
}

func (c *committer) run() {
	var batch []job
	var records [][]engine.Record
	for j := range c.jobs {
		batch, records = append(batch[:0], j), append(records[:0], j.out.Records)
	more:
		for !j.reopen && len(batch) < maxBatch {
			select {
			case next, ok := <-c.jobs:
				if !ok {
					break more
				}
				if next.reopen {
					c.commit(batch, records)
					batch, records = append(batch[:0], next), append(records[:0], next.out.Records)
					break more
				}
				batch, records = append(batch, next), append(records, next.out.Records)
			default:
				break more
			}
		}
		c.commit(batch, records)
	}
}

func (c *committer) commit(batch []job, records [][]engine.Record) {
	now := c.state.Load()
	reopen := batch[0].reopen
	if now.err != nil && !reopen {
		return // the engine has been told, or will be: nothing was promised
	}
	var err error
	switch {
	case c.st == nil:
	case reopen:
		err = c.st.Reopen(records[0])
	default:
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
	for _, j := range batch {
		c.send(j.out.Replies)
		c.record(j.out.Then)
	}
	c.done.Store(batch[len(batch)-1].out.Seq)
	c.wake()
}
