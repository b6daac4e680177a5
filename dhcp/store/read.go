package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
)

// What is read at start. A fault costs what it hit: reading goes on at the next
// record that checks, and what was lost is said.

// Open reads what the directory holds of the store of that name, IPv4 or IPv6,
// and opens a new segment. damaged says
// what could not be read. When no segment can be made (the disk is full, or
// read-only) the store holds what is on disk all the same: Commit fails until
// Reopen succeeds, and Fault says why.
func Open(root *os.Root, name string) (s *Store, records []engine.Record, damaged []engine.StoreDamaged, err error) {
	s = &Store{root: root, name: name, segment: segmentSize, compact: compactSize, Sync: DataSync, busy: make(chan struct{}, 1),
		making: make(chan struct{}, 1), next: make(chan *os.File, 1)}
	_ = root.Remove(s.name + snapshotTemp)
	_ = root.Remove(s.name + aheadName)
	in, err := s.read(0)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, n := range in.numbers {
		if n <= in.old { // left over by a compaction that was cut short
			_ = root.Remove(s.logName(n))
			continue
		}
		s.number = n
		if info, err := root.Stat(s.logName(n)); err == nil && n > in.upto {
			s.closed += info.Size()
			s.behind++
		}
	}
	s.number = max(s.number, in.upto)
	if in.tail >= 0 {
		// From here on zeros at the end of a segment are a fault. A disk that
		// does not let us cut will not let us make the next segment either.
		_ = s.cut(s.logName(s.number), in.tail)
	}
	if s.Fault = s.rotate(0); s.Fault == nil {
		s.keepReserve()
		if s.closed > s.compact || s.behind > maxSegments || len(in.damaged) > 0 {
			s.startCompaction()
		}
	}
	return s, in.state.list(), in.damaged, nil
}

// reading is what the files came to.
type reading struct {
	state   storeState
	numbers []uint64 // of the segments, ascending
	upto    uint64   // the segment that the snapshot ends with
	old     uint64   // the one that the snapshot before it ends with: what both have may go
	tail    int64    // the end of what is good in the last segment, -1 = its whole length
	damaged []engine.StoreDamaged
}

// read replays snapshot and segments up to and including last (0 = all). A
// snapshot with a fault falls back to the one before it and the segments since.
func (s *Store) read(last uint64) (in reading, err error) {
	in = reading{state: storeState{}, tail: -1}
	lose := func(file string, gaps []gap) {
		for _, g := range gaps {
			in.damaged = append(in.damaged, engine.StoreDamaged{File: file, Why: g.String()})
		}
	}
	oldUpto, oldGaps, oldState, err := s.snapshot(s.name + snapshotOld)
	if err != nil {
		return in, err
	}
	upto, gaps, state, err := s.snapshot(s.name + snapshotName)
	if err != nil {
		return in, err
	}
	from := upto
	switch {
	case state != nil && len(gaps) == 0 || state == nil && oldState == nil:
		in.state = state
	default:
		from = oldUpto
		if oldState != nil {
			in.state = oldState
			lose(s.name+snapshotOld, oldGaps)
		}
		for _, r := range state {
			in.state.add(r) // what is good of it is newer
		}
		lose(s.name+snapshotName, gaps)
	}
	if in.state == nil {
		in.state = storeState{}
	}
	in.upto, in.old = from, min(oldUpto, from)
	if in.numbers, err = s.segments(); err != nil {
		return in, err
	}
	for i, n := range in.numbers {
		if n <= from || last != 0 && n > last {
			continue
		}
		b, err := s.file0(s.logName(n))
		if err != nil {
			return in, err
		}
		end, gaps := replay(b, in.state)
		newest := i == len(in.numbers)-1
		if newest && last == 0 && end < len(b) {
			in.tail = int64(end)
		}
		if end < len(b) && !newest && wire.AllZero(b[end:]) {
			gaps = append(gaps, gap{end, len(b), "zeros"})
		}
		lose(s.logName(n), gaps)
	}
	return in, nil
}

// snapshot reads a snapshot; state is nil if there is none.
func (s *Store) snapshot(name string) (upto uint64, gaps []gap, state storeState, err error) {
	b, err := s.file0(name)
	if err != nil || b == nil {
		return 0, nil, nil, err
	}
	state = storeState{}
	head := snapshotHead
	if bytes.HasPrefix(b, []byte(snapshotFirst)) {
		head = len(snapshotFirst) + 8 // it had neither checksum nor count
	} else if !bytes.HasPrefix(b, []byte(snapshotMark)) {
		head = len(b) + 1
	}
	if len(b) < head {
		// Its head is gone: the records that follow may be whole.
		_, gaps = replay(b, state)
		if len(gaps) == 0 {
			gaps = []gap{{0, len(b), "not a snapshot of bindings"}}
		}
		return 0, gaps, state, nil
	}
	upto = binary.LittleEndian.Uint64(b[len(snapshotMark):])
	end, gaps := replay(b[head:], state)
	for i := range gaps {
		gaps[i].from, gaps[i].to = gaps[i].from+head, gaps[i].to+head
	}
	if end += head; end < len(b) && len(gaps) == 0 {
		gaps = append(gaps, gap{end, len(b), "zeros"})
	}
	if head == snapshotHead {
		of := b[len(snapshotMark):]
		if binary.LittleEndian.Uint32(of[8:]) != crc32.Checksum(of[:8], castagnoli) {
			gaps, upto = append(gaps, gap{len(snapshotMark), head, "checksum does not match"}), 0
		} else if n := int(binary.LittleEndian.Uint32(of[12:])); len(gaps) == 0 && n != len(state) {
			gaps = append(gaps, gap{len(b), len(b), fmt.Sprintf("%d records of %d", len(state), n)})
		}
	}
	return upto, gaps, state, nil
}

// gap is what of a file could not be read.
type gap struct {
	from, to int
	why      string
}

func (g gap) String() string {
	return fmt.Sprintf("%s: %d bytes at %d are lost", g.why, g.to-g.from, g.from)
}

// replay reads frames into m. end is where the last good one ends: only zeros,
// or nothing that reads, is behind it.
func replay(b []byte, m storeState) (end int, gaps []gap) {
	for n := 0; n < len(b); {
		r, size, why := frameAt(b[n:])
		if why == "" {
			m.add(r)
			n += size
			end = n
			continue
		}
		next := nextFrame(b, n+1)
		if next < 0 {
			if bad := bytes.TrimRight(b[n:], "\x00"); len(bad) > 0 {
				gaps = append(gaps, gap{n, n + len(bad), why + " at the end, perhaps never written whole"})
			}
			break
		}
		gaps = append(gaps, gap{n, next, why})
		n = next
	}
	return end, gaps
}

// nextFrame is where the next record that checks begins, -1 if there is none.
func nextFrame(b []byte, from int) int {
	for n := from; n+frameHeader < len(b); n++ {
		if v := b[n+frameHeader]; v != recordVersion && v != recordVersion6 { // most bytes are none
			continue
		}
		if _, _, why := frameAt(b[n:]); why == "" {
			return n
		}
	}
	return -1
}

// frameAt reads the record at the beginning of b; why is not empty if there is
// none.
func frameAt(b []byte) (r engine.Record, size int, why string) {
	if len(b) < frameHeader {
		return r, 0, "cut in the middle of a record"
	}
	n := int(binary.LittleEndian.Uint32(b))
	switch {
	case n == 0:
		return r, 0, "zeros"
	case n > maxFrame || len(b)-frameHeader < n:
		return r, 0, "cut in the middle of a record"
	}
	body := b[frameHeader : frameHeader+n]
	if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[4:]) {
		return r, 0, "checksum does not match"
	}
	r, err := ParseRecord(body)
	if err != nil {
		return r, 0, err.Error()
	}
	return r, frameHeader + n, ""
}
