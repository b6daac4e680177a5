package service

import (
	"context"
	"sync"
)

// Runner has one goroutine at a time for a service whose work belongs to what is
// configured. The zero value has none. Concurrency: safe.
type Runner struct {
	mu     sync.Mutex
	cancel context.CancelFunc // nil while none is wanted
	done   chan struct{}      // of the newest, also when it was told to end
}

// Start tells the goroutine there is to end, and runs f in another one when it
// has; nil: in none. It waits for nobody, so a transaction may call it.
func (r *Runner) Start(f func(context.Context)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		r.cancel()
		r.cancel = nil
	}
	if f == nil {
		return
	}
	before, done := r.done, make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, done
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		f(ctx)
	}()
}

// Running reports that one is wanted.
func (r *Runner) Running() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cancel != nil
}

// Close ends it and waits for that.
func (r *Runner) Close() {
	r.Start(nil)
	r.mu.Lock()
	done := r.done
	r.mu.Unlock()
	if done != nil {
		<-done
	}
}
