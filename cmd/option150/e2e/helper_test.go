package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// envHelper makes the test binary prepare the process it runs in and then
// become the binary under test, instead of running tests.
const envHelper = "OPTION150_E2E_HELPER"

// help carries out a helper. It returns only if that failed.
func help(name string, args []string) int {
	runtime.LockOSThread()
	var err error
	switch name {
	case "powerless":
		err = dropCapabilities()
	case "no-namespaces":
		err = forbidNamespaces()
	case "small-disk":
		err = smallDisk(args[0])
		args = args[1:]
	default:
		err = fmt.Errorf("no helper %q", name)
	}
	if err == nil {
		if err = os.Unsetenv(envHelper); err == nil {
			err = syscall.Exec(binary(), append([]string{"option150"}, args...), os.Environ())
		}
	}
	fmt.Fprintf(os.Stderr, "helper %s: %v\n", name, err)
	return 99
}

// helperCommand is the binary under test, prepared by a helper.
func helperCommand(t *testing.T, helper string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), envHelper+"="+helper)
	return cmd
}

// dropCapabilities makes root a user without privileges: no port below 1024,
// no raw socket, no change of addresses.
func dropCapabilities() error {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0); err != nil && err != unix.EINVAL {
			return err
		}
	}
	return nil
}

// forbidNamespaces sets the limit that an administrator sets to forbid them.
// It runs in a user namespace made for it, as an ordinary user who has been
// left the one capability that the setting takes.
func forbidNamespaces() error {
	if err := os.WriteFile("/proc/sys/user/max_user_namespaces", []byte("0"), 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
}

// diskSize is the disk of the test of a full one.
const diskSize = 1 << 20

// smallDisk mounts a small memory disk over a directory and puts its files
// there. It runs in a mount namespace made for it.
func smallDisk(dir string) error {
	files := map[string][]byte{}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return err
	}
	for _, n := range names {
		if files[n], err = os.ReadFile(n); err != nil {
			return err
		}
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", diskSize)); err != nil {
		return fmt.Errorf("memory disk: %w", err)
	}
	for n, text := range files {
		if err := os.WriteFile(n, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
