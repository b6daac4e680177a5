package flash

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// fetched is the content of what Fetch gives, small or not.
func fetched(t *testing.T, f *Flash, name string) (content, id string, err error) {
	t.Helper()
	file, err := f.Fetch("", name, time.Time{})
	if err != nil {
		return "", "", err
	}
	defer file.Close()
	b := make([]byte, file.Size)
	if n, err := file.ReadAt(b, 0); n < len(b) {
		t.Errorf("%s: %d of %d bytes, %v", name, n, len(b), err)
	}
	return string(b), file.ID, nil
}

// keptOpen counts the files the box keeps open.
func (f *Flash) keptOpen() int {
	f.kept.mu.Lock()
	defer f.kept.mu.Unlock()
	return len(f.kept.files)
}

// One look does for all who had asked when it began, and for nobody else.
func TestOneLookForAllWhoHadAsked(t *testing.T) {
	f, dir := box(t, "x.cnf.xml")
	path := filepath.Join(dir, "x.cnf.xml")
	for range 2 { // opened, then kept
		if _, _, err := fetched(t, f, "x.cnf.xml"); err != nil {
			t.Fatal(err)
		}
	}
	early := time.Now()
	ask := func(asked time.Time) string {
		t.Helper()
		file, err := f.Fetch("", "x.cnf.xml", asked)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		return string(file.Whole)
	}
	if got := ask(early); got != "x.cnf.xml" {
		t.Fatalf("%q", got)
	}
	if err := os.WriteFile(path+"-new", []byte("another one"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"-new", path); err != nil {
		t.Fatal(err)
	}
	if got := ask(early); got != "x.cnf.xml" {
		t.Errorf("who had asked before the look has it looked again: %q", got)
	}
	for _, late := range []time.Time{time.Now(), {}} {
		if got := ask(late); got != "another one" {
			t.Errorf("who asks after the change gets %q", got)
		}
	}
}

// TestFetchIsNeverStale changes a file that is kept open in every way there is;
// the very next request is answered with what is there then.
func TestFetchIsNeverStale(t *testing.T) {
	f, dir := box(t, "x.cnf.xml")
	path := filepath.Join(dir, "x.cnf.xml")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	stamp := time.Unix(1e9, 0)
	must(os.Chtimes(path, stamp, stamp))
	was := ""
	for _, c := range []struct {
		how    string
		change func()
		want   string // "" = not there, "!" = refused
	}{
		{"as it was", func() {}, "x.cnf.xml"},
		{"asked again", func() {}, "x.cnf.xml"},
		{"written in place, same length, same time", func() {
			must(os.WriteFile(path, []byte("y.cnf.xml"), 0o644))
			must(os.Chtimes(path, stamp, stamp))
		}, "y.cnf.xml"},
		{"made longer", func() { must(os.WriteFile(path, []byte("longer than before"), 0o644)) }, "longer than before"},
		{"cut", func() { must(os.Truncate(path, 4)) }, "long"},
		{"replaced", func() {
			must(os.WriteFile(path+"~", []byte("new1"), 0o644))
			must(os.Rename(path+"~", path))
		}, "new1"},
		{"replaced by the box", func() { must(f.WriteFile("x.cnf.xml", []byte("new2"))) }, "new2"},
		{"grown beyond small", func() { must(os.WriteFile(path, make([]byte, SmallFile+1), 0o644)) }, strings.Repeat("\x00", SmallFile+1)},
		{"small again", func() { must(os.WriteFile(path, []byte("new3"), 0o644)) }, "new3"},
		{"gone", func() { must(os.Remove(path)) }, ""},
		{"there again", func() { must(os.WriteFile(path, []byte("new4"), 0o644)) }, "new4"},
		{"a FIFO", func() { must(os.Remove(path)); must(unix.Mkfifo(path, 0o644)) }, "!"},
		{"a link", func() {
			must(os.Remove(path))
			must(os.WriteFile(path+"~", []byte("elsewhere"), 0o644))
			must(os.Symlink(path+"~", path))
		}, "!"},
		{"deleted by the box", func() {
			must(os.Remove(path))
			must(f.WriteFile("x.cnf.xml", []byte("new5")))
			_, _, _ = fetched(t, f, "x.cnf.xml")
			must(f.Delete("x.cnf.xml"))
			if n := f.keptOpen(); n != 0 {
				t.Errorf("%d files are open after a change", n)
			}
		}, ""},
	} {
		c.change()
		got, id, err := fetched(t, f, "x.cnf.xml")
		switch {
		case c.want == "" && !errors.Is(err, fs.ErrNotExist), c.want == "!" && !errors.Is(err, ErrNotRegular):
			t.Errorf("%s: %v", c.how, err)
		case len(c.want) > 1 && (err != nil || got != c.want):
			t.Errorf("%s: %.40q, %v; want %.40q", c.how, got, err, c.want)
		case c.how == "asked again" && id != was:
			t.Errorf("%s: identity %s after %s", c.how, id, was)
		}
		was = id
	}
}

// TestKeptIsBounded: a scan over many files does not hold them all, and what
// nobody asks for is let go.
func TestKeptIsBounded(t *testing.T) {
	f, dir := box(t)
	for i := range 3 * maxKept {
		put(t, dir, fmt.Sprintf("f%d.raw", i))
		if got, _, err := fetched(t, f, fmt.Sprintf("f%d.raw", i)); err != nil || got != fmt.Sprintf("f%d.raw", i) {
			t.Fatal(got, err)
		}
	}
	if n := f.keptOpen(); n != maxKept {
		t.Errorf("%d files are open", n)
	}
	f.kept.tidy() // since the last time they were asked for
	fetched(t, f, fmt.Sprintf("f%d.raw", 3*maxKept-1))
	f.kept.tidy()
	if n := f.keptOpen(); n != 1 {
		t.Errorf("%d files are open", n)
	}
	f.kept.tidy()
	if n := f.keptOpen(); n != 0 {
		t.Errorf("%d files are open", n)
	}
}

// The content of a little file is kept only when it was read a while after the
// last change, and never survives one: not one in place that leaves length and
// modification time as they were.
func TestKeptContentIsNeverStale(t *testing.T) {
	f, dir := box(t, "x.cnf.xml")
	path := filepath.Join(dir, "x.cnf.xml")
	whole := func() []byte {
		t.Helper()
		file, err := f.Fetch("", "x.cnf.xml", time.Time{})
		if err != nil || file.Whole == nil {
			t.Fatal(file, err)
		}
		return file.Whole
	}
	shared := func() bool { a, b := whole(), whole(); return &a[0] == &b[0] }
	f.kept.calm = time.Hour
	whole()
	if shared() {
		t.Error("the content of a file that has just changed is kept")
	}
	f.kept.calm = time.Nanosecond
	stamp := time.Unix(1e9, 0)
	for i := range 20 {
		want := fmt.Sprintf("version %02d", i)
		if err := errors.Join(os.WriteFile(path, []byte(want), 0o644), os.Chtimes(path, stamp, stamp)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // a clock of the kernel's has moved on
		for range 3 {
			if got := string(whole()); got != want {
				t.Fatalf("%q instead of %q", got, want)
			}
		}
		if !shared() {
			t.Fatal("the content of a file that is at rest is read again and again")
		}
	}
	f.kept.drop()
	put(t, dir, "large.bin")
	if err := os.WriteFile(filepath.Join(dir, "large.bin"), make([]byte, keptWhole+1), 0o644); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	for range 3 {
		if _, _, err := fetched(t, f, "large.bin"); err != nil {
			t.Fatal(err)
		}
	}
	f.kept.mu.Lock()
	defer f.kept.mu.Unlock()
	if k := f.kept.files["large.bin"]; k == nil || k.whole != nil {
		t.Errorf("of a file of more than %d octets is kept %v", keptWhole, k)
	}
}
