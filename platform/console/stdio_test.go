package console

import (
	"context"
	"os"
	"testing"
)

// TestCloseWaitsForReaders: the terminal's reader may still be waiting when the
// session is over; the descriptor it waits on is closed after it has left.
func TestCloseWaitsForReaders(t *testing.T) {
	for range 50 {
		in, keep, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		p, err := newPolled(context.Background(), int(in.Fd()), int(keep.Fd()))
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		begun := make(chan struct{})
		go func() {
			close(begun)
			_, err := p.Read(make([]byte, 1))
			ended <- err
		}()
		<-begun
		p.close()
		if err := <-ended; err == nil {
			t.Error("a closed stream was read")
		}
		if n, err := p.Write([]byte("x")); err == nil || n != 0 {
			t.Errorf("a closed stream took %d bytes, %v", n, err)
		}
		in.Close()
		keep.Close()
	}
}
