package testkit

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/journal"
)

// Until waits until something is so. It fails the test when it is not within half a
// minute, which is for a machine that does other work: what is waited for takes moments.
func Until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("half a minute was not enough: %s", what)
		}
	}
}

// Heard is a journal.Recorder that remembers the facts it gets as text, type and value.
type Heard struct {
	mu  sync.Mutex
	all []string
}

// Record implements journal.Recorder.
func (h *Heard) Record(e journal.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, fmt.Sprintf("%T%v", e, e))
}

// Has reports whether a text is among them.
func (h *Heard) Has(text string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Contains(strings.Join(h.all, "\n"), text)
}

// Take are those that came since it was asked last.
func (h *Heard) Take() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := strings.Join(h.all, "\n")
	h.all = nil
	return out
}
