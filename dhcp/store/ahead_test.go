package store

import (
	"errors"
	"io/fs"
	"os"
	"testing"

	"option150/dhcp/engine"
)

// The next segment is there before the old one is full, and the change to it
// writes no zeros while clients wait.
func TestSegmentMadeAhead(t *testing.T) {
	dir := t.TempDir()
	s, _, _ := open(t, dir)
	s.segment = 4096
	if err := s.rotate(0); err != nil {
		t.Fatal(err)
	}
	next := dir + "/" + IPv4 + aheadName
	put := func(n int) {
		t.Helper()
		if err := s.Commit([][]engine.Record{{testRecord(n)}}); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for ; s.off <= s.size/2; n++ {
		if _, err := os.Stat(next); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("made at %d of %d: %v", s.off, s.size, err)
		}
		put(n)
	}
	s.working.Wait()
	ahead, err := os.Stat(next)
	if err != nil || ahead.Size() != 4096 {
		t.Fatalf("half full: %v %v", ahead, err)
	}

	// A power cut here: what was made ahead is not taken for a segment.
	cut := t.TempDir()
	if err := os.CopyFS(cut, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	again, rs, damaged := open(t, cut)
	if len(rs) != n || len(damaged) != 0 {
		t.Errorf("after a cut %d records of %d, %v", len(rs), n, damaged)
	}
	if _, err := os.Stat(cut + "/" + IPv4 + aheadName); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what a cut left is still there")
	}
	again.Close()

	for was := s.number; s.number == was; n++ {
		put(n)
	}
	now, err := os.Stat(dir + "/" + s.logName(s.number))
	if err != nil || !os.SameFile(now, ahead) {
		t.Errorf("the segment in use is not the one made ahead: %v", err)
	}
	for ; s.off <= s.size/2; n++ {
		put(n)
	}
	s.Close()
	if _, err := os.Stat(next); !errors.Is(err, fs.ErrNotExist) {
		t.Error("what was not used is left behind")
	}
	_, rs, damaged = open(t, dir)
	if len(rs) != n || len(damaged) != 0 {
		t.Errorf("%d records of %d, %v", len(rs), n, damaged)
	}
}

// A batch larger than what was made ahead gets a segment of its own.
func TestBatchLargerThanAhead(t *testing.T) {
	dir := t.TempDir()
	s, _, _ := open(t, dir)
	s.segment = 4096
	if err := s.rotate(0); err != nil {
		t.Fatal(err)
	}
	var big []engine.Record
	for n := range 100 {
		big = append(big, testRecord(n))
	}
	for s.off <= s.size/2 {
		if err := s.Commit([][]engine.Record{{testRecord(1)}}); err != nil {
			t.Fatal(err)
		}
	}
	s.working.Wait()
	if err := s.Commit([][]engine.Record{big}); err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, rs, damaged := open(t, dir)
	if len(rs) != 100 || len(damaged) != 0 {
		t.Errorf("%d records, %v", len(rs), damaged)
	}
}
