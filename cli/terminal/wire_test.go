package terminal

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

// wire is a byte stream in memory: the test types and looks at what is drawn.
type wire struct {
	mu     sync.Mutex
	cond   *sync.Cond
	in     []byte
	end    error
	out    bytes.Buffer
	deaf   bool // the peer reads nothing: writes wait
	writes int
	stuck  int
	closed bool
}

func newWire() *wire {
	w := &wire{}
	w.cond = sync.NewCond(&w.mu)
	return w
}

func (w *wire) Read(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.in) == 0 && w.end == nil {
		w.cond.Wait()
	}
	if len(w.in) == 0 {
		return 0, w.end
	}
	n := copy(p, w.in)
	w.in = w.in[n:]
	return n, nil
}

func (w *wire) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.deaf && !w.closed {
		w.stuck++
		w.cond.Wait()
	}
	if w.closed {
		return 0, errors.New("closed")
	}
	w.writes++
	return w.out.Write(p)
}

func (w *wire) keys(s string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.in = append(w.in, s...)
	w.cond.Broadcast()
}

func (w *wire) hangUp(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.end = err
	w.cond.Broadcast()
}

func (w *wire) listen(deaf bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deaf = deaf
	w.cond.Broadcast()
}

// waiting counts the writes that waited for the peer.
func (w *wire) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stuck
}

func (w *wire) Close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.end == nil {
		w.end = io.EOF
	}
	w.cond.Broadcast()
}

// screen is what has been drawn so far.
func (w *wire) screen() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.out.String()
}

// take is what has been drawn since the last take.
func (w *wire) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.out.String()
	w.out.Reset()
	return s
}

// bubble runs a test with a terminal of 80x24 (unless change says otherwise) in
// a synctest bubble, which fails when a goroutine is left behind.
func bubble(t *testing.T, change func(*Config), test func(t *testing.T, w *wire, term *Terminal)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		c := Config{Stream: w, Width: 80, Height: 24, Echo: true, Help: testHelp, Complete: testComplete}
		if change != nil {
			change(&c)
		}
		term := New(c)
		defer w.Close()
		defer term.Close()
		test(t, w, term)
	})
}

// live runs a test in real time: a goroutine that waits for a lock keeps the
// time of a bubble from passing.
func live(test func(w *wire, term *Terminal)) {
	w := newWire()
	term := New(Config{Stream: w, Width: 80, Height: 24, Echo: true})
	defer w.Close()
	defer term.Close()
	test(w, term)
}

func testHelp(line string) string { return "  help for \"" + line + "\"\n\n" }

func testComplete(line string) (string, bool) {
	if line != "" && strings.HasPrefix("show", line) {
		return "show"[len(line):], true
	}
	return "", false
}

// wait lets everything settle: all goroutines asleep, no timer of ours due.
func wait() { synctest.Wait() }

type lineResult struct {
	line string
	end  End
	err  error
}

// readLine starts ReadLine and returns where its result arrives.
func readLine(term *Terminal, prompt string, h *History) chan lineResult {
	done := make(chan lineResult, 1)
	go func() {
		line, end, err := term.ReadLine(prompt, h)
		done <- lineResult{line, end, err}
	}()
	return done
}
