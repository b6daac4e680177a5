package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestFuzzDeadline: .ci/fuzz forgives a target that Go fails because the time
// was over, and nothing else.
func TestFuzzDeadline(t *testing.T) {
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	const run = "fuzz: elapsed: 0s, gathering baseline coverage: 0/9 completed\nfuzz: elapsed: 30s, execs: 355636 (35264/sec), new interesting: 18 (total: 86)\n"
	const end = "FAIL\nexit status 1\nFAIL\toption150/dhcp\t30.412s\n"
	const deadline = "--- FAIL: FuzzX (30.21s)\n    context deadline exceeded\n"
	for _, c := range []struct {
		name, text string
		forgiven   bool
	}{
		{"the deadline", run + deadline + end, true},
		{"nothing found", run + "PASS\nok  \toption150/dhcp\t30.412s\n", false},
		{"a crasher", run + "--- FAIL: FuzzX (3.21s)\n    --- FAIL: FuzzX (0.00s)\n        x_test.go:9: two answers\n    \n    Failing input written to testdata/fuzz/FuzzX/0123\n" + end, false},
		{"a crasher that speaks of a deadline", run + "--- FAIL: FuzzX (3.21s)\n    --- FAIL: FuzzX (0.00s)\n        x_test.go:9: context deadline exceeded\n" + end, false},
		{"a crasher and the deadline", run + deadline + "    Failing input written to testdata/fuzz/FuzzX/0123\n" + end, false},
		{"a worker that died", run + "--- FAIL: FuzzX (3.21s)\n    fuzzing process hung or terminated unexpectedly: exit status 2\n" + end, false},
		{"a panic and the deadline", run + deadline + "panic: runtime error\n" + end, false},
		{"another target", run + "--- FAIL: FuzzY (30.21s)\n    context deadline exceeded\n" + end, false},
		{"a test that takes too long", run + "panic: test timed out after 10m0s\n" + end, false},
		{"it does not build", "# option150/dhcp\ndhcp/x.go:1:1: expected 'package'\nFAIL\toption150/dhcp [build failed]\nFAIL\n", false},
		{"nothing", "", false},
	} {
		file := filepath.Join(t.TempDir(), "out")
		if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		err := exec.Command("bash", filepath.Join(topDir(t), ".ci", "fuzz"), "--judge", file, "FuzzX").Run()
		if (err == nil) != c.forgiven {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
