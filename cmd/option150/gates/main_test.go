package gates

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"option150/cmd/option150/testbox"
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
	path, err := testbox.Build(dir)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
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
