package store

import (
	"encoding/binary"
	"os"
)

// startCompaction merges everything but the open segment, in the background.
func (s *Store) startCompaction() {
	last := s.number - 1
	if last == 0 {
		return // only the open segment
	}
	select {
	case s.busy <- struct{}{}:
	default:
		return // one is running
	}
	s.closed = 0
	s.working.Go(func() {
		defer func() { <-s.busy }()
		// A failure leaves the segments where they are; they are read again
		// at the next start and merged by the next compaction.
		_ = s.merge(last)
	})
}

// merge writes a snapshot of the state up to segment last and removes the
// segments.
func (s *Store) merge(last uint64) error {
	state, _, _, err := s.read(last)
	if err != nil {
		return err
	}
	b := binary.LittleEndian.AppendUint64([]byte(snapshotMark), last)
	for _, r := range state.list() {
		b = appendFrame(b, &r)
	}
	f, err := s.root.OpenFile(snapshotTemp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = s.root.Rename(snapshotTemp, snapshotName)
	}
	if err == nil {
		err = s.syncDir()
	}
	if err != nil {
		_ = s.root.Remove(snapshotTemp)
		return err
	}
	numbers, err := s.segments()
	for _, n := range numbers {
		if n <= last {
			_ = s.root.Remove(logName(n))
		}
	}
	return err
}
