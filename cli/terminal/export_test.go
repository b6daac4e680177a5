package terminal

// Flush waits until everything written has been taken by the stream.
func (t *Terminal) Flush() error {
	t.screen.flush()
	t.screen.mu.Lock()
	defer t.screen.mu.Unlock()
	return t.screen.err
}
