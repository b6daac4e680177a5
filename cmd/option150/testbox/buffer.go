package testbox

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// Buffer is what a process or a session has written; readers may wait for
// more. Use NewBuffer.
type Buffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{} // closed and replaced at each write
	eof  bool
}

// NewBuffer returns an empty one.
func NewBuffer() *Buffer { return &Buffer{more: make(chan struct{})} }

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.more)
	b.more = make(chan struct{})
	return b.b.Write(p)
}

// Close says that no more will come.
func (b *Buffer) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.eof = true
	close(b.more)
	b.more = make(chan struct{})
}

// String is what was written since the last Take.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Take waits until what was written since the last Take satisfies done, and
// takes it. The error is io.EOF when nothing more will come.
func (b *Buffer) Take(most time.Duration, done func(string) bool) (string, error) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		b.mu.Lock()
		text, more, eof := b.b.String(), b.more, b.eof
		if done(text) {
			b.b.Reset()
			b.mu.Unlock()
			return text, nil
		}
		b.mu.Unlock()
		if eof {
			return text, io.EOF
		}
		select {
		case <-more:
		case <-timer.C:
			return text, fmt.Errorf("nothing more within %s", most)
		}
	}
}

// From copies what comes from r until its end, whatever ends it: a terminal
// ends with an error.
func (b *Buffer) From(r io.Reader) {
	_, _ = io.Copy(b, r)
	b.Close()
}

// Plain takes the carriage returns away.
func Plain(s string) string { return strings.ReplaceAll(s, "\r", "") }
