package cnfstore

import (
	"option150/telephony/cnf"
)

// Lookup finds a file of the set in force by the name a phone asks for.
func (s *Store) Lookup(name string) (*cnf.File, bool) { return s.Current().Lookup(name) }

// Generation is the number of the set in force: it grows when a set differs
// from the one before.
func (s *Store) Generation() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation
}
