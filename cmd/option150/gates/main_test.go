package gates

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"option150/platform/netns"
)

// envBinary tells the process inside where the binary under test is.
const envBinary = "OPTION150_GATES_BINARY"

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(start(m))
}

// start builds the binary and then runs the tests in a private namespace.
func start(m *testing.M) int {
	if os.Getenv(envBinary) != "" {
		return netns.Run(m)
	}
	dir, err := os.MkdirTemp("", "option150-gates-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "option150")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "option150/cmd/option150")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv(envBinary, path); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return netns.Run(m)
}

// binary is the path of the binary under test.
func binary() string { return os.Getenv(envBinary) }
