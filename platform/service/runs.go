package service

import (
	"context"
	"sync"
)

// Run is what a service with a beginning and an end has at work in between: its
// goroutines, sockets and files.
type Run interface {
	// Discard gives back what was taken for a run that never began.
	Discard()
	// Shutdown ends the run and waits until all it has is given back.
	Shutdown()
	// Status tells how it stands.
	Status() Status
}

// Runs has one run of a service at a time. The one that ends does so in the
// background, for the prompt does not wait for the disk; the next begins when it
// has, because it needs the same ports and files. The zero value has none.
// Concurrency: safe, but for Prepare, which transactions call one at a time.
type Runs[R interface {
	comparable
	Run
}] struct {
	mu     sync.Mutex
	run    R             // the zero R while there is none
	ending chan struct{} // closed when the last that was stopped has wound down; nil if none was
	since  Since
}

// Current is the run there is, or false.
func (s *Runs[R]) Current() (R, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none R
	return s.run, s.run != none
}

// Prepare is the change to a service that is wanted: next prepares it for the run
// there is, or for a new one that begin makes.
func (s *Runs[R]) Prepare(ctx context.Context, begin func() (R, error), next func(run R, fresh bool) (Change, error)) (Change, error) {
	run, old := s.Current()
	if !old {
		if err := s.ended(ctx); err != nil {
			return nil, err
		}
		var err error
		if run, err = begin(); err != nil {
			return nil, err
		}
	}
	step, err := next(run, !old)
	if err != nil {
		if !old {
			run.Discard()
		}
		return nil, err
	}
	return Funcs{
		OnCommit: func() {
			s.mu.Lock()
			s.run = run
			s.mu.Unlock()
			step.Commit()
		},
		OnAbort: func() {
			step.Abort()
			if !old {
				run.Discard()
			}
		},
	}, nil
}

// None is the change to a service that is not wanted.
func (s *Runs[R]) None() Change { return Funcs{OnCommit: s.stop} }

func (s *Runs[R]) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	var none R
	run := s.run
	if run == none {
		return
	}
	s.run = none
	done := make(chan struct{})
	s.ending = done
	go func() {
		defer close(done)
		run.Shutdown()
	}()
}

// ended waits until the last run has wound down.
func (s *Runs[R]) ended(ctx context.Context) error {
	s.mu.Lock()
	ending := s.ending
	s.mu.Unlock()
	if ending == nil {
		return nil
	}
	select {
	case <-ending:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close ends the run and waits for that.
func (s *Runs[R]) Close() {
	s.stop()
	_ = s.ended(context.Background())
}

// Status is that of the run, or says that there is none, or none any more.
func (s *Runs[R]) Status() Status {
	s.mu.Lock()
	run, ending := s.run, s.ending
	s.mu.Unlock()
	var none R
	out := Status{State: Disabled}
	if run != none {
		out = run.Status()
	} else if ending != nil {
		select {
		case <-ending:
		default:
			out.State = Stopping
		}
	}
	out.Since = s.since.Note(out.State, out.Why)
	return out
}
