package testkit

import (
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"option150/platform/netns"
)

// SmallDisk is a file system of its own, of a size such as "6m", seen by the thread of
// the test, by its children, and by whoever has its root. The test needs a TestMain
// with netns.Run.
func SmallDisk(t testing.TB, size string) *os.Root {
	t.Helper()
	netns.Need(t)
	if err := netns.OwnMounts(); err != nil {
		Missing(t, fmt.Sprintf("no mount namespace: %v", err))
	}
	dir := t.TempDir()
	if err := unix.Mount("small", dir, "tmpfs", 0, "size="+size); err != nil {
		Missing(t, fmt.Sprintf("no tmpfs: %v", err))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		root.Close()
		_ = unix.Unmount(dir, unix.MNT_DETACH)
	})
	return root
}
