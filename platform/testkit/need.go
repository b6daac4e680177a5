package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"option150/platform/netns"
)

// envCI is set to 1 where every Debian package the tests want is installed and
// namespaces are allowed: there nothing is skipped.
const envCI = "OPTION150_CI"

// CI reports that the tests run where nothing may be missing.
func CI() bool { return os.Getenv(envCI) == "1" }

// NeedProgram returns the path of a program, for example "udhcpc" of the
// Debian package "udhcpc". Where it is not installed the test is skipped, in CI
// it fails; both name the package. Programs of /usr/sbin and /sbin are found
// although an ordinary user's PATH may lack them.
func NeedProgram(t testing.TB, name, debianPackage string) string {
	t.Helper()
	path, ok := find(name)
	if !ok {
		Missing(t, fmt.Sprintf("program %s is not installed: apt-get install %s", name, debianPackage))
	}
	return path
}

// NeedFile is NeedProgram for packages that are no program, such as
// /usr/lib/python3/dist-packages/netmiko of python3-netmiko.
func NeedFile(t testing.TB, path, debianPackage string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		Missing(t, fmt.Sprintf("%s is not installed: apt-get install %s", path, debianPackage))
	}
	return path
}

// NeedNamespaces skips the test where it does not run in a private network
// namespace, with the reason and the remedy; in CI it fails. The package's
// TestMain has to call netns.Run.
func NeedNamespaces(t testing.TB) {
	t.Helper()
	netns.Need(asker{t})
}

// asker turns netns' way to skip into ours.
type asker struct{ t testing.TB }

func (a asker) Helper() { a.t.Helper() }
func (a asker) Skip(args ...any) {
	a.t.Helper()
	Missing(a.t, fmt.Sprint(args...))
}

// Missing skips the test because this machine lacks something; in CI it fails.
func Missing(t testing.TB, what string) {
	t.Helper()
	if CI() {
		t.Fatal(what + " (" + envCI + "=1: nothing may be missing here)")
	} else {
		t.Skip(what)
	}
}

// find looks in PATH and then where Debian puts the programs of administrators.
func find(name string) (string, bool) {
	if path, err := exec.LookPath(name); err == nil {
		return path, true
	}
	for _, dir := range []string{"/usr/sbin/", "/sbin/", "/usr/local/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path, true
		}
	}
	return "", false
}
