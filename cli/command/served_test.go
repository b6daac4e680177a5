package command

import (
	"os"
	"path/filepath"
	"testing"

	"option150/platform/fileserver"
	"option150/platform/flash"
)

// TestServesDirectory: a directory is served when some file below it is one that
// phones could be given, whatever the case of its name.
func TestServesDirectory(t *testing.T) {
	b, _ := testBox(t)
	var err error
	root := t.TempDir()
	if b.Flash, err = flash.Open(root); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Flash.Close() })
	b.Files = fileserver.New(fileserver.Options{Flash: b.Flash})
	for path, text := range map[string]string{"German_Germany/any.jar": "x", "French_France/empty.jar": "", "Germany_x/tones.xml": "x"} {
		if err := os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]bool{"German_Germany/": true, "german_germany/": true, "French_France/": false, "Germany/": false, "Italian_Italy/": false} {
		if got := b.serves(b.homePath(), b.Find, name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
