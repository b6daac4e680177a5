package testkit

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A LAN has the places it asked for, none more, until its test ends; one that is
// too large for the table has all of them.
func TestNeighbours(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	held := func() (n int) {
		files, err := filepath.Glob(filepath.Join(dir, "*", "[0-9]*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
				n++
			}
			f.Close()
		}
		return n
	}
	for _, c := range []struct{ phones, places int }{{18, 3}, {1, 1}, {1000, neighbourPlaces}, {6 * neighbourPlaces, neighbourPlaces}} {
		t.Run("", func(t *testing.T) {
			if Neighbours(t, c.phones); held() != c.places {
				t.Errorf("%d phones hold %d places", c.phones, held())
			}
			if c.places < neighbourPlaces {
				if Neighbours(t, 6*(neighbourPlaces-c.places)); held() != neighbourPlaces {
					t.Errorf("a second one holds %d", held()-c.places)
				}
			}
		})
		if held() != 0 {
			t.Errorf("%d places are held after the test", held())
		}
	}
}
