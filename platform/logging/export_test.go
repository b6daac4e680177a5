package logging

import (
	"slices"
)

// Lines are the lines in the buffer, oldest first: all that was recorded before
// the call.
func (s *Service) Lines() []string {
	last := s.o.Journal.Last()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.await(last)
	return slices.Clone(s.buf.lines)
}

// AtMost is the filter of log lines up to a level and of no debug.
func AtMost(level int) Filter {
	return func(topic string, severity int) bool { return topic == "" && severity <= level }
}
