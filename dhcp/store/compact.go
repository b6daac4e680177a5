package store

import (
	"encoding/binary"
	"hash/crc32"
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

// merge writes a snapshot of the state up to segment last. The one before it
// stays, with the segments since, until the next.
func (s *Store) merge(last uint64) error {
	in, err := s.read(last)
	if err != nil {
		return err
	}
	list := in.state.list()
	b := binary.LittleEndian.AppendUint64([]byte(snapshotMark), last)
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[len(snapshotMark):], castagnoli))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(list)))
	for _, r := range list {
		b = appendFrame(b, &r)
	}
	f, err := s.root.OpenFile(s.name+snapshotTemp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
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
	before, gaps, was, serr := s.snapshot(s.name + snapshotName)
	if err == nil && serr == nil && was != nil && len(gaps) == 0 {
		err = s.root.Rename(s.name+snapshotName, s.name+snapshotOld)
	} else {
		before, _, _, _ = s.snapshot(s.name + snapshotOld)
	}
	if err == nil {
		err = s.root.Rename(s.name+snapshotTemp, s.name+snapshotName)
	}
	if err == nil {
		err = s.syncDir()
	}
	if err != nil {
		_ = s.root.Remove(s.name + snapshotTemp)
		return err
	}
	numbers, err := s.segments()
	for _, n := range numbers {
		if n <= before {
			_ = s.root.Remove(s.logName(n))
		}
	}
	return err
}
