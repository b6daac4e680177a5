package gates

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"option150/platform/testkit"
)

// TestDebianPackage: the package is made, lintian has nothing to say, and the
// service is enabled by an installation, by one after a removal, and not where an
// administrator disabled it.
func TestDebianPackage(t *testing.T) {
	t.Parallel()
	arch, ok := map[string]string{"amd64": "amd64", "arm64": "arm64"}[runtime.GOARCH]
	if !ok {
		t.Skip("not an architecture of a desk")
	}
	dpkg, lintian := testkit.NeedProgram(t, "dpkg", "dpkg"), testkit.NeedProgram(t, "lintian", "lintian")
	testkit.NeedProgram(t, "deb-systemd-helper", "init-system-helpers")
	dir := t.TempDir()
	do := func(name string, args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	// A small program in place of the box, built as that is: it takes half a minute
	// less to pack and look at.
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, "option150-linux-"+runtime.GOARCH), filepath.Join(dir, "main.go"))
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	do("bash", filepath.Join("..", "..", "..", "packaging", "deb"), runtime.GOARCH, "1.2.3-dev", dir)
	deb := filepath.Join(dir, "option150_1.2.3~dev_"+arch+".deb")
	if out := do(lintian, "--allow-root", "--fail-on", "error,warning", deb); strings.TrimSpace(out) != "" {
		t.Errorf("lintian: %s", out)
	}

	root := filepath.Join(dir, "root")
	for _, d := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "etc", "usr/sbin"} {
		if err := os.MkdirAll(filepath.Join(root, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for f, content := range map[string]string{"var/lib/dpkg/status": "", "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n", "etc/group": "root:x:0:\n"} {
		if err := os.WriteFile(filepath.Join(root, f), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	pkg := func(args ...string) {
		t.Helper()
		do(dpkg, append([]string{"--root=" + root, "--force-script-chrootless", "--force-depends", "--force-not-root"}, args...)...)
	}
	wants := filepath.Join(root, "etc/systemd/system/multi-user.target.wants/option150.service")
	enabled := func(want bool, when string) {
		t.Helper()
		if _, err := os.Lstat(wants); (err == nil) != want {
			t.Errorf("%s: enabled %v, want %v", when, err == nil, want)
		}
		if to, err := os.Readlink(filepath.Join(root, "etc/systemd/system/option150.service")); err == nil && want {
			t.Errorf("%s: masked by a link to %s", when, to)
		}
	}
	pkg("-i", deb)
	enabled(true, "a first installation")
	if users, err := os.ReadFile(filepath.Join(root, "etc/passwd")); err != nil || !bytes.Contains(users, []byte("option150:")) {
		t.Errorf("no user: %s", users)
	}
	if err := os.MkdirAll(filepath.Join(root, "var/lib/option150/nvram"), 0o755); err != nil {
		t.Fatal(err)
	}
	pkg("-r", "option150")
	pkg("-i", deb)
	enabled(true, "removed and installed again")
	if err := os.Remove(wants); err != nil { // systemctl disable
		t.Fatal(err)
	}
	pkg("-i", deb)
	enabled(false, "disabled by an administrator, then upgraded")
	pkg("-P", "option150")
	for _, gone := range []string{"var/lib/option150", "etc/option150", "etc/systemd/system/option150.service", "usr/bin/option150"} {
		if _, err := os.Lstat(filepath.Join(root, gone)); err == nil {
			t.Errorf("%s is there after the purge", gone)
		}
	}
}
