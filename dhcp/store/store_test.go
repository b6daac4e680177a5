package store

import (
	"encoding/binary"
	"errors"
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
	s, rs, damaged, err := Open(root)
	if err != nil {
		t.Fatal(err)
	}
	return s, rs, damaged
}

func TestRecordRoundTrip(t *testing.T) {
	full := testRecord(1)
	full.Manual, full.Relay, full.Expiry, full.Method = true, ip("10.88.0.1"), engine.Forever, engine.MethodPing
	for _, r := range []engine.Record{full, {Kind: engine.RecordForget, Addr: ip("10.0.0.1")}, {Kind: engine.RecordConflict, Addr: ip("10.0.0.2"), Method: engine.MethodARP, Start: 5}} {
		got, err := parseRecord(appendRecord(nil, &r))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got, cmpAddr); diff != "" {
			t.Error(diff)
		}
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
// there and the store goes on.
func TestStoreTornTail(t *testing.T) {
	for name, tear := range map[string]func(b []byte) []byte{
		"preallocated":  func(b []byte) []byte { return append(b, make([]byte, 4096)...) },
		"half a header": func(b []byte) []byte { return append(b, 9, 0, 0) },
		"half a record": func(b []byte) []byte { r := testRecord(9); return append(b, appendFrame(nil, &r)[:40]...) },
		"bad checksum": func(b []byte) []byte {
			r := testRecord(9)
			f := appendFrame(nil, &r)
			f[20] ^= 1
			return append(b, f...)
		},
		"hole then data": func(b []byte) []byte {
			r := testRecord(9)
			return append(append(b, make([]byte, 100)...), appendFrame(nil, &r)...)
		},
		"long length": func(b []byte) []byte { return append(binary.LittleEndian.AppendUint32(b, 1<<31), make([]byte, 100)...) },
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
			if err := os.WriteFile(path, tear(b), 0o600); err != nil {
				t.Fatal(err)
			}
			s, rs, damaged := open(t, dir)
			if len(rs) != 2 || len(damaged) != 0 {
				t.Fatalf("%d records, %v", len(rs), damaged)
			}
			if err := s.Commit([][]engine.Record{{testRecord(3)}}); err != nil {
				t.Fatal(err)
			}
			s.Close()
			if _, rs, damaged = open(t, dir); len(rs) != 3 || len(damaged) != 0 {
				t.Errorf("then %d records, %v", len(rs), damaged)
			}
		})
	}
}

// A damaged segment that is not the last is reported; the others count.
func TestStoreDamaged(t *testing.T) {
	dir := t.TempDir()
	for n := 1; n <= 3; n++ {
		s, _, _ := open(t, dir)
		if err := s.Commit([][]engine.Record{{testRecord(n), testRecord(n + 10)}}); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	path := dir + "/" + logName(2)
	b, _ := os.ReadFile(path)
	b[len(b)-5] ^= 0xff
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	_, rs, damaged := open(t, dir)
	if len(rs) != 5 || len(damaged) != 1 || damaged[0].File != logName(2) || damaged[0].Why != "checksum does not match" {
		t.Errorf("%d records, %v", len(rs), damaged)
	}
	m, _ := damaged[0].LogMessage()
	if m.String() != "%DHCPD-3-READ_ERROR: DHCP could not read bindings from bindings.log.00000002: checksum does not match" {
		t.Errorf("message %q", m)
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
	if err != nil || len(numbers) > 20 {
		t.Errorf("%d segments are left, %v", len(numbers), err)
	}
	if _, err := s.root.Stat(snapshotTemp); !errors.Is(err, fs.ErrNotExist) {
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
	if err := os.WriteFile(dir+"/"+snapshotTemp, b[:30], 0o600); err != nil {
		t.Fatal(err)
	}
	_, rs, damaged := open(t, dir)
	if len(rs) != 1 || len(damaged) != 0 {
		t.Errorf("%v %v", rs, damaged)
	}
	if _, err := os.Stat(dir + "/" + logName(1)); !errors.Is(err, fs.ErrNotExist) {
		t.Error("merged segment still there")
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
	f.Add([]byte(strings.Repeat("\x10\x00\x00\x00", 8)))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := storeState{}
		n, why := replay(b, m)
		if n > len(b) || n < len(b) && why == "" {
			t.Fatalf("%d of %d: %q", n, len(b), why)
		}
		var again []byte
		for _, r := range m.list() {
			again = appendFrame(again, &r)
		}
		m2 := storeState{}
		if k, why := replay(again, m2); k != len(again) || len(m2) != len(m) {
			t.Fatalf("what was read does not read again: %s", why)
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
