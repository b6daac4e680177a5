package httpd

import (
	"context"
	"sync"
	"time"
)

// asking is the context of a Question: it is done when the client has gone or
// has its answer. The client is watched from when somebody wants to know: most
// answers are there at once.
type asking struct {
	c *conn

	mu   sync.Mutex
	done chan struct{} // nil: nobody has asked
	err  error
}

// Deadline implements context.Context.
func (*asking) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value implements context.Context.
func (*asking) Value(any) any { return nil }

// Err implements context.Context.
func (a *asking) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.err
}

// Done implements context.Context.
func (a *asking) Done() <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.done == nil {
		a.done = make(chan struct{})
		if a.err != nil || a.c.watch(a) {
			a.err = context.Canceled
			close(a.done)
		}
	}
	return a.done
}

// cancel ends the context.
func (a *asking) cancel() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		a.err = context.Canceled
		if a.done != nil {
			close(a.done)
		}
	}
}

// end ends the context when the answer is there.
func (a *asking) end() {
	a.c.unwatch()
	a.cancel()
}
