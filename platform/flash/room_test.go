package flash

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"option150/platform/netns"
	"option150/platform/testkit"
)

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

// TestUploadsLeaveAReserve: whoever uploads, from the beginning to the end or in pieces, gets
// all but what leases and the configuration need, and what was refused is gone.
func TestUploadsLeaveAReserve(t *testing.T) {
	const size = 4 << 20
	root := testkit.SmallDisk(t, "4m")
	f, err := Open(root.Name())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	left := func() uint64 {
		var st unix.Statfs_t
		if err := unix.Statfs(root.Name(), &st); err != nil {
			t.Fatal(err)
		}
		return st.Bavail * uint64(st.Bsize)
	}
	before := left()
	upload := func(write func(w *Writer, b []byte, at int64) (int, error)) {
		t.Helper()
		w, err := f.Create("large.sbn")
		if err != nil {
			t.Fatal(err)
		}
		b, taken := make([]byte, 32<<10), int64(0)
		for err == nil && taken < 2*size {
			var n int
			n, err = write(w, b, taken)
			taken += int64(n)
		}
		if rest := left(); !errors.Is(err, unix.ENOSPC) || rest < size/16 || taken < size*3/4 {
			t.Errorf("%v after %d bytes, %d bytes are left", err, taken, rest)
		}
		w.Abort()
		if rest := left(); rest != before {
			t.Errorf("%d bytes are left, before there were %d", rest, before)
		}
	}
	upload(func(w *Writer, b []byte, _ int64) (int, error) { return w.Write(b) })
	upload(func(w *Writer, b []byte, at int64) (int, error) { return w.WriteAt(b, at) })
	if total, free, err := f.Usage(); err != nil || free+size/16 != before || total != size {
		t.Errorf("%d of %d, %v", free, total, err)
	}
}
