package golden

import (
	"os"
	"path/filepath"
	"testing"
)

// seen is a test that notes its failures.
type seen struct {
	testing.TB
	failed int
}

func (s *seen) Helper()               {}
func (s *seen) Fatal(...any)          { s.failed++; panic(s) }
func (s *seen) Errorf(string, ...any) { s.failed++ }

func (s *seen) check(path, got string) int {
	defer func() { _ = recover() }()
	Check(s, path, got)
	return s.failed
}

func TestCheck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "x.golden")
	*update = true
	Check(t, path, "a\nb\n")
	*update = false
	if b, err := os.ReadFile(path); err != nil || string(b) != "a\nb\n" {
		t.Fatalf("%q %v", b, err)
	}
	Check(t, path, "a\nb\n")
	for what, c := range map[string][2]string{"another text": {path, "a\nc\n"}, "no file": {path + "x", ""}} {
		s := &seen{}
		s.check(c[0], c[1])
		if s.failed != 1 {
			t.Errorf("%s: %d failures", what, s.failed)
		}
	}
}
