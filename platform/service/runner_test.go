package service

import (
	"context"
	"testing"
	"testing/synctest"
)

// One at a time, also where there was none between two of them.
func TestRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r Runner
		slow := make(chan struct{})
		second := false
		r.Start(func(ctx context.Context) { <-ctx.Done(); <-slow })
		r.Start(nil)
		if r.Running() {
			t.Error("it was told to end and is said to run")
		}
		r.Start(func(ctx context.Context) { second = true; <-ctx.Done() })
		synctest.Wait()
		if second {
			t.Error("the second began before the first had ended")
		}
		close(slow)
		synctest.Wait()
		if !second || !r.Running() {
			t.Error("the second did not begin")
		}
		r.Close()
		r.Close()
	})
}
