package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
)

// Store keeps the bindings below a directory:
//
//	bindings.snapshot        the state up to a log segment
//	bindings.log.00000007    what came after it, preallocated segments
//
// Every record is a frame: length, CRC-32C of the payload, payload, all
// little-endian. A zero length is the unused rest of a segment; a frame that
// does not check is the torn end of a write nobody was told of, and is cut off.
// A batch is one write and one fdatasync. Compaction reads the snapshot and the
// closed segments and writes a new snapshot beside them, in the background,
// while batches go on to the open segment. [facts/dhcp.md 6.4]
type Store struct {
	root    *os.Root
	segment int64 // bytes of a new segment
	compact int64 // bytes of closed segments that make a compaction worth while
	Sync    func(*os.File) error

	file   *os.File
	number uint64
	off    int64
	size   int64
	closed int64 // bytes in closed segments since the last compaction
	buf    []byte

	working sync.WaitGroup // the compaction
	busy    chan struct{}  // holds one token while a compaction runs
}

const (
	snapshotName = "bindings.snapshot"
	snapshotTemp = "bindings.snapshot.new"
	logPrefix    = "bindings.log."
	snapshotMark = "option 150 bindings 1\n"
	segmentSize  = 1 << 20
	compactSize  = 8 << 20
	maxSegments  = 8
	maxStoreFile = 1 << 30
	frameHeader  = 8
	maxFrame     = recordFixed + 6*(2+maxString)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Open reads what the directory holds and opens a new segment. damaged
// names files that could not be read to their end.
func Open(root *os.Root) (s *Store, records []engine.Record, damaged []engine.StoreDamaged, err error) {
	s = &Store{root: root, segment: segmentSize, compact: compactSize, Sync: DataSync, busy: make(chan struct{}, 1)}
	_ = root.Remove(snapshotTemp)
	state, upto, damaged, err := s.read(0)
	if err != nil {
		return nil, nil, nil, err
	}
	numbers, err := s.segments()
	if err != nil {
		return nil, nil, nil, err
	}
	for _, n := range numbers {
		if n <= upto { // left over by a compaction that was cut short
			_ = root.Remove(logName(n))
			continue
		}
		s.number = n
		if info, err := root.Stat(logName(n)); err == nil {
			s.closed += info.Size()
		}
	}
	s.number = max(s.number, upto)
	if err := s.rotate(0); err != nil {
		return nil, nil, nil, err
	}
	if s.closed > s.compact || len(numbers) > maxSegments || len(damaged) > 0 {
		s.startCompaction()
	}
	return s, state.list(), damaged, nil
}

func logName(n uint64) string { return fmt.Sprintf("%s%08d", logPrefix, n) }

// segments lists the numbers of the log segments, ascending.
func (s *Store) segments() ([]uint64, error) {
	list, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("bindings: %w", err)
	}
	var out []uint64
	for _, e := range list {
		var n uint64
		if rest, ok := strings.CutPrefix(e.Name(), logPrefix); ok {
			if _, err := fmt.Sscanf(rest, "%d", &n); err == nil && logName(n) == e.Name() {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return out, nil
}

// read replays the snapshot and the segments up to and including last (0 =
// all). upto is the segment the snapshot ends with. The torn end of the last
// segment is cut off.
func (s *Store) read(last uint64) (state storeState, upto uint64, damaged []engine.StoreDamaged, err error) {
	state = storeState{}
	b, err := s.file0(snapshotName)
	if err != nil {
		return nil, 0, nil, err
	}
	if b != nil {
		body, ok := strings.CutPrefix(string(b[:min(len(b), len(snapshotMark))]), snapshotMark)
		if !ok || body != "" || len(b) < len(snapshotMark)+8 {
			damaged = append(damaged, engine.StoreDamaged{File: snapshotName, Why: "not a snapshot of bindings"})
		} else {
			b = b[len(snapshotMark):]
			upto, b = binary.LittleEndian.Uint64(b), b[8:]
			if n, why := replay(b, state); n != len(b) {
				damaged = append(damaged, engine.StoreDamaged{File: snapshotName, Why: why})
			}
		}
	}
	numbers, err := s.segments()
	if err != nil {
		return nil, 0, nil, err
	}
	for i, n := range numbers {
		if n <= upto || last != 0 && n > last {
			continue
		}
		b, err := s.file0(logName(n))
		if err != nil {
			return nil, 0, nil, err
		}
		end, why := replay(b, state)
		if end == len(b) || wire.AllZero(b[end:]) {
			continue
		}
		if last == 0 && i == len(numbers)-1 {
			if err := s.cut(logName(n), int64(end)); err != nil {
				return nil, 0, nil, err
			}
			continue
		}
		damaged = append(damaged, engine.StoreDamaged{File: logName(n), Why: why})
	}
	return state, upto, damaged, nil
}

// file0 reads a file of the store, nil if it is not there.
func (s *Store) file0(name string) ([]byte, error) {
	info, err := s.root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.Size() > maxStoreFile {
		err = fmt.Errorf("%s: larger than any store of bindings", name)
	}
	if err != nil {
		return nil, fmt.Errorf("bindings: %w", err)
	}
	b, err := s.root.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("bindings: %w", err)
	}
	return b, nil
}

func (s *Store) cut(name string, size int64) error {
	f, err := s.root.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("bindings: %w", err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return fmt.Errorf("bindings: %w", err)
	}
	return f.Sync()
}

// storeState is what a replay comes to: the last record of every address and
// kind.
type storeState map[storeKey]engine.Record

type storeKey struct {
	conflict bool
	addr     [4]byte
}

func (m storeState) add(r engine.Record) {
	k := storeKey{r.Kind == engine.RecordConflict || r.Kind == engine.RecordResolved, r.Addr.As4()}
	if r.Kind == engine.RecordForget || r.Kind == engine.RecordResolved {
		delete(m, k)
		return
	}
	m[k] = r
}

func (m storeState) list() []engine.Record {
	out := make([]engine.Record, 0, len(m))
	for _, r := range m {
		out = append(out, r)
	}
	slices.SortFunc(out, func(x, y engine.Record) int {
		if n := cmp.Compare(x.Expiry, y.Expiry); n != 0 {
			return n
		}
		return x.Addr.Compare(y.Addr)
	})
	return out
}

// replay reads frames into m. It returns how many bytes were good and why the
// rest is not.
func replay(b []byte, m storeState) (n int, why string) {
	for n < len(b) {
		if len(b)-n < frameHeader {
			return n, "cut in the middle of a record"
		}
		size := int(binary.LittleEndian.Uint32(b[n:]))
		if size == 0 {
			return n, "unused"
		}
		if size > maxFrame || len(b)-n-frameHeader < size {
			return n, "cut in the middle of a record"
		}
		body := b[n+frameHeader : n+frameHeader+size]
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(b[n+4:]) {
			return n, "checksum does not match"
		}
		r, err := parseRecord(body)
		if err != nil {
			return n, err.Error()
		}
		m.add(r)
		n += frameHeader + size
	}
	return n, ""
}

// appendFrame writes a record with its frame.
func appendFrame(b []byte, r *engine.Record) []byte {
	at := len(b)
	b = appendRecord(append(b, 0, 0, 0, 0, 0, 0, 0, 0), r)
	body := b[at+frameHeader:]
	binary.LittleEndian.PutUint32(b[at:], uint32(len(body)))
	binary.LittleEndian.PutUint32(b[at+4:], crc32.Checksum(body, castagnoli))
	return b
}

// Commit writes a batch; when it returns nil the records survive a power cut.
// After an error the segment must not be used again: use reopen.
func (s *Store) Commit(batch [][]engine.Record) error {
	b := s.buf[:0]
	for _, rs := range batch {
		for i := range rs {
			b = appendFrame(b, &rs[i])
		}
	}
	s.buf = b
	if cap(b) > 4<<20 {
		s.buf = nil
	}
	if len(b) == 0 {
		return nil
	}
	if s.file == nil {
		return errors.New("bindings: no open segment")
	}
	if s.off+int64(len(b)) > s.size {
		if err := s.rotate(int64(len(b))); err != nil {
			return err
		}
		if s.closed > s.compact {
			s.startCompaction()
		}
	}
	if _, err := s.file.WriteAt(b, s.off); err != nil {
		return fmt.Errorf("bindings: %w", err)
	}
	if err := s.Sync(s.file); err != nil {
		return fmt.Errorf("bindings: %w", err)
	}
	s.off += int64(len(b))
	return nil
}

// rotate closes the segment and makes the next one, filled with zeros so that
// a batch changes no metadata.
func (s *Store) rotate(need int64) error {
	if s.file != nil {
		s.closed += s.off
		_ = s.file.Truncate(s.off)
		_ = s.file.Close()
		s.file = nil
	}
	s.number++
	name := logName(s.number)
	f, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("bindings: %w", err)
	}
	size := max(s.segment, need)
	err = prepare(f, size)
	if err == nil {
		err = s.syncDir()
	}
	if err != nil {
		_ = f.Close()
		_ = s.root.Remove(name)
		return fmt.Errorf("bindings: %w", err)
	}
	s.file, s.off, s.size = f, 0, size
	return nil
}

func prepare(f *os.File, size int64) error {
	zero := make([]byte, 64<<10)
	for off := int64(0); off < size; off += int64(len(zero)) {
		if _, err := f.WriteAt(zero[:min(int64(len(zero)), size-off)], off); err != nil {
			return err
		}
	}
	return f.Sync()
}

func (s *Store) syncDir() error {
	d, err := s.root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Reopen starts over in a new segment after a failure and writes the whole
// state there. What the failed segment holds beyond its last good batch was
// promised to nobody; it is cut off if the disk lets us.
func (s *Store) Reopen(state []engine.Record) error {
	if s.file != nil {
		_ = s.file.Truncate(s.off)
		_ = s.file.Close()
		s.closed += s.off
		s.file = nil
	}
	if err := s.rotate(0); err != nil {
		return err
	}
	return s.Commit([][]engine.Record{state})
}

// Close waits for a compaction and gives the files back.
func (s *Store) Close() {
	s.working.Wait()
	if s.file != nil {
		_ = s.file.Truncate(s.off)
		_ = s.file.Close()
		s.file = nil
	}
}

// DataSync is fdatasync: the segment's size does not change.
func DataSync(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var serr error
	if err := c.Control(func(fd uintptr) {
		for {
			if serr = unix.Fdatasync(int(fd)); serr != unix.EINTR {
				return
			}
		}
	}); err != nil {
		return err
	}
	return serr
}
