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
	"time"
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
		r, err := f.Fetch("", "image.sbn", time.Time{})
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
	first, err := f.Fetch("", "image.sbn", time.Time{})
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
	second, err := f.Fetch("", "image.sbn", time.Time{})
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
	third, err := f.Fetch("", "image.sbn", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	defer third.Close()
	if a, b := says(second), says(third); a != "new." || b != "old." {
		t.Errorf("%q and %q", a, b)
	}
}

// TestChangedWhileRead: whoever reads a larger file in pieces while somebody
// writes to it from outside does not come to its end; one that was replaced or
// removed is read whole.
func TestChangedWhileRead(t *testing.T) {
	for _, c := range []struct {
		name    string
		do      func(path string) error
		changed bool
	}{
		{"nothing", func(string) error { return nil }, false},
		{"removed", os.Remove, false},
		{"renamed", func(p string) error { return os.Rename(p, p+".old") }, false},
		{"replaced", func(p string) error {
			if err := os.WriteFile(p+".new", bytesOf(90_000), 0o644); err != nil {
				return err
			}
			return os.Rename(p+".new", p)
		}, false},
		{"written over", func(p string) error { return os.WriteFile(p, make([]byte, 200_001), 0o644) }, true},
		{"written over by a shorter one", func(p string) error { return os.WriteFile(p, make([]byte, 100_000), 0o644) }, true},
		{"grows", func(p string) error {
			f, err := os.OpenFile(p, os.O_APPEND|os.O_WRONLY, 0)
			if err == nil {
				_, err = f.WriteString("more")
				f.Close()
			}
			return err
		}, true},
		{"cut", func(p string) error { return os.Truncate(p, 199_000) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "image.sbn")
			want := bytesOf(200_001)
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, time.Unix(1e9, 0), time.Unix(1e9, 0)); err != nil {
				t.Fatal(err)
			}
			f, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			file, err := f.Fetch("", "image.sbn", time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			defer file.Close()
			b := make([]byte, 512)
			if n, err := file.ReadAt(b, 0); n != 512 || err != nil {
				t.Fatal(n, err)
			}
			if err := c.do(path); err != nil {
				t.Fatal(err)
			}
			n, err := file.ReadAt(b[:321], 200_001-321)
			if whole := n == 321 && err == nil && bytes.Equal(b[:n], want[200_001-321:]); whole == c.changed || file.Shared.Changed() != c.changed {
				t.Errorf("%d octets, %v, changed %v", n, err, file.Shared.Changed())
			}
		})
	}
}
