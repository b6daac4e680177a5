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
