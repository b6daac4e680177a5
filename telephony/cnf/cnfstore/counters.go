package cnfstore

import (
	"path"
	"strings"
	"time"

	"option150/telephony/cnf"
)

// Counters are those of building of the CUCM object "Cisco TFTP Server". A full
// build is one in which every file is made anew: a setting has changed that all
// of them have, or `create cnf-files` asked for it.
type Counters struct {
	BuildCount         uint64 // full builds that were put in force
	BuildAbortCount    uint64 // full builds that were not: what brought them was refused
	BuildDeviceCount   uint64 // of the last full build: phones, softkey files and files of dial rules
	BuildSoftkeyCount  uint64
	BuildDialruleCount uint64
	BuildDuration      time.Duration // of the last full build

	ChangeNotifications         uint64 // the sum of the next three
	DeviceChangeNotifications   uint64 // phones whose files became different, each time
	SoftkeyChangeNotifications  uint64
	DialruleChangeNotifications uint64
}

// Counters is a snapshot.
func (s *Store) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counters
}

// buildTime is the longest time a build is said to be under way: whoever began
// it and never ended it must not keep phones from their files.
const buildTime = 10 * time.Second

// Building reports that a set is being made that is not in force yet.
func (s *Store) Building() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, since := range s.under {
		if time.Since(since) < buildTime {
			return true
		}
	}
	return false
}

// begin is the beginning of a build; what it returns is called at its end.
func (s *Store) begin() (end func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.under == nil {
		s.under = map[int]time.Time{}
	}
	s.nth++
	n := s.nth
	s.under[n] = time.Now()
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.under, n)
	}
}

// built counts a set that was put in force.
func (s *Store) built(set *cnf.Set, took time.Duration) {
	if set == nil || !set.Anew {
		return
	}
	softkeys, rules := uint64(0), uint64(0)
	for _, f := range set.Files() {
		switch b := strings.ToLower(path.Base(f.Name)); {
		case strings.HasPrefix(b, "softkey"), strings.HasPrefix(b, "sk"):
			softkeys++
		case strings.HasPrefix(b, "dr"), strings.HasPrefix(b, "dialplan"), b == "appdialrules.xml":
			rules++
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &s.counters
	c.BuildCount++
	c.BuildDeviceCount, c.BuildSoftkeyCount, c.BuildDialruleCount, c.BuildDuration = uint64(set.Devices), softkeys, rules, took
}

func (s *Store) aborted(set *cnf.Set) {
	if set == nil || !set.Anew {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counters.BuildAbortCount++
}
