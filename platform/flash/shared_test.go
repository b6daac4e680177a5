package flash

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// opened counts the descriptors of this process on a file.
func opened(t *testing.T, name string) (n int) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, e := range all {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, name) {
			n++
		}
	}
	return n
}

func bytesOf(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b)
	return b
}

// A thousand who fetch a file have one descriptor, each a place of his own, and
// when the last has gone there is none.
func TestOneDescriptorAFile(t *testing.T) {
	dir := t.TempDir()
	want := bytesOf(300_001)
	path := filepath.Join(dir, "image.sbn")
	if err := os.WriteFile(path, want, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var readers []*File
	for range 1000 {
		r, err := f.Fetch("", "image.sbn")
		if err != nil || r.Shared == nil || r.Size != int64(len(want)) {
			t.Fatal(r, err)
		}
		readers = append(readers, r)
	}
	if n := opened(t, path); n != 1 {
		t.Errorf("%d descriptors", n)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			r := readers[i].Shared
			got := make([]byte, len(want))
			for at := 0; at < len(got); at += 512 {
				if n, err := r.ReadAt(got[at:min(at+512, len(got))], int64(at)); err != nil {
					t.Errorf("at %d: %d, %v", at, n, err)
					return
				}
			}
			if !bytes.Equal(got, want) {
				t.Error("other bytes by ReadAt")
			}
			if _, err := r.Seek(7, io.SeekStart); err != nil {
				t.Error(err)
			}
			if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want[7:]) {
				t.Errorf("%d bytes by Read, %v", len(got), err)
			}
		})
	}
	all.Wait()
	if _, err := readers[0].Shared.ReadAt(make([]byte, 10), int64(len(want))-5); err != io.EOF {
		t.Errorf("beyond the end: %v", err)
	}
	for _, r := range readers {
		_ = r.Close()
		_ = r.Close() // twice is once
	}
	if n := opened(t, path); n != 0 {
		t.Errorf("%d descriptors at the end", n)
	}
}

// A reader never gets what was read before he came, and one who came before
// keeps the file he has when another takes its name.
func TestSharedIsNeverStale(t *testing.T) {
	dir := t.TempDir()
	old, young := bytes.Repeat([]byte("old."), 40_000), bytes.Repeat([]byte("new."), 40_000)
	path := filepath.Join(dir, "image.sbn")
	if err := os.WriteFile(path, old, 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	says := func(r *File) string {
		b := make([]byte, 4)
		for range 3 { // the third time out of a window
			if _, err := r.ReadAt(b, 512); err != nil {
				t.Fatal(err)
			}
		}
		return string(b)
	}
	first, err := f.Fetch("", "image.sbn")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	if got := says(first); got != "old." {
		t.Fatal(got)
	}
	info, _ := os.Stat(path)
	same, err := os.OpenFile(path, os.O_WRONLY, 0) // in place, and its time put back
	if err != nil {
		t.Fatal(err)
	}
	_, _ = same.Write(young)
	_ = same.Close()
	_ = os.Chtimes(path, info.ModTime(), info.ModTime())
	second, err := f.Fetch("", "image.sbn")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if got := says(second); got != "new." {
		t.Errorf("a later reader got %q", got)
	}
	if err := os.WriteFile(path+".new", old, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	third, err := f.Fetch("", "image.sbn")
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if a, b := says(second), says(third); a != "new." || b != "old." {
		t.Errorf("%q and %q", a, b)
	}
}
