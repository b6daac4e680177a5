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
	c    *conn
	next []byte // where an octet of the next request goes that was read meanwhile

	mu       sync.Mutex
	done     chan struct{} // nil: nobody has asked
	err      error
	watching chan struct{} // closed when nobody watches any more
	ended    bool
	got      int
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
		switch {
		case a.err != nil:
			close(a.done)
		case len(a.next) > 0: // else so much has come that it is there
			a.watching = make(chan struct{})
			a.c.readBy(time.Time{})
			go a.watch()
		}
	}
	return a.done
}

// watch reads an octet: there is none before the answer, but from a client that
// has gone.
func (a *asking) watch() {
	defer close(a.watching)
	n, err := a.c.TCPConn.Read(a.next[:1])
	a.c.in.Add(int64(n))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.got = n
	if err != nil && !a.ended && a.err == nil {
		a.err = context.Canceled
		close(a.done)
	}
}

// end ends the context and tells how many octets of what comes next are there.
func (a *asking) end() int {
	a.mu.Lock()
	a.ended = true
	watching := a.watching
	a.mu.Unlock()
	if watching != nil {
		a.c.readBy(time.Unix(1, 0))
		<-watching
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		a.err = context.Canceled
		if a.done != nil {
			close(a.done)
		}
	}
	return a.got
}
