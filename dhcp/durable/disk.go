package durable

import (
	"time"

	"option150/dhcp/engine"
	"option150/platform/journal"
)

// Engine is what a disk that comes and goes means to one that decides.
type Engine interface {
	Committed(seq uint64) // the records of that outcome and those before are on disk
	DiskFailed()          // nothing more is promised
	DiskWorks()           // the whole state is on disk again
	Rewrite()             // what was held back goes there
	Dump() []engine.Record
	Event(journal.Event)
}

// Disk is what an engine's goroutine knows of its committer's disk.
type Disk struct {
	First func() // called before the engine hears that something is on disk; nil = nothing is

	times uint64 // see State
	retry time.Time
}

// retryEvery is how often a failed disk is tried again.
const retryEvery = 5 * time.Second

// Writer is a committer as its engine sees it.
type Writer[T any] interface {
	Put(Job[T])
	Done() uint64
	State() State
}

// Follow tells the engine what the committer has done since it was last asked, and
// tries a disk again that failed; bad is whether the engine has been told of that.
func Follow[T any](d *Disk, com Writer[T], e Engine, bad bool) State {
	st := com.State()
	if st.Times != d.times { // back at work
		d.times = st.Times
		e.DiskWorks()
		e.Rewrite()
		e.Event(engine.StoreWorks{})
		bad = false
	}
	done := com.Done()
	if d.First != nil {
		d.First()
	}
	e.Committed(done)
	switch {
	case st.Err == nil:
	case !bad:
		e.DiskFailed()
		e.Event(engine.StoreFailed{Why: st.Err.Error()})
		d.retry = time.Now().Add(retryEvery)
	case time.Now().After(d.retry):
		d.retry = time.Now().Add(retryEvery)
		com.Put(Job[T]{Records: e.Dump(), Reopen: true})
	}
	return st
}
