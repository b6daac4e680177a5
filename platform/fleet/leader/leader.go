// Package leader is a service of a box that has something from another box of its
// domain, the leader: its sections (platform/fleet/follow), its files
// (platform/fleet/pair).
//
//	configuration: a leader, or none -> Work has one goroutine, or none
//	engine: what the leader publishes -> Hear -> the newest value, step by step
//
// Concurrency: Work is a service.Service but for its name and Status, and calls Begin
// within a transaction. Failure: none of its own; while the engine is away Hear goes on
// with the value it has. Testing: TestHear, and the two services over an engine of their
// tests.
package leader

import (
	"context"
	"sync"
	"time"

	"option150/platform/service"
)

// Spec is what such a service runs by.
type Spec struct{ Leader string } // "" = none

// Engine is the keys of the domain.
type Engine interface {
	// Given calls f with what a box has published under a kind, and with each later
	// value, one call at a time, until ctx ends. there is false while it has
	// published none.
	Given(ctx context.Context, box, kind string, f func(value string, there bool))
}

// Work is what such a service does.
type Work struct {
	Begin func(leader string)                      // another leader, "" = none; it waits for nobody
	Run   func(ctx context.Context, leader string) // until ctx ends

	runs service.Runner
}

// Prepare implements service.Service: what a leader says is a fact about the world.
func (w *Work) Prepare(_ context.Context, _, to service.Spec) (service.Change, error) {
	want, _ := to.(Spec)
	return service.Funcs{OnCommit: func() {
		w.Begin(want.Leader)
		if want.Leader == "" {
			w.runs.Start(nil)
			return
		}
		w.runs.Start(func(ctx context.Context) { w.Run(ctx, want.Leader) })
	}}, nil
}

// Running reports that there is a leader.
func (w *Work) Running() bool { return w.runs.Running() }

// Close ends it and waits for that.
func (w *Work) Close() { w.runs.Close() }

// Hear calls step with the newest value that a leader has published under a kind, at once
// when it is new and else from time to time, until ctx ends. What a leader took back
// was there: there is false as long as there never was one.
func Hear(ctx context.Context, e Engine, leader, kind string, every time.Duration, step func(value string, there bool)) {
	var mu sync.Mutex
	var value string
	var there bool
	news := make(chan struct{}, 1)
	var watch sync.WaitGroup
	watch.Go(func() {
		e.Given(ctx, leader, kind, func(v string, ok bool) {
			if !ok {
				return
			}
			mu.Lock()
			value, there = v, true
			mu.Unlock()
			select {
			case news <- struct{}{}:
			default:
			}
		})
	})
	defer watch.Wait()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-news:
		case <-tick.C:
		}
		mu.Lock()
		v, ok := value, there
		mu.Unlock()
		step(v, ok)
	}
}
