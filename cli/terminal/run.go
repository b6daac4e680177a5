package terminal

import (
	"context"
	"errors"
)

// Run runs a command. While it works, what is typed waits unseen, except that
// ^C and ^^ (Ctrl-Shift-6) cancel its context with cause ErrInterrupt and drop
// what was typed ahead. In plain mode nothing typed cancels: the stream is a
// script. The end of the input cancels nothing either, since a script ends
// before its last command has: whoever knows that the connection is gone
// cancels ctx. Run returns what fn returns.
func (t *Terminal) Run(ctx context.Context, fn func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	oldBreak, oldCtx := t.in.setBreak(func() { cancel(ErrInterrupt) }), t.pager.ctx
	t.pager.ctx = ctx
	defer func() {
		t.in.setBreak(oldBreak)
		t.pager.ctx = oldCtx
	}()
	return fn(ctx)
}

// Interrupted reports whether the context of Run was cancelled by the operator.
func Interrupted(ctx context.Context) bool {
	return errors.Is(context.Cause(ctx), ErrInterrupt)
}
