package logging

import (
	"fmt"
	"time"

	"option150/platform/journal"
	"option150/platform/message"
)

// maxCauses bounds the causes that are counted at a time; of more each message is
// a line.
const maxCauses = 64

// cause is what brings message after message: the first is a line, the others are
// counted and are one line more when the time is over.
type cause struct {
	n     uint64 // beyond the first
	last  message.Message
	timer *time.Timer
}

// Repeated is the fact that a cause went on after its first message.
type Repeated struct {
	Last   message.Message
	N      uint64
	Within time.Duration
}

// EventName implements journal.Event.
func (Repeated) EventName() string { return "logging.Repeated" }

// LogMessage implements journal.Logged.
func (r Repeated) LogMessage() (message.Message, bool) {
	m := r.Last
	m.More = fmt.Sprintf(" [the last of %d more like it within %d s]", r.N, int(r.Within/time.Second))
	return m, true
}

// counted reports that a message is one more of a cause whose first is a line.
// Called with the lock held.
func (s *Service) counted(m message.Message) bool {
	key, within := m.Cause()
	if key == "" {
		return false
	}
	if s.within > 0 {
		within = s.within
	}
	c := s.causes[key]
	if c != nil {
		c.n++
		c.last = m
		s.n.Limited++
		return true
	}
	if len(s.causes) < maxCauses && !s.ended {
		s.causes[key] = &cause{timer: time.AfterFunc(within, func() { s.over(key, within) })}
	}
	return false
}

// over ends the time of a cause.
func (s *Service) over(key string, within time.Duration) {
	s.mu.Lock()
	c := s.causes[key]
	delete(s.causes, key)
	s.mu.Unlock()
	if c != nil && c.n > 0 {
		s.o.Journal.Record(Repeated{c.last, c.n, within})
	}
}

var _ journal.Logged = Repeated{}
