package flash

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func stage(t *testing.T, f *Flash, files map[string]string) *Stage {
	t.Helper()
	s, err := f.Stage()
	if err != nil {
		t.Fatal(err)
	}
	for n, text := range files {
		w, err := s.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestStage: nothing is there before the commit, all of it after, and nothing
// of what was aborted or what a power cut left.
func TestStage(t *testing.T) {
	dir := t.TempDir()
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.WriteFile("old", []byte("old")); err != nil {
		t.Fatal(err)
	}
	s := stage(t, f, map[string]string{"a": "1", "d/b": "2"})
	if err := s.Link("d/c", "flash:old"); err != nil {
		t.Fatal(err)
	}
	if len(f.Files("")) != 1 {
		t.Error("staged files are there:", f.Files(""))
	}
	for _, bad := range []string{"../x", "/x", ".x", "d/../x", ""} {
		if _, err := s.Create(bad); err == nil {
			t.Errorf("%q was staged", bad)
		}
	}
	if _, err := s.Create("a"); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	if err := s.CommitDir("deep/down/here"); err != nil {
		t.Fatal(err)
	}
	s.Abort()
	if b, err := os.ReadFile(filepath.Join(dir, "deep/down/here/d/c")); err != nil || string(b) != "old" {
		t.Error(string(b), err)
	}
	s = stage(t, f, map[string]string{"x": "1"})
	if err := s.CommitDir("deep/down/here"); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	s.Abort()
	stage(t, f, map[string]string{"d/x": "left by a power cut"})
	f.Close()
	if f, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 {
		t.Error(left, err)
	}
}

// TestStageInto: a file that cannot be put in its place takes the others back.
func TestStageInto(t *testing.T) {
	f, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := errors.Join(f.WriteFile("a", []byte("old")), f.Mkdir("z")); err != nil {
		t.Fatal(err)
	}
	s, err := f.Stage()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"a", "new", "z"} { // in this order
		w, err := s.Create(n)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte("new")); err != nil {
			t.Fatal(err)
		}
		w.Close()
	}
	if err := s.CommitInto(""); !errors.Is(err, ErrNotRegular) {
		t.Fatal(err)
	}
	s.Abort()
	file, err := f.Open("a")
	if err != nil || file.Size != 3 || len(f.Files("")) != 1 {
		t.Fatal(f.Files(""), err)
	}
	file.Close()
	s = stage(t, f, map[string]string{"a": "newer", "d/e": "1"})
	if err := s.CommitInto("z"); err != nil || len(f.Files("z")) != 2 {
		t.Error(f.Files("z"), err)
	}
}

// TestTwins: of several files of a name phones get one if all are the same.
func TestTwins(t *testing.T) {
	f, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, d := range []string{"one", "two", "three"} {
		if err := errors.Join(f.Mkdir(d), f.WriteFile(d+"/x.sbn", []byte("same"))); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		file, err := f.Find("", "x.sbn")
		if err != nil {
			t.Fatal(err)
		}
		file.Close()
	}
	if err := f.WriteFile("two/x.sbn", []byte("diff")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Find("", "x.sbn"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
