package service

import (
	"sync"
	"time"
)

// Since remembers how a service stood that puts its state together when it is
// asked. The zero value is ready.
type Since struct {
	mu    sync.Mutex
	state State
	why   string
	at    time.Time
}

// Note records a state and returns since when it holds.
func (s *Since) Note(st State, why string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st != s.state || why != s.why || s.at.IsZero() {
		s.state, s.why, s.at = st, why, time.Now()
	}
	return s.at
}
