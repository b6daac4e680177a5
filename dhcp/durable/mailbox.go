package durable

import "sync"

// Mailbox is functions to be run by the goroutine of an engine, in order.
// Putting never waits.
type Mailbox struct {
	Bell chan struct{} // has room for one: rung when something was put

	mu    sync.Mutex
	calls []func()
	shut  bool
}

// NewMailbox returns an empty one.
func NewMailbox() *Mailbox { return &Mailbox{Bell: make(chan struct{}, 1)} }

// Put adds a function. It reports false when nothing more is accepted.
func (m *Mailbox) Put(f func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shut {
		return false
	}
	m.calls = append(m.calls, f)
	Ring(m.Bell)
	return true
}

// Take returns what waits; with shut set nothing more is accepted.
func (m *Mailbox) Take(shut bool) []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.calls
	m.calls = nil
	m.shut = m.shut || shut
	return c
}

// Ring rings a bell that has room for one.
func Ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}
