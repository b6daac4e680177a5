// Package golden compares what a package prints with files beside its tests. A
// golden is read by whoever reviews a change: it is the output itself.
//
// Used by tests alone. With the flag -update (`make golden`) the files are
// written instead of compared. Concurrency: every call stands alone, on a file
// of its own. Failure: through the test given. Testing: golden_test.go.
package golden

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files again")

// Update reports that files are to be written and not compared.
func Update() bool { return *update }

// Check compares a text with a file, named from the directory of the package.
func Check(t testing.TB, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); d != "" {
		t.Errorf("%s differs (-want +got):\n%s", path, d)
	}
}
