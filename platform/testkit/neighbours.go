package testkit

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// All namespaces of a machine share one table of IPv4 neighbours, 1024 of them
// (net.ipv4.neigh.default.gc_thresh3), and an entry younger than five seconds is
// not given up for another. When it is full a host of a test reaches nobody it
// has not reached before, and no call fails: a phone "heard no answer". Phones
// that share firmware have eight or nine entries each [measured: 18 have 149].
const (
	neighbourPlaces = 15 // of some 50 entries; the rest is for small worlds and other programs
	phonesAPlace    = 6
)

// Neighbours waits until the kernel's table of neighbours has room for a LAN of
// so many phones beside those of other tests on this machine, in this process
// and in others, and keeps it until the test ends. Small worlds need not ask.
func Neighbours(t testing.TB, phones int) {
	t.Helper()
	dir := filepath.Join(os.TempDir(), "option150-neighbours")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_ = os.Chmod(dir, 0o777) // other users share the table too
	var held []*os.File
	t.Cleanup(func() {
		for _, f := range held {
			_ = f.Close() // gives the place up, as the end of the process does
		}
	})
	try := func(name string) *os.File {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_RDONLY, 0o666)
		if err != nil {
			t.Fatal(err)
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			_ = f.Close()
			return nil
		}
		return f
	}
	wait := func() {
		select {
		case <-t.Context().Done():
			t.Fatal("no room in the table of neighbours of this machine")
		case <-time.After(50 * time.Millisecond):
		}
	}
	// One asks at a time, so that a large LAN is not overtaken by small ones.
	turn := try("turn")
	for ; turn == nil; turn = try("turn") {
		wait()
	}
	defer turn.Close()
	for need := min((phones+phonesAPlace-1)/phonesAPlace, neighbourPlaces); ; wait() {
		for i := range neighbourPlaces {
			if len(held) == need {
				return
			}
			if f := try(fmt.Sprint(i)); f != nil {
				held = append(held, f)
			}
		}
	}
}
