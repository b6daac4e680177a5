package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
)

var cmpAddr = cmpopts.EquateComparable(netip.Addr{})

// logName is the file of a segment of the store of IPv4.
func logName(n uint64) string { return (&Store{name: IPv4}).logName(n) }

func testRecord(n int) engine.Record {
	return engine.Record{Kind: engine.RecordBinding, State: engine.StateLeased, HType: 1, Addr: wire.FromU32(0x0a000000 + uint32(n)), Start: 100, Expiry: 700, Lease: 600,
		MAC: mac(byte(n>>8), byte(n)), Key: "i" + string(idMAC(mac(byte(n>>8), byte(n)))), Pool: "VOICE", Interface: "GigabitEthernet0/0", Hostname: "SEP", Vendor: phoneClass}
}

func open(t testing.TB, dir string) (*Store, []engine.Record, []engine.StoreDamaged) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	s, rs, damaged, err := Open(root, IPv4)
	if err != nil {
		t.Fatal(err)
	}
	return s, rs, damaged
}

func TestRecordRoundTrip(t *testing.T) {
	full := testRecord(1)
	full.Manual, full.Relay, full.Expiry, full.Method = true, ip("10.88.0.1"), engine.Forever, engine.MethodPing
	for _, r := range []engine.Record{full, {Kind: engine.RecordForget, Addr: ip("10.0.0.1")}, {Kind: engine.RecordConflict, Addr: ip("10.0.0.2"), Method: engine.MethodARP, Start: 5}} {
		got, err := ParseRecord(AppendRecord(nil, &r))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got, cmpAddr); diff != "" {
			t.Error(diff)
		}
	}
}

// A record of IPv4 is, byte for byte, what it was before there were others; one of
// IPv6 has its own form, in files of their own, and a store reads both forms.
func TestRecordsOfBothFamilies(t *testing.T) {
	old := engine.Record{Kind: engine.RecordBinding, State: engine.StateLeased, HType: 1, Addr: ip("10.0.0.1"), Relay: ip("10.88.0.1"), Start: 1, Expiry: 2, Lease: 3, MAC: mac(4, 5), Key: "k", Pool: "p"}
	want := []byte{1, 1, 1, 0, 1, 10, 0, 0, 1, 10, 88, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 4, 5, 1, 0, 'k', 1, 0, 'p', 0, 0, 0, 0, 0, 0, 0, 0}
	if got := AppendRecord(nil, &old); !bytes.Equal(got, want) {
		t.Errorf("% x", got)
	}
	six := engine.Record{Kind: engine.RecordBinding, State: engine.StateLeased, HType: 1, Addr: ip("2001:db8::5"), Relay: ip("2001:db8::1"), Peer: ip("fe80::5"), Expiry: 7, Lease: 600, Preferred: 400, Key: "\x00\x00\x00\x01duid"}
	if got, err := ParseRecord(AppendRecord(nil, &six)); err != nil || got != six {
		t.Errorf("%+v, %v", got, err)
	}
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, r := range map[string]engine.Record{IPv4: old, IPv6: six} {
		s, _, _, err := Open(root, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Commit([][]engine.Record{{r}}); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	for name, r := range map[string]engine.Record{IPv4: old, IPv6: six} {
		s, rs, damaged, err := Open(root, name)
		if err != nil || len(rs) != 1 || rs[0] != r || len(damaged) != 0 {
			t.Errorf("%s: %+v %v %v", name, rs, damaged, err)
		}
		s.Close()
	}
	m := storeState{}
	if _, gaps := replay(append(appendFrame(nil, &six), appendFrame(nil, &old)...), m); len(m) != 2 || gaps != nil {
		t.Errorf("%v %v", m, gaps)
	}
}

func TestStoreKeepsTheLast(t *testing.T) {
	dir := t.TempDir()
	s, _, _ := open(t, dir)
	again := testRecord(1)
	again.Expiry = 1300
	batch := [][]engine.Record{{testRecord(1), testRecord(2)}, {again, {Kind: engine.RecordForget, Addr: testRecord(2).Addr}},
		{{Kind: engine.RecordConflict, Addr: again.Addr, Method: engine.MethodARP}, {Kind: engine.RecordConflict, Addr: ip("10.0.0.9"), Method: engine.MethodARP}, {Kind: engine.RecordResolved, Addr: ip("10.0.0.9")}}}
	if err := s.Commit(batch); err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, rs, damaged := open(t, dir)
	want := []engine.Record{{Kind: engine.RecordConflict, Addr: again.Addr, Method: engine.MethodARP}, again}
	if diff := cmp.Diff(want, rs, cmpAddr); diff != "" || len(damaged) > 0 {
		t.Errorf("%s%v", diff, damaged)
	}
}

// Whatever the end of the log looks like after a crash, what was synced is
// there, what does not read is said once, and the store goes on.
func TestStoreTornTail(t *testing.T) {
	for name, c := range map[string]struct {
		records int
		said    string
		tear    func(b []byte) []byte
	}{
		"preallocated":  {2, "", func(b []byte) []byte { return append(b, make([]byte, 4096)...) }},
		"half a header": {2, "cut in the middle", func(b []byte) []byte { return append(b, 9, 0, 0) }},
		"half a record": {2, "cut in the middle", func(b []byte) []byte { r := testRecord(9); return append(b, appendFrame(nil, &r)[:40]...) }},
		"bad checksum": {2, "checksum", func(b []byte) []byte {
			r := testRecord(9)
			f := appendFrame(nil, &r)
			f[20] ^= 1
			return append(b, f...)
		}},
		"hole then data": {3, "zeros", func(b []byte) []byte {
			r := testRecord(9)
			return append(append(b, make([]byte, 100)...), appendFrame(nil, &r)...)
		}},
		"long length": {2, "cut in the middle", func(b []byte) []byte { return append(binary.LittleEndian.AppendUint32(b, 1<<31), make([]byte, 100)...) }},
		"garbage":     {2, "lost", func(b []byte) []byte { return append(b, bytes.Repeat([]byte{0xA5, 1, 7}, 3000)...) }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, _, _ := open(t, dir)
			if err := s.Commit([][]engine.Record{{testRecord(1), testRecord(2)}}); err != nil {
				t.Fatal(err)
			}
			s.Close()
			path := dir + "/" + logName(1)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, c.tear(b), 0o600); err != nil {
				t.Fatal(err)
			}
			s, rs, damaged := open(t, dir)
			if len(rs) != c.records || len(damaged) > 1 || (c.said == "") != (len(damaged) == 0) || c.said != "" && !strings.Contains(damaged[0].Why, c.said) {
				t.Fatalf("%d records, %+v", len(rs), damaged)
			}
			if err := s.Commit([][]engine.Record{{testRecord(3)}}); err != nil {
				t.Fatal(err)
			}
			s.Close()
			if _, rs, damaged = open(t, dir); len(rs) != c.records+1 || len(damaged) != 0 {
				t.Errorf("then %d records, %v", len(rs), damaged)
			}
		})
	}
}

// fill makes a store of n records in segments of their own.
func fill(t *testing.T, dir string, segments, each int) {
	t.Helper()
	n := 0
	for range segments {
		s, _, _ := open(t, dir)
		for range each {
			if err := s.Commit([][]engine.Record{{testRecord(n)}}); err != nil {
				t.Fatal(err)
			}
			n++
		}
		s.Close()
	}
}

// A fault in a segment costs the records it hits, wherever it is, and is said.
func TestStoreFaultCostsItsRecord(t *testing.T) {
	r := testRecord(0)
	size := len(appendFrame(nil, &r))
	for name, c := range map[string]struct {
		lost int
		hit  func([]byte)
	}{
		"a flipped byte of a record":   {1, func(b []byte) { b[3*size+40] ^= 0x20 }},
		"a flipped byte of a length":   {1, func(b []byte) { b[3*size] ^= 0x01 }},
		"a flipped high byte of one":   {1, func(b []byte) { b[3*size+3] ^= 0x80 }},
		"a flipped byte of a checksum": {1, func(b []byte) { b[3*size+5] ^= 0xff }},
		"the first byte":               {1, func(b []byte) { b[0] ^= 0xff }},
		"the last byte":                {1, func(b []byte) { b[len(b)-1] ^= 0xff }},
		"zeros":                        {2, func(b []byte) { clear(b[2*size+9 : 3*size+9]) }},
		"garbage":                      {3, func(b []byte) { copy(b[4*size+1:], bytes.Repeat([]byte{1, 0x5a}, size+3)) }},
		"zeros at the end":             {2, func(b []byte) { clear(b[8*size:]) }},
	} {
		for _, segment := range []int{1, 2, 3} {
			t.Run(fmt.Sprintf("%s in segment %d", name, segment), func(t *testing.T) {
				if segment == 3 && name == "zeros at the end" {
					t.Skip("the unused rest of the newest segment looks the same")
				}
				dir := t.TempDir()
				fill(t, dir, 3, 10)
				path := dir + "/" + logName(uint64(segment))
				b, err := os.ReadFile(path)
				if err != nil || len(b) != 10*size {
					t.Fatal(err, len(b))
				}
				c.hit(b)
				if err := os.WriteFile(path, b, 0o600); err != nil {
					t.Fatal(err)
				}
				s, rs, damaged := open(t, dir)
				if len(rs) != 30-c.lost || len(damaged) != 1 || damaged[0].File != logName(uint64(segment)) {
					t.Errorf("%d records, %+v", len(rs), damaged)
				}
				s.Close()
				if s, rs, damaged = open(t, dir); len(rs) != 30-c.lost || len(damaged) != 0 {
					t.Errorf("then %d records, %+v", len(rs), damaged)
				}
				s.Close()
			})
		}
	}
}

// A snapshot with a fault falls back to the one before it and to the segments.
func TestSnapshotFault(t *testing.T) {
	for name, hit := range map[string]func([]byte) []byte{
		"mark":      func(b []byte) []byte { b[3] ^= 1; return b },
		"number":    func(b []byte) []byte { b[len(snapshotMark)] ^= 1; return b },
		"a record":  func(b []byte) []byte { b[len(b)/2] ^= 1; return b },
		"cut":       func(b []byte) []byte { return b[:len(b)-30] },
		"cut whole": func(b []byte) []byte { r := testRecord(0); return b[:len(b)-len(appendFrame(nil, &r))] },
		"zeros":     func(b []byte) []byte { clear(b); return b },
		"empty":     func([]byte) []byte { return nil },
	} {
		for _, merges := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s after %d", name, merges), func(t *testing.T) {
				dir := t.TempDir()
				fill(t, dir, 3, 10)
				for range merges {
					s, _, _ := open(t, dir)
					if err := s.Commit([][]engine.Record{{testRecord(100)}}); err != nil {
						t.Fatal(err)
					}
					if err := s.merge(s.number - 1); err != nil {
						t.Fatal(err)
					}
					s.Close()
				}
				b, err := os.ReadFile(dir + "/" + IPv4 + snapshotName)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(dir+"/"+IPv4+snapshotName, hit(b), 0o600); err != nil {
					t.Fatal(err)
				}
				s, rs, damaged := open(t, dir)
				if len(rs) != 31 || len(damaged) == 0 || damaged[0].File != IPv4+snapshotName {
					t.Errorf("%d records, %+v", len(rs), damaged)
				}
				m, _ := damaged[0].LogMessage()
				if !strings.HasPrefix(m.String(), "%DHCPD-3-READ_ERROR: DHCP could not read bindings from bindings.snapshot: ") {
					t.Errorf("message %q", m)
				}
				s.Close()
				if _, rs, damaged = open(t, dir); len(rs) != 31 || len(damaged) != 0 {
					t.Errorf("then %d records, %+v", len(rs), damaged)
				}
			})
		}
	}
}

// A snapshot of an earlier version is read.
func TestFirstSnapshots(t *testing.T) {
	dir := t.TempDir()
	r := testRecord(1)
	b := binary.LittleEndian.AppendUint64([]byte(snapshotFirst), 7)
	if err := os.WriteFile(dir+"/"+IPv4+snapshotName, appendFrame(b, &r), 0o600); err != nil {
		t.Fatal(err)
	}
	s, rs, damaged := open(t, dir)
	if len(rs) != 1 || len(damaged) != 0 || s.number != 8 {
		t.Errorf("%d records, %+v, segment %d", len(rs), damaged, s.number)
	}
}

func TestStoreCompaction(t *testing.T) {
	dir := t.TempDir()
	s, _, _ := open(t, dir)
	s.segment, s.compact = 4096, 16384
	var want engine.Record
	for n := range 2000 {
		r := testRecord(n % 50)
		r.Expiry = int64(n)
		if n%50 == 7 {
			want = r
		}
		if err := s.Commit([][]engine.Record{{r}}); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	numbers, err := s.segments()
	if err != nil || len(numbers) > 40 {
		t.Errorf("%d segments are left, %v", len(numbers), err)
	}
	if _, err := s.root.Stat(IPv4 + snapshotTemp); !errors.Is(err, fs.ErrNotExist) {
		t.Error("temporary snapshot left behind")
	}
	_, rs, damaged := open(t, dir)
	if len(rs) != 50 || len(damaged) != 0 {
		t.Fatalf("%d records, %v", len(rs), damaged)
	}
	for _, r := range rs {
		if r.Addr == want.Addr && r.Expiry != want.Expiry {
			t.Errorf("%+v", r)
		}
	}
}

// A compaction cut short at any point leaves a store that reads the same.
func TestStoreCompactionCutShort(t *testing.T) {
	dir := t.TempDir()
	s, _, _ := open(t, dir)
	if err := s.Commit([][]engine.Record{{testRecord(1)}}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	b, err := os.ReadFile(dir + "/" + logName(1))
	if err != nil {
		t.Fatal(err)
	}
	s, _, _ = open(t, dir)
	if err := s.merge(1); err != nil {
		t.Fatal(err)
	}
	s.Close()
	// The segment is back, as if it had not been removed, and so is half a snapshot.
	if err := os.WriteFile(dir+"/"+logName(1), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/"+IPv4+snapshotTemp, b[:30], 0o600); err != nil {
		t.Fatal(err)
	}
	_, rs, damaged := open(t, dir)
	if len(rs) != 1 || len(damaged) != 0 {
		t.Errorf("%v %v", rs, damaged)
	}
}

func TestStoreReopen(t *testing.T) {
	dir := t.TempDir()
	s, _, _ := open(t, dir)
	fail := errors.New("no space left on device")
	s.Sync = func(*os.File) error { return fail }
	if err := s.Commit([][]engine.Record{{testRecord(1)}}); !errors.Is(err, fail) {
		t.Fatal(err)
	}
	s.Sync = DataSync
	if err := s.Reopen([]engine.Record{testRecord(2)}); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit([][]engine.Record{{testRecord(3)}}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, rs, damaged := open(t, dir)
	if len(rs) != 2 || rs[0].Addr != testRecord(2).Addr || len(damaged) != 0 {
		t.Errorf("%v %v", rs, damaged)
	}
}

func FuzzReplay(f *testing.F) {
	r1, r2 := testRecord(1), testRecord(2)
	b := appendFrame(appendFrame(nil, &r1), &r2)
	f.Add(b)
	f.Add(b[:len(b)-3])
	f.Add(append(b, make([]byte, 64)...))
	r6 := engine.Record{Kind: engine.RecordBinding, State: engine.StateLeased, Addr: ip("2001:db8::5"), Peer: ip("fe80::5"), Key: "\x00\x00\x00\x01duid"}
	f.Add(appendFrame(appendFrame(nil, &r6), &r1))
	f.Add([]byte(strings.Repeat("\x10\x00\x00\x00", 8)))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := storeState{}
		n, gaps := replay(b, m)
		if n > len(b) || n < len(b) && len(gaps) == 0 && !wire.AllZero(b[n:]) {
			t.Fatalf("%d of %d: %v", n, len(b), gaps)
		}
		for i, g := range gaps {
			if g.from >= g.to || g.to > len(b) || i > 0 && g.from < gaps[i-1].to {
				t.Fatalf("gaps %v", gaps)
			}
		}
		var again []byte
		for _, r := range m.list() {
			again = appendFrame(again, &r)
		}
		m2 := storeState{}
		if k, gaps := replay(again, m2); k != len(again) || len(m2) != len(m) {
			t.Fatalf("what was read does not read again: %v", gaps)
		}
	})
}

func BenchmarkStoreCommit(b *testing.B) {
	s, _, _ := open(b, b.TempDir())
	defer s.Close()
	rs := [][]engine.Record{{testRecord(1)}}
	b.ReportAllocs()
	for b.Loop() {
		if err := s.Commit(rs); err != nil {
			b.Fatal(err)
		}
	}
}
