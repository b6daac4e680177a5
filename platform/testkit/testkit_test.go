package testkit

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"option150/platform/netns"
)

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

// recorder is a test that only notes how it ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (*recorder) Helper() {}
func (r *recorder) Skip(args ...any) {
	r.skipped = fmt.Sprint(args...)
}
func (r *recorder) Fatal(args ...any) {
	r.failed = fmt.Sprint(args...)
}

func TestNeedProgram(t *testing.T) {
	t.Setenv(envCI, "")
	r := &recorder{}
	if path := NeedProgram(r, "sh", "dash"); !strings.HasSuffix(path, "/sh") || r.skipped != "" {
		t.Errorf("sh: path %q, skipped %q", path, r.skipped)
	}
	t.Setenv("PATH", t.TempDir())
	if NeedProgram(r, "ldconfig", "libc-bin"); r.skipped != "" {
		t.Errorf("a program of /sbin without /sbin in PATH: skipped %q", r.skipped)
	}
	if NeedProgram(r, "no-such-program", "some-package"); !strings.Contains(r.skipped, "apt-get install some-package") {
		t.Errorf("skipped with %q, which does not name the package", r.skipped)
	}
	t.Setenv(envCI, "1")
	r = &recorder{}
	if NeedProgram(r, "no-such-program", "some-package"); r.skipped != "" || !strings.Contains(r.failed, "some-package") {
		t.Errorf("in CI: skipped %q, failed %q", r.skipped, r.failed)
	}
}

func TestNeedFile(t *testing.T) {
	t.Setenv(envCI, "")
	r := &recorder{}
	if NeedFile(r, t.TempDir(), "some-package"); r.skipped != "" {
		t.Errorf("a directory that exists: skipped %q", r.skipped)
	}
	if NeedFile(r, t.TempDir()+"/none", "some-package"); !strings.Contains(r.skipped, "some-package") {
		t.Errorf("skipped %q", r.skipped)
	}
}

func TestNeedNamespaces(t *testing.T) {
	if !netns.Inside("test") {
		t.Setenv(envCI, "1")
		r := &recorder{}
		if NeedNamespaces(r); r.failed == "" {
			t.Error("outside a namespace and in CI: no failure")
		}
		return
	}
	r := &recorder{}
	if NeedNamespaces(r); r.skipped != "" || r.failed != "" {
		t.Errorf("inside: skipped %q, failed %q", r.skipped, r.failed)
	}
}
