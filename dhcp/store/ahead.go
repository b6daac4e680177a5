package store

import (
	"fmt"
	"os"
)

// A new segment is a megabyte of zeros that has to be on disk before a batch may
// go to it. Made when the old one is full, it would keep the clients of that
// moment waiting, a third of a second on a slow disk: it is made ahead, beside
// the batches, when the old one is half full.
//
//	bindings.next            the segment to come, in the making or whole
//
// It gets its name and number only when it is taken, so that a start never finds
// zeros behind the end of a segment that is not the last.
const aheadName = ".next"

// aheadStep is how much of it goes to the disk at a time: a batch waits behind
// no more than that.
const aheadStep = 64 << 10

// makeAhead makes the next segment in the background, unless it is there or in
// the making.
func (s *Store) makeAhead() {
	select {
	case s.making <- struct{}{}:
	default:
		return
	}
	s.working.Go(func() {
		f, err := s.ahead()
		if err != nil {
			// No room, say: rotate finds the same, and has the reserve.
			<-s.making
			return
		}
		s.next <- f
	})
}

// ahead writes the zeros. It leaves nothing behind when it fails.
func (s *Store) ahead() (*os.File, error) {
	name := s.name + aheadName
	f, err := s.root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("bindings: %w", err)
	}
	zero := make([]byte, aheadStep)
	for off := int64(0); off < s.segment && err == nil; off += aheadStep {
		if _, err = f.WriteAt(zero[:min(aheadStep, s.segment-off)], off); err == nil {
			err = f.Sync()
		}
	}
	if err != nil {
		_ = f.Close()
		_ = s.root.Remove(name)
		return nil, fmt.Errorf("bindings: %w", err)
	}
	return f, nil
}

// takeAhead is the segment made ahead, under the name of a segment, nil if there
// is none that holds need bytes.
func (s *Store) takeAhead(name string, need int64) *os.File {
	if need > s.segment {
		return nil
	}
	select {
	case f := <-s.next:
		<-s.making
		if s.root.Rename(s.name+aheadName, name) == nil {
			return f
		}
		_ = f.Close()
	default:
	}
	return nil
}

// dropAhead removes what was made ahead and not used. Nothing may be in the
// making.
func (s *Store) dropAhead() {
	select {
	case f := <-s.next:
		<-s.making
		_ = f.Close()
		_ = s.root.Remove(s.name + aheadName)
	default:
	}
}
