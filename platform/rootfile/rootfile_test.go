package rootfile

import (
	"errors"
	"io/fs"
	"os"
	"testing"
)

func TestPathError(t *testing.T) {
	if err := PathError("open", "flash:/x", nil); err != nil {
		t.Error(err)
	}
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	_, absent := root.Open("x")
	renamed := os.Rename(root.Name()+"/x", root.Name()+"/y")
	for _, e := range []error{absent, renamed} {
		if err := PathError("open", "flash:/x", e); err.Error() != "open flash:/x: no such file or directory" || !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v becomes %v", e, err)
		}
	}
}

func TestSyncDir(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if err := SyncDir(root, "."); err != nil {
		t.Error(err)
	}
	if err := SyncDir(root, "none"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// What cannot be put in its place leaves the old file, and nothing beside it.
func TestReplace(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, text := range []string{"the first, which is longer", "second"} {
		if err := Replace(root, "x", "x.new", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if b, err := root.ReadFile("x"); err != nil || string(b) != text {
			t.Errorf("%q, %v", b, err)
		}
	}
	if info, err := root.Stat("x"); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if err := root.Mkdir("dir", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Replace(root, "dir", "dir.new", nil); err == nil {
		t.Error("a directory was replaced")
	}
	for _, temp := range []string{"x.new", "dir.new"} {
		if _, err := root.Stat(temp); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", temp, err)
		}
	}
}
