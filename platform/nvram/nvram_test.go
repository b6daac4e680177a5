package nvram

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"option150/platform/netns"
	"option150/platform/testkit"

	"golang.org/x/sys/unix"
)

func open(t *testing.T, dir string) *NVRAM {
	t.Helper()
	n, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestStartup(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "nvram")
	n := open(t, dir)
	if _, err := n.LoadStartup(); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("factory box: %v", err)
	}
	if err := n.EraseStartup(); err != nil {
		t.Fatalf("erase of nothing: %v", err)
	}
	for _, text := range []string{"hostname one\n", "hostname two\n", "hostname three\n"} {
		if err := n.SaveStartup([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := n.LoadStartup(); err != nil || string(got) != text {
			t.Fatalf("%q %v", got, err)
		}
	}
	if got := content(t, filepath.Join(dir, BackupName)); got != "hostname two\n" {
		t.Errorf("backup %q", got)
	}
	info, _ := os.Stat(filepath.Join(dir, StartupName))
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v: it holds secrets", info.Mode())
	}
	if err := n.SaveStartup([]byte(strings.Repeat("x", MaxStartup+1))); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	if err := n.EraseStartup(); err != nil {
		t.Fatal(err)
	}
	if all, _ := n.List(); len(all) != 0 {
		t.Errorf("after erase: %v", all)
	}
	if err := os.WriteFile(filepath.Join(dir, StartupName), []byte("\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := n.LoadStartup(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty startup-config: %v", err)
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	n := open(t, dir)
	if _, err := n.ReadFile("ssh_host_ed25519"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := n.WriteFile("ssh_host_ed25519", []byte("key")); err != nil {
		t.Fatal(err)
	}
	if b, err := n.ReadFile("ssh_host_ed25519"); err != nil || string(b) != "key" {
		t.Fatalf("%q %v", b, err)
	}
	info, _ := os.Stat(filepath.Join(dir, "ssh_host_ed25519"))
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if err := n.WriteFile("../escape", nil); err == nil {
		t.Error("left the directory")
	}
	if err := unix.Mkfifo(filepath.Join(dir, "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := n.ReadFile("fifo"); err == nil || strings.Contains(err.Error(), dir) {
		t.Errorf("fifo: %v", err)
	}
	put := filepath.Join(dir, tempPrefix+"LEFT")
	if err := os.WriteFile(put, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if _, err := os.Stat(put); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an interrupted write is still there: %v", err)
	}
}

// short writes the first bytes and fails then, as a full disk does.
type short struct {
	w    io.Writer
	left int
}

func (s short) Write(b []byte) (int, error) {
	n, err := s.w.Write(b[:min(len(b), s.left)])
	if err == nil && n < len(b) {
		err = unix.ENOSPC
	}
	return n, err
}

func TestShortWriteLeavesThePrevious(t *testing.T) {
	dir := t.TempDir()
	n := open(t, dir)
	if err := n.SaveStartup([]byte("hostname old\n")); err != nil {
		t.Fatal(err)
	}
	for cut := range 5 {
		n.wrap = func(w io.Writer) io.Writer { return short{w, cut} }
		if err := n.SaveStartup([]byte("hostname new\n")); !errors.Is(err, unix.ENOSPC) {
			t.Fatalf("cut %d: %v", cut, err)
		}
		if got, err := n.LoadStartup(); err != nil || string(got) != "hostname old\n" {
			t.Fatalf("cut %d: %q %v", cut, got, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestConcurrentSaves(t *testing.T) {
	n := open(t, t.TempDir())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := n.SaveStartup([]byte(strings.Repeat(string(rune('a'+i)), 10000))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := n.LoadStartup()
	if err != nil || len(got) != 10000 || len(bytes.Trim(got, string(got[:1]))) != 0 {
		t.Errorf("mixed: %d bytes, %v", len(got), err)
	}
}

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

// TestDiskFull saves onto a file system of 64 kB.
func TestDiskFull(t *testing.T) {
	dir := testkit.SmallDisk(t, "64k").Name()
	n := open(t, dir)
	old := strings.Repeat("! a line of the old configuration\n", 500)
	if err := n.SaveStartup([]byte(old)); err != nil {
		t.Fatal(err)
	}
	if err := n.SaveStartup([]byte(strings.Repeat("x", 60000))); !errors.Is(err, unix.ENOSPC) {
		t.Fatalf("disk full: %v", err)
	}
	if got, err := n.LoadStartup(); err != nil || string(got) != old {
		t.Fatalf("the previous configuration: %d bytes, %v", len(got), err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if err := n.SaveStartup([]byte("hostname small\n")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
