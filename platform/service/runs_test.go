package service

import (
	"context"
	"errors"
	"testing"
)

// work is a run that ends when it is let.
type work struct {
	let       chan struct{}
	discarded bool
}

func (w *work) Discard()       { w.discarded = true }
func (w *work) Shutdown()      { <-w.let }
func (w *work) Status() Status { return Status{State: Running} }

// TestRuns: the next run begins when the one before has wound down, a change that
// is refused or called off leaves nothing behind.
func TestRuns(t *testing.T) {
	var s Runs[*work]
	ctx := context.Background()
	var made []*work
	begin := func() (*work, error) {
		made = append(made, &work{let: make(chan struct{})})
		return made[len(made)-1], nil
	}
	want := func(fresh bool) func(*work, bool) (Change, error) {
		return func(w *work, f bool) (Change, error) {
			if f != fresh || w != made[len(made)-1] {
				t.Errorf("run %p, fresh %v", w, f)
			}
			return Funcs{}, nil
		}
	}
	state := func(st State) {
		t.Helper()
		if got := s.Status().State; got != st {
			t.Errorf("state %v, want %v", got, st)
		}
	}
	state(Disabled)
	no := errors.New("no")
	if _, err := s.Prepare(ctx, begin, func(*work, bool) (Change, error) { return nil, no }); !errors.Is(err, no) || !made[0].discarded {
		t.Errorf("refused: %v, discarded %v", err, made[0].discarded)
	}
	c, err := s.Prepare(ctx, begin, want(true))
	if err != nil {
		t.Fatal(err)
	}
	c.Abort()
	if _, ok := s.Current(); ok || !made[1].discarded {
		t.Error("a change that was called off has a run")
	}
	for _, fresh := range []bool{true, false} {
		if c, err = s.Prepare(ctx, begin, want(fresh)); err != nil {
			t.Fatal(err)
		}
		if !fresh {
			c.Abort()
		}
		c.Commit()
		state(Running)
	}
	if made[2].discarded {
		t.Error("calling off a change of a run discards it")
	}
	s.None().Commit()
	s.None().Commit() // once more changes nothing
	state(Stopping)
	late, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Prepare(late, begin, want(true)); !errors.Is(err, context.Canceled) {
		t.Errorf("while the one before ends: %v", err)
	}
	close(made[2].let)
	if c, err = s.Prepare(ctx, begin, want(true)); err != nil || len(made) != 4 {
		t.Fatal(err, len(made))
	}
	c.Commit()
	close(made[3].let)
	s.Close()
	s.Close()
	state(Disabled)
}
