package store

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"option150/dhcp/engine"
	"option150/platform/sorted"
)

// Store keeps the bindings below a directory, in files that begin with its name,
// "bindings" those of IPv4 and "bindings6" those of IPv6: each server has its own,
// so that a fault of one file is never felt by the other.
//
//	bindings.snapshot        the state up to a log segment
//	bindings.snapshot.old    the one before it, should the first have a fault
//	bindings.log.00000007    what came after the old one, preallocated segments
//	bindings.next            the segment to come, see makeAhead
//	bindings.reserve         room for the next segments when the disk is full
//
// Every record is a frame: length, CRC-32C of the payload, payload, all
// little-endian. A zero length is the unused rest of a segment. A batch is one
// write and one fdatasync. Compaction reads the snapshot and the closed
// segments and writes a new snapshot beside them, in the background, while
// batches go on to the open segment. [facts/dhcp.md 6.4]
type Store struct {
	root    *os.Root
	name    string // IPv4 or IPv6
	segment int64  // bytes of a new segment
	compact int64  // bytes of closed segments that make a compaction worth while
	Sync    func(*os.File) error

	file   *os.File
	number uint64
	off    int64
	size   int64
	closed int64 // bytes in closed segments since the last compaction
	behind int   // such segments at start
	Fault  error // why there is no segment to write to, nil = there is
	buf    []byte

	working sync.WaitGroup // the compaction, and the making of the next segment
	busy    chan struct{}  // holds one token while a compaction runs
	making  chan struct{}  // holds one token while the next segment is made or there
	next    chan *os.File  // the one that is made
}

// The names of stores.
const (
	IPv4 = "bindings"
	IPv6 = "bindings6"
)

const (
	snapshotName  = ".snapshot"
	snapshotOld   = ".snapshot.old"
	snapshotTemp  = ".snapshot.new"
	reserveName   = ".reserve"
	logPrefix     = ".log."
	snapshotFirst = "option 150 bindings 1\n" // before there was a count
	snapshotMark  = "option 150 bindings 2\n"
	snapshotHead  = len(snapshotMark) + 8 + 4 + 4 // up to segment, its checksum, number of records
	segmentSize   = 1 << 20
	compactSize   = 8 << 20
	maxSegments   = 8
	maxStoreFile  = 1 << 30
	frameHeader   = 8
	maxFrame      = recordFixed6 + 6*(2+maxString)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// logName is the file of a segment.
func (s *Store) logName(n uint64) string { return fmt.Sprintf("%s%s%08d", s.name, logPrefix, n) }

// segments lists the numbers of the log segments, ascending.
func (s *Store) segments() ([]uint64, error) {
	list, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return nil, fmt.Errorf("bindings: %w", err)
	}
	var out []uint64
	for _, e := range list {
		var n uint64
		if rest, ok := strings.CutPrefix(e.Name(), s.name+logPrefix); ok {
			if _, err := fmt.Sscanf(rest, "%d", &n); err == nil && s.logName(n) == e.Name() {
				out = append(out, n)
			}
		}
	}
	slices.Sort(out)
	return out, nil
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
	addr     netip.Addr
}

func (m storeState) add(r engine.Record) {
	k := storeKey{r.Kind == engine.RecordConflict || r.Kind == engine.RecordResolved, r.Addr}
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
	sorted.By(out, func(x, y engine.Record) int {
		if n := cmp.Compare(x.Expiry, y.Expiry); n != 0 {
			return n
		}
		return x.Addr.Compare(y.Addr)
	})
	return out
}

// appendFrame writes a record with its frame.
func appendFrame(b []byte, r *engine.Record) []byte {
	at := len(b)
	b = AppendRecord(append(b, 0, 0, 0, 0, 0, 0, 0, 0), r)
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
		return cmp.Or(s.Fault, errNoSegment)
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
	if s.off += int64(len(b)); s.off > s.size/2 {
		s.makeAhead()
	}
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
	name := s.logName(s.number)
	f, size, err := s.takeAhead(name, need), s.segment, error(nil)
	if f == nil {
		size = max(s.segment, need)
		if f, err = s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600); err != nil {
			return fmt.Errorf("bindings: %w", err)
		}
		err = prepare(f, size)
		if errors.Is(err, unix.ENOSPC) && s.root.Remove(s.name+reserveName) == nil {
			err = prepare(f, size)
		}
	}
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

var errNoSegment = errors.New("bindings: no open segment")

// keepReserve has room for two segments on the disk, which nothing else can
// take. Without room for it the store goes on.
func (s *Store) keepReserve() {
	if info, err := s.root.Stat(s.name + reserveName); err == nil && info.Size() >= 2*s.segment {
		return
	}
	f, err := s.root.OpenFile(s.name+reserveName, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	err = prepare(f, 2*s.segment)
	if cerr := f.Close(); err != nil || cerr != nil {
		_ = s.root.Remove(s.name + reserveName)
	}
}

// Low is the room, in bytes, below which it is time to say so.
const Low = 4 * segmentSize

// Free is the room on the disk, in bytes, the reserve not counted.
func (s *Store) Free() (int64, error) {
	d, err := s.root.Open(".")
	if err != nil {
		return 0, err
	}
	defer d.Close()
	var st unix.Statfs_t
	c, err := d.SyscallConn()
	if err != nil {
		return 0, err
	}
	var serr error
	if err := c.Control(func(fd uintptr) { serr = unix.Fstatfs(int(fd), &st) }); err != nil {
		return 0, err
	}
	return int64(st.Bavail) * int64(st.Bsize), serr
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
	if s.Fault = s.rotate(0); s.Fault != nil {
		return s.Fault
	}
	if err := s.Commit([][]engine.Record{state}); err != nil {
		return err
	}
	s.keepReserve()
	return nil
}

// Close waits for a compaction and gives the files back.
func (s *Store) Close() {
	s.working.Wait()
	s.dropAhead()
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
