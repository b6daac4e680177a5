package terminal

import (
	"fmt"
	"testing"
	"time"
)

// TestFlushWithin: the output is out before what follows ends the stream, and a
// peer that does not read is not waited for.
func TestFlushWithin(t *testing.T) {
	w := newWire()
	term := New(Config{Stream: w, Echo: true})
	defer func() { w.Close(); term.Close() }()
	fmt.Fprint(term.Writer(), "Proceed with reload? [confirm]y\n")
	term.FlushWithin(time.Minute)
	if got := w.screen(); got != "Proceed with reload? [confirm]y\r\n" {
		t.Errorf("written: %q", got)
	}
	w.listen(true)
	fmt.Fprint(term.Writer(), "nobody reads this\n")
	done := make(chan struct{})
	go func() { term.FlushWithin(time.Millisecond); close(done) }()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Error("waits for a peer that does not read")
	}
}
